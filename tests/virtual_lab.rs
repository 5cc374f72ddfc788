//! The whole road in virtual time: every built-in scenario, all 1,024 addresses, against the truth
//! that the scenario states.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::net::Ipv4Addr;
use std::num::NonZeroU32;

use jiff::Timestamp;
use lasthop::lab::{self, Manners, Network, Scenario, Truth, VirtualTransport};
use lasthop::owner::Owners;
use lasthop::probe::engine::Measured;
use lasthop::probe::packet::{Codec, Secret};
use lasthop::probe::{
    Attempt, Flow, Probe, ProbeMethod, ProbeTtl, TraceJob, TraceKey, TraceSettings,
};
use lasthop::targets::{Targets, select};
use lasthop::trace::{HopReply, ReplyKind, StopReason, Strategy, Trace};
use lasthop::transit::{Judgement, judge};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// A run over a scenario, with what it should have found for each trace.
struct Run {
    targets: Targets,
    measured: Measured,
    traces: Vec<Trace>,
    truths: Vec<Truth>,
}

impl Run {
    fn of(name: &str, methods: &[ProbeMethod], seed: u64, rate: u32) -> Self {
        Self::by(Strategy::Full, name, methods, seed, rate)
    }

    fn by(strategy: Strategy, name: &str, methods: &[ProbeMethod], seed: u64, rate: u32) -> Self {
        let rate = NonZeroU32::new(rate);
        let settings = TraceSettings { strategy, rate, ..TraceSettings::default() };
        Self::over(scenario(name), settings, methods, seed)
    }

    fn over(
        scenario: Scenario,
        settings: TraceSettings,
        methods: &[ProbeMethod],
        seed: u64,
    ) -> Self {
        let targets = Targets::built_in().expect("targets");
        let vantage = scenario.vantage;
        let codec = Codec::new(Secret::new(*b"known to one run"));
        let mut transport = VirtualTransport::new(Network::new(scenario, seed), codec);
        let mut random = StdRng::seed_from_u64(seed);
        let job = TraceJob {
            targets: &targets,
            addresses: select(&targets.block, &[], &mut random).expect("addresses"),
            methods: methods.to_vec(),
            flows: 1,
            settings,
            began: Timestamp::UNIX_EPOCH,
        };
        let mut traces: Vec<Trace> = Vec::new();
        let (measured, failure) = job.run(&mut transport, &mut random, &mut traces);
        failure.expect("measured");
        let flows = job.flows();
        let truth = |trace: &Trace| {
            let flow = trace.flow.and_then(|flow| Flow::new(flow.try_into().ok()?));
            let (flow, method) = *flows.iter().find(|(it, _)| Some(*it) == flow).expect("a flow");
            let key = TraceKey { target: trace.target, method, flow };
            let first = Probe { key, ttl: ProbeTtl::FIRST, attempt: Attempt::default() };
            transport.network().truth(&codec.encode(vantage, &first)).cloned().expect("a truth")
        };
        let truths = traces.iter().map(truth).collect();
        Self { targets, measured, traces, truths }
    }

    /// When each probe left, in nanoseconds from the start; of all TTLs, or of the first.
    fn sent(&self, first_only: bool) -> Vec<i128> {
        let hops = self.traces.iter().flat_map(|trace| &trace.hops);
        let hops = hops.filter(|hop| !first_only || hop.ttl.get() == 1);
        let mut sent: Vec<i128> = hops
            .flat_map(|hop| &hop.tries)
            .map(|one| one.sent.expect("sent").as_nanosecond())
            .collect();
        sent.sort_unstable();
        sent
    }

    fn packets_per_target(&self) -> f64 {
        let number = |count: u64| f64::from(u32::try_from(count).expect("not so many"));
        number(self.measured.packets) / number(u64::try_from(self.traces.len()).expect("few"))
    }

    fn judged(&self) -> Vec<Judgement> {
        judge(&self.traces, &self.targets, &Owners::new(&self.targets))
    }

    /// How many traces have the right class and the right last foreign hop.
    fn right(&self) -> usize {
        let is_right = |(judgement, truth): &(Judgement, &Truth)| {
            judgement.class.name(&self.targets.classes) == truth.class
                && judgement.border.last.map(|last| last.address) == truth.last_hop
        };
        self.judged().into_iter().zip(&self.truths).filter(is_right).count()
    }
}

