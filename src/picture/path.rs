//! The `d` of a path: steps and boxes, each relative to the place before.

use std::fmt::{Display, Write as _};

use super::px::Px;

/// A path that grows.
#[derive(Debug, Clone, Default)]
pub(super) struct Path {
    text: String,
    at: (Px, Px),
}

impl Path {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn move_to(&mut self, x: Px, y: Px) {
        self.put('M', format_args!("{x} {y}"));
        self.at = (x, y);
    }

    /// To the right or left.
    pub(super) fn across(&mut self, x: Px) {
        if x != self.at.0 {
            self.put('h', x - self.at.0);
        }
        self.at.0 = x;
    }

    /// Up or down.
    pub(super) fn upright(&mut self, y: Px) {
        if y != self.at.1 {
            self.put('v', y - self.at.1);
        }
        self.at.1 = y;
    }

    pub(super) fn close(&mut self) {
        self.text.push('z');
    }

    fn put(&mut self, command: char, to: impl Display) {
        let _ = write!(self.text, "{command}{to}");
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
