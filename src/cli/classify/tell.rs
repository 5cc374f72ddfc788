//! The second pass: judges each trace, and tells it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;

use anyhow::Context;

use crate::import::parallel::{Kept, ordered};
use crate::output::{Appender, Rows, Run, explain, summary, summary_table, traces};
use crate::owner::Owners;
use crate::split::{Counting, Split};
use crate::targets::Targets;
use crate::transit::{Class, Evidence, Judge, Judgement, Outline};

use super::super::common::Common;
use super::super::exit::Exit;
use super::super::format::Format;
use super::super::sheet::Sheet;
use super::super::stdout;
use super::by::By;
use super::spool::{Packed, Spooled};

pub(super) struct Telling<'a> {
    targets: &'a Targets,
    owners: &'a Owners<'a>,
    evidence: &'a Evidence,
    run: &'a Run,
    sheet: Option<Sheet>,
    by: Option<By>,
    seed: u64,
}

/// Where one worker judges.
struct Desk<'a> {
    judge: Judge<'a, 'a>,
    counting: Counting<'a>,
    groups: BTreeMap<String, Counting<'a>>,
}

impl Desk<'_> {
    /// Counts what was judged at another desk.
    fn add(&mut self, other: Self) {
        self.counting.add_all(other.counting);
        for (group, counting) in other.groups {
            match self.groups.entry(group) {
                Entry::Occupied(mut here) => here.get_mut().add_all(counting),
                Entry::Vacant(here) => {
                    here.insert(counting);
                }
            }
        }
    }
}

/// What was judged, counted.
pub(super) struct Told<'a> {
    targets: &'a Targets,
    run: &'a Run,
    sheet: Option<Sheet>,
    all: Counting<'a>,
    groups: BTreeMap<String, Counting<'a>>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(
        targets: &'a Targets,
        owners: &'a Owners<'a>,
        evidence: &'a Evidence,
        run: &'a Run,
        sheet: Option<Sheet>,
        by: Option<By>,
    ) -> Self {
        Self { targets, owners, evidence, run, sheet, by, seed: 0 }
    }

    /// With another seed for the intervals.
    pub(super) fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Judges all traces, and writes their rows.
    pub(super) fn tell(mut self, all: Spooled) -> anyhow::Result<Told<'a>> {
        // The header is there even without a row.
        self.row(&traces(self.run, &[], self.targets));
        let mut sheet = self.sheet.take();
        let desks = Kept::new();
        let work = |packed: Packed| desks.with(|| self.desk(), |desk| self.judged(&packed, desk));
        let mut failed = Ok(());
        let take = |rows: io::Result<Option<Rows>>| match (rows, &mut sheet) {
            (Ok(Some(rows)), Some(sheet)) => sheet.add(&rows),
            (Ok(_), _) => {}
            (Err(error), _) => failed = Err(error),
        };
        let read = ordered(all, |_| false, work, take);
        read.and(failed).context("reading back a temporary file")?;
        let mut desks = desks.all().into_iter();
        let mut all = desks.next().unwrap_or_else(|| self.desk());
        desks.for_each(|desk| all.add(desk));
        let Desk { counting, groups, .. } = all;
        Ok(Told { targets: self.targets, run: self.run, sheet, all: counting, groups })
    }

    fn counting(&self) -> Counting<'a> {
        Counting::new(self.targets).seeded(self.seed)
    }

    fn desk(&self) -> Desk<'a> {
        Desk {
            judge: Judge::new(self.targets, self.owners, self.evidence),
            counting: self.counting(),
            groups: BTreeMap::new(),
        }
    }

    /// Judges some traces at a desk; their rows, if anybody wants them.
    fn judged(&self, packed: &Packed, desk: &mut Desk<'a>) -> io::Result<Option<Rows>> {
        let mut rows: Option<Rows> = None;
        for outline in packed.outlines() {
            self.count(outline?, desk);
        }
        for found in packed.traces() {
            let (_, trace) = found?;
            let judgement = self.count(Outline::of(&trace, self.targets), desk);
            let row = traces(self.run, &[(&trace, &judgement)], self.targets);
            match &mut rows {
                Some(rows) => rows.rows.extend(row.rows),
                None => rows = Some(row),
            }
        }
        Ok(rows)
    }

    fn count(&self, outline: Outline, desk: &mut Desk<'a>) -> Judgement {
        let (target, vantage, probes) = (outline.target, outline.vantage.clone(), outline.probes);
        let judgement = desk.judge.weigh(outline);
        let vantage = vantage.as_deref();
        desk.counting.count(target, vantage, probes, &judgement);
        if let Some(by) = self.by {
            let group = desk.groups.entry(by.group(vantage, self.owners));
            let group = group.or_insert_with(|| self.counting());
            group.count(target, vantage, probes, &judgement);
        }
        judgement
    }

    /// Judges all traces, and explains each.
    pub(super) fn explain(self, all: Spooled, files: &[String]) -> anyhow::Result<Exit> {
        let desks = Kept::new();
        let work = |packed: Packed| {
            desks.with(|| self.desk(), |desk| self.explained(&packed, files, desk))
        };
        let mut told = Ok(());
        let take = |text: io::Result<String>| {
            if told.is_ok() {
                let text = text.context("reading back a temporary file");
                told = text.and_then(|text| stdout::write(|out| out.write_all(text.as_bytes())));
            }
        };
        ordered(all, |_| false, work, take).context("reading back a temporary file")?;
        told?;
        let classified = desks.all().iter().any(|desk| classified(&desk.counting));
        Ok(if classified { Exit::Measured } else { Exit::Nothing })
    }

    fn explained(
        &self,
        packed: &Packed,
        files: &[String],
        desk: &mut Desk<'a>,
    ) -> io::Result<String> {
        let mut text = String::new();
        for found in packed.traces() {
            let (place, trace) = found?;
            let judgement = desk.judge.judge(&trace);
            desk.counting.add(&trace, &judgement);
            let file = files.get(place.file).map_or("", String::as_str);
            let title = format!("{file}:{}", place.line);
            text += &explain(&title, &trace, &judgement, self.evidence, self.owners, self.targets);
        }
        Ok(text)
    }

    fn row(&mut self, rows: &Rows) {
        if let Some(sheet) = &mut self.sheet {
            sheet.add(rows);
        }
    }
}

impl Told<'_> {
    pub(super) fn classified(&self) -> bool {
        classified(&self.all)
    }

    /// Writes the summary: all traces together, then each group.
    pub(super) fn write(self, append: Option<Appender>, common: &Common) -> anyhow::Result<()> {
        let classes = &self.targets.classes;
        let split = self.all.split();
        let mut rows = summary(self.run, &split, classes, None);
        let mut text = summary_table(self.run, &split, classes, None);
        for (group, counting) in self.groups {
            let run = Run { vantage: group, ..self.run.clone() };
            let split: Split = counting.split();
            rows.rows.extend(summary(&run, &split, classes, None).rows);
            text = format!("{text}\n{}", summary_table(&run, &split, classes, None));
        }
        let sheet = self.sheet.map_or(Ok(()), Sheet::end);
        let appended = append.map_or(Ok(()), |mut append| append.append(&rows));
        Format::or_suited(common.format).write(&rows, || text)?;
        Ok(sheet.and(appended)?)
    }
}

/// Whether somebody was named.
fn classified(counting: &Counting<'_>) -> bool {
    let some = |(class, count): (&Class, &usize)| class.is_classified() && *count > 0;
    counting.classes().any(|(_, classes)| classes.iter().any(some))
}
