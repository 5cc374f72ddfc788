//! What one vantage saw by one method: a section of the picture.

use crate::history::{History, Series};

use super::moments::{self, Moment};
use super::scale::Scale;

/// The scopes of a vantage and a method, and what changed in them.
pub(super) struct Section<'h> {
    pub(super) history: &'h History,
    /// A block before its prefixes.
    pub(super) series: &'h [Series],
    pub(super) moments: Vec<Moment<'h>>,
}

impl<'h> Section<'h> {
    /// All sections of a history.
    pub(super) fn all(history: &'h History) -> Vec<Self> {
        let same = |one: &Series, other: &Series| {
            (one.vantage, one.method) == (other.vantage, other.method)
        };
        let section = |series: &'h [Series]| {
            let moments =
                series.first().map(|first| moments::of(history, first.vantage, first.method));
            Self { history, series, moments: moments.unwrap_or_default() }
        };
        history.series.chunk_by(same).map(section).collect()
    }

    /// Where it is seen from, and how.
    pub(super) fn title(&self) -> String {
        let Some(first) = self.series.first() else { return String::new() };
        let names = &self.history.names;
        match (names.text(first.vantage), names.text(first.method)) {
            ("", "") => "From an unnamed vantage".into(),
            ("", method) => format!("From an unnamed vantage, by {method}"),
            (vantage, "") => format!("From {vantage}"),
            (vantage, method) => format!("From {vantage}, by {method}"),
        }
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
