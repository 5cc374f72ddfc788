//! What one vantage saw happen at once by one method: the events of all scopes between the same two times, told
//! together.

use std::collections::{BTreeMap, HashMap};

use ipnet::Ipv4Net;
use jiff::Timestamp;
use jiff::tz::Offset;

use super::event::{Event, Kind};
use super::read::History;
use super::row::{Name, Names};

/// Events of one vantage and method that happened between the same two times.
#[derive(Debug, Clone)]
pub struct Incident<'h> {
    /// Its number among those of its vantage and method, from 1.
    pub number: u32,
    /// It happened after this.
    pub from: Timestamp,
    /// It happened before this.
    pub to: Timestamp,
    /// At least one.
    pub events: Vec<&'h Event>,
    /// Where an outage began that ended for all its scopes at once: when at the latest.
    until: Option<Timestamp>,
    /// Whether all of it is such an end, which the incident of the beginning has told.
    is_end: bool,
}

/// The incidents of `events`, in the order of their times.
#[must_use]
pub fn incidents<'h>(events: impl IntoIterator<Item = &'h Event>) -> Vec<Incident<'h>> {
    let mut all: BTreeMap<(Timestamp, Timestamp, Name, Name), Vec<&Event>> = BTreeMap::new();
    for event in events {
        let key = (event.middle(), event.before.at, event.vantage, event.method);
        all.entry(key).or_default().push(event);
    }
    let mut incidents: Vec<Incident<'h>> = all
        .into_values()
        .filter_map(|events| {
            let first = *events.first()?;
            let (from, to) = (first.before.at, first.after.at);
            Some(Incident { number: first.incident, from, to, events, until: None, is_end: false })
        })
        .collect();
    fold_ends(&mut incidents);
    incidents
}

