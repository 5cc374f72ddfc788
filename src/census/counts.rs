//! How many targets are alive: per routed prefix, and in the block.

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::Ipv4Net;

use crate::targets::Block;

use super::host::{Host, median};
use super::liveness::PingMethod;

/// The counts of a census.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCounts {
    /// The whole block.
    pub block: HostCount,
    /// Its routed prefixes, in order; those of which no target was pinged are left out.
    pub routed: Vec<HostCount>,
}

/// The counts of one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCount {
    /// The addresses it is about.
    pub scope: Ipv4Net,
    /// How many addresses were pinged.
    pub targets: usize,
    /// How many of them are alive, beyond doubt.
    pub alive: usize,
    /// By which methods these were found.
    pub by: BTreeMap<PingMethod, usize>,
    /// How many reply, but implausibly.
    pub implausible: usize,
    /// The median of the median round trips of those alive.
    pub rtt: Option<Duration>,
    /// Packets sent to them; of a connection only the first.
    pub packets: usize,
}

impl HostCounts {
    /// The counts of `hosts`. Those outside the block, and those that were not pinged, count nowhere.
    #[must_use]
    pub fn of(hosts: &[Host], block: &Block) -> Self {
        let mut routed: BTreeMap<Ipv4Net, Vec<&Host>> = BTreeMap::new();
        for host in hosts.iter().filter(|host| host.asked.is_some()) {
            if let Some(scope) = block.routed_prefix(host.target) {
                routed.entry(scope).or_default().push(host);
            }
        }
        let all: Vec<&Host> = routed.values().flatten().copied().collect();
        Self {
            block: HostCount::of(block.prefix, &all),
            routed: routed.into_iter().map(|(scope, hosts)| HostCount::of(scope, &hosts)).collect(),
        }
    }

    /// Those of one scope.
    #[must_use]
    pub fn scope(&self, scope: Ipv4Net) -> Option<&HostCount> {
        std::iter::once(&self.block).chain(&self.routed).find(|count| count.scope == scope)
    }
}

impl HostCount {
    fn of(scope: Ipv4Net, hosts: &[&Host]) -> Self {
        let alive: Vec<&&Host> = hosts.iter().filter(|host| host.is_alive()).collect();
        let mut by = BTreeMap::new();
        for found in alive.iter().filter_map(|host| host.found) {
            *by.entry(found.liveness.method()).or_default() += 1;
        }
        let mut rtts: Vec<Duration> =
            alive.iter().filter_map(|host| Some(host.latency()?.median)).collect();
        rtts.sort_unstable();
        Self {
            scope,
            targets: hosts.len(),
            alive: alive.len(),
            by,
            implausible: hosts.iter().filter(|host| host.implausible.is_some()).count(),
            rtt: median(&rtts),
            packets: hosts.iter().map(|host| host.packets).sum(),
        }
    }
}
