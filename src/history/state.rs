//! How things are in a scope, as of the newest run.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Hosts, Interval, Name, Verdict};

/// How things are in a scope, as one vantage sees it by one method.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The newest run.
    pub run: Arc<str>,
    /// When that began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Whether it came to its own end.
    pub complete: bool,
    /// What the runs say together; not swayed by single traces.
    pub verdict: Verdict,
    /// Since when it is so: the end of the first run that shows it. Nothing when it was so from the
    /// first run on.
    pub since: Option<Timestamp>,
    /// Each configured class, and its share in the newest run that came to its end and classified a
    /// trace.
    pub shares: Vec<(Name, Option<Interval>)>,
    /// The carriers that are there, those with most traces first.
    pub carriers: Vec<Holding>,
    /// How many carriers would have to fail before nothing of the scope is reached, as far as
    /// this vantage sees them. 0 in an outage; for the block those of all its prefixes together.
    pub redundancy: usize,
    /// Traces of that run: those that were made, and those that were classified.
    pub traces: u32,
    /// Those that were classified.
    pub classified: u32,
    /// The median RTT to the border, in milliseconds.
    pub rtt_ms: Option<f32>,
    /// The targets that were pinged and that answered, in the newest run that pinged any.
    pub hosts: Option<Hosts>,
}

/// A carrier that is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Holding {
    /// The carrier.
    pub carrier: Name,
    /// Its traces in the run that the shares are of.
    pub count: u32,
    /// Since when; nothing when it was there from the first run on.
    pub since: Option<Timestamp>,
}

impl State {
    /// The share of a class.
    #[must_use]
    pub fn share(&self, class: Name) -> Option<Interval> {
        self.shares.iter().find(|(name, _)| *name == class).and_then(|(_, share)| *share)
    }
}
