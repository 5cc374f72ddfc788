//! Why the lab cannot be set up.

use std::io;

use nix::errno::Errno;

/// Why the lab cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// Namespaces are forbidden.
    #[error("{}; this allows it:\n  {remedy}", self.reason())]
    Forbidden {
        /// What the system said.
        errno: Errno,
        /// The command that allows it.
        remedy: String,
    },
    /// Other systems have no network namespaces.
    #[error(
        "a command in the lab needs a network namespace of Linux; without one only `lab --virtual` works"
    )]
    NeedsLinux,
    /// Another step failed.
    #[error("{what}: {source}")]
    System {
        /// The step.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}

impl LabError {
    /// The same without what to do about it.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Forbidden { errno, .. } => {
                format!("a network namespace is not allowed here ({errno})")
            }
            Self::NeedsLinux => "network namespaces need Linux".to_owned(),
            Self::System { .. } => self.to_string(),
        }
    }
}
