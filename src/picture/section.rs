//! What one vantage saw by one method: a section of the picture, with its numbered events.

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::history::{Event, History, Name, Series, is_simulated};

use super::geometry::Scale;
use super::text;
use super::time_axis::Period;

/// The scopes of a vantage and a method, and what changed in them.
pub(super) struct Section<'h> {
    pub(super) history: &'h History,
    /// A block before its prefixes.
    pub(super) series: &'h [Series],
    pub(super) marks: Vec<EventMark<'h>>,
}

impl<'h> Section<'h> {
    /// All sections of a history.
    pub(super) fn all(history: &'h History) -> Vec<Self> {
        let same = |one: &Series, other: &Series| {
            (one.vantage, one.method) == (other.vantage, other.method)
        };
        let section = |series: &'h [Series]| {
            let marks =
                series.first().map(|first| event_marks(history, first.vantage, first.method));
            Self { history, series, marks: marks.unwrap_or_default() }
        };
        history.series.chunk_by(same).map(section).collect()
    }

    /// Where it is seen from, and how.
    pub(super) fn title(&self) -> String {
        let Some(first) = self.series.first() else { return String::new() };
        let names = &self.history.names;
        let title = match (names.text(first.vantage), names.text(first.method)) {
            ("", "") => "From an unnamed vantage".into(),
            ("", method) => format!("From an unnamed vantage, by {method}"),
            (vantage, "") => format!("From {vantage}"),
            (vantage, method) => format!("From {vantage}, by {method}"),
        };
        if self.is_simulated() { format!("SIMULATED. {title}") } else { title }
    }

    /// Whether it is of the lab, and of no network that there is.
    pub(super) fn is_simulated(&self) -> bool {
        let vantage = |first: &Series| is_simulated(self.history.names.text(first.vantage));
        self.series.first().is_some_and(vantage)
    }

    /// The scopes that are in no other one: the blocks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &'h Series> {
        self.series.iter().filter(|one| !self.series.iter().any(|other| contains(other, one)))
    }

    /// The scopes that have no other one in them: what is routed.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = &'h Series> {
        self.series.iter().filter(|one| !self.series.iter().any(|other| contains(one, other)))
    }

    /// The scale of RTTs that all prefixes share; nothing where none was measured.
    pub(super) fn rtt(&self) -> Option<Scale> {
        let buckets = self.prefixes().flat_map(|series| series.timeline.buckets());
        let means: Vec<f64> = buckets.filter_map(|bucket| Some(bucket.rtt?.mean())).collect();
        Scale::round(means.iter().copied())
    }

    /// Whether there is a time without runs.
    pub(super) fn has_gaps(&self) -> bool {
        let mut stretches = self.series.iter().flat_map(|series| series.timeline.stretches());
        stretches.any(|stretch| stretch.bucket.is_none())
    }

    /// The largest number of runs that one of its scopes has.
    pub(super) fn runs(&self) -> u64 {
        self.series.iter().map(|series| series.runs).max().unwrap_or(0)
    }
}

fn contains(outer: &Series, inner: &Series) -> bool {
    outer.scope != inner.scope && outer.scope.contains(&inner.scope)
}

/// What happened between two times.
#[derive(Debug, Clone)]
pub(super) struct EventMark<'h> {
    /// Its number in the picture and in the lists, from 1.
    pub(super) number: usize,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) events: Vec<&'h Event>,
}

/// Those that a vantage saw by a method, in the order in which they stand in the picture.
fn event_marks<'h>(history: &'h History, vantage: Name, method: Name) -> Vec<EventMark<'h>> {
    let period = Period::of(history);
    let shown = |event: &Event| period.is_some_and(|period| event.found >= period.from);
    let seen = |event: &&Event| (event.vantage, event.method) == (vantage, method) && shown(event);
    let mut events: Vec<&'h Event> = history.events.iter().filter(seen).collect();
    events.sort_by_key(|event| (middle(event), event.before.at));
    let together = |one: &&Event, other: &&Event| {
        (one.before.at, one.after.at) == (other.before.at, other.after.at)
    };
    let mark = |(place, events): (usize, &[&'h Event])| {
        let first = events.first()?;
        let (from, to) = (first.before.at, first.after.at);
        Some(EventMark { number: place + 1, from, to, events: events.to_vec() })
    };
    events.chunk_by(together).enumerate().filter_map(mark).collect()
}

impl EventMark<'_> {
    /// Between which times it happened.
    pub(super) fn when(&self) -> String {
        text::between(self.from, self.to)
    }

    /// What happened, and where.
    pub(super) fn text(&self, section: &Section<'_>) -> String {
        let names = &section.history.names;
        let mut lines: Vec<(String, Vec<Ipv4Net>)> = Vec::new();
        for event in &self.events {
            let what = event.words(names, text::percent);
            match lines.iter_mut().find(|(other, _)| *other == what) {
                Some((_, scopes)) => scopes.push(event.scope),
                None => lines.push((what, vec![event.scope])),
            }
        }
        let text = |(what, scopes): &(String, Vec<Ipv4Net>)| {
            format!("{what}: {}", wheres(scopes, section))
        };
        lines.iter().map(text).collect::<Vec<_>>().join("; ")
    }
}

/// The middle of the times between which it happened, where its number stands in the picture.
fn middle(event: &Event) -> Timestamp {
    let half = event.after.at.duration_since(event.before.at) / 2;
    event.before.at.saturating_add(half).unwrap_or(event.after.at)
}

/// Scopes, in a word where they are all.
fn wheres(scopes: &[Ipv4Net], section: &Section<'_>) -> String {
    if scopes.len() > 1 && section.series.iter().all(|series| scopes.contains(&series.scope)) {
        return "everywhere".into();
    }
    let scopes: Vec<String> = scopes.iter().map(Ipv4Net::to_string).collect();
    scopes.join(", ")
}
