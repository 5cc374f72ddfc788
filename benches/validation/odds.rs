//! How likely everything is in a random network: every probability there is, and where it is from.
//!
//! "chosen" means that no measurement was at hand. Such a number is meant to be rather worse for the
//! judgement than the world is. Two were changed after the first results: carriers were drawn
//! independently of each other, which is still there as the hard networks, and the last carrier had
//! as many routers as any ([`ROUTERS`] instead of [`LAST_ROUTERS`]).

/// Where the vantage's provider is: outside China and Russia but for these shares. RIPE Atlas has
/// more probes in Russia than in China; chosen.
pub(crate) const VANTAGE: [(f64, CarrierKind); 3] =
    [(0.85, CarrierKind::Other), (0.10, CarrierKind::Russia), (0.05, CarrierKind::China)];
/// Carriers between the provider and the last one: none, one or two; chosen after the four or five AS
/// that a path has on average.
pub(crate) const BETWEEN: [f64; 3] = [0.25, 0.5, 0.25];
/// Whose they are, seen from elsewhere: a country's carriers carry to that country and from it, and seldom
/// through it to somebody else's. Chosen.
pub(crate) const MIDDLE: [(f64, CarrierKind); 3] =
    [(0.98, CarrierKind::Other), (0.01, CarrierKind::Russia), (0.01, CarrierKind::China)];
/// They are of the vantage's own country, where that is China or Russia; else as seen from elsewhere. Chosen.
pub(crate) const MIDDLE_AT_HOME: f64 = 0.5;
/// Whose they are where carriers follow each other at random: no such world is known, and none is
/// harder.
pub(crate) const MIDDLE_AT_RANDOM: [(f64, CarrierKind); 3] =
    [(0.8, CarrierKind::Other), (0.1, CarrierKind::Russia), (0.1, CarrierKind::China)];
/// Whose the last carrier is. Only the first two have been seen in years; the others are there
/// so that the judgement could be wrong about them. Chosen.
pub(crate) const LAST: [(f64, CarrierKind); 4] = [
    (0.40, CarrierKind::China),
    (0.40, CarrierKind::Russia),
    (0.15, CarrierKind::Other),
    (0.05, CarrierKind::Nobody),
];
/// A second carrier of the same class before the last one, as China Unicom is before Cenbong.
pub(crate) const SAME_CLASS_BEFORE: f64 = 0.4;
/// Routers of one carrier on a path: one to five. Three on average; chosen.
pub(crate) const ROUTERS: [f64; 5] = [0.15, 0.25, 0.25, 0.2, 0.15];
/// Routers of the last one: it brings the packets to Korea from where others meet it, so a single
/// router is rare. Chosen.
pub(crate) const LAST_ROUTERS: [f64; 5] = [0.03, 0.27, 0.3, 0.25, 0.15];
/// Hops of home before the host: none to four. Both paths of December 2025 had three.
pub(crate) const HOME_HOPS: [f64; 5] = [0.2, 0.15, 0.2, 0.35, 0.1];

/// A carrier's tunnel hides the routers between its first and its last. Three paths in ten go
/// through some MPLS tunnel, most of which hide nothing (Donnet and others, "Revealing MPLS tunnels
/// obscured from traceroute", CCR 42(2), 2012).
pub(crate) const HIDDEN: f64 = 0.1;
/// A carrier's tunnel shows its routers, with labels (the same).
pub(crate) const LABELS: f64 = 0.3;
/// None of a carrier's routers answers. Chosen.
pub(crate) const SILENT_CARRIER: f64 = 0.03;
/// One router does not. Chosen, as one in ten hops of published traces is silent.
pub(crate) const SILENT_ROUTER: f64 = 0.08;
/// A router of the vantage's own network does not. Chosen.
pub(crate) const SILENT_ACCESS: f64 = 0.3;
/// A hop of home does not: in 2025 all six did not.
pub(crate) const SILENT_HOME: f64 = 0.8;
/// The link between two carriers has addresses of the nearer one, so that the farther one's first
/// router answers with an address of the nearer. One of the two numbers a link; half and half.
pub(crate) const NUMBERED_BY_NEARER: f64 = 0.5;
/// Two carriers meet at an exchange, and that router answers from the peering LAN. Chosen.
pub(crate) const EXCHANGE: f64 = 0.1;
/// A carrier's router has a private address (TransTeleCom's had). Chosen.
pub(crate) const PRIVATE: f64 = 0.03;
/// A carrier's first or last router answers with an address of a third carrier. Called "relatively
/// uncommon" by Hyun, Broido and claffy ("On third-party addresses in traceroute paths", PAM 2003);
/// most addresses are those of the inbound interface (Luckie and claffy, PAM 2014). The number is chosen.
pub(crate) const THIRD_PARTY: f64 = 0.02;
/// Home's own first router answers with the address of its link to the other entrance. Chosen.
pub(crate) const HOME_THIRD_PARTY: f64 = 0.05;
/// The last carrier's last router answers with an address of the block. Chosen.
pub(crate) const LINK_FROM_BLOCK: f64 = 0.02;
/// Home's first router answers with the carrier's address of their link, as a provider numbers its
/// customer's link.
pub(crate) const LINK_FROM_CARRIER: f64 = 0.5;
/// A hop of home answers from a private address. Chosen.
pub(crate) const PRIVATE_HOME: f64 = 0.1;
/// The hop before a host answers with the host's address, as in 2025. Chosen.
pub(crate) const HOST_TWICE: f64 = 0.2;

