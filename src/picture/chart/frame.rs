//! Panels under each other, each as wide as the axis of time; the axis, its lines behind the panels, and
//! the numbered events over them. An event's line stands in the middle of the times between which it
//! happened. Where there is no room for each number, those beside each other share a label.

use std::fmt::Display;

use crate::history::Incident;
use crate::picture::geometry::{Path, Px};
use crate::picture::palette::Palette;
use crate::picture::slices::Part;
use crate::picture::time_axis::{Period, Tick, ticks};
use crate::picture::xml::Element;

pub(in crate::picture) const WIDTH: Px = Px::of(960);

/// What stands left of the axis of time.
pub(super) const LEFT: Px = Px::of(128);

/// The axis of time.
pub(super) const PLOT: Px = Px::of(796);

/// What all parts of a chart have in common.
#[derive(Clone, Copy)]
pub(in crate::picture) struct Look<'a, 'h> {
    pub(in crate::picture) palette: &'a Palette<'h>,
    pub(in crate::picture) period: Period,
    /// What the identifiers begin with: they are those of the whole page.
    pub(in crate::picture) id: &'a str,
}

impl Look<'_, '_> {
    /// How a part is filled.
    pub(super) fn fill(&self, part: Part) -> String {
        format!("url(#{}{})", self.id, self.palette.place(part))
    }
}

/// Something drawn from the top left on, with its height.
pub(in crate::picture) struct Drawn {
    pub(in crate::picture) element: Element,
    pub(in crate::picture) height: Px,
}

/// Text at a place.
pub(super) fn text_at(x: Px, y: Px, class: &str, text: impl Display) -> Element {
    Element::text("text", text).set("x", x).set("y", y).class(class)
}

/// A group that begins at a place.
pub(super) fn group(x: Px, y: Px) -> Element {
    Element::new("g").set("transform", format_args!("translate({x} {y})"))
}

/// Panels, and where the next one begins.
pub(super) struct Frame {
    bottom: Px,
    /// Where the numbers of events are, under the first title, and how much room they still want.
    lane: (Px, Px),
    panels: Vec<Panel>,
}

/// Something drawn in a part of the height.
pub(super) struct Panel {
    pub(super) top: Px,
    pub(super) height: Px,
    pub(super) element: Element,
    /// What stands over everything else.
    pub(super) labels: Element,
}

impl Frame {
    /// Panels from `top` on, with room of this height for the numbers of events.
    pub(super) fn new(top: Px, lane: Px) -> Self {
        Self { bottom: top, lane: (top, lane), panels: Vec::new() }
    }

    pub(super) fn bottom(&self) -> Px {
        self.bottom
    }

    /// Where the numbers of events are, and the panels.
    pub(super) fn end(self) -> (Px, Vec<Panel>) {
        (self.lane.0, self.panels)
    }

    /// A line of text over the next panels.
    pub(super) fn title(&mut self, title: &str) {
        let line = text_at(LEFT, self.bottom + Px::of(20), "bold", title);
        self.push(Px::ZERO, line, Vec::new());
        self.bottom = self.bottom + Px::of(27);
        if self.lane.1 > Px::ZERO {
            let below = self.bottom + self.lane.1;
            self.lane = (self.bottom, Px::ZERO);
            self.bottom = below;
        }
    }

    /// A panel, which begins at the left end of the axis.
    pub(super) fn panel(&mut self, height: Px, inside: Vec<Element>, labels: Vec<Element>) {
        self.push(height, group(LEFT, self.bottom).with_all(inside), labels);
        self.bottom = self.bottom + height;
    }

    fn push(&mut self, height: Px, element: Element, labels: Vec<Element>) {
        let labels = group(LEFT, self.bottom).with_all(labels);
        self.panels.push(Panel { top: self.bottom, height, element, labels });
    }

    pub(super) fn space(&mut self, height: Px) {
        self.bottom = self.bottom + height;
    }
}

/// A label left of a panel, about so far down.
pub(super) fn label(y: Px, class: &str, label: impl Display) -> Element {
    text_at(Px::ZERO - Px::of(8), y + Px::of(4), &format!("end {class}"), label)
}

/// So many ticks have room for their labels.
const MOST_TICKS: usize = 11;

pub(super) fn axis(period: Period, top: Px) -> Drawn {
    let base = Element::new("path").class("frame").set("d", format_args!("M0 0h{PLOT}"));
    let ticks = ticks(period, MOST_TICKS);
    let element = group(LEFT, top)
        .with(base)
        .with(text_at(Px::ZERO - Px::of(38), Px::of(18), "end small", "UTC"))
        .with_all(ticks.iter().flat_map(|tick| labels(tick, period)));
    Drawn { element, height: Px::of(40) }
}

