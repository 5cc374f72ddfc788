//! The numbers that the chart is drawn from, as a table: for each scope a row for each step of the axis
//! that has runs.

use jiff::Timestamp;

use crate::history::{Bucket, Hosts, Name, Timeline};

use super::chart::Look;
use super::section::Section;
use super::slices::{Part, float};
use super::tables::{self, Head, number, row};
use super::ticks;
use super::words::{self, milliseconds, percent};
use super::xml::Element;

/// At most so many rows for each scope.
const MOST: usize = 16;

/// The runs of a step.
struct Step<'t> {
    buckets: Vec<&'t Bucket>,
}

pub(super) fn table(section: &Section<'_>, look: Look<'_, '_>) -> Element {
    let classes = classes(section, look);
    let mut heads = vec![Head::Text("from"), Head::Number("runs")];
    heads.extend(classes.iter().map(|(_, text)| Head::Number(text)));
    heads.extend(["no way in", "unknown"].map(Head::Number));
    heads.push(Head::Text("carriers and their traces"));
    heads.extend(["RTT", "lowest", "highest"].map(Head::Number));
    let pinged = section.series.iter().any(|series| series.state.hosts.is_some());
    heads.extend(pinged.then_some(Head::Number("hosts alive")));
    let mut steps = ticks::moments(look.period, MOST);
    steps.insert(0, look.period.from);
    let bodies = section.series.iter().map(|series| {
        let title =
            Element::text("th", series.scope).set("colspan", heads.len()).set("scope", "rowgroup");
        let rows = gather(&series.timeline, &steps);
        let rows = rows.iter().map(|(from, step)| step.row(*from, &classes, pinged, section));
        Element::new("tbody").with(Element::new("tr").with(title)).with_all(rows)
    });
    tables::table("The numbers", &heads, bodies.collect())
}

/// The classes that the chart has.
fn classes<'h>(section: &Section<'h>, look: Look<'_, 'h>) -> Vec<(Name, &'h str)> {
    let has = |class: Name| {
        let mut buckets = section.series.iter().flat_map(|series| series.timeline.buckets());
        buckets.any(|bucket| bucket.classes.iter().any(|sum| sum.class == class && sum.count > 0))
    };
    let classes = look.palette.entries().iter().filter_map(|entry| match entry.part {
        Part::Class(class) if has(class) => Some((class, entry.text)),
        _ => None,
    });
    classes.collect()
}

/// The steps that have runs, each with its beginning.
fn gather<'t>(timeline: &'t Timeline, steps: &[Timestamp]) -> Vec<(Timestamp, Step<'t>)> {
    let place = |bucket: &&Bucket| steps.partition_point(|step| *step <= bucket.first);
    let buckets: Vec<&Bucket> = timeline.buckets().iter().collect();
    let step = |chunk: &[&'t Bucket]| {
        let first = chunk.first()?;
        let from = steps.get(place(first).saturating_sub(1)).copied().unwrap_or(first.first);
        Some((from, Step { buckets: chunk.to_vec() }))
    };
    buckets.chunk_by(|one, other| place(one) == place(other)).filter_map(step).collect()
}

impl Step<'_> {
    fn row(
        &self,
        from: Timestamp,
        classes: &[(Name, &str)],
        pinged: bool,
        section: &Section<'_>,
    ) -> Element {
        let count =
            |of: fn(&Bucket) -> u64| self.buckets.iter().map(|bucket| of(bucket)).sum::<u64>();
        let mut cells = vec![number(count(|bucket| bucket.runs.into()))];
        cells.extend(classes.iter().map(|(class, _)| number(self.share(*class))));
        cells.push(number(count(|bucket| bucket.unreached)));
        cells.push(number(count(|bucket| bucket.unknown)));
        cells.push(tables::cell(self.carriers(section)));
        cells.extend(self.rtt().map(number));
        cells.extend(pinged.then(|| number(self.hosts())));
        row(words::minute(from), cells)
    }

    /// The mean of the runs that have a share.
    fn share(&self, class: Name) -> String {
        let runs: u32 = self.buckets.iter().map(|bucket| bucket.classified_runs).sum();
        let shares = self.buckets.iter().flat_map(|bucket| &bucket.classes);
        let shares: f64 = shares.filter(|sum| sum.class == class).map(|sum| sum.shares).sum();
        if runs == 0 { String::new() } else { percent(shares / f64::from(runs)) }
    }

    fn carriers(&self, section: &Section<'_>) -> String {
        let mut all: Vec<(Name, u64)> = Vec::new();
        for (carrier, count) in self.buckets.iter().flat_map(|bucket| &bucket.carriers) {
            match all.iter_mut().find(|(other, _)| other == carrier) {
                Some((_, sum)) => *sum += count,
                None => all.push((*carrier, *count)),
            }
        }
        all.sort_by_key(|(carrier, count)| (std::cmp::Reverse(*count), *carrier));
        let text = |(carrier, count): &(Name, u64)| {
            format!("{} {count}", section.history.names.text(*carrier))
        };
        all.iter().map(text).collect::<Vec<_>>().join(", ")
    }

    /// Mean, lowest and highest, in milliseconds.
    fn rtt(&self) -> [String; 3] {
        let all = || self.buckets.iter().filter_map(|bucket| bucket.rtt);
        let runs: u32 = all().map(|rtt| rtt.runs).sum();
        if runs == 0 {
            return Default::default();
        }
        let sum: f64 = all().map(|rtt| rtt.sum).sum();
        let low = all().map(|rtt| rtt.low).fold(f32::INFINITY, f32::min);
        let high = all().map(|rtt| rtt.high).fold(0.0, f32::max);
        [sum / f64::from(runs), low.into(), high.into()]
            .map(|ms| format!("{} ms", milliseconds(ms)))
    }

    /// How many of the pinged ones answer.
    fn hosts(&self) -> String {
        let all = self.buckets.iter().filter_map(|bucket| bucket.hosts);
        let sum = |(pinged, alive), hosts: Hosts| {
            (pinged + u64::from(hosts.pinged), alive + u64::from(hosts.alive))
        };
        match all.fold((0, 0), sum) {
            (0, _) => String::new(),
            (pinged, alive) => percent(float(alive) / float(pinged)),
        }
    }
}
