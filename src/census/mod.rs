//! Which targets live, and how fast they answer: beside the traces, over the same wire.
//!
//! Every target is asked by one means after the other until it shows a sign of life: echo requests
//! first, then, where the user wants that, connections and datagrams. [`Means`] and [`Sign`] are the
//! nouns, a round decides, pure of sockets and clocks, who is asked next, [`Asker`] is the seam to
//! what carries the questions, and [`Census`] the loop that joins them. [`suspects()`] looks at all
//! answers together, for those that cannot be the targets' own, and [`Count`] adds up.

mod asker;
mod count;
mod host;
mod means;
mod over_wire;
mod round;
mod suspects;
mod sweep;
mod tcp;

use std::num::NonZeroU32;
use std::time::Duration;

use crate::probe::Attempt;

pub use asker::{Asker, Heard, Question, What};
pub use count::{Count, Counts};
pub use host::{Found, Host, Latency, Suspicion, Try};
pub use means::{Means, Sign};
pub use over_wire::{FLOW, OverWire};
pub use round::Noise;
pub use suspects::suspects;
pub use sweep::{Census, Progress, Stopped, Watch};
pub use tcp::OverTcp;

/// How a census asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
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

impl Settings {
    /// What can be asked of a target most often.
    pub const MOST: u8 = Attempt::MOST;
}

impl Default for Settings {
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
