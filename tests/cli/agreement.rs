//! The summary, the traces file and the hops file tell the same story.
#![expect(clippy::expect_used, reason = "what cannot be read is a failure")]

use std::collections::BTreeMap;

use super::lab::Lab;
use super::sheet::Sheet;

const CLASSES: [&str; 5] = ["china", "russia", "other", "unknown", "unreached"];

#[test]
fn all_counts_agree() {
    let Some(lab) = Lab::near() else { return };
    let how = ["--sample", "6", "--flows", "2", "--method", "both"];
    let files = ["--append", "a.csv", "--traces", "t.csv", "--hops", "h.csv"];
    let run = lab.probe(&[how, files].concat()).ended(0);
    assert_eq!(run.out, lab.read("a.csv"), "stdout has what was appended");
    let (summary, traces, hops) =
        (Sheet::read(&run.out), Sheet::read(&lab.read("t.csv")), Sheet::read(&lab.read("h.csv")));
    let scopes = ["175.45.176.0/22", "175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24"];
    assert_eq!(summary.column("scope")[..4], scopes);
    assert_eq!(summary.column("targets"), ["24", "6", "6", "6", "6"]);
    assert_eq!(traces.rows.len(), 24 * 2 * 2, "targets, flows, methods");
    for (place, scope) in summary.column("scope").into_iter().enumerate() {
        let of = if place == 0 { None } else { Some(scope) };
        agrees(&summary, place, &of.map_or_else(|| all(&traces), |of| traces.with("scope", of)));
    }
    assert_eq!(hops.rows.len(), traces.total("probes"));
    agree_by_trace(&traces, &hops);
    one_run(&[&summary, &traces, &hops]);
}

fn all(sheet: &Sheet) -> Sheet {
    Sheet { header: sheet.header.clone(), rows: sheet.rows.clone() }
}

/// One row of the summary is about these traces.
fn agrees(summary: &Sheet, place: usize, traces: &Sheet) {
    for class in CLASSES {
        let count = traces.with("class", class).rows.len();
        assert_eq!(summary.numbers(class)[place], count, "{class}");
    }
    let counts: usize = CLASSES.iter().map(|class| summary.numbers(class)[place]).sum();
    assert_eq!(counts, traces.rows.len(), "counts add up to the traces");
    assert_eq!(summary.numbers("probes")[place], traces.total("probes"));
    let carriers: usize = summary.column("carriers")[place]
        .split_terminator(';')
        .map(|carrier| carrier.rsplit_once('=').expect("name=count").1)
        .map(|count| count.parse::<usize>().expect("a count"))
        .sum();
    let classified = ["china", "russia", "other"].map(|class| summary.numbers(class)[place]);
    assert_eq!(carriers, classified.iter().sum::<usize>(), "every classified trace has a carrier");
}

/// As many rows of the hops file for each target and flow as its traces sent packets.
fn agree_by_trace(traces: &Sheet, hops: &Sheet) {
    let key = |sheet: &Sheet| -> Vec<(String, String)> {
        let pairs = sheet.column("target").into_iter().zip(sheet.column("flow"));
        pairs.map(|(target, flow)| (target.into(), flow.into())).collect()
    };
    let mut packets: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (trace, probes) in key(traces).into_iter().zip(traces.numbers("probes")) {
        *packets.entry(trace).or_default() += probes;
    }
    let mut rows: BTreeMap<(String, String), usize> = BTreeMap::new();
    for hop in key(hops) {
        *rows.entry(hop).or_default() += 1;
    }
    assert_eq!(rows, packets);
}

fn one_run(sheets: &[&Sheet]) {
    let mut runs: Vec<&str> = sheets.iter().flat_map(|sheet| sheet.column("run_id")).collect();
    runs.dedup();
    assert_eq!(runs.len(), 1, "one run, one id");
    for sheet in sheets {
        let schema = match sheet.header.last().map(String::as_str) {
            Some("rpki" | "contradicted_by") => "3",
            Some("strategy" | "stop_reason") => "2",
            _ => "1",
        };
        assert!(sheet.column("schema").iter().all(|it| *it == schema));
    }
}

#[test]
fn a_run_again_has_another_id_and_the_same_results() {
    let Some(lab) = Lab::near() else { return };
    let run = || {
        let ran = lab.probe(&["175.45.178.52/30"]).ended(0);
        let summary = Sheet::read(&ran.out);
        let what: Vec<String> = ["china", "russia", "carriers", "verdict"]
            .iter()
            .flat_map(|name| summary.column(name))
            .map(str::to_owned)
            .collect();
        (summary.column("run_id")[0].to_owned(), what)
    };
    let (one, other) = (run(), run());
    assert_ne!(one.0, other.0);
    assert_eq!(one.1, other.1, "the same seed, the same flows");
}
