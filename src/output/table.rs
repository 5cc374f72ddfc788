//! The summary for people: the scopes under each other, their classes beside each other.

use std::fmt::Write as _;

use crate::census::HostCounts;
use crate::split::{Part, Share, Split};
use crate::targets::Classes;
use crate::transit::Class;

use super::{Run, summary};

/// How many last hops are named before the rest is counted.
const NAMED: usize = 2;

/// The summary of a run as a table, with a line about the run above it.
#[must_use]
pub fn table(run: &Run, split: &Split, classes: &Classes) -> String {
    table_with(run, split, classes, None)
}

/// The same for a run that may also have asked which targets live.
#[must_use]
pub fn table_with(
    run: &Run,
    split: &Split,
    classes: &Classes,
    counts: Option<&HostCounts>,
) -> String {
    let parts = split.routed.iter().chain(std::iter::once(&split.block));
    let mut lines = vec![heading(split, classes, counts.is_some())];
    lines.extend(parts.map(|part| line(part, split, classes, counts)));
    format!("{}\n\n{}", about(run, split.block.targets, split.block.probes), align(&lines))
}

/// When and from where, how much and how long.
pub(super) fn about(run: &Run, targets: usize, packets: usize) -> String {
    let from =
        if run.vantage.is_empty() { String::new() } else { format!(" from {}", run.vantage) };
    let cut = if run.complete { "" } else { " (INCOMPLETE)" };
    let took = run.started.zip(run.ended).map_or(String::new(), |(started, ended)| {
        format!(", {} s", ended.duration_since(started).as_secs())
    });
    let when = run.started.map_or(String::new(), |started| format!("{started:.0}  "));
    format!("{when}{}  {targets} targets{from}, {packets} packets{took}{cut}", run.method)
}

fn heading(split: &Split, classes: &Classes, pinged: bool) -> Vec<String> {
    let mut cells = vec!["prefix".to_owned(), "verdict".into(), "traces".into()];
    cells.extend(classes.ids().map(|id| classes.name(id).to_owned()));
    cells.extend(rest(split).map(|class| class.name(classes).to_owned()));
    cells.extend(pinged.then(|| "alive".to_owned()));
    cells.extend(["rtt".into(), "carriers".into(), "last hops".into()]);
    cells
}

fn line(part: &Part, split: &Split, classes: &Classes, counts: Option<&HostCounts>) -> Vec<String> {
    let count = |class| part.counts.get(&class).copied().unwrap_or_default();
    let mut cells = vec![
        part.scope.to_string(),
        summary::verdict(part.verdict, classes).to_owned(),
        part.counts.values().sum::<usize>().to_string(),
    ];
    cells.extend(classes.ids().map(|id| {
        let share = part.shares.get(id.index()).copied().flatten();
        share_text(count(Class::Transit(id)), share)
    }));
    cells.extend(rest(split).map(|class| number(count(class))));
    cells.extend(counts.map(|counts| alive(counts, part)));
    cells.push(part.rtt.map_or(String::new(), |rtt| format!("{:.0} ms", rtt.as_secs_f64() * 1e3)));
    cells.push(carriers(&part.carriers));
    cells.push(last_hops(part));
    cells
}

/// How many live, and how many only seem to.
fn alive(counts: &HostCounts, part: &Part) -> String {
    counts.scope(part.scope).map_or(String::new(), |count| match count.implausible {
        0 => number(count.alive),
        suspect => format!("{} ({suspect} suspect)", number(count.alive)),
    })
}

/// The other classes that occur at all.
fn rest(split: &Split) -> impl Iterator<Item = Class> {
    [Class::Other, Class::Unknown, Class::Unreached]
        .into_iter()
        .filter(|class| split.block.counts.get(class).is_some_and(|count| *count > 0))
}

fn share_text(count: usize, share: Option<Share>) -> String {
    let percent = |part: f64| format!("{:.0}", part * 100.0);
    match share {
        None | Some(Share { share: 0.0, .. }) => number(count),
        Some(Share { share, low, high, .. }) => {
            format!("{count}  {} % ({}-{})", percent(share), percent(low), percent(high))
        }
    }
}

fn number(count: usize) -> String {
    if count == 0 { "-".into() } else { count.to_string() }
}

fn carriers(carriers: &[(String, usize)]) -> String {
    let names: Vec<&str> = carriers.iter().map(|(name, _)| name.as_str()).collect();
    names.join(", ")
}

fn last_hops(part: &Part) -> String {
    let mut text: Vec<String> =
        part.last_hops.iter().take(NAMED).map(|(address, _)| address.to_string()).collect();
    if let Some(more) = part.last_hops.len().checked_sub(NAMED).filter(|more| *more > 0) {
        text.push(format!("{more} more"));
    }
    text.join(", ")
}

/// Columns as wide as their widest cell, two blanks apart.
#[must_use]
pub fn align(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(row, "{cell:width$}  ");
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}
