//! What a file of a collector says, whatever its format: tables, updates and sessions, as far as they touch the
//! block.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::targets::Targets;

use super::path::AsPath;

/// The shortest prefix that may carry the block. What is shorter is a default route, or damage.
const SHORTEST: u8 = 8;

/// Which prefixes touch the block: those within it and those that it is within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    network: u32,
    length: u8,
    everything: bool,
}

impl Wanted {
    /// Those that touch the block.
    #[must_use]
    pub fn of(targets: &Targets) -> Self {
        let prefix = targets.block.prefix;
        Self {
            network: u32::from(prefix.network()),
            length: prefix.prefix_len(),
            everything: false,
        }
    }

    /// All of IPv4, for counting.
    #[must_use]
    pub fn everything() -> Self {
        Self { network: 0, length: 0, everything: true }
    }

    /// The block.
    #[must_use]
    pub fn block(&self) -> Option<Ipv4Net> {
        Ipv4Net::new(self.network.into(), self.length).ok()
    }

    /// Whether prefixes together cover the block.
    #[must_use]
    pub fn is_covered(&self, prefixes: &[Ipv4Net]) -> bool {
        let together = Ipv4Net::aggregate(&prefixes.to_vec());
        self.block().is_some_and(|block| together.iter().any(|one| one.contains(&block)))
    }

    /// Whether a prefix is one of them.
    #[must_use]
    pub fn has_prefix(&self, prefix: Ipv4Net) -> bool {
        self.has(u32::from(prefix.network()), prefix.prefix_len())
    }

    /// The same of a prefix in two numbers, as files have it.
    #[must_use]
    pub fn has(&self, network: u32, length: u8) -> bool {
        if self.everything {
            return true;
        }
        let common = length.min(self.length);
        length >= SHORTEST && (network ^ self.network) >> (32 - u32::from(common)) == 0
    }
}

/// A router that tells a collector its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    /// Its address. What is mapped into IPv6 is the IPv4 address.
    pub address: IpAddr,
    /// Its AS.
    pub asn: u32,
}

impl Peer {
    /// A peer by its address.
    #[must_use]
    pub fn new(address: IpAddr, asn: u32) -> Self {
        Self { address: address.to_canonical(), asn }
    }
}

/// A prefix, with the number that tells several paths of a peer apart (RFC 7911); 0 where there is but one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nlri {
    /// The prefix.
    pub prefix: Ipv4Net,
    /// The path's number.
    pub path_id: u32,
}

/// Something that a collector recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// When.
    pub at: Timestamp,
    /// The collector, where the file names it.
    pub collector: Option<Arc<str>>,
    /// What.
    pub what: What,
}

/// What a collector recorded.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The tables of its peers at one time.
    Table(Table),
    /// What a peer announced or withdrew of the block.
    Update(Peer, Update),
    /// The session with a peer came up, or went down.
    Session {
        /// The peer.
        peer: Peer,
        /// Whether it is up.
        up: bool,
    },
    /// What a service counted over all its collectors, without saying who the peers are.
    Aggregate(Aggregate),
    /// The collector recorded nothing since then, or a file of that time is missing: what happened is not known.
    Silence {
        /// Since when.
        since: Timestamp,
    },
    /// A peer whose session came up has sent its whole table.
    Learned {
        /// The peer.
        peer: Peer,
        /// The size of its table, where the file has all of it.
        size: Option<Size>,
        /// It sent nothing, and only an OPEN showed that the session came up: what it knew before still holds.
        keeps: bool,
    },
}

/// What a peer announced or withdrew in one message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Update {
    /// What it reaches, and by which path.
    pub announced: Vec<Nlri>,
    /// The path of what is announced.
    pub path: Option<Arc<AsPath>>,
    /// What it does not reach any more.
    pub withdrawn: Vec<Nlri>,
    /// Whether the collector is in the peer's own AS.
    pub internal: bool,
}

/// The tables of a collector's peers at one time, as far as they touch the block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// The peers that have a table.
    pub peers: Vec<TablePeer>,
    /// Their routes, each with the place of its peer in `peers`.
    pub routes: Vec<TableRoute>,
    /// How much of the collector's tables it is.
    pub extent: Extent,
    /// Of a part: a prefix of which all routes are in it, so that a peer that is listed without one has none.
    pub about: Option<Ipv4Net>,
}

/// How much of the tables of a collector a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// Everything: a peer that is not in it has no session.
    Whole,
    /// All routes to the block: a peer that is not in it has none of these.
    Block,
    /// Some routes.
    #[default]
    Part,
}

impl Table {
    /// Gives the peers the sizes of their tables. A file that has routes to the block alone says nothing of these, nor
    /// does one that is cut off.
    pub(super) fn settle(&mut self, is_whole: bool, sizes: &[Size]) {
        let prefixes: BTreeSet<Ipv4Net> =
            self.routes.iter().map(|route| route.nlri.prefix).collect();
        let most = sizes.iter().map(|size| size.prefixes).max().unwrap_or_default();
        let has_others = usize::try_from(most).is_ok_and(|most| most > prefixes.len());
        self.extent = match (is_whole, has_others) {
            (true, true) => Extent::Whole,
            (true, false) => Extent::Block,
            (false, _) => Extent::Part,
        };
        if self.extent == Extent::Whole {
            for (peer, size) in self.peers.iter_mut().zip(sizes) {
                peer.size = Some(*size);
            }
        }
    }
}

/// A peer of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TablePeer {
    /// The peer.
    pub peer: Peer,
    /// How large its table is, where the file has all of it.
    pub size: Option<Size>,
}

/// How many IPv4 prefixes a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// How many.
    pub prefixes: u32,
    /// Whether a default route is one of them.
    pub has_default: bool,
}

/// A route of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRoute {
    /// The place of the peer.
    pub peer: usize,
    /// The prefix.
    pub nlri: Nlri,
    /// The path.
    pub path: Arc<AsPath>,
    /// Since when the peer has it, where that is known.
    pub since: Option<Timestamp>,
}

/// What a service counted over its collectors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Aggregate {
    /// The prefix; none is the whole block.
    pub scope: Option<Ipv4Net>,
    /// How many peers see it by each AS next to the origin.
    pub upstreams: Vec<(u32, f64)>,
    /// How many peers with a full table see it, and how many there are. Twice 0: no peer sees it, and nobody counted them.
    pub seeing: Option<(f64, f64)>,
    /// Its origins.
    pub origins: Vec<u32>,
    /// Until when that held.
    pub until: Option<Timestamp>,
}
