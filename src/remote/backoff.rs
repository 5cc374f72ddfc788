//! How long to wait before a service is asked again: back-off with jitter, and what the service itself asks for.
//! Time and chance are arguments.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use rand::{Rng, RngExt};

/// The longest time between two attempts that nobody asked for.
const LONGEST: Duration = Duration::from_mins(5);

/// The time, as everything in this room reads it.
pub trait Clock: Send + Sync {
    /// The time since some moment, which nobody sets.
    fn now(&self) -> Duration;

    /// The time of day.
    fn utc(&self) -> Timestamp;

    /// Lets the time pass. It ends early when the user interrupts.
    fn sleep(&self, time: Duration);

    /// Whether the user has interrupted.
    fn is_interrupted(&self) -> bool;
}

/// Counts attempts that failed one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    first: Duration,
    failed: u32,
}

impl Backoff {
    /// None has failed yet; after the first, about `first` passes.
    pub(super) fn new(first: Duration) -> Self {
        Self { first, failed: 0 }
    }

    /// How long to wait now. A service that asks for more time gets it, and nobody comes back at the very moment.
    pub(super) fn next(&mut self, asked: Option<Duration>, random: &mut impl Rng) -> Duration {
        let doubled = self.first.saturating_mul(1 << self.failed.min(16)).min(LONGEST);
        self.failed += 1;
        match asked {
            Some(asked) => {
                asked.saturating_add(self.first.min(asked).mul_f64(random.random_range(0.0..0.2)))
            }
            None => doubled.mul_f64(random.random_range(0.5..1.0)),
        }
    }
}

/// What `Retry-After` asks for (RFC 9110, section 10.2.3): seconds, or a date.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    static DATES: DateTimeParser = DateTimeParser::new();
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DATES.parse_timestamp(value).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let mut random = StdRng::seed_from_u64(1);
        let mut backoff = Backoff::new(Duration::from_secs(5));
        let waits: Vec<_> = (0..9).map(|_| backoff.next(None, &mut random).as_secs_f64()).collect();
        for (wait, most) in waits.iter().zip([5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]) {
            assert!((most / 2.0..=most).contains(wait), "{waits:?}");
        }
    }

    #[test]
    fn the_service_is_given_what_it_asks_for() {
        let mut random = StdRng::seed_from_u64(1);
        let mut backoff = Backoff::new(Duration::from_secs(5));
        let wait = backoff.next(Some(Duration::from_mins(1)), &mut random).as_secs_f64();
        assert!((60.0..61.0).contains(&wait), "{wait}");
        assert_eq!(backoff.next(Some(Duration::ZERO), &mut random), Duration::ZERO);
        assert_eq!(backoff.next(Some(Duration::MAX), &mut random), Duration::MAX);
    }

    #[test]
    fn both_spellings_of_retry_after_are_read() {
        let now: Timestamp = "2026-11-28T14:12:00Z".parse().expect("a time");
        let of = |value| retry_after(value, now).map(|wait| wait.as_secs());
        assert_eq!(of(" 17 "), Some(17));
        assert_eq!(of("Sat, 28 Nov 2026 14:12:30 GMT"), Some(30));
        assert_eq!(of("Sat, 28 Nov 2026 14:11:30 GMT"), Some(0));
        assert_eq!(of("18446744073709551615"), Some(u64::MAX));
        assert_eq!(of("soon"), None);
        assert_eq!(of("-3"), None);
    }
}
