//! What other systems than Linux have: root goes on as somebody else. There are no capabilities to give up, and nothing
//! that confines files or system calls.

use std::io;

use nix::unistd::{geteuid, getuid, setgid, setuid};

use super::user::User;
use super::wanted::{Calls, Files, GivenUp, PrivilegeError, system};

impl User {
    /// Whether a run of this process can go on as this user.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check(&self) -> Result<(), PrivilegeError> {
        if geteuid().is_root() { Ok(()) } else { Err(PrivilegeError::NotRoot) }
    }
}

/// Whether the right to raw sockets comes with the program's file, which root owns and all may run as root.
#[must_use]
pub fn has_lent_raw_sockets() -> bool {
    geteuid().is_root() && !getuid().is_root()
}

/// Gives up root for good: it becomes `user`, by default nobody.
///
/// # Errors
/// When the system refuses; the error says which call.
pub fn give_up_privileges(user: Option<&User>) -> Result<GivenUp, PrivilegeError> {
    if !geteuid().is_root() {
        return Ok(GivenUp::Ordinary);
    }
    let default = || if getuid().is_root() { User::nobody() } else { User::caller() };
    let user = user.cloned().unwrap_or_else(default);
    if user.uid.is_root() {
        return Ok(GivenUp::Root);
    }
    give_up_groups()?;
    setgid(user.gid).map_err(system("setgid"))?;
    setuid(user.uid).map_err(system("setuid"))?;
    Ok(GivenUp::Became(user.name))
}

#[cfg(not(target_vendor = "apple"))]
fn give_up_groups() -> Result<(), PrivilegeError> {
    nix::unistd::setgroups(&[]).map_err(system("setgroups"))
}

/// There the call is not offered without `unsafe`. Root's other groups stay.
#[cfg(target_vendor = "apple")]
#[expect(clippy::unnecessary_wraps, reason = "other systems can fail")]
const fn give_up_groups() -> Result<(), PrivilegeError> {
    Ok(())
}

/// Keeps what there is: nothing can be given up but root itself, which opens the files of others.
///
/// # Errors
/// None.
pub const fn give_up_all_but_files() -> Result<(), PrivilegeError> {
    Ok(())
}

/// Keeps what there is: nothing came with the program's file.
///
/// # Errors
/// None.
pub const fn regain_own_files() -> Result<(), PrivilegeError> {
    Ok(())
}

/// Confines nothing, and returns that.
///
/// # Errors
/// None.
pub const fn confine_files(_files: &Files) -> io::Result<bool> {
    Ok(false)
}

/// Refuses nothing.
///
/// # Errors
/// Always: there is no such filter.
pub fn confine_calls(_left: Calls) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
