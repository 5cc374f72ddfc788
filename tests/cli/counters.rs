//! How many packets a run sends, by the count of the lab's only way.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use super::lab::{Lab, QUICK};
use super::outcome::Outcome;
use super::sheet::Sheet;

/// A run between two looks at the device.
const WATCHED: &str = "cat /proc/net/dev > before; $LASTHOP probe \"$@\"; code=$?; \
    cat /proc/net/dev > after; exit $code";

/// Runs `lasthop probe` inside, and counts the packets that left.
pub(crate) fn watched(lab: &Lab, arguments: &[&str]) -> (Outcome, u64) {
    let run = lab.shell_with(WATCHED, arguments);
    let sent = |name| sent(&lab.read(name)).expect("the lab's device");
    let packets = sent("after") - sent("before");
    (run, packets)
}

/// The packets that left through the device to the simulated internet, by `/proc/net/dev`.
pub(crate) fn sent(devices: &str) -> Option<u64> {
    let line = devices.lines().find_map(|line| line.trim().strip_prefix("lasthop0:"))?;
    line.split_ascii_whitespace().nth(9)?.parse().ok()
}

#[test]
fn every_packet_is_accounted_for() {
    let Some(lab) = Lab::near() else { return };
    // Nobody there accepts a connection.
    for method in ["icmp", "udp", "tcp"] {
        let run = ["175.45.177.8/30", "--method", method];
        let (run, packets) = watched(&lab, &[&run, &QUICK[..]].concat());
        let probes = Sheet::read(&run.ended(0).out).column("probes")[0].to_owned();
        assert_eq!(probes, packets.to_string(), "{method}");
    }
}

#[test]
fn a_dry_run_sends_nothing() {
    let Some(lab) = Lab::near() else { return };
    let (run, packets) = watched(&lab, &["--dry-run"]);
    assert_eq!((run.ended(0).err.as_str(), packets), ("", 0));
}
