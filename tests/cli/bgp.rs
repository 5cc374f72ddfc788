//! `lasthop bgp`: streams, exit codes, and rows that are appended once.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use insta::assert_snapshot;
use tempfile::TempDir;

use super::lab::outside;
use super::outcome::Outcome;
use super::program;
use super::skip::has;

const TABLE: &str = "1506848400";

/// What `bgpdump -m` prints of a table and of updates: three peers, of which two change to TransTeleCom for a prefix, and
/// later lose it.
fn dumped() -> String {
    let mut text = String::new();
    let peers = [("198.51.100.1", 1299), ("198.51.100.2", 3356), ("198.51.100.3", 2914)];
    for (address, asn) in peers {
        for number in 0..9 {
            let _ = writeln!(
                text,
                "TABLE_DUMP2|{TABLE}|B|{address}|{asn}|10.{number}.0.0/16|{asn} 64511|IGP|x|0|0||NAG||"
            );
        }
        for number in 176..180 {
            let _ = writeln!(
                text,
                "TABLE_DUMP2|{TABLE}|B|{address}|{asn}|175.45.{number}.0/24|{asn} 4837 131279|IGP|x|0|0||NAG||"
            );
        }
    }
    for (address, asn) in &peers[..2] {
        let _ = writeln!(
            text,
            "BGP4MP|1506848871|A|{address}|{asn}|175.45.178.0/24|{asn} 20485 131279|IGP|x|0|0||NAG||"
        );
    }
    for (address, asn) in peers {
        let _ = writeln!(text, "BGP4MP|1506852885|W|{address}|{asn}|175.45.178.0/24");
    }
    text
}

/// The lines of the table, as far as they are kept.
fn of_table(keeps: impl Fn(&str) -> bool) -> String {
    let text = dumped();
    let lines = text.split_inclusive('\n').filter(|line| line.starts_with("TABLE") && keeps(line));
    lines.collect()
}

fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    let arguments: Vec<&OsStr> = ["bgp"].iter().chain(arguments).map(OsStr::new).collect();
    Outcome::of(program::outside(folder, &arguments))
}

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("rrc00.updates.txt"), dumped()).expect("written");
    folder
}

#[test]
fn help_says_that_peers_are_no_traffic() {
    assert_snapshot!("help_bgp", outside(&["bgp", "--help"]).ended(0).out);
}

#[test]
fn rows_and_events_of_a_small_recording() {
    let folder = folder();
    let file = "rrc00.updates.txt";
    assert_snapshot!("bgp.csv", run(folder.path(), &[file, "--format", "csv"]).ended(0).out);
    assert_snapshot!("bgp.table", run(folder.path(), &[file, "--format", "table"]).ended(0).out);
    assert_snapshot!(
        "bgp.events.csv",
        run(folder.path(), &[file, "--events", "--format", "csv"]).ended(0).out
    );
    let explained =
        run(folder.path(), &["--explain", "175.45.178.0/24", "--at", "2017-10-01T09:10", file]);
    assert_snapshot!("bgp.explain", explained.ended(0).out);
    run(folder.path(), &[file, "--peers", "peers.csv", "--messages", "messages.csv"]).ended(0);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect(name);
    assert_snapshot!("bgp.messages.csv", read("messages.csv"));
    assert!(
        read("peers.csv").contains("1299 20485 131279,131279,20485,TransTeleCom,russia"),
        "{}",
        read("peers.csv")
    );
}

/// The same file twice adds nothing, whether in one command or in two.
#[test]
fn rows_are_appended_once() {
    let folder = folder();
    let append = |files: &[&str]| {
        let arguments: Vec<&str> = files.iter().copied().chain(["--append", "split.csv"]).collect();
        run(folder.path(), &arguments).ended(0);
        std::fs::read_to_string(folder.path().join("split.csv")).expect("rows")
    };
    let first = append(&["rrc00.updates.txt"]);
    assert_eq!(append(&["rrc00.updates.txt", "./rrc00.updates.txt"]), first);
    // `report` reads them.
    let arguments = ["report", "split.csv", "--format", "csv"].map(OsStr::new);
    let report = Outcome::of(program::outside(folder.path(), &arguments)).ended(0).out;
    let events = ["carrier-appeared", "outage-began"].map(|kind| {
        report
            .lines()
            .any(|line| line.contains(kind) && line.contains(",rrc00,bgp,175.45.178.0/24,"))
    });
    assert_eq!(events, [true, true], "{report}");
}

