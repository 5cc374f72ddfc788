//! What the traces of one routed prefix have shown together, to know where one of them should have
//! got further.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;

use super::course::Router;

/// How many traces must end at a hop before it is taken for a border. More than chance or a router
/// that is mute for a moment brings about, and few beside the 256 of a routed prefix.
const SEVERAL: u32 = 8;

/// The foreign routers seen by all traces of one routed prefix.
#[derive(Debug, Clone, Default)]
pub(super) struct Neighbours {
    /// How many traces had this address for their last foreign hop.
    ends: HashMap<Ipv4Addr, u32>,
    /// Addresses behind which another foreign router answered in some trace.
    passed: HashSet<Ipv4Addr>,
    /// The highest TTL that ran out at a foreign router.
    furthest: u8,
}

impl Neighbours {
    /// A trace has got as far as `routers`, nearest first.
    pub(super) fn advanced(&mut self, routers: &[Router]) {
        let Some((_, before)) = routers.split_last() else { return };
        self.passed.extend(before.iter().map(|router| router.address));
        let expired = routers.iter().filter(|router| !router.refuses);
        self.furthest = expired.map(|router| router.ttl.get()).fold(self.furthest, u8::max);
    }

    /// A trace has got through, with `last` for its last foreign router. Says whether that makes it
    /// a border, which it was not before.
    pub(super) fn got_through(&mut self, last: Ipv4Addr) -> bool {
        let ends = self.ends.entry(last).or_default();
        *ends += 1;
        *ends == SEVERAL
    }

    /// Whether several traces ended at `address` and none went on behind it.
    pub(super) fn confirm(&self, address: Ipv4Addr) -> bool {
        !self.passed.contains(&address)
            && self.ends.get(&address).is_some_and(|ends| *ends >= SEVERAL)
    }

    /// The highest TTL that ran out at a foreign router, or 0.
    pub(super) fn furthest(&self) -> u8 {
        self.furthest
    }
}
