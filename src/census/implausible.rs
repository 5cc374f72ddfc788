//! Answers that cannot be the targets' own: proxies and other boxes on the way that answer for
//! everything.
//!
//! Nothing in a single answer tells. But real networks are mostly empty, and a host is about as far
//! away as its neighbours are.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::targets::Block;

use super::host::{Found, Host, Implausible};
use super::{Liveness, PingMethod};

/// So many addresses of a routed prefix must have been asked before their likeness means anything.
const FEWEST: usize = 16;
/// Nine of ten answers alike are too many: the first and the last address of a network are nobody's.
const SHARE: (usize, usize) = (9, 10);
/// No path is longer.
const LONGEST: u8 = 64;
/// So many neighbours say how far away hosts are.
const NEIGHBOURS: usize = 3;

/// Marks the hosts whose answers are not taken for their own. `source` is where the questions left
/// from.
pub fn mark_implausible(hosts: &mut [Host], block: &Block, source: Ipv4Addr) {
    let prefixes = Prefixes::of(hosts, block);
    for host in hosts {
        let Some(found) = host.found else { continue };
        let Some(prefix) = block.routed_prefix(host.target).and_then(|net| prefixes.0.get(&net))
        else {
            continue;
        };
        host.implausible = if prefix.is_alike(&found) {
            Some(Implausible::Alike)
        } else if !block.contains(source) && prefix.is_elsewhere(&found) {
            // A vantage inside the block is as near as can be.
            Some(Implausible::Distance)
        } else {
            None
        };
    }
}

struct Prefixes(BTreeMap<Ipv4Net, Prefix>);

/// What the answers of a routed prefix have in common.
#[derive(Default)]
struct Prefix {
    /// The targets that were asked by each means.
    asked: BTreeMap<PingMethod, usize>,
    /// How often each answer came.
    alike: BTreeMap<(Liveness, Option<u8>), usize>,
    /// From how far away answers came, nearest first.
    distances: Vec<u8>,
}

impl Prefixes {
    fn of(hosts: &[Host], block: &Block) -> Self {
        let mut prefixes: BTreeMap<Ipv4Net, Prefix> = BTreeMap::new();
        for host in hosts {
            let Some(net) = block.routed_prefix(host.target) else { continue };
            prefixes.entry(net).or_default().add(host);
        }
        for prefix in prefixes.values_mut() {
            prefix.distances.sort_unstable();
        }
        Self(prefixes)
    }
}

impl Prefix {
    fn add(&mut self, host: &Host) {
        if host.asked.is_none() {
            return;
        }
        // Who was found by one means was not asked by those that follow.
        let last = host.found.map_or(PingMethod::Udp, |found| found.liveness.means());
        for means in PingMethod::ALL.into_iter().filter(|means| *means <= last) {
            *self.asked.entry(means).or_default() += 1;
        }
        if let Some(found) = host.found {
            *self.alike.entry((found.liveness, found.reply_ttl)).or_default() += 1;
            self.distances.extend(found.reply_ttl.map(distance));
        }
    }

    fn is_alike(&self, found: &Found) -> bool {
        let asked = self.asked.get(&found.liveness.means()).copied().unwrap_or_default();
        let alike = self.alike.get(&(found.liveness, found.reply_ttl)).copied().unwrap_or_default();
        asked >= FEWEST && alike * SHARE.1 >= asked * SHARE.0
    }

    /// No router on the way, further than any path, or not half as far away as its neighbours.
    fn is_elsewhere(&self, found: &Found) -> bool {
        let Some(distance) = found.reply_ttl.map(distance) else { return false };
        let usual = self.distances.get(self.distances.len() / 2).copied().unwrap_or_default();
        let enough = self.distances.len() > NEIGHBOURS;
        distance == 0 || distance > LONGEST || enough && distance < usual.div_ceil(2)
    }
}

/// How many routers an answer has passed, by the TTL with which it arrived: systems begin with 32, 64,
/// 128 or 255.
fn distance(reply_ttl: u8) -> u8 {
    let first = [32, 64, 128].into_iter().find(|first| reply_ttl <= *first).unwrap_or(u8::MAX);
    first - reply_ttl
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::census::Try;
    use crate::probe::Moment;

    const SOURCE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

    fn block() -> Block {
        let prefix = Ipv4Net::new_assert(Ipv4Addr::new(175, 45, 176, 0), 22);
        Block { prefix, routed_length: 24, usual_gap: 3, holder: "Star JV".into(), asn: 131_279 }
    }

    /// The hosts of a /24 of which the first so many answer, with these TTLs in turn.
    fn hosts(count: u8, answer: u8, liveness: Liveness, ttls: &[Option<u8>]) -> Vec<Host> {
        let found = |place: u8| Found {
            liveness,
            reply_ttl: ttls.get(usize::from(place) % ttls.len()).copied().flatten(),
        };
        let host = |place: u8| {
            let mut host = Host::new(Ipv4Addr::new(175, 45, 176, place));
            host.asked = Some(Moment::START);
            host.found = (place < answer).then(|| found(place));
            host.tries = vec![Try {
                sent: Moment::START,
                port: 0,
                left: true,
                rtt: (place < answer).then_some(Duration::from_millis(1)),
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
    fn a_prefix_that_answers_everywhere_alike_is_one_box() {
        assert_eq!(marked(hosts(16, 16, Liveness::Echo, &[Some(52)])), [Implausible::Alike; 16]);
        assert_eq!(marked(hosts(20, 18, Liveness::Open(80), &[None])), [Implausible::Alike; 18]);
    }

    #[test]
    fn few_targets_many_silent_ones_and_different_answers_are_no_box() {
        assert_eq!(marked(hosts(15, 15, Liveness::Echo, &[Some(52)])), []);
        assert_eq!(marked(hosts(20, 17, Liveness::Echo, &[Some(52)])), []);
        assert_eq!(marked(hosts(20, 20, Liveness::Echo, &[Some(52), Some(115), Some(242)])), []);
    }

    /// Of those that echo requests did not find, all accept connections; the others are real.
    #[test]
    fn a_box_for_one_means_leaves_what_another_has_found() {
        let mut all = hosts(40, 40, Liveness::Open(80), &[None]);
        for host in &mut all[..4] {
            host.found = Some(Found { liveness: Liveness::Echo, reply_ttl: Some(52) });
        }
        mark_implausible(&mut all, &block(), SOURCE);
        assert!(all[..4].iter().all(Host::is_alive));
        assert!(all[4..].iter().all(|host| host.implausible == Some(Implausible::Alike)));
    }

    #[test]
    fn no_host_is_here_behind_the_moon_or_far_before_its_neighbours() {
        let mut all = hosts(40, 6, Liveness::Echo, &[Some(52)]);
        for (place, ttl) in [(0, 64), (1, 150), (2, 60)] {
            all[place].found = Some(Found { liveness: Liveness::Echo, reply_ttl: Some(ttl) });
        }
        mark_implausible(&mut all, &block(), SOURCE);
        let suspicions: Vec<_> = all.iter().take(6).map(|host| host.implausible).collect();
        let elsewhere = Some(Implausible::Distance);
        assert_eq!(suspicions, [elsewhere, elsewhere, elsewhere, None, None, None]);
    }

    #[test]
    fn from_inside_the_block_everything_is_near() {
        let mut all = hosts(40, 6, Liveness::Echo, &[Some(64)]);
        mark_implausible(&mut all, &block(), Ipv4Addr::new(175, 45, 176, 77));
        assert!(all.iter().all(|host| host.implausible.is_none()));
    }
}
