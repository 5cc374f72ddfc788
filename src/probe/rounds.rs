//! A course's tries, counted by TTL.

use super::course::Course;
use super::finished::Outcome;
use super::{Moment, Ttl};

const SLOTS: usize = Ttl::MOST as usize + 1;

/// What has been done at one TTL.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Round {
    pub(super) asked: u8,
    pub(super) waiting: u8,
    pub(super) answered: bool,
    pub(super) last_sent: Moment,
}

impl Round {
    /// It was asked, and every try's time is up without an answer.
    pub(super) fn is_silent(self) -> bool {
        self.asked > 0 && self.waiting == 0 && !self.answered
    }

    fn is_awaited(self) -> bool {
        self.waiting > 0 && !self.answered
    }
}

/// All TTLs of a course.
#[derive(Debug)]
pub(super) struct Rounds([Round; SLOTS]);

impl Rounds {
    pub(super) fn of(course: &Course) -> Self {
        let mut rounds = [Round::default(); SLOTS];
        for one in &course.tries {
            let round = &mut rounds[usize::from(one.ttl.get())];
            round.asked += 1;
            round.last_sent = round.last_sent.max(one.sent);
            match one.outcome {
                Outcome::Waiting => round.waiting += 1,
                Outcome::Answered(_) => round.answered = true,
                Outcome::Silent => {}
            }
        }
        Self(rounds)
    }

    pub(super) fn at(&self, ttl: Ttl) -> Round {
        self.0[usize::from(ttl.get())]
    }

    /// The silent TTLs from `first` to `last`, both included.
    pub(super) fn silent(&self, first: u8, last: u8) -> impl Iterator<Item = Ttl> {
        (first..=last).filter_map(Ttl::new).filter(|ttl| self.at(*ttl).is_silent())
    }

    /// How many TTLs up to `last` may still be answered and have not been.
    pub(super) fn awaited(&self, last: Ttl) -> usize {
        self.0[..=usize::from(last.get())].iter().filter(|round| round.is_awaited()).count()
    }

    /// The nearest TTL that was asked.
    pub(super) fn nearest_asked(&self) -> Option<Ttl> {
        let place = self.0.iter().position(|round| round.asked > 0)?;
        Ttl::new(u8::try_from(place).ok()?)
    }

    /// The furthest TTL that answered, or 0.
    pub(super) fn furthest_answer(&self) -> u8 {
        self.furthest(|round| round.answered)
    }

    /// The TTL behind all that were asked, unless none is left.
    pub(super) fn next_unasked(&self) -> Option<Ttl> {
        Ttl::new(self.furthest(|round| round.asked > 0) + 1)
    }

    fn furthest(&self, is: impl Fn(&Round) -> bool) -> u8 {
        let place = self.0.iter().rposition(is).unwrap_or(0);
        u8::try_from(place).unwrap_or(Ttl::MOST)
    }
}
