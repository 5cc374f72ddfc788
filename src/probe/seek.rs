//! Border first: a trace that begins where its neighbours found the border, and looks further only
//! when the answers are not theirs.

use super::Ttl;
use super::course::{Course, Reach, Router};
use super::next::{Decision, Next, is_refusal, send};
use super::rounds::Rounds;

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
        let rounds = Rounds::of(course);
        if rounds.awaited(Ttl::LAST) >= self.window {
            return Seek::Go(Next::Wait);
        }
        let reach = course.reach(self.block);
        let routers = course.routers(self.block);
        let Some(last) = routers.last() else {
            return self.towards_us(course, &rounds).map_or(Seek::Widen, Seek::Go);
        };
        if let Some(next) = self.before(course, &rounds, &routers) {
            return Seek::Go(next);
        }
        match reach {
            Reach::Loop(_) => Seek::End,
            Reach::Final(_, answer) if is_refusal(answer, self.block) => Seek::End,
            _ => self.behind(course, &rounds, reach, last),
        }
    }

    /// Is the furthest router so far, `last`, the border? Looks behind it.
    fn behind(&self, course: &Course, rounds: &Rounds, reach: Reach<'_>, last: &Router) -> Seek {
        // Where routers answer at several TTLs, what is behind them is behind the last.
        let furthest = course.furthest_router(self.block).unwrap_or(last.ttl);
        let Some(next) = Ttl::new(furthest.get() + 1) else { return Seek::End };
        let round = rounds.at(next);
        match reach {
            // Home, or the target, right behind it.
            Reach::Final(ttl, _) if ttl <= next => Seek::End,
            _ if round.asked == 0 => send(course, rounds, next).map_or(Seek::End, Seek::Go),
            _ if !round.is_silent() => Seek::Go(Next::Wait),
            _ if self.near.passed(last.address) => self.over_the_silence(course, rounds, next),
            _ if self.near.ended(last.address) => Seek::End,
            _ => Seek::Widen,
        }
    }

    /// The furthest router so far has others behind it, but the TTL right behind it is silent: one
    /// of them may be, as far as the neighbours have seen any.
    fn over_the_silence(&self, course: &Course, rounds: &Rounds, silent: Ttl) -> Seek {
        if rounds.awaited(Ttl::LAST) > 0 {
            return Seek::Go(Next::Wait);
        }
        let further = (silent.get()..=self.near.furthest()).filter_map(Ttl::new);
        let unasked = further.into_iter().find(|ttl| rounds.at(*ttl).asked == 0);
        unasked.and_then(|ttl| send(course, rounds, ttl)).map_or(Seek::End, Seek::Go)
    }

    /// What is before the routers that have answered, where that matters: the hop that decides
    /// when none of them can, and the first half of a loop.
    fn before(&self, course: &Course, rounds: &Rounds, routers: &[Router]) -> Option<Next> {
        let nothing_decides = routers.iter().all(|it| self.specials.of(it.address).is_some());
        let (last, earlier) = routers.split_last()?;
        let turns_back = self.near.passed(last.address)
            && earlier.iter().any(|router| self.near.confirm(router.address));
        let nearest = rounds.nearest_asked().filter(|_| nothing_decides || turns_back)?;
        let awaited = rounds.at(nearest).waiting > 0;
        let again =
            rounds.at(nearest).is_silent() && rounds.at(nearest).asked < self.settings.attempts;
        match Ttl::new(nearest.get() - 1) {
            _ if awaited => Some(Next::Wait),
            _ if again => send(course, rounds, nearest),
            Some(before) if nothing_decides || earlier.len() < 2 => send(course, rounds, before),
            _ => None,
        }
    }

    /// No router has answered yet: asks at the border that most neighbours have and right behind
    /// it, at the borders of the others, at the first one again, and then ever nearer to us.
    fn towards_us(&self, course: &Course, rounds: &Rounds) -> Option<Next> {
        let depths = self.near.depths();
        let usual = *depths.first()?;
        let behind = Ttl::new(usual.get() + 1);
        let unasked = |ttl: &Ttl| rounds.at(*ttl).asked == 0;
        if let Some(ttl) = [Some(usual), behind].into_iter().flatten().find(unasked) {
            return send(course, rounds, ttl);
        }
        if rounds.awaited(Ttl::LAST) > 0 {
            return Some(Next::Wait);
        }
        let other = depths.iter().copied().find(unasked);
        let again = Some(usual).filter(|ttl| rounds.at(*ttl).asked < self.settings.attempts);
        let nearer = || (1..usual.get()).rev().filter_map(Ttl::new).find(unasked);
        send(course, rounds, other.or(again).or_else(nearer)?)
    }
}
