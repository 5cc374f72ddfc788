//! The stories of the lab: a report on their runs names each event in its interval, and nothing else.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::path::PathBuf;

use jiff::Timestamp;
use lasthop::history::{Event, History, Wanted, read};
use lasthop::lab::{self, Planned, STORIES, Story};
use lasthop::output::csv;
use lasthop::replay::replay;
use lasthop::targets::Targets;
use tempfile::TempDir;

/// A story whose runs have been measured.
struct Told {
    story: Story,
    history: History,
    text: String,
}

impl Told {
    fn by(name: &str, seed: u64) -> Self {
        let story = lab::story(name).expect("a story").expect("a right one");
        let targets = Targets::built_in().expect("targets");
        let mut out = Vec::new();
        for (place, rows) in replay(&story, "here", &targets, seed).enumerate() {
            csv::write(&rows.expect("measured"), place == 0, &mut out).expect("written");
        }
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("history.csv");
        std::fs::write(&file, &out).expect("written");
        let history = history(file);
        Self { story, history, text: String::from_utf8(out).expect("text") }
    }

    /// The events that were found, in words.
    fn found(&self) -> Vec<String> {
        let names = &self.history.names;
        let words = |event: &Event| {
            let subject = event.subject.map_or("", |subject| names.text(subject));
            let (kind, from, to) = (event.kind.name(), event.before.at, event.after.at);
            format!("{} {kind} {subject} between {from} and {to}", event.scope)
        };
        sorted(self.history.events.iter().map(words))
    }

    /// The events of the story: each between the beginning of the last run before and the end of the
    /// first one behind.
    fn planned(&self) -> Vec<String> {
        sorted(self.story.events.iter().flat_map(|event| {
            let (from, to) = self.around(event);
            let subject = event.subject.as_deref().unwrap_or_default();
            let words =
                move |scope| format!("{scope} {} {subject} between {from} and {to}", event.kind);
            event.scopes.iter().map(words)
        }))
    }

    fn around(&self, event: &Planned) -> (Timestamp, Timestamp) {
        let mut before = Timestamp::MIN;
        for (began, ended) in self.runs() {
            if began >= event.at {
                return (before, ended);
            }
            assert!(ended < event.at, "a run is under way at {}", event.at);
            before = began;
        }
        panic!("no run behind {}", event.at)
    }

    /// When the runs began and ended.
    fn runs(&self) -> Vec<(Timestamp, Timestamp)> {
        let time = |cell: Option<&str>| -> Timestamp {
            cell.and_then(|text| text.parse().ok()).expect("a time")
        };
        let mut reader = ::csv::Reader::from_reader(self.text.as_bytes());
        let rows = reader.records().map(|row| row.expect("a row"));
        let mut runs: Vec<_> = rows.map(|row| (time(row.get(2)), time(row.get(3)))).collect();
        runs.dedup();
        runs
    }
}

fn sorted(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut words: Vec<String> = words.collect();
    words.sort();
    words
}

fn history(file: PathBuf) -> History {
    read(&[file], &Wanted::default(), &mut |remark| panic!("{remark:?}")).expect("read")
}

#[test]
fn october_2017_is_told_to_the_run() {
    let told = Told::by("october-2017", 0);
    similar(&told);
}

#[test]
fn the_year_2025_is_told_to_the_run() {
    let told = Told::by("year-2025", 0);
    similar(&told);
}

fn similar(told: &Told) {
    let (found, planned) = (told.found(), told.planned());
    let missing: Vec<_> = planned.iter().filter(|event| !found.contains(event)).collect();
    let invented: Vec<_> = found.iter().filter(|event| !planned.contains(event)).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "missing {missing:#?}, invented {invented:#?}"
    );
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let story = lab::story(STORIES[0]).expect("a story").expect("a right one");
    let targets = Targets::built_in().expect("targets");
    let first = |seed| {
        let runs = replay(&story, "here", &targets, seed).take(3);
        runs.map(|rows| rows.expect("measured")).collect::<Vec<_>>()
    };
    assert_eq!(first(1), first(1));
    assert_ne!(first(1), first(2));
}
