//! How many targets are alive: per routed prefix, and in the block.

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::Ipv4Net;

use crate::targets::Block;
use crate::trace::FEWEST_ASKED;

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
    /// Whether so many targets seem alive as in no real network: one box may answer for all of them. Where its
    /// answers are lost now and then, they are not alike enough to be known for a box's.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.targets >= FEWEST_ASKED && self.alive * 2 >= self.targets
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    /// A box that answers for 256 addresses and loses 15 of 100 answers leaves 218 alive.
    #[test]
    fn half_of_the_targets_alive_are_too_many() {
        for (alive, targets, is_full) in [
            (218, 256, true),
            (128, 256, true),
            (127, 256, false),
            (15, 15, false),
            (8, 16, true),
            (0, 0, false),
        ] {
            let count = HostCount { targets, alive, ..HostCount::of(Ipv4Net::default(), &[]) };
            assert_eq!(count.is_full(), is_full, "{alive} of {targets}");
        }
    }
}
