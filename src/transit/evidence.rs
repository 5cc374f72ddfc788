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

/// What a trace says to its neighbours, without its hops.
#[derive(Debug)]
pub struct Testimony {
    target: Ipv4Addr,
    vantage: Option<Arc<Vantage>>,
    border: Border,
}

impl Testimony {
    /// What `trace` says, whose border is `border`.
    #[must_use]
    pub fn of(trace: &Trace, border: Border) -> Self {
        Self { target: trace.target, vantage: trace.vantage.clone(), border }
    }

    /// The attributable foreign hops up to its last foreign hop.
    #[must_use]
    pub fn path(&self) -> &[Ipv4Addr] {
        &self.border.path
    }
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
    /// Hears what a trace says.
    pub fn hear(&mut self, said: Testimony, block: &Block) {
        let Testimony { target, vantage, border } = said;
        let (Some(scope), Some(last)) = (block.routed_prefix(target), border.last) else {
            return;
        };
        if self.counted.insert((target, vantage, last.address)) {
            *self.targets.entry((scope, last.address)).or_default() += 1;
        }
        for pair in border.path.windows(2) {
            let further = self.behind.entry((scope, pair[0])).or_insert(pair[1]);
            *further = pair[1].min(*further);
        }
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
