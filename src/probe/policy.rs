//! What one trace asks next, and when it has asked enough. A pure function of what the trace and
//! its neighbours have shown.

use crate::targets::Specials;
use crate::trace::{PathEnd, StopReason};

use super::prefix_knowledge::PrefixKnowledge;
use super::trace_state::TraceState;
use super::{Attempt, Moment, Probe, ProbeTtl, TraceSettings};

/// How many silent TTLs behind the last foreign hop are asked again.
const DOUBTFUL: usize = 4;
/// How often the time between two tries is doubled.
const MOST_DOUBLINGS: u8 = 3;

/// What a course wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// To send this.
    Send(Probe),
    /// To be asked again at this moment.
    WaitUntil(Moment),
    /// To be asked again when an answer comes or a time is up.
    Wait,
    /// Nothing more.
    Done(StopReason),
}

/// Decides for one course at one moment.
pub(super) struct Decision<'a> {
    pub(super) specials: &'a Specials,
    pub(super) settings: &'a TraceSettings,
    pub(super) near: &'a PrefixKnowledge,
    /// How many TTLs may be awaited at once.
    pub(super) window: usize,
    pub(super) now: Moment,
}

impl Decision<'_> {
    /// What `course` wants now to get through to the end of its path; nothing when it is through.
    pub(super) fn on_the_way(&self, course: &TraceState) -> Option<Action> {
        let end = course.foreign.end.ttl().unwrap_or(self.settings.max_ttl);
        if course.rounds.awaited(end) >= self.window {
            return Some(Action::Wait);
        }
        self.again(course, end).or_else(|| self.forward(course, end))
    }

    /// When the silence behind the last foreign hop will have lasted for the whole timeout, where
    /// that is still to come and the neighbours have not shown that this hop is the border: until
    /// then, late answers may say that the path goes on.
    pub(super) fn decided_at(&self, course: &TraceState) -> Option<Moment> {
        let end = match course.foreign.end {
            PathEnd::Loop { .. } | PathEnd::Unreachable { .. } => return None,
            PathEnd::Home { ttl } | PathEnd::ForeignReply { ttl, .. } => ttl.get() - 1,
            PathEnd::Open => ProbeTtl::MOST,
        };
        let last = course.last_router();
        if last.is_some_and(|router| self.near.confirm(router.address)) {
            return None;
        }
        let silent = course.rounds.silent(last.map_or(0, |router| router.ttl.get()) + 1, end);
        let asked = silent.map(|ttl| course.rounds.at(ttl).last_sent).max()?;
        Some(asked + self.settings.timeout).filter(|at| *at > self.now)
    }

    /// What `course` wants now that it is through: to be sure of its border, or nothing more.
    pub(super) fn at_the_end(&self, course: &TraceState) -> Action {
        self.border_again(course).unwrap_or_else(|| Action::Done(self.stop(course)))
    }

    /// Asks a silent TTL another time.
    fn again(&self, course: &TraceState, end: ProbeTtl) -> Option<Action> {
        let few = |ttl: &ProbeTtl| course.rounds.at(*ttl).asked < self.settings.attempts;
        course.rounds.silent(1, end.get()).find(few).and_then(|ttl| send(course, ttl))
    }

    /// Goes one TTL further, unless the path ends or the gap is too long.
    fn forward(&self, course: &TraceState, end: ProbeTtl) -> Option<Action> {
        let answered = course.rounds.furthest_answer().max(self.near.furthest());
        // A trace whose first hops are all silent may just begin behind a firewall.
        let gap = self.settings.gap_limit * if answered == 0 { 2 } else { 1 };
        let further = course
            .rounds
            .next_unasked()
            .filter(|ttl| *ttl <= end && ttl.get() <= answered.saturating_add(gap));
        match further {
            Some(ttl) => send(course, ttl),
            None => (course.rounds.awaited(end) > 0).then_some(Action::Wait),
        }
    }

    /// Silence is not loss, and a rate limit is not silence: before a trace ends, the silent TTLs
    /// behind its last foreign hop are asked again, ever later, unless the neighbours have shown
    /// that this hop is the border.
    fn border_again(&self, course: &TraceState) -> Option<Action> {
        let end = match course.foreign.end {
            PathEnd::Loop { .. } | PathEnd::Unreachable { .. } => return None,
            PathEnd::Home { ttl } | PathEnd::ForeignReply { ttl, .. } => ttl.get() - 1,
            PathEnd::Open => self.settings.max_ttl.get(),
        };
        let last = course.last_router().copied();
        if last.is_some_and(|router| self.near.confirm(router.address)) {
            return None;
        }
        let seen = last.map_or(self.near.furthest(), |last| self.near.reach_of(last));
        let last = last.map_or(0, |router| router.ttl.get());
        // Where neighbours got further there is somebody to answer, and it pays to be patient.
        let (end, most) = if seen > last {
            (end.min(seen), Attempt::MOST)
        } else {
            let most = self.settings.attempts + self.settings.border_attempts;
            (end.min(last + 2), most.min(Attempt::MOST))
        };
        let (due, ttl) = course
            .rounds
            .silent(last + 1, end)
            .take(DOUBTFUL)
            .filter(|ttl| {
                let most = if self.near.is_hopeless(*ttl) { self.settings.attempts } else { most };
                course.rounds.at(*ttl).asked < most
            })
            .map(|ttl| (self.due(course, ttl), ttl))
            .min()?;
        if due > self.now { Some(Action::WaitUntil(due)) } else { send(course, ttl) }
    }

    /// When a silent TTL is asked again: as soon as may be for the first attempts, then half a
    /// timeout after the last try's time was up, twice
    /// that the next time, and so on, spread so that the traces do not ask together.
    pub(super) fn due(&self, course: &TraceState, ttl: ProbeTtl) -> Moment {
        let round = course.rounds.at(ttl);
        if round.asked < self.settings.attempts {
            return self.now;
        }
        let doublings = round.asked.saturating_sub(self.settings.attempts);
        let factor = course.spread * f64::from(1_u16 << doublings.min(MOST_DOUBLINGS)) / 2.0;
        let timeout = self.settings.timeout;
        round.last_sent + timeout + timeout.mul_f64(factor)
    }

    fn stop(&self, course: &TraceState) -> StopReason {
        match course.foreign.end {
            PathEnd::Home { .. } => StopReason::Home,
            PathEnd::Unreachable { .. } => StopReason::Unreachable,
            PathEnd::ForeignReply { .. } => StopReason::ForeignReply,
            PathEnd::Loop { .. } => StopReason::Loop,
            PathEnd::Open => match course.rounds.next_unasked() {
                Some(ttl) if ttl <= self.settings.max_ttl => StopReason::GapLimit,
                _ => StopReason::MaxTtl,
            },
        }
    }
}

pub(super) fn send(course: &TraceState, ttl: ProbeTtl) -> Option<Action> {
    let attempt = Attempt::new(course.rounds.at(ttl).asked)?;
    Some(Action::Send(Probe { key: course.key, ttl, attempt }))
}
