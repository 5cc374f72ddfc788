//! Which targets live, and how fast they answer: beside the traces, over the same wire.
//!
//! Every target is asked by one means after the other until it shows a sign of life: echo requests
//! first, then, where the user wants that, connections and datagrams. [`PingMethod`] and [`Liveness`] are the
//! nouns, a round decides, pure of sockets and clocks, who is asked next, [`Asker`] is the seam to
//! what carries the questions, and [`Census`] the loop that joins them. [`mark_implausible()`] looks at all
//! answers together, for those that cannot be the targets' own, and [`HostCount`] adds up.

mod asker;
mod count;
mod host;
mod implausible;
mod liveness;
mod over_transport;
mod round;
mod sweep;
mod tcp;

use std::num::NonZeroU32;
use std::time::Duration;

use crate::probe::Attempt;

pub use asker::{Asker, Heard, Question, What};
pub use count::{HostCount, HostCounts};
pub use host::{Found, Host, Implausible, Latency, Try};
pub use implausible::mark_implausible;
pub use liveness::{Liveness, PingMethod};
pub use over_transport::{FLOW, OverWire};
pub use round::Noise;
pub use sweep::{Census, Observer, Progress, Stopped};
pub use tcp::OverTcp;

/// How a census asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingSettings {
    /// How often a target that answers is asked.
    pub count: u8,
    /// How often one that stays silent is asked, each port for itself; no less than `count`.
    pub attempts: u8,
    /// How long an answer may take; a later one counts as lost.
    pub timeout: Duration,
    /// Packets per second; nothing means no limit.
    pub rate: Option<NonZeroU32>,
    /// When to stop, measured from the start of the clock.
    pub deadline: Option<Duration>,
}

impl PingSettings {
    /// What can be asked of a target most often.
    pub const MOST: u8 = Attempt::MOST;
}

impl Default for PingSettings {
    fn default() -> Self {
        Self {
            count: 3,
            attempts: 4,
            timeout: Duration::from_secs(1),
            rate: NonZeroU32::new(200),
            deadline: None,
        }
    }
}
