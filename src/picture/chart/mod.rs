//! A section as SVG: legend, numbered events, the classes' shares, each prefix with its carriers and the
//! RTT to its border, hosts, and the axis of time. Each file draws one of these; here they are put under
//! each other.

mod axis;
mod frame;
mod hosts;
mod legend;
mod list;
mod marks;
mod pieces;
mod rtt;
mod shares;
mod stack;
mod strips;
mod style;

use std::collections::BTreeSet;

use super::palette::Palette;
use super::period::Period;
use super::px::Px;
use super::section::Section;
use super::slices::Part;
use super::xml::Element;
use frame::Frame;

pub(super) use style::{STYLE, patterns};

pub(super) const WIDTH: Px = Px::of(960);

/// What stands left of the axis of time.
const LEFT: Px = Px::of(128);

/// The axis of time.
const PLOT: Px = Px::of(796);

/// What all parts of a chart have in common.
#[derive(Clone, Copy)]
pub(super) struct Look<'a, 'h> {
    pub(super) palette: &'a Palette<'h>,
    pub(super) period: Period,
    /// What the identifiers begin with: they are those of the whole page.
    pub(super) id: &'a str,
}

impl Look<'_, '_> {
    /// How a part is filled.
    fn fill(&self, part: Part) -> String {
        format!("url(#{}{})", self.id, self.palette.place(part))
    }
}

/// Something drawn from the top left on, with its height.
pub(super) struct Drawn {
    pub(super) element: Element,
    pub(super) height: Px,
}

/// The chart of a section.
pub(super) fn draw(section: &Section<'_>, look: Look<'_, '_>) -> Drawn {
    let legend = legend::draw(&used(section), section.has_gaps(), look);
    let mut frame = Frame::new(legend.height, marks::height(&section.moments));
    shares::draw(section, look, &mut frame);
    strips::draw(section, look, &mut frame);
    hosts::draw(section, look, &mut frame);
    let bottom = frame.bottom();
    let (lane, panels) = frame.end();
    let axis = axis::draw(look.period, bottom);
    let element = Element::new("g")
        .with(legend.element)
        .with(axis::grid(look.period, &panels))
        .with_all(panels.iter().map(|panel| panel.element.clone()))
        .with(marks::draw(&section.moments, look.period, lane, &panels))
        .with_all(panels.iter().map(|panel| panel.labels.clone()))
        .with(axis.element);
    Drawn { element, height: bottom + axis.height }
}

/// The list of what the numbers in the chart mean.
pub(super) fn events(section: &Section<'_>) -> Option<Drawn> {
    list::draw(section)
}

/// The parts that a section's chart has.
pub(super) fn used(section: &Section<'_>) -> BTreeSet<Part> {
    let blocks = section.blocks().flat_map(|series| super::slices::shares(&series.timeline));
    let prefixes = section.prefixes().flat_map(|series| super::slices::carriers(&series.timeline));
    blocks.chain(prefixes).flat_map(|slice| slice.parts).map(|(part, _)| part).collect()
}

/// Text at a place.
fn text(x: Px, y: Px, class: &str, text: impl std::fmt::Display) -> Element {
    Element::text("text", text).set("x", x).set("y", y).class(class)
}

/// A group that begins at a place.
fn group(x: Px, y: Px) -> Element {
    Element::new("g").set("transform", format_args!("translate({x} {y})"))
}