fn scenario(name: &str) -> Scenario {
    lab::built_in(name).expect("a scenario").expect("a right one")
}

/// Whether a box on the way answers these packets in the name of all targets behind it, so that the
/// paths seem to end there. The truth that a scenario states is about packets that get through.
fn answers_for_all(name: &str, methods: &[ProbeMethod]) -> bool {
    let answers = |port: u16| {
        let routes = &scenario(name).routes;
        routes.iter().flat_map(|route| &route.middlebox).any(|it| it.open.contains(&port))
    };
    methods.iter().any(|method| matches!(method, ProbeMethod::Tcp(port) if answers(*port)))
}

/// All scenarios whose routers reply to every probe, but for chance.
fn every_scenario_is_measured_right(method: ProbeMethod, rate: u32) {
    let methods = &[method];
    for name in lab::NAMES.into_iter().filter(|name| !answers_for_all(name, methods)) {
        let run = Run::of(name, methods, 7, rate);
        assert_eq!(run.traces.len(), 1024, "{name}");
        let (right, least) = (run.right(), if name == "lossy" { 1014 } else { 1024 });
        assert!(right >= least, "{name} by {method:?} at {rate}/s: {right} right");
    }
}

#[test]
fn every_scenario_is_measured_right_by_icmp() {
    every_scenario_is_measured_right(ProbeMethod::Icmp, 200);
}

#[test]
fn every_scenario_is_measured_right_by_udp() {
    every_scenario_is_measured_right(ProbeMethod::Udp, 1000);
}

#[test]
fn every_scenario_is_measured_right_by_tcp() {
    every_scenario_is_measured_right(ProbeMethod::Tcp(80), 1000);
}

/// What the border strategy may spend on a target, on average: (scenario, packets).
const PATHS_THAT_DIFFER: [&str; 8] = [
    "today",
    "split-60-40",
    "lossy",
    "rate-limited",
    "private-last-hop",
    "ixp-last-hop",
    "loop",
    "odd-reply",
];

#[test]
fn border_first_is_as_right_with_few_packets() {
    for name in lab::NAMES {
        for (methods, rate, seed) in [
            ([ProbeMethod::Icmp], 200, 7),
            ([ProbeMethod::Udp], 1000, 8),
            ([ProbeMethod::Icmp], 5000, 9),
            ([ProbeMethod::Tcp(80)], 1000, 10),
        ] {
            if answers_for_all(name, &methods) {
                continue;
            }
            let run = Run::by(Strategy::Border, name, &methods, seed, rate);
            let simple = !PATHS_THAT_DIFFER.contains(&name);
            let (least, most) = if simple { (1019, 2.5) } else { (1014, 6.0) };
            let right = run.right();
            let packets = run.packets_per_target();
            assert!(right >= least, "{name} by {methods:?} at {rate}/s: {right} right");
            assert!(packets <= most, "{name} at {rate}/s: {packets:.2} packets for each target");
        }
    }
}

/// The first sixteen traces of a prefix show where its border is, and the others ask their targets in place of the
/// silent TTL behind it.
#[test]
fn border_first_proves_arrival_wherever_hosts_answer() {
    for name in ["today", "october-2017", "all-china", "all-russia", "lossy"] {
        let run = Run::by(Strategy::Border, name, &[ProbeMethod::Icmp], 7, 200);
        let proven = run.judged().iter().filter(|judgement| judgement.proven).count();
        assert_eq!(proven, 1024, "{name}");
    }
    for name in ["blackhole", "prohibited", "loop", "outage"] {
        let run = Run::by(Strategy::Border, name, &[ProbeMethod::Icmp], 7, 200);
        assert!(run.judged().iter().all(|judgement| !judgement.proven), "{name}");
    }
}

/// A router that replies 40 times a second is not waited for over minutes.
#[test]
fn no_scenario_takes_long() {
    for name in lab::NAMES {
        for seed in 0..4 {
            let run = Run::by(Strategy::Border, name, &[ProbeMethod::Icmp], seed, 1000);
            let took = run.measured.took.as_secs_f64();
            assert!(took < 30.0, "{name} with seed {seed}: {took:.1} s");
            assert!(run.right() >= 1014, "{name} with seed {seed}: {} right", run.right());
        }
    }
}

