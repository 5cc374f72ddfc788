//! Time as a run sees it: moments, the pace of sending, and how long to wait for a reply.

use std::num::NonZeroU32;
use std::ops::Add;
use std::time::Duration;

use jiff::Timestamp;

/// Nanoseconds since the run began. The clock behind it belongs to the transport: monotonic on real
/// sockets, simulated in the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(u64);

impl Moment {
    /// When the run began.
    pub const START: Self = Self(0);

    /// The moment `nanos` nanoseconds after the start.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero when it was not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The time of day at this moment of a run that began at `began`.
    #[must_use]
    pub fn after(self, began: Timestamp) -> Timestamp {
        began.saturating_add(self.since(Self::START)).unwrap_or(began)
    }

    /// This moment less `age`, but not before the start.
    #[must_use]
    pub fn before(self, age: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(age)))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(nanos(wait)))
    }
}

/// The moment at which a packet left or came, as far as the process could see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp {
    /// The moment; where it is not known, the latest that it can be.
    pub at: Moment,
    /// Whether it is known to a few milliseconds. It is not where the process was stopped between two
    /// looks at the clock.
    pub exact: bool,
}

impl Stamp {
    /// How long ago `earlier` was, where both are known.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Duration> {
        (self.exact && earlier.exact).then(|| self.at.since(earlier.at))
    }
}

impl From<Moment> for Stamp {
    fn from(at: Moment) -> Self {
        Self { at, exact: true }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A ceiling on the packets per second, retries included.
///
/// A token bucket, written as GCRA: one moment in place of a count of tokens. A pause saves up a few
/// milliseconds' worth of packets at most, so that no router sees a burst.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    interval: Duration,
    slack: Duration,
    /// When the next packet would leave at an even rate.
    due: Moment,
}

impl Pace {
    /// How much a pause may save up.
    const SAVED: Duration = Duration::from_millis(5);

    /// At most `rate` packets in any second; no limit without a rate. What a pause can save up is
    /// taken from the even rate, so that both together stay below the ceiling.
    pub(super) fn new(rate: Option<NonZeroU32>) -> Self {
        // Rounded up: rounding down would let one packet more into a second.
        let even = rate.map_or(0, |rate| 1_000_000_000_u64.div_ceil(u64::from(rate.get())));
        let even = Duration::from_nanos(even);
        let slack = Self::SAVED.saturating_sub(even);
        let interval = if slack.is_zero() { even } else { even.mul_f64(1.0 / (1.0 - 0.005)) };
        Self { interval, slack, due: Moment::START }
    }

    /// When the next packet may leave; in the past when it may leave now.
    pub(super) fn ready(&self) -> Moment {
        self.due.before(self.slack)
    }

    /// A packet leaves at `now`.
    pub(super) fn spend(&mut self, now: Moment) {
        self.due = self.due.max(now) + self.interval;
    }
}

/// The time in which a run has nothing to send and waits. Of that there is one budget, whatever it waits for.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    most: Duration,
    /// What is over.
    spent: Duration,
    /// Since when it waits.
    since: Option<Moment>,
}

impl Waiting {
    pub(super) fn new(most: Duration) -> Self {
        Self { most, spent: Duration::ZERO, since: None }
    }

    /// There is nothing to send at `now`.
    pub(super) fn begin(&mut self, now: Moment) {
        self.since.get_or_insert(now);
    }

    /// Something is sent at `now`, or nothing is waited for any more.
    pub(super) fn end(&mut self, now: Moment) {
        if let Some(since) = self.since.take() {
            self.spent += now.since(since);
        }
    }

    /// How much of the budget is used up at `now`.
    pub(super) fn spent(&self, now: Moment) -> Duration {
        self.spent + self.since.map_or(Duration::ZERO, |since| now.since(since))
    }

    /// Whether it is used up at `now`.
    pub(super) fn is_over(&self, now: Moment) -> bool {
        self.spent(now) >= self.most
    }
}

/// How long to wait for replies, by the longest RTTs of late: before a TTL is probed again (the retransmission
/// timeout), and before its silence counts.
///
/// A retry that comes too early costs one packet. It changes no result: a late reply counts as long
/// as its trace is under way, and no trace ends in silence before the whole timeout has passed. Where
/// replies take longer than the timeout that was asked for, as by satellite, both follow them.
#[derive(Debug, Clone)]
pub(super) struct Rto {
    timeout: Duration,
    replies: u32,
    longest: Longest,
    longest_before: Longest,
}

