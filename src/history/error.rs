//! What can be wrong with a history: a file that cannot be read, or a line that is no row.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// Why a history cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The system refuses a thread.
    #[error("starting a thread: {0}; fewer processes or a higher limit (ulimit -u) allow it")]
    Thread(#[source] io::Error),
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
    /// A file has neither traces nor hosts.
    #[error(
        "{path}:1: no evidence of earlier runs; name files of probe --traces or ping --census (a summary names \
         no border)",
        path = path.display()
    )]
    NoEvidence {
        /// The file.
        path: PathBuf,
    },
    /// A file does not say what the peers of a collector sent.
    #[error(
        "{path}:{line}: not what the peers of a collector sent{}; `lasthop bgp FILE... --peers PEERS.csv` writes that",
        of_table(*held),
        path = path.display()
    )]
    NoPeers {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Which of the program's tables it is.
        held: Option<&'static str>,
    },
    /// A row cannot be read.
    #[error("{path}:{line}: {why}; was the file cut off or edited? Write it anew", path = path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Why.
        why: Malformed,
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
    /// No run is called so.
    #[error(
        "no run is called {call:?}{}; name it by its run_id, the beginning of its time (2017-10-01T09:05), its vantage, or \
         newest", named("; the nearest are", .nearest, false)
    )]
    NoRun {
        /// What the user calls it.
        call: String,
        /// The runs that are nearest to that.
        nearest: Vec<String>,
    },
    /// Several runs are called so.
    #[error("several runs are called {call:?}{}; say more, or choose with --vantage", named("", .runs, *.more))]
    SeveralRuns {
        /// What the user calls them.
        call: String,
        /// Some of them.
        runs: Vec<String>,
        /// Whether there are others.
        more: bool,
    },
}

/// Runs in a list, if there are any.
fn named(words: &str, runs: &[String], more: bool) -> String {
    if runs.is_empty() {
        return String::new();
    }
    let more = if more { "; and more" } else { "" };
    format!("{words}: {}{more}", runs.join("; "))
}

fn of_table(held: Option<&str>) -> String {
    held.map_or_else(String::new, |held| format!(" (it is a table of {held})"))
}

/// A line that is left out.
#[derive(Debug)]
pub struct Remark<'a> {
    /// The file.
    pub path: &'a Path,
    /// The line, from 1.
    pub line: u64,
    /// Why.
    pub why: &'a LeftOut,
}

/// Why a line is left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeftOut {
    /// It is no row.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Its run is later than now: a clock was wrong, there or here.
    #[error(
        "run {run} began at {began:.0}, which is in the future{}; a clock was wrong, there or here",
        seen_from(vantage)
    )]
    Future {
        /// The run.
        run: String,
        /// When it began, by its own clock.
        began: Timestamp,
        /// Where its probes left from.
        vantage: String,
    },
}

fn seen_from(vantage: &str) -> String {
    if vantage.is_empty() { String::new() } else { format!(" (from {vantage})") }
}

impl LeftOut {
    /// Whether the cause is the same, whatever was found in the place of what is right.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Malformed(Malformed::Cell { column, .. }),
                Self::Malformed(Malformed::Cell { column: other, .. }),
            ) => column == other,
            (Self::Malformed(one), Self::Malformed(other)) => {
                std::mem::discriminant(one) == std::mem::discriminant(other)
            }
            (Self::Future { .. }, Self::Future { .. }) => true,
            _ => false,
        }
    }
}

/// Why a line is no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A quote is not closed.
    #[error("a quote is not closed")]
    Quote,
    /// It is no object of JSON.
    #[error("no object of JSON")]
    Json,
    /// It is not in UTF-8.
    #[error("no text in UTF-8")]
    Text,
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
    /// The verdict does not follow from the counts.
    #[error(
        "the counts do not give the verdict `{verdict}`; were cells moved, or columns renamed?"
    )]
    Verdict {
        /// The verdict.
        verdict: String,
    },
    /// A header lacks a column.
    #[error("a header without `{0}`")]
    Header(String),
}
