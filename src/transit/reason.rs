//! Why a trace was judged as it was, in words that a reader can check.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::border::Contradiction;
use crate::targets::{KnownBorder, Special};
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
    ForeignReply {
        /// The address.
        from: Ipv4Addr,
        /// The silent TTLs between.
        gap: u8,
    },
    /// A router sent a destination unreachable.
    Unreachable {
        /// The router.
        by: Ipv4Addr,
        /// The code of ICMP type 3.
        code: u8,
    },
    /// Nothing answers behind the border.
    Silence,
    /// Traces of other targets of the routed prefix, or from other vantages, have the same border.
    Shared {
        /// How many.
        traces: usize,
        /// The routed prefix.
        scope: Ipv4Net,
    },
    /// Traces of the routed prefix from the same vantage end at a border of another class.
    Differs {
        /// How many.
        traces: usize,
        /// The routed prefix.
        scope: Ipv4Net,
        /// Their border.
        last: Ipv4Addr,
        /// Its class.
        class: String,
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
    /// A probe on whose answer the border or home behind it rests was answered twice, each time otherwise.
    Contradicted(Contradiction),
    /// TTLs right before the border are silent.
    GapBefore(u8),
    /// The border is the only hop of its class, behind this hop of another.
    ThirdParty(Ipv4Addr),
    /// All hops up to the border are of its class.
    NeverLeft,
    /// No trace from this vantage shows the hops before the border.
    PathUnknown,
    /// A carrier with a configured class may be silent behind the border of a holder without one.
    MayHide,
    /// A router has no route to the block, and home answers nowhere behind it.
    NoRoute,
    /// Home answers behind the border on other traces of the routed prefix.
    Arrived {
        /// How many.
        traces: usize,
        /// The routed prefix.
        scope: Ipv4Net,
    },
    /// Packets of one flow take different carriers; this router answered at the TTL where one packet of the
    /// trace is counted.
    PerPacket {
        /// The TTL; nothing where no answer shows the carrier of a packet.
        at: Option<(u8, Ipv4Addr)>,
    },
    /// The trace died where others of the routed prefix met home.
    OthersArrived,
    /// Nearly all targets of the routed prefix answer at one TTL: something on the way does it for them.
    Box,
    /// The last hop has an address of a carrier that the path has left, so this one before it decides.
    Returned(Ipv4Addr),
    /// Silence, at a hop of which nothing else shows that it is the border.
    Alone,
    /// The trace ended with the run.
    CutShort(StopReason),
    /// The last TTL that was to be asked still answered.
    CutOff(u8),
    /// No foreign hop that can be attributed answered.
    NobodyAnswered,
    /// Nothing outside the vantage's own network answered.
    NoWayOut,
    /// The path ends within the carrier of its first public hop.
    WithinCarrier(String),
    /// Home has answered behind the border before this run, as `targets.toml` says.
    KnownBorder(KnownBorder),
    /// BGP shows its carrier next to the block.
    Announced {
        /// The carrier, as `AS20485 (TransTeleCom)`.
        carrier: String,
        /// How many AS of peers show it.
        peers: usize,
        /// How many AS these hang on: those behind one copy its choice.
        forks: usize,
    },
    /// BGP shows others next to the block, and not its carrier.
    NotAnnounced {
        /// The others, the most frequent first.
        shown: Vec<String>,
        /// Who may stand behind it unseen: the most frequent of them. Nothing where home is the next hop.
        silent: Option<String>,
        /// Whether what shows each of them is one view: one AS of a peer, or several that hang on one.
        is_weak: bool,
        /// How many AS of peers show the first.
        peers: usize,
        /// Whether none of them is of the class that the trace shows.
        is_of_another_class: bool,
    },
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
            Self::ForeignReply { from, gap } => {
                write!(f, "{}, then the target answers from {from}", silent(*gap))
            }
            Self::Unreachable { by, code } => write!(f, "{} by {by}", unreachable(*code)),
            Self::Silence => f.write_str("silence behind it"),
            Self::Shared { traces, scope } => {
                write!(f, "border shared with {} of {scope}", counted(*traces))
            }
            Self::Differs { traces, scope, last, class } => {
                let (traces, end) = (counted(*traces), if *traces == 1 { "ends" } else { "end" });
                write!(f, "border differs from {traces} of {scope} that {end} at {last} ({class})")
            }
            Self::Skipped { address, special } => write!(f, "{special} hop {address} skipped"),
            Self::WentOn(further) => write!(f, "other traces went on to {further}"),
            Self::Contradicted(Contradiction { ttl, from, by }) if from == by => {
                write!(f, "contradictory answers at hop {}, both from {from}", ttl.get())
            }
            Self::Contradicted(Contradiction { ttl, from, by }) => {
                write!(f, "contradictory answers at hop {}, from {from} and {by}", ttl.get())
            }
            Self::GapBefore(gap) => write!(f, "{} before it", silent(*gap)),
            Self::ThirdParty(before) => write!(f, "a single hop behind {before} of another class"),
            Self::NeverLeft => f.write_str("no hop of another class before it"),
            Self::PathUnknown => f.write_str("no trace shows the way to it"),
            Self::MayHide => f.write_str("a carrier with a class may be silent behind it"),
            Self::NoRoute => f.write_str("a router has no route to it"),
            Self::Arrived { traces, scope } => {
                write!(f, "home answers behind it on {} of {scope}", counted(*traces))
            }
            Self::PerPacket { at: None } => f.write_str(
                "per-packet: its packets take different carriers, and none can be counted",
            ),
            Self::PerPacket { at: Some((ttl, router)) } => write!(
                f,
                "per-packet: its packets take different carriers, and the one to {router} at hop {ttl} counts"
            ),
            Self::OthersArrived => f.write_str("died where other traces met home"),
            Self::Box => f.write_str("something on the way answers for all targets"),
            Self::Returned(before) => {
                write!(
                    f,
                    "an address of a carrier that the path has left, so {before} before it decides"
                )
            }
            Self::Alone => f.write_str("nothing else shows that this is the border"),
            Self::CutShort(stop) => write!(f, "cut short: {stop}"),
            Self::CutOff(hops) => write!(f, "cut off at {hops} hops"),
            Self::NobodyAnswered => f.write_str("no foreign hop that can be attributed"),
            Self::NoWayOut => {
                f.write_str("no way out: nothing outside the vantage's own network answered")
            }
            Self::WithinCarrier(carrier) => {
                write!(f, "never left {carrier}, which the vantage may be a customer of")
            }
            Self::KnownBorder(KnownBorder { carrier, seen, source }) => {
                write!(f, "a known border of {carrier} ({seen}: {source})")
            }
            Self::Announced { carrier, peers: 1, .. } => {
                write!(f, "BGP shows {carrier} next to the block, by one peer AS alone")
            }
            Self::Announced { carrier, peers, forks } => {
                write!(f, "BGP shows {carrier} next to the block, by {peers} peer AS")?;
                if *forks == 1 { f.write_str(", all behind one other AS") } else { Ok(()) }
            }
            Self::NotAnnounced { shown, silent, is_weak, peers, .. } => {
                let by_one = match (is_weak, peers) {
                    (false, _) => "",
                    (true, 1) => ", by one peer AS alone",
                    (true, _) => ", by peers behind one other AS",
                };
                write!(f, "BGP shows {} only{by_one}", shown.join(" and "))?;
                match silent {
                    Some(silent) => write!(f, "; a silent {silent} may stand behind"),
                    None => Ok(()),
                }
            }
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

fn counted(traces: usize) -> String {
    match traces {
        1 => "1 trace".into(),
        _ => format!("{traces} traces"),
    }
}

/// ICMP type 3 in words (RFC 792, RFC 1812).
fn unreachable(code: u8) -> String {
    match code {
        0 | 6 | 8 | 11 => "network unreachable".into(),
        1 | 7 | 12 => "host unreachable".into(),
        2 => "protocol unreachable".into(),
        3 => "port unreachable".into(),
        4 => "fragmentation needed".into(),
        9 | 10 | 13 => "administratively prohibited".into(),
        _ => format!("unreachable (code {code})"),
    }
}
