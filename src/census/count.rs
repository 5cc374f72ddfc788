//! How many live: per routed prefix, and in the block.

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::Ipv4Net;

use crate::targets::Block;

use super::PingMethod;
use super::host::{Host, median};

/// The counts of a census.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCounts {
    /// The block as a whole.
    pub block: HostCount,
    /// Its routed prefixes, in order; those of which nobody was asked are left out.
    pub routed: Vec<HostCount>,
}

/// The counts of one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCount {
    /// The addresses it is about.
    pub scope: Ipv4Net,
    /// How many addresses were asked.
    pub targets: usize,
    /// How many of them live, beyond doubt.
    pub alive: usize,
    /// By which means these were found.
    pub by: BTreeMap<PingMethod, usize>,
    /// How many answer, but not for themselves as it seems.
    pub implausible: usize,
    /// The median of the live hosts' median round trips.
    pub rtt: Option<Duration>,
    /// Packets sent to them; of a connection only the first.
    pub packets: usize,
}

impl HostCounts {
    /// The counts of `hosts`; those outside the block, and those who were not asked, count nowhere.
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
            *by.entry(found.liveness.means()).or_default() += 1;
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
