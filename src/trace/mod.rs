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

mod one_box;
mod path;
mod reply;
mod stop;

pub use one_box::{FEWEST_ASKED, is_one_box};
pub use path::{ForeignPath, HomeProof, PathEnd, Router};
pub use reply::{MplsLabel, ReplyKind};
pub use stop::{StopReason, Strategy};

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

/// Where probes leave from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vantage {
    /// What it is called, as the number of a RIPE Atlas probe or the name of a host.
    pub name: String,
    /// Its public address, which tells its country and AS.
    pub address: Option<Ipv4Addr>,
}

/// What the name of a vantage inside the lab begins with.
pub const LAB: &str = "lab:";

/// Whether a vantage says that what it measures is the lab's.
#[must_use]
pub fn is_simulated(vantage: &str) -> bool {
    vantage.starts_with(LAB)
}

/// How far a packet could travel: 1 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ttl(NonZeroU8);

impl Ttl {
    /// The first hop.
    pub const FIRST: Self = Self(NonZeroU8::MIN);

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
    pub answer: Option<HopReply>,
}

/// What came back for one probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HopReply {
    /// Who answered.
    pub from: Ipv4Addr,
    /// What it said.
    pub kind: ReplyKind,
    /// From sending the probe to receiving the answer.
    pub rtt: Option<Duration>,
    /// The TTL with which the answer arrived.
    pub reply_ttl: Option<u8>,
    /// The MPLS labels that the router quoted, outermost first.
    pub labels: Box<[MplsLabel]>,
    /// Who answered the same probe as well and is somebody else, or says something else: one of the two answers is
    /// not to be believed.
    pub contradicted_by: Option<Ipv4Addr>,
}

impl HopReply {
    /// An answer of which no more is known.
    #[must_use]
    pub fn new(from: Ipv4Addr, kind: ReplyKind, rtt: Option<Duration>) -> Self {
        Self { from, kind, rtt, reply_ttl: None, labels: Box::default(), contradicted_by: None }
    }
}

impl Trace {
    /// All answers, by TTL and then by try.
    pub fn answers(&self) -> impl Iterator<Item = (Ttl, &HopReply)> {
        self.hops.iter().flat_map(|hop| hop.answers().map(|answer| (hop.ttl, answer)))
    }

    /// Whether it was asked from the first TTL on, so that what is not there did not answer.
    #[must_use]
    pub fn begins_at_the_vantage(&self) -> bool {
        self.hops.first().is_some_and(|hop| hop.ttl.get() == 1)
    }

    /// Whether routers that forward answered at the last TTL that was asked, and nobody else.
    #[must_use]
    pub fn ends_at_a_router(&self) -> bool {
        let Some(last) = self.hops.last() else { return false };
        let mut answers = last.answers().peekable();
        answers.peek().is_some() && answers.all(|answer| answer.kind == ReplyKind::TimeExceeded)
    }

    /// How many packets it took.
    #[must_use]
    pub fn probes(&self) -> usize {
        self.hops.iter().map(|hop| hop.tries.len()).sum()
    }
}

impl Hop {
    /// The answers at this TTL.
    pub fn answers(&self) -> impl Iterator<Item = &HopReply> {
        self.tries.iter().filter_map(|one| one.answer.as_ref())
    }
}
