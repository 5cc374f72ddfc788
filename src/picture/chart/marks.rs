//! Numbered events: lines through all panels, in the middle of the times between which they happened, with
//! their numbers over them. Where there is no room for each number, those beside each other share a label.

use crate::picture::moments::Moment;
use crate::picture::path::Path;
use crate::picture::period::Period;

use super::frame::Panel;
use super::{Element, LEFT, PLOT, Px, group, text};

const SIZE: i32 = 10;
const HEIGHT: i32 = 21;

/// More lines than these would hide what they go through.
const THROUGH: usize = 60;

/// How far labels may stand out over the ends of the axis.
const OUT: Px = Px::of(30);

/// A label, from the first to the last of its numbers.
struct Label {
    numbers: (usize, usize),
    places: (Px, Px),
    what: Vec<String>,
}

pub(super) fn height(moments: &[Moment<'_>]) -> Px {
    if moments.is_empty() { Px::ZERO } else { Px::of(HEIGHT) }
}

/// The numbers from `top` on, and their lines through the panels.
pub(super) fn draw(moments: &[Moment<'_>], period: Period, top: Px, panels: &[Panel]) -> Element {
    let mut free = Px::ZERO - OUT;
    let mut labels = Vec::new();
    for label in gather(moments, period) {
        let (element, right) = label.draw(free, top);
        labels.push(element);
        free = right + Px::of(2);
    }
    let through = if moments.len() > THROUGH { &[] } else { panels };
    let lines = moments.iter().map(|moment| line(moment, period, top, through));
    group(LEFT, Px::ZERO).with_all(lines).with_all(labels)
}

/// A line under the numbers and through everything that has a height.
fn line(moment: &Moment<'_>, period: Period, top: Px, panels: &[Panel]) -> Element {
    let x = middle(moment, period);
    let mut path = Path::default();
    path.move_to(x, top + Px::of(HEIGHT - 3));
    path.upright(top + Px::of(HEIGHT));
    for panel in panels.iter().filter(|panel| panel.height > Px::ZERO) {
        path.move_to(x, panel.top);
        path.upright(panel.top + panel.height);
    }
    let title = Element::text("title", format_args!("{}: {}", moment.number, moment.when()));
    Element::new("path").class("mark").set("d", path).with(title)
}

fn middle(moment: &Moment<'_>, period: Period) -> Px {
    (period.place(moment.from, PLOT) + period.place(moment.to, PLOT)) / 2
}

/// Numbers that would run into each other, together; but no more of them than a label has room for.
fn gather(moments: &[Moment<'_>], period: Period) -> Vec<Label> {
    let most = moments.len();
    let together = Px::text(&format!("{most}\u{2013}{most}"), SIZE) + Px::of(8);
    let mut labels: Vec<Label> = Vec::new();
    for moment in moments {
        let (place, number) = (middle(moment, period), moment.number);
        match labels.last_mut() {
            Some(label) if label.takes(place, together) => {
                label.numbers.1 = number;
                label.places.1 = place.max(label.places.1);
                label.what.push(format!("{number}: {}", moment.when()));
            }
            _ => labels.push(Label {
                numbers: (number, number),
                places: (place, place),
                what: vec![format!("{number}: {}", moment.when())],
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
        let number = text(left + width / 2, top + Px::of(13), "number", self.text());
        let title = Element::text("title", self.what.join("; "));
        (Element::new("g").with(title).with(back).with(number), left + width)
    }
}
