//! What came back: the hops of one target and one flow, wherever they were measured.
//!
//! From here on nothing knows how a trace was made. A hop is what was asked at one TTL and what
//! each try brought: an answer, or silence.

use std::fmt;
use std::net::Ipv4Addr;
use std::num::NonZeroU8;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::probe::{self, Finished, Moment, Outcome, Try};
pub use crate::probe::{Kind, Label, Stop as StopReason, Strategy};

/// A traceroute. What is not known of it is nothing: files made elsewhere leave out a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The address that was traced.
    pub target: Ipv4Addr,
    /// The kind of packet.
    pub method: Option<Method>,
    /// Which of a target's flows.
    pub flow: Option<u16>,
    /// Where it was made, where that differs from trace to trace.
    pub vantage: Option<Arc<Vantage>>,
    /// When its first probe left.
    pub started: Option<Timestamp>,
    /// What was asked, by rising TTL; TTLs that were not asked, or of which nothing is known, are
    /// left out.
    pub hops: Vec<Hop>,
    /// Why it ended.
    pub stop: Option<StopReason>,
    /// Whether it was made completely or begun at the border.
    pub strategy: Option<Strategy>,
}

/// The kind of packet that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Method {
    /// ICMP echo requests.
    Icmp,
    /// UDP datagrams.
    Udp,
    /// TCP segments.
    Tcp,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Icmp => "icmp",
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        })
    }
}

impl From<probe::Method> for Method {
    fn from(method: probe::Method) -> Self {
        match method {
            probe::Method::Icmp => Self::Icmp,
            probe::Method::Udp => Self::Udp,
        }
    }
}

/// Where probes leave from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vantage {
    /// What it is called, as the number of a RIPE Atlas probe or the name of a host.
    pub name: String,
    /// Its public address, which tells its country and AS.
    pub address: Option<Ipv4Addr>,
}

/// How far a packet could travel: 1 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ttl(NonZeroU8);

impl Ttl {
    /// A TTL, unless it is 0.
    #[must_use]
    pub const fn new(ttl: u8) -> Option<Self> {
        match NonZeroU8::new(ttl) {
            Some(ttl) => Some(Self(ttl)),
            None => None,
        }
    }

    /// The number of hops.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0.get()
    }
}

impl From<probe::Ttl> for Ttl {
    fn from(ttl: probe::Ttl) -> Self {
        Self(NonZeroU8::new(ttl.get()).unwrap_or(NonZeroU8::MIN))
    }
}

/// A TTL and what answered there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// The TTL.
    pub ttl: Ttl,
    /// The tries, in the order in which they were made. At least one.
    pub tries: Vec<HopTry>,
}

/// One probe of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HopTry {
    /// Which try at its TTL, from 0.
    pub attempt: u16,
    /// When it left.
    pub sent: Option<Timestamp>,
    /// What came back; nothing is silence.
    pub answer: Option<HopAnswer>,
}

/// What came back for one probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HopAnswer {
    /// Who answered.
    pub from: Ipv4Addr,
    /// What it said.
    pub kind: Kind,
    /// From sending the probe to receiving the answer.
    pub rtt: Option<Duration>,
    /// The TTL with which the answer arrived.
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
                ttl: tries[0].ttl.into(),
                tries: tries.iter().map(|one| HopTry::of(one, began)).collect(),
            })
            .collect();
        let first = tries.iter().map(|one| one.sent).min().unwrap_or_default();
        Self {
            target: finished.path.target,
            method: Some(finished.path.method.into()),
            flow: Some(finished.path.flow.get().into()),
            vantage: None,
            started: Some(at(began, first)),
            hops,
            stop: Some(finished.stop),
            strategy: Some(finished.strategy),
        }
    }

    /// All answers, by TTL and then by try.
    pub fn answers(&self) -> impl Iterator<Item = (Ttl, &HopAnswer)> {
        self.hops.iter().flat_map(|hop| hop.answers().map(|answer| (hop.ttl, answer)))
    }

    /// Whether it was asked from the first TTL on, so that what is not there did not answer.
    #[must_use]
    pub fn begins_at_the_vantage(&self) -> bool {
        self.hops.first().is_some_and(|hop| hop.ttl.get() == 1)
    }

    /// How many packets it took.
    #[must_use]
    pub fn probes(&self) -> usize {
        self.hops.iter().map(|hop| hop.tries.len()).sum()
    }

    /// Whether it was cut short, so that its silence proves nothing.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        self.stop.is_some_and(StopReason::is_cut_short)
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
                rtt: Some(answer.received.since(one.sent)),
                reply_ttl: answer.reply_ttl,
                labels: answer.labels.clone(),
            }),
            Outcome::Waiting | Outcome::Silent => None,
        };
        Self { attempt: one.attempt.get().into(), sent: Some(at(began, one.sent)), answer }
    }
}

/// The time of day at `moment` of a run that began at `began`.
#[must_use]
pub fn at(began: Timestamp, moment: Moment) -> Timestamp {
    began.saturating_add(moment.since(Moment::START)).unwrap_or(began)
}
