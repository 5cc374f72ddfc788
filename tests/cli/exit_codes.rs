//! Every exit code of the table, at its plainest. Code 2 has many causes: `bad_input` has them.

use super::lab::{Lab, outside};
use super::sheet::Sheet;
use super::skip::has;

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
fn eight_without_a_network_and_no_empty_file_is_left_behind() {
    let Some(lab) = Lab::near() else { return };
    let files = "--append a.csv --traces t.csv --hops h.csv";
    let run = lab.shell(&format!("ip route del default && $LASTHOP probe 175.45.177.10 {files}"));
    run.refused(8, &["no route to 175.45.177.10", "connect to a network"]);
    for name in ["a.csv", "t.csv", "h.csv"] {
        assert!(!lab.path(name).exists(), "{name} is left behind");
    }
    lab.write("a.csv", "");
    let run = lab.shell(&format!("ip route del default && $LASTHOP ping 175.45.177.10 {files}"));
    run.refused(2, &["--traces"]);
    let run = lab.shell("ip route del default && $LASTHOP ping 175.45.177.10 --append a.csv");
    run.refused(8, &["no route to 175.45.177.10"]);
    assert_eq!(lab.read("a.csv"), "", "what was there stays");
}

/// The vantage's own router answers, and nothing behind it.
#[test]
fn eight_where_nothing_outside_the_vantages_network_answers() {
    let Some(lab) = Lab::scenario("dead-uplink") else { return };
    let run =
        lab.lasthop(&["probe", "--rate", "2000", "--sample", "4", "--append", "a.csv"]).ended(8);
    let summary = Sheet::read(&run.out);
    for (name, cell) in [("verdict", "unknown"), ("way_out", "false"), ("complete", "false")] {
        assert!(summary.column(name).iter().all(|found| *found == cell), "{name}: {}", run.out);
    }
    assert_eq!(summary.total("unreached"), 0);
    let remarks: Vec<&str> = run.err.lines().filter(|line| line.contains("way out")).collect();
    assert_eq!(remarks.len(), 1, "{}", run.err);
    assert_eq!(lab.read("a.csv"), run.out);
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

/// Before the first packet, over whatever sockets.
#[test]
fn two_for_an_address_that_cannot_be_sent_from() {
    let Some(lab) = Lab::near() else { return };
    for wire in ["auto", "user", "raw"] {
        for (source, why) in [
            ("127.0.0.1", "loopback"),
            ("224.0.0.1", "cannot send from 224.0.0.1"),
            ("255.255.255.255", "cannot send from 255.255.255.255"),
            ("198.51.100.9", "cannot send from 198.51.100.9"),
        ] {
            for command in ["probe", "ping"] {
                let arguments = [command, "175.45.177.10", "--wire", wire, "--source", source];
                lab.lasthop(&arguments).refused(2, &[why]);
            }
        }
    }
}

/// The address changes in the middle of a run, as by DHCP or a VPN: what then finds no answer is no outage.
#[test]
fn a_vantage_that_moves_makes_an_incomplete_run() {
    let Some(lab) = Lab::near().filter(|_| has("ip")) else { return };
    let script = "device=$(ip -o route get 175.45.177.10 | sed 's/.* dev \\([^ ]*\\).*/\\1/'); \
        $LASTHOP probe --rate 300 --sample 100 --traces t.csv & \
        while [ ! -e t.csv ]; do :; done; sleep 0.5; \
        ip addr add 192.168.1.99/24 dev $device; \
        ip route replace default via 192.168.1.1 dev $device src 192.168.1.99; wait $!";
    let run = lab.shell(script);
    let summary = Sheet::read(&run.out);
    assert!(summary.column("doubts").iter().all(|doubts| doubts.contains("moved")), "{run:?}");
    assert!(summary.column("complete").iter().all(|cell| *cell == "false"), "{run:?}");
    assert!(run.err.contains("address to send from changed"), "{}", run.err);
}
