//! What the traces of a routed prefix say about each other.

use std::net::Ipv4Addr;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use ipnet::Ipv4Net;

use crate::border::Border;
use crate::targets::Block;
use crate::trace::{Trace, Vantage};

/// What traces that have been heard say about the borders of their routed prefixes. It takes room for
/// every target, vantage and border, and none for a trace.
#[derive(Debug, Default)]
pub struct Evidence {
    /// How many targets of a routed prefix have this border.
    targets: HashMap<(Ipv4Net, Ipv4Addr), usize>,
    /// The lowest address that was seen behind this one in a routed prefix.
    behind: HashMap<(Ipv4Net, Ipv4Addr), Ipv4Addr>,
    /// Who has been counted.
    counted: HashSet<Witness>,
}

/// Flows and methods of one target from one vantage, at whatever time, are one witness.
type Witness = (Ipv4Addr, Option<Arc<Vantage>>, Ipv4Addr);

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
    /// Hears a trace, whose border is `border`.
    pub fn hear(&mut self, trace: &Trace, border: &Border, block: &Block) {
        let (Some(scope), Some(last)) = (block.routed_prefix(trace.target), border.last) else {
            return;
        };
        self.count(scope, (trace.target, trace.vantage.clone(), last.address));
        for pair in border.path.windows(2) {
            self.went_on((scope, pair[0]), pair[1]);
        }
    }

    /// Hears all that another has heard. The order in which traces are heard does not matter.
    pub fn add(&mut self, other: Self, block: &Block) {
        for witness in other.counted {
            if let Some(scope) = block.routed_prefix(witness.0) {
                self.count(scope, witness);
            }
        }
        for (place, behind) in other.behind {
            self.went_on(place, behind);
        }
    }

    fn count(&mut self, scope: Ipv4Net, witness: Witness) {
        let border = witness.2;
        if self.counted.insert(witness) {
            *self.targets.entry((scope, border)).or_default() += 1;
        }
    }

    fn went_on(&mut self, place: (Ipv4Net, Ipv4Addr), behind: Ipv4Addr) {
        let further = self.behind.entry(place).or_insert(behind);
        *further = behind.min(*further);
    }

    /// The borders of a routed prefix, with how many targets have them, the most frequent first.
    #[must_use]
    pub fn borders(&self, scope: Ipv4Net) -> Vec<(Ipv4Addr, usize)> {
        let here = self.targets.iter().filter(|((prefix, _), _)| *prefix == scope);
        let mut borders: Vec<_> = here.map(|((_, address), count)| (*address, *count)).collect();
        borders.sort_unstable_by_key(|(address, count)| (std::cmp::Reverse(*count), *address));
        borders
    }

    pub(super) fn near(&self, target: Ipv4Addr, border: &Border, block: &Block) -> Near {
        let scope = block.routed_prefix(target);
        let key = scope.zip(border.last.map(|last| last.address));
        Near {
            scope: scope.unwrap_or(block.prefix),
            agreeing: key.and_then(|key| self.targets.get(&key)).copied().unwrap_or_default(),
            behind: key.and_then(|key| self.behind.get(&key)).copied(),
        }
    }
}
