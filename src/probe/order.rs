//! The paths of a run, in the order in which their traces begin.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use ipnet::Ipv4Net;

use crate::targets::Block;

use super::{Flow, Method, Path};

/// All paths to those of `addresses` that are home: one flow after the other, the addresses in their
/// order.
pub(super) fn paths(
    block: &Block,
    addresses: &[Ipv4Addr],
    methods: &[Method],
    flows: u8,
) -> Vec<Path> {
    let inside = || addresses.iter().filter(|address| block.contains(**address));
    flows_of(methods, flows)
        .flat_map(|(flow, method)| {
            inside().map(move |target| Path { target: *target, method, flow })
        })
        .collect()
}

/// The flows of a target, each with its method: `flows` for each of `methods`, all with numbers of
/// their own, because flows of different methods are different flows. At most [`Flow::MOST`].
pub fn flows_of(methods: &[Method], flows: u8) -> impl Iterator<Item = (Flow, Method)> {
    let each = (0..flows).flat_map(move |_| methods.iter().copied());
    (0..Flow::MOST).filter_map(Flow::new).zip(each)
}

/// The routed prefix that a path leads to, and how: what is known of its neighbours is known for
/// this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Prefix {
    net: Ipv4Net,
    method: Method,
}

impl Prefix {
    pub(super) fn of(block: &Block, path: &Path) -> Option<Self> {
        Some(Self { net: block.routed_prefix(path.target)?, method: path.method })
    }

    /// The range of paths, in their order, among which those of the prefix are.
    pub(super) fn span(self) -> RangeInclusive<Path> {
        let (method, flow) = (Method::Icmp, Flow::default());
        let first = Path { target: self.net.network(), method, flow };
        let (method, flow) = (Method::Udp, Flow::LAST);
        first..=Path { target: self.net.broadcast(), method, flow }
    }
}

/// Moves the first `most` paths of each routed prefix and method to the front; the order is
/// otherwise kept. Returns how many there are.
pub(super) fn learners_first(paths: &mut Vec<Path>, block: &Block, most: usize) -> usize {
    let mut taken: HashMap<Option<Prefix>, usize> = HashMap::new();
    let (mut first, rest): (Vec<Path>, Vec<Path>) = paths.iter().partition(|path| {
        let count = taken.entry(Prefix::of(block, path)).or_default();
        *count += 1;
        *count <= most
    });
    let learners = first.len();
    first.extend(rest);
    *paths = first;
    learners
}
