//! What a network looks like: the vocabulary that `notation` writes, `build` makes real and `walk`
//! reads.
//!
//! All targets share the trunk. Behind it every prefix has one road, or several with weights,
//! between which the trunk's last router balances per flow. Each road is a chain of routers of its
//! own, and says at its end what becomes of the packets.

use std::net::Ipv4Addr;

use anyhow::Result;
use ipnet::Ipv4Net;

/// All addresses that are traced; an address in it is home, any other is foreign.
const BLOCK: (Ipv4Addr, u8) = (Ipv4Addr::new(175, 45, 176, 0), 22);

/// Where the probes leave from.
pub(crate) const VANTAGE: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 2);

/// How readily a router says "time exceeded".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Answers,
    Silent,
    /// The kernel's `icmp_ratelimit`: one answer in so many milliseconds, six at once.
    OncePerMillis(u32),
}

/// One router. A silent one needs no address.
#[derive(Clone, Debug)]
pub(crate) struct Hop {
    pub(crate) address: Option<Ipv4Addr>,
    pub(crate) manner: Manner,
}

/// What becomes of packets at the end of a road.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Hosts with these last octets are alive, the other addresses are silent.
    Home(Vec<u8>),
    /// The last hop answers "administratively prohibited", even where the TTL ends on it.
    Prohibited,
    /// The last hop answers "host unreachable", even where the TTL ends on it.
    Unreachable,
    /// Behind the last hop is a link on which nobody answers ARP: "host unreachable", later.
    DeadLink,
    /// The last two hops send the packets to each other.
    Loop,
}

#[derive(Clone, Debug)]
pub(crate) struct Road {
    pub(crate) prefix: Ipv4Net,
    pub(crate) weight: u32,
    pub(crate) hops: Vec<Hop>,
    pub(crate) end: End,
}

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) trunk: Vec<Hop>,
    pub(crate) roads: Vec<Road>,
}

impl Scenario {
    /// The prefixes that are routed, each once.
    pub(crate) fn prefixes(&self) -> Vec<Ipv4Net> {
        let mut prefixes: Vec<_> = self.roads.iter().map(|road| road.prefix).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        prefixes
    }

    /// The roads of one prefix: more than one where flows are balanced.
    pub(crate) fn roads_of(&self, prefix: Ipv4Net) -> impl Iterator<Item = &Road> {
        self.roads.iter().filter(move |road| road.prefix == prefix)
    }

    /// The roads that a packet to `target` may take.
    pub(crate) fn roads_to(&self, target: Ipv4Addr) -> impl Iterator<Item = &Road> {
        let longest = self
            .prefixes()
            .into_iter()
            .filter(|prefix| prefix.contains(&target))
            .max_by_key(Ipv4Net::prefix_len);
        longest.into_iter().flat_map(|prefix| self.roads_of(prefix))
    }
}

pub(crate) fn block() -> Result<Ipv4Net> {
    Ok(Ipv4Net::new(BLOCK.0, BLOCK.1)?)
}

pub(crate) fn is_home(address: Ipv4Addr) -> bool {
    let mask = u32::MAX << (32 - BLOCK.1);
    u32::from(address) & mask == u32::from(BLOCK.0)
}

/// The hosts of a road that are alive: the given last octets in every /24 of its prefix.
pub(crate) fn hosts(prefix: Ipv4Net, octets: &[u8]) -> Vec<Ipv4Addr> {
    let first = u32::from(prefix.network());
    let last = u32::from(prefix.broadcast());
    (first..=last)
        .map(Ipv4Addr::from)
        .filter(|address| octets.contains(&address.octets()[3]))
        .collect()
}
