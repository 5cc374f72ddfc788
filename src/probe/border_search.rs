//! Border first: a trace that begins where its neighbours found the border, and looks further only
//! when the answers are not theirs.

use crate::trace::{PathEnd, Router};

use super::policy::{Action, Decision, send};
use super::trace_state::TraceState;
use super::{Attempt, ProbeTtl};

/// What a seeking course wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// To go on seeking.
    Go(Action),
    /// To end, as far as its border is beyond doubt.
    End,
    /// To make a complete trace: what answers is nothing that the neighbours know.
    Widen,
}

impl Decision<'_> {
    /// What a course that seeks the border wants now.
    pub(super) fn seek(&self, course: &TraceState) -> Search {
        if course.rounds.awaited(ProbeTtl::LAST) >= self.window {
            return Search::Go(Action::Wait);
        }
        if let Some(next) = self.limited_again(course) {
            return Search::Go(next);
        }
        let Some(last) = course.last_router() else {
            return self.towards_us(course).map_or(Search::Widen, Search::Go);
        };
        if let Some(next) = self.before(course) {
            return Search::Go(next);
        }
        match course.foreign.end {
            PathEnd::Loop { .. } | PathEnd::Unreachable { .. } => Search::End,
            end => self.behind(course, end, last),
        }
    }

    /// Asks again where a border answers only so often: at that hop's pace the first time, and ever
    /// later then, so that those that had no luck do not ask together again.
    fn limited_again(&self, course: &TraceState) -> Option<Action> {
        let end = course.foreign.end.ttl().map_or(ProbeTtl::MOST, |ttl| ttl.get() - 1);
        let last = course.last_router().map_or(0, |router| router.ttl.get());
        let mut silent = course.rounds.silent(last + 1, end);
        // As long as nothing has answered on this path, its border may be a nearer one.
        let most = match last {
            0 if course.scouts() => 1,
            0 => self.settings.attempts,
            _ => Attempt::MOST,
        };
        let unheard = |ttl: &ProbeTtl| {
            self.near.is_limited(course, *ttl) && course.rounds.at(*ttl).asked < most
        };
        let ttl = silent.find(unheard)?;
        let due = self.due(course, ttl);
        if due > self.now { Some(Action::WaitUntil(due)) } else { send(course, ttl) }
    }

    /// Is the furthest router so far, `last`, the border? Looks behind it.
    fn behind(
        &self,
        course: &TraceState,
        end: PathEnd<ProbeTtl>,
        last: &Router<ProbeTtl>,
    ) -> Search {
        let Some(next) = ProbeTtl::new(last.ttl.get() + 1) else { return Search::End };
        let round = course.rounds.at(next);
        match end.ttl() {
            // Home, or the target, right behind it.
            Some(ttl) if ttl <= next => Search::End,
            _ if round.asked == 0 => send(course, next).map_or(Search::End, Search::Go),
            _ if !round.is_silent() => Search::Go(Action::Wait),
            _ if self.near.passed(last.address) => self.over_the_silence(course, last, next),
            _ if self.near.ended(last.address) => Search::End,
            // Those that learn for the others are not through yet.
            _ if self.near.undecided > 0 => Search::Go(Action::Wait),
            _ => Search::Widen,
        }
    }

    /// The furthest router so far has others behind it, but the TTL right behind it is silent: one
    /// of them may be, as far as the neighbours have seen any.
    fn over_the_silence(
        &self,
        course: &TraceState,
        last: &Router<ProbeTtl>,
        silent: ProbeTtl,
    ) -> Search {
        if course.rounds.awaited(ProbeTtl::LAST) > 0 {
            return Search::Go(Action::Wait);
        }
        let further = (silent.get()..=self.near.reach_of(*last)).filter_map(ProbeTtl::new);
        let unasked = further.into_iter().find(|ttl| course.rounds.at(*ttl).asked == 0);
        unasked.and_then(|ttl| send(course, ttl)).map_or(Search::End, Search::Go)
    }

    /// What is before the routers that have answered, where that matters: the hop that decides
    /// when none of them can, and the first half of a loop.
    fn before(&self, course: &TraceState) -> Option<Action> {
        let routers = &course.foreign.routers;
        let (last, earlier) = routers.split_last()?;
        let nothing_decides = || routers.iter().all(|it| self.specials.of(it.address).is_some());
        let turns_back = || {
            self.near.passed(last.address)
                && earlier.iter().any(|router| self.near.confirm(router.address))
        };
        let nothing_decides = nothing_decides();
        let nearest = course.rounds.nearest_asked().filter(|_| nothing_decides || turns_back())?;
        let round = course.rounds.at(nearest);
        let again = round.is_silent() && round.asked < self.settings.attempts;
        match ProbeTtl::new(nearest.get() - 1) {
            _ if round.waiting > 0 => Some(Action::Wait),
            _ if again => send(course, nearest),
            Some(before) if nothing_decides || earlier.len() < 2 => send(course, before),
            _ => None,
        }
    }

    /// No router has answered yet: asks at the border that most neighbours have and right behind
    /// it, at the borders of the others, at the first one again, and then ever nearer to us. Where
    /// that border limits its answers, a few find out at once whether it is theirs at all.
    fn towards_us(&self, course: &TraceState) -> Option<Action> {
        let rounds = &course.rounds;
        let depths = self.near.depths();
        let usual = *depths.first()?;
        let behind = ProbeTtl::new(usual.get() + 1);
        let unasked = |ttl: &ProbeTtl| rounds.at(*ttl).asked == 0;
        if let Some(ttl) = [Some(usual), behind].into_iter().flatten().find(unasked) {
            return send(course, ttl);
        }
        if rounds.awaited(ProbeTtl::LAST) > 0 {
            return Some(Action::Wait);
        }
        let other = depths.iter().copied().find(unasked);
        let scouts = self.near.is_limited(course, usual) && course.scouts();
        let few = |ttl: &ProbeTtl| !scouts && rounds.at(*ttl).asked < self.settings.attempts;
        let again = Some(usual).filter(few);
        let nearer = || (1..usual.get()).rev().filter_map(ProbeTtl::new).find(unasked);
        send(course, other.or(again).or_else(nearer)?)
    }
}
