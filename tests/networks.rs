//! Networks that mislead, each a kind of its own, in virtual time: what must not be said of them, and what must.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;
use lasthop::lab::{Change, Changes, Network, Scenario, VirtualTransport};
use lasthop::owner::Owners;
use lasthop::probe::engine::Measured;
use lasthop::probe::packet::{Codec, Secret};
use lasthop::probe::{Moment, ProbeMethod, TraceJob, TraceSettings};
use lasthop::split::{Doubt, Split, split};
use lasthop::targets::{Targets, sample, select};
use lasthop::trace::{Strategy, Trace};
use lasthop::transit::{Confidence, Judgement, judge};
use rand::SeedableRng;
use rand::rngs::StdRng;

const LAN: &str = "\"192.168.1.1 1\", \"100.64.12.1 4\"";
const LEVEL3: &str = "\"4.69.1.1 9\", \"4.69.140.30 70\"";
const UNICOM: &str = "\"219.158.102.214 165\", \"219.158.3.1 185\"";
const TTK: &str = "\"217.150.55.21 120\", \"188.43.28.9 151\"";
/// Two routers of Rostelecom.
const ROSTELECOM: &str = "\"87.226.133.1 9\", \"87.226.134.1 20\"";
const HOSTS: &str =
    "hosts = [\"175.45.176.8\", \"175.45.177.10\", \"175.45.178.1\", \"175.45.179.1\"]";

/// One path to the whole block.
fn network(extra: &str, hops: &[&str], end: &str, habits: &str) -> Scenario {
    paths(extra, &[(1, &hops.join(", "), end)], habits)
}

fn paths(extra: &str, paths: &[(u32, &str, &str)], habits: &str) -> Scenario {
    let mut text = format!(
        "about = \"a network\"\nvantage = \"192.168.1.77\"\n[[route]]\nto = \"175.45.176.0/22\"\n{extra}\n"
    );
    for (share, hops, end) in paths {
        let _ = writeln!(
            text,
            "[[route.path]]\nshare = {share}\nhops = [{hops}]\nend = \"{end}\"\nclass = \"unknown\""
        );
    }
    Scenario::parse("a network", &(text + habits)).expect("a scenario")
}

/// What a run shows.
struct Shown {
    split: Split,
    /// How many traces are of each class and confidence.
    judged: BTreeMap<(String, Confidence), usize>,
    packets_each: u64,
    took: Duration,
    waited: Duration,
    all: usize,
}

impl Shown {
    fn count(&self, class: &str) -> usize {
        self.judged.iter().filter(|((it, _), _)| it == class).map(|(_, count)| count).sum()
    }

    fn most(&self) -> Option<Confidence> {
        self.judged.keys().map(|(_, confidence)| *confidence).max()
    }

    fn has_shares(&self) -> bool {
        self.split.block.shares.iter().any(Option::is_some)
    }
}

/// Measures it by both strategies, and as it turns into `changes`.
fn each(scenario: &Scenario, changes: &[Change], rate: u32, check: impl Fn(Strategy, &Shown)) {
    for strategy in [Strategy::Border, Strategy::Full] {
        let targets = Targets::built_in().expect("targets");
        let codec = Codec::new(Secret::new(*b"known to one run"));
        let network = Network::changing(scenario.clone(), changes.to_vec(), 7);
        let mut transport = VirtualTransport::new(network, codec);
        let mut random = StdRng::seed_from_u64(7);
        let settings =
            TraceSettings { strategy, rate: NonZeroU32::new(rate), ..TraceSettings::default() };
        let every: Vec<Ipv4Addr> = select(&targets.block, &[], &mut random).expect("addresses");
        // Complete traces are many packets.
        let each_prefix = if strategy == Strategy::Full { 32 } else { 256 };
        let addresses = sample(&targets.block, &every, each_prefix);
        let all = addresses.len();
        let job = TraceJob {
            settings,
            methods: vec![ProbeMethod::Icmp],
            ..TraceJob::new(&targets, addresses, Timestamp::UNIX_EPOCH)
        };
        let mut traces: Vec<Trace> = Vec::new();
        let (measured, failure) = job.run(&mut transport, &mut random, &mut traces);
        failure.expect("measured");
        assert_eq!((traces.len(), measured.ended), (all, all));
        let judgements = judge(&traces, &targets, &Owners::new(&targets));
        let mut judged: BTreeMap<_, usize> = BTreeMap::new();
        for it in &judgements {
            let class = it.class.name(&targets.classes).to_owned();
            *judged.entry((class, it.confidence)).or_default() += 1;
        }
        let pairs: Vec<(&Trace, &Judgement)> = traces.iter().zip(&judgements).collect();
        let packets_each = measured.packets / u64::try_from(all).expect("few");
        check(
            strategy,
            &Shown {
                split: split(&pairs, &targets),
                judged,
                packets_each,
                took: measured.took,
                waited: measured.waited,
                all,
            },
        );
    }
}

