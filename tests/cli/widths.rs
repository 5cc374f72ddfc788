//! Tables for people are never wider than the terminal, and say what has no room.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use tempfile::TempDir;

use super::outcome::Outcome;
use super::program;

/// What a command writes where the terminal has so many columns.
fn shown(folder: &TempDir, columns: usize, arguments: &[&str]) -> String {
    let (command, rest) = arguments.split_first().expect("a command");
    let mut command = if *command == "lab" {
        program::lab(folder.path(), rest)
    } else {
        let arguments: Vec<_> = arguments.iter().map(std::convert::AsRef::as_ref).collect();
        program::outside(folder.path(), &arguments)
    };
    command.env("COLUMNS", columns.to_string());
    let run = Outcome::of(command);
    // An outage is told by the exit code too.
    assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
    run.out
}

const TRACE: &str = "traceroute to 175.45.178.9 (175.45.178.9), 30 hops max\n 1  192.168.1.1  1.1 ms\n \
    2  188.43.225.153  180.2 ms\n 3  * * *\n";

#[test]
fn no_line_is_wider_than_the_terminal() {
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    for story in ["october-2017", "year-2025"] {
        write(&format!("{story}.csv"), &shown(&folder, 80, &["lab", "-q", "--story", story]));
    }
    write("t.txt", TRACE);
    let commands: [&[&str]; 10] = [
        &["lab", "-q", "--virtual", "--format", "table"],
        &["lab", "-q", "--virtual", "--scenario", "outage", "--format", "table"],
        &["lab", "-q", "--virtual", "--scenario", "census", "ping", "--format", "table"],
        &["lab", "--list"],
        &["report", "-q", "october-2017.csv", "--format", "table"],
        &["report", "-q", "october-2017.csv", "year-2025.csv", "--format", "table"],
        &["report", "-q", "year-2025.csv", "--show", "events", "--format", "table"],
        &["classify", "-q", "t.txt", "--format", "table"],
        &["classify", "-q", "t.txt", "--explain", "--format", "table"],
        &["owner", "--format", "table", "103.35.255.254", "188.43.225.153", "192.168.1.1"],
    ];
    for columns in [60, 80, 120] {
        for arguments in commands {
            let text = shown(&folder, columns, arguments);
            assert!(!text.is_empty(), "{arguments:?}");
            for line in text.lines() {
                assert!(line.chars().count() <= columns, "{columns}: {arguments:?}:\n{text}");
            }
        }
    }
}

#[test]
fn columns_go_in_their_order() {
    let folder = TempDir::new().expect("a folder");
    let heading = |columns| {
        let text = shown(&folder, columns, &["lab", "-q", "--virtual", "--format", "table"]);
        let is_heading = |line: &&str| line.starts_with("prefix ");
        let heading = text.lines().find(is_heading).unwrap_or_default();
        let note = text.lines().find(|line| line.starts_with('(')).unwrap_or_default();
        let words = heading.split_whitespace().collect::<Vec<_>>().join(" ");
        (words, note.to_owned())
    };
    let (all, _) = heading(200);
    assert_eq!(all, "prefix verdict traces china russia rtt carriers last hops");
    let (some, note) = heading(80);
    assert_eq!(some, "prefix verdict traces china russia rtt");
    assert_eq!(note, "(no room for last hops, carriers, intervals in 80 columns)");
    assert_eq!(heading(60).0, "prefix verdict china russia rtt");
    assert_eq!(heading(40).0, "", "a list for each prefix");
}
