//! Traceroutes made elsewhere, judged: streams, counts, exit codes.

#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::io::Write as _;
use std::process::Stdio;

use insta::assert_snapshot;

use super::columns;
use super::lab::{Lab, outside};
use super::outcome::Outcome;
use super::sheet::Sheet;

/// A result of a RIPE Atlas probe, towards `target`, by the router that is named last.
fn atlas(probe: u32, target: &str, last: &str) -> String {
    format!(
        "{{\"fw\":5020,\"type\":\"traceroute\",\"af\":4,\"proto\":\"ICMP\",\"paris_id\":1,\"prb_id\":{probe},\
         \"timestamp\":1764500000,\"from\":\"193.0.0.{}\",\"dst_addr\":\"{target}\",\"result\":[\
         {{\"hop\":1,\"result\":[{{\"from\":\"192.168.1.1\",\"ttl\":64,\"size\":76,\"rtt\":1.1}}]}},\
         {{\"hop\":2,\"result\":[{{\"from\":\"4.69.140.30\",\"ttl\":62,\"size\":76,\"rtt\":9.5}}]}},\
         {{\"hop\":3,\"result\":[{{\"from\":\"{last}\",\"ttl\":60,\"size\":76,\"rtt\":120.25}}]}},\
         {{\"hop\":4,\"result\":[{{\"x\":\"*\"}}]}},{{\"hop\":5,\"result\":[{{\"x\":\"*\"}}]}}]}}\n",
        probe % 250
    )
}

const TTK: &str = "188.43.225.153";
const UNICOM: &str = "219.158.39.42";

fn many() -> String {
    let russian = (1..=6).map(|probe| atlas(probe, "175.45.177.10", TTK));
    let chinese = (7..=8).map(|probe| atlas(probe, "175.45.176.10", UNICOM));
    russian.chain(chinese).collect()
}

/// Judges a file with these contents.
fn classify(name: &str, bytes: impl AsRef<[u8]>, arguments: &[&str]) -> Outcome {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join(name);
    std::fs::write(&file, bytes).expect("written");
    let file = file.display().to_string();
    outside(&[&["classify", file.as_str()], arguments].concat())
}

#[test]
fn the_summary_is_that_of_a_measurement() {
    let run = classify("a.json", many(), &[]).ended(0);
    assert_eq!(run.out.lines().next(), Some(columns::SUMMARY));
    let sheet = Sheet::read(&run.out);
    assert_eq!(sheet.column("scope"), ["175.45.176.0/22", "175.45.176.0/24", "175.45.177.0/24"]);
    assert_eq!(sheet.column("verdict"), ["mixed", "china", "russia"]);
    assert_eq!(sheet.column("russia"), ["6", "0", "6"]);
    assert_eq!(sheet.column("russia_share"), ["0.5000", "0.0000", "1.0000"]);
    assert!(run.err.contains("8 read, 8 used, 0 refused"), "{}", run.err);
}

#[test]
fn the_same_traces_give_the_same_bytes() {
    let runs = [classify("a.json", many(), &[]), classify("b.json", many(), &[])];
    assert_eq!(runs[0].out, runs[1].out);
}

#[test]
fn every_packing_is_undone() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(many().as_bytes()).expect("packed");
    let plain = classify("a", many(), &["-q"]).ended(0).out;
    assert_eq!(classify("a", gzip.finish().expect("packed"), &["-q"]).ended(0).out, plain);
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(many().as_bytes()).expect("packed");
    assert_eq!(classify("a", bzip2.finish().expect("packed"), &["-q"]).ended(0).out, plain);
}

#[test]
fn what_is_not_ours_is_refused_and_what_is_broken_is_passed_over() {
    let strange = atlas(9, "8.8.8.8", TTK);
    let text = format!("{}{strange}{{\"fw\": oops}}\n", many());
    let run = classify("a.json", &text, &["-v"]).ended(0);
    assert!(run.err.contains("a.json:9: 8.8.8.8 is outside the block"), "{}", run.err);
    assert!(run.err.contains("a.json:10: broken: "), "{}", run.err);
    let counts =
        "10 read, 8 used, 1 refused (destination outside 175.45.176.0/22), 0 left out, 1 broken";
    assert!(run.err.contains(counts), "{}", run.err);
    assert_eq!(Sheet::read(&run.out).column("complete")[0], "false");
}

#[test]
fn nothing_of_ours_is_not_nothing_at_all() {
    let run = classify("a.json", atlas(9, "8.8.8.8", TTK), &[]).ended(1);
    assert!(run.err.contains("1 refused"), "{}", run.err);
    classify("a.json", "how do you do\n", &[]).refused(2, &["a.json", "not recognised", "--from"]);
    classify("a.json", "", &["--from", "atlas"]).refused(2, &["no traceroute in it"]);
    outside(&["classify", "no-such-file"]).refused(2, &["no-such-file", "check the name"]);
    outside(&["classify", "--from", "telepathy"]).refused(2, &["telepathy", "atlas"]);
}

