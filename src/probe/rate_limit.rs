//! The ICMP rate limit of a hop (RFC 1812, section 4.3.2.8): noticed when its replies thin out, and met
//! by probing that hop, and no other, more slowly.

use std::collections::VecDeque;
use std::time::Duration;

use super::exchange::TraceKey;
use super::timing::Moment;

/// How many outcomes it takes to find a hop limited.
const FIRST_SAMPLE: u32 = 32;
/// As many losses, if they are a fifth of all outcomes, make a limit likely.
const FEW: u32 = 3;
/// How many outcomes it takes to change its interval.
const SAMPLE: u32 = 8;
/// How many outcomes it takes to judge whether slowing down has helped.
const LARGE_SAMPLE: u32 = 64;
/// The shortest time over which replies per second say anything.
const SHORTEST: Duration = Duration::from_millis(100);
/// The longest interval: a Linux router replies once a second, unless it is configured otherwise.
const SLOWEST: Duration = Duration::from_secs(1);
/// From here on an interval is so long that a hop which replies at all has replied to one of a sample.
const SLOW: Duration = Duration::from_millis(500);
/// A hop that replies to a smaller part of a sample is probed too fast, or there is much loss.
const THIN: f64 = 0.5;
/// A hop that replies to a larger part of a sample may be probed faster.
const THICK: f64 = 0.85;
/// If slowing down has not raised the replied part by this much, the rate is not the reason.
const GAIN: f64 = 0.2;
/// For how long a hop is probed slowly before it is abandoned.
const LONGEST: Duration = Duration::from_mins(2);

/// How well one hop replies, how often it is probed, and the traces that wait to probe it.
#[derive(Debug, Clone, Default)]
pub(super) struct RateLimit {
    sample: Sample,
    state: State,
    queue: VecDeque<TraceKey>,
}

/// What became of the probes since the interval last changed.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    /// Probes that left before were sent at another interval.
    since: Moment,
    first: Option<Moment>,
    last: Moment,
    replied: u32,
    lost: u32,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// No limit is known.
    #[default]
    Free,
    Slowed(Slowed),
    /// It is silent for another reason than its rate.
    Lossy,
    /// It replies so rarely that it is not waited for any longer.
    Abandoned,
}

#[derive(Debug, Clone, Copy)]
struct Slowed {
    interval: Duration,
    due: Moment,
    began: Moment,
    /// The replied part of all probes before it was slowed.
    part_before: f64,
    /// Whether its interval has had time to settle.
    settled: bool,
    /// What became of the probes since.
    replied: u32,
    sent: u32,
}

impl Sample {
    fn replied_part(&self) -> f64 {
        f64::from(self.replied) / f64::from((self.replied + self.lost).max(1))
    }

    /// The time between two replies.
    fn interval(&self) -> Duration {
        let took = self.last.since(self.first.unwrap_or(self.last)).max(SHORTEST);
        took / self.replied.max(1)
    }
}

impl RateLimit {
    /// What became of a probe that had left at `sent`: the hop replied, or did not in time.
    pub(super) fn observe(&mut self, sent: Moment, replied: bool, now: Moment) {
        if sent < self.sample.since {
            return;
        }
        self.sample.replied += u32::from(replied);
        self.sample.lost += u32::from(!replied);
        self.sample.first = Some(self.sample.first.map_or(sent, |first| first.min(sent)));
        self.sample.last = self.sample.last.max(sent);
        let enough = if self.is_slowed() { SAMPLE } else { FIRST_SAMPLE };
        if self.sample.replied + self.sample.lost < enough {
            return;
        }
        let sample =
            std::mem::replace(&mut self.sample, Sample { since: now, ..Sample::default() });
        self.state = match self.state {
            State::Free if sample.replied_part() < THIN => State::Slowed(Slowed {
                interval: sample.interval().min(SLOWEST),
                due: now,
                began: now,
                part_before: sample.replied_part(),
                settled: false,
                replied: 0,
                sent: 0,
            }),
            State::Slowed(slowed) => slowed.adjusted(&sample, now),
            other => other,
        };
    }

