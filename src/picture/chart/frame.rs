//! Panels under each other, each as wide as the axis of time.

use super::{Element, LEFT, Px, group, text};

/// Panels, and where the next one begins.
pub(super) struct Frame {
    bottom: Px,
    panels: Vec<Panel>,
}

/// Something drawn in a part of the height.
pub(super) struct Panel {
    pub(super) top: Px,
    pub(super) height: Px,
    pub(super) element: Element,
}

impl Frame {
    pub(super) fn new(top: Px) -> Self {
        Self { bottom: top, panels: Vec::new() }
    }

    pub(super) fn bottom(&self) -> Px {
        self.bottom
    }

    pub(super) fn panels(self) -> Vec<Panel> {
        self.panels
    }

    /// A line of text over the next panels.
    pub(super) fn title(&mut self, title: &str) {
        let line = text(LEFT, self.bottom + Px::of(20), "bold", title);
        self.panels.push(Panel { top: self.bottom, height: Px::ZERO, element: line });
        self.bottom = self.bottom + Px::of(28);
    }

    /// A panel, which begins at the left end of the axis.
    pub(super) fn panel(&mut self, height: Px, inside: Vec<Element>) {
        let element = group(LEFT, self.bottom).with_all(inside);
        self.panels.push(Panel { top: self.bottom, height, element });
        self.bottom = self.bottom + height;
    }

    pub(super) fn space(&mut self, height: Px) {
        self.bottom = self.bottom + height;
    }
}

/// A label left of a panel, about so far down.
pub(super) fn label(y: Px, class: &str, label: impl std::fmt::Display) -> Element {
    text(Px::ZERO - Px::of(8), y + Px::of(4), &format!("end {class}"), label)
}