// A hole near the vantage.

/// For some seconds nothing answers behind the gateway.
#[test]
fn a_hole_near_the_vantage_makes_no_outage() {
    let way = [LAN, LEVEL3, UNICOM, "\"103.35.255.254 234\", \"* 236\", \"* 236\", \"* 236\""];
    let whole = network(HOSTS, &way, "hosts 290", "");
    let hole = network("", &["\"192.168.1.1 1\""], "blackhole", "").routes;
    let at = |seconds| Moment::START + Duration::from_secs(seconds);
    let change = |seconds, routes| Change { at: at(seconds), routes, loss: 0.0 };
    for (from, until, rate) in [(0, 8, 1000), (1, 6, 1000), (3, 5, 200)] {
        let changes = [change(from, hole.clone()), change(until, whole.routes.clone())];
        each(&whole, &changes, rate, |strategy, shown| {
            let counts = (from, until, strategy, &shown.judged);
            assert_eq!(shown.count("unreached"), 0, "{counts:?}");
            assert!(
                shown.count("china") + 24 >= shown.all || shown.count("unknown") == shown.all,
                "{counts:?}"
            );
        });
    }
}

/// Holes of fourteen seconds, one behind the other: the run waits for all of them together as long as for one, and
/// every trace comes to an end of its own.
#[test]
fn for_all_disturbances_together_there_is_one_budget_of_waiting() {
    let whole = network(HOSTS, &[LAN, LEVEL3, TTK], "hosts 290", "");
    let hole = network("", &["\"192.168.1.1 1\""], "blackhole", "").routes;
    let change = |seconds, routes| {
        let at = Moment::START + Duration::from_secs(seconds);
        Change { at, routes, loss: 0.0 }
    };
    let most = TraceSettings::default().waiting;
    for holes in [1, 3, 10, 40] {
        let changes: Vec<Change> = (0..holes)
            .flat_map(|n| {
                let from = 3 + 17 * n;
                [change(from, hole.clone()), change(from + 14, whole.routes.clone())]
            })
            .collect();
        each(&whole, &changes, 200, |strategy, shown| {
            let what = (holes, strategy, shown.took, shown.waited, &shown.judged);
            assert!(shown.waited <= most + Duration::from_secs(2), "{what:?}");
            // Nothing but sending takes the rest.
            let packets = (shown.packets_each + 1) * u64::try_from(shown.all).expect("few");
            assert!(
                shown.took <= shown.waited + Duration::from_secs(packets / 200 + 1),
                "{what:?}"
            );
            assert_eq!(shown.count("unreached") + shown.count("china"), 0, "{what:?}");
        });
    }
}

// An outage seen from inside a provider of the country.

#[test]
fn an_outage_within_the_vantages_own_carrier_is_no_transit() {
    for end in ["blackhole", "loop", "refusal 0", "refusal 1"] {
        each(&network("", &[LAN, ROSTELECOM], end, ""), &[], 1000, |_, shown| {
            assert_eq!(shown.count("unknown"), shown.all, "{end}: {:?}", shown.judged);
            assert!(!shown.has_shares(), "{end}");
        });
    }
}

