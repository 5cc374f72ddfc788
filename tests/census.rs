//! The census in virtual time: who is found to live, by which means, at which price, and what is no
//! sign of life.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::time::Duration;

use lasthop::census::{
    Asker, Census, Heard, Host, HostCounts, Liveness, Noise, Observer, OverWire, PingMethod,
    PingSettings, Progress, Question, Stopped, What, mark_implausible,
};
use lasthop::lab::{self, Network, Scenario, VirtualTransport};
use lasthop::probe::Moment;
use lasthop::probe::packet::{Codec, Secret};
use lasthop::probe::transport::{SendResult, TransportError};
use lasthop::targets::{Targets, select};
use rand::SeedableRng;
use rand::rngs::StdRng;

const HERE: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 77);
const HOST: Ipv4Addr = Ipv4Addr::new(175, 45, 176, 8);

/// Ends a census when it has lasted so long.
struct Until(Duration);

const FOREVER: Until = Until(Duration::MAX);

impl Observer for Until {
    fn on_progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        if progress.elapsed < self.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

fn targets() -> Targets {
    Targets::built_in().expect("targets")
}

/// A census of the whole block, in the lab.
fn census(scenario: Scenario, means: &[PingMethod], settings: &PingSettings, seed: u64) -> Census {
    let block = targets().block;
    let mut random = StdRng::seed_from_u64(seed);
    let addresses = select(&block, &[], &mut random).expect("addresses");
    let codec = Codec::new(Secret::new(*b"known to one run"));
    let mut wire = VirtualTransport::new(Network::new(scenario, seed), codec);
    let mut census = Census::new(&addresses, settings.clone());
    for means in means {
        let mut asker = OverWire::new(&mut wire, *means).expect("a wire's means");
        census.ask(*means, &mut asker, &mut Until(Duration::MAX)).expect("asked");
    }
    mark_implausible(&mut census.hosts, &block, HERE);
    census
}

fn built_in(name: &str) -> Scenario {
    lab::built_in(name).expect("a scenario").expect("a right one")
}

/// The addresses that are found to live.
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
fn the_hosts_of_a_scenario_are_found_and_nobody_else() {
    for means in [PingMethod::Icmp, PingMethod::Udp] {
        let scenario = built_in("today");
        let truth = hosts(&scenario);
        let found = census(scenario, &[means], &PingSettings::default(), 1);
        assert_eq!(alive(&found), truth, "{means:?}");
        assert!(found.is_complete());
        let counts = HostCounts::of(&found.hosts, &targets().block);
        assert_eq!((counts.block.targets, counts.block.alive), (1024, 18));
        let routed: Vec<usize> = counts.routed.iter().map(|count| count.alive).collect();
        assert_eq!(routed, [12, 2, 3, 1]);
    }
}

#[test]
fn who_is_silent_to_one_means_is_asked_by_the_next() {
    let found = census(
        built_in("census"),
        &[PingMethod::Icmp, PingMethod::Udp],
        &PingSettings::default(),
        1,
    );
    let by = |means: PingMethod| {
        let by = |host: &&Host| host.found.is_some_and(|found| found.liveness.means() == means);
        found.hosts.iter().filter(by).count()
    };
    assert_eq!((by(PingMethod::Icmp), by(PingMethod::Udp)), (7, 1));
}

#[test]
fn an_answer_from_elsewhere_is_no_host_and_neither_is_a_routers_error() {
    let odd = census(built_in("odd-reply"), &[PingMethod::Icmp], &PingSettings::default(), 1);
    let mut plain = built_in("odd-reply");
    plain.routes.retain(|route| route.paths.iter().all(|path| path.echo_replies_from.is_none()));
    assert!(odd.noise.foreign > 0);
    assert_eq!(alive(&odd), hosts(&plain));
    let refused = census(
        built_in("prohibited"),
        &[PingMethod::Icmp, PingMethod::Udp],
        &PingSettings::default(),
        1,
    );
    let truth = hosts(&built_in("prohibited"));
    assert!(refused.noise.errors > 0, "{:?}", refused.noise);
    assert!(alive(&refused).is_subset(&truth));
}

/// 614 hosts, ten times, at ten lost round trips in a hundred: at least 99.5 % are found.
#[test]
fn loss_hides_few_and_invents_none() {
    let truth = hosts(&populous(0.0));
    let (mut found, mut there) = (0, 0);
    for seed in 0..10 {
        for means in [PingMethod::Icmp, PingMethod::Udp] {
            let census = census(populous(0.1), &[means], &PingSettings::default(), seed);
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
    assert_eq!(found.packets, 4 * (1024 - 18) + 3 * 18);
    for host in &found.hosts {
        assert_eq!((host.sent(), host.received()), if host.is_alive() { (3, 3) } else { (4, 0) });
    }
}

#[test]
fn the_rate_is_a_ceiling() {
    let settings = PingSettings { rate: NonZeroU32::new(317), ..PingSettings::default() };
    let found = census(populous(0.1), &[PingMethod::Icmp, PingMethod::Udp], &settings, 1);
    let mut sent: Vec<u64> =
        found.hosts.iter().flat_map(|host| host.tries.iter().map(|one| one.sent.nanos())).collect();
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
    assert_eq!(found.stopped, Some(Stopped::Deadline));
    assert!(!found.is_complete());
    let asked = found.hosts.iter().filter(|host| host.asked.is_some()).count();
    assert!((700..=801).contains(&asked), "{asked} in 4 s at 200 a second");
    assert!(!alive(&found).is_empty());
}

/// Answers questions as a test has it, in virtual time.
struct Scripted<F> {
    now: Moment,
    on_the_way: Vec<Heard>,
    asked: Vec<Question>,
    answers: F,
}

impl<F: Fn(&Question) -> Vec<(u64, What)>> Scripted<F> {
    fn new(answers: F) -> Self {
        Self { now: Moment::START, on_the_way: Vec::new(), asked: Vec::new(), answers }
    }
}

impl<F: Fn(&Question) -> Vec<(u64, What)>> Asker for Scripted<F> {
    fn now(&self) -> Moment {
        self.now
    }

    fn ask(&mut self, question: &Question) -> Result<SendResult, TransportError> {
        self.asked.push(*question);
        let (target, number) = (question.target, question.number);
        for (millis, what) in (self.answers)(question) {
            let at = self.now + Duration::from_millis(millis);
            self.on_the_way.push(Heard { target, number, at, what });
        }
        Ok(SendResult::Sent(self.now))
    }

    fn hear(&mut self, until: Moment, heard: &mut Vec<Heard>) -> Result<(), TransportError> {
        self.on_the_way.sort_by_key(|heard| heard.at);
        let next = self.on_the_way.first().map_or(until, |heard| heard.at);
        self.now = self.now.max(next.min(until));
        let here = self.on_the_way.iter().take_while(|heard| heard.at <= self.now).count();
        heard.extend(self.on_the_way.drain(..here));
        Ok(())
    }
}

/// What a census of one host says when its questions are answered so.
fn of_one(
    means: PingMethod,
    answers: impl Fn(&Question) -> Vec<(u64, What)>,
) -> (Host, Noise, Vec<Question>) {
    let mut asker = Scripted::new(answers);
    let mut census = Census::new(&[HOST], PingSettings::default());
    census.ask(means, &mut asker, &mut { FOREVER }).expect("asked");
    (census.hosts.remove(0), census.noise, asker.asked)
}

const ECHO: What = What::Life(Liveness::Echo, Some(52));

#[test]
fn a_second_answer_to_the_same_question_is_counted_once() {
    let (host, noise, _) = of_one(PingMethod::Icmp, |_| vec![(10, ECHO), (11, ECHO), (12, ECHO)]);
    // The last ones would come when nobody listens any more.
    assert_eq!((host.sent(), host.received(), noise.duplicates), (3, 3, 4));
}

#[test]
fn a_late_answer_shows_no_host() {
    let (host, noise, _) = of_one(PingMethod::Icmp, |_| vec![(1001, ECHO)]);
    assert_eq!((host.found, host.sent(), host.received()), (None, 4, 0));
    // The last one would come when nobody listens any more.
    assert_eq!(noise.late, 3);
    let (host, ..) = of_one(PingMethod::Icmp, |_| vec![(999, ECHO)]);
    assert_eq!((host.sent(), host.received()), (3, 3));
}

#[test]
fn foreign_answers_and_errors_show_no_host() {
    for (what, foreign, errors) in [(What::Foreign, 4, 0), (What::Error, 0, 4)] {
        let (host, noise, asked) = of_one(PingMethod::Icmp, |_| vec![(10, what)]);
        assert_eq!((host.found, asked.len()), (None, 4));
        assert_eq!((noise.foreign, noise.errors), (foreign, errors));
    }
}

#[test]
fn an_answer_after_silence_is_measured_as_often_as_any() {
    let late_riser = |question: &Question| match question.number {
        0..3 => Vec::new(),
        _ => vec![(10, ECHO)],
    };
    let (host, ..) = of_one(PingMethod::Icmp, late_riser);
    assert_eq!((host.sent(), host.received()), (4, 1), "the loss is told as it is");
    assert!(host.is_alive());
}

#[test]
fn ports_take_turns_until_one_answers() {
    let (host, _, asked) = of_one(PingMethod::Tcp, |_| Vec::new());
    let ports: Vec<u16> = asked.iter().map(|question| question.port).collect();
    assert_eq!((host.found, ports), (None, [80, 443].repeat(4)));
    let only_443 = |question: &Question| match question.port {
        443 => vec![(10, What::Life(Liveness::Open(443), None))],
        _ => Vec::new(),
    };
    let (host, _, asked) = of_one(PingMethod::Tcp, only_443);
    let ports: Vec<u16> = asked.iter().map(|question| question.port).collect();
    assert_eq!(ports, [80, 443, 443, 443]);
    assert_eq!((host.sent(), host.received()), (3, 3), "what port 80 kept silent about is no loss");
}

#[test]
fn questions_to_one_target_are_apart() {
    let (host, ..) = of_one(PingMethod::Icmp, |_| vec![(1, ECHO)]);
    for (one, next) in host.tries.iter().zip(&host.tries[1..]) {
        assert!(next.sent.since(one.sent) >= Duration::from_millis(200));
    }
}

#[test]
fn an_interruption_ends_it_and_asks_nobody_else() {
    let block = targets().block;
    let addresses = select(&block, &[], &mut StdRng::seed_from_u64(1)).expect("addresses");
    let mut census = Census::new(&addresses, PingSettings::default());
    let mut asker = Scripted::new(|_: &Question| vec![(10, ECHO)]);
    census.ask(PingMethod::Icmp, &mut asker, &mut Until(Duration::from_secs(1))).expect("asked");
    assert_eq!(census.stopped, Some(Stopped::Interrupted));
    let count = asker.asked.len();
    assert!((190..=201).contains(&count), "{count}");
    census.ask(PingMethod::Udp, &mut asker, &mut { FOREVER }).expect("nothing");
    assert_eq!(asker.asked.len(), count);
}
