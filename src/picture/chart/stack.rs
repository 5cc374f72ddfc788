//! Parts on top of each other over time, filled and named.

use crate::picture::slices::{Part, Slice};

use crate::picture::words::short;

use super::pieces::{Piece, outline, spots, stacked};
use super::{Element, Look, Px, text};

/// Which of the places that have room for a part's name get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Nowhere,
    Everywhere,
    Once,
}

/// The parts of slices on a height, and their names.
pub(super) fn draw(
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
        labels.extend(places(&pieces, name, named).iter().map(|spot| label(spot, name)));
    }
    (areas, labels)
}

pub(super) fn area(part: Part, look: Look<'_, '_>) -> Element {
    Element::new("path").set("fill", look.fill(part))
}

const SIZE: i32 = 10;

fn places(pieces: &[Piece], name: &str, named: Named) -> Vec<Piece> {
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
    text(middle, (spot.top + spot.bottom) / 2 + Px::of(4), "on", name)
}
