//! What the traces of one routed prefix have shown together: where they end, and where one of them
//! should have got further.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use crate::trace::{ForeignPath, PathEnd, Router};

use super::divergence::Divergence;
use super::exchange::ProbeTtl;
use super::rate_limit::RateLimit;
use super::trace_state::{Role, TraceState};

/// How many traces must end at a hop before it is taken for the border. Chance, or a router that is
/// silent for a moment, brings about fewer; and it is few beside the 256 targets of a routed prefix.
const SEVERAL: u32 = 4;
/// How many must end there, and none go on, before the others are no longer asked what is right behind it.
const MANY: u32 = 16;

/// What is known about the paths to one routed prefix, by one method.
#[derive(Debug, Clone, Default)]
pub(super) struct PrefixKnowledge {
    /// Whether the run has waited enough: then no hop is asked more slowly, and nobody waits for others.
    pub(super) waits_no_more: bool,
    /// How many traces had this address for their last foreign hop.
    borders: BTreeMap<Ipv4Addr, u32>,
    /// How many had their last foreign hop at this TTL.
    depths: BTreeMap<ProbeTtl, u32>,
    /// Addresses behind which another foreign router replied in some trace, and how far behind at most.
    passed: BTreeMap<Ipv4Addr, u8>,
    /// The last foreign hops behind which home is the next hop.
    home_next: BTreeSet<Ipv4Addr>,
    /// Whether packets go round in a loop on some path.
    loops: bool,
    /// The routers before a last foreign hop, and how far before it: nearest to it first.
    before: BTreeMap<Ipv4Addr, Vec<(Ipv4Addr, u8)>>,
    /// The highest TTL at which a foreign router replied with time exceeded, or 0.
    pub(super) furthest: u8,
    /// The ICMP rate limits of the hops at the TTLs where traces end.
    limits: BTreeMap<ProbeTtl, RateLimit>,
    /// Whether some of them have slowed the traces.
    slowed: bool,
    /// How many traces are fallbacks at present.
    pub(super) fallbacks: usize,
    /// How many traces have nothing more to send, but late replies may still come.
    pub(super) awaiting_late: usize,
    /// Where the paths part between carriers.
    pub(super) divergence: Divergence,
    /// How many traces ended because the machine would not send their probes, since the last reply.
    pub(super) unsent: u32,
}

impl PrefixKnowledge {
    /// A trace has got as far as `routers`, nearest first.
    pub(super) fn add_path(&mut self, routers: &[Router<ProbeTtl>]) {
        let Some((last, before)) = routers.split_last() else { return };
        // Behind a border, a router that is known to be before it shows a loop, and nothing new.
        let known_before = self.is_passed(last.address);
        // A router that replied at a nearer TTL as well may reply for a neighbour or be part of a loop:
        // that it replies again shows nothing new behind the routers between.
        for router in before.iter().filter(|router| router.ttl < last.first) {
            if !known_before || !self.is_border(router.address) {
                let distance = last.ttl.get() - router.ttl.get();
                let most = self.passed.entry(router.address).or_default();
                *most = distance.max(*most);
            }
        }
        let expired = routers.iter().filter(|router| !router.unreachable);
        self.furthest = expired.map(|router| router.ttl.get()).fold(self.furthest, u8::max);
    }

    /// A trace has shown what ends its path; `most` is the highest TTL.
    pub(super) fn add_end(&mut self, path: &ForeignPath<ProbeTtl>, most: ProbeTtl) {
        match (path.end, path.routers.last()) {
            (PathEnd::Loop { .. }, _) => self.loops = true,
            (_, Some(last)) if last.ttl >= most => self.loops = true,
            (PathEnd::Home { ttl, .. }, Some(last)) if ttl.get() == last.ttl.get() + 1 => {
                self.home_next.insert(last.address);
            }
            _ => {}
        }
    }

    /// A trace seems to end where it is now. Where none has ended so near, what was taken for losses
    /// further on may have been paths that do not go there, so the limits are estimated anew.
    pub(super) fn report_depth(&mut self, state: &mut TraceState) {
        let depth = state.last_router().map(|router| router.ttl);
        if std::mem::replace(&mut state.reported_depth, depth) == depth {
            return;
        }
        let Some(depth) = depth else { return };
        if self.depths.first_key_value().is_some_and(|(nearest, _)| depth < *nearest) {
            self.limits.values_mut().for_each(RateLimit::restart);
        }
        *self.depths.entry(depth).or_default() += 1;
    }

    /// A trace seems to end at the last of `routers`. Keeps those before it of the trace that saw most.
    pub(super) fn add_routers_before(&mut self, routers: &[Router<ProbeTtl>]) {
        let Some((last, before)) = routers.split_last() else { return };
        let known = self.before.entry(last.address).or_default();
        if before.len() > known.len() {
            let distance = |router: &Router<ProbeTtl>| last.ttl.get() - router.ttl.get();
            *known = before.iter().rev().map(|it| (it.address, distance(it))).collect();
        }
    }

    /// The TTL at which the nearest router before `border` should reply that `is_wanted`, as far as is
    /// known.
    pub(super) fn before(
        &self,
        border: &Router<ProbeTtl>,
        is_wanted: impl Fn(Ipv4Addr) -> bool,
    ) -> Option<ProbeTtl> {
        let known = self.before.get(&border.address)?;
        let (_, distance) = known.iter().find(|(address, _)| is_wanted(*address))?;
        ProbeTtl::new(border.ttl.get().checked_sub(*distance)?)
    }

