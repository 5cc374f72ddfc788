//! What the traces of a routed prefix say about each other.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::border::Border;
use crate::targets::Block;
use crate::trace::Trace;

/// The borders of all routed prefixes.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// How many targets of a routed prefix have this border.
    targets: HashMap<(usize, Ipv4Addr), usize>,
    /// The lowest address that was seen behind this one in a routed prefix.
    behind: HashMap<(usize, Ipv4Addr), Ipv4Addr>,
}

/// What the neighbours of one trace say about its border.
#[derive(Debug)]
pub(super) struct Near {
    /// Their routed prefix.
    pub(super) scope: Ipv4Net,
    /// How many targets have this border, the trace's own included.
    pub(super) agreeing: usize,
    /// A foreign hop that others saw behind it.
    pub(super) behind: Option<Ipv4Addr>,
}

impl Evidence {
    pub(super) fn of<'a>(
        borders: impl Iterator<Item = (&'a Trace, &'a Border)>,
        block: &Block,
    ) -> Self {
        let mut evidence = Self::default();
        let mut counted: HashSet<(Ipv4Addr, Ipv4Addr)> = HashSet::new();
        for (trace, border) in borders {
            let (Some(scope), Some(last)) = (block.routed_index(trace.target), border.last) else {
                continue;
            };
            // Flows and methods of one target are one witness.
            if counted.insert((trace.target, last.address)) {
                *evidence.targets.entry((scope, last.address)).or_default() += 1;
            }
            for pair in border.path.windows(2) {
                let further = evidence.behind.entry((scope, pair[0])).or_insert(pair[1]);
                *further = pair[1].min(*further);
            }
        }
        evidence
    }

    pub(super) fn near(&self, target: Ipv4Addr, border: &Border, block: &Block) -> Near {
        let scope = block.routed_index(target);
        let key = scope.zip(border.last.map(|last| last.address));
        Near {
            scope: scope
                .and_then(|index| block.routed_prefixes().nth(index))
                .unwrap_or(block.prefix),
            agreeing: key.and_then(|key| self.targets.get(&key)).copied().unwrap_or_default(),
            behind: key.and_then(|key| self.behind.get(&key)).copied(),
        }
    }
}
