//! The classes' shares of a block as stacked areas, and over them what is unreached.

use crate::history::{Series, Timeline};
use crate::picture::section::Section;
use crate::picture::slices::{self, Part, Slice};

use super::frame::{Frame, label};
use super::stack::{self, Named};
use super::{Element, Look, PLOT, Px};

const HEIGHT: Px = Px::of(120);
const UNREACHED: Px = Px::of(14);

pub(super) fn draw(section: &Section<'_>, look: Look<'_, '_>, frame: &mut Frame) {
    for block in section.blocks() {
        frame.title(&format!("{}: shares of the classified traces", block.scope));
        if let Some(unreached) = unreached(&block.timeline) {
            let (mut inside, labels) = stack::draw(&unreached, UNREACHED, Named::Nowhere, look);
            inside.push(label(Px::of(4), "small", "no way in"));
            frame.panel(UNREACHED, inside, labels);
            frame.space(Px::of(5));
        }
        let (inside, labels) = areas(block, look);
        frame.panel(HEIGHT, inside, labels);
        frame.space(Px::of(8));
    }
}

fn areas(block: &Series, look: Look<'_, '_>) -> (Vec<Element>, Vec<Element>) {
    let mut inside = vec![rule(Px::ZERO), rule(HEIGHT / 2), rule(HEIGHT)];
    let shares = slices::shares(&block.timeline);
    let (areas, labels) = stack::draw(&shares, HEIGHT, Named::Once, look);
    inside.extend(areas);
    for (place, percent) in ["100 %", "50 %", "0 %"].iter().enumerate() {
        let y = HEIGHT * i32::try_from(place).unwrap_or(0) / 2;
        inside.push(label(y, "small", percent));
    }
    (inside, labels)
}

/// The part of all traces that died before any carrier, where there are any.
fn unreached(timeline: &Timeline) -> Option<Vec<Slice>> {
    let slice = |stretch: crate::history::Stretch<'_>| {
        let size = slices::unreached(stretch.bucket?);
        let parts = if size > 0.0 { vec![(Part::Unreached, size)] } else { Vec::new() };
        Some(Slice { from: stretch.from, to: stretch.to, parts })
    };
    let all: Vec<Slice> = timeline.stretches().filter_map(slice).collect();
    all.iter().any(|slice| !slice.parts.is_empty()).then_some(all)
}

/// A line from one end of the axis to the other.
pub(super) fn rule(y: Px) -> Element {
    Element::new("path").class("grid").set("d", format_args!("M0 {y}h{PLOT}"))
}
