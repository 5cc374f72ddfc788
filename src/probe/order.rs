//! The paths of a run, in the order in which their traces begin.

use std::collections::HashMap;
use std::net::Ipv4Addr;

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

/// The routed prefix that the path leads to, and how: where what is known of its neighbours stands.
pub(super) fn key(block: &Block, path: &Path) -> Option<(usize, Method)> {
    Some((block.routed_index(path.target)?, path.method))
}

/// Moves the first `most` paths of each routed prefix and method to the front; the order is
/// otherwise kept. Returns how many there are.
pub(super) fn learners_first(paths: &mut Vec<Path>, block: &Block, most: usize) -> usize {
    let mut taken: HashMap<Option<(usize, Method)>, usize> = HashMap::new();
    let (mut first, rest): (Vec<Path>, Vec<Path>) = paths.iter().partition(|path| {
        let count = taken.entry(key(block, path)).or_default();
        *count += 1;
        *count <= most
    });
    let learners = first.len();
    first.extend(rest);
    *paths = first;
    learners
}
