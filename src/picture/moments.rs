//! Events that happened between the same two times, under one number.

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::history::{Event, History, Kind, Name, Names, Side};

use super::period::Period;
use super::section::Section;
use super::words;

/// What happened between two times.
#[derive(Debug, Clone)]
pub(super) struct Moment<'h> {
    /// Its number in the picture and in the lists, from 1.
    pub(super) number: usize,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) events: Vec<&'h Event>,
}

/// Those that a vantage saw by a method, in the order in which they stand in the picture.
pub(super) fn of<'h>(history: &'h History, vantage: Name, method: Name) -> Vec<Moment<'h>> {
    let period = Period::of(history);
    let shown = |event: &Event| period.is_some_and(|period| event.found >= period.from);
    let seen = |event: &&Event| (event.vantage, event.method) == (vantage, method) && shown(event);
    let mut events: Vec<&'h Event> = history.events.iter().filter(seen).collect();
    events.sort_by_key(|event| (middle(event), event.before.at));
    let together = |one: &&Event, other: &&Event| {
        (one.before.at, one.after.at) == (other.before.at, other.after.at)
    };
    let moment = |(place, events): (usize, &[&'h Event])| {
        let first = events.first()?;
        let (from, to) = (first.before.at, first.after.at);
        Some(Moment { number: place + 1, from, to, events: events.to_vec() })
    };
    events.chunk_by(together).enumerate().filter_map(moment).collect()
}

impl Moment<'_> {
    /// Between which times it happened.
    pub(super) fn when(&self) -> String {
        words::between(self.from, self.to)
    }

    /// What happened, and where.
    pub(super) fn text(&self, section: &Section<'_>) -> String {
        let names = &section.history.names;
        let mut told: Vec<(String, Vec<Ipv4Net>)> = Vec::new();
        for event in &self.events {
            let what = what(event, names);
            match told.iter_mut().find(|(other, _)| *other == what) {
                Some((_, scopes)) => scopes.push(event.scope),
                None => told.push((what, vec![event.scope])),
            }
        }
        let text = |(what, scopes): &(String, Vec<Ipv4Net>)| {
            format!("{what}: {}", wheres(scopes, section))
        };
        told.iter().map(text).collect::<Vec<_>>().join("; ")
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

/// What happened, in words.
pub(super) fn what(event: &Event, names: &Names) -> String {
    let subject = event.subject.map_or("", |subject| names.text(subject));
    match event.kind {
        Kind::OutageBegan => "outage began".into(),
        Kind::OutageEnded => "outage ended".into(),
        Kind::CarrierAppeared => format!("{subject} appeared"),
        Kind::CarrierVanished => format!("{subject} vanished"),
        Kind::VerdictChanged => {
            let verdict = |side: &Side| side.verdict.text(names).to_owned();
            format!("{} became {}", verdict(&event.before), verdict(&event.after))
        }
        Kind::ShareMoved => {
            let share = |side: &Side| side.share.map_or("?".into(), words::percent);
            format!("{subject} moved from {} to {}", share(&event.before), share(&event.after))
        }
        Kind::HostsSilent => "hosts fell silent".into(),
        Kind::HostsBack => "hosts answer again".into(),
    }
}
