//! A hop that limits its answers (RFC 1812, section 4.3.2.8): noticed by answers that thin out, met
//! by asking it, and no other, more slowly.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Moment, TraceKey};

/// How many outcomes it takes to find a hop limited, and how many to change its pace.
const FIRST_SAMPLE: u32 = 32;
const SAMPLE: u32 = 8;
/// The shortest time over which answers per second say anything.
const SHORTEST: Duration = Duration::from_millis(100);
/// Nothing is asked more slowly: so often answers a Linux router, unless it is told otherwise.
const SLOWEST: Duration = Duration::from_secs(1);
/// Fewer answers than this part of a sample: too fast, or much loss.
const THIN: f64 = 0.5;
/// More answers than this: it may be faster.
const THICK: f64 = 0.85;
/// If slowing down has not brought this much more, the rate is not the reason.
const GAIN: f64 = 0.2;
/// How many outcomes it takes to conclude that.
const ENOUGH: u32 = 64;
/// How long a hop is waited for in all.
const LONGEST: Duration = Duration::from_mins(2);

/// How well one hop answers, and how often it is asked.
#[derive(Debug, Clone, Default)]
pub(super) struct RateLimit {
    sample: Sample,
    pace: Pace,
    /// Those that wait to ask it.
    queue: VecDeque<TraceKey>,
}

/// What became of the probes since the pace last changed.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    /// Probes that left before were sent at another pace.
    since: Moment,
    first: Option<Moment>,
    last: Moment,
    heard: u32,
    lost: u32,
}

#[derive(Debug, Clone, Copy, Default)]
enum Pace {
    /// As fast as all others.
    #[default]
    Free,
    Slowed(Slowed),
    /// Its silence is not a matter of the rate.
    Lossy,
    /// It answers so rarely that it is not waited for any longer.
    Hopeless,
}

#[derive(Debug, Clone, Copy)]
struct Slowed {
    interval: Duration,
    due: Moment,
    began: Moment,
    /// The answered part of all probes before it was slowed.
    before: f64,
    /// Whether its pace has had time to settle.
    settled: bool,
    /// What has become of the probes since.
    heard: u32,
    asked: u32,
}

impl Sample {
    fn answered(&self) -> f64 {
        f64::from(self.heard) / f64::from((self.heard + self.lost).max(1))
    }

    /// The time between two answers.
    fn interval(&self) -> Duration {
        let took = self.last.since(self.first.unwrap_or(self.last)).max(SHORTEST);
        took / self.heard.max(1)
    }
}

impl RateLimit {
    /// A probe that had left at `sent` was answered.
    pub(super) fn heard(&mut self, sent: Moment, now: Moment) {
        if sent >= self.sample.since {
            self.sample.heard += 1;
            self.note(sent, now);
        }
    }

    /// A probe that had left at `sent` was not answered in time.
    pub(super) fn lost(&mut self, sent: Moment, now: Moment) {
        if sent >= self.sample.since {
            self.sample.lost += 1;
            self.note(sent, now);
        }
    }

    /// What was seen so far says nothing.
    pub(super) fn begin_again(&mut self) {
        self.pace = Pace::Free;
        (self.sample.heard, self.sample.lost, self.sample.first) = (0, 0, None);
    }

    /// Whether it answers, but only so often.
    pub(super) fn is_slowed(&self) -> bool {
        matches!(self.pace, Pace::Slowed(_))
    }

    /// Whether it is not worth asking again.
    pub(super) fn is_hopeless(&self) -> bool {
        matches!(self.pace, Pace::Hopeless)
    }

    /// When it may be asked next, where that is later than `now`.
    pub(super) fn wait(&self, now: Moment) -> Option<Moment> {
        match self.pace {
            Pace::Slowed(slowed) if slowed.due > now => Some(slowed.due),
            _ => None,
        }
    }

    /// It is asked at `now`.
    pub(super) fn asked(&mut self, now: Moment) {
        if let Pace::Slowed(slowed) = &mut self.pace {
            slowed.due = slowed.due.max(now) + slowed.interval;
        }
    }

    /// Whether others wait for their turn.
    pub(super) fn has_queue(&self) -> bool {
        !self.queue.is_empty()
    }

    /// `key` waits for its turn. Says when that of the first in the queue comes, to the first.
    pub(super) fn queue(&mut self, key: TraceKey, now: Moment) -> Option<Moment> {
        self.queue.push_back(key);
        if self.queue.len() == 1 { self.next_turn(now) } else { None }
    }

    /// Who may ask now: the next in the queue, or everybody when it is not slowed any more.
    pub(super) fn turn(&mut self, now: Moment) -> Vec<TraceKey> {
        if matches!(self.pace, Pace::Slowed(slowed) if slowed.is_too_long(now)) {
            self.pace = Pace::Hopeless;
        }
        let turns = match self.pace {
            Pace::Slowed(slowed) if slowed.due > now => 0,
            Pace::Slowed(_) => 1,
            Pace::Free | Pace::Lossy | Pace::Hopeless => self.queue.len(),
        };
        if turns > 0 {
            self.asked(now);
        }
        self.queue.drain(..turns.min(self.queue.len())).collect()
    }

    /// When the next in the queue may ask, if somebody is there.
    pub(super) fn next_turn(&self, now: Moment) -> Option<Moment> {
        self.queue.front().map(|_| self.wait(now).unwrap_or(now))
    }

