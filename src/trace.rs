//! What came back: the hops of one target and one flow, wherever they were measured.
//!
//! From here on nothing knows how a trace was made. A hop is what was asked at one TTL and what
//! each try brought: an answer, or silence.

use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;

use crate::probe::{Attempt, Finished, Flow, Moment, Outcome, Try};
pub use crate::probe::{Kind, Label, Method, Stop as StopReason, Strategy, Ttl};

/// A traceroute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The address that was traced.
    pub target: Ipv4Addr,
    /// The kind of packet.
    pub method: Method,
    /// The flow.
    pub flow: Flow,
    /// When its first probe left.
    pub started: Timestamp,
    /// What was asked, by TTL; TTLs that were not asked are left out.
    pub hops: Vec<Hop>,
    /// Why it ended.
    pub stop: StopReason,
    /// Whether it was made completely or begun at the border, where that is known.
    pub strategy: Option<Strategy>,
}

/// A TTL and what answered there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The TTL.
    pub ttl: Ttl,
    /// The tries, in the order in which they were made. At least one.
    pub tries: Vec<HopTry>,
}

/// One probe of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopTry {
    /// Which try at its TTL.
    pub attempt: Attempt,
    /// When it left.
    pub sent: Timestamp,
    /// What came back; nothing is silence.
    pub answer: Option<HopAnswer>,
}

/// What came back for one probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopAnswer {
    /// Who answered.
    pub from: Ipv4Addr,
    /// What it said.
    pub kind: Kind,
    /// From sending the probe to receiving the answer.
    pub rtt: Duration,
    /// The TTL with which the answer arrived, where that is known.
    pub reply_ttl: Option<u8>,
    /// The MPLS labels that the router quoted, outermost first.
    pub labels: Box<[Label]>,
}

impl Trace {
    /// The trace that a run has finished, for a run that began at `began`.
    #[must_use]
    pub fn of(finished: &Finished, began: Timestamp) -> Self {
        let mut tries: Vec<&Try> = finished.tries.iter().filter(|one| one.left).collect();
        tries.sort_by_key(|one| (one.ttl, one.attempt));
        let hops = tries
            .chunk_by(|one, other| one.ttl == other.ttl)
            .map(|tries| Hop {
                ttl: tries[0].ttl,
                tries: tries.iter().map(|one| HopTry::of(one, began)).collect(),
            })
            .collect();
        let first = tries.iter().map(|one| one.sent).min().unwrap_or_default();
        Self {
            target: finished.path.target,
            method: finished.path.method,
            flow: finished.path.flow,
            started: at(began, first),
            hops,
            stop: finished.stop,
            strategy: Some(finished.strategy),
        }
    }

    /// All answers, by TTL and then by try.
    pub fn answers(&self) -> impl Iterator<Item = (Ttl, &HopAnswer)> {
        self.hops.iter().flat_map(|hop| hop.answers().map(|answer| (hop.ttl, answer)))
    }

    /// How many packets it took.
    #[must_use]
    pub fn probes(&self) -> usize {
        self.hops.iter().map(|hop| hop.tries.len()).sum()
    }
}

impl Hop {
    /// The answers at this TTL.
    pub fn answers(&self) -> impl Iterator<Item = &HopAnswer> {
        self.tries.iter().filter_map(|one| one.answer.as_ref())
    }
}

impl HopTry {
    fn of(one: &Try, began: Timestamp) -> Self {
        let answer = match &one.outcome {
            Outcome::Answered(answer) => Some(HopAnswer {
                from: answer.from,
                kind: answer.kind,
                rtt: answer.received.since(one.sent),
                reply_ttl: answer.reply_ttl,
                labels: answer.labels.clone(),
            }),
            Outcome::Waiting | Outcome::Silent => None,
        };
        Self { attempt: one.attempt, sent: at(began, one.sent), answer }
    }
}

/// The time of day at `moment` of a run that began at `began`.
#[must_use]
pub fn at(began: Timestamp, moment: Moment) -> Timestamp {
    began.saturating_add(moment.since(Moment::START)).unwrap_or(began)
}
