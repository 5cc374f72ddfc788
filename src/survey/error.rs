//! Why a survey fails: at a file that it reads, or at the temporary file in which traces wait.

use std::io;

/// Why a survey failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SurveyError {
    /// A file cannot be opened, or not read to its end.
    #[error("{file}: {source}")]
    File {
        /// The file's name.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// No format recognises a file.
    #[error("{file}: not recognised: {kind}; --from may be one of {formats}")]
    Unrecognised {
        /// The file's name.
        file: String,
        /// What it is, by its beginning.
        kind: &'static str,
        /// The names of all formats.
        formats: String,
    },
    /// No file has a traceroute.
    #[error("{files}: no traceroute in it{}", also_malformed(*malformed))]
    NoTraceroute {
        /// The files' names.
        files: String,
        /// How many records could not be read.
        malformed: u64,
    },
    /// A trace cannot be kept until it is judged.
    #[error("keeping traces in a temporary file: {0}")]
    Store(#[source] io::Error),
    /// Traces that were kept cannot be read back.
    #[error("reading back a temporary file: {0}")]
    ReadBack(#[source] io::Error),
}

fn also_malformed(count: u64) -> String {
    match count {
        0 => String::new(),
        _ => format!(" ({count} broken records, -v lists them)"),
    }
}
