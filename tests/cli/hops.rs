//! Hops of traces that other programs made, written by `classify --hops` and read back.

#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::path::{Path, PathBuf};

use super::lab::{Lab, outside};
use super::sheet::Sheet;

/// All files below `folder`, if it is there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Judges `file`; the summary, the rows of the traces, and those of the hops in this kind of file.
fn judged(file: &Path, arguments: &[&str], hops: &str) -> Option<(String, String, String)> {
    let folder = tempfile::TempDir::new().expect("a folder");
    let [traces, hops] = ["t.csv", hops].map(|name| folder.path().join(name));
    let [file, t, h] = [file, &traces, &hops].map(|path| path.display().to_string());
    let all =
        [&["classify", "-q", "--format", "csv", &file, "--traces", &t, "--hops", &h], arguments];
    let out = outside(&all.concat()).out;
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let traces = read(&traces);
    (traces.lines().count() > 1).then(|| (out, traces, read(&hops)))
}

fn comes_back(file: &Path, arguments: &[&str], kind: &str) -> bool {
    let Some((summary, traces, hops)) = judged(file, arguments, kind) else { return false };
    let folder = tempfile::TempDir::new().expect("a folder");
    let again = folder.path().join(kind);
    std::fs::write(&again, &hops).expect("written");
    let back = judged(&again, arguments, kind).expect("traces");
    let name = file.display();
    assert_eq!(back.1, traces, "{name}: other traces");
    // What could not be read is no longer missing.
    let whole = |summary: &str| summary.replace(",false,", ",true,");
    assert_eq!(whole(&back.0), whole(&summary), "{name}: another summary");
    assert_eq!(back.2, hops, "{name}: other hops");
    true
}

#[test]
fn hops_that_are_read_back_give_the_same_rows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut count = 0;
    for file in files(&folder) {
        let target = file.parent().and_then(Path::file_name).expect("a folder").to_string_lossy();
        let arguments = ["--target", &target];
        let arguments = if target.starts_with("175.") { &arguments[..] } else { &[] };
        let kind = if count % 4 == 0 { "h.jsonl" } else { "h.csv" };
        count += usize::from(comes_back(&file, arguments, kind));
    }
    assert!(count > 90, "{count}");
}

/// With other blocks, to have many traces of all samples.
#[test]
fn hops_of_samples_give_the_same_rows() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples");
    if !samples.is_dir() {
        return super::skip::skip("no samples here");
    }
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("targets.toml");
    let text = std::fs::read_to_string(targets).expect("targets");
    // Known hosts are of their block.
    let text = text.split("[[host]]").next().expect("the rest");
    let folder = tempfile::TempDir::new().expect("a folder");
    let config = folder.path().join("targets.toml");
    for block in ["8.0.0.0/8", "1.0.0.0/8", "175.0.0.0/8", "121.0.0.0/8", "193.0.0.0/8"] {
        std::fs::write(&config, text.replace("175.45.176.0/22", block)).expect("written");
        let config = config.display().to_string();
        assert!(comes_back(&samples, &["-c", &config], "h.csv"), "{block}");
    }
}

#[test]
fn a_run_of_ones_own_comes_back() {
    let Some(lab) = Lab::near() else { return };
    let files = ["--traces", "t.csv", "--hops", "h.csv", "--vantage", "=here", "--method", "both"];
    lab.probe(&[&["175.45.177.10/31"], &files[..]].concat()).ended(0);
    let (_, traces, hops) = judged(&lab.path("h.csv"), &[], "h.csv").expect("traces");
    let before = Sheet::read(&lab.read("t.csv"));
    let after = Sheet::read(&traces);
    assert_eq!(after.rows.len(), before.rows.len());
    for column in
        ["started_at", "vantage", "method", "flow", "target", "class", "last_hop", "stop_reason"]
    {
        assert_eq!(after.column(column), before.column(column), "{column}");
    }
    assert_eq!(
        Sheet::read(&hops).column("address"),
        Sheet::read(&lab.read("h.csv")).column("address")
    );
}

/// Two senders have answered one probe: what is read back says so as well.
#[test]
fn contradictory_answers_come_back() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("own.csv");
    let header = "schema,run_id,target,flow,ttl,attempt,sent_at,address,rtt_ms,icmp_type,icmp_code,reply_ttl,mpls,asn,\
        country,name,vantage,method,trace,stop_reason,contradicted_by\n";
    let row = |ttl, address, icmp, by| {
        format!(
            "3,a,175.45.177.10,0,{ttl},0,2026-01-01T00:00:0{ttl}Z,{address},9.000,{icmp},0,,,,,,v,icmp,1,home,{by}\n"
        )
    };
    let rows = [
        row(1, "62.115.140.213", 11, ""),
        row(2, "188.43.225.153", 11, "129.250.2.1"),
        row(3, "175.45.177.10", 0, ""),
    ];
    std::fs::write(&file, header.to_owned() + &rows.concat()).expect("written");
    for kind in ["h.csv", "h.jsonl"] {
        let (_, traces, hops) = judged(&file, &[], kind).expect("traces");
        let traces = Sheet::read(&traces);
        assert_eq!(traces.column("confidence"), ["low"]);
        let reason = &traces.column("reason")[0];
        let why = "contradictory answers at hop 2, from 188.43.225.153 and 129.250.2.1";
        assert!(reason.contains(why), "{reason}");
        assert_eq!(hops.matches("129.250.2.1").count(), 1, "{hops}");
        assert!(comes_back(&file, &[], kind));
    }
    let whole = std::fs::read_to_string(&file).expect("a file");
    std::fs::write(&file, whole.replace("129.250.2.1", "nobody")).expect("written");
    let out = outside(&["classify", "-v", &file.display().to_string()]);
    assert!(out.err.contains("contradicted_by cannot be read"), "{}", out.err);
}

#[test]
fn files_of_the_first_schema_are_still_read() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("old.csv");
    let text = "schema,run_id,target,flow,ttl,attempt,sent_at,address,rtt_ms,icmp_type,icmp_code,reply_ttl,mpls,asn,country,name\n\
        1,a,175.45.177.10,0,1,0,2026-01-01T00:00:00Z,62.115.140.213,5.000,11,0,,,,,\n\
        1,a,175.45.177.10,0,2,0,2026-01-01T00:00:01Z,188.43.225.153,184.000,11,0,,,,,\n";
    std::fs::write(&file, text).expect("written");
    let (_, traces, hops) = judged(&file, &[], "h.jsonl").expect("traces");
    assert_eq!(Sheet::read(&traces).column("started_at"), ["2026-01-01T00:00:00.000000Z"]);
    assert!(hops.starts_with("{\"schema\":3,"), "{hops}");
}