/// A routed prefix has one entrance; or two or three, over which flows are spread.
pub(crate) const ENTRANCES: [f64; 3] = [0.6, 0.3, 0.1];
/// The whole block is cut off. There were five outages of hours in eight years, and cables besides; chosen far higher.
pub(crate) const OUTAGE: f64 = 0.04;
/// One path alone is dead. Chosen.
pub(crate) const DEAD: f64 = 0.03;
/// How a dead path ends: in silence, in "net unreachable" or "host unreachable", in a loop. Chosen.
pub(crate) const DEATHS: [f64; 3] = [0.6, 0.25, 0.15];
/// A router on a path prohibits what the probes are, as 219.158.39.42 did in 2019. Chosen.
pub(crate) const PROHIBITED: f64 = 0.03;
/// It is the last carrier's last one, else any. Chosen.
pub(crate) const PROHIBITED_AT_LAST: f64 = 0.7;

/// A router sends at most so many errors a second, drawn evenly on a logarithmic scale. Chosen.
pub(crate) const LIMITED: f64 = 0.08;
/// See [`LIMITED`].
pub(crate) const LIMIT: (f64, f64) = (2.0, 100.0);
/// Packets lost: none, up to 3 %, up to 15 %. Chosen.
pub(crate) const LOSS: [f64; 3] = [0.4, 0.45, 0.15];
/// Which part of a prefix's addresses answers at all: none, up to 8 %, up to all. 15 to 18 of 1,024 have been seen.
pub(crate) const HOSTS: [f64; 3] = [0.3, 0.5, 0.2];
/// How many addresses of each prefix are traced.
pub(crate) const SAMPLES: [usize; 4] = [1, 4, 16, 64];

/// How many AS of peers the collectors have that show the prefix: one, some, many. Chosen.
pub(crate) const PEERS: [(f64, u32); 3] = [(0.1, 1), (0.2, 5), (0.7, 40)];
/// No collector sees an entrance through which packets come, as where it is announced to customers alone. Chosen.
pub(crate) const UNSEEN: f64 = 0.05;
/// BGP shows an entrance too that no packet of the vantage takes. Chosen.
pub(crate) const UNUSED: f64 = 0.1;
/// A dead path is withdrawn; else it is announced and goes nowhere. Chosen.
pub(crate) const WITHDRAWN: f64 = 0.5;

/// Whose a router is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CarrierKind {
    /// A carrier of class `china`.
    China,
    /// One of class `russia`.
    Russia,
    /// Anybody else's.
    Other,
    /// Nobody's, as far as any source knows.
    Nobody,
}

impl CarrierKind {
    /// What a trace through it should be judged, where it is the last one.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::China => "china",
            Self::Russia => "russia",
            Self::Other => "other",
            Self::Nobody => "unknown",
        }
    }

    /// Where its routers' addresses are.
    pub(crate) fn pools(self) -> &'static [&'static str] {
        match self {
            // Registered prefixes of the configuration, and a delegation to China.
            Self::China => &[
                "219.158.0.0/16",
                "202.97.128.0/17",
                "103.35.252.0/22",
                "202.97.0.0/17",
                "59.43.0.0/16",
                "221.176.0.0/13",
                "223.120.0.0/15",
                "202.77.16.0/21",
                "59.44.0.0/16",
            ],
            Self::Russia => &[
                "188.43.0.0/16",
                "217.150.32.0/19",
                "62.33.0.0/16",
                "80.237.0.0/17",
                "188.168.0.0/16",
                "87.226.128.0/18",
                "95.167.0.0/16",
            ],
            Self::Other => &[
                "4.69.0.0/16",
                "62.115.0.0/16",
                "129.250.0.0/16",
                "213.248.64.0/18",
                "149.6.0.0/16",
                "80.231.0.0/16",
            ],
            Self::Nobody => &["192.52.193.0/24"],
        }
    }
}
