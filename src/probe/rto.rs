//! How long a probe is waited for before it is asked again: as long as answers take here.

use std::time::Duration;

use super::Moment;

/// How many answers are needed before they say anything, and how many each half of the memory has.
const FEW: u32 = 16;
const MANY: u32 = 256;

/// Follows the longest RTT of late. To ask again early costs a packet at worst: an answer counts
/// as long as its trace goes on, and no trace ends in silence before the whole timeout is over.
#[derive(Debug, Clone)]
pub(super) struct Rto {
    timeout: Duration,
    answers: u32,
    longest: Duration,
    longest_before: Duration,
}

impl Rto {
    /// Never shorter than this: the scheduler's and the routers' own delays.
    const LEAST: Duration = Duration::from_millis(100);

    pub(super) fn new(timeout: Duration) -> Self {
        let none = Duration::ZERO;
        Self { timeout, answers: 0, longest: none, longest_before: none }
    }

    /// A probe that had left at `sent` was answered.
    pub(super) fn heard(&mut self, sent: Moment, received: Moment) {
        self.longest = self.longest.max(received.since(sent));
        self.answers += 1;
        if self.answers == FEW + MANY {
            (self.longest_before, self.longest) = (self.longest, Duration::ZERO);
            self.answers = FEW;
        }
    }

    /// How long to wait for an answer before asking again.
    pub(super) fn retry_after(&self) -> Duration {
        if self.answers < FEW {
            return self.timeout;
        }
        let longest = self.longest.max(self.longest_before);
        (longest * 2 + Self::LEAST / 2).max(Self::LEAST).min(self.timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn after(rtts: impl IntoIterator<Item = u64>) -> Duration {
        let mut patience = Rto::new(SECOND);
        for rtt in rtts {
            patience.heard(Moment::START, Moment::START + Duration::from_millis(rtt));
        }
        patience.retry_after()
    }

    #[test]
    fn little_is_no_reason_for_haste() {
        assert_eq!(after([1; 15]), SECOND);
    }

    #[test]
    fn it_follows_the_longest_of_late_and_stays_within_its_bounds() {
        assert_eq!(after([0; 20]), Duration::from_millis(100));
        assert_eq!(after([1; 20].into_iter().chain([200])), Duration::from_millis(450));
        assert_eq!(after([900; 20]), SECOND);
        let long_ago = [900].into_iter().chain([20; 600]);
        assert_eq!(after(long_ago), Duration::from_millis(100));
    }
}
