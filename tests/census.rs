//! The census in virtual time: which targets are found to be alive, by which method, at which price,
//! and what shows no host.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::time::Duration;

use lasthop::census::{
    Census, ConnectPings, Host, HostCounts, Liveness, PacketPings, PingMethod, PingProbe,
    PingProgress, PingReply, PingResult, PingSettings, mark_implausible,
};
use lasthop::lab::{self, Network, Scenario, VirtualConnections, VirtualTransport};
use lasthop::probe::Moment;
use lasthop::probe::engine::{Matched, Measured};
use lasthop::probe::packet::{Codec, Secret};
use lasthop::probe::transport::{
    Refusal, SendResult, Transport, TransportCounts, TransportError, Unsent,
};
use lasthop::targets::{Targets, select};
use lasthop::trace::StopReason;
use nix::errno::Errno;
use rand::SeedableRng;
use rand::rngs::StdRng;

const HERE: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 77);
const HOST: Ipv4Addr = Ipv4Addr::new(175, 45, 176, 8);

/// Ends a census when it has lasted so long.
fn until(longest: Duration) -> impl FnMut(&PingProgress) -> ControlFlow<()> {
    move |ping| match ping.progress.elapsed {
        elapsed if elapsed < longest => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    }
}

fn targets() -> Targets {
    Targets::built_in().expect("targets")
}

/// A census of the whole block, in the lab.
fn census(
    scenario: Scenario,
    methods: &[PingMethod],
    settings: &PingSettings,
    seed: u64,
) -> Census {
    let block = targets().block;
    let mut random = StdRng::seed_from_u64(seed);
    let addresses = select(&block, &[], &mut random).expect("addresses");
    let codec = Codec::new(Secret::new(*b"known to one run"));
    let mut transport = VirtualTransport::new(Network::new(scenario, seed), codec);
    let mut census = Census::new(&addresses, settings.clone());
    for method in methods {
        let mut pings = PacketPings::new(&mut transport, method.packets().expect("packets"));
        census.ping(*method, &mut pings, &mut until(Duration::MAX)).expect("pinged");
    }
    mark_implausible(&mut census.hosts, &block, HERE);
    census
}

fn built_in(name: &str) -> Scenario {
    lab::built_in(name).expect("a scenario").expect("a right one")
}

/// The addresses that are found to be alive.
fn alive(census: &Census) -> BTreeSet<Ipv4Addr> {
    census.hosts.iter().filter(|host| host.is_alive()).map(|host| host.target).collect()
}

/// The addresses of the scenario's hosts.
fn hosts(scenario: &Scenario) -> BTreeSet<Ipv4Addr> {
    scenario.routes.iter().flat_map(|route| route.hosts.iter().copied()).collect()
}

/// Sixty in a hundred addresses are hosts, and so many packets in a hundred are lost.
fn populous(loss: f64) -> Scenario {
    let mut text = format!("about = \"\"\nvantage = \"{HERE}\"\nloss = {loss:.2}\n");
    for third in 176..180 {
        let hosts =
            (0..256).filter(|last| last % 5 < 3).map(|last| format!("\"175.45.{third}.{last}\""));
        let hosts: Vec<String> = hosts.collect();
        let _ = write!(
            text,
            "[[route]]\nto = \"175.45.{third}.0/24\"\nhosts = [{}]\n[[route.path]]\n\
             hops = [\"192.168.1.1 1\", \"103.35.255.254 200\"]\nend = \"hosts 250\"\nclass = \"china\"\n",
            hosts.join(", ")
        );
    }
    Scenario::parse("populous", &text).expect("a right scenario")
}

