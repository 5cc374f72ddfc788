//! How a history looks: in a terminal, as one SVG file, as one page.
//!
//! Right of `history`, and a pure function of it: the same history gives the same bytes. A picture says
//! nothing by colour alone, loads nothing, runs no script, and escapes all that it was given
//! (`xml.rs`). Where the history has a gap the picture has one; all times are UTC.
//!
//! ```text
//! history ─► section (a vantage and a method, with numbered events) ─┬► chart ─► documents (SVG, page) ◄─ tables
//!              ├► slices (parts of a whole, over time)               └► terminal
//!              └► countries (vantages with a place) ─► chart/map, over equal_earth
//! ```

mod chart;
mod countries;
mod documents;
mod equal_earth;
mod geometry;
mod palette;
mod section;
mod slices;
mod tables;
mod terminal;
mod text;
mod time_axis;
mod xml;

use crate::history::History;

pub use terminal::Screen;

/// As many buckets as a picture can show: what to ask of a history, in [`crate::history::Wanted`].
pub const BUCKETS: usize = 600;

/// The history as one SVG file.
#[must_use]
pub fn svg(history: &History) -> String {
    documents::svg(history)
}

/// The history as one page: the picture, and its numbers as tables.
#[must_use]
pub fn html(history: &History) -> String {
    documents::page(history)
}

/// The history in letters, as wide as a terminal.
#[must_use]
pub fn terminal(history: &History, screen: Screen) -> String {
    terminal::draw(history, screen)
}
