//! What a reply says: the kinds of ICMP message that a traceroute meets, and MPLS labels.

use serde::{Deserialize, Serialize};

/// What a reply says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReplyKind {
    /// The TTL ran out here (ICMP type 11, code 0).
    TimeExceeded,
    /// The packet goes no further (ICMP type 3), with the code.
    Unreachable(u8),
    /// The target itself answers: an echo reply (ICMP type 0), or by TCP a SYN-ACK or a reset.
    EchoReply,
}

impl ReplyKind {
    /// What an ICMP error is, by its type and code; nothing where it ends no TTL of a trace.
    #[must_use]
    pub const fn of_error(kind: u8, code: u8) -> Option<Self> {
        match (kind, code) {
            (11, 0) => Some(Self::TimeExceeded),
            (3, code) => Some(Self::Unreachable(code)),
            _ => None,
        }
    }

    /// The ICMP type and code. The target's answer by TCP is written like an echo reply.
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
pub struct MplsLabel {
    /// The label, 20 bits.
    pub label: u32,
    /// The TTL in the label.
    pub ttl: u8,
}
