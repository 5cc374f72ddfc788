//! What changed since, and when: summaries that `--append` has gathered, read back.
//!
//! Right of `output`, whose rows it reads, and a pure function of them: no clock, no chance. Rows of all
//! files go by once, in the order of their times, and what is kept of them is bounded: for each
//! *series* (a vantage, a method and a scope) how things are, the rows that an event may need
//! for evidence, and a [`Timeline`] of so many buckets. Only events are kept however many there are.
//!
//! ```text
//! source (lines ─► rows) ─► merge (by time) ─► follow ─► series ─┬► presence, pulse, shift ─► events
//!                                                                ├► state
//!                                                                └► timeline
//! ```
//!
//! **For pictures.** A picture is a function of a [`History`], in a room of its own right of this one
//! (`src/picture/`; printing stays in `cli`). [`read()`] with [`Wanted::buckets`] gives it everything:
//! [`History::series`] are sorted by vantage, method and scope, a block before its prefixes, and each
//! has its [`State`] and its [`Timeline`]. [`Timeline::stretches`] covers the time from the first run
//! to the last without holes: a [`Stretch`] has a [`Bucket`] or is a gap, so gaps in the
//! history are gaps in the picture. In a bucket, `shares / classified_runs` of a [`ClassSum`] is the height of
//! a stacked area; a strip is coloured by `carriers`; `classified() == 0 && unreached > 0` is an
//! outage; [`Rtt`] has low, mean and high. [`History::events`] (oldest first) have scope, kind and
//! the two times between which it happened ([`Side::at`]). A [`Name`] is a number;
//! [`Names::text`] of [`History::names`] has its word, free of control characters but not escaped for
//! XML. For a test, write rows as CSV and [`read()`] them.

mod cells;
mod chance;
mod columns;
mod event;
mod follow;
mod merge;
mod migrate;
mod names;
mod order;
mod presence;
mod prometheus;
mod pulse;
mod row;
mod rows;
mod scatter;
mod series;
mod shift;
mod sort;
mod source;
mod state;
mod table;
mod timeline;
mod told_twice;

use std::io;
use std::path::{Path, PathBuf};

use ipnet::Ipv4Net;
use jiff::Timestamp;

pub use columns::Broken;
pub use event::{Event, Kind, Side, Verdict};
pub use migrate::{Migrated, migrate};
pub use names::{Name, Names};
pub use prometheus::prometheus;
pub use row::{ClassCount, Hosts, Interval, Row};
pub use rows::{events, states};
pub use state::{Holding, State};
pub use table::{event_table, state_table};
pub use timeline::{Bucket, ClassSum, Rtt, Stretch, Timeline};

/// What is wanted of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Rows of later runs are left out.
    pub until: Option<Timestamp>,
    /// Timelines begin here; states and events know what was before.
    pub from: Option<Timestamp>,
    /// Only these scopes; all when empty.
    pub scopes: Vec<Ipv4Net>,
    /// Only these vantages; all when empty.
    pub vantages: Vec<String>,
    /// How many buckets a timeline may have; none are kept for 0.
    pub buckets: usize,
}

/// What the files say.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The words behind every [`Name`].
    pub names: Names,
    /// Each vantage, method and scope, in this order; a block stands before its prefixes.
    pub series: Vec<Series>,
    /// What changed, oldest first.
    pub events: Vec<Event>,
    /// What became of the lines.
    pub counts: Counts,
}

/// One scope, as one vantage sees it by one method.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Where the probes leave from.
    pub vantage: Name,
    /// How it is asked.
    pub method: Name,
    /// The block or a routed prefix.
    pub scope: Ipv4Net,
    /// How many runs there are.
    pub runs: u64,
    /// When the first of them began.
    pub first: Timestamp,
    /// How things are.
    pub state: State,
    /// How they were.
    pub timeline: Timeline,
}

/// What became of the lines of all files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that were used.
    pub used: u64,
    /// Rows that were there before: the same run, vantage, method and scope.
    pub doubled: u64,
    /// Rows that were not asked for.
    pub unwanted: u64,
    /// Lines that are no rows.
    pub broken: u64,
}

/// A line that is no row.
#[derive(Debug)]
pub struct Remark<'a> {
    /// The file.
    pub path: &'a Path,
    /// The line, from 1.
    pub line: u64,
    /// Why.
    pub broken: &'a Broken,
}

/// Why a history cannot be read.
#[derive(Debug, thiserror::Error)]
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
    /// Rows are so far out of order that all must be read twice, and an input cannot be.
    #[error(
        "{disordered}: rows near line {line} are much older than those before, and {path} cannot be read \
         twice; write it to a file first, and name that",
        path = path.display(),
        disordered = disordered.display()
    )]
    Disorder {
        /// What cannot be read twice.
        path: PathBuf,
        /// The file that is out of order.
        disordered: PathBuf,
        /// Near this line, from 1.
        line: u64,
    },
}

/// Reads summaries, of several vantages or years in any order, plain or compressed; `-` is stdin.
/// `remark` hears of every line that is left out because it is broken.
///
/// # Errors
/// When a file cannot be read or is no summary.
pub fn read(
    files: &[PathBuf],
    wanted: &Wanted,
    remark: &mut dyn FnMut(&Remark<'_>),
) -> Result<History, HistoryError> {
    follow::read(files, wanted, remark)
}
