//! Vantages on the map of the world.

use super::page::{named, parsed, title};
use super::stories;

/// What a pointer on the mark of a country is shown.
fn about(svg: &str, code: &str) -> String {
    let document = parsed(svg);
    let marks = named(&document, "g").into_iter().map(title);
    let about = marks.filter(|about| about.starts_with(&format!("{code}: "))).collect::<Vec<_>>();
    assert_eq!(about.len(), 1, "{code}: {about:?}");
    about.concat()
}

#[test]
fn each_country_says_what_its_vantages_see() {
    let svg = &stories::told("countries").svg;
    let unicom = "US: china, china 100\u{a0}%, China Unicom; 16 traces, 2026-11-28 06:00:00 UTC";
    assert_eq!(about(svg, "US"), unicom);
    assert!(about(svg, "RU").starts_with("RU: russia, russia 100\u{a0}%, TransTeleCom; "));
    assert!(about(svg, "FR").starts_with("FR: mixed, "));
    assert!(about(svg, "CL").contains("other, Intelsat; "), "{}", about(svg, "CL"));
    assert!(about(svg, "IR").starts_with("IR: unreached; "));
}

/// The newest run of a country counts, and what changed there is in its chart.
#[test]
fn a_country_with_a_history_has_a_chart_too() {
    let svg = &stories::told("countries").svg;
    assert!(about(svg, "DE").contains("mixed") && about(svg, "DE").contains("12:00:00"));
    let charts = ["From atlas:world", "From DE"].map(|title| svg.contains(title));
    assert_eq!((charts, svg.contains("From US")), ([true, true], false));
}

#[test]
fn the_page_has_the_map_and_the_same_as_a_table() {
    let html = &stories::told("countries").html;
    let document = parsed(html.strip_prefix("<!DOCTYPE html>").unwrap_or(html));
    let rows = named(&document, "th").into_iter().filter(|head| {
        head.attribute("scope") == Some("row") && head.text().is_some_and(|text| text.len() == 2)
    });
    assert_eq!(rows.count(), 38);
    assert!(html.contains("Natural Earth"));
}

/// Two countries make a map; one, or vantages of other names, make none.
#[test]
fn a_map_needs_places() {
    for name in ["two-vantages", "one-run", "both-planes", "empty"] {
        assert!(!stories::told(name).svg.contains("class=\"land\""), "{name}");
    }
}
