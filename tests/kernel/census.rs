//! Kernels that live, each by what it is let answer, and what a census of them must find.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, ensure};

use super::build::Network;
use super::product::{self, Living};

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
