//! Ctrl-C: what was measured is written, marked incomplete, and the exit code is 130.

use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGTERM};

use super::lab::Lab;
use super::running::Running;
use super::sheet::Sheet;

const FILES: [&str; 6] = ["--append", "a.csv", "--traces", "t.csv", "--hops", "h.csv"];

#[test]
fn what_was_measured_is_written() {
    let Some(lab) = Lab::near() else { return };
    for signal in [SIGINT, SIGTERM] {
        let _ = std::fs::remove_file(lab.path("a.csv"));
        let run = Running::start(&lab, "200", &FILES);
        run.await_packets(60);
        run.signal(signal);
        let ended = run.end().ended(130);
        assert_eq!(ended.err, "", "{signal}");
        assert_eq!(ended.out, lab.read("a.csv"), "{signal}");
        is_incomplete_and_right(&lab, &Sheet::read(&ended.out));
    }
}

/// A terminal that goes away, as by ssh, ends a run in the same order.
#[test]
fn what_was_measured_is_written_when_the_terminal_goes_away() {
    let Some(lab) = Lab::near() else { return };
    let run = Running::start(&lab, "200", &FILES);
    run.await_packets(60);
    run.signal(SIGHUP);
    let ended = run.end().ended(130);
    assert_eq!(ended.out, lab.read("a.csv"));
    is_incomplete_and_right(&lab, &Sheet::read(&ended.out));
}

/// As behind `&` in a script, and behind nohup.
#[test]
fn what_was_ignored_at_the_start_stays_ignored() {
    let Some(lab) = Lab::near() else { return };
    for signal in ["INT", "HUP"] {
        let script = format!(
            "rm -f t.csv; (trap '' {signal}; exec $LASTHOP probe $QUICK --sample 8 --traces t.csv) & \
             while [ ! -e t.csv ]; do :; done; kill -{signal} $!; wait $!"
        );
        let run = lab.shell(&script).ended(0);
        let summary = Sheet::read(&run.out);
        assert!(summary.column("complete").iter().all(|cell| *cell == "true"), "{}", run.out);
    }
}

fn is_incomplete_and_right(lab: &Lab, summary: &Sheet) {
    assert!(summary.column("complete").iter().all(|complete| *complete == "false"));
    let (traces, hops) = (Sheet::read(&lab.read("t.csv")), Sheet::read(&lab.read("h.csv")));
    assert!(!traces.rows.is_empty() && traces.rows.len() < 1024, "{}", traces.rows.len());
    assert!(traces.column("stop_reason").contains(&"interrupted"));
    let probes = summary.numbers("probes")[0];
    assert!(probes >= 60, "{probes}");
    assert_eq!(hops.rows.len(), probes);
    let counts = ["china", "russia", "other", "unknown", "unreached"];
    let counted: usize = counts.iter().map(|class| summary.numbers(class)[0]).sum();
    assert_eq!(counted, traces.rows.len());
}

#[test]
fn one_trace_cut_off_is_no_outage() {
    let Some(lab) = Lab::near() else { return };
    let run = Running::start(&lab, "2", &["175.45.177.10", "--format", "json"]);
    run.await_packets(1);
    run.signal(SIGINT);
    let ended = run.end().ended(130);
    assert!(ended.out.contains("\"complete\":false"), "{}", ended.out);
}

/// The lab gets a terminal's Ctrl-C too, and stays until its program has ended.
#[test]
fn the_lab_waits() {
    let Some(lab) = Lab::near() else { return };
    let run = Running::start(&lab, "200", &[]);
    run.await_packets(20);
    run.signal_all(SIGINT);
    let ended = run.end().ended(130);
    let summary = Sheet::read(&ended.out);
    assert!(summary.column("complete").iter().all(|cell| *cell == "false"), "{}", ended.out);
}

/// A table says it in words.
#[test]
fn people_are_told_too() {
    let Some(lab) = Lab::near() else { return };
    let run = Running::start(&lab, "200", &["--format", "table"]);
    run.await_packets(20);
    run.signal(SIGINT);
    let ended = run.end().ended(130);
    assert!(ended.out.lines().next().is_some_and(|line| line.ends_with("(INCOMPLETE)")));
}
