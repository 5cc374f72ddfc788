//! A time in as many cells as a line has signs.

use jiff::Timestamp;

use crate::history::Timeline;

use super::period::Period;
use super::slices::{Part, Slice};

/// What the runs of a cell saw; nothing without a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    parts: Vec<(Part, f64)>,
}

impl Cell {
    /// A part's share of the cell.
    pub(super) fn share(&self, part: Part) -> f64 {
        let all: f64 = self.parts.iter().map(|(_, size)| size).sum();
        let size =
            self.parts.iter().find(|(other, _)| *other == part).map_or(0.0, |(_, size)| *size);
        if all > 0.0 { size / all } else { 0.0 }
    }

    /// The largest part, and its share.
    pub(super) fn most(&self) -> Option<(Part, f64)> {
        let (part, _) = self.parts.iter().max_by(|one, other| one.1.total_cmp(&other.1))?;
        Some((*part, self.share(*part)))
    }

    fn add(&mut self, part: Part, size: f64) {
        match self.parts.iter_mut().find(|(other, _)| *other == part) {
            Some((_, sum)) => *sum += size,
            None => self.parts.push((part, size)),
        }
    }
}

/// The place of a part of the whole among so many.
pub(super) fn place(part: f64, places: usize) -> usize {
    let last = places.saturating_sub(1);
    // As many steps as fit below it; there are no more than signs in a line.
    let steps = (1..=last).take_while(|step| fraction(*step, places) <= part);
    steps.count()
}

fn fraction(step: usize, of: usize) -> f64 {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    float(step) / float(of)
}

/// The parts of each cell.
pub(super) fn parts(slices: &[Slice], period: Period, cells: usize) -> Vec<Cell> {
    let mut all = vec![Cell::default(); cells];
    for slice in slices {
        each(slice.from, slice.to, period, &mut all, |cell, weight| {
            slice.parts.iter().for_each(|(part, size)| cell.add(*part, size * weight));
        });
    }
    all
}

/// The mean RTT of each cell.
pub(super) fn rtt(timeline: &Timeline, period: Period, cells: usize) -> Vec<Option<f64>> {
    let mut all = vec![(0.0, 0.0); cells];
    for stretch in timeline.stretches() {
        let Some(rtt) = stretch.bucket.and_then(|bucket| bucket.rtt) else { continue };
        each(stretch.from, stretch.to, period, &mut all, |(sum, weights), weight| {
            *sum += rtt.mean() * weight;
            *weights += weight;
        });
    }
    all.into_iter().map(|(sum, weights)| (weights > 0.0).then(|| sum / weights)).collect()
}

/// The cells that a stretch of time touches, with the part of them that it fills.
fn each<C>(
    from: Timestamp,
    to: Timestamp,
    period: Period,
    cells: &mut [C],
    mut touch: impl FnMut(&mut C, f64),
) {
    let (from, to, count) = (period.part(from), period.part(to), cells.len());
    let first = place(from, count);
    for (cell, step) in cells.iter_mut().zip(0..count).skip(first) {
        let (begin, end) = (fraction(step, count), fraction(step + 1, count));
        if begin >= to && step > first {
            break;
        }
        // The run itself takes some time, however short.
        touch(cell, (to.min(end) - from.max(begin)).max(1e-9));
    }
}
