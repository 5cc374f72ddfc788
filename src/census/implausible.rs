//! Replies that cannot be the targets' own: proxies and other middleboxes that reply for every address.
//!
//! A single reply does not show that. But real networks are mostly empty, and a host is about as far
//! away as its neighbours are.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::targets::Block;
use crate::trace::is_one_box;

use super::host::{Found, Host, Implausible};
use super::liveness::PingMethod;

/// No path is longer.
const LONGEST: u8 = 64;
/// More replies than this show how far away the hosts of a prefix are.
const NEARBY: usize = 3;

/// Marks the hosts whose replies are not taken for their own. `source` is where the pings left from.
pub fn mark_implausible(hosts: &mut [Host], block: &Block, source: Ipv4Addr) {
    let mut prefixes: BTreeMap<Ipv4Net, PrefixReplies> = BTreeMap::new();
    for host in hosts.iter().filter(|host| host.asked.is_some()) {
        if let Some(prefix) = block.routed_prefix(host.target) {
            prefixes.entry(prefix).or_default().add(host);
        }
    }
    for prefix in prefixes.values_mut() {
        prefix.distances.sort_unstable();
    }
    for host in hosts {
        let prefix = block.routed_prefix(host.target).and_then(|prefix| prefixes.get(&prefix));
        let Some((found, prefix)) = host.found.zip(prefix) else { continue };
        host.implausible = if prefix.is_alike(&found) {
            Some(Implausible::Alike)
        } else if !block.contains(source) && prefix.is_elsewhere(&found) {
            // A vantage inside the block may be as near as can be.
            Some(Implausible::Distance)
        } else {
            None
        };
    }
}

/// What the replies of a routed prefix have in common.
#[derive(Default)]
struct PrefixReplies {
    /// How many targets were pinged by each method.
    pinged: BTreeMap<PingMethod, usize>,
    /// How many of them replied. Not by port or TTL: loss decides which port finds a host, and boxes
    /// that share the work have TTLs of their own.
    replied: BTreeMap<PingMethod, usize>,
    /// From how far away the replies came, nearest first.
    distances: Vec<u8>,
}

impl PrefixReplies {
    fn add(&mut self, host: &Host) {
        // A target that one method found was not pinged by those that follow.
        let last = host.found.map_or(PingMethod::Udp, |found| found.liveness.method());
        for method in PingMethod::ALL.into_iter().filter(|method| *method <= last) {
            *self.pinged.entry(method).or_default() += 1;
        }
        if let Some(found) = host.found {
            *self.replied.entry(found.liveness.method()).or_default() += 1;
            self.distances.extend(found.reply_ttl.map(distance));
        }
    }

    fn is_alike(&self, found: &Found) -> bool {
        let pinged = self.pinged.get(&found.liveness.method()).copied().unwrap_or_default();
        let replied = self.replied.get(&found.liveness.method()).copied().unwrap_or_default();
        is_one_box(replied, pinged)
    }

    /// No router on the way, further than any path, or not half as far away as its neighbours.
    fn is_elsewhere(&self, found: &Found) -> bool {
        let Some(distance) = found.reply_ttl.map(distance) else { return false };
        let usual = self.distances.get(self.distances.len() / 2).copied().unwrap_or_default();
        let enough = self.distances.len() > NEARBY;
        distance == 0 || distance > LONGEST || enough && distance < usual.div_ceil(2)
    }
}

