//! The exit codes of the program, all in one place.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::lab::LabError;
use crate::output::OutputError;
use crate::plain_text::plain_lines;
use crate::probe::transport::TransportError;
#[cfg(feature = "remote")]
use crate::remote::RemoteError;
use crate::split::Split;

use super::advice;
use super::sockets::TooMuch;

/// Every exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Measured: at least one trace was classified.
    Measured,
    /// Measured, and nothing could be classified.
    Nothing,
    /// Bad usage, configuration or input, or output that could not be written.
    Bad,
    /// No permission for what was asked.
    NoPermission,
    /// Another run holds the lock.
    Locked,
    /// Something changed, and that was asked for.
    Changed,
    /// A service that measures refused, or did not answer.
    #[cfg(feature = "remote")]
    Refused,
    /// A measurement of a service is not finished; `resume` goes on.
    #[cfg(feature = "remote")]
    NotFinished,
    /// Nothing outside this machine's own network answered: nothing is said about the block.
    NoWayOut,
    /// Interrupted; what was measured has been written.
    Interrupted,
    /// What a program that was run inside the lab ended with.
    Theirs(u8),
}

impl Exit {
    /// The exit code of a run that was judged.
    pub(super) fn of_run(split: &Split) -> Self {
        if split.block.shares.iter().any(Option::is_some) {
            Self::Measured
        } else if split.way_out == Some(false) {
            Self::NoWayOut
        } else {
            Self::Nothing
        }
    }

    /// The exit code of an error.
    pub(super) fn of(error: &anyhow::Error) -> Self {
        let wire = error.downcast_ref::<TransportError>();
        let lab = error.downcast_ref::<LabError>();
        let output = error.downcast_ref::<OutputError>();
        #[cfg(feature = "remote")]
        if let Some(remote) = error.downcast_ref::<RemoteError>() {
            return Self::of_remote(remote);
        }
        if error.is::<TooMuch>() {
            return Self::NoPermission;
        }
        match (wire, lab, output) {
            (
                Some(TransportError::NoRaw | TransportError::NoPing | TransportError::NeedsRoot),
                ..,
            )
            | (_, Some(LabError::Forbidden { .. }), _) => Self::NoPermission,
            (Some(TransportError::NoRoute { .. } | TransportError::CannotSend { .. }), ..) => {
                Self::NoWayOut
            }
            (.., Some(OutputError::Locked { .. })) => Self::Locked,
            _ => Self::Bad,
        }
    }

    #[cfg(feature = "remote")]
    fn of_remote(error: &RemoteError) -> Self {
        match error {
            RemoteError::NoKey(_)
            | RemoteError::Key(_)
            | RemoteError::NotAgreed(_)
            | RemoteError::NotPermitted { .. } => Self::NoPermission,
            RemoteError::Refused { .. }
            | RemoteError::Unavailable { .. }
            | RemoteError::Unexpected { .. } => Self::Refused,
            RemoteError::NotFinished(_) => Self::NotFinished,
            RemoteError::Interrupted(_) => Self::Interrupted,
            RemoteError::Locked { .. } => Self::Locked,
            _ => Self::Bad,
        }
    }

    /// Fails with the first of `errors`, and reports all others.
    pub(super) fn first_of(errors: impl Iterator<Item = anyhow::Error>) -> anyhow::Result<()> {
        let mut errors = errors;
        let Some(first) = errors.next() else { return Ok(()) };
        for other in errors {
            Self::of(&other).report(&other);
        }
        Err(first)
    }

    /// Reports what went wrong, and passes the exit code on.
    pub(super) fn report(self, error: &anyhow::Error) -> Self {
        // Where even stderr is gone, the exit code has to do.
        let _ = writeln!(std::io::stderr(), "lasthop: {}", plain_lines(&text_of(error)));
        self
    }

    pub(super) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Measured => 0,
            Self::Nothing => 1,
            Self::Bad => 2,
            Self::NoPermission => 3,
            Self::Locked => 4,
            Self::Changed => 5,
            #[cfg(feature = "remote")]
            Self::Refused => 6,
            #[cfg(feature = "remote")]
            Self::NotFinished => 7,
            Self::NoWayOut => 8,
            Self::Interrupted => 130,
            Self::Theirs(code) => code,
        })
    }
}

/// The error, with those causes that its text does not contain, and what to do about it.
fn text_of(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    match advice::of(error) {
        Some(advice) => format!("{text}; {advice}"),
        None => text,
    }
}

/// Help and version are no errors; everything else on the command line is bad usage.
pub(super) fn of_usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        // It repeats what was typed, which a shell may have made of names of files.
        let text = error.render().to_string();
        let _ = std::io::stderr().write_all(plain_lines(&text).as_bytes());
        return Exit::Bad.code();
    }
    let written = error.print();
    let left = written.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe);
    if left { Exit::Bad.code() } else { ExitCode::SUCCESS }
}
