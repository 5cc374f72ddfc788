//! Every exit code of the table, at its plainest. Code 2 has many causes: `bad_input` has them.

use super::lab::{Lab, outside};
use super::sheet::Sheet;

#[test]
fn zero_when_something_was_classified() {
    let Some(lab) = Lab::near() else { return };
    let run = lab.probe(&["175.45.177.10"]).ended(0);
    assert_eq!(Sheet::read(&run.out).column("verdict"), ["russia", "russia"]);
    outside(&["owner", "188.43.225.153"]).ended(0);
}

#[test]
fn one_when_nothing_could_be_classified() {
    let Some(lab) = Lab::near() else { return };
    let run = lab.probe(&["175.45.179.0/31"]).ended(1);
    let summary = Sheet::read(&run.out);
    assert_eq!(summary.column("verdict"), ["unreached", "unreached"]);
    for name in ["china_share", "china_low", "china_high", "carriers", "rtt_ms"] {
        assert_eq!(summary.column(name), ["", ""], "{name}: nothing was classified");
    }
    outside(&["owner", "10.0.0.1"]).ended(1);
}

#[test]
fn one_without_a_network() {
    let Some(lab) = Lab::near() else { return };
    let run = lab.shell("ip route del default && $LASTHOP probe 175.45.177.10");
    run.refused(1, &["no route to 175.45.177.10", "connect to a network"]);
}

#[test]
fn two_for_bad_usage() {
    outside(&["owner"]).refused(2, &["<ADDRESS>"]);
    outside(&[]).refused(2, &["Usage: lasthop"]);
    outside(&["trace"]).refused(2, &["unrecognized subcommand 'trace'", "--help"]);
}

#[test]
fn a_deadline_is_an_end_in_order_and_not_complete() {
    let Some(lab) = Lab::scenario("prohibited") else { return };
    let run = lab.lasthop(&["probe", "--rate", "300", "--deadline", "1.5"]).ended(0);
    assert!(Sheet::read(&run.out).column("complete").iter().all(|complete| *complete == "false"));
}
