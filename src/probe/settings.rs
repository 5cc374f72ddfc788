//! The choices a user has about how to ask.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::trace::Strategy;

use super::ProbeTtl;

/// How a run asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSettings {
    /// Where the packets are spent.
    pub strategy: Strategy,
    /// With [`Strategy::Border`]: how many targets of each routed prefix are traced completely to
    /// begin with, and how many at a time when a target's answers are nothing that these have shown.
    pub pilots: usize,
    /// Tries at every TTL that stays silent.
    pub attempts: u8,
    /// Further tries, spread over time, at the silent TTLs behind what may be the border. Where
    /// neighbours got further there are as many as [`super::Attempt::MOST`] allows.
    pub border_attempts: u8,
    /// How long a probe is waited for before its TTL is tried again. A later answer still counts
    /// as long as its trace goes on.
    pub timeout: Duration,
    /// The furthest TTL.
    pub max_ttl: ProbeTtl,
    /// How many silent TTLs in a row end a trace.
    pub gap_limit: u8,
    /// How many TTLs of one trace may be waited for at once.
    pub window: usize,
    /// How many probes of all traces may be waited for before another trace begins.
    pub in_flight: usize,
    /// Packets per second; nothing means no limit.
    pub rate: Option<NonZeroU32>,
    /// When to stop, measured from the start.
    pub deadline: Option<Duration>,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            pilots: 4,
            attempts: 2,
            border_attempts: 4,
            timeout: Duration::from_secs(1),
            max_ttl: ProbeTtl::new(30).unwrap_or(ProbeTtl::FIRST),
            gap_limit: 5,
            window: 3,
            in_flight: 4096,
            rate: NonZeroU32::new(200),
            deadline: None,
        }
    }
}
