//! Slices as boxes, each part's in a row.

use std::collections::BTreeMap;

use crate::picture::path::Path;
use crate::picture::period::Period;
use crate::picture::slices::{Part, Slice};

use super::{Look, PLOT, Px};

/// A box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) left: Px,
    pub(super) right: Px,
    pub(super) top: Px,
    pub(super) bottom: Px,
}

/// Where stretches of time are on the axis. Between two gaps they are wide enough to be seen.
pub(super) fn places<T>(
    stretches: &[T],
    times: impl Fn(&T) -> (jiff::Timestamp, jiff::Timestamp),
    period: Period,
) -> Vec<(Px, Px)> {
    let next = stretches.iter().skip(1).map(Some).chain([None]);
    let mut before = None;
    let place = |(stretch, next): (&T, Option<&T>)| {
        let (from, to) = times(stretch);
        let (left, right) = (period.place(from, PLOT), period.place(to, PLOT));
        let lonely = before != Some(from) && next.is_none_or(|next| times(next).0 > to);
        before = Some(to);
        if !lonely || right >= left + LEAST {
            return (left, right);
        }
        let right = (left + LEAST).min(PLOT);
        (right - LEAST, right)
    };
    stretches.iter().zip(next).map(place).collect()
}

const LEAST: Px = Px::of(3);

/// The boxes of each part, stacked in the order of the palette.
pub(super) fn stacked(
    slices: &[Slice],
    height: Px,
    look: Look<'_, '_>,
) -> BTreeMap<usize, (Part, Vec<Piece>)> {
    let mut all: BTreeMap<usize, (Part, Vec<Piece>)> = BTreeMap::new();
    let places = places(slices, |slice| (slice.from, slice.to), look.period);
    for (slice, (left, right)) in slices.iter().zip(places) {
        let mut parts = slice.parts.clone();
        parts.sort_by_key(|(part, _)| look.palette.place(*part));
        let (mut below, mut bottom) = (0.0, height);
        for (part, size) in parts {
            below += size;
            let top = height - height.part(below);
            let place = look.palette.place(part);
            let pieces = &mut all.entry(place).or_insert_with(|| (part, Vec::new())).1;
            push(pieces, Piece { left, right, top, bottom });
            bottom = top;
        }
    }
    all
}

/// Adds a box, or makes the last one wider.
pub(super) fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    if piece.left >= piece.right || piece.top >= piece.bottom {
        return;
    }
    match pieces.last_mut() {
        Some(last) if last.meets(&piece) && last.heights() == piece.heights() => {
            last.right = piece.right;
        }
        _ => pieces.push(piece),
    }
}

impl Piece {
    fn heights(&self) -> (Px, Px) {
        (self.top, self.bottom)
    }

    fn meets(&self, next: &Self) -> bool {
        self.right == next.left && self.top < next.bottom && next.top < self.bottom
    }
}

/// The outline of boxes: those that meet have one together, lest a line shows between them.
pub(super) fn outline(pieces: &[Piece]) -> Path {
    let mut path = Path::default();
    for chain in pieces.chunk_by(Piece::meets) {
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else { continue };
        path.move_to(first.left, first.top);
        for piece in chain {
            path.upright(piece.top);
            path.across(piece.right);
        }
        path.upright(last.bottom);
        for piece in chain.iter().rev() {
            path.upright(piece.bottom);
            path.across(piece.left);
        }
        path.close();
    }
    path
}

/// The boxes inside the outline that are at least so wide and so high, for labels.
pub(super) fn spots(pieces: &[Piece], width: Px, height: Px) -> Vec<Piece> {
    let mut spots: Vec<Piece> = Vec::new();
    for piece in pieces.iter().filter(|piece| piece.bottom - piece.top >= height) {
        let both = spots.last().filter(|spot| spot.meets(piece)).map(|spot| Piece {
            left: spot.left,
            right: piece.right,
            top: spot.top.max(piece.top),
            bottom: spot.bottom.min(piece.bottom),
        });
        match (both.filter(|both| both.bottom - both.top >= height), spots.last_mut()) {
            (Some(both), Some(last)) => *last = both,
            _ => spots.push(*piece),
        }
    }
    spots.retain(|spot| spot.right - spot.left >= width);
    spots
}
