//! Kernels that live, each by what it is let answer, and what a census of them must find.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, ensure};

use super::build::Network;
use super::product::{self, Living};
use super::tool::tool;

/// Four prefixes behind routers, as in `scenarios::FOUR_BORDERS`: which of their hosts answer, and by
/// what. The first and the third answer everything, the second no echo requests, the fourth neither
/// those nor TCP.
const LIVING: [(&str, &str); 8] = [
    ("175.45.176.7", "icmp"),
    ("175.45.176.71", "icmp"),
    ("175.45.176.80", "icmp"),
    ("175.45.177.1", "tcp-80-open"),
    ("175.45.177.11", "tcp-80-refused"),
    ("175.45.178.9", "icmp"),
    ("175.45.179.33", "udp"),
    ("175.45.179.200", "udp"),
];

/// Gives the hosts their manners. As long as the result is kept, they are as `LIVING` has them.
pub(crate) fn settle(network: &Network) -> Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for home in network.homes("175.45.177.0/24")? {
        home.set(&[("ipv4/icmp_echo_ignore_all", "1")])?;
        let address = (Ipv4Addr::new(175, 45, 177, 1), 80);
        listeners.push(home.enter(|| TcpListener::bind(address).context("a listener"))?);
    }
    for home in network.homes("175.45.179.0/24")? {
        home.set(&[("ipv4/icmp_echo_ignore_all", "1")])?;
        // What is for this machine is looked up second, and TCP is dropped first.
        home.ip(&[
            "rule add pref 10 lookup local",
            "rule del pref 0",
            "rule add pref 5 ipproto tcp blackhole",
        ])?;
    }
    Ok(listeners)
}

/// A network in which 600 hosts answer everything.
pub(crate) fn populous() -> Result<Network> {
    let hosts: Vec<String> = (1..=150).map(|last| last.to_string()).collect();
    let hosts = hosts.join(" ");
    let roads =
        (176..180).map(|third| format!("175.45.{third}.0/24 103.35.255.254 > home {hosts}"));
    let roads: Vec<String> = roads.collect();
    let text = format!("trunk 192.168.77.1 > 129.250.2.1\n{}", roads.join("\n"));
    Network::build(&text.parse()?)
}

/// Draws a number for each packet (BPF's extension for that, in the kernel's notation) and drops the
/// packet if the number is in the lowest tenth.
const ONE_IN_TEN: &str = "4,32 0 0 4294963256,53 1 0 429496730,6 0 0 2,6 0 0 0";

/// Loses one in ten of the packets that come back to the vantage. False where the kernel cannot.
pub(crate) fn lose_one_in_ten(network: &Network) -> Result<bool> {
    network.vantage().enter(|| {
        let filter = ["filter", "add", "dev", "d1", "ingress", "bpf", "bytecode", ONE_IN_TEN, "da"];
        for arguments in [&["qdisc", "add", "dev", "d1", "clsact"][..], &filter[..]] {
            let done = tool("tc").args(arguments).output();
            if !done.is_ok_and(|done| done.status.success()) {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// Of the 600 hosts at least 99.5 % are found, and nobody else.
pub(crate) fn finds_the_many(network: &Network, bare: bool) -> Result<()> {
    let how = ["--rate", "2000", "--timeout", "0.5"];
    let found = product::ping(network, bare, &how)?;
    let there = |one: &&Living| (1..=150).contains(&one.target.octets()[3]);
    ensure!(found.iter().all(|one| there(&one)), "invented: {found:?}");
    ensure!(found.len() * 1000 >= 600 * 995, "{} of 600", found.len());
    let once =
        product::ping(network, bare, &[&how[..], &["--count", "1", "--attempts", "1"]].concat())?;
    ensure!((480..=580).contains(&once.len()), "{} of 600 by one question: no loss?", once.len());
    Ok(())
}

/// A census by `method` finds exactly the hosts that answer one of its means, and by that.
pub(crate) fn agrees(network: &Network, bare: bool, method: &str) -> Result<()> {
    let how = ["--method", method, "--rate", "2000", "--timeout", "0.5"];
    let found = product::ping(network, bare, &how)?;
    let mut expected = Vec::new();
    for (target, by) in LIVING {
        if method.split(',').any(|means| by.starts_with(means)) {
            expected.push(Living { target: target.parse()?, by: by.to_owned() });
        }
    }
    ensure!(found == expected, "found {found:#?}, not {expected:#?}");
    Ok(())
}
