//! Everything that is drawn is in its place: inside the picture, and nothing in a gap.

use jiff::{SignedDuration, Timestamp};
use lasthop::history::History;
use lasthop::picture::{Screen, html, svg, terminal};
use proptest::prelude::*;

use super::page::{corners, moved, named, parsed, title};
use super::stories;
use super::story::{CENBONG, INTELSAT, Story, TTK, UNICOM, history};

/// The axis of time, from the left side of the picture.
const PLOT: (f64, f64) = (144.0, 940.0);

/// Every corner of everything is inside the picture, and that of data on the axis of time.
fn inside(text: &str) {
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    let document = parsed(text);
    let root = document.root_element();
    let side = |name| root.attribute(name).and_then(|side| side.parse().ok()).unwrap_or(0.0);
    let (width, height): (f64, f64) = (side("width"), side("height"));
    for path in named(&document, "path") {
        let in_pattern = path.ancestors().any(|node| node.tag_name().name() == "pattern");
        let (x, y) = moved(path);
        if in_pattern {
            continue;
        }
        let data = path.has_attribute("fill") && path.attribute("class").is_none();
        let (from, to) = if data { PLOT } else { (0.0, width) };
        for (right, down) in corners(path.attribute("d").unwrap_or_default()) {
            let (right, down) = (right + x, down + y);
            assert!(right >= from - 0.01 && right <= to + 0.01, "{right} of {width}: {text}");
            assert!(down >= 0.0 && down <= height, "{down} of {height}: {text}");
        }
    }
}

/// The times of day at which something is filled, from left to right.
fn filled(text: &str, name: &str) -> Vec<(f64, f64)> {
    let document = parsed(text);
    let paths = named(&document, "path").into_iter().filter(|path| title(*path) == name);
    let mut all = Vec::new();
    for path in paths {
        for part in path.attribute("d").unwrap_or_default().split_inclusive('z') {
            let rights = corners(part).into_iter().map(|(right, _)| right);
            let low = rights.clone().fold(f64::INFINITY, f64::min);
            all.push((low, rights.fold(0.0, f64::max)));
        }
    }
    all
}

#[test]
fn everything_is_inside_the_picture() {
    for told in stories::all() {
        inside(&told.svg);
    }
}

#[test]
fn a_gap_in_the_history_is_a_gap_in_the_picture() {
    let text = &stories::told("two-years").svg;
    // From 2024-05-11 to 2024-06-02, of the 728 days since 2024-01-03.
    let day = (PLOT.1 - PLOT.0) / 728.0;
    let gap = (day * 130.0, day * 150.0);
    for name in ["china", "Cenbong", "TransTeleCom", "China Unicom"] {
        let filled = filled(text, name);
        assert!(filled.len() > 1, "{name}");
        let crosses = |(from, to): &(f64, f64)| *to > gap.0 && *from < gap.1;
        assert!(!filled.iter().any(crosses), "{name} in a gap: {filled:?}");
    }
}

#[test]
fn an_outage_is_no_gap() {
    let filled = filled(&stories::told("ten-runs").svg, "no way in");
    // The share of the unreached, the areas, and four prefixes: 11:00 to 12:40 of 10:00 to 14:14.
    assert_eq!(filled.len(), 6, "{filled:?}");
    assert!(filled.iter().all(|(from, to)| *from > 180.0 && *to < 520.0), "{filled:?}");
}

/// A run's distance from the one before in minutes, and what it sees.
fn runs() -> impl Strategy<Value = Vec<(i64, u8, f64)>> {
    prop::collection::vec((1..5_000_i64, 0..6_u8, 0.0..1.0_f64), 1..40)
}

fn random(runs: &[(i64, u8, f64)]) -> History {
    let mut story = Story::new("here");
    (story.traces, story.pings) = (16, true);
    let mut now: Timestamp = "2020-02-28T23:59:00Z".parse().unwrap_or_default();
    for (minutes, what, part) in runs {
        now += SignedDuration::from_mins(*minutes);
        let ways = [UNICOM, CENBONG, TTK, INTELSAT];
        let way = ways.get(usize::from(*what)).map(|way| vec![(*way, *part)]).unwrap_or_default();
        let other = vec![(CENBONG, 1.0 - part), (TTK, part / 2.0)];
        story.run(now, &[way, other, vec![(TTK, 1.0)], vec![(UNICOM, *part)]]);
    }
    history(&[&story.text])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_history_can_be_drawn(runs in runs(), columns in 50..200_usize) {
        let history = random(&runs);
        inside(&svg(&history));
        parsed(&html(&history));
        let text = terminal(&history, Screen { columns, colour: false });
        for line in text.lines() {
            prop_assert!(line.chars().count() <= columns, "{columns}: {line}");
        }
    }
}
