//! One trace while it is being made: what was asked, what came back, and how far that goes.

use std::net::Ipv4Addr;

use crate::targets::Block;

use super::finished::{Finished, Outcome, Try};
use super::rounds::Rounds;
use super::{Answer, Attempt, Kind, Moment, Path, Probe, Stop, Strategy, Ttl};

/// The part of all courses that look elsewhere at once.
const SCOUTS: f64 = 0.06;

/// How far the answers of a trace go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The path ends at this TTL, and nothing nearer ends it.
    Final(Ttl, End),
    /// The answers go round in circles by this TTL.
    Loop(Ttl),
    /// Nothing ends the path so far.
    Open,
}

/// What ends a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A home address answered.
    Home,
    /// A foreign router refused the packet.
    Refusal,
    /// A foreign address answered for the target.
    Stranger,
}

impl End {
    fn of(answer: &Answer, block: &Block) -> Option<Self> {
        match answer.kind {
            _ if block.contains(answer.from) => Some(Self::Home),
            Kind::TimeExceeded => None,
            Kind::Unreachable(_) => Some(Self::Refusal),
            Kind::EchoReply => Some(Self::Stranger),
        }
    }
}

/// A foreign router on a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Router {
    pub(super) ttl: Ttl,
    pub(super) address: Ipv4Addr,
    /// It refused the packet, at this TTL and all higher ones: no measure of its distance.
    pub(super) refuses: bool,
}

impl Router {
    fn of(ttl: Ttl, answer: &Answer, block: &Block) -> Option<Self> {
        let refuses = matches!(answer.kind, Kind::Unreachable(_));
        let is_router = !block.contains(answer.from) && answer.kind != Kind::EchoReply;
        is_router.then_some(Self { ttl, address: answer.from, refuses })
    }
}

/// What a course does for the others of its routed prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It makes a complete trace, as they do.
    Traces,
    /// It makes a complete trace, and they wait until it has been through once.
    Learns,
    /// It begins at the border that others have found.
    Seeks,
    /// It began there, found what nobody knows, and makes a complete trace now.
    Widens,
}

/// Whether a course may ask a hop that limits its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Turn {
    /// It has not said that it wants to.
    #[default]
    None,
    /// It stands in the queue.
    Queued,
    /// It may.
    Come,
}

/// What an answer was to a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// The first answer to a probe that was waited for, or not any more.
    First {
        /// When the probe had left.
        sent: Moment,
        /// Whether its time was not up yet.
        waited: bool,
    },
    /// A further answer to the same probe.
    Again,
    /// The probe was never sent.
    Unasked,
}

/// The state of one trace.
#[derive(Debug, Clone)]
pub(super) struct Course {
    pub(super) path: Path,
    tries: Vec<Try>,
    pub(super) rounds: Rounds,
    /// How far the answers go.
    pub(super) reach: Reach,
    /// The foreign routers that answered, nearest first, as far as the path goes; each once, where
    /// it answered first.
    pub(super) routers: Vec<Router>,
    pub(super) role: Role,
    /// Whether it is through, but late answers may still say otherwise.
    pub(super) undecided: bool,
    /// Where it stands with a hop that limits its answers.
    pub(super) turn: Turn,
    /// The TTL of its last foreign hop, as the others know it.
    pub(super) depth: Option<Ttl>,
    /// The last foreign hop with which it has got through to the end of its path, so far.
    pub(super) through: Option<Ipv4Addr>,
    /// Spreads this course's retries in time: from a half to one and a half.
    pub(super) spread: f64,
}

impl Course {
    /// A course that has not begun; `chance` from 0 to 1 spreads its retries.
    pub(super) fn new(path: Path, role: Role, chance: f64) -> Self {
        Self {
            path,
            tries: Vec::new(),
            rounds: Rounds::new(),
            reach: Reach::Open,
            routers: Vec::new(),
            role,
            undecided: false,
            turn: Turn::default(),
            depth: None,
            through: None,
            spread: chance.clamp(0.0, 1.0) + 0.5,
        }
    }

    /// `probe` was handed to the system at `at`.
    pub(super) fn sent(&mut self, probe: &Probe, at: Moment, left: bool) {
        let (ttl, attempt) = (probe.ttl, probe.attempt);
        self.tries.push(Try { ttl, attempt, sent: at, left, outcome: Outcome::Waiting });
        self.rounds.asked(ttl, at);
    }

    /// The time of a try is up. Says when it had left, if it was still waited for.
    pub(super) fn ran_out(&mut self, ttl: Ttl, attempt: Attempt) -> Option<Moment> {
        let one = self.find(ttl, attempt).filter(|one| one.outcome == Outcome::Waiting)?;
        one.outcome = Outcome::Silent;
        let sent = one.sent;
        self.rounds.ran_out(ttl);
        Some(sent)
    }

    /// Takes an answer to one of its tries.
    pub(super) fn answered(
        &mut self,
        ttl: Ttl,
        attempt: Attempt,
        answer: Answer,
        block: &Block,
    ) -> Heard {
        let Some(one) = self.find(ttl, attempt) else { return Heard::Unasked };
        let waited = match one.outcome {
            Outcome::Answered(_) => return Heard::Again,
            Outcome::Waiting => true,
            Outcome::Silent => false,
        };
        let sent = one.sent;
        let appended = self.append(ttl, &answer, block);
        if let Some(one) = self.find(ttl, attempt) {
            one.outcome = Outcome::Answered(answer);
        }
        self.rounds.answered(ttl, waited);
        if !appended {
            self.look_again(block);
        }
        Heard::First { sent, waited }
    }