#[test]
fn the_same_seed_measures_the_same_to_the_bit() {
    for name in ["lossy", "rate-limited"] {
        let (one, other) = (
            Run::of(name, &[ProbeMethod::Icmp], 3, 1000),
            Run::of(name, &[ProbeMethod::Icmp], 3, 1000),
        );
        assert_eq!((&one.measured, &one.traces), (&other.measured, &other.traces));
        let third = Run::of(name, &[ProbeMethod::Icmp], 4, 1000);
        assert_ne!(one.traces, third.traces);
    }
}

#[test]
fn both_methods_make_two_traces_for_each_target() {
    let run = Run::of("today", &[ProbeMethod::Icmp, ProbeMethod::Udp], 1, 5000);
    assert_eq!((run.traces.len(), run.right()), (2048, 2048));
}

/// Most hosts refuse port 80. One accepts it, one accepts 443 alone, and one keeps silent about both.
#[test]
fn by_tcp_the_second_port_is_tried_where_the_first_stays_silent() {
    let host = |last| Ipv4Addr::new(175, 45, 176, last);
    let mut today = scenario("today");
    // Else the router before the hosts answers in their name.
    today.routes[0].paths[0].hops.pop();
    let web = |open: &[u16], filtered: &[u16]| Manners {
        open: open.to_vec(),
        filtered: filtered.to_vec(),
        ..Manners::default()
    };
    today.hosts.insert(host(8), web(&[80], &[]));
    today.hosts.insert(host(9), web(&[443], &[80]));
    today.hosts.insert(host(15), web(&[], &[80, 443]));
    let settings = |other_ports: &[u16]| TraceSettings {
        strategy: Strategy::Full,
        rate: NonZeroU32::new(5000),
        other_ports: other_ports.to_vec(),
        ..TraceSettings::default()
    };
    let methods = [ProbeMethod::Tcp(80)];
    let one = Run::over(today.clone(), settings(&[]), &methods, 3);
    let two = Run::over(today, settings(&[443]), &methods, 3);
    let answered = |run: &Run, target| {
        let trace = run.traces.iter().find(|trace| trace.target == target).expect("traced");
        let answers =
            |(_, reply): (_, &HopReply)| (reply.from, reply.kind) == (target, ReplyKind::EchoReply);
        (trace.stop == Some(StopReason::Home), trace.answers().any(answers))
    };
    for (run, by_443) in [(&one, false), (&two, true)] {
        assert_eq!((run.traces.len(), run.right()), (1024, 1024));
        assert_eq!(answered(run, host(8)), (true, true));
        assert_eq!(answered(run, host(9)), (by_443, by_443));
        assert_eq!(answered(run, host(15)), (false, false));
        assert_eq!(answered(run, host(16)), (true, true));
        assert_eq!(answered(run, host(200)), (false, false));
    }
    assert!(two.measured.packets < 2 * one.measured.packets + 1000);
}

#[test]
fn three_methods_make_three_traces_for_each_target() {
    let methods = [ProbeMethod::Icmp, ProbeMethod::Udp, ProbeMethod::Tcp(80)];
    let run = Run::of("today", &methods, 1, 5000);
    assert_eq!((run.traces.len(), run.right()), (3072, 3072));
}

#[test]
fn the_rate_is_a_ceiling_for_every_packet() {
    for (name, rate) in [("today", 1000), ("lossy", 317)] {
        let run = Run::of(name, &[ProbeMethod::Icmp], 1, rate);
        let sent = run.sent(false);
        assert_eq!(sent.len(), usize::try_from(run.measured.packets).expect("few"));
        let rate = usize::try_from(rate).expect("small");
        // No second, wherever it begins, has more.
        let most = rate;
        for (first, later) in sent.iter().zip(sent.iter().skip(most)) {
            assert!(later - first >= 1_000_000_000, "{name}: more than {most} in a second");
        }
    }
}

#[test]
fn no_router_sees_a_burst() {
    let run = Run::of("all-china", &[ProbeMethod::Icmp], 1, 1000);
    let first_hop = run.sent(true);
    // All 1,024 traces begin here; at even spacing a tenth of a second would see some 5.
    let most = (0..first_hop.len())
        .map(|from| {
            first_hop[from..].iter().take_while(|at| **at < first_hop[from] + 100_000_000).count()
        })
        .max();
    assert!(most.is_some_and(|most| most <= 40), "{most:?} in a tenth of a second");
}
