//! What one vantage saw by one method: a section of the picture, with its numbered events.

use crate::history::{Event, History, Incident, Name, Series, incidents, is_simulated};

use super::geometry::Scale;
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
        let same = |one: &Series, other: &Series| {
            (one.vantage, one.method) == (other.vantage, other.method)
        };
        let section = |series: &'h [Series]| {
            let marks = series.first().map(|first| marks(history, first.vantage, first.method));
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

/// Those that a vantage saw by a method, in the order in which they stand in the picture.
fn marks(history: &History, vantage: Name, method: Name) -> Vec<Incident<'_>> {
    let period = Period::of(history);
    let shown = |event: &Event| period.is_some_and(|period| event.found >= period.from);
    let seen = |event: &&Event| (event.vantage, event.method) == (vantage, method) && shown(event);
    incidents(history.events.iter().filter(seen))
}
