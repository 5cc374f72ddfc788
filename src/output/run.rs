//! What all rows of one execution have in common.

use jiff::Timestamp;

/// The version of the summary's columns, which counts up when some are added: the second has
/// `pinged` and what follows it.
pub const SCHEMA: u64 = 2;
/// That of the traces: the second has `strategy`.
pub const TRACES_SCHEMA: u64 = 2;
/// That of the hops.
pub const HOPS_SCHEMA: u64 = 1;

/// That of the census.
pub const CENSUS_SCHEMA: u64 = 1;
/// That of its counts.
pub const COUNTS_SCHEMA: u64 = 1;

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Different for every run.
    pub id: String,
    /// When the first probe left, as far as that is known.
    pub started: Option<Timestamp>,
    /// When the last answer was in, as far as that is known.
    pub ended: Option<Timestamp>,
    /// Where the probes left from; empty when nobody said.
    pub vantage: String,
    /// `icmp`, `udp` or `both`; of traces made elsewhere all methods, with `+` between.
    pub method: String,
    /// Whether it came to its own end.
    pub complete: bool,
}
