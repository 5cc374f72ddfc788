//! One trace while it is being made: what was asked and what came back.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use crate::targets::Block;

use super::finished::{Outcome, Try};
use super::{Answer, Attempt, Kind, Moment, Path, Probe, Stop, Ttl};

/// How far the answers of a trace go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach<'a> {
    /// Home, a refusal or the target itself answered at this TTL, and nothing of the kind nearer.
    Final(Ttl, &'a Answer),
    /// The answers go round in circles by this TTL.
    Loop(Ttl),
    /// Nothing ends the path so far.
    Open,
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
    fn of(ttl: Ttl, answer: &Answer) -> Self {
        let refuses = matches!(answer.kind, Kind::Unreachable(_));
        Self { ttl, address: answer.from, refuses }
    }
}

/// The state of one trace.
#[derive(Debug, Clone)]
pub(super) struct Course {
    pub(super) path: Path,
    pub(super) tries: Vec<Try>,
    /// Whether it begins at the border, rather than at the first hop.
    pub(super) seeks: bool,
    /// Whether it began at the border and makes a complete trace now, to learn for the others.
    pub(super) widens: bool,
    /// Whether it has been through once.
    pub(super) learned: bool,
    /// The last foreign hop with which it has got through to the end of its path, so far.
    pub(super) through: Option<Ipv4Addr>,
    /// Spreads this course's retries in time: from a half to one and a half.
    pub(super) spread: f64,
}

impl Course {
    /// A course that has not begun; `chance` from 0 to 1 spreads its retries.
    pub(super) fn new(path: Path, chance: f64) -> Self {
        Self {
            path,
            tries: Vec::new(),
            seeks: false,
            widens: false,
            learned: false,
            through: None,
            spread: chance.clamp(0.0, 1.0) + 0.5,
        }
    }

    /// `probe` was handed to the system at `at`.
    pub(super) fn sent(&mut self, probe: &Probe, at: Moment, left: bool) {
        let (ttl, attempt) = (probe.ttl, probe.attempt);
        self.tries.push(Try { ttl, attempt, sent: at, left, outcome: Outcome::Waiting });
    }

    /// Why it ends, where it would for `stop`.
    pub(super) fn stop(&self, stop: Stop) -> Stop {
        match stop {
            // Silence says nothing where the question has not left the machine.
            Stop::GapLimit | Stop::MaxTtl if self.tries.iter().any(|one| !one.left) => Stop::Unsent,
            Stop::GapLimit | Stop::MaxTtl if self.seeks => Stop::Border,
            other => other,
        }
    }

    /// A try of this course, if it was made.
    pub(super) fn find(&mut self, ttl: Ttl, attempt: Attempt) -> Option<&mut Try> {
        self.tries.iter_mut().find(|one| (one.ttl, one.attempt) == (ttl, attempt))
    }

    /// How far the answers go.
    pub(super) fn reach(&self, block: &Block) -> Reach<'_> {
        let ends =
            |answer: &Answer| block.contains(answer.from) || answer.kind != Kind::TimeExceeded;
        match self.answers().filter(|(_, answer)| ends(answer)).min_by_key(|(ttl, _)| *ttl) {
            Some((ttl, answer)) => Reach::Final(ttl, answer),
            None => self.circle().map_or(Reach::Open, Reach::Loop),
        }
    }

    /// The foreign routers that answered, nearest first, as far as the path goes; each once, where
    /// it answered first.
    pub(super) fn routers(&self, block: &Block) -> Vec<Router> {
        let end = match self.reach(block) {
            Reach::Final(ttl, _) | Reach::Loop(ttl) => Some(ttl),
            Reach::Open => None,
        };
        let mut routers: Vec<Router> = self
            .answers()
            .filter(|(ttl, _)| end.is_none_or(|end| *ttl <= end))
            .filter(|(_, answer)| !block.contains(answer.from) && answer.kind != Kind::EchoReply)
            .map(|(ttl, answer)| Router::of(ttl, answer))
            .collect();
        routers.sort_unstable();
        let mut seen = HashSet::new();
        routers.retain(|router| seen.insert(router.address));
        routers
    }

    /// The highest TTL at which a foreign router answered, as far as the path goes.
    pub(super) fn furthest_router(&self, block: &Block) -> Option<Ttl> {
        let end = match self.reach(block) {
            Reach::Final(ttl, _) | Reach::Loop(ttl) => ttl,
            Reach::Open => Ttl::LAST,
        };
        let is_router =
            |answer: &Answer| !block.contains(answer.from) && answer.kind != Kind::EchoReply;
        let routers = self.answers().filter(|(ttl, answer)| *ttl <= end && is_router(answer));
        routers.map(|(ttl, _)| ttl).max()
    }

    /// All answers, in the order of their probes.
    pub(super) fn answers(&self) -> impl Iterator<Item = (Ttl, &Answer)> {
        self.tries.iter().filter_map(|one| match &one.outcome {
            Outcome::Answered(answer) => Some((one.ttl, answer)),
            _ => None,
        })
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
