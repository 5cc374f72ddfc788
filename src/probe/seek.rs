//! Border first: a trace that begins where its neighbours found the border, and looks further only
//! when the answers are not theirs.

use crate::trace::{PathEnd, Router};

use super::course::Course;
use super::next::{Decision, Next, send};
use super::{Attempt, Ttl};

/// What a seeking course wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seek {
    /// To go on seeking.
    Go(Next),
    /// To end, as far as its border is beyond doubt.
    End,
    /// To make a complete trace: what answers is nothing that the neighbours know.
    Widen,
}

impl Decision<'_> {
    /// What a course that seeks the border wants now.
    pub(super) fn seek(&self, course: &Course) -> Seek {
        if course.rounds.awaited(Ttl::LAST) >= self.window {
            return Seek::Go(Next::Wait);
        }
        if let Some(next) = self.limited_again(course) {
            return Seek::Go(next);
        }
        let Some(last) = course.last_router() else {
            return self.towards_us(course).map_or(Seek::Widen, Seek::Go);
        };
        if let Some(next) = self.before(course) {
            return Seek::Go(next);
        }
        match course.foreign.end {
            PathEnd::Loop { .. } | PathEnd::Unreachable { .. } => Seek::End,
            end => self.behind(course, end, last),
        }
    }

    /// Asks again where a border answers only so often: at that hop's pace the first time, and ever
    /// later then, so that those that had no luck do not ask together again.
    fn limited_again(&self, course: &Course) -> Option<Next> {
        let end = course.foreign.end.ttl().map_or(Ttl::MOST, |ttl| ttl.get() - 1);
        let last = course.last_router().map_or(0, |router| router.ttl.get());
        let mut silent = course.rounds.silent(last + 1, end);
        // As long as nothing has answered on this path, its border may be a nearer one.
        let most = match last {
            0 if course.scouts() => 1,
            0 => self.settings.attempts,
            _ => Attempt::MOST,
        };
        let unheard =
            |ttl: &Ttl| self.near.is_limited(course, *ttl) && course.rounds.at(*ttl).asked < most;
        let ttl = silent.find(unheard)?;
        let due = self.due(course, ttl);
        if due > self.now { Some(Next::WaitUntil(due)) } else { send(course, ttl) }
    }

    /// Is the furthest router so far, `last`, the border? Looks behind it.
    fn behind(&self, course: &Course, end: PathEnd<Ttl>, last: &Router<Ttl>) -> Seek {
        let Some(next) = Ttl::new(last.ttl.get() + 1) else { return Seek::End };
        let round = course.rounds.at(next);
        match end.ttl() {
            // Home, or the target, right behind it.
            Some(ttl) if ttl <= next => Seek::End,
            _ if round.asked == 0 => send(course, next).map_or(Seek::End, Seek::Go),
            _ if !round.is_silent() => Seek::Go(Next::Wait),
            _ if self.near.passed(last.address) => self.over_the_silence(course, last, next),
            _ if self.near.ended(last.address) => Seek::End,
            // Those that learn for the others are not through yet.
            _ if self.near.undecided > 0 => Seek::Go(Next::Wait),
            _ => Seek::Widen,
        }
    }

    /// The furthest router so far has others behind it, but the TTL right behind it is silent: one
    /// of them may be, as far as the neighbours have seen any.
    fn over_the_silence(&self, course: &Course, last: &Router<Ttl>, silent: Ttl) -> Seek {
        if course.rounds.awaited(Ttl::LAST) > 0 {
            return Seek::Go(Next::Wait);
        }
        let further = (silent.get()..=self.near.reach_of(*last)).filter_map(Ttl::new);
        let unasked = further.into_iter().find(|ttl| course.rounds.at(*ttl).asked == 0);
        unasked.and_then(|ttl| send(course, ttl)).map_or(Seek::End, Seek::Go)
    }

    /// What is before the routers that have answered, where that matters: the hop that decides
    /// when none of them can, and the first half of a loop.
    fn before(&self, course: &Course) -> Option<Next> {
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
        match Ttl::new(nearest.get() - 1) {
            _ if round.waiting > 0 => Some(Next::Wait),
            _ if again => send(course, nearest),
            Some(before) if nothing_decides || earlier.len() < 2 => send(course, before),
            _ => None,
        }
    }

    /// No router has answered yet: asks at the border that most neighbours have and right behind
    /// it, at the borders of the others, at the first one again, and then ever nearer to us. Where
    /// that border limits its answers, a few find out at once whether it is theirs at all.
    fn towards_us(&self, course: &Course) -> Option<Next> {
        let rounds = &course.rounds;
        let depths = self.near.depths();
        let usual = *depths.first()?;
        let behind = Ttl::new(usual.get() + 1);
        let unasked = |ttl: &Ttl| rounds.at(*ttl).asked == 0;
        if let Some(ttl) = [Some(usual), behind].into_iter().flatten().find(unasked) {
            return send(course, ttl);
        }
        if rounds.awaited(Ttl::LAST) > 0 {
            return Some(Next::Wait);
        }
        let other = depths.iter().copied().find(unasked);
        let scouts = self.near.is_limited(course, usual) && course.scouts();
        let few = |ttl: &Ttl| !scouts && rounds.at(*ttl).asked < self.settings.attempts;
        let again = Some(usual).filter(few);
        let nearer = || (1..usual.get()).rev().filter_map(Ttl::new).find(unasked);
        send(course, other.or(again).or_else(nearer)?)
    }
}
