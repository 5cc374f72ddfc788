//! What traces say together, heard one after the other in the order of the input.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use foldhash::HashSet;
use jiff::Timestamp;

use crate::targets::Targets;
use crate::trace::{Method, Trace};
use crate::transit::{Evidence, Outline};

/// What was heard.
#[derive(Debug, Default)]
pub(super) struct Ear {
    pub(super) evidence: Evidence,
    /// When the first trace began.
    pub(super) first: Option<Timestamp>,
    /// When the last one did.
    pub(super) last: Option<Timestamp>,
    pub(super) methods: BTreeSet<Method>,
    /// The foreign addresses that can be attributed, if somebody is to be asked about them.
    foreign: Option<HashSet<Ipv4Addr>>,
}

/// What is heard of one trace: found on any core, and small enough to be handed on.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) outline: Outline,
    pub(super) started: Option<Timestamp>,
    pub(super) method: Option<Method>,
}

impl Said {
    pub(super) fn by(trace: &Trace, targets: &Targets) -> Self {
        let outline = Outline::of(trace, targets);
        Self { outline, started: trace.started, method: trace.method }
    }
}

impl Ear {
    /// One that remembers addresses too, where `asks`.
    pub(super) fn new(asks: bool) -> Self {
        Self { foreign: asks.then(HashSet::default), ..Self::default() }
    }

    pub(super) fn hear(&mut self, said: Said, targets: &Targets) {
        let Said { outline, started, method } = said;
        self.first = [self.first, started].into_iter().flatten().min();
        self.last = self.last.max(started);
        self.methods.extend(method);
        if let Some(foreign) = &mut self.foreign {
            foreign.extend(&outline.border.path);
        }
        self.evidence.hear(outline, &targets.block);
    }

    /// The foreign addresses that it was to remember, in their order.
    pub(super) fn foreign(&self) -> Vec<Ipv4Addr> {
        let mut foreign: Vec<_> = self.foreign.iter().flatten().copied().collect();
        foreign.sort_unstable();
        foreign
    }
}
