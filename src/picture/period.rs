//! The time that a picture covers, and where in it a moment is.

use jiff::{SignedDuration, Timestamp};

use crate::history::History;

use super::px::Px;

/// A picture of less has no use for its width.
const LEAST: SignedDuration = SignedDuration::from_mins(10);

/// From the first run to the end of the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Period {
    /// That of all series together; nothing without a run.
    pub(super) fn of(history: &History) -> Option<Self> {
        let all = || history.series.iter().flat_map(|series| series.timeline.stretches());
        let from = all().map(|stretch| stretch.from).min()?;
        let to = all().map(|stretch| stretch.to).max()?;
        let missing = LEAST.saturating_sub(to.duration_since(from)).max(SignedDuration::ZERO);
        let half = SignedDuration::from_secs(missing.as_secs() / 2);
        let from = from.saturating_sub(half).unwrap_or(from);
        Some(Self { from, to: to.saturating_add(half).unwrap_or(to) })
    }

    pub(super) fn length(self) -> SignedDuration {
        self.to.duration_since(self.from)
    }

    /// Which part of the period is over at a moment, from 0 to 1.
    pub(super) fn part(self, at: Timestamp) -> f64 {
        let part = at.duration_since(self.from).as_secs_f64() / self.length().as_secs_f64();
        part.clamp(0.0, 1.0)
    }

    /// Where a moment is on an axis of this width.
    pub(super) fn place(self, at: Timestamp, width: Px) -> Px {
        width.part(self.part(at))
    }
}
