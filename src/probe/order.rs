//! The paths of a run, in the order in which their traces begin.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use ipnet::Ipv4Net;

use crate::targets::Block;

use super::{Flow, ProbeMethod, TraceKey};

/// All paths to those of `addresses` that are home: one flow after the other, the addresses in their
/// order.
pub(super) fn keys(
    block: &Block,
    addresses: &[Ipv4Addr],
    methods: &[ProbeMethod],
    flows: u8,
) -> Vec<TraceKey> {
    let inside = || addresses.iter().filter(|address| block.contains(**address));
    flows_of(methods, flows)
        .flat_map(|(flow, method)| {
            inside().map(move |target| TraceKey { target: *target, method, flow })
        })
        .collect()
}

/// The flows of a target, each with its method: `flows` for each of `methods`, all with numbers of
/// their own, because flows of different methods are different flows. At most [`Flow::MOST`].
pub fn flows_of(methods: &[ProbeMethod], flows: u8) -> impl Iterator<Item = (Flow, ProbeMethod)> {
    let each = (0..flows).flat_map(move |_| methods.iter().copied());
    (0..Flow::MOST).filter_map(Flow::new).zip(each)
}

/// The routed prefix that a path leads to, and how: what is known of its neighbours is known for
/// this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Prefix {
    net: Ipv4Net,
    method: ProbeMethod,
}

impl Prefix {
    pub(super) fn of(block: &Block, key: &TraceKey) -> Option<Self> {
        Some(Self { net: block.routed_prefix(key.target)?, method: key.method })
    }

    /// The range of paths, in their order, among which those of the prefix are.
    pub(super) fn span(self) -> RangeInclusive<TraceKey> {
        let (method, flow) = (ProbeMethod::Icmp, Flow::default());
        let first = TraceKey { target: self.net.network(), method, flow };
        let (method, flow) = (ProbeMethod::Udp, Flow::LAST);
        first..=TraceKey { target: self.net.broadcast(), method, flow }
    }
}

/// Moves the first `most` paths of each routed prefix and method to the front; the order is
/// otherwise kept. Returns how many there are.
pub(super) fn learners_first(keys: &mut Vec<TraceKey>, block: &Block, most: usize) -> usize {
    let mut taken: HashMap<Option<Prefix>, usize> = HashMap::new();
    let (mut first, rest): (Vec<TraceKey>, Vec<TraceKey>) = keys.iter().partition(|key| {
        let count = taken.entry(Prefix::of(block, key)).or_default();
        *count += 1;
        *count <= most
    });
    let pilots = first.len();
    first.extend(rest);
    *keys = first;
    pilots
}
