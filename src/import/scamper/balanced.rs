//! The graph that scamper draws of a path with load balancers, as tries by their TTL.
//!
//! Its flows take different ways, so what comes of it is one trace without a flow, with all
//! addresses of a TTL side by side.

use std::collections::{BTreeSet, HashMap};
use std::net::Ipv4Addr;

use super::measurement::{Asked, Reply};
use crate::import::values::Address;

/// The graph.
#[derive(Debug, Default)]
pub(super) struct Balanced {
    /// The TTL of the first node.
    pub(super) first: u8,
    pub(super) nodes: Vec<Option<Address>>,
    pub(super) links: Vec<Link>,
}

/// Probes from a node towards what is some hops behind it.
#[derive(Debug, Default)]
pub(super) struct Link {
    /// The number of the node it leaves.
    pub(super) from: usize,
    /// How many silent hops are in between.
    pub(super) over: u8,
    /// Who is at its end; nothing is silence.
    pub(super) to: Option<Address>,
    pub(super) probes: Vec<Asked>,
}

impl Balanced {
    /// The probes, and the TTLs that are known to be silent without them.
    pub(super) fn tries(mut self) -> (Vec<Asked>, Vec<u8>) {
        let ends = self.ends();
        let mut tries = self.beginning(&ends);
        let asked = self.silent(&ends);
        for link in &mut self.links {
            let to = link.to;
            tries.extend(link.probes.drain(..).map(|probe| {
                let reply = probe.reply.map(|reply| Reply { from: reply.from.or(to), ..reply });
                Asked { reply, ..probe }
            }));
        }
        tries.sort_by_key(|one| (one.ttl, one.sent));
        (tries, asked.into_iter().collect())
    }

    /// Who is at the end of a link, and the lowest TTL that was answered there.
    fn ends(&self) -> HashMap<Ipv4Addr, Option<u8>> {
        let mut ends = HashMap::new();
        for link in &self.links {
            let Some(Address::V4(to)) = link.to else { continue };
            let answered = link.probes.iter().filter(|one| one.reply.is_some());
            let lowest: &mut Option<u8> = ends.entry(to).or_default();
            *lowest = answered.map(|one| one.ttl).chain(*lowest).min();
        }
        ends
    }

    /// The nodes that no link leads to: the first ones. No probe is known of them, so at which TTL they answered
    /// is not in the record; they count where nobody else answered.
    fn beginning(&self, ends: &HashMap<Ipv4Addr, Option<u8>>) -> Vec<Asked> {
        let mut probes = self.links.iter().flat_map(|link| &link.probes);
        if probes.any(|probe| probe.reply.is_some()) {
            return Vec::new();
        }
        let first = self.nodes.iter().filter(|node| match node {
            Some(Address::V4(node)) => !ends.contains_key(node),
            Some(Address::V6) | None => false,
        });
        let reply = |from| Some(Reply { from, ..Reply::default() });
        first
            .map(|node| Asked { ttl: self.first, reply: reply(*node), ..Asked::default() })
            .collect()
    }

    /// The TTLs of links that are silent, and of which no probe is known.
    fn silent(&self, ends: &HashMap<Ipv4Addr, Option<u8>>) -> BTreeSet<u8> {
        let silent = self.links.iter().filter(|link| link.to.is_none() && link.probes.is_empty());
        silent
            .filter_map(|link| self.ttl(link.from, ends)?.checked_add(link.over.checked_add(1)?))
            .collect()
    }

    fn ttl(&self, node: usize, ends: &HashMap<Ipv4Addr, Option<u8>>) -> Option<u8> {
        match self.nodes.get(node)?.as_ref()? {
            Address::V4(node) => ends.get(node).copied().unwrap_or(Some(self.first)),
            Address::V6 => None,
        }
    }
}
