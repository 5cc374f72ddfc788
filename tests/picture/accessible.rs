//! What is drawn is one well-formed file that needs nothing else, and says in words what it shows.

use std::collections::HashSet;

use lasthop::history::incidents;

use super::page::{named, parsed};
use super::stories::{self, Told};

#[test]
fn pictures_load_nothing_and_run_nothing() {
    for Told { name, svg, html, .. } in stories::all() {
        for text in [svg, html] {
            let document = parsed(text);
            for node in document.descendants() {
                let tag = node.tag_name().name();
                assert!(
                    !["script", "image", "img", "link", "iframe", "use"].contains(&tag),
                    "{name}: {tag}"
                );
                for attribute in node.attributes() {
                    let (key, value) = (attribute.name(), attribute.value());
                    assert!(
                        !key.starts_with("on") && key != "href" && key != "src",
                        "{name}: {key}"
                    );
                    assert!(
                        !value.contains("url(") || value.starts_with("url(#"),
                        "{name}: {value}"
                    );
                }
            }
            let sheets = named(&document, "style");
            let loads = |sheet: &str| sheet.contains("url(") || sheet.contains("@import");
            assert!(sheets.iter().all(|sheet| !loads(sheet.text().unwrap_or_default())), "{name}");
        }
    }
}

#[test]
fn pictures_have_titles_and_descriptions() {
    for Told { name, svg, html, .. } in stories::all() {
        for text in [svg, html] {
            let document = parsed(text);
            let ids: Vec<&str> =
                document.descendants().filter_map(|node| node.attribute("id")).collect();
            let different: HashSet<&str> = ids.iter().copied().collect();
            assert_eq!(ids.len(), different.len(), "{name}: an id stands twice");
            for picture in named(&document, "svg") {
                assert_eq!(picture.attribute("role"), Some("img"), "{name}");
                let labels = picture.attribute("aria-labelledby").unwrap_or_default();
                assert!(labels.split(' ').all(|id| different.contains(id)), "{name}: {labels}");
            }
            let fills = document.descendants().filter_map(|node| node.attribute("fill"));
            for id in fills.filter_map(|fill| fill.strip_prefix("url(#")?.strip_suffix(')')) {
                assert!(different.contains(id), "{name}: nothing is filled by {id}");
            }
        }
    }
}

#[test]
fn the_page_has_the_numbers_as_tables() {
    let Told { history, html, .. } = stories::told("ten-runs");
    let document = parsed(html);
    let heads: Vec<&str> =
        named(&document, "h3").iter().filter_map(roxmltree::Node::text).collect();
    assert_eq!(heads, ["How it is", "What changed", "The numbers"]);
    let tables = named(&document, "table");
    let events = tables[1]
        .descendants()
        .filter(|node| node.has_attribute("scope") && node.tag_name().name() == "th");
    let numbers = events.filter(|node| node.attribute("scope") == Some("row")).count();
    assert_eq!(numbers, incidents(history, &history.events).len());
    let cells = named(&document, "th");
    assert!(
        cells.iter().all(|cell| cell.has_attribute("scope")),
        "a head says what it is a head of"
    );
}

#[test]
fn names_are_text_whatever_they_are() {
    let Told { svg, html, .. } = stories::told("hostile");
    for text in [svg, html] {
        let all: String = parsed(text).descendants().filter_map(|node| node.text()).collect();
        assert!(all.contains("<script>alert(1)</script>&"), "as it was");
        assert!(!text.contains(['\u{202e}', '\u{ffff}', '\u{1b}']), "what turns or ends a text");
    }
}