    /// What was observed so far says nothing.
    pub(super) fn restart(&mut self) {
        self.state = State::Free;
        (self.sample.replied, self.sample.lost, self.sample.first) = (0, 0, None);
    }

    /// Whether it replies, but only so often.
    pub(super) fn is_slowed(&self) -> bool {
        matches!(self.state, State::Slowed(_))
    }

    /// Whether its replies seem to thin out.
    pub(super) fn is_doubtful(&self) -> bool {
        let Sample { replied, lost, .. } = self.sample;
        !matches!(self.state, State::Free) || lost >= FEW && lost * 5 > replied + lost
    }

    /// Whether it is not worth probing again.
    pub(super) fn is_abandoned(&self) -> bool {
        matches!(self.state, State::Abandoned)
    }

    /// Whether it may be probed at `now` without waiting in the queue.
    pub(super) fn is_free(&self, now: Moment) -> bool {
        self.queue.is_empty() && self.due(now) == now
    }

    /// It is probed at `now`.
    pub(super) fn sent(&mut self, now: Moment) {
        if let State::Slowed(slowed) = &mut self.state {
            slowed.due = slowed.due.max(now) + slowed.interval;
        }
    }

    /// A trace waits for a slot. To the first in the queue it returns when that comes.
    pub(super) fn enqueue(&mut self, key: TraceKey, now: Moment) -> Option<Moment> {
        self.queue.push_back(key);
        if self.queue.len() == 1 { self.next_slot(now) } else { None }
    }

    /// The traces that may send now: the next in the queue, or all when the hop is not slowed any more.
    pub(super) fn grant(&mut self, now: Moment) -> Vec<TraceKey> {
        if matches!(self.state, State::Slowed(slowed) if slowed.is_too_long(now)) {
            self.state = State::Abandoned;
        }
        let slots = match self.state {
            State::Slowed(slowed) if slowed.due > now => 0,
            State::Slowed(_) => 1,
            State::Free | State::Lossy | State::Abandoned => self.queue.len(),
        };
        if slots > 0 {
            self.sent(now);
        }
        self.queue.drain(..slots.min(self.queue.len())).collect()
    }

    /// When the next in the queue may send; nothing when the queue is empty.
    pub(super) fn next_slot(&self, now: Moment) -> Option<Moment> {
        self.queue.front().map(|_| self.due(now))
    }

    /// When it may be probed next: `now`, or later.
    fn due(&self, now: Moment) -> Moment {
        match self.state {
            State::Slowed(slowed) => slowed.due.max(now),
            State::Free | State::Lossy | State::Abandoned => now,
        }
    }
}

impl Slowed {
    fn adjusted(mut self, sample: &Sample, now: Moment) -> State {
        // A limit lets some replies pass at any pace, above all at a slow one: whoever asks here does not get to this hop.
        if sample.replied == 0 && self.interval >= SLOW {
            return State::Abandoned;
        }
        self.replied += sample.replied;
        self.sent += sample.replied + sample.lost;
        if self.sent >= LARGE_SAMPLE {
            let gain = f64::from(self.replied) / f64::from(self.sent) - self.part_before;
            if self.settled && gain < GAIN {
                return State::Lossy;
            }
            (self.settled, self.replied, self.sent) = (true, 0, 0);
        }
        let factor = match sample.replied_part() {
            part if part < THICK - GAIN => 1.5,
            part if part <= THICK => 1.0,
            part if part < 1.0 => 0.75,
            _ => 0.5,
        };
        self.interval = self.interval.mul_f64(factor).min(SLOWEST);
        if self.is_too_long(now) { State::Abandoned } else { State::Slowed(self) }
    }

