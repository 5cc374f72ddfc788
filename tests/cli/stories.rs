//! `lasthop lab --story`: months in seconds, without a namespace.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::fs;

use jiff::Timestamp;
use lasthop::lab;
use tempfile::TempDir;

use super::columns::SUMMARY;
use super::lab::outside;
use super::outcome::Outcome;
use super::sheet::Sheet;

/// Three hours with a run each; one prefix, two ways, and a change while the second run is under way.
pub(crate) const STORY: &str = r#"
about = "China at first, Russia then"
published = "nothing"
assumed = "everything"
vantage = "192.168.1.77"
sample = 64

[[runs]]
from = "2020-02-29T22:00:00Z"
to = "2020-03-01T01:00:00Z"
minutes = 60

[hosts]
"175.45.176.0/24" = ["175.45.176.8"]
"175.45.177.0/24" = ["175.45.177.1"]
"175.45.179.0/24" = ["175.45.179.1"]
"175.45.178.0/24" = ["175.45.178.1"]

[way.china]
hops = ["192.168.1.1 1", "4.69.1.1 9", "103.35.255.254 20"]
end = "hosts 30"
class = "china"

[way.russia]
hops = ["192.168.1.1 1", "62.115.140.213 9", "188.43.225.153 20"]
end = "hosts 30"
class = "russia"

[[moment]]
at = "2020-01-01T00:00:00Z"
what = "China"
ways."175.45.176.0/22" = { china = 1 }

[[moment]]
at = "2020-02-29T23:00:00.9Z"
what = "Russia"
ways."175.45.178.0/24" = { russia = 1 }
"#;

pub(crate) fn told(story: &str, more: &[&str]) -> Outcome {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("story.toml");
    fs::write(&file, story).expect("written");
    let file = file.to_str().expect("a path");
    outside(&[&["lab", "--story", file], more].concat())
}

#[test]
fn a_story_of_ones_own_is_a_history() {
    let told = told(STORY, &[]).ended(0);
    assert_eq!((told.out.lines().next(), told.err.as_str()), (Some(SUMMARY), ""));
    let runs = Sheet::read(&told.out).with("scope", "175.45.178.0/24");
    let hours = [
        "2020-02-29T22:00:00.000000Z",
        "2020-02-29T23:00:00.000000Z",
        "2020-03-01T00:00:00.000000Z",
    ];
    assert_eq!(runs.column("started_at"), hours);
    assert_eq!(runs.column("verdict"), ["china", "mixed", "russia"], "a change during a run");
    assert_eq!(runs.total("targets"), 3 * 64);
}

#[test]
fn what_is_wrong_with_a_story_is_told_with_its_line() {
    outside(&["lab", "--story", "nope"]).refused(2, &["`nope`", "file.toml", "october-2017"]);
    outside(&["lab", "--story", "nope.toml"]).refused(2, &["nope.toml: No such"]);
    for (right, wrong, line, words) in [
        ("minutes = 60", "minutes = 0", ":8: ", "minutes apart"),
        ("{ russia = 1 }", "{ tibet = 1 }", ":34: ", "no way `tibet`"),
        ("\"175.45.176.0/22\" =", "\"10.0.0.0/8\" =", ":29: ", "prefix that has hosts"),
        ("188.43.225.153 20", "188.43.225.153", ":24: ", "milliseconds"),
        ("2020-01-01T00:00:00Z", "New Year", ":30: ", "as year"),
    ] {
        assert!(STORY.contains(right), "{right}");
        told(&STORY.replace(right, wrong), &[]).refused(2, &["story.toml", line, words]);
    }
    told(STORY, &["--", "true"]).refused(2, &["--story", "cannot be used with"]);
}

#[test]
fn what_is_published_and_what_is_assumed_is_said_apart() {
    let told = told(STORY, &["-v"]).ended(0);
    assert!(told.err.contains("published: nothing") && told.err.contains("assumed: everything"));
}

/// Everything that a report on a built-in story says, and everything that the story's file says it
/// should: each event between the beginning of the last run before and the end of the first one behind.
fn reported_and_planned(name: &str) -> (Vec<String>, Vec<String>) {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("history.csv");
    let history = outside(&["lab", "--story", name]).ended(0).out;
    fs::write(&file, &history).expect("written");
    let report = outside(&["report", "--format", "csv", file.to_str().expect("a path")]);
    let events = Sheet::read(&report.ended(0).out);
    let columns =
        ["scope", "event", "subject", "not_before", "not_after"].map(|name| events.column(name));
    let row = |place| columns.iter().map(|column| column[place]).collect::<Vec<_>>().join(" ");
    let reported = (0..events.rows.len()).map(row);
    let runs = Sheet::read(&history).with("scope", "175.45.176.0/22");
    let story = lab::story(name).expect("a story").expect("a right one");
    let planned = story.events.iter().flat_map(|event| {
        let (after, before) = around(&runs, event.at);
        let (kind, subject) = (&event.kind, event.subject.as_deref().unwrap_or_default());
        let words = move |scope| format!("{scope} {kind} {subject} {after} {before}");
        event.scopes.iter().map(words)
    });
    (sorted(reported), sorted(planned))
}

fn sorted(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut words: Vec<String> = words.collect();
    words.sort();
    words
}

/// When the last run before `at` began, and when the first one behind it ended. None is under way.
fn around(runs: &Sheet, at: Timestamp) -> (&str, &str) {
    let time = |cell: &str| cell.parse::<Timestamp>().expect("a time");
    let (began, ended) = (runs.column("started_at"), runs.column("ended_at"));
    let behind = began.iter().position(|began| time(began) >= at).expect("a run behind");
    let before = behind.checked_sub(1).expect("a run before");
    assert!(time(ended[before]) < at, "a run is under way at {at}");
    (began[before], ended[behind])
}

#[test]
fn october_2017_is_reported_to_the_run_and_nothing_else() {
    let (reported, planned) = reported_and_planned("october-2017");
    assert_eq!(reported, planned);
    assert_eq!(planned.len(), 4 * 4 + 2 * 4 * 5 + 2 * 2 + 2 * 4);
}

#[test]
fn the_year_2025_is_reported_to_the_run_and_nothing_else() {
    let (reported, planned) = reported_and_planned("year-2025");
    assert_eq!(reported, planned);
}