#[test]
fn the_hosts_of_a_scenario_are_found_and_no_others() {
    for method in [PingMethod::Icmp, PingMethod::Udp] {
        let scenario = built_in("today");
        let truth = hosts(&scenario);
        let found = census(scenario, &[method], &PingSettings::default(), 1);
        assert_eq!(alive(&found), truth, "{method:?}");
        assert!(found.measured.is_complete());
        let counts = HostCounts::of(&found.hosts, &targets().block);
        assert_eq!((counts.block.targets, counts.block.alive), (1024, 18));
        let routed: Vec<usize> = counts.routed.iter().map(|count| count.alive).collect();
        assert_eq!(routed, [12, 2, 3, 1]);
    }
}

#[test]
fn a_target_that_is_silent_to_one_method_is_pinged_by_the_next() {
    let found = census(
        built_in("census"),
        &[PingMethod::Icmp, PingMethod::Udp],
        &PingSettings::default(),
        1,
    );
    let by = |method: PingMethod| {
        let by = |host: &&Host| host.found.is_some_and(|found| found.liveness.method() == method);
        found.hosts.iter().filter(by).count()
    };
    assert_eq!((by(PingMethod::Icmp), by(PingMethod::Udp)), (7, 1));
}

#[test]
fn a_reply_from_elsewhere_shows_no_host_and_neither_does_a_routers_error() {
    let odd = census(built_in("odd-reply"), &[PingMethod::Icmp], &PingSettings::default(), 1);
    let mut plain = built_in("odd-reply");
    plain.routes.retain(|route| route.paths.iter().all(|path| path.echo_replies_from.is_none()));
    assert!(odd.measured.replies(Matched::Foreign) > 0);
    assert_eq!(alive(&odd), hosts(&plain));
    let prohibited = census(
        built_in("prohibited"),
        &[PingMethod::Icmp, PingMethod::Udp],
        &PingSettings::default(),
        1,
    );
    let truth = hosts(&built_in("prohibited"));
    assert!(prohibited.measured.replies(Matched::Error) > 0);
    assert!(alive(&prohibited).is_subset(&truth));
}

/// 614 hosts, ten times, at ten lost round trips in a hundred: at least 99.5 % are found.
#[test]
fn loss_hides_few_and_invents_none() {
    let truth = hosts(&populous(0.0));
    let (mut found, mut there) = (0, 0);
    for seed in 0..10 {
        for method in [PingMethod::Icmp, PingMethod::Udp] {
            let census = census(populous(0.1), &[method], &PingSettings::default(), seed);
            let alive = alive(&census);
            assert!(alive.is_subset(&truth), "invented: {:?}", alive.difference(&truth));
            found += alive.len();
            there += truth.len();
        }
    }
    assert!(found * 1000 >= there * 995, "{found} of {there}");
    assert_eq!(there, 20 * 4 * 154);
}

#[test]
fn a_silent_target_costs_four_packets_and_a_live_one_three() {
    let found = census(built_in("today"), &[PingMethod::Icmp], &PingSettings::default(), 1);
    assert_eq!(found.measured.packets, 4 * (1024 - 18) + 3 * 18);
    for host in &found.hosts {
        assert_eq!((host.sent(), host.received()), if host.is_alive() { (3, 3) } else { (4, 0) });
    }
}

#[test]
fn the_rate_is_a_ceiling() {
    let settings = PingSettings { rate: NonZeroU32::new(317), ..PingSettings::default() };
    let found = census(populous(0.1), &[PingMethod::Icmp, PingMethod::Udp], &settings, 1);
    let mut sent: Vec<u64> = found
        .hosts
        .iter()
        .flat_map(|host| host.pings.iter().map(|one| one.sent.at.nanos()))
        .collect();
    sent.sort_unstable();
    for (first, later) in sent.iter().zip(sent.iter().skip(317)) {
        assert!(later - first >= 1_000_000_000, "more than 317 in a second");
    }
}