    /// A trace ends where it is now. Returns whether the others should look again: it is the first to
    /// end there, or makes the hop a border beyond doubt; or it was a fallback, and makes room for
    /// another one.
    pub(super) fn report_border(&mut self, state: &mut TraceState) -> bool {
        let was_fallback = state.role == Role::Fallback;
        if was_fallback {
            state.role = Role::Full;
            self.fallbacks -= 1;
        }
        let border = state.last_router().map(|router| router.address);
        if std::mem::replace(&mut state.reported_border, border) == border {
            return was_fallback;
        }
        let Some(border) = border else { return was_fallback };
        let traces = self.borders.entry(border).or_default();
        *traces += 1;
        was_fallback || *traces == 1 || *traces == SEVERAL
    }

    /// A trace ends because the machine would not send its probes: where it ends says nothing. Returns whether
    /// the others should look again, since it was a fallback and makes room for another one.
    pub(super) fn report_unsent(&mut self, state: &TraceState) -> bool {
        let was_fallback = state.role == Role::Fallback;
        self.fallbacks -= usize::from(was_fallback);
        self.unsent += 1;
        was_fallback || self.unsent == SEVERAL
    }

    /// Whether the machine would not send the probes of several traces: the others need not try for long.
    pub(super) const fn cannot_be_asked(&self) -> bool {
        self.unsent >= SEVERAL
    }

    /// A trace has nothing more to send but waits for late replies, or does no longer. Returns whether
    /// the others should look again: no trace waits any more.
    pub(super) fn report_late(&mut self, state: &mut TraceState, awaits: bool) -> bool {
        match (std::mem::replace(&mut state.awaits_late, awaits), awaits) {
            (false, true) => self.awaiting_late += 1,
            (true, false) => self.awaiting_late -= 1,
            (false, false) | (true, true) => return false,
        }
        self.awaiting_late == 0
    }

    /// Whether several traces ended at `address` and none went on behind it.
    pub(super) fn is_border(&self, address: Ipv4Addr) -> bool {
        !self.is_passed(address) && self.borders.get(&address).is_some_and(|it| *it >= SEVERAL)
    }

    /// Whether `address` is the border beyond doubt, and nothing answers right behind it: what there still is to
    /// ask is whether the target answers. Not where hops limit their answers: there every packet is needed to find the border.
    pub(super) fn asks_for_arrival(&self, address: Ipv4Addr) -> bool {
        let many = self.borders.get(&address).is_some_and(|it| *it >= MANY);
        let limited = self.limits.values().any(RateLimit::is_doubtful);
        many && !limited
            && !self.is_passed(address)
            && !self.home_next.contains(&address)
            && !self.loops
    }

    /// Whether some border is one at which the target is asked for an answer.
    pub(super) fn is_settled(&self) -> bool {
        self.borders.keys().any(|address| self.asks_for_arrival(*address))
    }

    /// Whether at least one trace ended at `address`.
    pub(super) fn ends_some(&self, address: Ipv4Addr) -> bool {
        self.borders.contains_key(&address)
    }

    /// Whether another foreign router is known behind `address`.
    pub(super) fn is_passed(&self, address: Ipv4Addr) -> bool {
        self.passed.contains_key(&address)
    }

    /// The furthest TTL at which a foreign router may reply behind `router`, as far as is known.
    pub(super) fn reach(&self, router: &Router<ProbeTtl>) -> u8 {
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

    /// The rate limit of the hops at `ttl`, where traces have their last foreign hop there. Nearer hops
    /// decide nothing, and may stay silent.
    pub(super) fn limit_at(&mut self, ttl: ProbeTtl) -> Option<&mut RateLimit> {
        let waits = self.depths.contains_key(&ttl) && !self.waits_no_more;
        waits.then(|| self.limits.entry(ttl).or_default())
    }

    /// Whether the hops at `ttl` limit their ICMP rate, and a trace whose last router is `last` should
    /// have a reply from there.
    pub(super) fn is_limited(&self, last: Option<&Router<ProbeTtl>>, ttl: ProbeTtl) -> bool {
        !self.waits_no_more
            && self.limits.get(&ttl).is_some_and(RateLimit::is_slowed)
            && self.expects(last, ttl)
    }

    /// Whether no trace can wait for the hops at `ttl`, which reply so rarely, or for any.
    pub(super) fn is_abandoned(&self, ttl: ProbeTtl) -> bool {
        self.waits_no_more || self.limits.get(&ttl).is_some_and(RateLimit::is_abandoned)
    }

    /// Whether hops limit their ICMP rate, or have seemed to.
    pub(super) fn has_slowed(&mut self) -> bool {
        self.slowed |= self.limits.values().any(RateLimit::is_slowed);
        self.slowed
    }

    /// Whether a trace whose last router is `last` has a foreign router at `ttl`, as far as the group
    /// knows: others that passed `last` got there; or nothing has replied yet, and no border is nearer.
    pub(super) fn expects(&self, last: Option<&Router<ProbeTtl>>, ttl: ProbeTtl) -> bool {
        match last {
            Some(last) => last.ttl < ttl && ttl.get() <= self.reach(last),
            None => self.depths.first_key_value().is_some_and(|(nearest, _)| *nearest == ttl),
        }
    }
}
