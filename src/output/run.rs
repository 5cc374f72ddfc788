//! What all rows of one execution have in common.

use jiff::Timestamp;

/// The version of the columns of the summary and of the hops: counts up when a column is added.
pub const SCHEMA: u64 = 1;
/// That of the traces: the second has `strategy`.
pub const TRACES_SCHEMA: u64 = 2;

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Different for every run.
    pub id: String,
    /// When the first probe left.
    pub started: Timestamp,
    /// When the last answer was in.
    pub ended: Timestamp,
    /// Where the probes left from; empty when nobody said.
    pub vantage: String,
    /// `icmp`, `udp` or `both`.
    pub method: String,
    /// Whether it came to its own end.
    pub complete: bool,
}
