//! Why a trace was judged as it was, in words that a reader can check.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::targets::Special;
use crate::trace::StopReason;

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A home address answers behind the border.
    Home {
        /// The silent TTLs between.
        gap: u8,
        /// Whether it was the target itself.
        target: bool,
    },
    /// The target answers from a foreign address.
    Stranger {
        /// The address.
        from: Ipv4Addr,
        /// The silent TTLs between.
        gap: u8,
    },
    /// A router refused the packet.
    Refused {
        /// The router.
        by: Ipv4Addr,
        /// The code of ICMP type 3.
        code: u8,
    },
    /// Nothing answers behind the border.
    Silence,
    /// Other targets of the routed prefix have the same border.
    Shared {
        /// How many.
        neighbours: usize,
        /// The routed prefix.
        scope: Ipv4Net,
    },
    /// A hop that can decide nothing was passed over.
    Skipped {
        /// The hop.
        address: Ipv4Addr,
        /// Why.
        special: Special,
    },
    /// Other traces of the routed prefix went on behind this border.
    WentOn(Ipv4Addr),
    /// TTLs right before the border are silent.
    GapBefore(u8),
    /// The border is the only hop of its class, behind this hop of another.
    ThirdParty(Ipv4Addr),
    /// The trace ended with the run.
    CutShort(StopReason),
    /// No foreign hop that can be attributed answered.
    NobodyAnswered,
    /// The trace died before any carrier of a configured class.
    DiedEarly,
    /// The trace died behind such a carrier, at a hop of somebody else.
    LostBehindTransit,
    /// Home answers, but too far behind the last foreign hop.
    NotNextToBlock,
    /// Nobody holds the last foreign hop, as far as is known.
    NoOwner,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Home { gap: 0, .. } => f.write_str("next hop is home"),
            Self::Home { gap, target: true } => write!(f, "{}, then the target", silent(*gap)),
            Self::Home { gap, target: false } => write!(f, "{}, then home", silent(*gap)),
            Self::Stranger { from, gap } => {
                write!(f, "{}, then the target answers from {from}", silent(*gap))
            }
            Self::Refused { by, code } => write!(f, "{} by {by}", refusal(*code)),
            Self::Silence => f.write_str("silence behind it"),
            Self::Shared { neighbours: 1, scope } => {
                write!(f, "border shared with 1 other target of {scope}")
            }
            Self::Shared { neighbours, scope } => {
                write!(f, "border shared with {neighbours} other targets of {scope}")
            }
            Self::Skipped { address, special } => write!(f, "{special} hop {address} skipped"),
            Self::WentOn(further) => write!(f, "other traces went on to {further}"),
            Self::GapBefore(gap) => write!(f, "{} before it", silent(*gap)),
            Self::ThirdParty(before) => write!(f, "a single hop behind {before} of another class"),
            Self::CutShort(stop) => write!(f, "cut short: {stop}"),
            Self::NobodyAnswered => f.write_str("no foreign hop that can be attributed"),
            Self::DiedEarly => f.write_str("died before any carrier in question"),
            Self::LostBehindTransit => f.write_str("died behind a carrier in question"),
            Self::NotNextToBlock => f.write_str("not next to the block"),
            Self::NoOwner => f.write_str("nobody is known to hold it"),
        }
    }
}

fn silent(gap: u8) -> String {
    match gap {
        1 => "1 silent hop".into(),
        _ => format!("{gap} silent hops"),
    }
}

/// ICMP type 3 in words (RFC 792, RFC 1812).
fn refusal(code: u8) -> String {
    match code {
        0 => "network unreachable".into(),
        1 => "host unreachable".into(),
        2 => "protocol unreachable".into(),
        3 => "port unreachable".into(),
        4 => "fragmentation needed".into(),
        9 | 10 | 13 => "administratively prohibited".into(),
        _ => format!("unreachable (code {code})"),
    }
}
