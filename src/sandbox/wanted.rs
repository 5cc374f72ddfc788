//! What a process may keep, what came of giving up the rest, and why it could not.

use std::path::PathBuf;

/// Which system calls are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// No new programs.
    NoPrograms,
    /// No new programs and no new sockets; those that are open stay.
    NoProgramsNoSockets,
}

/// How a file is written. What else is in its folder is read in no case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// In its place: its folder is of no interest once it is there.
    InPlace,
    /// At its end; if somebody moves it away, another is made where it was. What is torn goes into a file beside it.
    Grown,
    /// Anew, in a file beside it that takes its place.
    Replaced,
}

/// Files and folders that can be opened from now on.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// Files that are read, and folders with all that is in them.
    pub read: Vec<PathBuf>,
    /// The system's files and folders that are read. No link in these is followed to what is not among them.
    pub system: Vec<PathBuf>,
    /// Files that are written, each with how.
    pub written: Vec<(PathBuf, Written)>,
    /// Folders of the program's own, in which everything is read, made, replaced and removed.
    pub own: Vec<PathBuf>,
    /// A folder for files that have no name, or are gone before the program ends.
    pub temporary: Option<PathBuf>,
}

/// Why privileges are not given up as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivilegeError {
    /// There is no such user.
    #[error(
        "there is no user {0:?} on this machine; name one that `getent passwd` lists, or leave --user out for nobody"
    )]
    NoUser(String),
    /// Only root may become another user.
    #[error("only root can go on as another user; leave --user out")]
    NotRoot,
    /// The user has no number in this user namespace.
    #[error("user {0} does not exist in this user namespace; leave --user out")]
    NotMapped(String),
    /// A call failed.
    #[error("{call}: {why}")]
    System {
        /// The call.
        call: String,
        /// What the system reported.
        why: String,
    },
    /// Root itself may not become another user.
    #[error(
        "root has neither CAP_SETUID nor CAP_SETGID here, so it cannot go on as {0}; leave --user out"
    )]
    NotPermitted(String),
}

/// What came of giving up privileges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenUp {
    /// The user was an ordinary one and still is.
    Ordinary,
    /// Root goes on as this user.
    Became(String),
    /// Root in a user namespace that has nobody else: without capabilities it is the ordinary user outside.
    Alone,
    /// Root that may not become anybody else, as in a container of few capabilities: it keeps none of them.
    Bound,
    /// Root stays root, as asked, without capabilities.
    Root,
}

/// Makes the error of a call that failed.
pub(super) fn system(call: &str) -> impl Fn(nix::Error) -> PrivilegeError + use<> {
    let call = call.to_owned();
    move |errno| PrivilegeError::System { call: call.clone(), why: errno.to_string() }
}
