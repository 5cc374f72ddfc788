//! What the traces of a survey show together, collected one trace at a time.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use foldhash::HashSet;
use jiff::Timestamp;

use crate::targets::Targets;
use crate::trace::Method;
use crate::transit::{Evidence, Observation};

/// What was collected.
#[derive(Debug, Default)]
pub struct Collector {
    /// What the traces show of each other's borders.
    pub evidence: Evidence,
    /// When the first trace started.
    pub first: Option<Timestamp>,
    /// When the last trace started.
    pub last: Option<Timestamp>,
    /// By which methods the traces were made.
    pub methods: BTreeSet<Method>,
    /// The attributable foreign addresses, if they are wanted.
    addresses: Option<HashSet<Ipv4Addr>>,
}

impl Collector {
    /// A collector that also keeps the foreign addresses, if `addresses`.
    pub(super) fn new(addresses: bool) -> Self {
        Self { addresses: addresses.then(HashSet::default), ..Self::default() }
    }

    pub(super) fn add(&mut self, observation: Observation, targets: &Targets) {
        let started = observation.started;
        self.first = [self.first, started].into_iter().flatten().min();
        self.last = self.last.max(started);
        self.methods.extend(observation.method);
        if let Some(addresses) = &mut self.addresses {
            addresses.extend(&observation.border.path);
        }
        self.evidence.add(observation, &targets.block);
    }

    /// The attributable foreign addresses that answered, sorted; none if they were not kept.
    #[must_use]
    pub fn addresses(&self) -> Vec<Ipv4Addr> {
        let mut addresses: Vec<_> = self.addresses.iter().flatten().copied().collect();
        addresses.sort_unstable();
        addresses
    }
}