/// Default routes to two carriers in question, and nobody carries the block.
#[test]
fn an_outage_behind_default_routes_is_never_high() {
    let (one, other) = ([LAN, LEVEL3, UNICOM].join(", "), [LAN, LEVEL3, TTK].join(", "));
    let both = paths("", &[(1, &one, "blackhole"), (1, &other, "blackhole")], "");
    each(&both, &[], 1000, |_, shown| {
        assert!(shown.most() <= Some(Confidence::Medium), "{:?}", shown.judged);
        assert_eq!(shown.split.block.proven, 0);
    });
}

// Refusals of routers.

/// Every trace ends at the refusal of a router behind `hops`.
fn nobody_is_the_border(hops: &[&str], codes: &[u8]) {
    for code in codes {
        each(&network("", hops, &format!("refusal {code}"), ""), &[], 1000, |_, shown| {
            assert_eq!(shown.count("unreached"), shown.all, "{code}: {:?}", shown.judged);
            assert!(!shown.has_shares(), "{code}");
        });
    }
}

#[test]
fn where_a_carrier_has_no_route_it_is_not_the_border() {
    nobody_is_the_border(&[LAN, LEVEL3, TTK], &[0, 6, 8, 11]);
}

#[test]
fn a_refusal_of_any_kind_by_somebody_else_is_no_border() {
    nobody_is_the_border(&[LAN, LEVEL3], &[0, 1, 6, 13]);
}

// Boxes near the vantage.

#[test]
fn a_box_that_answers_for_the_block_proves_nothing() {
    for hops in [[LAN, ROSTELECOM], [LAN, LEVEL3]] {
        let boxed = network("middlebox = { behind = 4, echo = true }", &hops, "blackhole", "");
        each(&boxed, &[], 1000, |_, shown| {
            assert_eq!(shown.count("unknown"), shown.all, "{:?}", shown.judged);
            assert_eq!((shown.has_shares(), shown.split.block.proven), (false, 0));
        });
    }
}

/// It sets TTL anew, so that all hosts are the next hop.
#[test]
fn home_right_behind_the_vantages_own_provider_is_medium_at_best() {
    each(&network(HOSTS, &[LAN, ROSTELECOM], "hosts 90", ""), &[], 1000, |_, shown| {
        assert!(shown.most() <= Some(Confidence::Medium), "{:?}", shown.judged);
    });
}

// A slow border that is the only hop of its carrier.

#[test]
fn a_trace_that_misses_a_slow_border_is_not_of_the_carrier_before() {
    let way = [LAN, LEVEL3, UNICOM, "\"188.43.225.153 234\", \"* 236\""];
    let slow = "[router.\"188.43.225.153\"]\nlimit = 1\nburst = 6\n";
    let network = network(HOSTS, &way, "hosts 290", slow);
    each(&network, &[], 1000, |_, shown| {
        assert!(shown.count("russia") > 0, "{:?}", shown.judged);
        // A prefix of which no trace was answered knows nothing of it.
        for part in &shown.split.routed {
            let is_whole = |share: f64| share.fract().abs() < 1e-9;
            assert!(part.shares.iter().flatten().all(|it| is_whole(it.share)), "{part:?}");
        }
    });
}

// Boxes that translate addresses.

