//! A course's tries, counted by TTL.

use super::{Moment, ProbeTtl};

const SLOTS: usize = ProbeTtl::MOST as usize + 1;

/// What has been done at one TTL.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TtlAttempts {
    pub(super) asked: u8,
    pub(super) waiting: u8,
    pub(super) answered: bool,
    pub(super) last_sent: Moment,
}

impl TtlAttempts {
    /// It was asked, and every try's time is up without an answer.
    pub(super) fn is_silent(self) -> bool {
        self.asked > 0 && self.waiting == 0 && !self.answered
    }

    fn is_awaited(self) -> bool {
        self.waiting > 0 && !self.answered
    }
}

/// All TTLs of a course.
#[derive(Debug, Clone)]
pub(super) struct Attempts {
    at: [TtlAttempts; SLOTS],
    furthest_asked: u8,
    furthest_answer: u8,
}

impl Attempts {
    pub(super) fn new() -> Self {
        Self { at: [TtlAttempts::default(); SLOTS], furthest_asked: 0, furthest_answer: 0 }
    }

    /// A probe was handed to the system at `at`.
    pub(super) fn asked(&mut self, ttl: ProbeTtl, at: Moment) {
        let round = self.round(ttl);
        round.asked += 1;
        round.waiting += 1;
        round.last_sent = round.last_sent.max(at);
        self.furthest_asked = self.furthest_asked.max(ttl.get());
    }

    /// The time of a try that was waited for is up.
    pub(super) fn ran_out(&mut self, ttl: ProbeTtl) {
        let round = self.round(ttl);
        round.waiting = round.waiting.saturating_sub(1);
    }

    /// A try was answered, which was `waited` for until now or not any more.
    pub(super) fn answered(&mut self, ttl: ProbeTtl, waited: bool) {
        let round = self.round(ttl);
        round.answered = true;
        round.waiting = round.waiting.saturating_sub(u8::from(waited));
        self.furthest_answer = self.furthest_answer.max(ttl.get());
    }

    pub(super) fn at(&self, ttl: ProbeTtl) -> TtlAttempts {
        self.at[usize::from(ttl.get())]
    }

    /// The silent TTLs from `first` to `last`, both included.
    pub(super) fn silent(&self, first: u8, last: u8) -> impl Iterator<Item = ProbeTtl> {
        let last = last.min(self.furthest_asked);
        (first..=last).filter_map(ProbeTtl::new).filter(|ttl| self.at(*ttl).is_silent())
    }

    /// How many TTLs up to `last` may still be answered and have not been.
    pub(super) fn awaited(&self, last: ProbeTtl) -> usize {
        let last = last.get().min(self.furthest_asked);
        self.at[..=usize::from(last)].iter().filter(|round| round.is_awaited()).count()
    }

    /// The nearest TTL that was asked.
    pub(super) fn nearest_asked(&self) -> Option<ProbeTtl> {
        let place = self.at.iter().position(|round| round.asked > 0)?;
        ProbeTtl::new(u8::try_from(place).ok()?)
    }

    /// The furthest TTL that answered, or 0.
    pub(super) fn furthest_answer(&self) -> u8 {
        self.furthest_answer
    }

    /// The TTL behind all that were asked, unless none is left.
    pub(super) fn next_unasked(&self) -> Option<ProbeTtl> {
        ProbeTtl::new(self.furthest_asked + 1)
    }

    fn round(&mut self, ttl: ProbeTtl) -> &mut TtlAttempts {
        &mut self.at[usize::from(ttl.get())]
    }
}
