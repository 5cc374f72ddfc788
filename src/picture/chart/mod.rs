//! A section as SVG: legend, numbered events, the classes' shares, each prefix with its carriers and the
//! RTT to its border, hosts or peers, and the axis of time. Here they are put under each other.

mod areas;
mod frame;
mod legend;
mod map;
mod panels;

use std::collections::BTreeSet;

use super::section::Section;
use super::slices::{self, Part};
use super::xml::Element;
use frame::{Frame, axis, event_marks, grid, marks_height};
use legend::legend;

pub(super) use frame::{Drawn, Look, WIDTH};
pub(super) use legend::{STYLE, events, patterns};
pub(super) use map::{marked, world};

/// The chart of a section.
pub(super) fn draw(section: &Section<'_>, look: Look<'_, '_>) -> Drawn {
    let legend = legend(section, &used(section), look);
    let mut frame = Frame::new(legend.height, marks_height(&section.marks));
    panels::shares(section, look, &mut frame);
    panels::strips(section, look, &mut frame);
    panels::peers(section, look, &mut frame);
    panels::hosts(section, look, &mut frame);
    let bottom = frame.bottom();
    let (lane, panels) = frame.end();
    let axis = axis(look.period, bottom);
    let element = Element::new("g")
        .with(legend.element)
        .with(grid(look.period, &panels))
        .with_all(panels.iter().map(|panel| panel.element.clone()))
        .with(event_marks(&section.marks, look.period, lane, &panels))
        .with_all(panels.iter().map(|panel| panel.labels.clone()))
        .with(axis.element);
    Drawn { element, height: bottom + axis.height }
}

/// The parts that a section's chart has.
pub(super) fn used(section: &Section<'_>) -> BTreeSet<Part> {
    let blocks = section.blocks().flat_map(|series| slices::shares(&series.timeline));
    let prefixes = section.prefixes().flat_map(|series| slices::carriers(&series.timeline));
    blocks.chain(prefixes).flat_map(|slice| slice.parts).map(|(part, _)| part).collect()
}