/// What a run by `method` shows of the usual path, where quotes are changed.
fn translated(nat: &str, method: ProbeMethod, habits: &str) -> (usize, Measured) {
    let way = [LAN, LEVEL3, UNICOM, "\"103.35.255.254 234\", \"* 236\""];
    let mut scenario = network(HOSTS, &way, "hosts 290", habits);
    scenario.nat = match nat {
        "" => None,
        "checksum" => Some(Changes::Checksum),
        "identifier" => Some(Changes::Identifier),
        _ => Some(Changes::Everything),
    };
    let targets = Targets::built_in().expect("targets");
    let codec = Codec::new(Secret::new(*b"known to one run"));
    let mut transport = VirtualTransport::new(Network::new(scenario, 7), codec);
    let mut random = StdRng::seed_from_u64(7);
    let every: Vec<Ipv4Addr> = select(&targets.block, &[], &mut random).expect("addresses");
    let addresses = sample(&targets.block, &every, 32);
    let settings = TraceSettings { rate: NonZeroU32::new(1000), ..TraceSettings::default() };
    let job = TraceJob {
        settings,
        methods: vec![method],
        ..TraceJob::new(&targets, addresses, Timestamp::UNIX_EPOCH)
    };
    let mut traces: Vec<Trace> = Vec::new();
    let (measured, failure) = job.run(&mut transport, &mut random, &mut traces);
    failure.expect("measured");
    let judgements = judge(&traces, &targets, &Owners::new(&targets));
    let is_china = |it: &&Judgement| it.class.name(&targets.classes) == "china";
    (judgements.iter().filter(is_china).count(), measured)
}

#[test]
fn what_is_quoted_with_changed_fields_is_ours_by_its_identification() {
    let border = "[router.\"103.35.255.254\"]\nchanges = \"zeroes\"\n";
    for (nat, habits) in [("", border), ("checksum", ""), ("identifier", "")] {
        for method in [ProbeMethod::Icmp, ProbeMethod::Udp] {
            let (china, measured) = translated(nat, method, habits);
            assert_eq!(china, 128, "{nat} {method}");
            assert!(measured.is_complete(), "{nat} {method}");
        }
    }
}

#[test]
fn a_run_is_not_complete_where_nothing_that_is_quoted_proves_a_probe() {
    for method in [ProbeMethod::Icmp, ProbeMethod::Udp] {
        let (china, measured) = translated("everything", method, "");
        assert!(china == 0 && measured.is_behind_translation(), "{method} {measured:?}");
        assert!(!measured.is_complete(), "{method}");
    }
}

// Balancing over two carriers.

/// The shares of two paths, of which the second is longer by this many hops of its carrier.
fn over_two(china: u32, russia: u32, longer: usize, balance: &str) -> Scenario {
    let more = ["\"188.43.1.1 160\"", "\"188.43.2.1 170\""];
    let long = [&[LAN, LEVEL3, TTK][..], &more[..longer]].concat().join(", ");
    let short = [LAN, LEVEL3, UNICOM].join(", ");
    let extra = format!("{HOSTS}\nbalance = \"{balance}\"");
    paths(&extra, &[(china, &short, "hosts 290"), (russia, &long, "hosts 290")], "")
}

#[test]
fn packets_that_are_spread_over_two_carriers_are_counted_one_by_one() {
    for (china, russia, longer) in
        [(1, 1, 0), (1, 1, 1), (1, 1, 2), (3, 1, 1), (3, 1, 2), (1, 3, 2), (9, 1, 1)]
    {
        let truth = f64::from(china) / f64::from(china + russia);
        each(&over_two(china, russia, longer, "packet"), &[], 1000, |strategy, shown| {
            let all = (truth, longer, strategy, shown.packets_each, &shown.judged);
            assert_eq!(shown.split.doubts, [Doubt::PerPacket], "{all:?}");
            assert_eq!(
                (shown.most(), shown.split.block.proven),
                (Some(Confidence::Low), 0),
                "{all:?}"
            );
            let share = shown.split.block.shares[0].expect("a share");
            assert!(share.low <= truth && truth <= share.high, "{share:?}, {all:?}");
            assert!(
                shown.packets_each <= if strategy == Strategy::Full { 30 } else { 6 },
                "{all:?}"
            );
        });
    }
}

#[test]
fn flows_that_are_spread_over_two_carriers_are_not_taken_for_packets() {
    for (china, russia, longer) in [(1, 1, 0), (1, 1, 2), (3, 1, 1), (9, 1, 2)] {
        each(&over_two(china, russia, longer, "flow"), &[], 1000, |strategy, shown| {
            let all = (china, longer, strategy, shown.packets_each, &shown.judged);
            assert!(shown.split.doubts.is_empty(), "{all:?}");
            assert!(shown.most() >= Some(Confidence::Medium), "{all:?}");
            assert!(
                shown.packets_each <= if strategy == Strategy::Full { 30 } else { 6 },
                "{all:?}"
            );
        });
    }
}

