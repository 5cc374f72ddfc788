//! Every output format, to the letter but for what differs from run to run.

use insta::assert_snapshot;

use super::lab::{Lab, outside};
use super::normal;
use super::sheet::Sheet;

/// Both carriers, both balanced, one prefix that is cut off.
const TARGETS: [&str; 4] =
    ["175.45.176.8/30", "175.45.177.8/30", "175.45.178.48/29", "175.45.179.0/31"];

fn probe(lab: &Lab, arguments: &[&str]) -> String {
    lab.probe(&[&TARGETS[..], &["--vantage", "here, or there"], arguments].concat()).ended(0).out
}

#[test]
fn csv() {
    let Some(lab) = Lab::near() else { return };
    let summary = probe(&lab, &["--traces", "t.csv", "--hops", "h.csv"]);
    assert_snapshot!("summary.csv", normal::csv(&summary));
    assert_snapshot!("traces.csv", normal::csv(&lab.read("t.csv")));
    assert_snapshot!("hops.csv", normal::csv(&first_tries(&lab.read("h.csv"))));
}

/// One row for each TTL up to the home hop: how often silence is asked again may differ.
fn first_tries(hops: &str) -> String {
    let first = |line: &&str| {
        let cells: Vec<&str> = line.split(',').collect();
        cells[2] == "target" || cells[2] == "175.45.176.8" && cells[5] == "0"
    };
    hops.lines().filter(first).take(7).collect::<Vec<_>>().join("\n")
}

#[test]
fn json() {
    let Some(lab) = Lab::near() else { return };
    let files = ["--traces", "t.jsonl", "--hops", "h.jsonl", "--format", "json"];
    assert_snapshot!("summary.json", normal::json(&probe(&lab, &files)));
    let of = |name: &str, words: &[&str]| {
        let text = lab.read(name);
        let lines = text.lines().filter(|line| words.iter().all(|word| line.contains(word)));
        normal::json(&lines.collect::<Vec<_>>().join("\n"))
    };
    let target = "\"target\":\"175.45.177.10\"";
    assert_snapshot!("traces.jsonl", of("t.jsonl", &[target]));
    let first = "\"attempt\":0,";
    let hops = of("h.jsonl", &[target, first]);
    assert_snapshot!("hops.jsonl", hops.lines().take(6).collect::<Vec<_>>().join("\n"));
}

/// The short form, before the command and behind it.
#[test]
fn json_in_short() {
    let long = outside(&["owner", "103.35.255.254", "--format", "json"]).ended(0).out;
    for short in
        [&["owner", "103.35.255.254", "--json"][..], &["--json", "owner", "103.35.255.254"]]
    {
        assert_eq!(outside(short).ended(0).out, long, "{short:?}");
    }
    for both in [
        &["owner", "103.35.255.254", "--json", "--format", "csv"][..],
        &["--json", "owner", "103.35.255.254", "--format", "csv"],
        &["--format", "csv", "owner", "103.35.255.254", "--json"],
    ] {
        outside(both).refused(2, &["--json", "cannot be used with", "--format"]);
    }
}

/// The hops of each trace with their owners, in place of the summary.
#[test]
fn explained() {
    let Some(lab) = Lab::near() else { return };
    let targets = ["175.45.177.8", "175.45.179.0"];
    let probe =
        |more: &[&str]| lab.probe(&[&targets[..], &["--explain"], more].concat()).ended(0).out;
    let text = probe(&[]);
    assert!(
        text.starts_with("SIMULATED: traces of the lab\n\n175.45.177.8 by icmp: russia, "),
        "{text}"
    );
    assert!(text.contains("\n>   "), "the last foreign hop is marked: {text}");
    assert!(text.contains("175.45.179.0 by icmp: unreached, "), "{text}");
    let rows = Sheet::read(&probe(&["--format", "csv"]));
    assert_eq!(rows.column("target"), targets);
    assert_eq!(rows.column("file"), ["", ""]);
    assert_eq!(rows.column("line"), ["", ""]);
    assert!(rows.column("hops")[0].contains("TransTeleCom"), "{rows:?}");
    assert_eq!(probe(&["--json"]).lines().count(), 2);
    let taken = lab.probe(&["175.45.177.8", "--explain", "--hops", "-"]);
    taken.refused(2, &["--explain", "--hops"]);
}

#[test]
fn table() {
    let Some(lab) = Lab::near() else { return };
    assert_snapshot!("summary.table", normal::table(&probe(&lab, &["--format", "table"])));
}

#[test]
fn dry_run() {
    let Some(lab) = Lab::near() else { return };
    let told = |arguments: &[&str]| {
        lab.lasthop(&[&["probe", "--dry-run"], arguments].concat()).ended(0).out
    };
    assert_snapshot!(told(&[]), @"would trace 1024 addresses of 175.45.176.0/22 by icmp: 1024 traces, 16 of them completely, some 2176 to 6448 packets, never more than 245760, at most 200 packets/s");
    let more = ["--sample", "2", "--flows", "2", "--method", "both", "--rate", "0"];
    assert_snapshot!(told(&more), @"would trace 8 addresses of 175.45.176.0/22 by both: 32 traces, 32 of them completely, some 320 to 800 packets, never more than 7680, without a limit");
}

#[test]
fn list_of_scenarios() {
    assert_snapshot!("lab_list", outside(&["lab", "--list"]).ended(0).out);
}
