//! What happened at once, as one vantage saw it by one method, or as both planes show it: the events of all scopes,
//! written together.

use std::collections::{BTreeMap, HashMap, HashSet};

use ipnet::Ipv4Net;
use jiff::Timestamp;
use jiff::tz::Offset;

use super::event::{Event, Kind};
use super::read::History;
use super::row::{Name, Names, Plane};

/// Events with the same number: of one vantage and method between the same two times, or what both planes show.
#[derive(Debug, Clone)]
pub struct Incident<'h> {
    /// Its number, from 1: among those of its vantage and method, or where a history has both planes among all.
    pub number: u32,
    /// It happened after this. What was announced says it more exactly than traces.
    pub from: Timestamp,
    /// It happened before this.
    pub to: Timestamp,
    /// At least one.
    pub events: Vec<&'h Event>,
    /// Where an outage began that ended for all its scopes at once: when that was.
    until: Option<String>,
    /// Whether all of it is such an end, which the incident of the beginning has told.
    is_end: bool,
}

/// The incidents of `events`, in the order of their times.
#[must_use]
pub fn incidents<'h>(
    history: &History,
    events: impl IntoIterator<Item = &'h Event>,
) -> Vec<Incident<'h>> {
    let has_both = history.has_both_planes();
    let mut all: BTreeMap<_, Vec<&Event>> = BTreeMap::new();
    for event in events {
        let seen_from = (!has_both).then_some((event.vantage, event.method));
        all.entry((event.incident, seen_from)).or_default().push(event);
    }
    let mut incidents: Vec<Incident<'h>> = all
        .into_iter()
        .filter_map(|((number, _), events)| {
            let span = |plane| span(&events, plane);
            let (from, to) = span(Plane::Control).or_else(|| span(Plane::Data))?;
            Some(Incident { number, from, to, events, until: None, is_end: false })
        })
        .collect();
    incidents.sort_by_key(|incident| {
        let first = incident.events.first();
        let seen_from = first.map(|first| (first.middle(), first.vantage, first.method));
        (incident.middle(), incident.from, seen_from)
    });
    fold_ends(&mut incidents);
    incidents
}

