//! Collecting: a survey takes traces one by one, and keeps what they show together and what the
//! judgement of each needs.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use foldhash::HashSet;
use jiff::Timestamp;

use crate::owner::Owners;
use crate::targets::Targets;
use crate::trace::{Method, Trace, is_simulated};
use crate::transit::{Evidence, Observation};

use super::counts::ReadCounts;
use super::error::SurveyError;
use super::judge::{JudgeOptions, Judged, JudgedTrace, Judging};
use super::store::{Packed, Place, TraceStore};

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
    /// Whether any of them were made in the lab.
    pub simulated: bool,
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
        let vantage = observation.vantage.as_ref();
        self.simulated |= vantage.is_some_and(|vantage| is_simulated(&vantage.name));
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

/// What is kept of the traces beside what their judgement needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// Their hops, for rows and explanations.
    pub hops: bool,
    /// The foreign addresses, for questions to name servers.
    pub addresses: bool,
    /// Sort the traces by target, method and flow; else they stay in the order in which they came.
    pub sorted: bool,
}

/// Traces that are collected and then judged together.
#[derive(Debug)]
pub struct Survey<'t> {
    pub(super) targets: &'t Targets,
    pub(super) keep: Keep,
    pub(super) store: TraceStore,
    /// What the traces show together.
    pub collected: Collector,
    /// What was read from files.
    pub counts: ReadCounts,
    /// The content of the traces that were read from files, as one number each.
    pub(super) seen: HashSet<u64>,
}

impl<'t> Survey<'t> {
    /// A survey without traces.
    #[must_use]
    pub fn new(targets: &'t Targets, keep: Keep) -> Self {
        Self {
            targets,
            keep,
            store: TraceStore::new(keep.sorted),
            collected: Collector::new(keep.addresses),
            counts: ReadCounts::default(),
            seen: HashSet::default(),
        }
    }

    /// Adds a trace. One to a destination outside the block counts nowhere.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub fn add(&mut self, trace: &Trace) -> Result<(), SurveyError> {
        let observation = Observation::of(trace, self.targets);
        let mut packed = Packed::default();
        packed
            .push(Place::default(), &observation, trace, self.keep.hops)
            .and_then(|()| self.store.push(&packed))
            .map_err(SurveyError::Store)?;
        self.collected.add(observation, self.targets);
        Ok(())
    }

    /// A number that follows from the traces: the same traces in the same order have the same.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.store.digest()
    }

    /// Judges all traces and counts them.
    ///
    /// # Errors
    /// When the temporary file cannot be read back.
    pub fn judge(self, owners: &Owners<'t>) -> Result<Judged<'t>, SurveyError> {
        self.judge_with(owners, &JudgeOptions::default(), |_, _| (), |()| ())
    }

    /// Judges all traces and counts them. `work` gets those that were kept with their hops, some at
    /// a time, on any core, with what all of them show together; `take` gets what it makes of them, on
    /// the calling thread, in order.
    ///
    /// # Errors
    /// When the temporary file cannot be read back.
    pub fn judge_with<R: Send>(
        self,
        owners: &Owners<'t>,
        options: &JudgeOptions<'_>,
        work: impl Fn(&[JudgedTrace], &Evidence) -> R + Sync,
        take: impl FnMut(R),
    ) -> Result<Judged<'t>, SurveyError> {
        let batches = self.store.read_back().map_err(SurveyError::ReadBack)?;
        let evidence = &self.collected.evidence;
        Judging { targets: self.targets, owners, evidence, options }.all(batches, work, take)
    }
}