/// Counts are rounded, verdicts are not: a quarter of a peer is in no count, and `report` reads the row all the same.
#[test]
fn report_reads_verdicts_that_the_counts_round_away() {
    let folder = TempDir::new().expect("a folder");
    let is_kept =
        |line: &str| !line.contains("|175.45.") || line.contains("|175.45.178.0/24|1299 4837 ");
    std::fs::write(folder.path().join("rrc00.bview.txt"), of_table(is_kept)).expect("written");
    let arguments = ["rrc00.bview.txt", "--format", "csv", "--append", "split.csv"];
    let rows = run(folder.path(), &arguments).ended(0).out;
    let block = rows.lines().nth(1).expect("a row");
    assert!(block.contains("175.45.176.0/22,3,0,0,0,0,3,1.0000,"), "{block}");
    assert!(block.contains(",china,China Unicom=1,"), "{block}");
    let report = ["report", "split.csv", "--format", "csv"].map(OsStr::new);
    Outcome::of(program::outside(folder.path(), &report)).ended(0);
}

/// A name alone is of the folder that it is in, so two collectors are two vantages.
#[test]
fn files_of_one_name_in_two_folders_are_two_vantages() {
    let folder = TempDir::new().expect("a folder");
    for name in ["amsix", "linx"] {
        let within = folder.path().join(name);
        std::fs::create_dir(&within).expect("a folder");
        std::fs::write(within.join("updates.txt"), dumped()).expect("written");
        run(&within, &["updates.txt", "--append", "../split.csv"]).ended(0);
    }
    let rows = std::fs::read_to_string(folder.path().join("split.csv")).expect("rows");
    let count = |vantage: &str| rows.lines().filter(|line| line.contains(vantage)).count();
    assert_eq!((count(",amsix,bgp,"), count(",linx,bgp,")), (15, 15), "{rows}");
}

/// A table begins a change that goes on behind it: its rows are those of the change at rest.
#[test]
fn a_run_has_each_of_its_rows_once() {
    let folder = TempDir::new().expect("a folder");
    let table = of_table(|_| true);
    let later = table.replace(TABLE, "1506877200").replace("4837 131279", "20485 131279");
    let mut updates = String::new();
    for (address, asn) in [("198.51.100.1", 1299), ("198.51.100.2", 3356)] {
        let _ = writeln!(
            updates,
            "BGP4MP|1506877210|A|{address}|{asn}|175.45.178.0/24|{asn} 4837 131279|IGP|x|0|0||NAG||"
        );
    }
    let files = [
        ("rrc00.bview.20171001.0900.txt", table),
        ("rrc00.bview.20171001.1700.txt", later),
        ("rrc00.updates.20171001.1700.txt", updates),
    ];
    for (name, text) in &files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let options = ["--append", "split.csv", "--peers", "peers.csv"];
    let arguments: Vec<&str> = files.iter().map(|(name, _)| *name).chain(options).collect();
    run(folder.path(), &arguments).ended(0);
    let of_run = |name: &str| {
        let rows = std::fs::read_to_string(folder.path().join(name)).expect("rows");
        let of = |line: &&str| line.contains("bgp-rrc00-20171001T170000");
        rows.lines().filter(of).map(str::to_owned).collect::<Vec<_>>()
    };
    let rows = of_run("split.csv");
    assert!(
        rows.len() == 5 && rows.iter().all(|row| row.contains("17:00:10.000000Z")),
        "{rows:#?}"
    );
    let peers = of_run("peers.csv");
    assert!(
        peers.len() == 12 && peers.iter().all(|row| row.contains("17:00:10.000000Z")),
        "{peers:#?}"
    );
}

