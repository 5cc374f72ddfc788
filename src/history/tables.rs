//! Events and states as rows of the output, and as tables for people.

use std::cmp::Reverse;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::columns::{EVENTS, EventRow, STATE, StateRow};
use crate::output::{Cell, Rows, align, is_simulated};

use super::event::{Event, Verdict};
use super::read::History;
use super::row::{Interval, Name, Names};
use super::series::Series;

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
        first_at: Cell::Empty,
        at_rest: Cell::Empty,
        moved: Cell::Empty,
        peers: Cell::Empty,
    }
}

/// States, a row for each series.
pub fn states<'s>(series: impl IntoIterator<Item = &'s Series>, history: &History) -> Rows {
    let (classes, names) = (classes(history), &history.names);
    let texts = classes.iter().map(|class| names.text(*class).to_owned()).collect();
    Rows::new(texts, series.into_iter().map(|series| state_row(series, &classes, names)))
}

/// The configured classes of all files, in the order in which they came.
fn classes(history: &History) -> Vec<Name> {
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
fn listed(counts: &[(Name, u32)], names: &Names) -> String {
    let each = counts.iter().map(|(name, count)| format!("{}={count}", names.text(*name)));
    each.collect::<Vec<_>>().join(";")
}

/// Whether a verdict says that the scope is cut off.
fn is_cut_off(verdict: Verdict) -> bool {
    verdict == Verdict::Unreached
}

/// How many lines back a line is compared, to join events that differ only in their scope.
const COMPARED: usize = 16;

/// The states: for each vantage and method a line about the runs, and a table of its scopes.
#[must_use]
pub fn state_table(series: &[&Series], history: &History) -> String {
    let names = &history.names;
    let of = |series: &Series| (series.vantage, series.method);
    let groups = series.chunk_by(|one, other| of(one) == of(other));
    groups.map(|group| group_table(group, history, names)).collect::<Vec<_>>().join("\n")
}

fn group_table(group: &[&Series], history: &History, names: &Names) -> String {
    let classes: Vec<Name> = classes(history);
    let mut heading = vec!["scope".to_owned(), "verdict".into(), "since".into()];
    heading.extend(classes.iter().map(|class| names.text(*class).to_owned()));
    heading.extend(["rtt", "must fail", "carriers"].map(str::to_owned));
    // The block is last, as in the summary.
    let mut sorted: Vec<&Series> = group.to_vec();
    sorted.sort_by_key(|series| (Reverse(series.scope.prefix_len()), series.scope));
    let mut lines = vec![heading];
    lines.extend(sorted.iter().map(|series| line(series, &classes, names)));
    format!("{}\n\n{}", about(group, names), align(&lines))
}

fn about(group: &[&Series], names: &Names) -> String {
    let Some(longest) = group.iter().max_by_key(|series| series.runs) else {
        return String::new();
    };
    let newest = group.iter().max_by_key(|series| series.state.started).unwrap_or(longest);
    let vantage = match names.text(longest.vantage) {
        "" => String::new(),
        vantage => format!(" from {vantage}"),
    };
    let cut = if newest.state.complete { "" } else { " (INCOMPLETE)" };
    let (runs, method) = (longest.runs, names.text(longest.method));
    let (first, last) = (time(longest.first), time(newest.state.started));
    let simulated = if is_simulated(names.text(longest.vantage)) { "SIMULATED: " } else { "" };
    format!("{simulated}{runs} runs{vantage} by {method}, {first} to {last}{cut}")
}

fn line(series: &Series, classes: &[Name], names: &Names) -> Vec<String> {
    let state = &series.state;
    let mut cells = vec![
        series.scope.to_string(),
        state.verdict.text(names).to_owned(),
        state.since.map_or_else(|| "the first run".into(), time),
    ];
    let cut_off = is_cut_off(state.verdict);
    let share = |class: &Name| if cut_off { "-".into() } else { percent(state.share(*class)) };
    cells.extend(classes.iter().map(share));
    cells.push(state.rtt_ms.filter(|_| !cut_off).map_or("-".into(), |ms| format!("{ms:.0} ms")));
    cells.push(state.redundancy.to_string());
    let carriers = state.carriers.iter().map(|holding| names.text(holding.carrier));
    cells.push(carriers.collect::<Vec<_>>().join(", "));
    cells
}

fn percent(share: Option<Interval>) -> String {
    share.filter(|share| share.high > 0.0 && share.share > 0.0).map_or("-".into(), |share| {
        let [share, low, high] = [share.share, share.low, share.high].map(|it| it * 100.0);
        format!("{share:.0} % ({low:.0}-{high:.0})")
    })
}

/// What changed, oldest first.
#[must_use]
pub fn event_table(events: &[&Event], history: &History) -> String {
    if events.is_empty() {
        return "nothing changed\n".into();
    }
    let names = &history.names;
    let of = |event: &Event| (event.vantage, event.method);
    let several = history.series.iter().any(|one| {
        history
            .series
            .first()
            .is_some_and(|first| (first.vantage, first.method) != (one.vantage, one.method))
    });
    let mut heading = vec!["not before".to_owned(), "not after".into(), "scope".into()];
    if several {
        heading.push("seen from".into());
    }
    heading.extend(["what".to_owned(), "evidence".into()]);
    let mut lines = vec![heading];
    for event in events {
        let [not_before, not_after] = [event.before.at, event.after.at].map(time);
        let mut cells = vec![not_before, not_after, event.scope.to_string()];
        if several {
            let (vantage, method) = of(event);
            cells.push(format!("{} {}", names.text(vantage), names.text(method)));
        }
        let what = event.words(names, |share| format!("{:.0} %", share * 100.0));
        cells.extend([what, evidence(event, names)]);
        join(&mut lines, cells);
    }
    align(&lines)
}

/// Adds a line, or only its scope to a line that is otherwise equal.
fn join(lines: &mut Vec<Vec<String>>, cells: Vec<String>) {
    const SCOPE: usize = 2;
    let now = cells.get(..SCOPE).map(<[String]>::to_vec);
    let rest = cells.get(SCOPE + 1..).map(<[String]>::to_vec);
    let same = |line: &&mut Vec<String>| {
        line.get(..SCOPE).map(<[String]>::to_vec) == now
            && line.get(SCOPE + 1..).map(<[String]>::to_vec) == rest
    };
    let known = lines.iter_mut().rev().take(COMPARED).find(same);
    match (known.and_then(|line| line.get_mut(SCOPE)), cells.get(SCOPE)) {
        (Some(scopes), Some(scope)) => {
            let _ = write!(scopes, ", {scope}");
        }
        _ => lines.push(cells),
    }
}

fn evidence(event: &Event, names: &Names) -> String {
    let [before, after] = [&event.before, &event.after].map(|side| listed(&side.counts, names));
    format!("{before} then {after}")
}

fn time(at: Timestamp) -> String {
    format!("{at:.0}")
}
