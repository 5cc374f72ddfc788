//! Debian's traceroute, a prober of others, sees in the lab what lasthop sees.
#![expect(clippy::expect_used, reason = "what cannot be read is a failure")]

use std::collections::BTreeMap;

use super::lab::Lab;
use super::sheet::Sheet;
use super::skip::{has, skip};

const TARGET: &str = "175.45.177.10";
/// The TTL of the first answer from home; the one before is silent.
const HOME: u8 = 6;

/// The addresses that answered, by TTL.
type Path = BTreeMap<u8, String>;

#[test]
fn the_same_path_by_udp() {
    agree("udp", "-U");
}

#[test]
fn the_same_path_by_icmp() {
    agree("icmp", "-I");
}

fn agree(method: &str, option: &str) {
    let Some(lab) = Lab::near().filter(|_| has("traceroute")) else { return };
    if !lab.shell("traceroute --version 2>&1").out.contains("Modern traceroute for Linux") {
        return skip("another traceroute than Debian's is installed");
    }
    let seen = traceroute(&lab, option);
    let routers = ["192.168.1.1", "62.115.136.200", "188.43.28.9", "188.43.225.153"];
    let hops = (1..).zip(routers).chain([(HOME, TARGET)]);
    let expected: Path = hops.map(|(ttl, address)| (ttl, address.to_owned())).collect();
    assert_eq!(seen, expected, "traceroute {option}");
    assert_eq!(lasthop(&lab, method), expected, "lasthop by {method}");
}

fn traceroute(lab: &Lab, option: &str) -> Path {
    let script = format!("traceroute -n -q1 -w0.5 -m9 {option} {TARGET}");
    let text = lab.shell(&script).ended(0).out;
    let hop = |line: &str| {
        let mut words = line.split_whitespace();
        let (ttl, address) = (words.next()?.parse().ok()?, words.next()?);
        (address != "*").then(|| (ttl, address.to_owned()))
    };
    up_to_home(text.lines().skip(1).filter_map(hop))
}

/// Behind that answer there is no path any more.
fn up_to_home(hops: impl Iterator<Item = (u8, String)>) -> Path {
    hops.filter(|(ttl, _)| *ttl <= HOME).collect()
}

fn lasthop(lab: &Lab, method: &str) -> Path {
    lab.probe(&[TARGET, "--method", method, "--hops", "h.csv"]).ended(0);
    let hops = Sheet::read(&lab.read("h.csv"));
    let answers = hops.column("ttl").into_iter().zip(hops.column("address"));
    let answers = answers.filter(|(_, address)| !address.is_empty());
    up_to_home(answers.map(|(ttl, address)| (ttl.parse().expect("a TTL"), address.to_owned())))
}
