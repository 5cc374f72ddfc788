//! What one vantage saw by one method: a section of the picture, with its numbered events. Those of collectors stand above
//! those of traces.

use std::collections::{BTreeSet, HashMap};

use crate::history::{Event, History, Incident, Name, Plane, Series, incidents, is_simulated};

use super::geometry::Scale;
use super::text;
use super::time_axis::Period;

/// The scopes of a vantage and a method, and what changed in them.
pub(super) struct Section<'h> {
    pub(super) history: &'h History,
    /// A block before its prefixes.
    pub(super) series: &'h [Series],
    pub(super) marks: Vec<Incident<'h>>,
}

impl<'h> Section<'h> {
    /// All sections of a history.
    pub(super) fn all(history: &'h History) -> Vec<Self> {
        let mut marks: HashMap<(Name, Name), Vec<Incident<'h>>> = HashMap::new();
        for mark in shown_incidents(history) {
            let seen_from = mark.events.iter().map(|event| (event.vantage, event.method));
            for place in seen_from.collect::<BTreeSet<_>>() {
                marks.entry(place).or_default().push(mark.clone());
            }
        }
        let section = |series: &'h [Series]| {
            let place = series.first().map(|first| (first.vantage, first.method));
            let marks = place.and_then(|place| marks.get(&place).cloned());
            Self { history, series, marks: marks.unwrap_or_default() }
        };
        history.groups().into_iter().map(section).collect()
    }

    /// Where it is seen from, and how.
    pub(super) fn title(&self) -> String {
        let Some(first) = self.series.first() else { return String::new() };
        let names = &self.history.names;
        let title = match (names.text(first.vantage), names.text(first.method)) {
            ("", _) if self.is_announced() => "BGP at an unnamed collector".into(),
            (vantage, _) if self.is_announced() => format!("BGP at {vantage}"),
            ("", "") => "From an unnamed vantage".into(),
            ("", method) => format!("From an unnamed vantage, by {method}"),
            (vantage, "") => format!("From {vantage}"),
            (vantage, method) => format!("From {vantage}, by {method}"),
        };
        if self.is_simulated() { format!("SIMULATED. {title}") } else { title }
    }

    /// What its rows count, and how many rows there are.
    pub(super) fn counted(&self) -> String {
        match (self.is_announced(), self.runs()) {
            (true, 1) => "1 view; shares are of peers, not of traffic".into(),
            (true, views) => format!("{views} views; shares are of peers, not of traffic"),
            (false, runs) => text::runs(runs) + &self.proven(),
        }
    }

    /// For how many traces of the block's newest run a home answer proves that packets arrive.
    fn proven(&self) -> String {
        let newest = self.blocks().map(|block| &block.state).find(|state| state.proven.is_some());
        newest.map_or_else(String::new, |state| {
            let (proven, of) = (state.proven.unwrap_or(0), state.classified);
            format!("; newest: arrival proven for {proven} of {of} traces")
        })
    }

    /// What the shares are of.
    pub(super) fn shares_of(&self) -> String {
        if self.is_announced() {
            format!("{} by the class of their upstream (not traffic)", self.peers_of())
        } else {
            "shares of the classified traces".into()
        }
    }

    /// What the strips of the prefixes show.
    pub(super) fn strips_of(&self) -> &'static str {
        if self.is_announced() {
            "Upstreams of all peers by prefix"
        } else {
            "Carriers of all traces by prefix"
        }
    }

    /// What has no carrier, in words.
    pub(super) fn nowhere(&self) -> &'static str {
        if self.is_announced() { "withdrawn" } else { "no way in" }
    }

    /// What a time without rows is.
    pub(super) fn blank(&self) -> &'static str {
        if self.is_announced() { "no view" } else { "no run" }
    }

    /// Which peers count.
    pub(super) fn peers_of(&self) -> &'static str {
        let is_known = self.series.iter().any(|series| series.state.full_peers.is_some());
        if is_known { "full-feed peers" } else { "peers" }
    }

    /// Whether it is of a collector's peers, and of no traces.
    pub(super) fn is_announced(&self) -> bool {
        self.series.first().is_some_and(|first| first.plane == Plane::Control)
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
        let timed = self.prefixes().filter(|_| !self.is_announced());
        let buckets = timed.flat_map(|series| series.timeline.buckets());
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

/// What happened in the time that the picture shows.
pub(super) fn shown_incidents(history: &History) -> Vec<Incident<'_>> {
    let period = Period::of(history);
    let shown = |event: &&Event| period.is_some_and(|period| event.found >= period.from);
    incidents(history, history.events.iter().filter(shown))
}
