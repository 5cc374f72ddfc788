//! What is asked: one probe, and the numbers that identify it.

use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::trace;

/// The kind of packet that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ProbeMethod {
    /// ICMP echo requests.
    Icmp,
    /// UDP datagrams to high ports.
    Udp,
}

impl From<ProbeMethod> for trace::Method {
    fn from(method: ProbeMethod) -> Self {
        match method {
            ProbeMethod::Icmp => Self::Icmp,
            ProbeMethod::Udp => Self::Udp,
        }
    }
}

impl fmt::Display for ProbeMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Icmp => "icmp",
            Self::Udp => "udp",
        })
    }
}

/// How far a probe may travel: 1 to [`ProbeTtl::MOST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProbeTtl(u8);

impl ProbeTtl {
    /// The first hop.
    pub const FIRST: Self = Self(1);
    /// The furthest.
    pub const LAST: Self = Self(Self::MOST);
    /// The furthest that a probe can identify: its TTL has five bits.
    pub const MOST: u8 = 32;

    /// A TTL, unless it is 0 or more than [`Self::MOST`].
    #[must_use]
    pub const fn new(ttl: u8) -> Option<Self> {
        if ttl == 0 || ttl > Self::MOST { None } else { Some(Self(ttl)) }
    }

    /// The number of hops.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl From<ProbeTtl> for trace::Ttl {
    fn from(ttl: ProbeTtl) -> Self {
        Self::new(ttl.get()).unwrap_or(Self::FIRST)
    }
}

/// Which of a target's flows: 0 to [`Flow::MOST`] - 1. What a balancer hashes (addresses, protocol,
/// and ports or ICMP id and checksum) follows from the target, the method and this number alone.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Flow(u8);

impl Flow {
    /// How many flows a target can have.
    pub const MOST: u8 = 64;
    /// The one with the highest number.
    pub const LAST: Self = Self(Self::MOST - 1);

    /// A flow, unless the number is too high.
    #[must_use]
    pub const fn new(flow: u8) -> Option<Self> {
        if flow < Self::MOST { Some(Self(flow)) } else { None }
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Which try at a TTL: 0 to [`Attempt::MOST`] - 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Attempt(u8);

impl Attempt {
    /// How often one TTL can be asked.
    pub const MOST: u8 = 8;

    /// An attempt, unless the number is too high.
    #[must_use]
    pub const fn new(attempt: u8) -> Option<Self> {
        if attempt < Self::MOST { Some(Self(attempt)) } else { None }
    }

    /// Its number, from 0.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// What stays the same in all probes of one trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TraceKey {
    /// The address that is traced.
    pub target: Ipv4Addr,
    /// The kind of packet.
    pub method: ProbeMethod,
    /// The flow.
    pub flow: Flow,
}

/// One packet out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Probe {
    /// The trace it belongs to.
    pub key: TraceKey,
    /// How far it may travel.
    pub ttl: ProbeTtl,
    /// Which try at that TTL.
    pub attempt: Attempt,
}