// Addresses that mislead.

/// The hoax of 2013: transit routers answer from the block's addresses, and the next one is silent.
#[test]
fn a_transit_router_with_an_address_of_the_block_does_not_end_the_path() {
    let way = [
        LAN,
        LEVEL3,
        "\"175.45.177.217 80\", \"* 82\"",
        UNICOM,
        "\"103.35.255.254 234\", \"* 236\"",
    ];
    each(&network(HOSTS, &way, "hosts 290", ""), &[], 1000, |_, shown| {
        assert_eq!(shown.count("china"), shown.all, "{:?}", shown.judged);
    });
}

#[test]
fn a_last_hop_of_a_carrier_that_the_path_has_left_decides_nothing() {
    let way = [
        LAN,
        "\"62.115.140.213 9\", \"62.115.136.200 80\"",
        UNICOM,
        "\"62.115.9.9 190\", \"175.45.179.254 191\"",
    ];
    each(&network(HOSTS, &way, "hosts 290", ""), &[], 1000, |_, shown| {
        let low = shown.judged.get(&("china".to_owned(), Confidence::Low)).copied();
        assert_eq!(low, Some(shown.all), "{:?}", shown.judged);
        assert!(shown.packets_each <= 20);
    });
}

// Long round trips, and one host that lives.

/// Answers take longer than the timeout: none is lost, and few probes are asked again before they can be there.
#[test]
fn a_path_by_satellite_costs_no_more_than_six_packets_a_target() {
    for (near, rtt) in [(1, 1266), (1, 1500), (1500, 1500)] {
        let (at, end) = (|ms: u32| ms + rtt, format!("hosts {}", 290 + rtt));
        let lan = format!("\"192.168.1.1 1\", \"100.64.12.1 {near}\", \"4.69.1.1 {}\"", near + 9);
        let far = format!(
            "\"219.158.102.214 {}\", \"219.158.3.1 {}\", \"103.35.255.254 {}\"",
            at(165),
            at(185),
            at(234)
        );
        each(&network(HOSTS, &[&lan, &far], &end, ""), &[], 200, |strategy, shown| {
            let all = (near, rtt, strategy, shown.packets_each, shown.took, &shown.judged);
            // Of the complete traces, some have ended before others show that answers come late: see docs/limits.md.
            if strategy == Strategy::Border {
                assert_eq!(
                    (shown.count("china"), shown.split.block.proven),
                    (shown.all, shown.all)
                );
            }
            let packets = if strategy == Strategy::Full { 24 } else { 6 };
            assert!(shown.packets_each <= packets, "{all:?}");
            assert!(shown.took < Duration::from_secs(40), "{all:?}");
        });
    }
}

/// Behind the router where all other paths end, one target has another: that hop is not slow, it is not on their paths.
#[test]
fn one_host_that_lives_behind_a_blackhole_holds_up_no_run() {
    let dead = [LAN, LEVEL3, UNICOM].join(", ");
    for silent in [0, 3, 8] {
        let alive = format!("{dead}, \"103.35.255.254 234\"{}", ", \"* 236\"".repeat(silent));
        let host = format!(
            "[[route]]\nto = \"175.45.176.8/32\"\nhosts = [\"175.45.176.8\"]\n[[route.path]]\n\
             hops = [{alive}]\nend = \"hosts 290\"\nclass = \"china\"\n"
        );
        let scenario = paths("", &[(1, &dead, "blackhole")], &host);
        each(&scenario, &[], 200, |strategy, shown| {
            let all = (silent, strategy, shown.packets_each, shown.took, &shown.judged);
            assert_eq!(shown.count("china"), shown.all, "{all:?}");
            assert!(shown.took < Duration::from_secs(40), "{all:?}");
            assert!(
                shown.packets_each <= if strategy == Strategy::Full { 24 } else { 4 },
                "{all:?}"
            );
        });
    }
}
