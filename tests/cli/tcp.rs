//! Traces by TCP, with raw sockets and without privileges: who answers, by which port, and what is sent.

use super::counters::watched;
use super::lab::Lab;
use super::sheet::Sheet;

/// Four hosts right behind a border: one accepts port 80, one accepts 443 and drops 80, one refuses both,
/// and one drops both.
const HOSTS: &str = r#"
about = "Hosts that answer by TCP"
vantage = "192.168.1.77"

[[route]]
to = "175.45.177.0/24"
hosts = ["175.45.177.8", "175.45.177.9", "175.45.177.10", "175.45.177.11"]

  [[route.path]]
  hops = ["192.168.1.1 2", "62.115.136.200 16", "188.43.28.9 30", "188.43.225.153 33"]
  end = "hosts 36"
  class = "russia"
  last_hop = "188.43.225.153"

[host."175.45.177.8"]
open = [80]

[host."175.45.177.9"]
open = [443]
filtered = [80]

[host."175.45.177.11"]
filtered = [80, 443]

[router."62.115.136.200"]
mpls = [300112, 24]
"#;
const HOW: [&str; 8] =
    ["--method", "tcp", "--strategy", "full", "--rate", "1000", "--timeout", "0.4"];

fn lab() -> Option<Lab> {
    let lab = Lab::scenario("hosts.toml")?;
    lab.write("hosts.toml", HOSTS);
    Some(lab)
}

/// Which targets answered themselves, in the order of their addresses.
fn reached(lab: &Lab, arguments: &[&str]) -> Vec<String> {
    let run = ["probe", "175.45.177.8/30", "-q", "--traces", "t.csv"];
    let run = lab.lasthop(&[&run, &HOW[..], arguments].concat()).ended(0);
    let summary = Sheet::read(&run.out);
    assert_eq!((summary.column("method")[0], summary.column("verdict")[0]), ("tcp", "russia"));
    let traces = Sheet::read(&lab.read("t.csv"));
    assert_eq!(traces.column("last_hop"), ["188.43.225.153"; 4]);
    let last = |target: &str| target.rsplit('.').next().and_then(|octet| octet.parse::<u8>().ok());
    let (targets, reached) = (traces.column("target"), traces.column("reached"));
    let mut rows: Vec<_> = targets.into_iter().map(last).zip(reached).collect();
    rows.sort_unstable();
    rows.into_iter().map(|(_, reached)| reached.to_owned()).collect()
}

#[test]
fn the_ports_are_tried_one_after_the_other() {
    let Some(lab) = lab() else { return };
    for wire in ["raw", "user"] {
        let by = |ports: &[&str]| reached(&lab, &[&["--wire", wire], ports].concat());
        assert_eq!(by(&[]), ["true", "true", "true", "false"], "{wire}");
        assert_eq!(by(&["--port", "80"]), ["true", "false", "true", "false"], "{wire}");
        assert_eq!(by(&["--port", "81"]), ["true", "true", "true", "true"], "{wire}");
    }
}

/// A connection that the target accepts is reset: nothing else is sent on it.
#[test]
fn one_reset_answers_an_acceptance_and_nothing_a_refusal() {
    let Some(lab) = lab() else { return };
    for (wire, most) in [("raw", 3), ("user", 1)] {
        for (target, open) in [("175.45.177.8", true), ("175.45.177.10", false)] {
            let how = [&[target, "--wire", wire, "--port", "80"], &HOW[..]].concat();
            let (run, packets) = watched(&lab, &how);
            let probes = Sheet::read(&run.ended(0).out).numbers("probes")[0];
            let resets = usize::try_from(packets).unwrap_or_default() - probes;
            let expected = if open { 1..=most } else { 0..=0 };
            assert!(expected.contains(&resets), "{target} by {wire}: {packets} for {probes}");
        }
    }
}

#[test]
fn ports_are_for_tcp_and_flows_have_an_end() {
    let Some(lab) = lab() else { return };
    let refused = |arguments: &[&str], words: &[&str]| {
        lab.lasthop(&[&["probe", "175.45.177.8"], arguments].concat()).refused(2, words);
    };
    refused(&["--port", "80"], &["--method tcp"]);
    refused(&["--method", "tcp", "--port", "80,80"], &["80,443"]);
    refused(&["--method", "tcp", "--port", "0"], &["80,443"]);
    refused(&["--method", "all", "--flows", "22"], &["66 traces of each target", "64"]);
}
