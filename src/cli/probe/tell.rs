//! What a run writes, and what it would do.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use crate::census::Counts;
use crate::output::{Appender, OutputError, Run, hops, summary, summary_table, traces};
use crate::owner::Owners;
use crate::probe::{Archive, Attempt, Finished};
use crate::split::{Counting, Split};
use crate::targets::{Block, Classes, Targets};
use crate::trace::{Strategy, Trace};
use crate::transit::{Judgement, judge};

use super::super::common::Common;
use super::super::exit::Exit;
use super::super::format::Format;
use super::super::sheet::Sheet;
use super::super::stdout;
use super::Probe;
use super::prepare::Prepared;

/// Judges, and writes what was judged: one routed prefix after the other, since that is as far as
/// traces are each other's neighbours.
pub(super) struct Telling<'r, 't> {
    run: &'r Run,
    targets: &'t Targets,
    owners: Owners<'t>,
    append: Option<Appender>,
    traces: Option<Sheet>,
    hops: Option<Sheet>,
    split: Counting<'t>,
    short: usize,
}

/// What has been told.
pub(super) struct Told {
    /// How many traces ended before a hop that others saw.
    pub(super) short: usize,
    /// Whether at least one trace was classified.
    pub(super) classified: bool,
    /// What is still to be told.
    pub(super) summary: Summary,
}

/// The split, and where it goes.
pub(super) struct Summary {
    split: Split,
    append: Option<Appender>,
    failed: Vec<OutputError>,
}

impl<'r, 't> Telling<'r, 't> {
    pub(super) fn new(prepared: Prepared<'t>, run: &'r Run) -> Self {
        let Prepared { targets, owners, append, traces, hops, .. } = prepared;
        let split = Counting::new(targets);
        Self { run, targets, owners, append, traces, hops, split, short: 0 }
    }

    /// Judges all traces and fills the files about them.
    pub(super) fn tell(mut self, all: &Archive) -> anyhow::Result<Told> {
        // The header is there even if nothing was traced.
        self.write(&[]);
        for traces in all.by_prefix(&self.targets.block) {
            let trace = |finished: &Finished| finished.trace(self.run.started.unwrap_or_default());
            let traces: Vec<Trace> = traces?.iter().map(trace).collect();
            let judgements = judge(&traces, self.targets, &self.owners);
            let judged: Vec<_> = traces.iter().zip(&judgements).collect();
            self.write(&judged);
            self.count(&judged);
        }
        Ok(self.told())
    }

    fn write(&mut self, judged: &[(&Trace, &Judgement)]) {
        if let Some(sheet) = &mut self.traces {
            sheet.add(&traces(self.run, judged, self.targets));
        }
        if let Some(sheet) = &mut self.hops {
            let traces: Vec<&Trace> = judged.iter().map(|(trace, _)| *trace).collect();
            sheet.add(&hops(self.run, &traces, &self.owners));
        }
    }

    fn count(&mut self, judged: &[(&Trace, &Judgement)]) {
        for (trace, judgement) in judged {
            self.split.add(trace, judgement);
        }
        self.short += judged.iter().filter(|(_, judgement)| judgement.fell_short()).count();
    }

    fn told(self) -> Told {
        let split = self.split.split();
        let sheets = [self.traces, self.hops].into_iter().flatten();
        let failed = sheets.filter_map(|sheet| sheet.end().err()).collect();
        let classified =
            split.block.counts.iter().any(|(class, n)| class.is_classified() && *n > 0);
        let summary = Summary { split, append: self.append, failed };
        Told { short: self.short, classified, summary }
    }
}

impl Summary {
    /// Writes the summary. What cannot be written keeps nothing else from being written: it cannot
    /// be measured again.
    pub(super) fn write(
        self,
        run: &Run,
        classes: &Classes,
        counts: Option<&Counts>,
        common: &Common,
    ) -> anyhow::Result<()> {
        let rows = summary(run, &self.split, classes, counts);
        let appended = self.append.map_or(Ok(()), |mut append| append.append(&rows));
        let format = Format::or_suited(common.format);
        let told = format.write(&rows, || summary_table(run, &self.split, classes, counts));
        let failed = appended.err().into_iter().chain(self.failed);
        let mut failed = failed.map(anyhow::Error::new).chain(told.err());
        let Some(first) = failed.next() else { return Ok(()) };
        for other in failed {
            Exit::of(&other).report(&other);
        }
        Err(first)
    }
}

impl Probe {
    /// What `--dry-run` says.
    pub(super) fn tell_only(&self, targets: &Targets) -> anyhow::Result<Exit> {
        let addresses = self.addresses(targets, &mut self.random()?)?;
        let methods = self.how.method.unwrap_or_default();
        let traces = addresses.len() * methods.list().len() * usize::from(self.how.flows);
        let most = traces * usize::from(self.how.max_ttl) * usize::from(Attempt::MOST);
        let complete = self.complete(&addresses, &targets.block).min(traces);
        let some = |each, complete_each| (traces - complete) * each + complete * complete_each;
        let rate = match self.how.rate {
            0 => "without a limit".into(),
            rate => format!("at most {rate} packets/s"),
        };
        let text = format!(
            "would trace {} addresses of {} by {}: {traces} traces, {complete} of them completely, some \
             {} to {} packets, never more than {most}, {rate}\n",
            addresses.len(),
            targets.block.prefix,
            methods.name(),
            most.min(some(2, 10)),
            most.min(some(6, 25)),
        );
        stdout::write(|out| out.write_all(text.as_bytes()))?;
        Ok(Exit::Measured)
    }

    /// How many traces are complete from the first hop on.
    fn complete(&self, addresses: &[Ipv4Addr], block: &Block) -> usize {
        let settings = self.how.settings();
        if settings.strategy == Strategy::Full {
            return usize::MAX;
        }
        let prefix = |address: &Ipv4Addr| block.routed_prefix(*address);
        let prefixes: BTreeSet<_> = addresses.iter().filter_map(prefix).collect();
        let methods = self.how.method.unwrap_or_default();
        prefixes.len() * methods.list().len() * settings.learners
    }
}
