//! One packet back, matched to its probe.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::trace::{MplsLabel, ReplyKind};

use super::{Moment, Probe};

/// What came back for a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Who answers.
    pub from: Ipv4Addr,
    /// What it says.
    pub kind: ReplyKind,
    /// When it arrived.
    pub received: Moment,
    /// The TTL with which the answer itself arrived, where the system says.
    pub reply_ttl: Option<u8>,
    /// The MPLS labels that the probe carried, outermost first.
    pub labels: Box<[MplsLabel]>,
}

/// One packet back, matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The probe it quotes or echoes.
    pub probe: Probe,
    /// What it says.
    pub answer: Answer,
}
