//! What this process may still do once it reads what strangers wrote: beside the road, and known to the command line
//! alone. Privileges are given up for good, files are confined by Landlock, system calls by seccomp. The last two are
//! extras that a kernel may lack. `linux` has all of that, `elsewhere` what other systems have.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
mod user;
mod wanted;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{
    confine_calls, confine_files, give_up_all_but_files, give_up_privileges, has_lent_raw_sockets,
    regain_own_files,
};
#[cfg(target_os = "linux")]
pub use linux::{
    confine_calls, confine_files, give_up_all_but_files, give_up_privileges, has_lent_raw_sockets,
    regain_own_files,
};
pub use user::User;
pub use wanted::{Calls, Files, GivenUp, PrivilegeError, Written};
