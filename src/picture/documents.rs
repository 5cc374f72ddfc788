//! Charts as documents: one SVG file with all sections under each other, or a page with tables.

use std::collections::BTreeSet;

use crate::history::History;

use super::chart::{self, Drawn, Look, STYLE, WIDTH};
use super::countries::Countries;
use super::geometry::Px;
use super::palette::Palette;
use super::section::{Section, shown_incidents};
use super::slices::Part;
use super::tables;
use super::text;
use super::time_axis::Period;
use super::xml::Element;

/// Paper around everything.
const MARGIN: Px = Px::of(16);

/// One SVG file, with the lists of events.
pub(super) fn svg(history: &History) -> String {
    let sections = Section::all(history);
    let heading = heading(history);
    let Some(period) = Period::of(history) else {
        return root(&heading, "There is no run.", MARGIN + Px::of(60), Vec::new()).render();
    };
    let palette = Palette::of(history);
    let look = Look { palette: &palette, period, id: "p" };
    let countries = Countries::of_methods(&sections);
    let sections = charted(sections, &countries);
    let used = sections.iter().flat_map(chart::used);
    let used: BTreeSet<Part> = used.chain(countries.iter().flat_map(chart::marked)).collect();
    let mut inside = vec![chart::patterns(&used, look)];
    let mut y = MARGIN + Px::of(48);
    for seen in &countries {
        let drawn = chart::world(seen, history, look);
        inside.push(drawn.element.set("transform", format_args!("translate({MARGIN} {y})")));
        y = y + drawn.height + Px::of(28);
    }
    let (drawn, mut y) = below_each_other(&sections, look, (MARGIN, y));
    inside.extend(drawn);
    if let Some(list) = list_of_both(history) {
        inside.push(list.element.set("transform", format_args!("translate({MARGIN} {y})")));
        y = y + list.height + Px::of(28);
    }
    root(&heading, &period.text(), y - Px::of(12), inside).render()
}

