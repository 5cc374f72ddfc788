//! The user that a run of root's goes on as.

use nix::unistd::{self, Gid, Uid};

use super::wanted::{PrivilegeError, system};

/// The number of `nobody` where no list of users has it.
const NOBODY: u32 = 65_534;

/// A user that a run of root's goes on as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub(super) name: String,
    pub(super) uid: Uid,
    pub(super) gid: Gid,
}

impl User {
    /// The user of this name or number.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self, PrivilegeError> {
        let failed = system("getpwnam");
        let by_number = name.parse().ok().map(Uid::from_raw);
        let found = match by_number {
            Some(uid) => unistd::User::from_uid(uid),
            None => unistd::User::from_name(name),
        };
        let found = found.map_err(failed)?;
        let user = found.ok_or_else(|| PrivilegeError::NoUser(name.to_owned()))?;
        Ok(Self { name: user.name, uid: user.uid, gid: user.gid })
    }

    /// The user who owns nothing.
    #[must_use]
    pub fn nobody() -> Self {
        Self::named("nobody").unwrap_or_else(|_| Self {
            name: "nobody".to_owned(),
            uid: Uid::from_raw(NOBODY),
            gid: Gid::from_raw(NOBODY),
        })
    }

    /// Who runs this program, whoever it belongs to.
    pub(super) fn caller() -> Self {
        let (uid, gid) = (unistd::getuid(), unistd::getgid());
        Self { name: format!("user {uid}"), uid, gid }
    }
}
