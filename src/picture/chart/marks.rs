//! Numbered events: the times between which they happened as bands through all panels, their numbers over
//! them. Where there is no room for each number, those beside each other share a label.

use crate::picture::moments::Moment;
use crate::picture::period::Period;

use super::{Element, LEFT, PLOT, Px, group, text};

const SIZE: i32 = 10;

/// Numbers further apart than this are never put together.
const TOGETHER: Px = Px::of(30);

/// A label, from the first to the last of its numbers.
struct Label {
    numbers: (usize, usize),
    places: (Px, Px),
    what: String,
}

pub(super) fn height(moments: &[Moment<'_>]) -> Px {
    if moments.is_empty() { Px::ZERO } else { Px::of(20) }
}

/// Labels at the first of the heights, bands from the second to the third.
pub(super) fn draw(
    moments: &[Moment<'_>],
    period: Period,
    (top, from, to): (Px, Px, Px),
) -> Element {
    let bands = moments.iter().map(|moment| {
        let (left, right) = band(moment, period);
        Element::new("rect")
            .class("mark")
            .set("x", left)
            .set("y", from)
            .set("width", right - left)
            .set("height", to - from)
            .with(Element::text("title", format_args!("{}: {}", moment.number, moment.when())))
    });
    let mut free = Px::ZERO - Px::of(40);
    let mut labels = Vec::new();
    for label in gather(moments, period) {
        let (element, right) = label.draw(free, top);
        labels.push(element);
        free = right + Px::of(2);
    }
    group(LEFT, Px::ZERO).with_all(bands).with_all(labels)
}

/// At least a pixel wide, inside the plot.
fn band(moment: &Moment<'_>, period: Period) -> (Px, Px) {
    let (left, right) = (period.place(moment.from, PLOT), period.place(moment.to, PLOT));
    let left = left.min(PLOT - Px::of(1));
    (left, right.max(left + Px::of(1)))
}

fn gather(moments: &[Moment<'_>], period: Period) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    for moment in moments {
        let (left, right) = band(moment, period);
        let (place, number) = ((left + right) / 2, moment.number);
        match labels.last_mut() {
            Some(label) if label.takes(place) => {
                label.numbers.1 = number;
                label.places.1 = place.max(label.places.1);
                label.what += &format!("; {number}: {}", moment.when());
            }
            _ => labels.push(Label {
                numbers: (number, number),
                places: (place, place),
                what: format!("{number}: {}", moment.when()),
            }),
        }
    }
    labels
}

impl Label {
    /// Whether a number at `place` would run into the others.
    fn takes(&self, place: Px) -> bool {
        let together = place - self.places.0 <= TOGETHER;
        together && place < self.places.1 + self.width()
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
        let left = (middle - width / 2).max(free);
        let back = Element::new("rect")
            .class("number")
            .set("x", left)
            .set("y", top + Px::of(2))
            .set("width", width)
            .set("height", 15)
            .set("rx", 3);
        let number = text(left + width / 2, top + Px::of(13), "number", self.text());
        let title = Element::text("title", &self.what);
        (Element::new("g").with(title).with(back).with(number), left + width)
    }
}
