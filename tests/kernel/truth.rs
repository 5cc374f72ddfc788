//! The right answers for a target, derived from what a packet meets: the last foreign hop and its
//! class, one for each road that the target's flows may take.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use anyhow::Result;
use ipnet::Ipv4Net;

use super::scenario::{Road, Scenario, is_home};
use super::walk::{Answer, MAX_TTL, walk};

const CHINA: &[&str] = &["219.158.0.0/16", "103.35.252.0/22", "202.77.16.0/21"];
const RUSSIA: &[&str] = &["188.43.0.0/16", "217.150.32.0/19"];

/// Addresses that never decide: private, shared, link-local, and the LAN of an exchange.
const SPECIAL: &[&str] = &[
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "80.81.192.0/21",
];

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Truth {
    pub(crate) last_hop: Option<Ipv4Addr>,
    pub(crate) class: &'static str,
}

/// All answers that are right for `target`.
pub(crate) fn truths(scenario: &Scenario, target: Ipv4Addr) -> Result<BTreeSet<Truth>> {
    let mut truths = BTreeSet::new();
    for road in scenario.roads_to(target) {
        truths.append(&mut truths_of(scenario, road, target)?);
    }
    Ok(truths)
}

/// The answers that are right for a target whose flow takes `road`: two where it ends in a loop,
/// because which of the two routers is met last depends on where the trace stops.
pub(crate) fn truths_of(
    scenario: &Scenario,
    road: &Road,
    target: Ipv4Addr,
) -> Result<BTreeSet<Truth>> {
    [MAX_TTL - 1, MAX_TTL]
        .into_iter()
        .map(|max_ttl| judge(&walk(scenario, road, target, max_ttl)))
        .collect()
}

fn judge(answers: &[Option<Answer>]) -> Result<Truth> {
    let mut last_hop = None;
    let foreign = answers
        .iter()
        .flatten()
        .map(|answer| answer.address)
        .take_while(|address| !is_home(*address));
    for address in foreign {
        if !among(SPECIAL, address)? {
            last_hop = Some(address);
        }
    }
    let class = match last_hop {
        Some(address) if among(CHINA, address)? => "china",
        Some(address) if among(RUSSIA, address)? => "russia",
        _ => "unreached",
    };
    Ok(Truth { last_hop, class })
}

fn among(prefixes: &[&str], address: Ipv4Addr) -> Result<bool> {
    for prefix in prefixes {
        if prefix.parse::<Ipv4Net>()?.contains(&address) {
            return Ok(true);
        }
    }
    Ok(false)
}
