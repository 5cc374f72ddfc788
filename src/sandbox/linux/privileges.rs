//! Giving up what is no longer needed: once the sockets and files are open, nothing that arrives is read with any
//! privilege left.

use std::fs;

use caps::{CapSet, Capability, CapsHashSet};
use nix::sys::prctl;
use nix::unistd::{geteuid, getuid, setgroups, setresgid, setresuid};

use super::super::user::User;
use super::super::wanted::{GivenUp, PrivilegeError, system};

impl User {
    /// Whether a run of this process can go on as this user.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check(&self) -> Result<(), PrivilegeError> {
        if !geteuid().is_root() {
            return Err(PrivilegeError::NotRoot);
        }
        if self.uid.is_root() {
            Ok(())
        } else if !self.is_mapped() {
            Err(PrivilegeError::NotMapped(self.name.clone()))
        } else if !may_become_others() {
            Err(PrivilegeError::NotPermitted(self.name.clone()))
        } else {
            Ok(())
        }
    }

    /// Whether the user namespace has this user and group.
    fn is_mapped(&self) -> bool {
        let has = |file: &str, id: u32| {
            // Where nothing says so, there is one namespace.
            let Ok(map) = fs::read_to_string(file) else { return true };
            map.lines().any(|line| {
                let mut numbers = line.split_whitespace().map(|number| number.parse::<u64>().ok());
                let (Some(Some(first)), _, Some(Some(count))) =
                    (numbers.next(), numbers.next(), numbers.next())
                else {
                    return false;
                };
                (first..first.saturating_add(count)).contains(&u64::from(id))
            })
        };
        has("/proc/self/uid_map", self.uid.as_raw()) && has("/proc/self/gid_map", self.gid.as_raw())
    }
}

/// Gives up all privileges for good: root becomes `user`, by default nobody, without its groups; this thread loses all
/// capabilities and the way to regain any.
///
/// # Errors
/// When the system refuses; the error says which call.
pub fn give_up_privileges(user: Option<&User>) -> Result<GivenUp, PrivilegeError> {
    let given_up = if geteuid().is_root() { become_ordinary(user)? } else { GivenUp::Ordinary };
    for set in [CapSet::Ambient, CapSet::Effective, CapSet::Inheritable, CapSet::Permitted] {
        clear(set)?;
    }
    prctl::set_no_new_privs().map_err(system("prctl(PR_SET_NO_NEW_PRIVS)"))?;
    Ok(given_up)
}

fn become_ordinary(user: Option<&User>) -> Result<GivenUp, PrivilegeError> {
    // Whoever may not clear it cannot use it either, once no program can bring new privileges.
    let _ = caps::clear(None, CapSet::Bounding);
    // A program that belongs to root and may be run by all: back to who runs it.
    let (user, asked) = match user {
        Some(user) => (user.clone(), true),
        None if !getuid().is_root() => (User::caller(), false),
        None => (User::nobody(), false),
    };
    if user.uid.is_root() {
        return Ok(GivenUp::Root);
    }
    if !user.is_mapped() {
        return if asked { Err(PrivilegeError::NotMapped(user.name)) } else { Ok(GivenUp::Alone) };
    }
    if !asked && !may_become_others() {
        return Ok(GivenUp::Bound);
    }
    setgroups(&[]).map_err(system("setgroups"))?;
    setresgid(user.gid, user.gid, user.gid).map_err(system("setresgid"))?;
    setresuid(user.uid, user.uid, user.uid).map_err(system("setresuid"))?;
    Ok(GivenUp::Became(user.name))
}

/// Whether the right to raw sockets comes with the program's file (or with the service that began it), and not with the
/// user who runs it: then whoever may run the program has it.
#[must_use]
pub fn has_lent_raw_sockets() -> bool {
    let has = caps::has_cap(None, CapSet::Effective, Capability::CAP_NET_RAW);
    !getuid().is_root() && has.unwrap_or_default()
}

/// Whether root has what it takes to become another user.
fn may_become_others() -> bool {
    let needed = [Capability::CAP_SETUID, Capability::CAP_SETGID];
    needed.into_iter().all(|it| caps::has_cap(None, CapSet::Effective, it).unwrap_or_default())
}

/// Gives up all capabilities but those by which root opens files of others, for commands that send nothing.
///
/// # Errors
/// When the system refuses; the error says which call.
pub fn give_up_all_but_files() -> Result<(), PrivilegeError> {
    let files: CapsHashSet =
        [Capability::CAP_DAC_OVERRIDE, Capability::CAP_DAC_READ_SEARCH].into_iter().collect();
    let kept = if geteuid().is_root() {
        let _ = caps::clear(None, CapSet::Bounding);
        let has = caps::read(None, CapSet::Permitted).map_err(capabilities("permitted"))?;
        has.intersection(&files).copied().collect()
    } else {
        CapsHashSet::new()
    };
    clear(CapSet::Ambient)?;
    clear(CapSet::Inheritable)?;
    for (set, name) in [(CapSet::Effective, "effective"), (CapSet::Permitted, "permitted")] {
        caps::set(None, set, &kept).map_err(capabilities(name))?;
    }
    prctl::set_no_new_privs().map_err(system("prctl(PR_SET_NO_NEW_PRIVS)"))
}

/// Gives up the capabilities that come with the program's file, and lets the process have its own files in /proc again,
/// which the system takes from whoever runs such a program. Without them nobody can make a user namespace. Root keeps
/// all, since root's do not come with the file.
///
/// # Errors
/// When the system refuses; the error says which call.
pub fn regain_own_files() -> Result<(), PrivilegeError> {
    if geteuid().is_root() {
        return Ok(());
    }
    for set in [CapSet::Ambient, CapSet::Effective, CapSet::Inheritable, CapSet::Permitted] {
        clear(set)?;
    }
    prctl::set_dumpable(true).map_err(system("prctl(PR_SET_DUMPABLE)"))
}

fn clear(set: CapSet) -> Result<(), PrivilegeError> {
    caps::clear(None, set).map_err(capabilities(&format!("{set:?}")))
}

fn capabilities(set: &str) -> impl Fn(caps::errors::CapsError) -> PrivilegeError {
    let call = format!("giving up the {set} capabilities");
    move |error| PrivilegeError::System { call: call.clone(), why: error.to_string() }
}
