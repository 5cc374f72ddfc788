//! The tables of a page: how things are, what changed, and the numbers that the chart is drawn from.

use std::fmt::Display;

use jiff::Timestamp;

use crate::history::{
    Bucket, History, Holding, Hosts, Incident, Interval, Name, Series, State, Timeline, Verdict,
    comparisons,
};

use super::chart::Look;
use super::countries::Countries;
use super::section::Section;
use super::slices::{Part, float};
use super::text::{self, milliseconds, percent};
use super::time_axis;
use super::xml::Element;

/// The newest incidents that a page has; the rest is in the command's own list.
const MOST_INCIDENTS: usize = 1_000;

/// The head of a column.
#[derive(Debug, Clone, Copy)]
enum Head<'a> {
    Text(&'a str),
    /// Over numbers, which end under each other.
    Number(&'a str),
}

/// A table in a box of its own, so that it and not the page is scrolled sideways.
fn table(caption: &str, heads: &[Head<'_>], bodies: Vec<Element>) -> Element {
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

fn row(first: impl Display, cells: Vec<Element>) -> Element {
    let first = Element::text("th", first).set("scope", "row").class("scope");
    Element::new("tr").with(first).with_all(cells)
}

fn cell(text: impl Display) -> Element {
    Element::text("td", text)
}

fn number(text: impl Display) -> Element {
    cell(text).class("number")
}

fn time_cell(text: impl Display) -> Element {
    cell(text).class("time")
}

/// How things are in each scope.
pub(super) fn state(section: &Section<'_>) -> Element {
    let classes = configured(section.series.iter());
    let names = &section.history.names;
    let mut heads = ["scope", "verdict", "since"].map(Head::Text).to_vec();
    heads.extend(classes.iter().map(|class| Head::Text(names.text(*class))));
    heads.extend(if section.is_announced() {
        [Head::Text("upstreams"), Head::Number("must fail"), Head::Number(section.peers_of())]
    } else {
        [Head::Text("carriers"), Head::Number("must fail"), Head::Number("RTT")]
    });
    let pinged = section.series.iter().any(|series| series.state.hosts.is_some());
    heads.extend(pinged.then_some(Head::Number("hosts alive")));
    let rows = section.series.iter().map(|series| {
        let state = &series.state;
        let since = state.since.map_or_else(|| "the first run".into(), text::time);
        let mut cells = vec![cell(state.verdict.text(names)), time_cell(since)];
        cells.extend(classes.iter().map(|class| time_cell(share(state, *class))));
        cells.extend([
            cell(carriers(section, state)),
            number(state.redundancy),
            number(match state.rtt_ms {
                _ if section.is_announced() => state.full_peers.unwrap_or(state.traces).to_string(),
                Some(ms) => format!("{} ms", milliseconds(ms.into())),
                None => String::new(),
            }),
        ]);
        let hosts = |hosts: Hosts| format!("{} of {}", hosts.alive, hosts.pinged);
        cells.extend(pinged.then(|| number(state.hosts.map_or(String::new(), hosts))));
        row(series.scope, cells)
    });
    table("How it is", &heads, vec![Element::new("tbody").with_all(rows)])
}

fn share(state: &State, class: Name) -> String {
    let share = shares(state).iter().find(|(other, _)| *other == class);
    share.and_then(|(_, share)| *share).map_or(String::new(), text::interval)
}

/// The shares as they are; in an outage those of before it are none.
fn shares(state: &State) -> &[(Name, Option<Interval>)] {
    if state.verdict == Verdict::Unreached { &[] } else { &state.shares }
}

fn carriers(section: &Section<'_>, state: &State) -> String {
    let text = |holding: &Holding| {
        let since =
            holding.since.map_or(String::new(), |at| format!(" (since {})", text::minute(at)));
        format!("{}{since}", section.history.names.text(holding.carrier))
    };
    // What was announced before is not any more.
    let is_withdrawn = section.is_announced() && state.verdict == Verdict::Unreached;
    let shown = state.carriers.iter().filter(|_| !is_withdrawn);
    shown.map(text).collect::<Vec<_>>().join(", ")
}

/// What the newest run from each country saw of the block.
pub(super) fn countries(countries: &Countries<'_>, history: &History) -> Element {
    let names = &history.names;
    let classes = configured(countries.all.iter().map(|seen| seen.series));
    let mut heads = ["country", "verdict"].map(Head::Text).to_vec();
    heads.extend(classes.iter().map(|class| Head::Text(names.text(*class))));
    heads.extend([Head::Text("carriers"), Head::Number("traces"), Head::Text("newest run")]);
    let rows = countries.all.iter().map(|seen| {
        let state = &seen.series.state;
        let carriers = state.carriers.iter().map(|holding| names.text(holding.carrier));
        let mut cells = vec![cell(state.verdict.text(names))];
        cells.extend(classes.iter().map(|class| time_cell(share(state, *class))));
        cells.extend([
            cell(carriers.collect::<Vec<_>>().join(", ")),
            number(state.traces),
            time_cell(text::time(state.started)),
        ]);
        row(seen.code, cells)
    });
    table("By country", &heads, vec![Element::new("tbody").with_all(rows)])
}

/// The classes that have a share, in the order of the columns.
fn configured<'s>(all: impl Iterator<Item = &'s Series>) -> Vec<Name> {
    let mut classes = Vec::new();
    for (class, _) in all.flat_map(|series| &series.state.shares) {
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
    let (counted, changes) = (section.counted(), section.marks.len());
    let counted = if section.history.has_both_planes() {
        format!("{}: {counted}", section.title())
    } else {
        counted
    };
    format!("{counted}. {} {changes} times something changed.", scopes.join(" "))
}

/// What both planes say together of each scope.
pub(super) fn planes(history: &History) -> Element {
    let names = &history.names;
    let heads = ["scope", "BGP and traces together"].map(Head::Text).into_iter();
    let heads =
        heads.chain(["announced at", "upstreams", "traces from", "carriers"].map(Head::Text));
    let rows = comparisons(&history.series).into_iter().flat_map(|both| {
        let cells = [
            both.text(names),
            both.collectors(names),
            both.announced(names),
            both.vantages(names),
            both.traced(names),
        ];
        let cells = cells.map(cell).to_vec();
        both.scopes.into_iter().map(move |scope| row(scope, cells.clone()))
    });
    let body = Element::new("tbody").with_all(rows);
    table("How it is in both", &heads.collect::<Vec<_>>(), vec![body])
}

/// What changed, if anything did: a row for what happened at once.
pub(super) fn events(history: &History, marks: &[Incident<'_>]) -> Vec<Element> {
    let has_both = history.has_both_planes();
    let heads: &[Head<'_>] = if has_both {
        &["no.", "when", "seen in", "what changed"].map(Head::Text)
    } else {
        &["no.", "between", "what changed"].map(Head::Text)
    };
    let first = marks.len().saturating_sub(MOST_INCIDENTS);
    let caption = match first {
        0 => "What changed".to_owned(),
        _ => format!("What changed (the newest {MOST_INCIDENTS} of {})", marks.len()),
    };
    let shown = marks.get(first..).unwrap_or_default();
    if shown.is_empty() {
        return vec![Element::text("h3", caption), Element::text("p", "Nothing.")];
    }
    let rows = shown.iter().map(|incident| {
        let what = incident.text(history, text::percent);
        let cells = if has_both {
            let when = incident.when();
            let lines = when.split("; ").map(|line| Element::text("div", line));
            let when = Element::new("td").class("time").with_all(lines);
            vec![when, cell(incident.seen_in()), cell(what)]
        } else {
            vec![time_cell(incident.when()), cell(what)]
        };
        row(incident.number, cells)
    });
    vec![table(&caption, heads, vec![Element::new("tbody").with_all(rows)])]
}

/// At most so many rows of numbers for each scope.
const MOST_STEPS: usize = 16;

/// The runs of a step.
struct Step<'t> {
    buckets: Vec<&'t Bucket>,
}

pub(super) fn numbers(section: &Section<'_>, look: Look<'_, '_>) -> Element {
    let classes = classes_of_chart(section, look);
    let is_announced = section.is_announced();
    let mut heads =
        vec![Head::Text("from"), Head::Number(if is_announced { "views" } else { "runs" })];
    heads.extend(classes.iter().map(|(_, text)| Head::Number(text)));
    heads.extend([section.nowhere(), "unknown"].map(Head::Number));
    heads.push(Head::Text(if is_announced {
        "upstreams and their peers, of all views"
    } else {
        "carriers and their traces"
    }));
    heads.extend(if is_announced {
        vec![Head::Number("peers")]
    } else {
        ["RTT", "lowest", "highest"].map(Head::Number).to_vec()
    });
    let pinged = section.series.iter().any(|series| series.state.hosts.is_some());
    heads.extend(pinged.then_some(Head::Number("hosts alive")));
    let mut steps = time_axis::moments(look.period, MOST_STEPS);
    steps.insert(0, look.period.from);
    let bodies = section.series.iter().map(|series| {
        let title =
            Element::text("th", series.scope).set("colspan", heads.len()).set("scope", "rowgroup");
        let rows = gather(&series.timeline, &steps);
        let rows = rows.iter().map(|(from, step)| step.row(*from, &classes, pinged, section));
        Element::new("tbody").with(Element::new("tr").with(title)).with_all(rows)
    });
    table("The numbers", &heads, bodies.collect())
}

/// The classes that the chart has.
fn classes_of_chart<'h>(section: &Section<'h>, look: Look<'_, 'h>) -> Vec<(Name, &'h str)> {
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
        cells.push(cell(self.carriers(section)));
        if section.is_announced() {
            cells.push(number(format_args!("{:.0}", self.peers())));
        } else {
            cells.extend(self.rtt().map(number));
        }
        cells.extend(pinged.then(|| number(self.hosts())));
        row(text::minute(from), cells)
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

    /// How many peers count, in the mean.
    fn peers(&self) -> f64 {
        let runs: u32 = self.buckets.iter().map(|bucket| bucket.runs).sum();
        let all: f64 = self.buckets.iter().map(|it| it.counted() * f64::from(it.runs)).sum();
        all / f64::from(runs.max(1))
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
