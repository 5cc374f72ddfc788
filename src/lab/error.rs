//! Why the lab cannot be set up.

use std::io;

use nix::errno::Errno;

/// Why the lab cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// Namespaces are forbidden.
    #[error("a network namespace is not allowed here ({errno}); this allows it:\n  {remedy}")]
    Forbidden {
        /// What the system said.
        errno: Errno,
        /// The command that allows it.
        remedy: String,
    },
    /// Another step failed.
    #[error("{what}: {source}")]
    System {
        /// The step.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}
