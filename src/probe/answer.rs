//! What is answered: one reply, matched to its probe.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use super::{Moment, Probe};

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// The TTL ran out here (ICMP type 11, code 0).
    TimeExceeded,
    /// The packet goes no further (ICMP type 3), with the code.
    Unreachable(u8),
    /// The target itself answers an echo request (ICMP type 0).
    EchoReply,
}

impl Kind {
    /// The ICMP type and code.
    #[must_use]
    pub const fn icmp(self) -> (u8, u8) {
        match self {
            Self::TimeExceeded => (11, 0),
            Self::Unreachable(code) => (3, code),
            Self::EchoReply => (0, 0),
        }
    }
}

/// An entry of an MPLS label stack that a router quotes (RFC 4950).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Label {
    /// The label, 20 bits.
    pub label: u32,
    /// The TTL in the label.
    pub ttl: u8,
}

/// What came back for a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Who answers.
    pub from: Ipv4Addr,
    /// What it says.
    pub kind: Kind,
    /// When it arrived.
    pub received: Moment,
    /// The TTL with which the answer itself arrived, where the system says.
    pub reply_ttl: Option<u8>,
    /// The MPLS labels that the probe carried, outermost first.
    pub labels: Box<[Label]>,
}

/// One packet back, matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The probe it quotes or echoes.
    pub probe: Probe,
    /// What it says.
    pub answer: Answer,
}