/// The sections that have more to show than a map does.
fn charted<'h>(mut sections: Vec<Section<'h>>, countries: &[Countries<'_>]) -> Vec<Section<'h>> {
    sections.retain(|section| !countries.iter().any(|seen| seen.covers(section)));
    sections
}

/// All sections from a place on, and where the last one ends.
fn below_each_other(
    sections: &[Section<'_>],
    look: Look<'_, '_>,
    (x, mut y): (Px, Px),
) -> (Vec<Element>, Px) {
    let mut all = Vec::new();
    for section in sections {
        let drawn = svg_section(section, look);
        all.push(drawn.element.set("transform", format_args!("translate({x} {y})")));
        y = y + drawn.height + Px::of(28);
    }
    (all, y)
}

/// What changed, where both planes are in one list.
fn list_of_both(history: &History) -> Option<Drawn> {
    let marks = history.has_both_planes().then(|| shown_incidents(history))?;
    chart::events(history, &marks)
}

/// A section with its heading, and with its list where there is none for all.
fn svg_section(section: &Section<'_>, look: Look<'_, '_>) -> Drawn {
    let title = format!("{} ({})", section.title(), section.counted());
    let heading = Element::text("text", text::short(&title, 100)).class("head").set("y", 16);
    let below = Px::of(26);
    let chart = chart::draw(section, look);
    let mut height = below + chart.height;
    let moved = |drawn: Element, y: Px| {
        Element::new("g").set("transform", format_args!("translate(0 {y})")).with(drawn)
    };
    let mut element = Element::new("g").with(heading).with(moved(chart.element, below));
    let own = (!section.history.has_both_planes()).then_some(&section.marks);
    if let Some(list) = own.and_then(|marks| chart::events(section.history, marks)) {
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
fn heading(history: &History) -> String {
    let mut blocks: Vec<String> = Vec::new();
    for section in Section::all(history) {
        for block in section.blocks().map(|block| block.scope.to_string()) {
            if !blocks.contains(&block) {
                blocks.push(block);
            }
        }
    }
    let simulated = Section::all(history).iter().any(Section::is_simulated);
    let heading = match &blocks[..] {
        [] => "Who carries it: no history".into(),
        [_] | [_, _] | [_, _, _] => format!("Who carries {}", blocks.join(", ")),
        [first, second, rest @ ..] => {
            format!("Who carries {first}, {second} and {} more", rest.len())
        }
    };
    if simulated { format!("SIMULATED: {heading}") } else { heading }
}

/// The page: each section's chart, then its events, how things are, and the numbers behind the chart, as
/// tables.
pub(super) fn page(history: &History) -> String {
    let title = heading(history);
    let head = Element::new("head")
        .with(Element::new("meta").set("charset", "utf-8"))
        .with(viewport())
        .with(Element::text("title", &title))
        .with(Element::style(STYLE))
        .with(Element::style(PAGE));
    let body = Element::new("main").with(Element::text("h1", &title)).with_all(body(history));
    let html = Element::new("html")
        .set("xmlns", "http://www.w3.org/1999/xhtml")
        .set("lang", "en")
        .with(head)
        .with(Element::new("body").with(body));
    format!("<!DOCTYPE html>\n{}", html.render())
}

fn viewport() -> Element {
    let content = "width=device-width, initial-scale=1";
    Element::new("meta").set("name", "viewport").set("content", content)
}

fn body(history: &History) -> Vec<Element> {
    let Some(period) = Period::of(history) else {
        return vec![Element::text("p", "There is no run.")];
    };
    let palette = Palette::of(history);
    let mut body = vec![Element::text("p", period.text())];
    let sections = Section::all(history);
    let countries = Countries::of_methods(&sections);
    for (place, seen) in countries.iter().enumerate() {
        let id = format!("m{place}p");
        body.push(map(seen, history, Look { palette: &palette, period, id: &id }));
    }
    let sections = charted(sections, &countries);
    if history.has_both_planes() {
        let look = Look { palette: &palette, period, id: "p" };
        body.push(both_planes(history, &sections, look));
    }
    for (place, section) in sections.iter().enumerate() {
        let id = format!("s{place}p");
        body.push(page_section(section, Look { palette: &palette, period, id: &id }));
    }
    body.push(Element::text("p", MEANING).class("note"));
    body
}

/// The map of the countries that one method saw the block from, and the same as a table.
fn map(countries: &Countries<'_>, history: &History, look: Look<'_, '_>) -> Element {
    let drawn = chart::world(countries, history, look);
    let (title, desc) = (format!("{}title", look.id), format!("{}desc", look.id));
    let picture = Element::new("svg")
        .set("xmlns", "http://www.w3.org/2000/svg")
        .set("viewBox", format_args!("0 0 {WIDTH} {}", drawn.height))
        .set("role", "img")
        .set("aria-labelledby", format_args!("{title} {desc}"))
        .with(Element::text("title", "A map of the world").set("id", title))
        .with(Element::text("desc", "The table below has what it shows.").set("id", desc))
        .with(chart::patterns(&chart::marked(countries), look))
        .with(drawn.element);
    Element::new("section")
        .with(Element::text("h2", "Seen from where"))
        .with(Element::new("figure").with(picture))
        .with(tables::countries(countries, history))
        .with(Element::text("p", OUTLINE).class("note"))
}

/// What is announced above what traces show, in one picture with one list; and what both say together.
fn both_planes(history: &History, sections: &[Section<'_>], look: Look<'_, '_>) -> Element {
    let used: BTreeSet<Part> = sections.iter().flat_map(chart::used).collect();
    let (drawn, bottom) = below_each_other(sections, look, (Px::ZERO, Px::ZERO));
    let described: Vec<String> = sections.iter().map(tables::described).collect();
    let picture = Element::new("svg")
        .set("xmlns", "http://www.w3.org/2000/svg")
        .set("viewBox", format_args!("0 0 {WIDTH} {}", bottom - Px::of(28)))
        .set("role", "img")
        .set("aria-labelledby", "bothtitle bothdesc")
        .with(Element::text("title", "BGP and traces").set("id", "bothtitle"))
        .with(Element::text("desc", described.join(" ")).set("id", "bothdesc"))
        .with(chart::patterns(&used, look))
        .with_all(drawn);
    Element::new("section")
        .with(Element::text("h2", "BGP and traces"))
        .with(Element::new("figure").with(picture))
        .with(tables::planes(history))
        .with_all(tables::events(history, &shown_incidents(history)))
        .with(Element::text("p", MEANING_OF_BOTH).class("note"))
}

fn page_section(section: &Section<'_>, look: Look<'_, '_>) -> Element {
    let counted = section.counted();
    let element = Element::new("section").with(Element::text("h2", section.title())).with(
        Element::text("p", format_args!("{counted}; the newest began at {} UTC", newest(section))),
    );
    // Where there is one picture for both planes it has the events.
    if section.history.has_both_planes() {
        return element.with(tables::state(section)).with(tables::numbers(section, look));
    }
    element
        .with(Element::new("figure").with(picture(section, look)))
        .with(tables::state(section))
        .with_all(tables::events(section.history, &section.marks))
        .with(tables::numbers(section, look))
}

fn newest(section: &Section<'_>) -> String {
    let newest = section.series.iter().map(|series| series.state.started).max();
    newest.map_or(String::new(), text::time)
}

fn picture(section: &Section<'_>, look: Look<'_, '_>) -> Element {
    let drawn = chart::draw(section, look);
    let (title, desc) = (format!("{}title", look.id), format!("{}desc", look.id));
    Element::new("svg")
        .set("xmlns", "http://www.w3.org/2000/svg")
        .set("viewBox", format_args!("0 0 {WIDTH} {}", drawn.height))
        .set("role", "img")
        .set("aria-labelledby", format_args!("{title} {desc}"))
        .with(Element::text("title", section.title()).set("id", title))
        .with(Element::text("desc", tables::described(section)).set("id", desc))
        .with(chart::patterns(&chart::used(section), look))
        .with(drawn.element)
}

const OUTLINE: &str = "A country stands for the vantages in it, at a point within it. The outline of the land is that of \
Natural Earth (public domain), in the Equal Earth projection.";

const MEANING: &str = "All times are UTC. Shares are of the classified traces, with their 95 % \
interval in brackets; the block's weigh its prefixes equally. Where there was no run, the picture is \
empty. Must fail is the number of carriers that would have to \
fail before nothing of the scope is reached. An event happened between the two times: after the run before it began, and before the first \
run that shows it ended.";

const MEANING_OF_BOTH: &str = "BGP shows what is announced: how many of a collector's peers have a route by each \
upstream. Peers are not traffic, and their shares are not those of traces. An event that both show is one, with the time of its \
first message and the two runs between which traces found it.";

/// Around the charts. It has none of the signs that XML would take for its own.
const PAGE: &str = "
body{margin:0;background:#fff;color:#1b1b1b;font:15px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
main{max-width:62rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;margin:.5rem 0}
h2{font-size:1.2rem;margin:2rem 0 .3rem}
h3{font-size:1rem;margin:1.6rem 0 .4rem}
p{margin:.3rem 0}
figure{margin:1rem 0;overflow-x:auto}
figure svg{display:block;width:100%;min-width:40rem;height:auto}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.8rem;font-variant-numeric:tabular-nums}
th,td{padding:.18rem .6rem .18rem 0;text-align:left;vertical-align:top;border-bottom:1px solid #ddd}
th.number,td.number{text-align:right;white-space:nowrap}
td.time,th.scope{white-space:nowrap}
tbody th{font-weight:bold}
.note{font-size:.85rem;margin-top:2rem}
@media screen and (prefers-color-scheme:dark){
body{background:#16191d;color:#e6e6e6}
th,td{border-color:#3a3f45}
}
@media print{
@page{margin:12mm}
body{font-size:10pt}
main{max-width:none;padding:0}
figure{break-inside:avoid;overflow:visible}
figure svg{min-width:0}
.wide{overflow:visible}
table{font-size:7.5pt}
thead{display:table-header-group}
tr,h2,h3{break-inside:avoid}
h2,h3{break-after:avoid}
svg,td,th{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
";