/// The times between which events of a plane happened. Of those announced, messages say more than tables.
fn span(events: &[&Event], plane: Plane) -> Option<(Timestamp, Timestamp)> {
    let of_plane = || events.iter().filter(|event| event.plane == plane);
    if let Some(first) = of_plane().filter_map(|event| event.first).min() {
        return Some((first, first));
    }
    let from = of_plane().map(|event| event.before.at).min()?;
    Some((from, of_plane().map(|event| event.after.at).max()?))
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
        let day = incident.to;
        if let [Some(end)] = ends.as_slice()
            && let Some(last) = incidents.get_mut(*end)
            && last.scopes_of(Kind::OutageEnded).len() == begun.len()
        {
            let until = last.latest(day);
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

    fn middle(&self) -> Timestamp {
        let half = self.to.duration_since(self.from) / 2;
        self.from.saturating_add(half).unwrap_or(self.to)
    }

    /// Whether it is only the end of an outage that an earlier incident has told.
    #[must_use]
    pub fn is_told_before(&self) -> bool {
        self.is_end
    }

    /// The planes that show it, that of what is announced first.
    #[must_use]
    pub fn planes(&self) -> Vec<Plane> {
        let is_shown = |plane: &Plane| self.events.iter().any(|event| event.plane == *plane);
        [Plane::Control, Plane::Data].into_iter().filter(is_shown).collect()
    }

    /// Where it is seen: BGP, traces, or both.
    #[must_use]
    pub fn seen_in(&self) -> &'static str {
        match self.planes()[..] {
            [Plane::Control] => "BGP",
            [Plane::Data] => "traces",
            _ => "both",
        }
    }

    /// Between which times it happened; where messages show it, when the first of them came. Where both planes show it,
    /// the times of both.
    #[must_use]
    pub fn when(&self) -> String {
        let spans = self.planes().into_iter().filter_map(|plane| span(&self.events, plane));
        let mut before: Option<Timestamp> = None;
        let texts = spans.map(|(from, to)| {
            let other = before.replace(to);
            if from == to {
                moment_to_the_second(from, other)
            } else {
                format!("{} to {}", moment(from, other), moment(to, Some(from)))
            }
        });
        texts.collect::<Vec<_>>().join("; traces ")
    }

    /// When it was over at the latest, as each plane shows it, without the day of `other`.
    fn latest(&self, other: Timestamp) -> String {
        let texts = self.planes().into_iter().filter_map(|plane| {
            let (from, to) = span(&self.events, plane)?;
            let text = if from == to { moment_to_the_second } else { moment };
            Some(text(to, Some(other)))
        });
        texts.collect::<Vec<_>>().join(" (traces: ")
            + if self.planes().len() > 1 { ")" } else { "" }
    }

    /// What happened, and where. Where the planes show it differently, as each of them does.
    #[must_use]
    pub fn text(&self, history: &History, percent: impl Fn(f64) -> String) -> String {
        let text = |plane| {
            let mut known = HashSet::new();
            // Several vantages show the same.
            let is_new = |event: &&Event| known.insert((event.scope, event.kind, event.subject));
            let of_plane = self.events.iter().copied().filter(|event| event.plane == plane);
            self.text_of(&of_plane.filter(is_new).collect::<Vec<_>>(), history, &percent)
        };
        let vantages = self.vantages(history);
        if let [plane] = self.planes()[..] {
            return format!("{}{vantages}", text(plane));
        }
        let [announced, traced] = [Plane::Control, Plane::Data].map(text);
        if announced == traced {
            format!("{announced}{vantages}")
        } else {
            format!("BGP: {announced}; traces: {traced}{vantages}")
        }
    }

    /// Who shows it, where a history has both planes and several that may.
    fn vantages(&self, history: &History) -> String {
        if !history.has_both_planes() {
            return String::new();
        }
        let of = |plane| {
            let (all, some) = (seen_from(history, plane), seen_in(&self.events, plane));
            let names = &history.names;
            let texts = some.iter().map(|(vantage, method)| match plane {
                Plane::Control => names.text(*vantage).to_owned(),
                Plane::Data => format!("{} by {}", names.text(*vantage), names.text(*method)),
            });
            let texts: Vec<String> = texts.collect();
            let is_needed = all.len() > 1 && !some.is_empty() && some.len() < all.len();
            is_needed.then(|| match plane {
                Plane::Control => format!("at {}", texts.join(", ")),
                Plane::Data => format!("from {}", texts.join(", ")),
            })
        };
        let texts: Vec<String> = [Plane::Control, Plane::Data].into_iter().filter_map(of).collect();
        if texts.is_empty() { String::new() } else { format!(" ({})", texts.join("; ")) }
    }

    /// The events of a plane, in words.
    fn text_of(
        &self,
        shown: &[&Event],
        history: &History,
        percent: &impl Fn(f64) -> String,
    ) -> String {
        let mut scopes: BTreeMap<Ipv4Net, Vec<&Event>> = BTreeMap::new();
        for event in shown.iter().filter(|event| !follows(event, shown)) {
            scopes.entry(event.scope).or_default().push(event);
        }
        let mut phrases: Vec<(String, Vec<Ipv4Net>)> = Vec::new();
        for (scope, events) in &scopes {
            let phrase = self.phrase(events, &history.names, percent);
            match phrases.iter_mut().find(|(other, _)| *other == phrase) {
                Some((_, scopes)) => scopes.push(*scope),
                None => phrases.push((phrase, vec![*scope])),
            }
        }
        let texts = phrases.iter().map(|(phrase, scopes)| {
            let listed = || scopes.iter().map(Ipv4Net::to_string).collect::<Vec<_>>().join(", ");
            let is_everywhere = scopes.len() > 1 && are_all(scopes, shown, history);
            let place = if is_everywhere { "everywhere".into() } else { listed() };
            format!("{place}: {phrase}")
        });
        texts.collect::<Vec<_>>().join("; ")
    }

    /// What happened to one scope.
    fn phrase(&self, events: &[&Event], names: &Names, percent: &impl Fn(f64) -> String) -> String {
        // An outage changes the verdict, and its carriers are gone: that is one thing.
        if let Some(outage) = events.iter().find(|event| event.kind == Kind::OutageBegan) {
            return self.until.as_ref().map_or_else(
                || outage.words(names, percent),
                |until| format!("outage until {until}"),
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
}

/// Whether an event of a block only follows from what happened to a prefix of it. That a block is out, or its hosts
/// are silent, follows from the same alone.
fn follows(event: &Event, shown: &[&Event]) -> bool {
    let is_derived = match event.kind {
        Kind::CarrierAppeared | Kind::CarrierVanished | Kind::VerdictChanged | Kind::ShareMoved => {
            true
        }
        Kind::OutageBegan | Kind::OutageEnded | Kind::HostsSilent | Kind::HostsBack => false,
    };
    shown.iter().any(|other| {
        let is_inside = other.scope != event.scope && event.scope.contains(&other.scope);
        is_inside && (is_derived || other.kind == event.kind)
    })
}

/// Whether these are all prefixes that the events' vantage sees by its method.
fn are_all(scopes: &[Ipv4Net], shown: &[&Event], history: &History) -> bool {
    let Some(first) = shown.first() else { return false };
    let seen: Vec<Ipv4Net> = (history.series.iter())
        .filter(|it| (it.vantage, it.method) == (first.vantage, first.method))
        .map(|series| series.scope)
        .collect();
    let has_others = |scope: &Ipv4Net| seen.iter().any(|it| it != scope && scope.contains(it));
    seen.iter().all(|scope| has_others(scope) || scopes.contains(scope))
}

/// The vantages and methods of a plane in a history.
fn seen_from(history: &History, plane: Plane) -> HashSet<(Name, Name)> {
    let series = history.series.iter().filter(|series| series.plane == plane);
    series.map(|series| (series.vantage, series.method)).collect()
}

/// Those that show events, in their order.
fn seen_in(events: &[&Event], plane: Plane) -> Vec<(Name, Name)> {
    let mut all = Vec::new();
    for event in events.iter().filter(|event| event.plane == plane) {
        if !all.contains(&(event.vantage, event.method)) {
            all.push((event.vantage, event.method));
        }
    }
    all
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

/// The same with its seconds, whatever they are.
fn moment_to_the_second(at: Timestamp, other: Option<Timestamp>) -> String {
    let seconds = if Offset::UTC.to_datetime(at).second() == 0 { ":00" } else { "" };
    format!("{}{seconds}", moment(at, other))
}
