//! A network namespace of this process's own: nothing sent in it can reach any other network.

use std::fs;
use std::io;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid, getegid, geteuid};

use super::super::error::LabError;

/// Moves this process into a network namespace of its own, where it has all rights over the
/// network. Must be called while the process has one thread.
///
/// # Errors
/// Where neither the process nor a user namespace may do that.
pub(super) fn enter() -> Result<(), LabError> {
    let (uid, gid) = (geteuid(), getegid());
    // Root needs no user namespace, and some programs (scamper) insist on real root.
    if uid.is_root() && unshare(CloneFlags::CLONE_NEWNET).is_ok() {
        return Ok(());
    }
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).map_err(forbidden)?;
    map_ids(uid, gid).map_err(|error| match error.raw_os_error() {
        Some(code) => forbidden(Errno::from_raw(code)),
        None => LabError::System { what: "/proc/self/uid_map".into(), source: error },
    })
}

/// Makes the user root inside, and nobody else anything.
fn map_ids(uid: Uid, gid: Gid) -> io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1"))
}

fn forbidden(errno: Errno) -> LabError {
    LabError::Forbidden { errno, remedy: remedy() }
}

/// The command that makes it possible, by what forbids it.
fn remedy() -> String {
    let setting = |name: &str| {
        fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default().trim().to_owned()
    };
    if setting("kernel/apparmor_restrict_unprivileged_userns") == "1" {
        return "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0".into();
    }
    if setting("kernel/unprivileged_userns_clone") == "0" {
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1".into();
    }
    if setting("user/max_user_namespaces") == "0" {
        return "sudo sysctl -w user.max_user_namespaces=10000".into();
    }
    if setting("user/max_net_namespaces") == "0" {
        return "sudo sysctl -w user.max_net_namespaces=10000".into();
    }
    if geteuid().is_root() {
        return "docker run --cap-add SYS_ADMIN --cap-add NET_ADMIN --security-opt seccomp=unconfined \
                --security-opt apparmor=unconfined ... (in a container)"
            .into();
    }
    let program =
        std::env::current_exe().map_or("lasthop".into(), |path| path.display().to_string());
    format!("sudo {program} lab")
}
