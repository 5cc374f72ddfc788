//! What can be wrong with a history: a file that cannot be read, or a line that is no row.

use std::io;
use std::path::{Path, PathBuf};

/// Why a history cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// A file cannot be read, or not to its end.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is no summary.
    #[error(
        "{path}:1: not a summary: {why}; name files that --append or > of `lasthop probe` wrote",
        path = path.display()
    )]
    NoSummary {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A column would be lost.
    #[error(
        "{path}:{line}: there is no `{column}` among today's columns, so it would be lost; is it of \
         another configuration? Name that with --config",
        path = path.display()
    )]
    Column {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: String,
    },
}

/// A line that is no row.
#[derive(Debug)]
pub struct Remark<'a> {
    /// The file.
    pub path: &'a Path,
    /// The line, from 1.
    pub line: u64,
    /// Why.
    pub malformed: &'a Malformed,
}

/// Why a line is no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A quote is not closed.
    #[error("a quote is not closed")]
    Quote,
    /// The line has more or fewer cells than the header.
    #[error("{found} of {expected} columns")]
    Columns {
        /// Its cells.
        found: usize,
        /// Those of the header.
        expected: usize,
    },
    /// A cell is empty, or has a wrong value.
    #[error("{column}: `{found}` is not {expected}")]
    Cell {
        /// The column.
        column: String,
        /// The cell.
        found: String,
        /// What stands there in a right row.
        expected: &'static str,
    },
    /// The line is longer than any row.
    #[error("longer than any row")]
    Long,
    /// A header lacks a column.
    #[error("a header without `{0}`")]
    Header(String),
}
