//! `--append`: a history grows by whole rows under one header, or not at all.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use nix::unistd::geteuid;

use super::columns::{ADDED, SUMMARY};
use super::counters::watched;
use super::lab::Lab;
use super::running::Running;
use super::sheet::Sheet;
use super::skip::skip;

const RUN: [&str; 3] = ["175.45.177.10", "--append", "a.csv"];

/// A row of a run long ago.
fn old_row() -> String {
    let cells = SUMMARY.split(',').map(|name| match name {
        "schema" => "3",
        "rpki" => "valid",
        // As all rows of these tests are.
        "vantage" => "lab:old",
        _ => "old",
    });
    cells.collect::<Vec<_>>().join(",")
}

/// Runs on a history that begins with `before`; what it adds.
fn added_to(lab: &Lab, before: &str) -> String {
    lab.write("a.csv", before);
    lab.probe(&RUN).ended(0);
    let after = lab.read("a.csv");
    after.strip_prefix(before).expect("what was there stays").to_owned()
}

/// Runs on a history that it must leave alone: at once, with a message, without a packet.
fn refused(lab: &Lab, before: &str, words: &[&str]) {
    lab.write("a.csv", before);
    let (run, packets) = watched(lab, &RUN);
    run.refused(2, words);
    assert_eq!(packets, 0, "packets before a refusal");
    assert_eq!(lab.read("a.csv"), before, "a refused file is left alone");
}

#[test]
fn the_header_stands_once() {
    let Some(lab) = Lab::near() else { return };
    let first = lab.probe(&RUN).ended(0);
    assert_eq!(lab.read("a.csv"), first.out, "a new file gets header and rows");
    let second = lab.probe(&RUN).ended(0);
    let rows = second.out.strip_prefix(SUMMARY).expect("a header").trim_start();
    assert_eq!(lab.read("a.csv"), format!("{}{rows}", first.out));
    let runs = Sheet::read(&lab.read("a.csv"));
    assert_eq!(runs.rows.len(), 4, "two rows a run");
}

#[test]
fn an_empty_file_gets_a_header() {
    let Some(lab) = Lab::near() else { return };
    assert!(added_to(&lab, "").starts_with(SUMMARY));
}

#[test]
fn a_missing_last_newline_is_mended() {
    let Some(lab) = Lab::near() else { return };
    for before in [SUMMARY.to_owned(), format!("{SUMMARY}\n{}", old_row())] {
        assert!(added_to(&lab, &before).starts_with("\n3,"), "{before}");
        Sheet::read(&lab.read("a.csv"));
    }
}

#[test]
fn a_byte_order_mark_and_windows_newlines_are_no_other_header() {
    let Some(lab) = Lab::near() else { return };
    for before in [format!("\u{feff}{SUMMARY}\n"), format!("{SUMMARY}\r\n{}\r\n", old_row())] {
        assert!(added_to(&lab, &before).starts_with("3,"), "{before}");
    }
}

#[test]
fn another_header_is_refused() {
    let Some(lab) = Lab::near() else { return };
    let words = ["a.csv:1:", "header", "append to another file", SUMMARY];
    refused(&lab, "time,verdict\n", &words);
    refused(&lab, &format!("{SUMMARY},more\n"), &words);
    refused(&lab, &SUMMARY.replace("china", "cn"), &words);
    refused(&lab, &format!("{}\n", old_row()), &words);
    refused(&lab, "\n", &words);
    refused(&lab, &"x".repeat(1 << 20), &words);
}

/// A history of years goes on as it began, and says what its columns do not have.
#[test]
fn a_file_of_an_earlier_version_goes_on_in_its_columns() {
    let Some(lab) = Lab::near() else { return };
    let second = SUMMARY.strip_suffix(ADDED[1]).expect("columns");
    let first = second.strip_suffix(ADDED[0]).expect("columns");
    for (header, schema, lacks) in [(first, "1", "pinged"), (second, "2", "way_out")] {
        for end in ["\n", "\r\n"] {
            let before = format!("{header}{end}");
            lab.write("a.csv", &before);
            let run = lab.probe(&RUN).ended(0);
            for word in ["a.csv", &format!("(schema {schema})"), lacks, "lasthop report --migrate"]
            {
                assert!(run.err.contains(word), "{word}: {}", run.err);
            }
            let after = Sheet::read(&lab.read("a.csv"));
            assert_eq!(after.header.join(","), header);
            assert_eq!(after.column("schema"), [schema, schema]);
            let now = Sheet::read(&run.out);
            for name in header.split(',').skip(1) {
                assert_eq!(after.column(name), now.column(name), "{name}");
            }
        }
    }
    lab.probe(&RUN).ended(0);
    assert_eq!(Sheet::read(&lab.read("a.csv")).rows.len(), 4, "and once more");
}

