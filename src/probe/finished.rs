//! What a run hands on: every probe of a trace, what became of it, and why the trace ended.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::trace::{Hop, HopReply, HopTry, StopReason, Strategy, Trace};

use super::{Answer, Attempt, Moment, ProbeTtl, TraceKey};

/// One probe that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// How far it could travel.
    pub ttl: ProbeTtl,
    /// Which try at that TTL.
    pub attempt: Attempt,
    /// When it was handed to the system.
    pub sent: Moment,
    /// Whether it left the machine: the system refuses without a route, or behind a firewall.
    pub left: bool,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Its time is not up.
    Waiting,
    /// Its time is up.
    Silent,
    /// It was answered.
    Answered(Answer),
}

/// A trace that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// What was traced.
    pub key: TraceKey,
    /// Whether it is complete, or began at the border.
    pub strategy: Strategy,
    /// Why it ended.
    pub stop: StopReason,
    /// Every probe, in the order in which they were sent. At least one left.
    pub tries: Vec<Try>,
}

impl Finished {
    /// What came back.
    pub fn answers(&self) -> impl Iterator<Item = &Answer> {
        self.tries.iter().filter_map(|one| match &one.outcome {
            Outcome::Answered(answer) => Some(answer),
            _ => None,
        })
    }

    /// It as a trace of a run that began at `began`.
    #[must_use]
    pub fn trace(&self, began: Timestamp) -> Trace {
        let mut tries: Vec<&Try> = self.tries.iter().filter(|one| one.left).collect();
        tries.sort_by_key(|one| (one.ttl, one.attempt));
        let hops = tries
            .chunk_by(|one, other| one.ttl == other.ttl)
            .map(|tries| Hop {
                ttl: tries[0].ttl.into(),
                tries: tries.iter().map(|one| one.hop_try(began)).collect(),
            })
            .collect();
        let first = tries.iter().map(|one| one.sent).min().unwrap_or_default();
        Trace {
            target: self.key.target,
            method: Some(self.key.method.into()),
            flow: Some(self.key.flow.get().into()),
            vantage: None,
            started: Some(first.after(began)),
            hops,
            stop: Some(self.stop),
            strategy: Some(self.strategy),
        }
    }
}

impl Try {
    fn hop_try(&self, began: Timestamp) -> HopTry {
        let answer = match &self.outcome {
            Outcome::Answered(answer) => Some(HopReply {
                from: answer.from,
                kind: answer.kind,
                rtt: Some(answer.received.since(self.sent)),
                reply_ttl: answer.reply_ttl,
                labels: answer.labels.clone(),
            }),
            Outcome::Waiting | Outcome::Silent => None,
        };
        HopTry { attempt: self.attempt.get().into(), sent: Some(self.sent.after(began)), answer }
    }
}