#[test]
fn a_vantage_has_rows_of_its_own() {
    let run = classify("a.json", many(), &["--by", "vantage"]).ended(0);
    let sheet = Sheet::read(&run.out);
    assert_eq!(sheet.column("vantage").iter().filter(|name| **name == "7").count(), 2);
    assert_eq!(sheet.rows.len(), 3 + 8 * 2);
    let run = classify("a.json", many(), &["--by", "country"]).ended(0);
    assert_eq!(Sheet::read(&run.out).column("vantage")[3..], ["NL"; 3]);
}

#[test]
fn an_explanation_names_what_decided() {
    let text = classify("a.json", many(), &["--explain"]).ended(0).out;
    for words in [
        "a.json:1: 175.45.177.10: russia, low confidence",
        "> 3  188.43.225.153    120.2 ms  russia TransTeleCom RU [registered-prefix]",
        "decided   the last foreign hop 188.43.225.153 is held by TransTeleCom",
        "a single hop behind 4.69.140.30 of another class",
        "others    traces of 175.45.177.0/24: 6 end at 188.43.225.153",
    ] {
        let found = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(found.contains(&words), "no `{words}` in: {text}");
    }
}

/// Traces in the shape in which they were published in 2019, 2022 and 2025, and one that dies early.
const PUBLISHED: &str = "\
traceroute to 175.45.176.80 (175.45.176.80), 64 hops max, 40 byte packets
 1  192.168.1.1  0.512 ms
 2  4.69.140.30  9.100 ms
 3  219.158.102.214  165.200 ms
 4  219.158.3.1  185.000 ms
 5  *
 6  219.158.39.42  221.300 ms !X
 7  *
 8  *
 9  219.158.39.42  221.900 ms !X

traceroute to 175.45.177.10 (175.45.177.10), 30 hops max, 60 byte packets
 1  192.168.1.1  0.612 ms
 2  62.115.140.213  9.300 ms
 3  217.150.55.21  120.000 ms
 4  10.99.99.9  150.900 ms
 5  188.43.225.153  186.400 ms
 6  *
 7  *
 8  *
 9  175.45.177.10  189.200 ms
10  175.45.177.10  193.100 ms

traceroute to 175.45.177.11 (175.45.177.11), 30 hops max, 60 byte packets
 1  192.168.1.1  0.604 ms
 2  62.115.140.213  9.200 ms
 3  *
 4  *
 5  *
";

#[test]
fn published_traces_are_explained() {
    let run = classify("t.txt", PUBLISHED, &["--explain", "-q"]).ended(0);
    let folder = run.out.split("t.txt").next().unwrap_or_default().to_owned();
    assert_snapshot!("explain", run.out.replace(&folder, ""));
}

#[test]
fn rows_for_each_vantage_follow_those_of_all() {
    let run = classify("a.json", many(), &["--by", "vantage", "--format", "table", "-q"]).ended(0);
    let head: Vec<&str> = run.out.lines().take(16).collect();
    assert_snapshot!("by_vantage", head.join("\n"));
}

/// Six vantages that agree are six observations, whatever else is in the file: 6 / (6 + 3.8415).
#[test]
fn several_vantages_are_the_units_of_an_interval_that_a_seed_repeats() {
    let run = |arguments: &[&str]| classify("a.json", many(), arguments).ended(0).out;
    let sheet = Sheet::read(&run(&["-q"]));
    assert_eq!(sheet.column("russia_low")[2], "0.6097");
    assert_eq!(sheet.column("china_low")[1], "0.3424");
    assert_eq!(run(&["-q"]), run(&["-q", "--seed", "0"]));
}

#[test]
fn what_was_measured_here_is_judged_the_same_again() {
    let Some(lab) = Lab::near() else { return };
    let files = ["175.45.176.8/30", "175.45.177.8/30", "--hops", "h.csv", "-q"];
    let measured = Sheet::read(&lab.probe(&files).ended(0).out);
    let judged = lab.lasthop(&["classify", "h.csv", "-q"]).ended(0);
    let judged = Sheet::read(&judged.out);
    for column in ["scope", "targets", "china", "russia", "verdict", "carriers", "rtt_ms", "probes"]
    {
        assert_eq!(judged.column(column), measured.column(column), "{column}");
    }
}

#[test]
fn stdin_is_read_without_a_file() {
    let Some(lab) = Lab::near() else { return };
    let mut command = lab.command(super::program::name());
    command.args(["classify", "-q"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.stderr(Stdio::piped()).spawn().expect("begun");
    let mut stdin = running.stdin.take().expect("a pipe");
    stdin.write_all(many().as_bytes()).expect("written");
    drop(stdin);
    let run = Outcome::read(running.wait_with_output().expect("ended")).ended(0);
    assert_eq!(Sheet::read(&run.out).column("verdict"), ["mixed", "china", "russia"]);
}