/// How many routers a reply has passed, by the TTL with which it arrived. Systems begin with 32, 64,
/// 128 or 255.
fn distance(reply_ttl: u8) -> u8 {
    let first = [32, 64, 128].into_iter().find(|first| reply_ttl <= *first).unwrap_or(u8::MAX);
    first - reply_ttl
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::census::Liveness;
    use crate::census::host::{Ping, PingAnswer};
    use crate::probe::{Moment, Stamp};

    const SOURCE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

    fn block() -> Block {
        let prefix = Ipv4Net::new_assert(Ipv4Addr::new(175, 45, 176, 0), 22);
        Block { prefix, routed_length: 24, usual_gap: 3, holder: "Star JV".into(), asn: 131_279 }
    }

    /// The hosts of a /24. The first so many reply, with these TTLs in turn.
    fn hosts(count: u8, alive: u8, liveness: Liveness, ttls: &[Option<u8>]) -> Vec<Host> {
        let found = |place: u8| Found {
            liveness,
            reply_ttl: ttls.get(usize::from(place) % ttls.len()).copied().flatten(),
        };
        let host = |place: u8| {
            let mut host = Host::new(Ipv4Addr::new(175, 45, 176, place));
            host.asked = Some(Moment::START);
            host.found = (place < alive).then(|| found(place));
            host.pings = vec![Ping {
                sent: Stamp::default(),
                port: 0,
                left: true,
                answer: if place < alive {
                    PingAnswer::After(Duration::from_millis(1))
                } else {
                    PingAnswer::Silence
                },
            }];
            host
        };
        (0..count).map(host).collect()
    }

    fn marked(mut hosts: Vec<Host>) -> Vec<Implausible> {
        mark_implausible(&mut hosts, &block(), SOURCE);
        hosts.iter().filter_map(|host| host.implausible).collect()
    }

    #[test]
    fn a_prefix_that_replies_alike_everywhere_is_one_middlebox() {
        assert_eq!(marked(hosts(16, 16, Liveness::Echo, &[Some(52)])), [Implausible::Alike; 16]);
        assert_eq!(marked(hosts(20, 18, Liveness::Open(80), &[None])), [Implausible::Alike; 18]);
    }

    #[test]
    fn few_targets_and_many_silent_ones_are_no_middlebox() {
        assert_eq!(marked(hosts(15, 15, Liveness::Echo, &[Some(52)])), []);
        assert_eq!(marked(hosts(20, 17, Liveness::Echo, &[Some(52)])), []);
    }

    /// With loss it is chance which port finds a host.
    #[test]
    fn boxes_with_other_ttls_and_ports_are_middleboxes_all_the_same() {
        let two = hosts(20, 20, Liveness::Echo, &[Some(52), Some(115)]);
        assert_eq!(marked(two), [Implausible::Alike; 20]);
        let mut all = hosts(20, 20, Liveness::Open(80), &[None]);
        for host in all.iter_mut().step_by(3) {
            host.found = Some(Found { liveness: Liveness::Open(443), reply_ttl: None });
        }
        assert_eq!(marked(all), [Implausible::Alike; 20]);
    }

    /// All that echo requests did not find accept connections. The others are real.
    #[test]
    fn a_middlebox_for_one_method_leaves_the_hosts_of_another() {
        let mut all = hosts(40, 40, Liveness::Open(80), &[None]);
        for host in &mut all[..4] {
            host.found = Some(Found { liveness: Liveness::Echo, reply_ttl: Some(52) });
        }
        mark_implausible(&mut all, &block(), SOURCE);
        assert!(all[..4].iter().all(Host::is_alive));
        assert!(all[4..].iter().all(|host| host.implausible == Some(Implausible::Alike)));
    }

    #[test]
    fn no_host_is_here_too_far_away_or_far_nearer_than_its_neighbours() {
        let mut all = hosts(40, 6, Liveness::Echo, &[Some(52)]);
        for (place, ttl) in [(0, 64), (1, 150), (2, 60)] {
            all[place].found = Some(Found { liveness: Liveness::Echo, reply_ttl: Some(ttl) });
        }
        mark_implausible(&mut all, &block(), SOURCE);
        let marks: Vec<_> = all.iter().take(6).map(|host| host.implausible).collect();
        let elsewhere = Some(Implausible::Distance);
        assert_eq!(marks, [elsewhere, elsewhere, elsewhere, None, None, None]);
    }

    #[test]
    fn from_inside_the_block_everything_is_near() {
        let mut all = hosts(40, 6, Liveness::Echo, &[Some(64)]);
        mark_implausible(&mut all, &block(), Ipv4Addr::new(175, 45, 176, 77));
        assert!(all.iter().all(|host| host.implausible.is_none()));
    }
}
