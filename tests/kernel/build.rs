//! Makes a scenario real: one namespace per router, joined by veth pairs into a tree whose root is
//! the vantage.
//!
//! A router sends errors from the address of the interface towards the vantage, so that interface
//! bears the hop's address and no other does. Both ends of a link have one MAC address and do no
//! ARP: links need no addresses of their own, and the neighbour table, whose size all namespaces
//! share, gets one entry per link instead of one per target.

use anyhow::Result;
use ipnet::Ipv4Net;

use super::namespace::Namespace;
use super::router;
use super::scenario::{End, Hop, Manner, Road, Scenario, VANTAGE, block, hosts};

const MAC: &str = "02:00:00:00:00:01";

/// An address that nobody has: on a link without ARP it means "the other end".
const OTHER_END: &str = "via 169.254.0.1";

/// The vantage and its home: nothing to see, and no reason to be silent.
const PLAIN: Hop = Hop { address: None, manner: Manner::Answers };

/// A network of kernel routers; it ends when it is dropped. The vantage is node 0, and the link
/// from a router to node N is called `dN` there and `up` in N.
pub(crate) struct Network {
    nodes: Vec<Namespace>,
    /// The nodes that are home, with their prefixes.
    homes: Vec<(Ipv4Net, usize)>,
}

impl Network {
    pub(crate) fn build(scenario: &Scenario) -> Result<Self> {
        let vantage = router::new(&PLAIN)?;
        let mut network = Self { nodes: vec![vantage], homes: Vec::new() };
        let edge = network.pave_trunk(&scenario.trunk)?;
        for prefix in scenario.prefixes() {
            let heads: Result<Vec<_>> = scenario
                .roads_of(prefix)
                .map(|road| Ok((road.weight, network.pave(edge, road)?)))
                .collect();
            network.lead(edge, &prefix.to_string(), &heads?)?;
        }
        network.nodes.iter().try_for_each(Namespace::ready)?;
        Ok(network)
    }

    pub(crate) fn vantage(&self) -> &Namespace {
        &self.nodes[0]
    }

    /// The hosts of a prefix; each road to it has its own.
    pub(crate) fn homes(&self, prefix: &str) -> Result<Vec<&Namespace>> {
        let prefix: Ipv4Net = prefix.parse()?;
        let homes = self.homes.iter().filter(|(home, _)| *home == prefix);
        Ok(homes.map(|(_, node)| &self.nodes[*node]).collect())
    }

    /// Builds what all targets share and returns its last router.
    fn pave_trunk(&mut self, trunk: &[Hop]) -> Result<usize> {
        let mut edge = 0;
        for hop in trunk {
            let next = self.attach(edge, hop)?;
            if edge == 0 {
                self.nodes[edge].ip(&[format!("addr add {VANTAGE}/32 dev d{next}")])?;
                self.lead(edge, "default", &[(1, next)])?;
            } else {
                self.lead(edge, &block()?.to_string(), &[(1, next)])?;
            }
            edge = next;
        }
        Ok(edge)
    }

    /// Builds a road behind `edge` and returns its first router.
    fn pave(&mut self, edge: usize, road: &Road) -> Result<usize> {
        let prefix = road.prefix.to_string();
        let head = self.nodes.len();
        let mut last = edge;
        for hop in &road.hops {
            let next = self.attach(last, hop)?;
            if last != edge {
                self.lead(last, &prefix, &[(1, next)])?;
            }
            last = next;
        }
        self.finish(last, road)?;
        Ok(head)
    }

    fn finish(&mut self, last: usize, road: &Road) -> Result<()> {
        let prefix = road.prefix.to_string();
        let command = match &road.end {
            End::Home(alive) => return self.settle(last, road, alive),
            End::DeadLink => return router::dead_link(&self.nodes[last], &prefix),
            End::Prohibited => format!("route add prohibit {prefix}"),
            End::Unreachable => format!("route add unreachable {prefix}"),
            End::Loop => format!("route add {prefix} dev up {OTHER_END} onlink"),
        };
        self.nodes[last].ip(&[command])
    }

    /// The home network: hosts that are alive, and silence from all others.
    fn settle(&mut self, last: usize, road: &Road, alive: &[u8]) -> Result<()> {
        let prefix = road.prefix.to_string();
        let home = self.attach(last, &PLAIN)?;
        self.homes.push((road.prefix, home));
        self.lead(last, &prefix, &[(1, home)])?;
        let mut commands = vec![format!("route add blackhole {prefix}")];
        for host in hosts(road.prefix, alive) {
            commands.push(format!("addr add {host}/32 dev lo"));
        }
        self.nodes[home].ip(&commands)
    }

    /// Adds a router behind `parent`, with a route back to the vantage and none onward.
    fn attach(&mut self, parent: usize, hop: &Hop) -> Result<usize> {
        let index = self.nodes.len();
        let parent = &self.nodes[parent];
        let node = router::new(hop)?;
        let mut commands = vec![
            format!(
                "link add name up address {MAC} type veth \
                 peer name d{index} address {MAC} netns {}",
                parent.path()?
            ),
            "link set dev up arp off up".to_owned(),
            format!("route add {VANTAGE} dev up {OTHER_END} onlink"),
        ];
        if let Some(address) = hop.address {
            commands.push(format!("addr add {address}/32 dev up"));
        }
        node.ip(&commands)?;
        parent.ip(&[format!("link set dev d{index} arp off up")])?;
        self.nodes.push(node);
        Ok(index)
    }

    /// Routes `prefix` from a node to its children, balanced per flow where they are several.
    fn lead(&self, node: usize, prefix: &str, ways: &[(u32, usize)]) -> Result<()> {
        let hops: Vec<_> = ways
            .iter()
            .map(|(weight, child)| {
                format!("nexthop {OTHER_END} dev d{child} weight {weight} onlink")
            })
            .collect();
        self.nodes[node].ip(&[format!("route add {prefix} {}", hops.join(" "))])
    }
}
