//! The second pass: judges each trace, and tells it.

use std::collections::BTreeMap;

use anyhow::Context;

use crate::output::{Appender, Rows, Run, explain, summary, table, traces};
use crate::owner::Owners;
use crate::split::{Counting, Split};
use crate::targets::Targets;
use crate::transit::{Evidence, Judge};

use super::super::common::Common;
use super::super::exit::Exit;
use super::super::format::Format;
use super::super::sheet::Sheet;
use super::super::stdout;
use super::by::By;
use super::spool::Spooled;

pub(super) struct Telling<'a> {
    targets: &'a Targets,
    owners: &'a Owners<'a>,
    evidence: &'a Evidence,
    run: &'a Run,
    sheet: Option<Sheet>,
    by: Option<By>,
    seed: u64,
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
        let mut judge = Judge::new(self.targets, self.owners, self.evidence);
        let mut groups: BTreeMap<String, Counting<'a>> = BTreeMap::new();
        let (targets, seed) = (self.targets, self.seed);
        let counting = || Counting::new(targets).seeded(seed);
        let mut together = counting();
        // The header is there even without a row.
        self.row(&traces(self.run, &[], self.targets));
        for found in all {
            let (_, trace) = found.context("reading back a temporary file")?;
            let judgement = judge.judge(&trace);
            self.row(&traces(self.run, &[(&trace, &judgement)], self.targets));
            together.add(&trace, &judgement);
            if let Some(by) = self.by {
                let group = by.group(&trace, self.owners);
                groups.entry(group).or_insert_with(counting).add(&trace, &judgement);
            }
        }
        let Self { targets, run, sheet, .. } = self;
        Ok(Told { targets, run, sheet, all: together, groups })
    }

    /// Judges all traces, and explains each.
    pub(super) fn explain(self, all: Spooled, files: &[String]) -> anyhow::Result<Exit> {
        let mut judge = Judge::new(self.targets, self.owners, self.evidence);
        let mut classified = false;
        for found in all {
            let (place, trace) = found.context("reading back a temporary file")?;
            let judgement = judge.judge(&trace);
            classified |= judgement.class.is_classified();
            let file = files.get(place.file).map_or("", String::as_str);
            let title = format!("{file}:{}", place.line);
            let text =
                explain(&title, &trace, &judgement, self.evidence, self.owners, self.targets);
            stdout::write(|out| out.write_all(text.as_bytes()))?;
        }
        Ok(if classified { Exit::Measured } else { Exit::Nothing })
    }

    fn row(&mut self, rows: &Rows) {
        if let Some(sheet) = &mut self.sheet {
            sheet.add(rows);
        }
    }
}

impl Told<'_> {
    pub(super) fn classified(&self) -> bool {
        let some =
            |(class, count): (&crate::transit::Class, &usize)| class.is_classified() && *count > 0;
        self.all.classes().any(|(_, classes)| classes.iter().any(some))
    }

    /// Writes the summary: all traces together, then each group.
    pub(super) fn write(self, append: Option<Appender>, common: &Common) -> anyhow::Result<()> {
        let classes = &self.targets.classes;
        let split = self.all.split();
        let mut rows = summary::summary(self.run, &split, classes);
        let mut text = table(self.run, &split, classes);
        for (group, counting) in self.groups {
            let run = Run { vantage: group, ..self.run.clone() };
            let split: Split = counting.split();
            rows.rows.extend(summary::summary(&run, &split, classes).rows);
            text = format!("{text}\n{}", table(&run, &split, classes));
        }
        let sheet = self.sheet.map_or(Ok(()), Sheet::end);
        let appended = append.map_or(Ok(()), |mut append| append.append(&rows));
        Format::or_suited(common.format).write(&rows, || text)?;
        Ok(sheet.and(appended)?)
    }
}
