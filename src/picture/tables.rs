//! Tables: how things are, and what changed.

use crate::history::{Event, Hosts, Interval, Name, Series, Side, State, Verdict};

use super::moments::{self, Moment};
use super::section::Section;
use super::words::{self, milliseconds, percent};
use super::xml::Element;

/// The newest events that a page has; the rest is in the command's own list.
const MOST_EVENTS: usize = 1_000;

/// The head of a column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Head<'a> {
    Text(&'a str),
    /// Over numbers, which end under each other.
    Number(&'a str),
}

/// A table in a box of its own, so that it and not the page is scrolled sideways.
pub(super) fn table(caption: &str, heads: &[Head<'_>], bodies: Vec<Element>) -> Element {
    let head = heads.iter().map(|head| {
        let (text, class) = match head {
            Head::Text(text) => (text, "text"),
            Head::Number(text) => (text, "number"),
        };
        Element::text("th", text).set("scope", "col").class(class)
    });
    let head = Element::new("thead").with(Element::new("tr").with_all(head));
    let table = Element::new("table").with(head).with_all(bodies);
    Element::new("div")
        .with(Element::text("h3", caption))
        .with(Element::new("div").class("wide").with(table))
}

pub(super) fn row(first: impl std::fmt::Display, cells: Vec<Element>) -> Element {
    let first = Element::text("th", first).set("scope", "row").class("scope");
    Element::new("tr").with(first).with_all(cells)
}

pub(super) fn cell(text: impl std::fmt::Display) -> Element {
    Element::text("td", text)
}

pub(super) fn number(text: impl std::fmt::Display) -> Element {
    cell(text).class("number")
}

pub(super) fn time(text: impl std::fmt::Display) -> Element {
    cell(text).class("time")
}

/// How things are in each scope.
pub(super) fn state(section: &Section<'_>) -> Element {
    let classes = configured(section);
    let names = &section.history.names;
    let mut heads = ["scope", "verdict", "since"].map(Head::Text).to_vec();
    heads.extend(classes.iter().map(|class| Head::Text(names.text(*class))));
    heads.extend([Head::Text("carriers"), Head::Number("must fail"), Head::Number("RTT")]);
    let pinged = section.series.iter().any(|series| series.state.hosts.is_some());
    heads.extend(pinged.then_some(Head::Number("hosts alive")));
    let rows = section.series.iter().map(|series| {
        let state = &series.state;
        let since = state.since.map_or_else(|| "the first run".into(), words::time);
        let mut cells = vec![cell(state.verdict.text(names)), time(since)];
        cells.extend(classes.iter().map(|class| time(share(state, *class))));
        cells.extend([
            cell(carriers(section, state)),
            number(state.redundancy),
            number(
                state.rtt_ms.map_or(String::new(), |ms| format!("{} ms", milliseconds(ms.into()))),
            ),
        ]);
        let hosts = |hosts: Hosts| format!("{} of {}", hosts.alive, hosts.pinged);
        cells.extend(pinged.then(|| number(state.hosts.map_or(String::new(), hosts))));
        row(series.scope, cells)
    });
    table("How it is", &heads, vec![Element::new("tbody").with_all(rows)])
}

fn share(state: &State, class: Name) -> String {
    let share = shares(state).iter().find(|(other, _)| *other == class);
    share.and_then(|(_, share)| *share).map_or(String::new(), words::interval)
}

/// The shares as they are; in an outage those of before it are none.
fn shares(state: &State) -> &[(Name, Option<Interval>)] {
    if state.verdict == Verdict::Unreached { &[] } else { &state.shares }
}

fn carriers(section: &Section<'_>, state: &State) -> String {
    let text = |holding: &crate::history::Holding| {
        let since =
            holding.since.map_or(String::new(), |at| format!(" (since {})", words::minute(at)));
        format!("{}{since}", section.history.names.text(holding.carrier))
    };
    state.carriers.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// The classes that have a share, in the order of the columns.
fn configured(section: &Section<'_>) -> Vec<Name> {
    let mut classes = Vec::new();
    for (class, _) in section.series.iter().flat_map(|series| &series.state.shares) {
        if !classes.contains(class) {
            classes.push(*class);
        }
    }
    classes
}

/// The picture of a section in words.
pub(super) fn described(section: &Section<'_>) -> String {
    let names = &section.history.names;
    let share = |(class, share): &(Name, Option<Interval>)| {
        let share = percent(share.as_ref()?.share.into());
        Some(format!("{} {share}", names.text(*class)))
    };
    let scope = |series: &Series| {
        let verdict = series.state.verdict.text(names).to_owned();
        let words = shares(&series.state).iter().filter_map(share);
        let words: Vec<String> = std::iter::once(verdict).chain(words).collect();
        format!("{}: {}.", series.scope, words.join(", "))
    };
    let scopes: Vec<String> = section.series.iter().map(scope).collect();
    let (runs, moments) = (words::runs(section.runs()), section.moments.len());
    format!("{runs}. {} {moments} times something changed.", scopes.join(" "))
}

/// What changed, if anything did.
pub(super) fn events(section: &Section<'_>) -> Vec<Element> {
    let heads = ["no.", "between", "scope", "what", "before", "after"].map(Head::Text);
    let all: Vec<(&Moment<'_>, &Event)> = (section.moments.iter())
        .flat_map(|moment| moment.events.iter().map(move |event| (moment, *event)))
        .collect();
    let first = all.len().saturating_sub(MOST_EVENTS);
    let caption = match first {
        0 => "What changed".to_owned(),
        _ => format!("What changed (the newest {MOST_EVENTS} of {} events)", all.len()),
    };
    let shown = all.get(first..).unwrap_or_default();
    let rows = shown.iter().map(|(moment, event)| event_row(section, moment, event));
    let body = Element::new("tbody").with_all(rows);
    if all.is_empty() {
        return vec![Element::text("h3", caption), Element::text("p", "Nothing.")];
    }
    vec![table(&caption, &heads, vec![body])]
}

fn event_row(section: &Section<'_>, moment: &Moment<'_>, event: &Event) -> Element {
    let names = &section.history.names;
    let evidence = |side: &Side| cell(words::counts(&side.counts, names));
    let cells = vec![
        time(moment.when()),
        time(event.scope),
        cell(moments::what(event, names)),
        evidence(&event.before),
        evidence(&event.after),
    ];
    row(moment.number, cells)
}