    fn note(&mut self, sent: Moment, now: Moment) {
        self.sample.first = Some(self.sample.first.map_or(sent, |first| first.min(sent)));
        self.sample.last = self.sample.last.max(sent);
        let enough = if self.is_slowed() { SAMPLE } else { FIRST_SAMPLE };
        if self.sample.heard + self.sample.lost < enough {
            return;
        }
        let sample = self.sample;
        self.sample = Sample { since: now, ..Sample::default() };
        self.pace = match self.pace {
            Pace::Free if sample.answered() < THIN => Pace::Slowed(Slowed {
                interval: sample.interval().min(SLOWEST),
                due: now,
                began: now,
                before: sample.answered(),
                settled: false,
                heard: 0,
                asked: 0,
            }),
            Pace::Slowed(slowed) => slowed.learned(&sample, now),
            other => other,
        };
    }
}

impl Slowed {
    fn learned(mut self, sample: &Sample, now: Moment) -> Pace {
        self.heard += sample.heard;
        self.asked += sample.heard + sample.lost;
        if self.asked >= ENOUGH {
            let gain = f64::from(self.heard) / f64::from(self.asked) - self.before;
            if self.settled && gain < GAIN {
                return Pace::Lossy;
            }
            (self.settled, self.heard, self.asked) = (true, 0, 0);
        }
        let slower = match sample.answered() {
            answered if answered < THICK - GAIN => 1.5,
            answered if answered <= THICK => 1.0,
            answered if answered < 1.0 => 0.75,
            _ => 0.5,
        };
        self.interval = self.interval.mul_f64(slower).min(SLOWEST);
        if self.is_too_long(now) { Pace::Hopeless } else { Pace::Slowed(self) }
    }

    fn is_too_long(&self, now: Moment) -> bool {
        now.since(self.began) > LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hop with a bucket of one answer, filled `per_second` times a second, that answers `chance`
    /// of the rest; the outcome is known `AFTER` the probe.
    struct Hop {
        per_second: f64,
        chance: fn(u32) -> bool,
        tokens: f64,
        last: Moment,
    }

    const AFTER: Duration = Duration::from_millis(20);

    impl Hop {
        fn new(per_second: f64, chance: fn(u32) -> bool) -> Self {
            Self { per_second, chance, tokens: 1.0, last: Moment::START }
        }

        fn answers(&mut self, count: u32, at: Moment) -> bool {
            let filled = at.since(self.last).as_secs_f64() * self.per_second;
            (self.tokens, self.last) = ((self.tokens + filled).min(1.0), at);
            let answers = self.tokens >= 1.0 && (self.chance)(count);
            self.tokens -= f64::from(u8::from(answers));
            answers
        }
    }

    /// Asks as often as may be, at most 500 times a second; the parts that were answered of the
    /// first and of the last hundred, and the rate of those.
    fn run(hop: &mut Hop, limit: &mut RateLimit, probes: u32) -> (f64, f64, f64) {
        let mut now = Moment::START;
        let mut outcomes: Vec<(Moment, bool)> = Vec::new();
        let mut told = 0;
        for count in 0..probes {
            let due = limit.wait(now).unwrap_or(now).max(now + Duration::from_millis(2));
            while let Some((sent, heard)) = outcomes.get(told).filter(|(at, _)| *at + AFTER <= due)
            {
                let at = *sent + AFTER;
                if *heard {
                    limit.heard(*sent, at);
                } else {
                    limit.lost(*sent, at);
                }
                told += 1;
            }
            now = limit.wait(due).unwrap_or(due);
            limit.asked(now);
            outcomes.push((now, hop.answers(count, now)));
        }
        let part = |some: &[(Moment, bool)]| {
            let heard = some.iter().filter(|(_, heard)| *heard).count();
            f64::from(u32::try_from(heard).unwrap_or_default()) / 100.0
        };
        let last = &outcomes[outcomes.len() - 100..];
        let rate = 99.0 / last[99].0.since(last[0].0).as_secs_f64();
        (part(&outcomes[..100]), part(last), rate)
    }

    #[test]
    fn a_hop_that_limits_its_answers_is_asked_about_as_often_as_it_answers() {
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
    fn a_hop_that_slowing_does_not_help_is_given_up() {
        let mut limit = RateLimit::default();
        run(&mut Hop::new(1e6, |count| count % 4 == 0), &mut limit, 300);
        assert!(matches!(limit.pace, Pace::Lossy));
    }

    #[test]
    fn a_hop_that_answers_once_in_a_minute_is_not_waited_for_longer_than_two() {
        let mut limit = RateLimit::default();
        run(&mut Hop::new(1.0 / 60.0, |_| true), &mut limit, 100);
        let key = TraceKey {
            target: std::net::Ipv4Addr::LOCALHOST,
            method: crate::probe::ProbeMethod::Icmp,
            flow: crate::probe::Flow::default(),
        };
        limit.queue(key, Moment::START);
        assert_eq!(limit.turn(Moment::START + LONGEST * 2), [key]);
        assert!(!limit.is_slowed());
    }

    #[test]
    fn those_that_wait_get_one_turn_after_the_other() {
        let mut limit = RateLimit::default();
        run(&mut Hop::new(40.0, |_| true), &mut limit, 500);
        let key = |n| TraceKey {
            target: std::net::Ipv4Addr::new(175, 45, 176, n),
            method: crate::probe::ProbeMethod::Icmp,
            flow: crate::probe::Flow::default(),
        };
        let now = Moment::START + Duration::from_mins(1);
        let first = limit.queue(key(1), now);
        assert_eq!((first, limit.queue(key(2), now)), (Some(now), None));
        assert_eq!(limit.turn(now), [key(1)]);
        let next = limit.next_turn(now).expect("a turn");
        assert!(next > now && limit.turn(now).is_empty());
        assert_eq!(limit.turn(next), [key(2)]);
        assert_eq!(limit.next_turn(next), None);
    }
}
