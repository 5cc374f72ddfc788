//! What the traces of one routed prefix have shown together, to know where one of them should have
//! got further.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::trace::Router;

use super::ProbeTtl;
use super::rate_limit::RateLimit;
use super::trace_state::TraceState;

/// How many traces must end at a hop before it is taken for a border. More than chance or a router
/// that is mute for a moment brings about, and few beside the 256 of a routed prefix.
const SEVERAL: u32 = 4;

/// The foreign routers seen by all traces of one routed prefix.
#[derive(Debug, Clone, Default)]
pub(super) struct PrefixKnowledge {
    /// How many traces had this address for their last foreign hop.
    ends: BTreeMap<Ipv4Addr, u32>,
    /// How many had their last foreign hop at this TTL.
    depths: BTreeMap<ProbeTtl, u32>,
    /// Addresses behind which another foreign router answered in some trace, and how far behind at
    /// most.
    passed: BTreeMap<Ipv4Addr, u8>,
    /// The highest TTL that ran out at a foreign router.
    furthest: u8,
    /// How well the hops at the borders' TTLs answer.
    limits: BTreeMap<ProbeTtl, RateLimit>,
    /// How many traces are widening their search at present.
    pub(super) widening: usize,
    /// How many traces are through but for answers that may still come.
    pub(super) undecided: usize,
}

impl PrefixKnowledge {
    /// A trace has got as far as `routers`, nearest first.
    pub(super) fn advanced(&mut self, routers: &[Router<ProbeTtl>]) {
        let Some((last, before)) = routers.split_last() else { return };
        // Behind a border, a router that is known to be before it is no other one but a loop.
        let back = self.passed(last.address);
        // A router that has answered nearer as well may answer for a neighbour or be part of a loop:
        // that it answers again shows nothing new behind the routers between.
        for router in before.iter().filter(|router| router.ttl < last.first) {
            if !back || !self.confirm(router.address) {
                let distance = last.ttl.get() - router.ttl.get();
                let most = self.passed.entry(router.address).or_default();
                *most = distance.max(*most);
            }
        }
        let expired = routers.iter().filter(|router| !router.unreachable);
        self.furthest = expired.map(|router| router.ttl.get()).fold(self.furthest, u8::max);
    }

    /// A trace ends at this TTL, as far as it seems. Where none has ended so near, what was taken for
    /// losses further on may have been paths that do not go there.
    pub(super) fn ends_at(&mut self, ttl: ProbeTtl) {
        let nearest = self.depths.first_key_value().is_some_and(|(nearest, _)| ttl < *nearest);
        *self.depths.entry(ttl).or_default() += 1;
        if nearest {
            self.limits.values_mut().for_each(RateLimit::begin_again);
        }
    }

    /// A trace has got through, with `last` for its last foreign router. Says whether the others
    /// should look again: it is the first to end there, or makes it a border.
    pub(super) fn got_through(&mut self, last: Router<ProbeTtl>) -> bool {
        let ends = self.ends.entry(last.address).or_default();
        *ends += 1;
        *ends == 1 || *ends == SEVERAL
    }

    /// Whether several traces ended at `address` and none went on behind it.
    pub(super) fn confirm(&self, address: Ipv4Addr) -> bool {
        !self.passed(address) && self.ends.get(&address).is_some_and(|ends| *ends >= SEVERAL)
    }

    /// Whether `address` is where a trace has ended.
    pub(super) fn ended(&self, address: Ipv4Addr) -> bool {
        self.ends.contains_key(&address)
    }

    /// Whether another foreign router is known behind `address`.
    pub(super) fn passed(&self, address: Ipv4Addr) -> bool {
        self.passed.contains_key(&address)
    }

    /// The furthest TTL at which a foreign router may answer behind `router`, as far as is known.
    pub(super) fn reach_of(&self, router: Router<ProbeTtl>) -> u8 {
        let behind = self.passed.get(&router.address).copied().unwrap_or_default();
        router.ttl.get().saturating_add(behind)
    }

    /// The TTLs at which traces had their last foreign hop, the most frequent first.
    pub(super) fn depths(&self) -> Vec<ProbeTtl> {
        let mut depths: Vec<(u32, ProbeTtl)> =
            self.depths.iter().map(|(ttl, count)| (*count, *ttl)).collect();
        depths.sort_unstable_by(|one, other| other.cmp(one));
        depths.into_iter().map(|(_, ttl)| ttl).collect()
    }

    /// The highest TTL that ran out at a foreign router, or 0.
    pub(super) fn furthest(&self) -> u8 {
        self.furthest
    }

    /// How the hops at `ttl` answer, where traces have their last foreign hop there. Nearer hops
    /// decide nothing, and may stay silent.
    pub(super) fn limit_at(&mut self, ttl: ProbeTtl) -> Option<&mut RateLimit> {
        self.depths.contains_key(&ttl).then(|| self.limits.entry(ttl).or_default())
    }

    /// Whether the hops at `ttl` answer, but only so often, and `course` should have an answer from
    /// there.
    pub(super) fn is_limited(&self, course: &TraceState, ttl: ProbeTtl) -> bool {
        self.limits.get(&ttl).is_some_and(RateLimit::is_slowed) && self.expects(course, ttl)
    }

    /// Whether the hops at `ttl` answer so rarely that no trace can wait for them.
    pub(super) fn is_hopeless(&self, ttl: ProbeTtl) -> bool {
        self.limits.get(&ttl).is_some_and(RateLimit::is_hopeless)
    }

    /// Whether the path of `course` has a foreign router at `ttl`, as far as the neighbours know:
    /// others that passed what has answered on this path got there; or nothing has answered, and
    /// no border is nearer.
    pub(super) fn expects(&self, course: &TraceState, ttl: ProbeTtl) -> bool {
        match course.last_router() {
            Some(last) => last.ttl < ttl && ttl.get() <= self.reach_of(*last),
            None => self.depths.first_key_value().is_some_and(|(nearest, _)| *nearest == ttl),
        }
    }
}