fn labels(tick: &Tick, period: Period) -> Vec<Element> {
    let x = period.place(tick.at, PLOT);
    let stroke = Element::new("path").class("frame").set("d", format_args!("M{x} 0v5"));
    let label = text_at(x, Px::of(18), "middle", &tick.label);
    let context =
        tick.context.iter().map(|context| text_at(x, Px::of(33), "middle small", context));
    [stroke, label].into_iter().chain(context).collect()
}

/// The ticks as lines through all panels.
pub(super) fn grid(period: Period, panels: &[Panel]) -> Element {
    let mut path = Path::default();
    for tick in ticks(period, MOST_TICKS) {
        let x = LEFT + period.place(tick.at, PLOT);
        for panel in panels.iter().filter(|panel| panel.height > Px::ZERO) {
            path.move_to(x, panel.top);
            path.upright(panel.top + panel.height);
        }
    }
    Element::new("path").class("grid").set("d", path)
}

const SIZE: i32 = 10;
const HEIGHT: i32 = 21;

/// More lines than these would hide what they go through.
const THROUGH: usize = 60;

/// How far labels may stand out over the ends of the axis.
const OUT: Px = Px::of(30);

/// A label, from the first to the last of its numbers.
struct Label {
    numbers: (u32, u32),
    places: (Px, Px),
    what: Vec<String>,
}

pub(super) fn marks_height(marks: &[Incident<'_>]) -> Px {
    if marks.is_empty() { Px::ZERO } else { Px::of(HEIGHT) }
}

/// The numbers from `top` on, and their lines through the panels.
pub(super) fn event_marks(
    marks: &[Incident<'_>],
    period: Period,
    top: Px,
    panels: &[Panel],
) -> Element {
    let mut free = Px::ZERO - OUT;
    let mut labels = Vec::new();
    for label in gather(marks, period) {
        let (element, right) = label.draw(free, top);
        labels.push(element);
        free = right + Px::of(2);
    }
    let through = if marks.len() > THROUGH { &[] } else { panels };
    let lines = marks.iter().map(|mark| line(mark, period, top, through));
    group(LEFT, Px::ZERO).with_all(lines).with_all(labels)
}

/// A line under the numbers and through everything that has a height.
fn line(mark: &Incident<'_>, period: Period, top: Px, panels: &[Panel]) -> Element {
    let x = middle(mark, period);
    let mut path = Path::default();
    path.move_to(x, top + Px::of(HEIGHT - 3));
    path.upright(top + Px::of(HEIGHT));
    for panel in panels.iter().filter(|panel| panel.height > Px::ZERO) {
        path.move_to(x, panel.top);
        path.upright(panel.top + panel.height);
    }
    let title = Element::text("title", format_args!("{}: {}", mark.number, mark.when()));
    Element::new("path").class("mark").set("d", path).with(title)
}

fn middle(mark: &Incident<'_>, period: Period) -> Px {
    (period.place(mark.from, PLOT) + period.place(mark.to, PLOT)) / 2
}

/// Numbers that would run into each other, together; but no more of them than a label has room for.
fn gather(marks: &[Incident<'_>], period: Period) -> Vec<Label> {
    let most = marks.last().map_or(0, |mark| mark.number);
    let together = Px::text(&format!("{most}\u{2013}{most}"), SIZE) + Px::of(8);
    let mut labels: Vec<Label> = Vec::new();
    for mark in marks {
        let (place, number) = (middle(mark, period), mark.number);
        match labels.last_mut() {
            Some(label) if label.takes(place, together) => {
                label.numbers.1 = number;
                label.places.1 = place.max(label.places.1);
                label.what.push(format!("{number}: {}", mark.when()));
            }
            _ => labels.push(Label {
                numbers: (number, number),
                places: (place, place),
                what: vec![format!("{number}: {}", mark.when())],
            }),
        }
    }
    labels
}

impl Label {
    /// Whether a number at `place` would run into the others.
    fn takes(&self, place: Px, together: Px) -> bool {
        place - self.places.0 <= together && place < self.places.1 + self.width()
    }

    fn text(&self) -> String {
        match self.numbers {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}\u{2013}{last}"),
        }
    }

    fn width(&self) -> Px {
        (Px::text(&self.text(), SIZE) + Px::of(6)).max(Px::of(16))
    }

    /// The label, not left of `free`, and its right end.
    fn draw(&self, free: Px, top: Px) -> (Element, Px) {
        let width = self.width();
        let middle = (self.places.0 + self.places.1) / 2;
        let left = (middle - width / 2).min(PLOT + OUT - width).max(free);
        let back = Element::new("rect")
            .class("number")
            .set("x", left)
            .set("y", top + Px::of(2))
            .set("width", width)
            .set("height", 15)
            .set("rx", 3);
        let number = text_at(left + width / 2, top + Px::of(13), "number", self.text());
        let title = Element::text("title", self.what.join("; "));
        (Element::new("g").with(title).with(back).with(number), left + width)
    }
}