#[test]
fn what_was_found_before_an_end_stays() {
    let settings =
        PingSettings { deadline: Some(Duration::from_secs(4)), ..PingSettings::default() };
    let found = census(built_in("today"), &[PingMethod::Icmp, PingMethod::Udp], &settings, 1);
    assert_eq!(found.measured.cut_short, Some(StopReason::Deadline));
    assert!(!found.measured.is_complete());
    let asked = found.hosts.iter().filter(|host| host.asked.is_some()).count();
    assert!((700..=801).contains(&asked), "{asked} in 4 s at 200 a second");
    assert!(!alive(&found).is_empty());
}

/// Replies to pings as a test has it, in virtual time.
struct Scripted<F> {
    now: Moment,
    on_the_way: Vec<PingReply>,
    pings: Vec<PingProbe>,
    replies: F,
}

impl<F: Fn(&PingProbe) -> Vec<(u64, PingResult)>> Scripted<F> {
    fn new(replies: F) -> Self {
        Self { now: Moment::START, on_the_way: Vec::new(), pings: Vec::new(), replies }
    }
}

impl<F: Fn(&PingProbe) -> Vec<(u64, PingResult)>> Transport<PingProbe, PingReply> for Scripted<F> {
    fn now(&self) -> Moment {
        self.now
    }

    fn send(&mut self, ping: &PingProbe) -> Result<SendResult, TransportError> {
        self.pings.push(*ping);
        let (target, number) = (ping.target, ping.number);
        for (millis, result) in (self.replies)(ping) {
            let received = self.now + Duration::from_millis(millis);
            self.on_the_way.push(PingReply { target, number, received: received.into(), result });
        }
        Ok(SendResult::Sent(self.now.into()))
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<PingReply>) -> Result<(), TransportError> {
        self.on_the_way.sort_by_key(|reply| reply.received);
        let next = self.on_the_way.first().map_or(until, |reply| reply.received.at);
        self.now = self.now.max(next.min(until));
        let here = self.on_the_way.iter().take_while(|reply| reply.received.at <= self.now).count();
        replies.extend(self.on_the_way.drain(..here));
        Ok(())
    }

    fn take_counts(&mut self) -> TransportCounts {
        TransportCounts::default()
    }
}

/// A census of one host whose pings are replied to like that.
fn of_one(
    method: PingMethod,
    replies: impl Fn(&PingProbe) -> Vec<(u64, PingResult)>,
) -> (Host, Measured, Vec<PingProbe>) {
    let mut transport = Scripted::new(replies);
    let mut census = Census::new(&[HOST], PingSettings::default());
    census.ping(method, &mut transport, &mut until(Duration::MAX)).expect("pinged");
    (census.hosts.remove(0), census.measured, transport.pings)
}

const ECHO: PingResult = PingResult::Alive(Liveness::Echo, Some(52));

#[test]
fn a_second_reply_to_the_same_ping_is_counted_apart() {
    let (host, measured, _) =
        of_one(PingMethod::Icmp, |_| vec![(10, ECHO), (11, ECHO), (12, ECHO)]);
    // The last ones would come when the census has ended.
    let duplicates = measured.replies(Matched::Duplicate);
    assert_eq!((host.sent(), host.received(), duplicates), (3, 3, 4));
}

#[test]
fn a_late_reply_shows_no_host() {
    let (host, measured, _) = of_one(PingMethod::Icmp, |_| vec![(1001, ECHO)]);
    assert_eq!((host.found, host.sent(), host.received()), (None, 4, 0));
    // The last one would come when the census has ended.
    assert_eq!(measured.replies(Matched::Late), 3);
    let (host, ..) = of_one(PingMethod::Icmp, |_| vec![(999, ECHO)]);
    assert_eq!((host.sent(), host.received()), (3, 3));
}

#[test]
fn foreign_replies_and_errors_show_no_host() {
    for (result, matched) in
        [(PingResult::Foreign, Matched::Foreign), (PingResult::Error, Matched::Error)]
    {
        let (host, measured, pings) = of_one(PingMethod::Icmp, |_| vec![(10, result)]);
        assert_eq!((host.found, pings.len()), (None, 4));
        assert_eq!(measured.matched.into_iter().collect::<Vec<_>>(), [(matched, 4)]);
    }
}

