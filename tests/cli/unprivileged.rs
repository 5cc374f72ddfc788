//! Without any capability: the same hops through datagram sockets, and none kept where there was
//! one.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::fs;

use super::lab::{Lab, NEAR, QUICK};
use super::running::Running;
use super::sheet::Sheet;
use super::skip::has;

/// Runs a program without any capability, and unable to get one.
const BARE: &str = "setpriv --bounding-set=-all --inh-caps=-all";

/// What was found at each TTL of each target, answered or not.
fn hops(lab: &Lab, file: &str) -> Vec<Vec<String>> {
    let sheet = Sheet::read(&lab.read(file));
    let columns = ["target", "ttl", "address", "icmp_type", "icmp_code", "reply_ttl", "mpls"];
    let mut rows: Vec<Vec<String>> = (0..sheet.rows.len())
        .map(|row| columns.iter().map(|name| sheet.column(name)[row].to_owned()).collect())
        .filter(|row: &Vec<String>| !row[2].is_empty())
        .collect();
    rows.sort();
    rows.dedup();
    rows
}

fn same_hops_by(method: &str) {
    // Both roads of 178 are left out: the kernel chooses the ports, and so the road.
    let targets = "175.45.176.8/30 175.45.177.8/30 175.45.179.0/30";
    let Some(lab) = Lab::scenario("today").filter(|_| has("setpriv")) else { return };
    let how = format!("probe {targets} --rate 2000 --strategy full --method {method} --seed 1 -q");
    lab.shell(&format!("$LASTHOP {how} --wire raw --hops raw.csv")).ended(0);
    lab.shell(&format!("{BARE} $LASTHOP {how} --wire user --hops user.csv")).ended(0);
    let (raw, user) = (hops(&lab, "raw.csv"), hops(&lab, "user.csv"));
    assert!(raw.len() > 60, "{}", raw.len());
    // The nearest target answers at TTL 9; how much is asked behind an answer is a matter of time.
    let within = |rows: Vec<Vec<String>>| -> Vec<Vec<String>> {
        rows.into_iter().filter(|row| row[1].parse::<u8>().expect("a TTL") < 10).collect()
    };
    assert_eq!(within(raw), within(user));
}

#[test]
fn icmp_shows_the_same_hops_and_labels() {
    same_hops_by("icmp");
}

#[test]
fn udp_shows_the_same_hops_and_labels() {
    same_hops_by("udp");
}

#[test]
fn tcp_shows_the_same_hops_and_labels() {
    same_hops_by("tcp --port 80");
}

#[test]
fn the_sockets_are_chosen_by_what_is_allowed() {
    let Some(lab) = Lab::near().filter(|_| has("setpriv")) else { return };
    let quick = QUICK.join(" ");
    let allowed = lab.shell(&format!("$LASTHOP probe 175.45.177.10 {quick} -v")).ended(0);
    assert!(allowed.err.contains("raw sockets, since they are allowed"), "{}", allowed.err);
    let bare = lab.shell(&format!("{BARE} $LASTHOP probe 175.45.177.10 {quick} -v")).ended(0);
    assert!(bare.err.contains("datagram sockets, since raw ones cannot be opened"), "{}", bare.err);
    assert!(Sheet::read(&bare.out).column("verdict").iter().all(|verdict| *verdict == "russia"));
}

/// As on a system whose administrator has not allowed ping sockets.
#[test]
fn where_icmp_is_not_allowed_udp_is_used_and_said() {
    let Some(lab) = Lab::scenario("off.toml").filter(|_| has("setpriv")) else { return };
    lab.write("off.toml", format!("ping_sockets = false\n{NEAR}"));
    let probe = format!("{BARE} $LASTHOP probe 175.45.177.10 {}", QUICK.join(" "));
    let run = lab.shell(&probe).ended(0);
    assert!(run.err.contains("probing by UDP"), "{}", run.err);
    assert_eq!(Sheet::read(&run.out).column("method"), ["udp", "udp"]);
    let run = lab.shell(&format!("{probe} --method icmp"));
    run.refused(3, &["sudo sysctl -w net.ipv4.ping_group_range=", "--method udp"]);
}

#[test]
fn no_privilege_is_left_while_replies_are_read() {
    let Some(lab) = Lab::near() else { return };
    let run = Running::start(&lab, "20", &[]);
    run.await_packets(5);
    let status = fs::read_to_string(format!("/proc/{}/status", run.process())).expect("status");
    let value = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect(name);
        line.split_whitespace().nth(1).expect("a value").to_owned()
    };
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(value(set), "0000000000000000", "{set}");
    }
    assert_eq!(value("NoNewPrivs:"), "1");
    run.signal(nix::sys::signal::Signal::SIGINT);
    run.end().ended(130);
}