/// The longest RTTs, longest first.
type Longest = [Duration; Rto::SEVERAL];

impl Rto {
    /// Never shorter than this: the delays of schedulers, here and on routers.
    const LEAST: Duration = Duration::from_millis(100);
    /// How many replies are needed before their RTTs say anything.
    const FEW: u32 = 16;
    /// How many replies each half of the memory holds.
    const MANY: u32 = 256;
    /// How many must be late before the path is long, and not a router slow for a moment.
    const SEVERAL: usize = 4;
    /// No path makes the timeout more than so many times as long.
    const MOST: u32 = 4;

    pub(super) fn new(timeout: Duration) -> Self {
        let none = [Duration::ZERO; Self::SEVERAL];
        Self { timeout, replies: 0, longest: none, longest_before: none }
    }

    /// A reply took `rtt`.
    pub(super) fn observe(&mut self, rtt: Duration) {
        if let Some(place) = self.longest.iter().position(|longest| *longest < rtt) {
            self.longest[place..].rotate_right(1);
            self.longest[place] = rtt;
        }
        self.replies += 1;
        if self.replies == Self::FEW + Self::MANY {
            self.longest_before = std::mem::take(&mut self.longest);
            self.replies = Self::FEW;
        }
    }

    /// How long to wait for a reply before probing again.
    pub(super) fn get(&self) -> Duration {
        let timeout = self.timeout();
        if self.replies < Self::FEW {
            return timeout;
        }
        let longest = self.longest[0].max(self.longest_before[0]);
        (longest * 2 + Self::LEAST / 2).clamp(Self::LEAST, timeout.max(Self::LEAST))
    }

    /// How long a TTL must be silent before that counts: the timeout that was asked for, or a quarter longer than
    /// several replies took.
    pub(super) fn timeout(&self) -> Duration {
        let several = Self::SEVERAL - 1;
        let late = self.longest[several].max(self.longest_before[several]);
        let longest = self.timeout * Self::MOST;
        if late > self.timeout { (late * 5 / 4).min(longest) } else { self.timeout }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets that leave in `[from, end)` when there is always one to send.
    fn sent_in(pace: &mut Pace, from: Moment, end: Moment) -> u32 {
        let (mut now, mut sent) = (from, 0);
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

    const SECOND: Duration = Duration::from_secs(1);

    fn rto_after(rtts: impl IntoIterator<Item = u64>) -> Duration {
        let mut rto = Rto::new(SECOND);
        for rtt in rtts {
            rto.observe(Duration::from_millis(rtt));
        }
        rto.get()
    }

    #[test]
    fn waiting_adds_up_and_sending_does_not() {
        let mut waiting = Waiting::new(SECOND * 5);
        waiting.begin(second(1));
        waiting.begin(second(2));
        waiting.end(second(4));
        waiting.end(second(9));
        assert_eq!(waiting.spent(second(100)), SECOND * 3, "it does not wait");
        assert!(!waiting.is_over(second(100)));
        waiting.begin(second(100));
        assert!(!waiting.is_over(second(101)) && waiting.is_over(second(102)));
    }

    #[test]
    fn few_replies_do_not_shorten_the_timeout() {
        assert_eq!(rto_after([1; 15]), SECOND);
    }

    #[test]
    fn the_rto_follows_the_longest_rtt_of_late_within_its_bounds() {
        assert_eq!(rto_after([0; 20]), Duration::from_millis(100));
        assert_eq!(rto_after([1; 20].into_iter().chain([200])), Duration::from_millis(450));
        assert_eq!(rto_after([900; 20]), SECOND);
        let long_ago = [900].into_iter().chain([20; 600]);
        assert_eq!(rto_after(long_ago), Duration::from_millis(100));
    }

    #[test]
    fn several_replies_that_take_longer_than_the_timeout_make_it_longer() {
        let after = |rtts: &[u64]| rto_after(rtts.iter().copied());
        assert_eq!(after(&[1500; 3]), SECOND, "three may be chance");
        assert_eq!(after(&[1500, 1400, 1, 1600, 1500]), Duration::from_millis(1750));
        assert_eq!(after(&[1500; 20]), Duration::from_millis(1875));
        assert_eq!(after(&[60_000; 20]), SECOND * 4);
        let long_ago = [1500; 9].into_iter().chain([20; 600]);
        assert_eq!(rto_after(long_ago), Duration::from_millis(100));
    }
}
