//! Two runs side by side: of each scope what both saw, and what differs beyond its interval.

use std::cmp::Reverse;

use ipnet::Ipv4Net;

use crate::columns::{DIFF, DiffRow};
use crate::output::{Cell, Rows, TextTable, is_simulated, wrapped};
use crate::split::Share;

use super::pick::{Picked, PickedRow, PickedRun};
use super::row::{Interval, Name, Names, Plane, Row};

/// So many of so many traces of a row.
type Counted = fn(&Row) -> [u32; 2];

/// What is counted beside the classes.
const BESIDE: [(&str, Counted); 3] = [
    ("other", |row| [row.other, row.classified()]),
    ("unknown", |row| [row.unknown, row.traces()]),
    ("unreached", |row| [row.unreached, row.traces()]),
];

/// What two runs saw of a scope; nothing where a run did not trace it.
#[derive(Debug)]
pub struct Difference<'p> {
    /// The scope.
    pub scope: Ipv4Net,
    rows: [Option<&'p PickedRow>; 2],
    /// What differs beyond its interval: classes, `other`, `unknown`, `unreached`, `verdict`, and `carrier:NAME`.
    pub differs: Vec<String>,
}

/// The scopes of both runs, a block before its prefixes, each compared.
#[must_use]
pub fn differences(picked: &Picked) -> Vec<Difference<'_>> {
    let [first, second] = &picked.runs;
    let mut scopes: Vec<Ipv4Net> =
        first.rows.iter().chain(&second.rows).map(|row| row.row.scope).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let difference = |scope| {
        let rows = [first.row(scope), second.row(scope)];
        let differs = match rows {
            [Some(first), Some(second)] => differing(first, second, &picked.names),
            _ => Vec::new(),
        };
        Difference { scope, rows, differs }
    };
    scopes.into_iter().map(difference).collect()
}

fn differing(first: &PickedRow, second: &PickedRow, names: &Names) -> Vec<String> {
    let (one, other) = (&first.row, &second.row);
    let mut differs = Vec::new();
    for class in classes([one, other].into_iter()) {
        if apart(share(one, class), share(other, class)) {
            differs.push(names.text(class).to_owned());
        }
    }
    for (name, count) in BESIDE {
        if apart(wilson(count(one)), wilson(count(other))) {
            differs.push(name.to_owned());
        }
    }
    if first.verdict != second.verdict {
        differs.push("verdict".to_owned());
    }
    for carrier in carriers([one, other].into_iter()) {
        let of = |row: &Row| wilson([count(row, carrier), row.classified()]);
        if apart(of(one), of(other)) {
            differs.push(format!("carrier:{}", names.text(carrier)));
        }
    }
    differs
}

/// Whether two intervals have nothing in common.
fn apart(one: Option<Interval>, other: Option<Interval>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one.high < other.low || other.high < one.low)
}

/// The share of so many of so many.
#[expect(clippy::cast_possible_truncation, reason = "four decimals are written")]
fn wilson([count, of]: [u32; 2]) -> Option<Interval> {
    let size = f64::from(of);
    (of > 0).then(|| Share::wilson(f64::from(count) / size, size)).map(|of| Interval {
        share: of.share as f32,
        low: of.low as f32,
        high: of.high as f32,
    })
}

fn share(row: &Row, class: Name) -> Option<Interval> {
    row.classes.iter().find(|it| it.class == class)?.share
}

fn count(row: &Row, carrier: Name) -> u32 {
    row.carriers.iter().find(|(name, _)| *name == carrier).map_or(0, |(_, count)| *count)
}

/// The classes of rows, in the order in which they come.
fn classes<'r>(rows: impl Iterator<Item = &'r Row>) -> Vec<Name> {
    once(rows.flat_map(|row| row.classes.iter().map(|class| class.class)))
}

/// Their carriers, likewise.
fn carriers<'r>(rows: impl Iterator<Item = &'r Row>) -> Vec<Name> {
    once(rows.flat_map(|row| row.carriers.iter().map(|(name, _)| *name)))
}

