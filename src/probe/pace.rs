//! How fast: a ceiling on the packets per second, retries included.

use std::num::NonZeroU32;
use std::time::Duration;

use super::Moment;

/// A token bucket (as GCRA: one moment instead of a count of tokens). What is saved up while
/// nothing is sent is at most a few milliseconds' worth, so that no router sees a burst.
#[derive(Debug, Clone)]
pub struct Pace {
    interval: Duration,
    slack: Duration,
    /// When the next packet would be due at an even rate.
    due: Moment,
}

impl Pace {
    /// What may be saved up.
    const SAVED: Duration = Duration::from_millis(5);

    /// At most `rate` packets in any second; nothing means no limit. What can be saved up is taken
    /// from the even rate, so that both together keep to it.
    #[must_use]
    pub fn new(rate: Option<NonZeroU32>) -> Self {
        // Rounded up: rounding down would let one more into a second.
        let nanos = |rate: NonZeroU32| 1_000_000_000_u64.div_ceil(u64::from(rate.get()));
        let even = Duration::from_nanos(rate.map_or(0, nanos));
        let slack = Self::SAVED.saturating_sub(even);
        let interval = if slack.is_zero() { even } else { even.mul_f64(1.0 / (1.0 - 0.005)) };
        Self { interval, slack, due: Moment::START }
    }

    /// When the next packet may leave; in the past when it may leave now.
    #[must_use]
    pub fn ready(&self) -> Moment {
        self.due.before(self.slack)
    }

    /// A packet leaves at `now`.
    pub fn spend(&mut self, now: Moment) {
        self.due = self.due.max(now) + self.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets that leave in `[0, end)` when there is always one to send.
    fn sent_in(pace: &mut Pace, from: Moment, end: Moment) -> u32 {
        let mut now = from;
        let mut sent = 0;
        while now < end {
            if pace.ready() <= now {
                pace.spend(now);
                sent += 1;
            } else {
                now = pace.ready();
            }
        }
        sent
    }

    fn second(n: u64) -> Moment {
        Moment::from_nanos(n * 1_000_000_000)
    }

    #[test]
    fn no_second_has_more_packets_than_the_rate() {
        for rate in [1, 7, 200, 1_000, 50_000] {
            let mut pace = Pace::new(NonZeroU32::new(rate));
            for n in 0..3 {
                let sent = sent_in(&mut pace, second(n), second(n + 1));
                assert!((rate * 99 / 100..=rate).contains(&sent), "{rate}: {sent}");
            }
        }
    }

    #[test]
    fn a_pause_saves_up_milliseconds_not_seconds() {
        let mut pace = Pace::new(NonZeroU32::new(1_000));
        pace.spend(Moment::START);
        let burst = sent_in(&mut pace, second(60), second(60) + Duration::from_nanos(1));
        assert_eq!(burst, 4);
    }

    #[test]
    fn without_a_rate_every_moment_is_ready() {
        let mut pace = Pace::new(None);
        for _ in 0..10_000 {
            pace.spend(second(1));
        }
        assert!(pace.ready() <= second(1));
    }
}
