//! The summary: one row for the block, then one for each routed prefix.

use crate::census::{HostCount, HostCounts};
use crate::split::{Part, Share, Split, Verdict};
use crate::targets::Classes;
use crate::transit::Class;

use super::run::SCHEMA;
use super::{Cell, Rows, Run};

/// What a ping found: the columns since schema 2.
const PINGED: [&str; 4] = ["pinged", "alive", "suspect", "alive_rtt_ms"];

/// The summary of a run.
#[must_use]
pub fn summary(run: &Run, split: &Split, classes: &Classes) -> Rows {
    with(run, split, classes, None)
}

/// The summary of a run that may also have asked which targets live.
#[must_use]
pub fn with(run: &Run, split: &Split, classes: &Classes, counts: Option<&HostCounts>) -> Rows {
    let parts = std::iter::once(&split.block).chain(&split.routed);
    let row = |part: &Part| {
        let mut row = row(run, part, classes);
        row.extend(pinged(counts.and_then(|counts| counts.scope(part.scope))));
        row
    };
    Rows { header: header(classes), rows: parts.map(row).collect() }
}

fn pinged(count: Option<&HostCount>) -> [Cell; 4] {
    [
        Cell::maybe(count, |count| Cell::count(count.targets)),
        Cell::maybe(count, |count| Cell::count(count.alive)),
        Cell::maybe(count, |count| Cell::count(count.implausible)),
        Cell::maybe(count.and_then(|count| count.rtt), Cell::millis),
    ]
}

/// The columns; those of the classes have the names of the configuration.
#[must_use]
pub fn header(classes: &Classes) -> Vec<String> {
    let names = || classes.ids().map(|id| classes.name(id));
    let shares =
        names().flat_map(|name| ["share", "low", "high"].map(|end| format!("{name}_{end}")));
    let before =
        ["schema", "run_id", "started_at", "ended_at", "vantage", "method", "scope", "targets"];
    let rest = ["other", "unknown", "unreached"];
    let after = ["verdict", "carriers", "last_hops", "rtt_ms", "probes", "complete"];
    let fixed = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut header = fixed(&before);
    header.extend(names().map(str::to_owned));
    header.extend(fixed(&rest));
    header.extend(shares);
    header.extend(fixed(&after));
    header.extend(fixed(&PINGED));
    header
}

/// The columns that the header line `found` lacks, if it is `expected` as an earlier version wrote it.
pub(super) fn missing(found: &str, expected: &str) -> Option<String> {
    let added = PINGED.join(",");
    let before = expected.strip_suffix(&added)?.strip_suffix(',')?;
    (found == before).then_some(added)
}

fn row(run: &Run, part: &Part, classes: &Classes) -> Vec<Cell> {
    let mut row = vec![
        Cell::Count(SCHEMA),
        Cell::text(&run.id),
        Cell::maybe(run.started, Cell::time),
        Cell::maybe(run.ended, Cell::time),
        Cell::text(&run.vantage),
        Cell::text(&run.method),
        Cell::text(part.scope),
        Cell::count(part.targets),
    ];
    row.extend(part.counts.values().map(|count| Cell::count(*count)));
    row.extend(part.shares.iter().flat_map(|share| limits(*share)));
    row.extend([
        Cell::text(verdict(part.verdict, classes)),
        Cell::maybe(carriers(&part.carriers), Cell::text),
        Cell::count(part.last_hops.len()),
        Cell::maybe(part.rtt, Cell::millis),
        Cell::count(part.probes),
        Cell::Flag(run.complete),
    ]);
    row
}

fn limits(share: Option<Share>) -> [Cell; 3] {
    let cell = |number| Cell::Decimal(number, 4);
    share.map_or([Cell::Empty, Cell::Empty, Cell::Empty], |share| {
        [cell(share.share), cell(share.low), cell(share.high)]
    })
}

/// The verdict in a word.
#[must_use]
pub fn verdict(verdict: Verdict, classes: &Classes) -> &str {
    match verdict {
        Verdict::One(class) => Class::name(class, classes),
        Verdict::Mixed => "mixed",
    }
}

fn carriers(carriers: &[(String, usize)]) -> Option<String> {
    let each: Vec<String> =
        carriers.iter().map(|(name, count)| format!("{name}={count}")).collect();
    Some(each.join(";")).filter(|carriers| !carriers.is_empty())
}
