//! Panels under each other, each as wide as the axis of time.

use super::{Element, LEFT, Px, group, text};

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
        let line = text(LEFT, self.bottom + Px::of(20), "bold", title);
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
pub(super) fn label(y: Px, class: &str, label: impl std::fmt::Display) -> Element {
    text(Px::ZERO - Px::of(8), y + Px::of(4), &format!("end {class}"), label)
}