/// Finds the outages that ended for all their scopes at once.
fn fold_ends(incidents: &mut [Incident<'_>]) {
    let mut next_end: HashMap<(Name, Name, Ipv4Net), usize> = HashMap::new();
    for place in (0..incidents.len()).rev() {
        let Some(incident) = incidents.get(place) else { continue };
        let begun = incident.scopes_of(Kind::OutageBegan);
        let mut ends: Vec<Option<usize>> =
            begun.iter().map(|scope| next_end.get(scope).copied()).collect();
        ends.dedup();
        let ended = incident.scopes_of(Kind::OutageEnded);
        if let [Some(end)] = ends.as_slice()
            && let Some(last) = incidents.get_mut(*end)
            && last.scopes_of(Kind::OutageEnded).len() == begun.len()
        {
            let until = last.to;
            last.is_end = last.events.len() == begun.len();
            if let Some(incident) = incidents.get_mut(place) {
                incident.until = Some(until);
            }
        }
        next_end.extend(ended.into_iter().map(|scope| (scope, place)));
    }
}

impl Incident<'_> {
    fn scopes_of(&self, kind: Kind) -> Vec<(Name, Name, Ipv4Net)> {
        let events = self.events.iter().filter(|event| event.kind == kind);
        events.map(|event| (event.vantage, event.method, event.scope)).collect()
    }

    /// Whether it is only the end of an outage that an earlier incident has told.
    #[must_use]
    pub fn is_told_before(&self) -> bool {
        self.is_end
    }

    /// Between which times it happened.
    #[must_use]
    pub fn when(&self) -> String {
        between(self.from, self.to)
    }

    /// What happened, and where.
    #[must_use]
    pub fn text(&self, history: &History, percent: impl Fn(f64) -> String) -> String {
        let mut scopes: BTreeMap<Ipv4Net, Vec<&Event>> = BTreeMap::new();
        for event in self.events.iter().filter(|event| !self.follows(event)) {
            scopes.entry(event.scope).or_default().push(event);
        }
        let mut phrases: Vec<(String, Vec<Ipv4Net>)> = Vec::new();
        for (scope, events) in &scopes {
            let phrase = self.phrase(events, &history.names, &percent);
            match phrases.iter_mut().find(|(other, _)| *other == phrase) {
                Some((_, scopes)) => scopes.push(*scope),
                None => phrases.push((phrase, vec![*scope])),
            }
        }
        let texts = phrases.iter().map(|(phrase, scopes)| {
            let listed = || scopes.iter().map(Ipv4Net::to_string).collect::<Vec<_>>().join(", ");
            let is_everywhere = scopes.len() > 1 && self.are_all(scopes, history);
            let place = if is_everywhere { "everywhere".into() } else { listed() };
            format!("{place}: {phrase}")
        });
        texts.collect::<Vec<_>>().join("; ")
    }

    /// Whether an event of a block only follows from what happened to a prefix of it. That a block is out, or its hosts
    /// are silent, follows from the same alone.
    fn follows(&self, event: &Event) -> bool {
        let is_derived = match event.kind {
            Kind::CarrierAppeared
            | Kind::CarrierVanished
            | Kind::VerdictChanged
            | Kind::ShareMoved => true,
            Kind::OutageBegan | Kind::OutageEnded | Kind::HostsSilent | Kind::HostsBack => false,
        };
        self.events.iter().any(|other| {
            let is_inside = other.scope != event.scope && event.scope.contains(&other.scope);
            is_inside && (is_derived || other.kind == event.kind)
        })
    }

    /// What happened to one scope.
    fn phrase(&self, events: &[&Event], names: &Names, percent: &impl Fn(f64) -> String) -> String {
        // An outage changes the verdict, and its carriers are gone: that is one thing.
        if let Some(outage) = events.iter().find(|event| event.kind == Kind::OutageBegan) {
            return self.until.map_or_else(
                || outage.words(names, percent),
                |until| format!("outage until {}", moment(until, Some(self.to))),
            );
        }
        let carriers = |kind: Kind| {
            let events = events.iter().filter(|event| event.kind == kind);
            let carriers: Vec<&str> =
                events.filter_map(|event| Some(names.text(event.subject?))).collect();
            carriers.join(" and ")
        };
        let (appeared, vanished) =
            (carriers(Kind::CarrierAppeared), carriers(Kind::CarrierVanished));
        let mut parts = Vec::new();
        match (appeared.as_str(), vanished.as_str()) {
            ("", "") => {}
            (appeared, "") => parts.push(format!("{appeared} appeared")),
            ("", vanished) => parts.push(format!("{vanished} vanished")),
            (appeared, vanished) => parts.push(format!("{appeared} took over from {vanished}")),
        }
        for event in events {
            match (event.kind, parts.first_mut()) {
                (Kind::CarrierAppeared | Kind::CarrierVanished, _) => {}
                (Kind::VerdictChanged, Some(first)) => {
                    *first = format!("{first} ({})", event.words(names, percent));
                }
                _ => parts.push(event.words(names, percent)),
            }
        }
        parts.join(", ")
    }

    /// Whether these are all prefixes that its vantage sees by its method.
    fn are_all(&self, scopes: &[Ipv4Net], history: &History) -> bool {
        let Some(first) = self.events.first() else { return false };
        let seen: Vec<Ipv4Net> = (history.series.iter())
            .filter(|it| (it.vantage, it.method) == (first.vantage, first.method))
            .map(|series| series.scope)
            .collect();
        let has_others = |scope: &Ipv4Net| seen.iter().any(|it| it != scope && scope.contains(it));
        seen.iter().all(|scope| has_others(scope) || scopes.contains(scope))
    }
}

/// Two times in UTC: the day once where it is the same, seconds where they matter.
#[must_use]
pub fn between(from: Timestamp, to: Timestamp) -> String {
    format!("{} to {}", moment(from, None), moment(to, Some(from)))
}

/// A time in UTC, without its day where that is the day of `other`.
fn moment(at: Timestamp, other: Option<Timestamp>) -> String {
    let at = Offset::UTC.to_datetime(at);
    let same_day = other.is_some_and(|other| Offset::UTC.to_datetime(other).date() == at.date());
    let day = if same_day { "" } else { "%Y-%m-%d " };
    let clock = if at.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    at.strftime(&format!("{day}{clock}")).to_string()
}