#[test]
fn codes_say_what_came_of_it() {
    let folder = folder();
    let file = "rrc00.updates.txt";
    run(folder.path(), &[file, "--fail-on", "outage"]).ended(5);
    run(folder.path(), &[file, "--fail-on", "hijack"]).ended(0);
    // Without an event it is the newest row that counts.
    let at = |time: &'static str| {
        run(folder.path(), &[file, "--at", time, "--fail-on", "hijack,outage"])
    };
    at("2017-10-01T09:10").ended(0);
    at("2017-10-01T10:20").ended(5);
    let table = |to: &str| {
        let mut text = of_table(|line| !line.contains("|175.45.178.0/24|"));
        for (address, asn) in
            [("198.51.100.1", 1299), ("198.51.100.2", 3356), ("198.51.100.3", 2914)]
        {
            let path = format!("{asn} 4837 {to}");
            let _ =
                writeln!(text, "TABLE_DUMP2|{TABLE}|B|{address}|{asn}|175.45.178.0/24|{path}|IGP");
        }
        std::fs::write(folder.path().join("rrc01.rib.txt"), text).expect("written");
        run(folder.path(), &["rrc01.rib.txt", "--by", "peer", "--fail-on", "hijack,outage"])
    };
    table("131279").ended(0);
    table("9010").ended(5);
    run(folder.path(), &[file, "--fail-on", "outage,invalid"])
        .refused(2, &["--fail-on invalid", "--vrps"]);
    run(folder.path(), &[file, "--since", "2017-10-02"]).ended(1);
    std::fs::write(folder.path().join("other"), "no route\n").expect("written");
    run(folder.path(), &["other"]).refused(2, &["other", "not recognised", "--from"]);
    run(folder.path(), &["missing"]).refused(2, &["missing"]);
    run(folder.path(), &[file, "--peers", file]).refused(2, &[file, "--peers"]);
}

/// A folder that cannot be read says so in one line; what is beside it is read, and the code says that something is
/// missing.
#[test]
fn a_folder_that_cannot_be_read_is_skipped() {
    if !has("setpriv") {
        return;
    }
    let folder = folder();
    let within = folder.path().join("rrc01");
    std::fs::create_dir(&within).expect("a folder");
    let mode = |mode| std::fs::set_permissions(&within, Permissions::from_mode(mode));
    mode(0).expect("changed");
    let arguments = ["bgp", ".", "--events", "--format", "csv"].map(OsStr::new);
    let outcome = Outcome::of(program::outside_without_rights(folder.path(), &arguments)).ended(2);
    mode(0o755).expect("changed");
    let lines: Vec<&str> = outcome.err.lines().filter(|line| line.contains("rrc01")).collect();
    assert!(lines.len() == 1 && lines[0].contains("Permission denied"), "{}", outcome.err);
    assert!(outcome.out.contains("carrier-appeared"), "{}", outcome.out);
}

#[test]
fn needs_names_the_archives_files() {
    let folder = folder();
    let span = "2017-10-01T09:00/2017-10-01T09:10";
    let names = run(folder.path(), &["--needs", span, "--vantage", "rrc00"]).ended(0).out;
    let names: Vec<&str> = names.lines().collect();
    assert_eq!(names[0], "https://data.ris.ripe.net/rrc00/2017.10/bview.20171001.0800.gz");
    assert_eq!(
        names.last(),
        Some(&"https://data.ris.ripe.net/rrc00/2017.10/updates.20171001.0905.gz")
    );
    let names = run(folder.path(), &["--needs", span, "--vantage", "route-views2"]).ended(0).out;
    assert!(
        names.contains("archive.routeviews.org/bgpdata/2017.10/RIBS/rib.20171001.0800.bz2\n"),
        "{names}"
    );
    assert!(names.contains("/UPDATES/updates.20171001.0900.bz2\n"), "{names}");
}
