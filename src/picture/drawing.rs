//! The SVG file: all sections under each other, with the lists of their events.

use std::collections::BTreeSet;

use crate::history::History;

use super::chart::{self, Drawn, Look, STYLE, WIDTH};
use super::palette::Palette;
use super::period::Period;
use super::px::Px;
use super::section::Section;
use super::slices::Part;
use super::words;
use super::xml::Element;

/// Paper around everything.
const MARGIN: Px = Px::of(16);

pub(super) fn draw(history: &History) -> String {
    let sections = Section::all(history);
    let heading = heading(history);
    let Some(period) = Period::of(history) else {
        return root(&heading, "There is no run.", MARGIN + Px::of(60), Vec::new()).render();
    };
    let palette = Palette::of(history);
    let look = Look { palette: &palette, period, id: "p" };
    let used: BTreeSet<Part> = sections.iter().flat_map(chart::used).collect();
    let mut y = MARGIN + Px::of(48);
    let mut inside = vec![chart::patterns(&used, look)];
    for section in &sections {
        let drawn = whole(section, look);
        inside.push(drawn.element.set("transform", format_args!("translate({MARGIN} {y})")));
        y = y + drawn.height + Px::of(28);
    }
    root(&heading, &covered(period), y - Px::of(12), inside).render()
}

/// A section with its heading and its list.
fn whole(section: &Section<'_>, look: Look<'_, '_>) -> Drawn {
    let title = format!("{} ({})", section.title(), words::runs(section.runs()));
    let heading = Element::text("text", words::short(&title, 100)).class("head").set("y", 16);
    let below = Px::of(26);
    let chart = chart::draw(section, look);
    let mut height = below + chart.height;
    let moved = |drawn: Element, y: Px| {
        Element::new("g").set("transform", format_args!("translate(0 {y})")).with(drawn)
    };
    let mut element = Element::new("g").with(heading).with(moved(chart.element, below));
    if let Some(list) = chart::events(section) {
        height = height + Px::of(8);
        element = element.with(moved(list.element, height));
        height = height + list.height;
    }
    Drawn { element, height }
}

fn root(heading: &str, covered: &str, height: Px, inside: Vec<Element>) -> Element {
    let width = WIDTH + MARGIN * 2;
    let line = |text: &str, y: i32, class: &str| {
        Element::text("text", text).set("x", MARGIN).set("y", y).class(class)
    };
    Element::new("svg")
        .set("xmlns", "http://www.w3.org/2000/svg")
        .set("viewBox", format_args!("0 0 {width} {height}"))
        .set("width", width)
        .set("height", height)
        .set("role", "img")
        .set("aria-labelledby", "title desc")
        .with(Element::text("title", heading).set("id", "title"))
        .with(Element::text("desc", covered).set("id", "desc"))
        .with(Element::style(STYLE))
        .with(Element::new("rect").class("paper").set("width", "100%").set("height", "100%"))
        .with(line(heading, 30, "title"))
        .with(line(covered, 50, ""))
        .with_all(inside)
}

/// What the picture is of.
pub(super) fn heading(history: &History) -> String {
    let mut blocks: Vec<String> = Vec::new();
    for section in Section::all(history) {
        for block in section.blocks().map(|block| block.scope.to_string()) {
            if !blocks.contains(&block) {
                blocks.push(block);
            }
        }
    }
    match &blocks[..] {
        [] => "Who carries it: no history".into(),
        [_] | [_, _] | [_, _, _] => format!("Who carries {}", blocks.join(", ")),
        [first, second, rest @ ..] => {
            format!("Who carries {first}, {second} and {} more", rest.len())
        }
    }
}

/// The time that the picture covers.
pub(super) fn covered(period: Period) -> String {
    format!("{} to {} UTC", words::minute(period.from), words::minute(period.to))
}