#[test]
fn a_reply_to_the_last_attempt_leaves_the_losses_before_it() {
    let (host, ..) = of_one(PingMethod::Icmp, |ping| match ping.number {
        0..3 => Vec::new(),
        _ => vec![(10, ECHO)],
    });
    assert_eq!((host.sent(), host.received()), (4, 1));
    assert!(host.is_alive());
}

#[test]
fn ports_take_turns_until_one_answers() {
    let (host, _, pings) = of_one(PingMethod::Tcp, |_| Vec::new());
    let ports: Vec<u16> = pings.iter().map(|ping| ping.port).collect();
    assert_eq!((host.found, ports), (None, [80, 443].repeat(4)));
    let (host, _, pings) = of_one(PingMethod::Tcp, |ping| match ping.port {
        443 => vec![(10, PingResult::Alive(Liveness::Open(443), None))],
        _ => Vec::new(),
    });
    let ports: Vec<u16> = pings.iter().map(|ping| ping.port).collect();
    assert_eq!(ports, [80, 443, 443, 443]);
    assert_eq!((host.sent(), host.received()), (3, 3), "the silence of port 80 is no loss");
}

#[test]
fn the_pings_of_one_target_are_apart() {
    let (host, ..) = of_one(PingMethod::Icmp, |_| vec![(1, ECHO)]);
    for (one, next) in host.pings.iter().zip(&host.pings[1..]) {
        assert!(next.sent.since(one.sent) >= Some(Duration::from_millis(200)));
    }
}

#[test]
fn an_interruption_ends_all_methods() {
    let block = targets().block;
    let addresses = select(&block, &[], &mut StdRng::seed_from_u64(1)).expect("addresses");
    let mut census = Census::new(&addresses, PingSettings::default());
    let mut transport = Scripted::new(|_: &PingProbe| vec![(10, ECHO)]);
    let second = Duration::from_secs(1);
    census.ping(PingMethod::Icmp, &mut transport, &mut until(second)).expect("pinged");
    assert_eq!(census.measured.cut_short, Some(StopReason::Interrupted));
    let count = transport.pings.len();
    assert!((190..=201).contains(&count), "{count}");
    let forever = &mut until(Duration::MAX);
    census.ping(PingMethod::Udp, &mut transport, forever).expect("nothing");
    assert_eq!(transport.pings.len(), count);
}

/// A machine whose link fails from one moment to another: it refuses, or it takes the pings and reports after
/// three seconds that they never left.
struct Failing<T> {
    inner: T,
    times: std::ops::Range<Moment>,
    reports: bool,
    swallowed: Vec<(Moment, PingProbe)>,
    never_left: u64,
}

impl<T: Transport<PingProbe, PingReply>> Transport<PingProbe, PingReply> for Failing<T> {
    fn now(&self) -> Moment {
        self.inner.now()
    }

    fn send(&mut self, ping: &PingProbe) -> Result<SendResult, TransportError> {
        let now = self.now();
        if !self.times.contains(&now) {
            self.inner.send(ping)
        } else if self.reports {
            self.never_left += 1;
            self.swallowed.push((now, *ping));
            Ok(SendResult::Sent(now.into()))
        } else {
            Ok(SendResult::Refused(now, Refusal::new(Errno::ENETUNREACH)))
        }
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<PingReply>) -> Result<(), TransportError> {
        self.inner.recv(until, replies)
    }

    fn take_unsent(&mut self) -> Vec<Unsent<PingProbe>> {
        let now = self.now();
        match self.swallowed.first() {
            Some((first, _)) if *first + Duration::from_secs(3) <= now => {}
            _ => return Vec::new(),
        }
        let refusal = Refusal::new(Errno::EHOSTUNREACH);
        let all = std::mem::take(&mut self.swallowed);
        all.into_iter().map(|(_, probe)| Unsent { probe, refusal }).collect()
    }