/// What is left of a row, and of a row that lacks only the end of its last cell.
#[test]
fn a_torn_last_row_is_put_aside_and_told() {
    let Some(lab) = Lab::near() else { return };
    let before = format!("{SUMMARY}\n{}\n", old_row());
    let cut_short = format!("{},val", old_row().rsplit_once(',').expect("cells").0);
    for torn in ["2,2026", "2,\"2026", &cut_short, "\0\0\0\0"] {
        let _ = fs::remove_file(lab.path("a.csv.torn"));
        lab.write("a.csv", format!("{before}{torn}"));
        let run = lab.probe(&[&RUN[..], &["-q"]].concat()).ended(0);
        let said = "lasthop: a.csv:3: the last row was torn; it is in a.csv.torn now\n";
        assert_eq!(run.err, said);
        assert_eq!(lab.read("a.csv.torn"), format!("{torn}\n"));
        let rows = run.out.strip_prefix(SUMMARY).expect("a header").trim_start();
        assert_eq!(lab.read("a.csv"), format!("{before}{rows}"));
    }
}

#[test]
fn a_torn_row_that_cannot_be_put_aside_is_refused_with_its_line() {
    let Some(lab) = Lab::near() else { return };
    fs::create_dir(lab.path("a.csv.torn")).expect("a folder in the way");
    let torn = format!("{SUMMARY}\n{}\n2,2026", old_row());
    refused(&lab, &torn, &["a.csv:3:", "2 of 37 columns", "a.csv.torn", "delete or complete"]);
}

#[test]
fn a_torn_header_is_written_again() {
    let Some(lab) = Lab::near() else { return };
    lab.write("a.csv", &SUMMARY[..100]);
    let run = lab.probe(&RUN).ended(0);
    assert_eq!(lab.read("a.csv"), run.out);
}

/// As `mv` or logrotate does it while a run is under way: its rows go where the name leads.
#[test]
fn a_file_that_is_moved_away_meanwhile_takes_no_rows_with_it() {
    let Some(lab) = Lab::near() else { return };
    // Root goes on as somebody else, who has to be let in.
    fs::set_permissions(lab.folder(), Permissions::from_mode(0o777)).expect("a folder for all");
    lab.write("a.csv", format!("{SUMMARY}\n{}\n", old_row()));
    let running = Running::start(&lab, "200", &["175.45.177.0/28", "--append", "a.csv"]);
    running.await_packets(1);
    fs::rename(lab.path("a.csv"), lab.path("old.csv")).expect("moved");
    let run = running.end().ended(0);
    assert_eq!(lab.read("a.csv"), run.out);
    assert_eq!(lab.read("old.csv"), format!("{SUMMARY}\n{}\n", old_row()));
}

#[test]
fn what_is_not_text_is_refused() {
    let Some(lab) = Lab::near() else { return };
    lab.write("a.csv", [0xff; 4096]);
    lab.probe(&RUN).refused(2, &["a.csv:1:", "header"]);
    assert_eq!(fs::read(lab.path("a.csv")).expect("a file"), [0xff; 4096]);
}

#[test]
fn what_cannot_be_opened_is_refused_at_once() {
    let Some(lab) = Lab::near() else { return };
    for (name, words) in [
        ("missing/a.csv", ["missing/a.csv: ", "No such file", "folder"]),
        (".", [".: ", "Is a directory", "name a file"]),
        ("near.toml/a.csv", ["near.toml/a.csv", "Not a directory", "check the name"]),
    ] {
        for option in ["--append", "--traces", "--hops", "--lock"] {
            let (run, packets) = watched(&lab, &["175.45.177.10", option, name]);
            run.refused(2, &words);
            assert_eq!(packets, 0, "packets before {option} was refused");
        }
    }
}

