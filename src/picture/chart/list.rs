//! What the numbers in a chart mean, in lines.

use crate::picture::section::Section;

use super::{Drawn, Element, Px, WIDTH, text};

/// A picture has room for so many.
const MOST: usize = 40;

const SIZE: i32 = 11;
const LINE: Px = Px::of(16);
const WHEN: Px = Px::of(30);
const WHAT: Px = Px::of(290);

/// The newest moments, oldest first.
pub(super) fn draw(section: &Section<'_>) -> Option<Drawn> {
    let first = section.moments.len().saturating_sub(MOST);
    let shown = section.moments.get(first..).filter(|shown| !shown.is_empty())?;
    let mut y = Px::of(16);
    let mut list =
        Element::new("g").with(text(Px::ZERO, y, "bold", "What changed, and between when"));
    if first > 0 {
        y = y + LINE;
        list =
            list.with(text(WHEN, y, "list", format_args!("({first} earlier ones are left out)")));
    }
    for moment in shown {
        y = y + LINE + Px::of(2);
        list = list.with(text(WHEN - Px::of(8), y, "end list bold", moment.number)).with(text(
            WHEN,
            y,
            "list",
            moment.when(),
        ));
        let lines = wrap(&moment.text(section), WIDTH - WHAT);
        for (place, line) in lines.iter().enumerate() {
            y = if place > 0 { y + LINE } else { y };
            list = list.with(text(WHAT, y, "list", line));
        }
    }
    Some(Drawn { element: list, height: y + Px::of(12) })
}

/// Lines of at most this width, broken at blanks; a longer word is cut.
fn wrap(words: &str, width: Px) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if Px::text(&format!("{line} {word}"), SIZE) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(crate::picture::words::short(word, 90)),
        }
    }
    lines
}
