//! Every built-in scenario, on real sockets, against the truth that its file states.
#![expect(clippy::expect_used, reason = "what cannot be read is a failure")]

use std::net::Ipv4Addr;
use std::process::{Child, Stdio};

use ipnet::Ipv4Net;
use lasthop::lab::{NAMES, STORIES, Scenario, built_in};

use super::lab::{Lab, outside};
use super::outcome::Outcome;
use super::program;
use super::sheet::Sheet;

/// Of 32 traces of `lossy`, on which chance has its part.
const LEAST_OF_LOSSY: usize = 28;

#[test]
fn the_list_has_them_all() {
    let list = outside(&["lab", "--list"]).ended(0).out;
    let names = |list: &str| -> Vec<String> {
        let rows = list.lines().skip(1);
        rows.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
    };
    let (scenarios, stories) = list.split_once("\n\n").expect("both");
    assert_eq!(names(scenarios), NAMES);
    assert_eq!(names(stories), STORIES);
}

#[test]
fn by_icmp() {
    all_are_right("icmp");
}

#[test]
fn by_udp() {
    all_are_right("udp");
}

/// They run beside each other: most of a run is waiting.
fn all_are_right(method: &str) {
    let running: Vec<(&str, Lab, Child)> =
        NAMES.iter().filter_map(|name| start(name, method)).collect();
    for (name, lab, child) in running {
        let ended = Outcome::read(child.wait_with_output().expect("an end"));
        is_right(name, &lab, ended);
    }
}

fn start(name: &'static str, method: &str) -> Option<(&'static str, Lab, Child)> {
    let lab = Lab::scenario(name)?;
    let mut command = lab.command(program::name());
    command.args(["probe", "--sample", "8", "--rate", "3000", "--method", method]);
    command.args(["--timeout", "0.5", "--seed", "5", "--traces", "t.csv"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Some((name, lab, command.spawn().expect("timeout (coreutils)")))
}

fn is_right(name: &str, lab: &Lab, ended: Outcome) {
    let scenario = built_in(name).expect("a scenario").expect("a right one");
    ended.ended(match name {
        "dead-uplink" | "gateway" => 8,
        "outage" | "inside-outage" => 1,
        _ => 0,
    });
    let traces = Sheet::read(&lab.read("t.csv"));
    let found = traces.column("target").into_iter().zip(traces.column("class"));
    let found: Vec<_> = found.zip(traces.column("last_hop")).collect();
    assert_eq!(found.len(), 32, "{name}");
    let wrong: Vec<_> = found
        .iter()
        .filter(|((target, class), last)| {
            !truths(&scenario, target).contains(&((*class).into(), (*last).into()))
        })
        .collect();
    let least = if name == "lossy" { LEAST_OF_LOSSY } else { 32 };
    assert!(32 - wrong.len() >= least, "{name}: {wrong:#?}");
}

/// The class and last hop of each path to a target.
fn truths(scenario: &Scenario, target: &str) -> Vec<(String, String)> {
    let target: Ipv4Addr = target.parse().expect("an address");
    let routes = scenario.routes.iter().filter(|route| route.to.contains(&target));
    let route = routes.max_by_key(|route| Ipv4Net::prefix_len(&route.to)).expect("a route");
    let last = |hop: Option<Ipv4Addr>| hop.map(|hop| hop.to_string()).unwrap_or_default();
    let truths = route.paths.iter().map(|path| &path.truth);
    truths.map(|truth| (truth.class.clone(), last(truth.last_hop))).collect()
}
