//! `probe --arrive` and `--history`: proof that packets arrive, and what earlier runs have shown.

use std::fs;

use tempfile::TempDir;

use super::outcome::Outcome;
use super::program;
use super::sheet::Sheet;

fn census(folder: &TempDir, arguments: &[&str]) -> Outcome {
    let lab = ["--virtual", "--scenario", "census", "probe", "--seed", "7"];
    Outcome::of(program::lab(folder.path(), &[&lab, arguments].concat()))
}

/// The host of targets.toml answers TCP port 80 alone. A few targets do not prove arrival by themselves.
const FEW: [&str; 4] = ["175.45.176.1", "175.45.176.2", "--traces", "t.csv"];

#[test]
fn a_known_host_is_asked_first_and_traced_by_what_it_answers_to() {
    let folder = TempDir::new().expect("a folder");
    let read = || Sheet::read(&fs::read_to_string(folder.path().join("t.csv")).expect("written"));
    let without = Sheet::read(&census(&folder, &FEW).ended(0).out);
    assert_eq!((without.numbers("targets")[0], without.numbers("proven")[0]), (2, 0));
    assert_eq!(read().column("confidence"), ["medium", "medium"]);

    let run = census(&folder, &[&FEW[..], &["--arrive", "-v"]].concat()).ended(0);
    assert!(run.err.contains("1 hosts asked with 2 packets, 1 live"), "{}", run.err);
    let summary = Sheet::read(&run.out);
    assert_eq!((summary.numbers("targets")[0], summary.numbers("proven")[0]), (3, 3));
    let traces = read();
    assert_eq!(traces.column("target"), ["175.45.176.1", "175.45.176.2", "175.45.176.71"]);
    assert_eq!(traces.column("method"), ["icmp", "icmp", "tcp"]);
    assert_eq!(traces.column("confidence"), ["high", "high", "high"]);
    assert_eq!(traces.column("reached"), ["false", "false", "true"]);
}

/// The box of 179 accepts connections for every address, and proves nothing.
#[test]
fn a_census_asks_all_targets_and_believes_no_box() {
    let folder = TempDir::new().expect("a folder");
    let arguments = ["--sample", "1", "--arrive", "census", "-v", "--traces", "t.csv"];
    let run = census(&folder, &arguments).ended(0);
    assert!(run.err.contains("1024 hosts asked"), "{}", run.err);
    assert!(
        run.err.contains("255 targets answer in a way that cannot be their own"),
        "{}",
        run.err
    );
    let traces = fs::read_to_string(folder.path().join("t.csv")).expect("written");
    let traces = Sheet::read(&traces);
    let reached = traces.column("reached").into_iter().filter(|it| *it == "true").count();
    // All that live but the one that answers datagrams alone.
    assert_eq!(reached, 11);
    let boxed = traces.column("method").into_iter().zip(traces.column("scope"));
    assert_eq!(boxed.filter(|it| *it == ("tcp", "175.45.179.0/24")).count(), 0);
}

#[test]
fn an_earlier_run_names_borders_and_hosts() {
    let folder = TempDir::new().expect("a folder");
    census(&folder, &["175.45.177.1", "175.45.179.1", "--traces", "old.csv"]).ended(0);
    let few = ["175.45.179.77", "--traces", "t.csv"];
    let confidence = || {
        let traces = fs::read_to_string(folder.path().join("t.csv")).expect("written");
        let traces = Sheet::read(&traces);
        (traces.column("confidence")[0].to_owned(), traces.column("reason")[0].to_owned())
    };
    census(&folder, &few).ended(0);
    assert_eq!(confidence().0, "low");
    let run = census(&folder, &[&few[..], &["--history", "old.csv", "-v"]].concat()).ended(0);
    assert!(run.err.contains("old.csv: 2 borders, 2 hosts"), "{}", run.err);
    let (level, reason) = confidence();
    assert_eq!(level, "medium");
    assert!(reason.contains("a known border of China Unicom (20"), "{reason}");
    // And with the host that lived then, asked again.
    census(&folder, &[&few[..], &["--history", "old.csv", "--arrive"]].concat()).ended(0);
    assert_eq!(confidence().0, "high");
}

/// Of several files the one that saw a border last says when that was.
#[test]
fn the_latest_of_several_files_dates_a_border() {
    let folder = TempDir::new().expect("a folder");
    census(&folder, &["175.45.177.1", "175.45.179.1", "--traces", "new.csv"]).ended(0);
    let new = fs::read_to_string(folder.path().join("new.csv")).expect("written");
    let day = Sheet::read(&new).column("started_at")[0][..10].to_owned();
    fs::write(folder.path().join("old.csv"), new.replace(&day, "2020-02-01")).expect("written");
    for files in [["old.csv", "new.csv"], ["new.csv", "old.csv"]] {
        let [one, other] = files;
        let asked = ["175.45.179.77", "--history", one, "--history", other, "--traces", "t.csv"];
        census(&folder, &asked).ended(0);
        let traces = fs::read_to_string(folder.path().join("t.csv")).expect("written");
        let reason = Sheet::read(&traces).column("reason")[0].to_owned();
        assert!(reason.contains(&format!("({day}")), "{files:?}: {reason}");
    }
}

#[test]
fn what_is_no_evidence_is_refused_and_a_broken_row_is_left_out() {
    let folder = TempDir::new().expect("a folder");
    let write = |text: &str| fs::write(folder.path().join("h.csv"), text).expect("written");
    let asked = ["175.45.179.77", "--history", "h.csv", "-v"];
    census(&folder, &["175.45.177.1", "--append", "h.csv"]).ended(0);
    census(&folder, &asked).refused(2, &["h.csv:1: no evidence of earlier runs"]);
    write("");
    census(&folder, &asked).refused(2, &["h.csv:1: no evidence of earlier runs"]);
    census(&folder, &["175.45.177.1", "--traces", "t.csv"]).ended(0);
    let traces = fs::read_to_string(folder.path().join("t.csv")).expect("written");
    write(&format!("{traces}torn,row\n{}", traces.replace(",175.45.177.1,", ",nowhere,")));
    let run = census(&folder, &asked).ended(0);
    assert!(run.err.contains("h.csv: 2 rows left out"), "{}", run.err);
    assert!(run.err.contains("h.csv: 1 borders, 1 hosts"), "{}", run.err);
    // Rows of the lab are no evidence for a real run, nor the other way round.
    write(&traces.replace("lab:census", "here"));
    let run = census(&folder, &asked).ended(0);
    assert!(run.err.contains("h.csv: 0 borders, 0 hosts"), "{}", run.err);
}

#[test]
fn a_dry_run_says_what_it_would_ask() {
    let folder = TempDir::new().expect("a folder");
    let said = census(&folder, &["--dry-run", "--arrive"]).ended(0).out;
    assert!(said.contains("would ask 1 hosts with up to 3 packets each, some 3, and"), "{said}");
    assert!(said.contains("at most 1, with some 10 to 25 packets"), "{said}");
    // A sample of the targets is traced, and all are asked.
    for sample in [&[][..], &["--sample", "2"]] {
        let arguments = [&["--dry-run", "--arrive", "census"], sample].concat();
        let said = census(&folder, &arguments).ended(0).out;
        assert!(
            said.contains("would ask 1024 hosts with up to 3 packets each, some 3072"),
            "{said}"
        );
        assert!(said.contains("at most 64, with some 640 to 1600 packets"), "{said}");
    }
}
