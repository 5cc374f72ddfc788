//! The summary: one row for the block, then one for each routed prefix; and the same as a table for people.

use crate::census::{HostCount, HostCounts};
use crate::columns::{Header, SUMMARY, SummaryRow};
use crate::split::{Part, Share, Split, Verdict};
use crate::targets::Classes;
use crate::transit::Class;

use super::formats::count_or_dash;
use super::rows::{Cell, Rows, Run};
use super::text_table::{TextTable, wrapped};

/// How many last hops the table names before it counts the rest.
const NAMED: usize = 2;

/// The header of a summary.
#[must_use]
pub fn summary_header(classes: &Classes) -> Header {
    Header::new(&SUMMARY, names(classes))
}

pub(super) fn names(classes: &Classes) -> Vec<String> {
    classes.ids().map(|id| classes.name(id).to_owned()).collect()
}

/// The summary of a run; `counts` has what it pinged, if it did.
#[must_use]
pub fn summary(run: &Run, split: &Split, classes: &Classes, counts: Option<&HostCounts>) -> Rows {
    let parts = std::iter::once(&split.block).chain(&split.routed);
    let pinged = |part: &Part| counts.and_then(|counts| counts.scope(part.scope));
    Rows::new(names(classes), parts.map(|part| row(run, (split, part), classes, pinged(part))))
}

fn row(
    run: &Run,
    (split, part): (&Split, &Part),
    classes: &Classes,
    pinged: Option<&HostCount>,
) -> SummaryRow<Cell> {
    let count = |class| Cell::count(part.counts.get(&class).copied().unwrap_or_default());
    let carriers: Vec<String> =
        part.carriers.iter().map(|(name, count)| format!("{name}={count}")).collect();
    let [run_id, started_at, ended_at, vantage, method] = run.cells();
    SummaryRow {
        schema: Cell::Count(SUMMARY.schema()),
        run_id,
        started_at,
        ended_at,
        vantage,
        method,
        scope: Cell::text(part.scope),
        targets: Cell::count(part.targets),
        classes: classes.ids().map(|id| [count(Class::Transit(id))]).collect(),
        other: count(Class::Other),
        unknown: count(Class::Unknown),
        unreached: count(Class::Unreached),
        shares: part.shares.iter().map(|share| interval(*share)).collect(),
        verdict: Cell::text(verdict(part.verdict, classes)),
        carriers: Cell::text_or_empty(carriers.join(";")),
        last_hops: Cell::count(part.last_hops.len()),
        rtt_ms: Cell::maybe(part.rtt, Cell::millis),
        probes: Cell::count(part.probes),
        complete: Cell::Flag(run.complete && split.left_the_vantage()),
        pinged: Cell::maybe(pinged, |count| Cell::count(count.targets)),
        alive: Cell::maybe(pinged, |count| Cell::count(count.alive)),
        suspect: Cell::maybe(pinged, |count| Cell::count(count.implausible)),
        alive_rtt_ms: Cell::maybe(pinged.and_then(|count| count.rtt), Cell::millis),
        way_out: Cell::maybe(split.way_out, Cell::Flag),
        proven: Cell::count(part.proven),
        doubts: Cell::text_or_empty(doubts(run, split)),
        peers: Cell::Empty,
        full_peers: Cell::Empty,
        visibility: Cell::Empty,
        origins: Cell::Empty,
        rpki: Cell::Empty,
    }
}

/// What speaks against the run: what its traces show, then what else was found.
fn doubts(run: &Run, split: &Split) -> String {
    let doubts = split.doubts.iter().chain(&run.doubts);
    doubts.map(ToString::to_string).collect::<Vec<_>>().join(";")
}

pub(super) fn interval(share: Option<Share>) -> [Cell; 3] {
    share.map_or([Cell::Empty, Cell::Empty, Cell::Empty], |share| {
        [share.share, share.low, share.high].map(Cell::share)
    })
}

/// The verdict in a word.
pub(super) fn verdict(verdict: Verdict, classes: &Classes) -> &str {
    match verdict {
        Verdict::One(class) => Class::name(class, classes),
        Verdict::Mixed => "mixed",
    }
}

/// The parts of the table that go where it is too wide, in this order.
const GOING: [&str; 4] = ["last hops", "carriers", "intervals", "traces"];

/// The summary as a table of at most `width` characters a line, with a line about the run above it.
#[must_use]
pub fn summary_table(
    run: &Run,
    split: &Split,
    classes: &Classes,
    counts: Option<&HostCounts>,
    width: Option<usize>,
) -> String {
    let parts = split.routed.iter().chain(std::iter::once(&split.block));
    let mut table = TextTable::new(["prefix", "verdict"]);
    table.add_column("traces", Some("traces"));
    for id in classes.ids() {
        table.add_column(classes.name(id), None);
        table.add_column("", Some("intervals"));
    }
    let others = other_classes(split).map(|class| class.name(classes));
    for heading in others.chain(counts.map(|_| "alive")).chain(["rtt"]) {
        table.add_column(heading, None);
    }
    table.add_column("carriers", Some("carriers"));
    table.add_column("last hops", Some("last hops"));
    for part in parts {
        table.add_row(line(part, split, classes, counts));
    }
    let run = Run { complete: run.complete && split.left_the_vantage(), ..run.clone() };
    let about = run.describe(split.block.targets, split.block.probes);
    format!("{}\n{}", wrapped(&about, "", "  ", width), table.text(width, &GOING))
}

fn line(part: &Part, split: &Split, classes: &Classes, counts: Option<&HostCounts>) -> Vec<String> {
    let count = |class| part.counts.get(&class).copied().unwrap_or_default();
    let mut cells = vec![
        part.scope.to_string(),
        verdict(part.verdict, classes).to_owned(),
        part.counts.values().sum::<usize>().to_string(),
    ];
    for id in classes.ids() {
        let count = count(Class::Transit(id));
        cells.extend(share_and_interval(count, part.shares.get(id.index()).copied().flatten()));
    }
    cells.extend(other_classes(split).map(|class| count_or_dash(count(class))));
    if let Some(counts) = counts {
        cells.push(counts.scope(part.scope).map_or(
            String::new(),
            |count| match count.implausible {
                0 => count_or_dash(count.alive),
                suspect => format!("{} ({suspect} suspect)", count_or_dash(count.alive)),
            },
        ));
    }
    cells.push(part.rtt.map_or(String::new(), |rtt| format!("{:.0} ms", rtt.as_secs_f64() * 1e3)));
    cells.push(part.carriers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "));
    let mut last_hops: Vec<String> =
        part.last_hops.iter().take(NAMED).map(|(address, _)| address.to_string()).collect();
    if let Some(more) = part.last_hops.len().checked_sub(NAMED).filter(|more| *more > 0) {
        last_hops.push(format!("{more} more"));
    }
    cells.push(last_hops.join(", "));
    cells
}

/// How many there are with their share, and its interval.
pub(super) fn share_and_interval(count: usize, share: Option<Share>) -> [String; 2] {
    match share {
        None | Some(Share { share: 0.0, .. }) => [count_or_dash(count), String::new()],
        Some(share) => {
            let [share, low, high] =
                [share.share, share.low, share.high].map(|part| format!("{:.0}", part * 100.0));
            [format!("{count}  {share} %"), format!("({low}-{high})")]
        }
    }
}

/// The classes beside the configured ones that occur in the split.
fn other_classes(split: &Split) -> impl Iterator<Item = Class> {
    [Class::Other, Class::Unknown, Class::Unreached]
        .into_iter()
        .filter(|class| split.block.counts.get(class).is_some_and(|count| *count > 0))
}
