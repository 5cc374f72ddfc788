//! Events and states as rows.

use crate::output::{Cell, Rows};

use super::{Event, History, Interval, Name, Names, Series, Side, Verdict};

/// The version of the columns of events: counts up when a column is added.
pub const EVENTS_SCHEMA: u64 = 1;
/// That of the columns of states.
pub const STATE_SCHEMA: u64 = 1;

const EVENTS: [&str; 17] = [
    "schema",
    "event",
    "not_before",
    "not_after",
    "vantage",
    "method",
    "scope",
    "subject",
    "verdict_before",
    "verdict_after",
    "share_before",
    "share_after",
    "counts_before",
    "counts_after",
    "run_before",
    "run_after",
    "found_at",
];

/// Events, a row each, in their order.
pub fn events<'e>(events: impl IntoIterator<Item = &'e Event>, names: &Names) -> Rows {
    let rows = events.into_iter().map(|event| of_event(event, names)).collect();
    Rows { header: EVENTS.map(str::to_owned).into(), rows }
}

fn of_event(event: &Event, names: &Names) -> Vec<Cell> {
    let Event { before, after, .. } = event;
    let text = |name| Cell::text(names.text(name));
    let share = |side: &Side| Cell::maybe(side.share, |share| Cell::Decimal(share, 4));
    vec![
        Cell::Count(EVENTS_SCHEMA),
        Cell::text(event.kind.name()),
        Cell::time(before.at),
        Cell::time(after.at),
        text(event.vantage),
        text(event.method),
        Cell::text(event.scope),
        Cell::maybe(event.subject, text),
        Cell::text(before.verdict.text(names)),
        Cell::text(after.verdict.text(names)),
        share(before),
        share(after),
        counts(&before.counts, names),
        counts(&after.counts, names),
        Cell::text(&before.run),
        Cell::text(&after.run),
        Cell::time(event.found),
    ]
}

/// States, a row for each series.
pub fn states<'s>(series: impl IntoIterator<Item = &'s Series>, history: &History) -> Rows {
    let classes = classes(history);
    let names = &history.names;
    let mut header: Vec<String> = [
        "schema",
        "run_id",
        "started_at",
        "ended_at",
        "complete",
        "vantage",
        "method",
        "scope",
        "verdict",
        "since",
    ]
    .map(str::to_owned)
    .into();
    for class in &classes {
        let class = names.text(*class);
        header.extend(["share", "low", "high"].map(|end| format!("{class}_{end}")));
    }
    let rest = [
        "carriers",
        "carriers_since",
        "redundancy",
        "traces",
        "classified",
        "rtt_ms",
        "pinged",
        "alive",
        "runs",
        "first_run_at",
    ];
    header.extend(rest.map(str::to_owned));
    let rows = series.into_iter().map(|series| of_state(series, &classes, names)).collect();
    Rows { header, rows }
}

/// The configured classes of all files, in the order in which they came.
pub(super) fn classes(history: &History) -> Vec<Name> {
    let mut classes = Vec::new();
    for (class, _) in history.series.iter().flat_map(|series| &series.state.shares) {
        if !classes.contains(class) {
            classes.push(*class);
        }
    }
    classes
}

fn of_state(series: &Series, classes: &[Name], names: &Names) -> Vec<Cell> {
    let state = &series.state;
    let mut row = vec![
        Cell::Count(STATE_SCHEMA),
        Cell::text(&state.run),
        Cell::time(state.started),
        Cell::time(state.ended),
        Cell::Flag(state.complete),
        Cell::text(names.text(series.vantage)),
        Cell::text(names.text(series.method)),
        Cell::text(series.scope),
        Cell::text(state.verdict.text(names)),
        Cell::maybe(state.since, Cell::time),
    ];
    row.extend(classes.iter().flat_map(|class| limits(state.share(*class))));
    let held: Vec<(Name, u32)> = state.carriers.iter().map(|it| (it.carrier, it.count)).collect();
    row.extend([
        counts(&held, names),
        since(series, names),
        Cell::count(state.redundancy),
        Cell::Count(state.traces.into()),
        Cell::Count(state.classified.into()),
        Cell::maybe(state.rtt_ms, |ms| Cell::Decimal(ms.into(), 3)),
        Cell::maybe(state.hosts, |hosts| Cell::Count(hosts.pinged.into())),
        Cell::maybe(state.hosts, |hosts| Cell::Count(hosts.alive.into())),
        Cell::Count(series.runs),
        Cell::time(series.first),
    ]);
    row
}

fn limits(share: Option<Interval>) -> [Cell; 3] {
    let cell = |number: f32| Cell::Decimal(number.into(), 4);
    share.map_or([Cell::Empty, Cell::Empty, Cell::Empty], |share| {
        [cell(share.share), cell(share.low), cell(share.high)]
    })
}

/// `name=count`, `;` between.
pub(super) fn listed(counts: &[(Name, u32)], names: &Names) -> String {
    let each = counts.iter().map(|(name, count)| format!("{}={count}", names.text(*name)));
    each.collect::<Vec<_>>().join(";")
}

fn counts(counts: &[(Name, u32)], names: &Names) -> Cell {
    Cell::maybe(Some(listed(counts, names)).filter(|text| !text.is_empty()), Cell::text)
}

/// `name=time`, `;` between, of the carriers whose beginning was seen.
fn since(series: &Series, names: &Names) -> Cell {
    let each = series.state.carriers.iter().filter_map(|holding| {
        let since = holding.since?;
        Some(format!("{}={since:.6}", names.text(holding.carrier)))
    });
    let text = each.collect::<Vec<_>>().join(";");
    Cell::maybe(Some(text).filter(|text| !text.is_empty()), Cell::text)
}

/// Whether a verdict says that the scope is cut off.
pub(super) fn is_cut_off(verdict: Verdict) -> bool {
    verdict == Verdict::Unreached
}
