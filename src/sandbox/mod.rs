//! What this process may still do once it reads what strangers wrote: beside the road, and known to the command line
//! alone. Privileges are given up for good, files are confined by Landlock, system calls by seccomp. The last two are
//! extras that a kernel may lack.

mod calls;
mod files;
mod privileges;

pub use calls::{Calls, confine_calls};
pub use files::{Files, confine_files};
pub use privileges::{
    GivenUp, PrivilegeError, User, give_up_all_but_files, give_up_privileges, has_lent_raw_sockets,
    regain_own_files,
};
