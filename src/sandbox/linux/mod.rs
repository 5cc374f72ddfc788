//! What Linux has: capabilities, Landlock and seccomp.

mod calls;
mod files;
mod privileges;

pub use calls::confine_calls;
pub use files::confine_files;
pub use privileges::{
    give_up_all_but_files, give_up_privileges, has_lent_raw_sockets, regain_own_files,
};
