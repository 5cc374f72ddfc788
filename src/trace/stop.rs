//! Why a trace ended, and whether it was made completely.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a trace ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StopReason {
    /// A home address answered.
    Home,
    /// The border was found where other traces of the routed prefix have theirs.
    Border,
    /// A foreign address answered for the target itself.
    ForeignReply,
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

impl StopReason {
    /// All reasons.
    pub const ALL: [Self; 10] = [
        Self::Home,
        Self::Border,
        Self::ForeignReply,
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

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Home => "home",
            Self::Border => "border",
            Self::ForeignReply => "answered",
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

/// Where a run spends its packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Strategy {
    /// A complete trace for every target.
    Full,
    /// Complete traces for a few targets of each routed prefix, to learn where the border is; the
    /// others are asked there and right behind it, and further only when the answers differ.
    #[default]
    Border,
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Border => "border",
        })
    }
}