fn once(all: impl Iterator<Item = Name>) -> Vec<Name> {
    let mut names = Vec::new();
    for name in all {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A row for each scope.
#[must_use]
pub fn diff_rows(picked: &Picked, all: &[Difference<'_>]) -> Rows {
    let names = &picked.names;
    let classes = all_classes(picked);
    let texts = classes.iter().map(|class| names.text(*class).to_owned()).collect();
    Rows::new(texts, all.iter().map(|it| diff_row(picked, it, &classes)))
}

fn all_classes(picked: &Picked) -> Vec<Name> {
    classes(picked.runs.iter().flat_map(|run| &run.rows).map(|row| &row.row))
}

fn diff_row(picked: &Picked, difference: &Difference<'_>, classes: &[Name]) -> DiffRow<Cell> {
    let Picked { names, runs: [first, second] } = picked;
    let [one, other] = difference.rows;
    let text = |name| Cell::text(names.text(name));
    let cell = |row: Option<&PickedRow>, cell: fn(&PickedRow) -> Cell| Cell::maybe(row, cell);
    let each = |value: fn(&PickedRow) -> Cell| [cell(one, value), cell(other, value)];
    let counted = |row: Option<&PickedRow>, class: Name| {
        let class = row?.row.classes.iter().find(|it| it.class == class)?;
        Some(Cell::count(class.count))
    };
    let counts = |class: &Name| [one, other].map(|row| counted(row, *class).unwrap_or(Cell::Empty));
    let shares = |class: &Name| {
        let [one, other] =
            [one, other].map(|row| limits(row.and_then(|it| share(&it.row, *class))));
        let mut all = one.into_iter().chain(other);
        std::array::from_fn(|_| all.next().unwrap_or(Cell::Empty))
    };
    let listed = |row: Option<&PickedRow>| {
        let carriers = row.map_or(&[][..], |row| &row.row.carriers);
        let each = carriers.iter().map(|(name, count)| format!("{}={count}", names.text(*name)));
        Cell::text_or_empty(each.collect::<Vec<_>>().join(";"))
    };
    let [targets_first, targets_second] = each(|row| Cell::count(row.row.traces()));
    let [other_first, other_second] = each(|row| Cell::count(row.row.other));
    let [unknown_first, unknown_second] = each(|row| Cell::count(row.row.unknown));
    let [unreached_first, unreached_second] = each(|row| Cell::count(row.row.unreached));
    let [verdict_first, verdict_second] = each(|row| Cell::text_or_empty(row.verdict.clone()));
    let [last_hops_first, last_hops_second] = each(|row| Cell::maybe(row.last_hops, Cell::count));
    let [rtt_ms_first, rtt_ms_second] =
        each(|row| Cell::maybe(row.row.rtt_ms, |ms| Cell::Decimal(ms.into(), 3)));
    let [complete_first, complete_second] = each(|row| Cell::Flag(row.row.complete));
    DiffRow {
        schema: Cell::Count(DIFF.schema()),
        scope: Cell::text(difference.scope),
        run_first: Cell::text(&first.run),
        run_second: Cell::text(&second.run),
        started_first: Cell::time(first.started),
        started_second: Cell::time(second.started),
        vantage_first: text(first.vantage),
        vantage_second: text(second.vantage),
        method_first: text(first.method),
        method_second: text(second.method),
        traces_first: targets_first,
        traces_second: targets_second,
        counts: classes.iter().map(counts).collect(),
        shares: classes.iter().map(shares).collect(),
        other_first,
        other_second,
        unknown_first,
        unknown_second,
        unreached_first,
        unreached_second,
        verdict_first,
        verdict_second,
        carriers_first: listed(one),
        carriers_second: listed(other),
        last_hops_first,
        last_hops_second,
        rtt_ms_first,
        rtt_ms_second,
        complete_first,
        complete_second,
        differs: Cell::text_or_empty(difference.differs.join(";")),
    }
}

fn limits(share: Option<Interval>) -> [Cell; 3] {
    share.map_or([Cell::Empty, Cell::Empty, Cell::Empty], |share| {
        [share.share, share.low, share.high].map(|number| Cell::share(number.into()))
    })
}

/// Both runs, and under them a line for each thing that they saw of a scope, of at most `width` characters.
#[must_use]
pub fn diff_table(picked: &Picked, all: &[Difference<'_>], width: Option<usize>) -> String {
    let names = &picked.names;
    let about = |which: &str, run: &PickedRun| {
        let simulated = if is_simulated(names.text(run.vantage)) { "SIMULATED: " } else { "" };
        let is_cut = run.rows.iter().any(|row| !row.row.complete);
        let cut = if is_cut { " (INCOMPLETE)" } else { "" };
        let is_announced = run.rows.iter().any(|row| row.row.plane == Plane::Control);
        let peers = if is_announced { "; shares are of peers, not of traffic" } else { "" };
        let text = format!("{which:6}  {simulated}{}{cut}{peers}", run.describe(names));
        wrapped(&text, "", "          ", width)
    };
    let [first, second] = &picked.runs;
    let mut table = TextTable::new(["scope", "of", "first", "second", "differs"]);
    // The block is last, as in the summary.
    let mut sorted: Vec<_> = all.iter().collect();
    sorted.sort_by_key(|it| (Reverse(it.scope.prefix_len()), it.scope));
    for difference in sorted {
        add_lines(&mut table, difference, picked);
    }
    format!("{}{}\n{}", about("first", first), about("second", second), table.text(width, &[]))
}

fn add_lines(table: &mut TextTable, difference: &Difference<'_>, picked: &Picked) {
    let (names, rows) = (&picked.names, difference.rows);
    let mut scope = difference.scope.to_string();
    let mut add = |of: &str, mark: &str, value: &dyn Fn(&PickedRow) -> String| {
        let differs = difference.differs.iter().any(|it| it == mark);
        let [first, second] = rows.map(|row| row.map_or_else(|| "not traced".into(), value));
        let mark = if differs { "yes" } else { "" };
        table.add_row(vec![std::mem::take(&mut scope), of.into(), first, second, mark.into()]);
    };
    let seen = || rows.iter().flatten().map(|row| &row.row);
    add("verdict", "verdict", &|row| row.verdict.clone());
    for class in classes(seen()) {
        let name = names.text(class);
        add(name, name, &|row| {
            let count = row.row.classes.iter().find(|it| it.class == class);
            counted(count.map_or(0, |class| class.count), share(&row.row, class))
        });
    }
    for (name, count) in BESIDE {
        if seen().any(|row| count(row)[0] > 0) {
            add(name, name, &|row| count(&row.row)[0].to_string());
        }
    }
    for carrier in carriers(seen()) {
        let name = names.text(carrier);
        let of = |row: &PickedRow| count(&row.row, carrier).to_string();
        add(&format!("by {name}"), &format!("carrier:{name}"), &of);
    }
    add("last hops", "", &|row| row.last_hops.map_or("-".into(), |count| count.to_string()));
}

/// A count, and its share with the interval.
fn counted(count: u32, share: Option<Interval>) -> String {
    let Some(Interval { share, low, high }) = share else { return count.to_string() };
    let [share, low, high] = [share, low, high].map(|it| it * 100.0);
    format!("{count}, {share:.0} % ({low:.0}-{high:.0})")
}
