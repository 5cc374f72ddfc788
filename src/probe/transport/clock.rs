//! The clock of real sockets: monotonic, and able to place the kernel's stamps.

use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

use super::super::Moment;

/// An age beyond this is a clock that was set, not a packet that waited.
const OLDEST: Duration = Duration::from_secs(1);

/// The time since the run began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    began: Instant,
    at: Moment,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self::start_at(Moment::START)
    }

    /// A clock that goes on where another one stands.
    pub(super) fn start_at(at: Moment) -> Self {
        Self { began: Instant::now(), at }
    }

    pub(super) fn now(self) -> Moment {
        self.at + self.began.elapsed()
    }

    /// The moment of a kernel stamp. The kernel stamps by the wall clock, which may be set at any
    /// time; so the stamp only gives the packet's age, and only now.
    pub(super) fn of_stamp(self, stamp: Option<Duration>) -> Moment {
        let wall_clock = clock_gettime(ClockId::CLOCK_REALTIME).ok().map(Duration::from);
        let age = stamp.zip(wall_clock).and_then(|(stamp, now)| now.checked_sub(stamp));
        self.now().before(age.filter(|age| *age < OLDEST).unwrap_or_default())
    }
}
