//! What is sent and what comes back: a probe, and the reply that is matched to it.

use std::fmt;
use std::net::Ipv4Addr;

use crate::trace::{Method, MplsLabel, ReplyKind, Ttl};

use super::timing::Stamp;

/// The kind of packet that a probe is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbeMethod {
    /// An ICMP echo request.
    Icmp,
    /// A UDP datagram to a high port.
    Udp,
    /// A TCP SYN to this port. Another port is another flow, and so another trace.
    Tcp(u16),
}

impl ProbeMethod {
    /// How many there are, whatever the port.
    pub(super) const COUNT: usize = 3;

    /// The place of the kind of packet among [`Self::COUNT`].
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Icmp => 0,
            Self::Udp => 1,
            Self::Tcp(_) => 2,
        }
    }
}

impl From<ProbeMethod> for Method {
    fn from(method: ProbeMethod) -> Self {
        match method {
            ProbeMethod::Icmp => Self::Icmp,
            ProbeMethod::Udp => Self::Udp,
            ProbeMethod::Tcp(_) => Self::Tcp,
        }
    }
}

impl fmt::Display for ProbeMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Method::from(*self).fmt(f)
    }
}

/// The TTL of a probe: 1 to [`ProbeTtl::MOST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeTtl(u8);

impl ProbeTtl {
    /// The first hop.
    pub const FIRST: Self = Self(1);
    /// The furthest.
    pub const LAST: Self = Self(Self::MOST);
    /// The highest number: a probe has five bits for its TTL.
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

impl From<ProbeTtl> for Ttl {
    fn from(ttl: ProbeTtl) -> Self {
        Self::new(ttl.get()).unwrap_or(Self::FIRST)
    }
}

/// Which of a target's flows: 0 to [`Flow::MOST`] - 1. All that a load balancer hashes (addresses,
/// protocol, and ports or ICMP identifier and checksum) follows from the target, the method and this
/// number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
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

/// Which attempt at a TTL: 0 to [`Attempt::MOST`] - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Attempt(u8);

impl Attempt {
    /// How often one TTL can be probed: a probe has three bits for its attempt.
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

/// What identifies a trace, and stays the same in all its probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceKey {
    /// The address that is traced.
    pub target: Ipv4Addr,
    /// The kind of packet.
    pub method: ProbeMethod,
    /// The flow.
    pub flow: Flow,
}

/// One packet out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Probe {
    /// The trace that it belongs to.
    pub key: TraceKey,
    /// Its TTL.
    pub ttl: ProbeTtl,
    /// Which attempt at that TTL.
    pub attempt: Attempt,
}

/// One packet back, matched to its probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The probe that it quotes or echoes.
    pub probe: Probe,
    /// Who sent it.
    pub from: Ipv4Addr,
    /// What it says.
    pub kind: ReplyKind,
    /// When it arrived.
    pub received: Stamp,
    /// The TTL with which it arrived, where the system says.
    pub reply_ttl: Option<u8>,
    /// The MPLS labels that the probe carried, outermost first.
    pub labels: Box<[MplsLabel]>,
}