#[test]
fn an_unwritable_folder_is_refused() {
    let Some(lab) = Lab::near() else { return };
    // Root may write everywhere; without capabilities it is bound by modes like everybody.
    let script = "mkdir shut && chmod 555 shut && \
        exec setpriv --bounding-set=-all --inh-caps=-all $LASTHOP probe --append shut/a.csv";
    lab.shell(script).refused(2, &["shut/a.csv: Permission denied", "name a file that you may"]);
}

#[test]
fn a_read_only_file_is_refused() {
    let Some(lab) = Lab::near() else { return };
    let script = "touch a.csv && chmod 444 a.csv && chmod 777 . && \
        exec setpriv --bounding-set=-all --inh-caps=-all $LASTHOP probe --append a.csv";
    lab.shell(script).refused(2, &["a.csv: Permission denied", "name a file that you may"]);
}

#[test]
fn a_full_device_keeps_nothing_else_from_being_written() {
    let Some(lab) = Lab::near() else { return };
    let files = ["--append", "/dev/full", "--hops", "/dev/full", "--traces", "t.csv"];
    let run = lab.probe(&[&["175.45.177.10"], &files[..]].concat()).ended(2);
    let messages: Vec<&str> = run.err.lines().collect();
    assert_eq!(messages.len(), 2, "one for each file: {messages:?}");
    for message in messages {
        assert!(message.contains("/dev/full: No space left on device"), "{message}");
        assert!(message.contains("make room"), "{message}");
    }
    assert_eq!(Sheet::read(&run.out).rows.len(), 2, "stdout has the measurement");
    assert_eq!(Sheet::read(&lab.read("t.csv")).rows.len(), 1, "and so has the other file");
}

/// Or the traces would overwrite the history.
#[test]
fn a_file_is_named_once() {
    let Some(lab) = Lab::near() else { return };
    lab.write("old.csv", SUMMARY);
    std::os::unix::fs::symlink("old.csv", lab.path("link.csv")).expect("a link");
    let options = ["--lock", "--append", "--traces", "--hops"];
    for (one, other) in [("old.csv", "./old.csv"), ("old.csv", "link.csv"), ("new", "./new")] {
        for (place, option) in options.iter().enumerate().skip(1) {
            let before = options[place - 1];
            let (run, packets) = watched(&lab, &[before, one, option, other]);
            run.refused(2, &[other, before, option, "give each a file of its own"]);
            assert_eq!(packets, 0);
        }
    }
    assert_eq!(lab.read("old.csv"), SUMMARY);
    assert!(!lab.path("new").exists());
}

/// A file system with room for a part of the new rows.
#[test]
fn rows_are_added_whole_or_not_at_all() {
    let Some(lab) = Lab::near() else { return };
    let row = format!("{}\n", old_row());
    let rows = row.repeat((4096 - SUMMARY.len() - 1) / row.len());
    lab.write("old.csv", format!("{SUMMARY}\n{rows}"));
    let mounted = lab.shell("mkdir small && unshare -m mount -t tmpfs none small");
    if mounted.code != Some(0) {
        return skip(&format!("no file system can be mounted: {}", mounted.err));
    }
    let script = "mount -t tmpfs -o size=4k none small && cp old.csv small/a.csv && \
        $LASTHOP probe $QUICK 175.45.177.10 --append small/a.csv; code=$?; \
        cp small/a.csv after.csv && exit $code";
    let run = lab.shell(&format!("unshare -m bash -c '{script}'")).ended(2);
    assert!(run.err.contains("small/a.csv: No space left on device"), "{}", run.err);
    assert_eq!(lab.read("after.csv"), lab.read("old.csv"), "a part of a row was left");
}

/// Root may reach a folder that is closed to it once privileges are given up.
#[test]
fn a_folder_of_somebody_else_keeps_its_history() {
    let Some(lab) = Lab::near().filter(|_| geteuid().is_root()) else { return };
    lab.shell("mkdir closed && chown 65534 closed && chmod 700 closed").ended(0);
    let files = ["--append", "closed/h.csv", "--traces", "closed/t.csv", "--lock", "closed/lock"];
    for rows in [3, 5] {
        lab.probe(&[&["175.45.177.10"], &files[..]].concat()).ended(0);
        assert_eq!(lab.read("closed/h.csv").lines().count(), rows);
        assert_eq!(lab.read("closed/t.csv").lines().count(), 2);
    }
}