    /// Why it ends, where it would for `stop`.
    pub(super) fn stop(&self, stop: Stop) -> Stop {
        match stop {
            // Silence says nothing where the question has not left the machine.
            Stop::GapLimit | Stop::MaxTtl if self.tries.iter().any(|one| !one.left) => Stop::Unsent,
            Stop::GapLimit | Stop::MaxTtl if self.role == Role::Seeks => Stop::Border,
            other => other,
        }
    }

    /// The highest TTL at which a foreign router answered, as far as the path goes.
    pub(super) fn furthest_router(&self, block: &Block) -> Option<Ttl> {
        let end = self.end().unwrap_or(Ttl::LAST);
        let routers = self.answers().filter_map(|(ttl, answer)| Router::of(ttl, answer, block));
        routers.map(|router| router.ttl).filter(|ttl| *ttl <= end).max()
    }

    /// Whether it is one of the few, chosen by chance, that look elsewhere at once where others ask
    /// again.
    pub(super) fn scouts(&self) -> bool {
        self.spread < 0.5 + SCOUTS
    }

    /// How many of its probes are waited for.
    pub(super) fn waiting(&self) -> usize {
        self.tries.iter().filter(|one| one.outcome == Outcome::Waiting).count()
    }

    /// What it leaves behind; nothing where no probe has left this machine.
    pub(super) fn finish(self, stop: Stop) -> Option<Finished> {
        let stop = self.stop(stop);
        let measured = self.tries.iter().any(|one| one.left);
        let strategy = match self.role {
            Role::Seeks => Strategy::Border,
            Role::Traces | Role::Learns | Role::Widens => Strategy::Full,
        };
        measured.then_some(Finished { path: self.path, strategy, stop, tries: self.tries })
    }

    fn find(&mut self, ttl: Ttl, attempt: Attempt) -> Option<&mut Try> {
        // What is asked for is most often among the last.
        self.tries.iter_mut().rev().find(|one| (one.ttl, one.attempt) == (ttl, attempt))
    }

    /// All answers, in the order of their probes.
    fn answers(&self) -> impl Iterator<Item = (Ttl, &Answer)> {
        self.tries.iter().filter_map(|one| match &one.outcome {
            Outcome::Answered(answer) => Some((one.ttl, answer)),
            _ => None,
        })
    }

    /// Where the path ends, if it does.
    fn end(&self) -> Option<Ttl> {
        match self.reach {
            Reach::Final(ttl, _) | Reach::Loop(ttl) => Some(ttl),
            Reach::Open => None,
        }
    }

    /// The usual case: a new router behind all others, on a path that is open. Says whether it was.
    fn append(&mut self, ttl: Ttl, answer: &Answer, block: &Block) -> bool {
        let Some(router) = Router::of(ttl, answer, block) else { return false };
        let behind = self.routers.last().is_none_or(|last| last.ttl < ttl);
        let known = self.routers.iter().any(|router| router.address == answer.from);
        let usual = self.reach == Reach::Open && behind && !known && !router.refuses;
        if usual {
            self.routers.push(router);
        }
        usual
    }

    /// Reads all answers again.
    fn look_again(&mut self, block: &Block) {
        let ends = self.answers().filter_map(|(ttl, answer)| Some((ttl, End::of(answer, block)?)));
        self.reach = match ends.min_by_key(|(ttl, _)| *ttl) {
            Some((ttl, end)) => Reach::Final(ttl, end),
            None => self.circle().map_or(Reach::Open, Reach::Loop),
        };
        let end = self.end().unwrap_or(Ttl::LAST);
        let mut routers: Vec<Router> = self
            .answers()
            .filter(|(ttl, _)| *ttl <= end)
            .filter_map(|(ttl, answer)| Router::of(ttl, answer, block))
            .collect();
        routers.sort_unstable();
        self.routers.clear();
        for router in routers {
            if !self.routers.iter().any(|seen| seen.address == router.address) {
                self.routers.push(router);
            }
        }
    }

    /// The TTL by which two hops have answered that had answered before: once can be a route that
    /// changed or a router that answers for its neighbour, twice is a loop.
    fn circle(&self) -> Option<Ttl> {
        let mut hops: Vec<(Ttl, Ipv4Addr)> =
            self.answers().map(|(ttl, answer)| (ttl, answer.from)).collect();
        hops.sort_unstable();
        hops.dedup_by_key(|(ttl, _)| *ttl);
        let came_back = |at: &usize| {
            let address = hops[*at].1;
            let last_seen = hops[..*at].iter().rposition(|(_, seen)| *seen == address);
            let four_in_a_row = *at >= 3 && hops[at - 3..*at].iter().all(|(_, a)| *a == address);
            last_seen.is_some_and(|seen| at - seen > 1) || four_in_a_row
        };
        (0..hops.len()).filter(came_back).nth(1).map(|at| hops[at].0)
    }
}
