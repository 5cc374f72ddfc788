//! Countries on a map of the world, each with what the newest run from there saw: a class by its colour and its shape,
//! several classes as parts of a box.

use std::collections::BTreeSet;

use crate::history::{History, Name};
use crate::picture::countries::{Countries, Country};
use crate::picture::equal_earth::{self, country};
use crate::picture::geometry::{Path, Px};
use crate::picture::slices::Part;
use crate::picture::text::{self, percent};
use crate::picture::xml::Element;

use super::areas::area;
use super::frame::{Drawn, Look, WIDTH, group, text_at};

/// Half a mark.
const HALF: Px = Px::of(8);
/// The least way between two marks, to the side or up.
const APART: Px = Px::of(18);
/// How often marks that lie on each other are moved.
const MOVES: usize = 100;
/// Room over the map for its title, and below for what the marks mean.
const TITLE: Px = Px::of(26);
const LEGEND: Px = Px::of(30);

/// Only where there is a map.
const STYLE: &str = "
svg .land{fill:#ebebeb;stroke:#bdbdbd;stroke-width:.6}
svg .lead{stroke:#666;fill:none}
@media screen and (prefers-color-scheme:dark){
svg .land{fill:#272c32;stroke:#4a5058}
svg .lead{stroke:#9a9a9a}
}
";

/// How a mark looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    /// All classified traces are of one class.
    Class(Part),
    /// They are of several.
    Several,
    /// There is no way in, or nobody can say which.
    Nothing(Part),
}

/// The map of the countries that one method saw the block from.
pub(in crate::picture) fn world(
    countries: &Countries<'_>,
    history: &History,
    look: Look<'_, '_>,
) -> Drawn {
    let title = format!("What each of {} countries sees of the block", countries.all.len());
    let method = history.names.text(countries.method);
    let title = if method.is_empty() { title } else { format!("{title}, by {method}") };
    let height = equal_earth::height(WIDTH);
    let land = Element::new("path")
        .class("land")
        .set("fill-rule", "evenodd")
        .set("d", equal_earth::land(WIDTH));
    let places: Vec<(Px, Px)> =
        countries.all.iter().map(|seen| country(seen.code, WIDTH).unwrap_or_default()).collect();
    let marked = apart(&places, height);
    let leads = places.iter().zip(&marked).filter(|(place, at)| place != at).map(|(place, at)| {
        let mut path = Path::default();
        path.move_to(place.0, place.1);
        path.line_to(at.0, at.1);
        Element::new("path").class("lead").set("d", path)
    });
    let marks = countries.all.iter().zip(&marked).map(|(seen, at)| {
        let code = text_at(Px::ZERO, Px::of(4), "on", seen.code);
        let about = Element::text("title", about(seen, history));
        group(at.0, at.1).with(about).with_all(drawn(seen, look)).with(code)
    });
    let map = group(Px::ZERO, TITLE).with(land).with_all(leads).with_all(marks);
    let below = format!("translate(0 {})", TITLE + height + Px::of(6));
    let element = Element::new("g")
        .with(Element::style(STYLE))
        .with(text_at(Px::ZERO, Px::of(14), "bold", title))
        .with(map)
        .with(meanings(countries, look).set("transform", below));
    Drawn { element, height: TITLE + height + LEGEND }
}

/// The parts that the marks have.
pub(in crate::picture) fn marked(countries: &Countries<'_>) -> BTreeSet<Part> {
    countries.all.iter().flat_map(|seen| &seen.parts).map(|(part, _)| *part).collect()
}

fn mark(seen: &Country<'_>) -> Mark {
    match seen.parts[..] {
        [(part @ Part::Class(_), _)] => Mark::Class(part),
        [(part, _)] => Mark::Nothing(part),
        [] => Mark::Nothing(Part::Unknown),
        _ => Mark::Several,
    }
}

/// The mark of a country, around its middle.
fn drawn(seen: &Country<'_>, look: Look<'_, '_>) -> Vec<Element> {
    let filled = |part: Part, path: Path| area(part, look).class("swatch").set("d", path);
    match mark(seen) {
        Mark::Class(part) => vec![filled(part, shape(part, look))],
        Mark::Nothing(part) => vec![filled(part, cross())],
        Mark::Several => {
            let mut from = Px::ZERO - HALF;
            let boxes = seen.parts.iter().map(|(part, share)| {
                let to = from + (HALF * 2).part(*share);
                let path = upright_box(from, to);
                from = to;
                filled(*part, path)
            });
            boxes.collect()
        }
    }
}

/// Each class of the first ones has its own shape; the others share one.
fn shape(part: Part, look: Look<'_, '_>) -> Path {
    match (part, look.palette.place(part)) {
        (Part::Class(Name::OTHER), _) => polygon(&[(0, -10), (10, 8), (-10, 8)]),
        (_, 0) => {
            polygon(&[(-4, -9), (4, -9), (9, -4), (9, 4), (4, 9), (-4, 9), (-9, 4), (-9, -4)])
        }
        (_, 1) => polygon(&[(0, -11), (11, 0), (0, 11), (-11, 0)]),
        _ => polygon(&[(-10, -8), (10, -8), (0, 10)]),
    }
}

fn cross() -> Path {
    polygon(&[
        (-9, -5),
        (-5, -9),
        (0, -4),
        (5, -9),
        (9, -5),
        (4, 0),
        (9, 5),
        (5, 9),
        (0, 4),
        (-5, 9),
        (-9, 5),
        (-4, 0),
    ])
}

fn polygon(corners: &[(i32, i32)]) -> Path {
    let mut path = Path::default();
    for (number, (x, y)) in corners.iter().enumerate() {
        let (x, y) = (Px::of(*x), Px::of(*y));
        if number == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    path.close();
    path
}

fn upright_box(from: Px, to: Px) -> Path {
    let mut path = Path::default();
    path.move_to(from, Px::ZERO - HALF);
    path.across(to);
    path.upright(HALF);
    path.across(from);
    path.close();
    path
}

/// Places near these where no mark lies on another.
fn apart(places: &[(Px, Px)], height: Px) -> Vec<(Px, Px)> {
    let inside = |(x, y): (Px, Px)| (x.clamp(HALF, WIDTH - HALF), y.clamp(HALF, height - HALF));
    let mut all = places.to_vec();
    for _ in 0..MOVES {
        let mut moved = false;
        for second in 1..all.len() {
            let (before, from) = all.split_at_mut(second);
            let Some(b) = from.first_mut() else { continue };
            for a in before {
                if let Some((one, other)) = separated(*a, *b) {
                    (*a, *b) = (inside(one), inside(other));
                    moved = true;
                }
            }
        }
        if !moved {
            break;
        }
    }
    all
}

/// Two marks that lie on each other, moved apart along the shorter way.
fn separated(a: (Px, Px), b: (Px, Px)) -> Option<((Px, Px), (Px, Px))> {
    let (right, down) = (overlap(a.0, b.0), overlap(a.1, b.1));
    if right <= Px::ZERO || down <= Px::ZERO {
        return None;
    }
    Some(if right < down {
        let (one, other) = parted(a.0, b.0, right);
        ((one, a.1), (other, b.1))
    } else {
        let (one, other) = parted(a.1, b.1, down);
        ((a.0, one), (b.0, other))
    })
}

/// By how much two marks lie on each other, in one direction.
fn overlap(a: Px, b: Px) -> Px {
    APART - if a < b { b - a } else { a - b }
}

/// Both moved from each other by half of `by`, and a little.
fn parted(a: Px, b: Px, by: Px) -> (Px, Px) {
    let step = by / 2 + Px::of(1) / 5;
    if a < b { (a - step, b + step) } else { (a + step, b - step) }
}

/// A country in words: what is seen when the pointer rests on it.
fn about(seen: &Country<'_>, history: &History) -> String {
    let names = &history.names;
    let state = &seen.series.state;
    let shares = state.shares.iter().filter_map(|(class, share)| {
        let share = share.as_ref().filter(|share| share.share > 0.0)?;
        Some(format!("{} {}", names.text(*class), percent(share.share.into())))
    });
    let mut words = vec![state.verdict.text(names).to_owned()];
    words.extend(shares);
    let carriers: Vec<&str> =
        state.carriers.iter().map(|holding| names.text(holding.carrier)).collect();
    words.extend((!carriers.is_empty()).then(|| carriers.join(", ")));
    let (traces, time) = (state.traces, text::time(state.started));
    format!("{}: {}; {traces} traces, {time} UTC", seen.code, words.join(", "))
}

/// What the marks mean.
fn meanings(countries: &Countries<'_>, look: Look<'_, '_>) -> Element {
    let marks: BTreeSet<Mark> = countries.all.iter().map(mark).collect();
    let mut x = HALF + Px::of(3);
    let mut all = Element::new("g");
    for meaning in marks {
        let label = match meaning {
            Mark::Class(part) | Mark::Nothing(part) => {
                look.palette.entry(part).map_or("unknown", |entry| entry.text)
            }
            Mark::Several => "several classes, by their shares",
        };
        let Some(example) = countries.all.iter().find(|seen| mark(seen) == meaning) else {
            continue;
        };
        let label = text::short(label, 40);
        let y = Px::of(10);
        all = all.with(group(x, y).with_all(drawn(example, look))).with(text_at(
            x + HALF + Px::of(8),
            y + Px::of(4),
            "",
            &label,
        ));
        x = x + HALF * 2 + Px::text(&label, 12) + Px::of(28);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mark_lies_on_another() {
        let europe =
            ["DE", "NL", "BE", "LU", "CH", "AT", "CZ", "FR", "GB", "IE", "DK", "PL", "SK", "HU"];
        let places: Vec<_> = europe.iter().filter_map(|code| country(code, WIDTH)).collect();
        assert_eq!(places.len(), europe.len());
        let marks = apart(&places, equal_earth::height(WIDTH));
        for (number, a) in marks.iter().enumerate() {
            for b in marks.iter().skip(number + 1) {
                assert!(
                    overlap(a.0, b.0) <= Px::ZERO || overlap(a.1, b.1) <= Px::ZERO,
                    "{a:?} {b:?}"
                );
            }
        }
    }

    #[test]
    fn the_same_place_twice_becomes_two() {
        let marks = apart(&[(Px::of(100), Px::of(100)); 2], Px::of(400));
        assert_ne!(marks.first(), marks.get(1));
    }
}
