//! How it is told: rows first, then a format.
//!
//! [`mod@summary`], [`traces()`], [`hops()`], [`census()`] and [`counts()`] turn results into rows of typed
//! cells; [`csv`], [`jsonl`] and [`table()`] write them. Only [`append`] and [`lock`] know files.

pub mod append;
mod cell;
mod census;
mod counts;
pub mod csv;
mod explain;
mod hops;
pub mod jsonl;
pub mod lock;
mod run;
pub mod summary;
mod table;
mod tail;
mod traces;

use std::io;
use std::path::PathBuf;

pub use append::Appender;
pub use cell::{Cell, Rows};
pub use census::census;
pub use counts::{counts, counts_header, counts_table};
pub use explain::explain;
pub use hops::hops;
pub use lock::LockFile;
pub use run::{CENSUS_SCHEMA, COUNTS_SCHEMA, HOPS_SCHEMA, Run, SCHEMA, TRACES_SCHEMA};
pub use table::{align, table, table_with};
pub use tail::SetAside;
pub use traces::traces;

/// Why a result could not be written, or could not be in the end.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// A file cannot be opened or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another run holds the lock.
    #[error(
        "{path}: another run holds the lock; wait for it to end, or use another file",
        path = path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The history has other columns.
    #[error(
        "{path}:1: the header is not that of this program and configuration; \
         append to another file, or move this one away; expected\n{expected}",
        path = path.display()
    )]
    OtherHeader {
        /// The file.
        path: PathBuf,
        /// The header it should have.
        expected: String,
    },
    /// The history has the columns of an earlier version.
    #[error(
        "{path}:1: the header is that of an earlier version, which had no columns {missing}; bring it \
         up to date with `lasthop report --migrate {path} > NEW`, and append to NEW",
        path = path.display()
    )]
    EarlierHeader {
        /// The file.
        path: PathBuf,
        /// The columns that it lacks.
        missing: String,
    },
    /// The history ends in the middle of a row, and that cannot be put aside.
    #[error(
        "{path}:{line}: the last row has {found} of {expected} columns and no newline, and cannot be \
         moved to {path}.torn; delete or complete it",
        path = path.display()
    )]
    TornRow {
        /// The file.
        path: PathBuf,
        /// Its last line, from 1.
        line: usize,
        /// The columns of the last row.
        found: usize,
        /// The columns of a whole one.
        expected: usize,
    },
}
