//! What a chart does not say itself: the style sheet and the fillings, what these mean (carriers stand behind
//! their class), and a list of the numbered events.

use std::collections::BTreeSet;

use crate::history::{History, Incident, Name};
use crate::picture::geometry::Px;
use crate::picture::palette::{Entry, Texture};
use crate::picture::section::Section;
use crate::picture::slices::Part;
use crate::picture::text::{percent, short};
use crate::picture::xml::Element;

use super::areas::area;
use super::frame::{Drawn, Look, WIDTH, group, text_at};

const LINE: Px = Px::of(20);
const SIZE: i32 = 12;

/// The legend of a section, of the parts that it has.
pub(super) fn legend(section: &Section<'_>, used: &BTreeSet<Part>, look: Look<'_, '_>) -> Drawn {
    let (mut x, mut y) = (Px::ZERO, Px::ZERO);
    let mut all = Element::new("g");
    let parts = entries(used, look).into_iter().map(|(part, label)| match part {
        Part::Unreached => (Some(part), section.nowhere().to_owned()),
        _ => (Some(part), label),
    });
    let gap = section.has_gaps().then(|| (None, section.blank().into()));
    for (part, label) in parts.chain(gap) {
        let width = Px::text(&label, SIZE) + Px::of(24);
        if x > Px::ZERO && x + width > WIDTH {
            (x, y) = (Px::ZERO, y + LINE);
        }
        all = all.with(entry(part, &label, look, (x, y)));
        x = x + width + Px::of(14);
    }
    Drawn { element: all, height: y + LINE + Px::of(4) }
}

fn entry(part: Option<Part>, label: &str, look: Look<'_, '_>, (x, y): (Px, Px)) -> Element {
    let class = if matches!(part, Some(Part::Class(_))) { "bold" } else { "" };
    let blank = || Element::new("path").set("fill", "none");
    let swatch = part.map_or_else(blank, |part| area(part, look));
    let swatch = swatch.class("swatch").set("d", "M0 3h16v12h-16z");
    group(x, y).with(swatch).with(text_at(Px::of(22), Px::of(13), class, label))
}

fn entries(used: &BTreeSet<Part>, look: Look<'_, '_>) -> Vec<(Part, String)> {
    let shown = |entry: &&Entry<'_>| used.contains(&entry.part);
    let all: Vec<&Entry<'_>> = look.palette.entries().iter().filter(shown).collect();
    let of = |class: Option<Name>| -> Vec<&&Entry<'_>> {
        let carrier = |entry: &&&Entry<'_>| matches!(entry.part, Part::Carrier(_));
        all.iter().filter(carrier).filter(|entry| entry.class == class).collect()
    };
    let mut entries = Vec::new();
    let mut listed = BTreeSet::new();
    for entry in &all {
        let carriers = match entry.part {
            Part::Class(class) => of(Some(class)),
            _ => Vec::new(),
        };
        let label = match &carriers[..] {
            [only] if listed.insert(only.part) => format!("{}: {}", entry.text, only.text),
            _ => entry.text.to_owned(),
        };
        if matches!(entry.part, Part::Carrier(_)) && !listed.insert(entry.part) {
            continue;
        }
        entries.push((entry.part, short(&label, 40)));
        for carrier in carriers.iter().filter(|carrier| !listed.contains(&carrier.part)) {
            entries.push((carrier.part, short(carrier.text, 40)));
        }
        listed.extend(carriers.iter().map(|carrier| carrier.part));
    }
    entries
}

/// A picture has room for so many.
const MOST: usize = 40;

const LIST_SIZE: i32 = 11;
const LIST_LINE: Px = Px::of(16);
const WHEN: Px = Px::of(30);
const WHAT: Px = Px::of(290);

/// Where both planes are listed: which of them show it, and what it was.
const SEEN: Px = Px::of(290);
const WHAT_BOTH: Px = Px::of(345);

