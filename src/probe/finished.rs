//! What a run hands on: every probe of a trace, what became of it, and why the trace ended.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Answer, Attempt, Moment, Path, Strategy, Ttl};

/// One probe that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// How far it could travel.
    pub ttl: Ttl,
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

/// Why a trace ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stop {
    /// A home address answered.
    Home,
    /// The border was found where the neighbours have theirs.
    Border,
    /// A foreign address answered for the target itself.
    Answered,
    /// A foreign router sent a destination unreachable.
    Unreachable,
    /// Too many silent TTLs in a row.
    GapLimit,
    /// The same routers answered again and again.
    Loop,
    /// The furthest TTL was asked.
    MaxTtl,
    /// Nothing answers, and the machine refused to send some of the probes.
    Unsent,
    /// The run's time was up.
    Deadline,
    /// The run was interrupted.
    Interrupted,
}

impl Stop {
    /// All reasons.
    pub const ALL: [Self; 10] = [
        Self::Home,
        Self::Border,
        Self::Answered,
        Self::Unreachable,
        Self::GapLimit,
        Self::Loop,
        Self::MaxTtl,
        Self::Unsent,
        Self::Deadline,
        Self::Interrupted,
    ];

    /// Whether the trace was cut short, so that its silence proves nothing.
    #[must_use]
    pub const fn is_cut_short(self) -> bool {
        matches!(self, Self::Unsent | Self::Deadline | Self::Interrupted)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Home => "home",
            Self::Border => "border",
            Self::Answered => "answered",
            Self::Unreachable => "unreachable",
            Self::GapLimit => "gap-limit",
            Self::Loop => "loop",
            Self::MaxTtl => "max-ttl",
            Self::Unsent => "unsent",
            Self::Deadline => "deadline",
            Self::Interrupted => "interrupted",
        })
    }
}

/// A trace that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// What was traced.
    pub path: Path,
    /// Whether it is complete, or began at the border.
    pub strategy: Strategy,
    /// Why it ended.
    pub stop: Stop,
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
}