    fn take_counts(&mut self) -> TransportCounts {
        self.inner.take_counts()
    }
}

/// A link that is down for a while hides no host, and is no attempt.
#[test]
fn a_link_that_fails_for_a_while_hides_no_host() {
    let truth = hosts(&populous(0.0));
    for (reports, seconds) in [(false, 1..3), (true, 1..4)] {
        let block = targets().block;
        let addresses = select(&block, &[], &mut StdRng::seed_from_u64(1)).expect("addresses");
        let codec = Codec::new(Secret::new(*b"known to one run"));
        let mut transport = VirtualTransport::new(Network::new(populous(0.0), 1), codec);
        let inner = PacketPings::new(&mut transport, PingMethod::Icmp.packets().expect("packets"));
        let moment = |second| Moment::START + Duration::from_secs(second);
        let times = moment(seconds.start)..moment(seconds.end);
        let mut failing = Failing { inner, times, reports, swallowed: Vec::new(), never_left: 0 };
        let mut census = Census::new(&addresses, PingSettings::default());
        census.ping(PingMethod::Icmp, &mut failing, &mut until(Duration::MAX)).expect("pinged");
        assert_eq!(alive(&census), truth, "{reports}");
        assert!(census.measured.is_complete() && census.measured.counts.resent > 0);
        for host in &census.hosts {
            let (sent, received) = (host.sent(), host.received());
            let right = if host.is_alive() { sent == received && sent >= 3 } else { sent == 4 };
            assert!(right, "{reports}: {} {sent} {received}", host.target);
        }
    }
}

/// What could not be asked is not silent: it was not pinged.
#[test]
fn what_the_machine_never_sent_was_not_pinged() {
    let inner = Scripted::new(|_: &PingProbe| vec![(10, ECHO)]);
    let times = Moment::START..Moment::START + Duration::from_hours(1);
    let mut failing =
        Failing { inner, times, reports: false, swallowed: Vec::new(), never_left: 0 };
    let mut census = Census::new(&[HOST], PingSettings::default());
    census.ping(PingMethod::Icmp, &mut failing, &mut until(Duration::MAX)).expect("pinged");
    assert_eq!((census.hosts[0].asked, census.measured.packets), (None, 0));
    assert!(census.measured.counts.unsent > 0 && !census.measured.is_complete());
    assert_eq!(HostCounts::of(&census.hosts, &targets().block).block.targets, 0);
}

/// A system that reports every ping, also those of targets that were given up: each counts once. What was
/// not asked is not silent, also where a ping times out before the system reports it.
#[test]
fn a_ping_that_never_left_counts_once() {
    for timeout in [1, 5] {
        let inner = Scripted::new(|_: &PingProbe| vec![(10, ECHO)]);
        let times = Moment::START..Moment::START + Duration::from_hours(1);
        let mut failing =
            Failing { inner, times, reports: true, swallowed: Vec::new(), never_left: 0 };
        let addresses: Vec<Ipv4Addr> = targets().block.prefix.hosts().take(100).collect();
        let timeout = Duration::from_secs(timeout);
        let mut census =
            Census::new(&addresses, PingSettings { timeout, ..PingSettings::default() });
        census.ping(PingMethod::Icmp, &mut failing, &mut until(Duration::MAX)).expect("pinged");
        let Measured { counts, packets, .. } = &census.measured;
        assert!(counts.unsent > 0 && !census.measured.is_complete(), "{timeout:?}: {counts:?}");
        let counted = counts.unsent + counts.resent;
        assert_eq!((counted, *packets), (failing.never_left, 0), "{timeout:?}");
        assert!(census.hosts.iter().all(|host| host.asked.is_none()), "{timeout:?}");
    }
}

