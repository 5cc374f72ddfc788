//! Judging: every trace by the evidence of all, on all cores, counted into a split.

use std::collections::BTreeMap;
use std::io;

use crate::input::parallel::{Kept, ordered};
use crate::owner::Owners;
use crate::split::{Counting, Split};
use crate::targets::Targets;
use crate::trace::{Trace, Vantage};
use crate::transit::{Evidence, Judge, Judgement, Observation};

use super::error::SurveyError;
use super::store::{Batches, Place, Stored};

/// Names the group that traces from a vantage belong to.
pub type GroupBy<'a> = dyn Fn(Option<&Vantage>) -> String + Sync + 'a;

/// A trace that was kept with its hops, and what it was judged to be.
#[derive(Debug)]
pub struct JudgedTrace {
    /// Its number among all traces of the survey, from 1.
    pub number: u64,
    /// Where it was found; nothing where it was measured here.
    pub place: Place,
    /// The trace.
    pub trace: Trace,
    /// Its judgement.
    pub judgement: Judgement,
}

/// How to count.
#[derive(Default)]
pub struct JudgeOptions<'a> {
    /// Counts groups of vantages as well, named so.
    pub group_by: Option<&'a GroupBy<'a>>,
    /// Names what a vantage is part of, which is then the unit of the intervals; nothing takes the vantage itself.
    pub unit: Option<&'a GroupBy<'a>>,
    /// The seed of the intervals where several vantages made the traces.
    pub seed: u64,
}

/// What all judgements come to.
#[derive(Debug)]
pub struct Judged<'t> {
    all: Counting<'t>,
    groups: BTreeMap<String, Counting<'t>>,
    /// How many traces were judged.
    pub traces: usize,
    /// How many of them ended in silence before a hop that others saw.
    pub fell_short: usize,
    /// How many of them BGP shows no upstream for, where there is evidence of BGP.
    pub unannounced: usize,
}

impl<'t> Judged<'t> {
    /// The split of all traces.
    #[must_use]
    pub fn split(&self) -> Split {
        self.all.clone().split()
    }

    /// How many groups there are.
    #[must_use]
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// Takes the split of each group out, by name. What was counted of it is freed as they go by.
    pub fn take_groups(&mut self) -> impl Iterator<Item = (String, Split)> + use<'t> {
        let groups = std::mem::take(&mut self.groups);
        groups.into_iter().map(|(group, counting)| (group, counting.split()))
    }

    /// Whether at least one trace was classified, and counts for shares.
    #[must_use]
    pub fn is_classified(&self) -> bool {
        self.all.is_classified()
    }
}

/// Judges the traces of a survey when all have been collected.
pub(super) struct Judging<'a, 't> {
    pub(super) targets: &'t Targets,
    pub(super) owners: &'a Owners<'t>,
    pub(super) evidence: &'a Evidence,
    pub(super) options: &'a JudgeOptions<'a>,
}

/// What one worker has counted.
struct Worker<'a, 't> {
    judge: Judge<'a, 't>,
    counting: Counting<'t>,
    groups: BTreeMap<String, Counting<'t>>,
    traces: usize,
    fell_short: usize,
}

impl<'a, 't> Judging<'a, 't> {
    /// Judges all of `batches`. `work` gets those that were kept with their hops, some at a time, on any
    /// core; `take` gets what it makes of them, on the calling thread and in their order.
    pub(super) fn all<R: Send>(
        &self,
        batches: Batches,
        work: impl Fn(&[JudgedTrace], &Evidence) -> R + Sync,
        mut take: impl FnMut(R),
    ) -> Result<Judged<'t>, SurveyError> {
        let workers = Kept::new();
        let mut failed = Ok(());
        let read = ordered(
            batches,
            |_| false,
            |packed| {
                workers.with(
                    || self.worker(),
                    |worker| {
                        let judged = self.batch(packed.first, packed.unpack(), worker)?;
                        Ok((!judged.is_empty()).then(|| work(&judged, self.evidence)))
                    },
                )
            },
            |result: io::Result<Option<R>>| match result {
                Ok(made) => made.into_iter().for_each(&mut take),
                Err(error) => failed = Err(error),
            },
        );
        read.and(failed).map_err(SurveyError::ReadBack)?;
        let mut all = self.worker();
        for worker in workers.all() {
            all.counting.add_all(worker.counting);
            for (group, counting) in worker.groups {
                all.groups.entry(group).or_insert_with(|| self.counting()).add_all(counting);
            }
            all.traces += worker.traces;
            all.fell_short += worker.fell_short;
            all.judge.unannounced += worker.judge.unannounced;
        }
        let Worker { counting, groups, traces, fell_short, judge } = all;
        let unannounced = judge.unannounced;
        Ok(Judged { all: counting, groups, traces, fell_short, unannounced })
    }

    fn counting(&self) -> Counting<'t> {
        Counting::new(self.targets).seeded(self.options.seed)
    }

    fn worker(&self) -> Worker<'a, 't> {
        Worker {
            judge: Judge::new(self.targets, self.owners, self.evidence),
            counting: self.counting(),
            groups: BTreeMap::new(),
            traces: 0,
            fell_short: 0,
        }
    }

    /// Judges traces, of which the first has the number `first`.
    fn batch(
        &self,
        first: u64,
        stored: impl Iterator<Item = io::Result<Stored>>,
        worker: &mut Worker<'a, 't>,
    ) -> io::Result<Vec<JudgedTrace>> {
        let mut judged = Vec::new();
        for (stored, number) in stored.zip(first..) {
            match stored? {
                Stored::Observation(observation) => {
                    self.count(observation, worker);
                }
                Stored::Trace(place, trace) => {
                    let judgement = self.count(Observation::of(&trace, self.targets), worker);
                    judged.push(JudgedTrace { number, place, trace, judgement });
                }
            }
        }
        Ok(judged)
    }

    fn count(&self, observation: Observation, worker: &mut Worker<'a, 't>) -> Judgement {
        let (target, probes) = (observation.target, observation.probes);
        let made_by = observation.vantage.clone();
        let made_by = made_by.as_deref();
        let unit = |vantage: &Vantage| {
            let name =
                self.options.unit.map_or_else(|| vantage.name.clone(), |unit| unit(Some(vantage)));
            Vantage { name, address: vantage.address }
        };
        let united = self.options.unit.and(made_by).map(unit);
        let vantage = united.as_ref().or(made_by);
        let judgement = worker.judge.judge(observation);
        worker.counting.count(target, vantage, probes, &judgement);
        if let Some(group_by) = self.options.group_by {
            let group = worker.groups.entry(group_by(made_by));
            let group = group.or_insert_with(|| self.counting());
            group.count(target, vantage, probes, &judgement);
        }
        worker.traces += 1;
        worker.fell_short += usize::from(judgement.fell_short());
        judgement
    }
}
