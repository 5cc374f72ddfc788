//! Slices as boxes, each part's in a row; the boxes stacked, filled and named.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::picture::geometry::{Path, Px};
use crate::picture::slices::{Part, Slice};
use crate::picture::text::short;
use crate::picture::time_axis::Period;
use crate::picture::xml::Element;

use super::frame::{Look, PLOT, text_at};

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
    times: impl Fn(&T) -> (Timestamp, Timestamp),
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
fn stacked(
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
fn spots(pieces: &[Piece], width: Px, height: Px) -> Vec<Piece> {
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

/// Which of the places that have room for a part's name get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Nowhere,
    Everywhere,
    Once,
}

/// The parts of slices on a height, and their names.
pub(super) fn stack(
    slices: &[Slice],
    height: Px,
    named: Named,
    look: Look<'_, '_>,
) -> (Vec<Element>, Vec<Element>) {
    let (mut areas, mut labels) = (Vec::new(), Vec::new());
    for (part, pieces) in stacked(slices, height, look).into_values() {
        let path = outline(&pieces);
        if path.is_empty() {
            continue;
        }
        let name = look.palette.entry(part).map_or("", |entry| entry.text);
        let title = Element::text("title", name);
        let name = &short(name, 40);
        areas.push(area(part, look).set("d", path).with(title));
        labels.extend(named_places(&pieces, name, named).iter().map(|spot| label(spot, name)));
    }
    (areas, labels)
}

pub(super) fn area(part: Part, look: Look<'_, '_>) -> Element {
    Element::new("path").set("fill", look.fill(part))
}

const SIZE: i32 = 10;

fn named_places(pieces: &[Piece], name: &str, named: Named) -> Vec<Piece> {
    let mut places = spots(pieces, Px::text(name, SIZE) + Px::of(10), Px::of(SIZE + 3));
    let widest = places.iter().max_by_key(|spot| spot.right - spot.left).copied();
    match named {
        Named::Nowhere => places.clear(),
        Named::Once => places = widest.into_iter().collect(),
        Named::Everywhere => {}
    }
    places
}

fn label(spot: &Piece, name: &str) -> Element {
    let middle = (spot.left + spot.right) / 2;
    text_at(middle, (spot.top + spot.bottom) / 2 + Px::of(4), "on", name)
}