/// A block with three hosts, and in 179/24 a box that answers for every address, or two that share the work at
/// different distances, under loss.
fn with_boxes(loss: f64, boxes: &[&str]) -> Scenario {
    let mut text = format!("about = \"\"\nvantage = \"{HERE}\"\nloss = {loss:.2}\n");
    let mut route = |to: &str, hops: &str, rest: &str| {
        let _ = write!(
            text,
            "[[route]]\nto = \"{to}\"\n{rest}\n[[route.path]]\nhops = [\"192.168.1.1 1\", {hops}]\n\
             end = \"hosts 250\"\nclass = \"china\"\n"
        );
    };
    let near = "\"103.35.255.254 200\"";
    for (third, host) in [(176, 8), (177, 1), (178, 55)] {
        let hosts = format!("hosts = [\"175.45.{third}.{host}\"]");
        route(&format!("175.45.{third}.0/24"), near, &hosts);
    }
    for (place, of_box) in boxes.iter().enumerate() {
        let hops = if place == 0 { near.to_owned() } else { format!("\"219.158.3.1 90\", {near}") };
        let part = match boxes.len() {
            1 => "175.45.179.0/24".to_owned(),
            _ => format!("175.45.179.{}/25", place * 128),
        };
        route(&part, &hops, of_box);
    }
    Scenario::parse("boxes", &text).expect("a right scenario")
}

/// A census of that by connections.
fn by_tcp(scenario: Scenario, seed: u64) -> Census {
    let block = targets().block;
    let addresses = select(&block, &[], &mut StdRng::seed_from_u64(seed)).expect("addresses");
    let settings = PingSettings { rate: NonZeroU32::new(2000), ..PingSettings::default() };
    let timeout = settings.timeout(PingMethod::Tcp);
    let mut transport =
        VirtualConnections::new(Network::new(scenario, seed), timeout, Moment::START);
    let mut census = Census::new(&addresses, settings);
    let mut pings = ConnectPings::new(&mut transport);
    census.ping(PingMethod::Tcp, &mut pings, &mut until(Duration::MAX)).expect("pinged");
    mark_implausible(&mut census.hosts, &block, HERE);
    census
}

/// By connections it is chance, under loss, which port finds an address, and by echo requests boxes that share
/// the work have TTLs of their own. All the same nobody is alive there, and the hosts elsewhere are.
#[test]
fn a_box_that_answers_for_a_prefix_is_no_host_whatever_is_lost() {
    let real = hosts(&with_boxes(0.0, &[]));
    let is_box = "middlebox = { behind = 2, open = [80, 443] }";
    for (loss, seed) in [(0.0, 1), (0.02, 2), (0.05, 3), (0.15, 4), (0.15, 5)] {
        let found = by_tcp(with_boxes(loss, &[is_box]), seed);
        assert!(alive(&found).is_subset(&real), "{loss}: {:?}", alive(&found));
        assert!(loss > 0.05 || alive(&found) == real, "{loss}: {:?}", alive(&found));
        let counts = HostCounts::of(&found.hosts, &targets().block);
        assert!(counts.block.implausible >= 250, "{loss}: {}", counts.block.implausible);
    }
    let all = |first: u32| {
        let hosts: Vec<String> =
            (first..first + 128).map(|last| format!("\"175.45.179.{last}\"")).collect();
        format!("hosts = [{}]", hosts.join(", "))
    };
    let (one, other) = (all(0), all(128));
    for (loss, seed) in [(0.0, 1), (0.05, 2), (0.15, 3)] {
        let scenario = with_boxes(loss, &[&one, &other]);
        let found = census(scenario, &[PingMethod::Icmp], &PingSettings::default(), seed);
        assert!(alive(&found).is_subset(&real), "{loss}: {:?}", alive(&found));
        let counts = HostCounts::of(&found.hosts, &targets().block);
        assert!(counts.block.implausible >= 250, "{loss}: {}", counts.block.implausible);
    }
}
