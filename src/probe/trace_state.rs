//! One trace while it is being made: what was asked, what came back, and how far that goes.

use std::net::Ipv4Addr;

use crate::targets::Block;
use crate::trace::{ForeignPath, PathEnd, ReplyKind, Router, StopReason, Strategy};

use super::attempts::Attempts;
use super::finished::{Finished, Outcome, Try};
use super::{Answer, Attempt, Moment, Probe, ProbeTtl, TraceKey};

/// The part of all courses that look elsewhere at once.
const SCOUTS: f64 = 0.06;

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
pub(super) struct TraceState {
    pub(super) key: TraceKey,
    tries: Vec<Try>,
    pub(super) rounds: Attempts,
    /// The foreign routers that answered, and what ends the path.
    pub(super) foreign: ForeignPath<ProbeTtl>,
    pub(super) role: Role,
    /// Whether it is through, but late answers may still say otherwise.
    pub(super) undecided: bool,
    /// Where it stands with a hop that limits its answers.
    pub(super) turn: Turn,
    /// The TTL of its last foreign hop, as the others know it.
    pub(super) depth: Option<ProbeTtl>,
    /// The last foreign hop with which it has got through to the end of its path, so far.
    pub(super) through: Option<Ipv4Addr>,
    /// Spreads this course's retries in time: from a half to one and a half.
    pub(super) spread: f64,
}

impl TraceState {
    /// A course that has not begun; `chance` from 0 to 1 spreads its retries.
    pub(super) fn new(key: TraceKey, role: Role, chance: f64) -> Self {
        Self {
            key,
            tries: Vec::new(),
            rounds: Attempts::new(),
            foreign: ForeignPath { routers: Vec::new(), end: PathEnd::Open },
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
    pub(super) fn ran_out(&mut self, ttl: ProbeTtl, attempt: Attempt) -> Option<Moment> {
        let one = self.find(ttl, attempt).filter(|one| one.outcome == Outcome::Waiting)?;
        one.outcome = Outcome::Silent;
        let sent = one.sent;
        self.rounds.ran_out(ttl);
        Some(sent)
    }

    /// Takes an answer to one of its tries.
    pub(super) fn answered(
        &mut self,
        ttl: ProbeTtl,
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
    pub(super) fn stop(&self, stop: StopReason) -> StopReason {
        match stop {
            // Silence says nothing where the question has not left the machine.
            StopReason::GapLimit | StopReason::MaxTtl if self.tries.iter().any(|one| !one.left) => {
                StopReason::Unsent
            }
            StopReason::GapLimit | StopReason::MaxTtl if self.role == Role::Seeks => {
                StopReason::Border
            }
            other => other,
        }
    }

    /// The last foreign router that has answered.
    pub(super) fn last_router(&self) -> Option<&Router<ProbeTtl>> {
        self.foreign.routers.last()
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
    pub(super) fn finish(self, stop: StopReason) -> Option<Finished> {
        let stop = self.stop(stop);
        let measured = self.tries.iter().any(|one| one.left);
        let strategy = match self.role {
            Role::Seeks => Strategy::Border,
            Role::Traces | Role::Learns | Role::Widens => Strategy::Full,
        };
        measured.then_some(Finished { key: self.key, strategy, stop, tries: self.tries })
    }

    fn find(&mut self, ttl: ProbeTtl, attempt: Attempt) -> Option<&mut Try> {
        // What is asked for is most often among the last.
        self.tries.iter_mut().rev().find(|one| (one.ttl, one.attempt) == (ttl, attempt))
    }

    /// The usual case: a new router behind all others, on a path that is open. Says whether it was.
    fn append(&mut self, ttl: ProbeTtl, answer: &Answer, block: &Block) -> bool {
        let ForeignPath { routers, end } = &mut self.foreign;
        let behind = routers.last().is_none_or(|last| last.ttl < ttl);
        let known = routers.iter().any(|router| router.address == answer.from);
        let usual = *end == PathEnd::Open
            && answer.kind == ReplyKind::TimeExceeded
            && !block.contains(answer.from)
            && behind
            && !known;
        if usual {
            let address = answer.from;
            routers.push(Router { address, ttl, first: ttl, unreachable: false });
        }
        usual
    }

    /// Reads all answers again.
    fn look_again(&mut self, block: &Block) {
        let mut answers: Vec<(ProbeTtl, Attempt, &Answer)> = self
            .tries
            .iter()
            .filter_map(|one| match &one.outcome {
                Outcome::Answered(answer) => Some((one.ttl, one.attempt, answer)),
                Outcome::Waiting | Outcome::Silent => None,
            })
            .collect();
        answers.sort_by_key(|(ttl, attempt, _)| (*ttl, *attempt));
        let answers = answers.iter().map(|(ttl, _, answer)| (*ttl, answer.from, answer.kind));
        self.foreign = ForeignPath::of(answers, block);
    }
}
