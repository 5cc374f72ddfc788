//! Events and states as rows.

use crate::columns::{EVENTS, EventRow, STATE, StateRow};
use crate::output::{Cell, Rows};

use super::{Event, History, Interval, Name, Names, Series, Verdict};

/// Events, a row each, in their order.
pub fn events<'e>(events: impl IntoIterator<Item = &'e Event>, names: &Names) -> Rows {
    Rows::new(Vec::new(), events.into_iter().map(|event| event_row(event, names)))
}

fn event_row(event: &Event, names: &Names) -> EventRow<Cell> {
    let Event { before, after, .. } = event;
    let text = |name| Cell::text(names.text(name));
    EventRow {
        schema: Cell::Count(EVENTS.schema()),
        event: Cell::text(event.kind.name()),
        not_before: Cell::time(before.at),
        not_after: Cell::time(after.at),
        vantage: text(event.vantage),
        method: text(event.method),
        scope: Cell::text(event.scope),
        subject: Cell::maybe(event.subject, text),
        verdict_before: Cell::text(before.verdict.text(names)),
        verdict_after: Cell::text(after.verdict.text(names)),
        share_before: Cell::maybe(before.share, Cell::share),
        share_after: Cell::maybe(after.share, Cell::share),
        counts_before: Cell::text_or_empty(listed(&before.counts, names)),
        counts_after: Cell::text_or_empty(listed(&after.counts, names)),
        run_before: Cell::text(&before.run),
        run_after: Cell::text(&after.run),
        found_at: Cell::time(event.found),
    }
}

/// States, a row for each series.
pub fn states<'s>(series: impl IntoIterator<Item = &'s Series>, history: &History) -> Rows {
    let (classes, names) = (classes(history), &history.names);
    let texts = classes.iter().map(|class| names.text(*class).to_owned()).collect();
    Rows::new(texts, series.into_iter().map(|series| state_row(series, &classes, names)))
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

fn state_row(series: &Series, classes: &[Name], names: &Names) -> StateRow<Cell> {
    let state = &series.state;
    let carriers: Vec<(Name, u32)> =
        state.carriers.iter().map(|holding| (holding.carrier, holding.count)).collect();
    let carriers_since = state.carriers.iter().filter_map(|holding| {
        Some(format!("{}={:.6}", names.text(holding.carrier), holding.since?))
    });
    StateRow {
        schema: Cell::Count(STATE.schema()),
        run_id: Cell::text(&state.run),
        started_at: Cell::time(state.started),
        ended_at: Cell::time(state.ended),
        complete: Cell::Flag(state.complete),
        vantage: Cell::text(names.text(series.vantage)),
        method: Cell::text(names.text(series.method)),
        scope: Cell::text(series.scope),
        verdict: Cell::text(state.verdict.text(names)),
        since: Cell::maybe(state.since, Cell::time),
        shares: classes.iter().map(|class| interval(state.share(*class))).collect(),
        carriers: Cell::text_or_empty(listed(&carriers, names)),
        carriers_since: Cell::text_or_empty(carriers_since.collect::<Vec<_>>().join(";")),
        redundancy: Cell::count(state.redundancy),
        traces: Cell::count(state.traces),
        classified: Cell::count(state.classified),
        rtt_ms: Cell::maybe(state.rtt_ms, |ms| Cell::Decimal(ms.into(), 3)),
        pinged: Cell::maybe(state.hosts, |hosts| Cell::count(hosts.pinged)),
        alive: Cell::maybe(state.hosts, |hosts| Cell::count(hosts.alive)),
        runs: Cell::count(series.runs),
        first_run_at: Cell::time(series.first),
    }
}

fn interval(share: Option<Interval>) -> [Cell; 3] {
    share.map_or([Cell::Empty, Cell::Empty, Cell::Empty], |share| {
        [share.share, share.low, share.high].map(|number| Cell::share(number.into()))
    })
}

/// `name=count`, `;` between.
pub(super) fn listed(counts: &[(Name, u32)], names: &Names) -> String {
    let each = counts.iter().map(|(name, count)| format!("{}={count}", names.text(*name)));
    each.collect::<Vec<_>>().join(";")
}

/// Whether a verdict says that the scope is cut off.
pub(super) fn is_cut_off(verdict: Verdict) -> bool {
    verdict == Verdict::Unreached
}