/// The newest events, oldest first.
pub(in crate::picture) fn events(history: &History, marks: &[Incident<'_>]) -> Option<Drawn> {
    let first = marks.len().saturating_sub(MOST);
    let shown = marks.get(first..).filter(|shown| !shown.is_empty())?;
    let has_both = history.has_both_planes();
    let (title, place) = if has_both {
        ("What changed, when, and whether BGP, traces or both show it", WHAT_BOTH)
    } else {
        ("What changed, and between when", WHAT)
    };
    let mut y = Px::of(16);
    let mut list = Element::new("g").with(text_at(Px::ZERO, y, "bold", title));
    if first > 0 {
        y = y + LIST_LINE;
        list = list.with(text_at(
            WHEN,
            y,
            "list",
            format_args!("({first} earlier ones are left out)"),
        ));
    }
    for mark in shown {
        y = y + LIST_LINE + Px::of(2);
        list = list.with(text_at(WHEN - Px::of(8), y, "end list bold", mark.number));
        if has_both {
            list = list.with(text_at(SEEN, y, "list", mark.seen_in()));
        }
        let top = y;
        let when = mark.when();
        let times = when.split("; ").map(|time| (WHEN, time.to_owned())).enumerate();
        let lines = wrap(&mark.text(history, percent), WIDTH - place);
        let lines = lines.into_iter().map(|line| (place, line)).enumerate();
        for (number, (x, line)) in times.chain(lines) {
            let below = top + LIST_LINE * i32::try_from(number).unwrap_or(i32::MAX);
            y = y.max(below);
            list = list.with(text_at(x, below, "list", line));
        }
    }
    Some(Drawn { element: list, height: y + Px::of(12) })
}

/// Lines of at most this width, broken at blanks; a longer word is cut.
fn wrap(words: &str, width: Px) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if Px::text(&format!("{line} {word}"), LIST_SIZE) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(short(word, 90)),
        }
    }
    lines
}

/// Light by default and on paper, dark on screens that want it.
pub(in crate::picture) const STYLE: &str = "
svg text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#1b1b1b}
svg .title{font-size:18px;font-weight:bold}
svg .head{font-size:14px;font-weight:bold}
svg .bold{font-weight:bold}
svg .small{font-size:10px}
svg .list{font-size:11px}
svg .end{text-anchor:end}
svg .middle{text-anchor:middle}
svg .on{font-size:10px;text-anchor:middle;fill:#000;stroke:#fff;stroke-width:3px;stroke-linejoin:round;paint-order:stroke}
svg .paper{fill:#fff}
svg .grid{stroke:#d4d4d4;fill:none}
svg .frame,svg .swatch{stroke:#666}
svg .line{stroke:#1b1b1b;stroke-width:1.2;fill:none}
svg .band{fill:#1b1b1b;fill-opacity:.22}
svg .mark{stroke:#000;stroke-opacity:.75;stroke-dasharray:3 2;fill:none}
svg rect.number{fill:#1b1b1b}
svg text.number{font-size:10px;text-anchor:middle;fill:#fff}
@media screen and (prefers-color-scheme:dark){
svg text{fill:#e6e6e6}
svg .on{fill:#000}
svg .paper{fill:#16191d}
svg .grid{stroke:#3a3f45}
svg .frame,svg .swatch{stroke:#9a9a9a}
svg .line{stroke:#e6e6e6}
svg .band{fill:#e6e6e6}
svg .mark{stroke:#fff}
svg rect.number{fill:#e6e6e6}
svg text.number{fill:#000}
}
";

/// The fillings of the parts that occur.
pub(in crate::picture) fn patterns(used: &BTreeSet<Part>, look: Look<'_, '_>) -> Element {
    let shown = look.palette.entries().iter().enumerate();
    let shown = shown.filter(|(_, entry)| used.contains(&entry.part));
    Element::new("defs").with_all(shown.map(|(place, entry)| pattern(place, entry, look)))
}

fn pattern(place: usize, entry: &Entry<'_>, look: Look<'_, '_>) -> Element {
    let ground =
        Element::new("rect").set("width", 8).set("height", 8).set("fill", entry.ink.colour);
    let lines = (entry.ink.texture != Texture::Plain).then(|| {
        Element::new("path")
            .set("d", entry.ink.texture.path())
            .set("stroke", entry.ink.lines)
            .set("stroke-opacity", ".55")
            .set("fill", "none")
    });
    Element::new("pattern")
        .set("id", format_args!("{}{place}", look.id))
        .set("width", 8)
        .set("height", 8)
        .set("patternUnits", "userSpaceOnUse")
        .with(ground)
        .with_all(lines)
}
