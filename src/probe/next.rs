//! What one trace asks next, and when it has asked enough. A pure function of what the trace and
//! its neighbours have shown.

use crate::targets::{Block, Specials};

use super::course::{Course, Reach};
use super::neighbours::Neighbours;
use super::rounds::Rounds;
use super::{Answer, Attempt, Kind, Moment, Probe, Settings, Stop, Ttl};

/// How many silent TTLs behind the last foreign hop are asked again.
const DOUBTFUL: usize = 4;

/// What a course wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// To send this.
    Send(Probe),
    /// To be asked again at this moment.
    WaitUntil(Moment),
    /// To be asked again when an answer comes or a time is up.
    Wait,
    /// Nothing more.
    Done(Stop),
}

/// Decides for one course at one moment.
pub(super) struct Decision<'a> {
    pub(super) block: &'a Block,
    pub(super) specials: &'a Specials,
    pub(super) settings: &'a Settings,
    pub(super) near: &'a Neighbours,
    /// How many TTLs may be awaited at once.
    pub(super) window: usize,
    pub(super) now: Moment,
}

impl Decision<'_> {
    /// What `course` wants now to get through to the end of its path; nothing when it is through.
    pub(super) fn on_the_way(&self, course: &Course) -> Option<Next> {
        let rounds = Rounds::of(course);
        let end = match course.reach(self.block) {
            Reach::Final(ttl, _) | Reach::Loop(ttl) => ttl,
            Reach::Open => self.settings.max_ttl,
        };
        if rounds.awaited(end) >= self.window {
            return Some(Next::Wait);
        }
        self.again(course, &rounds, end).or_else(|| self.forward(course, &rounds, end))
    }

    /// What `course` wants now that it is through: to be sure of its border, or nothing more.
    pub(super) fn at_the_end(&self, course: &Course) -> Next {
        let rounds = Rounds::of(course);
        let reach = course.reach(self.block);
        self.border_again(course, &rounds, reach)
            .unwrap_or_else(|| Next::Done(self.stop(&rounds, reach)))
    }

    /// Asks a silent TTL another time.
    fn again(&self, course: &Course, rounds: &Rounds, end: Ttl) -> Option<Next> {
        let few = |ttl: &Ttl| rounds.at(*ttl).asked < self.settings.attempts;
        rounds.silent(1, end.get()).find(few).and_then(|ttl| send(course, rounds, ttl))
    }

    /// Goes one TTL further, unless the path ends or the gap is too long.
    fn forward(&self, course: &Course, rounds: &Rounds, end: Ttl) -> Option<Next> {
        let answered = rounds.furthest_answer().max(self.near.furthest());
        // A trace whose first hops are all silent may just begin behind a firewall.
        let gap = self.settings.gap_limit * if answered == 0 { 2 } else { 1 };
        let further = rounds
            .next_unasked()
            .filter(|ttl| *ttl <= end && ttl.get() <= answered.saturating_add(gap));
        match further {
            Some(ttl) => send(course, rounds, ttl),
            None => (rounds.awaited(end) > 0).then_some(Next::Wait),
        }
    }

    /// Silence is not loss, and a rate limit is not silence: before a trace ends, the silent TTLs
    /// behind its last foreign hop are asked again, ever later, unless the neighbours have shown
    /// that this hop is the border.
    fn border_again(&self, course: &Course, rounds: &Rounds, reach: Reach<'_>) -> Option<Next> {
        let end = match reach {
            Reach::Loop(_) => return None,
            Reach::Final(_, answer) if is_refusal(answer, self.block) => return None,
            Reach::Final(ttl, _) => ttl.get() - 1,
            Reach::Open => self.settings.max_ttl.get(),
        };
        let last = course.routers(self.block).last().copied();
        if last.is_some_and(|router| self.near.confirm(router.address)) {
            return None;
        }
        let seen = self.near.furthest();
        let others_behind = last.is_none_or(|router| self.near.passed(router.address));
        let last = last.map_or(0, |router| router.ttl.get());
        // Where neighbours got further there is somebody to answer, and it pays to be patient.
        let (end, most) = if others_behind && seen > last {
            (end.min(seen), Attempt::MOST)
        } else {
            let most = self.settings.attempts + self.settings.border_attempts;
            (end.min(last + 2), most.min(Attempt::MOST))
        };
        let (due, ttl) = rounds
            .silent(last + 1, end)
            .take(DOUBTFUL)
            .filter(|ttl| rounds.at(*ttl).asked < most)
            .map(|ttl| (self.due(course, rounds, ttl), ttl))
            .min()?;
        if due > self.now { Some(Next::WaitUntil(due)) } else { send(course, rounds, ttl) }
    }

    /// When a silent TTL is asked again: half a timeout after the last try's time was up, twice
    /// that the next time, and so on, spread so that the traces do not ask together.
    fn due(&self, course: &Course, rounds: &Rounds, ttl: Ttl) -> Moment {
        let round = rounds.at(ttl);
        let doublings = round.asked.saturating_sub(self.settings.attempts);
        let factor = course.spread * f64::from(1_u16 << doublings.min(8)) / 2.0;
        let timeout = self.settings.timeout;
        round.last_sent + timeout + timeout.mul_f64(factor)
    }

    fn stop(&self, rounds: &Rounds, reach: Reach<'_>) -> Stop {
        match reach {
            Reach::Final(_, answer) if self.block.contains(answer.from) => Stop::Home,
            Reach::Final(_, answer) if is_refusal(answer, self.block) => Stop::Unreachable,
            Reach::Final(..) => Stop::Answered,
            Reach::Loop(_) => Stop::Loop,
            Reach::Open => match rounds.next_unasked() {
                Some(ttl) if ttl <= self.settings.max_ttl => Stop::GapLimit,
                _ => Stop::MaxTtl,
            },
        }
    }
}

pub(super) fn is_refusal(answer: &Answer, block: &Block) -> bool {
    !block.contains(answer.from) && matches!(answer.kind, Kind::Unreachable(_))
}

pub(super) fn send(course: &Course, rounds: &Rounds, ttl: Ttl) -> Option<Next> {
    let attempt = Attempt::new(rounds.at(ttl).asked)?;
    Some(Next::Send(Probe { path: course.path, ttl, attempt }))
}
