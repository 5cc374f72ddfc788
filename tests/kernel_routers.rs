//! The product, and a witness, in networks of Linux kernel routers.
//!
//! Every test builds a network in namespaces that have no way out, derives the right answers from
//! the network's description, and compares. The tests need `unshare` (util-linux), `ip` (iproute2),
//! and either root or user namespaces.

mod kernel;
mod skipping;

use std::net::Ipv4Addr;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};

use kernel::build::Network;
use kernel::cage::caged;
use kernel::scenario::{Scenario, hosts};
use kernel::{census, product, scenarios, traceroute, verdict};
use skipping::skipped;

fn lasthop_agrees(test: &str, network: &str, method: &str) -> Result<()> {
    caged(test, || {
        let scenario: Scenario = network.parse()?;
        let network = Network::build(&scenario)?;
        network.vantage().set(&[("ipv4/ping_group_range", "0 0")])?;
        for (strategy, wire) in [("full", "raw"), ("border", "user")] {
            let how = ["--method", method, "--strategy", strategy, "--wire", wire];
            let run = product::probe(&network, &how)?;
            verdict::agrees(&scenario, &run).with_context(|| how.join(" "))?;
        }
        Ok(())
    })
}

fn witnessed(test: &str, body: impl FnOnce() -> Result<()>) -> Result<()> {
    caged(test, || {
        if traceroute::is_installed() {
            body()
        } else {
            skipped(test, "no traceroute (Debian's) here");
            Ok(())
        }
    })
}

#[test]
fn four_prefixes_have_four_borders() -> Result<()> {
    let test = "four_prefixes_have_four_borders";
    lasthop_agrees(test, scenarios::FOUR_BORDERS, "both")
}

/// Nothing is balanced here: the number by which a Linux router in another namespace would choose the path
/// of a connecting socket's packets is the socket's own, and not made from its ports.
#[test]
fn tcp_finds_the_same_borders() -> Result<()> {
    lasthop_agrees("tcp_finds_the_same_borders", scenarios::UNDECIDING_HOPS, "tcp")
}

#[test]
fn hops_that_cannot_decide_are_passed_over() -> Result<()> {
    let test = "hops_that_cannot_decide_are_passed_over";
    lasthop_agrees(test, scenarios::UNDECIDING_HOPS, "icmp")
}

#[test]
fn refusals_voids_and_circles_have_a_border() -> Result<()> {
    let test = "refusals_voids_and_circles_have_a_border";
    lasthop_agrees(test, scenarios::REFUSALS, "icmp")
}

#[test]
fn a_rate_limit_is_not_silence() -> Result<()> {
    let test = "a_rate_limit_is_not_silence";
    lasthop_agrees(test, scenarios::LIMITS, "icmp")
}

#[test]
fn unequal_roads_are_told_apart() -> Result<()> {
    let test = "unequal_roads_are_told_apart";
    lasthop_agrees(test, scenarios::UNEQUAL_ROADS, "udp")
}

#[test]
fn an_outage_is_not_a_border() -> Result<()> {
    let test = "an_outage_is_not_a_border";
    lasthop_agrees(test, scenarios::OUTAGE, "icmp")
}

#[test]
fn the_living_are_counted_exactly() -> Result<()> {
    caged("the_living_are_counted_exactly", || {
        let scenario: Scenario = scenarios::FOUR_BORDERS.parse()?;
        let network = Network::build(&scenario)?;
        network.vantage().set(&[("ipv4/ping_group_range", "0 0")])?;
        let _listeners = census::settle(&network)?;
        for bare in [false, true] {
            for method in ["icmp", "icmp,tcp,udp"] {
                census::agrees(&network, bare, method)
                    .with_context(|| format!("{bare} {method}"))?;
            }
        }
        Ok(())
    })
}

#[test]
fn loss_hides_few_of_the_living() -> Result<()> {
    let test = "loss_hides_few_of_the_living";
    caged(test, || {
        let network = census::populous()?;
        network.vantage().set(&[("ipv4/ping_group_range", "0 0")])?;
        if !census::lose_one_in_ten(&network)? {
            skipped(test, "tc cannot lose packets by BPF here");
            return Ok(());
        }
        [false, true].into_iter().try_for_each(|bare| census::finds_the_many(&network, bare))
    })
}

/// Routers that refuse, with codes of their own, by a link on which nobody answers, in a circle.
#[test]
fn a_router_that_refuses_is_nobody_who_lives() -> Result<()> {
    caged("a_router_that_refuses_is_nobody_who_lives", || {
        let network = Network::build(&scenarios::REFUSALS.parse()?)?;
        let how = ["--method", "icmp,tcp,udp", "--rate", "2000", "--timeout", "0.3"];
        for bare in [false, true] {
            network.vantage().set(&[("ipv4/ping_group_range", "0 0")])?;
            let found = product::ping(&network, bare, &how)?;
            ensure!(found.is_empty(), "{found:?}");
        }
        Ok(())
    })
}

#[test]
fn the_networks_are_what_they_say() -> Result<()> {
    witnessed("the_networks_are_what_they_say", || {
        thread::scope(|scope| {
            let checks: Vec<_> = scenarios::ALL
                .iter()
                .map(|(name, text)| scope.spawn(move || witness(text).context(*name)))
                .collect();
            for check in checks {
                check.join().map_err(|_| anyhow!("a check panicked"))??;
            }
            Ok(())
        })
    })
}

fn witness(text: &str) -> Result<()> {
    let scenario: Scenario = text.parse()?;
    traceroute::agrees(&scenario, &Network::build(&scenario)?)
}

/// Four hundred flows, of which sixty in a hundred should take the first road, whatever the target.
#[test]
fn the_balancer_keeps_its_weights() -> Result<()> {
    witnessed("the_balancer_keeps_its_weights", || {
        let scenario: Scenario = scenarios::UNEQUAL_ROADS.parse()?;
        let network = Network::build(&scenario)?;
        let octets: Vec<u8> = (100..140).collect();
        let targets = hosts("175.45.176.0/24".parse()?, &octets);
        let answers = traceroute::ten_flows(&network, &targets, scenario.trunk.len() + 1)?;
        let mixed = answers.iter().filter(|ten| ten.iter().any(|one| *one != ten[0]));
        let mixed = mixed.count();
        let answers = answers.concat();
        let first = Some(Ipv4Addr::new(219, 158, 16, 65));
        let first = answers.iter().filter(|answer| **answer == first).count();
        ensure!(!answers.contains(&None), "a probe without an answer");
        ensure!((200..=280).contains(&first), "{first} of 400 flows");
        ensure!(mixed >= 30, "{mixed} of 40 targets have two roads");
        Ok(())
    })
}

#[test]
fn only_limited_routers_leave_probes_unanswered() -> Result<()> {
    witnessed("only_limited_routers_leave_probes_unanswered", || {
        let scenario: Scenario = scenarios::LIMITS.parse()?;
        let network = Network::build(&scenario)?;
        let target = [Ipv4Addr::new(175, 45, 176, 200)];
        for (ttl, limited) in [(1, true), (2, false), (3, true), (4, false), (5, true)] {
            let answers = traceroute::ten_flows(&network, &target, ttl)?;
            let answered = answers.iter().flatten().flatten().count();
            let expected = if limited { 1..=9 } else { 10..=10 };
            ensure!(expected.contains(&answered), "TTL {ttl}: {answered} of 10");
        }
        Ok(())
    })
}
