//! The border strategy finds what complete traces find: on random paths whose addresses repeat, loop
//! or belong to somebody else, all 1,024 targets have the same last foreign hop and class by both.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use jiff::Timestamp;
use lasthop::lab::{Network, Scenario, VirtualTransport};
use lasthop::owner::Owners;
use lasthop::probe::packet::{Codec, Secret};
use lasthop::probe::{TraceJob, TraceSettings};
use lasthop::targets::{Targets, select};
use lasthop::trace::{Strategy as Spend, Trace};
use lasthop::transit::judge;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// Routers of both carriers, of others, of an exchange, private ones, and silence.
const WHO: [&str; 12] = [
    "219.158.3.1",
    "219.158.39.42",
    "103.35.255.254",
    "217.150.55.21",
    "188.43.28.9",
    "188.43.225.153",
    "4.69.140.30",
    "63.243.205.90",
    "80.81.192.1",
    "10.20.30.40",
    "*",
    "*",
];

/// What is behind the last hop, as a scenario has it. Hosts stand right behind a router that answers: the
/// border strategy does not ask further, so it misses those behind silent routers. That changes no class
/// where a carrier holds the border.
const END: [&str; 6] = ["blackhole", "blackhole", "loop", "hosts 130", "refusal 1", "refusal 10"];

/// The last foreign hop and the class of every target.
type Found = BTreeMap<Ipv4Addr, (Option<Ipv4Addr>, String)>;

fn scenario(paths: &[(Vec<&str>, &str)]) -> String {
    let mut text = "about = \"random\"\nvantage = \"192.168.1.77\"\n".to_owned();
    for (third, (hops, end)) in (176..).zip(paths) {
        let mut hops = hops.clone();
        while end.starts_with("hosts") && hops.last() == Some(&"*") {
            hops.pop();
        }
        let near = ["192.168.1.1", "100.64.12.1", "62.115.140.213"];
        let hops = near.iter().chain(&hops).zip(1..);
        let hops: Vec<_> = hops.map(|(who, ttl)| format!("\"{who} {}\"", ttl * 10)).collect();
        let _ = write!(
            text,
            "[[route]]\nto = \"175.45.{third}.0/24\"\nhosts = [\"175.45.{third}.1\", \"175.45.{third}.9\"]\n\
             [[route.path]]\nhops = [{}]\nend = \"{end}\"\nclass = \"\"\n",
            hops.join(", ")
        );
    }
    text
}

fn found(text: &str, strategy: Spend) -> Found {
    let targets = Targets::built_in().expect("targets");
    let network = Network::new(Scenario::parse("random", text).expect("a scenario"), 1);
    let mut transport = VirtualTransport::new(network, Codec::new(Secret::new([1; 16])));
    let mut random = StdRng::seed_from_u64(1);
    let addresses = select(&targets.block, &[], &mut random).expect("addresses");
    let job = TraceJob {
        settings: TraceSettings { strategy, rate: None, ..TraceSettings::default() },
        ..TraceJob::new(&targets, addresses, Timestamp::UNIX_EPOCH)
    };
    let mut traces: Vec<Trace> = Vec::new();
    job.run(&mut transport, &mut random, &mut traces).1.expect("measured");
    let judged = judge(&traces, &targets, &Owners::new(&targets));
    let found = traces.iter().zip(judged).map(|(trace, judgement)| {
        let class = judgement.class.name(&targets.classes).to_owned();
        (trace.target, (judgement.border.last.map(|last| last.address), class))
    });
    found.collect()
}

fn both_agree(paths: &[(Vec<&str>, &str)]) -> Found {
    let text = scenario(paths);
    let (full, border) = (found(&text, Spend::Full), found(&text, Spend::Border));
    let differ: Vec<_> = full.iter().filter(|(at, it)| border.get(at) != Some(it)).collect();
    assert!(
        differ.is_empty(),
        "{} targets differ, {:?} by border, in\n{text}",
        differ.len(),
        differ.first().map(|(at, it)| (*at, *it, &border[*at]))
    );
    assert_eq!((full.len(), border.len()), (1024, 1024));
    full
}

/// A router that answers at two TTLs, with another carrier's between them, is behind that one.
#[test]
fn a_repeated_router_stands_at_its_highest_ttl() {
    let path = vec!["217.150.55.21", "219.158.3.1", "217.150.55.21", "*", "*"];
    let found = both_agree(&vec![(path, "blackhole"); 4]);
    assert!(found.values().all(|(_, class)| class == "russia"));
}

/// The path is lost behind a carrier, at a router that is no carrier's: the carrier has to be seen.
#[test]
fn a_carrier_before_the_last_hop_is_seen() {
    for end in ["blackhole", "loop"] {
        let path = vec!["103.35.255.254", "80.81.192.1", "4.69.140.30", "*", "63.243.205.90"];
        let found = both_agree(&vec![(path, end); 4]);
        assert!(found.values().all(|(_, class)| class == "unknown"), "{end}");
    }
}

/// Some routers and silence, one of them a second time. Twice would be a loop: that something new
/// follows, a trace cannot know when it stops.
fn path() -> impl Strategy<Value = (Vec<&'static str>, &'static str)> {
    let hops = prop::sample::subsequence(&WHO[..], 2..8).prop_shuffle();
    let repeated = prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>()));
    (hops, repeated, prop::sample::select(&END[..])).prop_map(|(mut hops, repeated, end)| {
        if let Some((from, to)) = repeated {
            hops.insert(to.index(hops.len() + 1), hops[from.index(hops.len())]);
        }
        (hops, end)
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        max_shrink_iters: 40,
        rng_seed: RngSeed::Fixed(176),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn border_first_finds_what_complete_traces_find(paths in prop::collection::vec(path(), 4)) {
        both_agree(&paths);
    }
}
