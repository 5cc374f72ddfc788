//! Events and states as rows of the output, and as tables for people.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::columns::{EVENTS, EventRow, STATE, StateRow};
use crate::output::{Cell, Rows, TextTable, is_simulated, wrapped};

use super::event::{Event, Verdict};
use super::incident::incidents;
use super::planes::comparisons;
use super::read::History;
use super::row::{Interval, Name, Names, Plane};
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
        incident: Cell::count(event.incident),
        first_at: Cell::maybe(event.first, Cell::time),
        at_rest: Cell::maybe(event.first.map(|_| after.at), Cell::time),
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

/// The parts of the table of states that go where it is too wide, in this order.
const GOING: [&str; 5] = ["must fail", "intervals", "rtt", "carriers", "since"];

/// The states: for each vantage and method a line about the runs, and a table of its scopes, of at most `width`
/// characters a line. Those of collectors come first, and behind all what both planes say together.
#[must_use]
pub fn state_table(series: &[&Series], history: &History, width: Option<usize>) -> String {
    let names = &history.names;
    let of = |series: &Series| (series.vantage, series.method);
    let mut groups: Vec<&[&Series]> = series.chunk_by(|one, other| of(one) == of(other)).collect();
    groups.sort_by_key(|group| group.first().map(|series| series.plane));
    let mut texts: Vec<String> =
        groups.into_iter().map(|group| group_table(group, history, names, width)).collect();
    texts.extend(planes_text(series, names, width));
    texts.join("\n")
}

/// What both planes say together of each scope; nothing where there is but one.
fn planes_text(series: &[&Series], names: &Names, width: Option<usize>) -> Option<String> {
    let all = comparisons(series.iter().copied());
    let first = all.first()?;
    let simulated = first.vantages.iter().any(|(vantage, _)| is_simulated(names.text(*vantage)));
    let simulated = if simulated { "SIMULATED: " } else { "" };
    let head = format!("{simulated}BGP and traces side by side; peers are not traffic");
    let mut text = wrapped(&head, "", "  ", width) + "\n";
    for comparison in &all {
        let evidence = format!(
            "{}: {}. BGP at {}: {}; traces from {}: {}.",
            comparison.place(),
            comparison.text(names),
            comparison.collectors(names),
            comparison.announced(names),
            comparison.vantages(names),
            comparison.traced(names),
        );
        text += &wrapped(&evidence, "", "  ", width);
    }
    Some(text)
}

fn group_table(
    group: &[&Series],
    history: &History,
    names: &Names,
    width: Option<usize>,
) -> String {
    let classes: Vec<Name> = classes(history);
    let plane = group.first().map_or(Plane::Data, |series| series.plane);
    let mut table = TextTable::new(["scope", "verdict"]);
    table.add_column("since", Some("since"));
    for class in &classes {
        table.add_column(names.text(*class), None);
        table.add_column("", Some("intervals"));
    }
    match plane {
        Plane::Control => table.add_column("peers", Some("rtt")),
        Plane::Data => table.add_column("rtt", Some("rtt")),
    }
    table.add_column("must fail", Some("must fail"));
    match plane {
        Plane::Control => table.add_column("upstreams", Some("carriers")),
        Plane::Data => table.add_column("carriers", Some("carriers")),
    }
    // The block is last, as in the summary.
    let mut sorted: Vec<&Series> = group.to_vec();
    sorted.sort_by_key(|series| (Reverse(series.scope.prefix_len()), series.scope));
    for series in sorted {
        table.add_row(line(series, &classes, names));
    }
    let about = wrapped(&about(group, names), "", "  ", width);
    format!("{about}\n{}", table.text(width, &GOING))
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
    if longest.plane == Plane::Control {
        let collector = match names.text(longest.vantage) {
            "" => "a collector",
            collector => collector,
        };
        return format!(
            "{simulated}BGP at {collector}, {runs} views, {first} to {last}{cut}; shares are of peers, not of traffic"
        );
    }
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
    for class in classes {
        cells.extend(percent(state.share(*class).filter(|_| !cut_off)));
    }
    cells.push(match series.plane {
        Plane::Control => peers(series),
        Plane::Data => {
            state.rtt_ms.filter(|_| !cut_off).map_or("-".into(), |ms| format!("{ms:.0} ms"))
        }
    });
    cells.push(state.redundancy.to_string());
    let carriers = state.carriers.iter().map(|holding| names.text(holding.carrier));
    // What was announced before is not any more.
    let carriers = carriers.filter(|_| !(cut_off && series.plane == Plane::Control));
    cells.push(carriers.collect::<Vec<_>>().join(", "));
    cells
}

/// How many peers count: those that send nearly the whole table, where that is known.
fn peers(series: &Series) -> String {
    match series.state.full_peers {
        Some(full) => format!("{full} full"),
        None => series.state.traces.to_string(),
    }
}

/// A share, and its interval.
fn percent(share: Option<Interval>) -> [String; 2] {
    let Some(share) = share.filter(|share| share.high > 0.0 && share.share > 0.0) else {
        return ["-".into(), String::new()];
    };
    let [share, low, high] = [share.share, share.low, share.high].map(|it| it * 100.0);
    [format!("{share:.0} %"), format!("({low:.0}-{high:.0})")]
}

/// What changed, oldest first: a line for what happened at once, of at most `width` characters.
#[must_use]
pub fn event_table(events: &[&Event], history: &History, width: Option<usize>) -> String {
    if events.is_empty() {
        return "nothing changed\n".into();
    }
    let names = &history.names;
    let of = |series: &Series| (series.vantage, series.method);
    let several = history.series.windows(2).any(|pair| matches!(pair, [a, b] if of(a) != of(b)));
    let has_both = history.has_both_planes();
    let is_announced = history.series.iter().any(|series| series.plane == Plane::Control);
    let mut table = TextTable::new([if is_announced { "when (UTC)" } else { "between (UTC)" }]);
    if has_both {
        table.add_column("seen in", None);
    } else if several {
        table.add_column("seen from", None);
    }
    table.add_column("what changed", None);
    for incident in incidents(history, events.iter().copied()) {
        if incident.is_told_before() {
            continue;
        }
        let mut cells = vec![incident.when()];
        if has_both {
            cells.push(incident.seen_in().into());
        } else if let Some(first) = incident.events.first().filter(|_| several) {
            cells.push(format!("{} {}", names.text(first.vantage), names.text(first.method)));
        }
        cells.push(incident.text(history, |share| format!("{:.0} %", share * 100.0)));
        table.add_row(cells);
    }
    table.wrapping_last().text(width, &[])
}

fn time(at: Timestamp) -> String {
    format!("{at:.0}")
}
