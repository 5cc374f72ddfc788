//! What traces say together, heard in any order: each worker has an ear of its own, and in the end all
//! are one.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use foldhash::HashSet;
use jiff::Timestamp;

use crate::border;
use crate::targets::Targets;
use crate::trace::{Method, Trace};
use crate::transit::Evidence;

/// What was heard.
#[derive(Debug, Default)]
pub(super) struct Ear {
    pub(super) evidence: Evidence,
    /// When the first trace began.
    pub(super) first: Option<Timestamp>,
    /// When the last one did.
    pub(super) last: Option<Timestamp>,
    pub(super) methods: BTreeSet<Method>,
    /// The foreign addresses that can be attributed.
    foreign: HashSet<Ipv4Addr>,
}

impl Ear {
    pub(super) fn hear(&mut self, trace: &Trace, targets: &Targets) {
        let border = border::find(trace, &targets.block, &targets.specials);
        self.evidence.hear(trace, &border, &targets.block);
        self.spans(trace.started, trace.started);
        self.methods.extend(trace.method);
        self.foreign.extend(border.path);
    }

    /// Hears all that another has heard.
    pub(super) fn add(&mut self, other: Self, targets: &Targets) {
        self.evidence.add(other.evidence, &targets.block);
        self.spans(other.first, other.last);
        self.methods.extend(other.methods);
        self.foreign.extend(other.foreign);
    }

    /// The foreign addresses, in their order.
    pub(super) fn foreign(&self) -> Vec<Ipv4Addr> {
        let mut foreign: Vec<_> = self.foreign.iter().copied().collect();
        foreign.sort_unstable();
        foreign
    }

    fn spans(&mut self, first: Option<Timestamp>, last: Option<Timestamp>) {
        self.first = [self.first, first].into_iter().flatten().min();
        self.last = self.last.max(last);
    }
}
