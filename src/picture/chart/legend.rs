//! What the fillings mean: the parts that occur, carriers behind their class.

use std::collections::BTreeSet;

use crate::history::Name;
use crate::picture::palette::Entry;
use crate::picture::slices::Part;
use crate::picture::words::short;

use super::stack::area;
use super::{Drawn, Element, Look, Px, WIDTH, group, text};

const LINE: Px = Px::of(20);
const SIZE: i32 = 12;

/// The legend; `gaps` says whether there is something blank to be explained.
pub(super) fn draw(used: &BTreeSet<Part>, gaps: bool, look: Look<'_, '_>) -> Drawn {
    let (mut x, mut y) = (Px::ZERO, Px::ZERO);
    let mut legend = Element::new("g");
    let parts = entries(used, look).into_iter().map(|(part, label)| (Some(part), label));
    for (part, label) in parts.chain(gaps.then(|| (None, "no run".into()))) {
        let width = Px::text(&label, SIZE) + Px::of(24);
        if x > Px::ZERO && x + width > WIDTH {
            (x, y) = (Px::ZERO, y + LINE);
        }
        legend = legend.with(entry(part, &label, look, (x, y)));
        x = x + width + Px::of(14);
    }
    Drawn { element: legend, height: y + LINE + Px::of(4) }
}

fn entry(part: Option<Part>, label: &str, look: Look<'_, '_>, (x, y): (Px, Px)) -> Element {
    let class = if matches!(part, Some(Part::Class(_))) { "bold" } else { "" };
    let blank = || Element::new("path").set("fill", "none");
    let swatch = part.map_or_else(blank, |part| area(part, look));
    let swatch = swatch.class("swatch").set("d", "M0 3h16v12h-16z");
    group(x, y).with(swatch).with(text(Px::of(22), Px::of(13), class, label))
}

fn entries(used: &BTreeSet<Part>, look: Look<'_, '_>) -> Vec<(Part, String)> {
    let shown = |entry: &&Entry<'_>| used.contains(&entry.part);
    let all: Vec<&Entry<'_>> = look.palette.entries().iter().filter(shown).collect();
    let of = |class: Option<Name>| -> Vec<&&Entry<'_>> {
        let carrier = |entry: &&&Entry<'_>| matches!(entry.part, Part::Carrier(_));
        all.iter().filter(carrier).filter(|entry| entry.class == class).collect()
    };
    let mut entries = Vec::new();
    let mut told = BTreeSet::new();
    for entry in &all {
        let carriers = match entry.part {
            Part::Class(class) => of(Some(class)),
            _ => Vec::new(),
        };
        let label = match &carriers[..] {
            [only] if told.insert(only.part) => format!("{}: {}", entry.text, only.text),
            _ => entry.text.to_owned(),
        };
        if matches!(entry.part, Part::Carrier(_)) && !told.insert(entry.part) {
            continue;
        }
        entries.push((entry.part, short(&label, 40)));
        for carrier in carriers.iter().filter(|carrier| !told.contains(&carrier.part)) {
            entries.push((carrier.part, short(carrier.text, 40)));
        }
        told.extend(carriers.iter().map(|carrier| carrier.part));
    }
    entries
}