    fn is_too_long(&self, now: Moment) -> bool {
        now.since(self.began) > LONGEST
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::probe::{Flow, ProbeMethod};

    /// A hop with a token bucket of one, filled `per_second` times a second, that replies to those of
    /// the rest for which `replies` says so. The outcome is known `LATER`.
    struct Hop {
        per_second: f64,
        replies: fn(u32) -> bool,
        tokens: f64,
        last: Moment,
    }

    const LATER: Duration = Duration::from_millis(20);

    impl Hop {
        fn new(per_second: f64, replies: fn(u32) -> bool) -> Self {
            Self { per_second, replies, tokens: 1.0, last: Moment::START }
        }

        fn replies(&mut self, count: u32, at: Moment) -> bool {
            let filled = at.since(self.last).as_secs_f64() * self.per_second;
            (self.tokens, self.last) = ((self.tokens + filled).min(1.0), at);
            let replies = self.tokens >= 1.0 && (self.replies)(count);
            self.tokens -= f64::from(u8::from(replies));
            replies
        }
    }

    fn key(host: u8) -> TraceKey {
        let target = Ipv4Addr::new(175, 45, 176, host);
        TraceKey { target, method: ProbeMethod::Icmp, flow: Flow::default() }
    }

    /// Probes as often as allowed, at most 500 times a second. Returns the replied parts of the first
    /// and of the last hundred, and the rate of those.
    fn run(hop: &mut Hop, limit: &mut RateLimit, probes: u32) -> (f64, f64, f64) {
        let mut now = Moment::START;
        let mut outcomes: Vec<(Moment, bool)> = Vec::new();
        let mut observed = 0;
        for count in 0..probes {
            let due = limit.due(now).max(now + Duration::from_millis(2));
            while let Some((sent, replied)) =
                outcomes.get(observed).filter(|(sent, _)| *sent + LATER <= due)
            {
                limit.observe(*sent, *replied, *sent + LATER);
                observed += 1;
            }
            now = limit.due(due);
            limit.sent(now);
            outcomes.push((now, hop.replies(count, now)));
        }
        let part = |some: &[(Moment, bool)]| {
            let replied = some.iter().filter(|(_, replied)| *replied).count();
            f64::from(u32::try_from(replied).unwrap_or_default()) / 100.0
        };
        let last = &outcomes[outcomes.len() - 100..];
        let rate = 99.0 / last[99].0.since(last[0].0).as_secs_f64();
        (part(&outcomes[..100]), part(last), rate)
    }

    #[test]
    fn a_limited_hop_is_probed_about_as_often_as_it_replies() {
        let mut limit = RateLimit::default();
        let (first, last, rate) = run(&mut Hop::new(40.0, |_| true), &mut limit, 2000);
        assert!(limit.is_slowed() && first < 0.6 && last > 0.6, "{first} {last}");
        assert!((20.0..80.0).contains(&rate), "{rate}/s");
    }

    #[test]
    fn loss_is_no_limit() {
        let mut limit = RateLimit::default();
        let (_, _, rate) = run(&mut Hop::new(1e6, |count| count % 5 != 0), &mut limit, 1000);
        assert!(!limit.is_slowed() && rate > 400.0, "{rate}/s");
    }

    #[test]
    fn a_hop_is_not_slowed_any_more_when_that_does_not_help() {
        let mut limit = RateLimit::default();
        run(&mut Hop::new(1e6, |count| count % 4 == 0), &mut limit, 300);
        assert!(matches!(limit.state, State::Lossy));
    }

    #[test]
    fn a_hop_that_replies_once_a_minute_is_abandoned_after_two() {
        let mut limit = RateLimit::default();
        run(&mut Hop::new(1.0 / 60.0, |_| true), &mut limit, 100);
        limit.enqueue(key(1), Moment::START);
        assert_eq!(limit.grant(Moment::START + LONGEST * 2), [key(1)]);
        assert!(!limit.is_slowed());
    }

    #[test]
    fn the_queue_gets_one_slot_after_the_other() {
        let mut limit = RateLimit::default();
        run(&mut Hop::new(40.0, |_| true), &mut limit, 500);
        let now = Moment::START + Duration::from_mins(1);
        let first = limit.enqueue(key(1), now);
        assert_eq!((first, limit.enqueue(key(2), now)), (Some(now), None));
        assert_eq!(limit.grant(now), [key(1)]);
        let next = limit.next_slot(now).expect("a slot");
        assert!(next > now && limit.grant(now).is_empty());
        assert_eq!(limit.grant(next), [key(2)]);
        assert_eq!(limit.next_slot(next), None);
    }
}
