//! The engine in virtual time, on networks of a few lines: when it asks, when it asks again, and
//! when it stops.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::time::Duration;

use lasthop::lab::{Network, Scenario, VirtualTransport};
use lasthop::probe::engine::{self, Measured, Observer, Progress};
use lasthop::probe::packet::{Codec, Secret};
use lasthop::probe::scheduler::{Matched, TraceScheduler};
use lasthop::probe::transport::{SendResult, Transport, TransportCounts, TransportError};
use lasthop::probe::{
    Finished, Moment, Outcome, Probe, ProbeMethod, ProbeTtl, Reply, TraceSettings,
};
use lasthop::targets::Targets;
use lasthop::trace::{StopReason, Strategy};
use rand::SeedableRng;
use rand::rngs::StdRng;

const HOST: &str = "175.45.176.8";

/// Keeps the traces, and interrupts the run when it has lasted so long.
struct Until(Duration, Vec<Finished>);

/// What a run has done.
struct Ran {
    measured: Measured,
    traces: Vec<Finished>,
}

impl std::ops::Deref for Ran {
    type Target = Measured;

    fn deref(&self) -> &Measured {
        &self.measured
    }
}

impl Observer for Until {
    fn on_progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        if progress.elapsed < self.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn on_ended(&mut self, finished: Finished) {
        self.1.push(finished);
    }
}

fn scenario(hops: &str, end: &str, routers: &str) -> Scenario {
    let text = format!(
        "about = \"\"\nvantage = \"192.168.1.77\"\n[[route]]\nto = \"175.45.176.0/22\"\n\
         hosts = [\"{HOST}\"]\n[[route.key]]\nhops = [{hops}]\nend = \"{end}\"\nclass = \"china\"\n\
         {routers}"
    );
    Scenario::parse("inline", &text).expect("a right scenario")
}

fn wire(scenario: Scenario) -> VirtualTransport {
    VirtualTransport::new(Network::new(scenario, 1), Codec::new(Secret::new([7; 16])))
}

fn run_on(
    wire: &mut impl Transport,
    targets: &[&str],
    settings: &TraceSettings,
    watch: Duration,
) -> Ran {
    let known = Targets::built_in().expect("targets");
    let targets: Vec<Ipv4Addr> = targets.iter().map(|text| text.parse().expect("target")).collect();
    let mut random = StdRng::seed_from_u64(1);
    let plan = TraceScheduler::new(
        known,
        settings.clone(),
        &targets,
        &[ProbeMethod::Icmp],
        1,
        &mut random,
    );
    let mut watch = Until(watch, Vec::new());
    let (measured, failure) = engine::run(wire, plan, settings, &mut watch);
    failure.expect("measured");
    Ran { measured, traces: watch.1 }
}

fn run(scenario: Scenario, targets: &[&str], settings: &TraceSettings) -> Ran {
    run_on(&mut wire(scenario), targets, settings, Duration::from_hours(1))
}

/// The usual settings, but complete traces.
fn full() -> TraceSettings {
    TraceSettings { strategy: Strategy::Full, ..TraceSettings::default() }
}

fn asked(trace: &Finished, ttl: u8) -> usize {
    trace.tries.iter().filter(|one| Some(one.ttl) == ProbeTtl::new(ttl)).count()
}

const CHAIN: &str = r#""192.168.1.1 1", "219.158.3.1 20", "103.35.255.254 40""#;

#[test]
fn home_ends_a_trace_and_every_ttl_before_it_is_asked_once() {
    let measured = run(scenario(CHAIN, "hosts 50", ""), &[HOST], &full());
    let trace = &measured.traces[0];
    assert_eq!(trace.stop, StopReason::Home);
    assert_eq!((1..=4).map(|ttl| asked(trace, ttl)).collect::<Vec<_>>(), [1, 1, 1, 1]);
    assert!(trace.tries.len() <= 4 + full().window, "{}", trace.tries.len());
}

#[test]
fn silence_ends_a_trace_at_the_gap_limit() {
    let settings = TraceSettings { gap_limit: 4, border_attempts: 0, ..full() };
    let trace = &run(scenario(CHAIN, "blackhole", ""), &["175.45.176.9"], &settings).traces[0];
    assert_eq!(trace.stop, StopReason::GapLimit);
    assert_eq!((4..=8).map(|ttl| asked(trace, ttl)).collect::<Vec<_>>(), [2, 2, 2, 2, 0]);
}

#[test]
fn the_furthest_ttl_ends_a_trace() {
    let settings =
        TraceSettings { max_ttl: ProbeTtl::new(5).expect("ttl"), border_attempts: 0, ..full() };
    let trace = &run(scenario(CHAIN, "blackhole", ""), &["175.45.176.9"], &settings).traces[0];
    assert_eq!((trace.stop, asked(trace, 5), asked(trace, 6)), (StopReason::MaxTtl, 2, 0));
}

#[test]
fn a_refusal_and_a_loop_end_a_trace() {
    let stop = |end| run(scenario(CHAIN, end, ""), &["175.45.176.9"], &full()).traces[0].stop;
    assert_eq!(stop("refusal 13"), StopReason::Unreachable);
    assert_eq!(stop("loop"), StopReason::Loop);
}

#[test]
fn a_first_hop_that_hides_costs_no_trace_its_border() {
    let hops = r#""* 1", "* 2", "* 3", "* 4", "* 5", "* 6", "219.158.3.1 20""#;
    let trace = &run(scenario(hops, "blackhole", ""), &["175.45.176.9"], &full()).traces[0];
    assert!(trace.tries.iter().any(|one| matches!(one.outcome, Outcome::Answered(_))));
}

#[test]
fn the_silent_ttls_behind_a_doubtful_border_are_asked_again_ever_later() {
    let settings = full();
    let trace = &run(scenario(CHAIN, "blackhole", ""), &["175.45.176.9"], &settings).traces[0];
    assert_eq!(asked(trace, 4), usize::from(settings.attempts + settings.border_attempts));
    assert_eq!(asked(trace, 7), usize::from(settings.attempts));
    let at =
        |attempt| trace.tries.iter().find(|one| one.ttl.get() == 4 && one.attempt.get() == attempt);
    let sent: Vec<Moment> = (0..6).filter_map(|n| at(n).map(|one| one.sent)).collect();
    let waits: Vec<Duration> = sent.windows(2).skip(2).map(|pair| pair[1].since(pair[0])).collect();
    assert!(waits.is_sorted() && waits.len() == 3, "{waits:?}");
}

#[test]
fn a_border_that_many_neighbours_confirm_is_not_asked_again() {
    let targets: Vec<String> = (10..200).map(|n| format!("175.45.176.{n}")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let settings = full();
    let measured = run(scenario(CHAIN, "blackhole", ""), &targets, &settings);
    let again = measured.traces.iter().filter(|trace| asked(trace, 4) > 2).count();
    assert!(again <= 20, "{again} of {}", targets.len());
}

#[test]
fn a_border_that_rarely_answers_is_found_by_asking_again() {
    let habits = "[router.\"103.35.255.254\"]\nlimit = 20\nburst = 5\n";
    let targets: Vec<String> = (10..110).map(|n| format!("175.45.176.{n}")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let settings = TraceSettings { rate: NonZeroU32::new(2000), ..full() };
    let measured = run(scenario(CHAIN, "blackhole", habits), &targets, &settings);
    let found = |trace: &&Finished| {
        trace
            .tries
            .iter()
            .any(|one| one.ttl.get() == 3 && matches!(one.outcome, Outcome::Answered(_)))
    };
    let found = measured.traces.iter().filter(found).count();
    assert!(found >= 99, "{found} of 100");
}

#[test]
fn the_deadline_ends_what_is_under_way() {
    let settings = TraceSettings { deadline: Some(Duration::from_secs(2)), ..full() };
    let measured = run(scenario(CHAIN, "blackhole", ""), &["175.45.176.9"], &settings);
    assert_eq!(measured.cut_short, Some(StopReason::Deadline));
    assert_eq!(measured.traces[0].stop, StopReason::Deadline);
    assert!(measured.took < Duration::from_millis(2100), "{:?}", measured.took);
}

#[test]
fn an_interruption_hands_on_what_was_begun_and_nothing_else() {
    let settings = TraceSettings { rate: NonZeroU32::new(10), ..full() };
    let targets: Vec<String> = (0..100).map(|n| format!("175.45.176.{n}")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let mut wire = wire(scenario(CHAIN, "blackhole", ""));
    let measured = run_on(&mut wire, &targets, &settings, Duration::from_secs(3));
    assert_eq!(measured.cut_short, Some(StopReason::Interrupted));
    assert!(!measured.traces.is_empty() && measured.traces.len() < 100);
    assert!(measured.traces.iter().all(|trace| !trace.tries.is_empty()));
    let tries: usize = measured.traces.iter().map(|trace| trace.tries.len()).sum();
    assert_eq!(u64::try_from(tries).expect("few"), measured.packets);
}

/// Lets nothing out.
struct Full(VirtualTransport);

impl Transport for Full {
    fn now(&self) -> Moment {
        self.0.now()
    }

    fn send(&mut self, _: &Probe) -> Result<SendResult, TransportError> {
        Ok(SendResult::Busy)
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.0.recv(until, replies)
    }

    fn counts(&self) -> &TransportCounts {
        self.0.counts()
    }
}

#[test]
fn a_trace_of_which_nothing_was_sent_is_none() {
    let settings = TraceSettings { deadline: Some(Duration::from_secs(1)), ..full() };
    let mut wire = Full(wire(scenario(CHAIN, "hosts 50", "")));
    let measured = run_on(&mut wire, &[HOST], &settings, Duration::from_hours(1));
    assert_eq!((measured.traces.len(), measured.cut_short), (0, Some(StopReason::Deadline)));
}

/// Delivers every reply three times: at once, again, and after its trace has ended.
struct Echoing {
    inner: VirtualTransport,
    held: Vec<Reply>,
}

impl Transport for Echoing {
    fn now(&self) -> Moment {
        self.inner.now()
    }

    fn send(&mut self, probe: &Probe) -> Result<SendResult, TransportError> {
        self.inner.send(probe)
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.inner.recv(until, replies)?;
        let again = replies.clone();
        replies.extend(again.iter().cloned());
        self.held.extend(again);
        if self.inner.now() > Moment::START + Duration::from_secs(5) {
            replies.append(&mut self.held);
        }
        Ok(())
    }

    fn counts(&self) -> &TransportCounts {
        self.inner.counts()
    }
}

#[test]
fn an_answer_counts_once_and_the_others_are_counted_apart() {
    let inner = wire(scenario(CHAIN, "hosts 50", ""));
    let mut wire = Echoing { inner, held: Vec::new() };
    let settings = full();
    let targets = [HOST, "175.45.176.9"];
    let measured = run_on(&mut wire, &targets, &settings, Duration::from_hours(1));
    let matched = |what| measured.matched.get(&what).copied().unwrap_or_default();
    let answers: usize = measured
        .traces
        .iter()
        .flat_map(|trace| &trace.tries)
        .filter(|one| matches!(one.outcome, Outcome::Answered(_)))
        .count();
    assert_eq!(matched(Matched::First), u64::try_from(answers).expect("few"));
    assert!(matched(Matched::Duplicate) > 0 && matched(Matched::Late) > 0);
    assert_eq!(matched(Matched::Unasked), 0);
}

/// Lets so many probes pass, then refuses them or fails altogether.
struct Breaking {
    inner: VirtualTransport,
    passes: usize,
    fails: bool,
}

impl Transport for Breaking {
    fn now(&self) -> Moment {
        self.inner.now()
    }

    fn send(&mut self, probe: &Probe) -> Result<SendResult, TransportError> {
        if self.passes > 0 {
            self.passes -= 1;
            return self.inner.send(probe);
        }
        let source = std::io::Error::from(std::io::ErrorKind::NetworkDown);
        if self.fails {
            Err(TransportError::System { call: "sendto", source })
        } else {
            Ok(SendResult::Unsent(self.inner.now()))
        }
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.inner.recv(until, replies)
    }

    fn counts(&self) -> &TransportCounts {
        self.inner.counts()
    }
}

#[test]
fn a_network_that_goes_away_is_no_outage_of_the_block() {
    let inner = wire(scenario(CHAIN, "blackhole", ""));
    let mut wire = Breaking { inner, passes: 2, fails: false };
    let targets = ["175.45.176.9", "175.45.176.10"];
    let measured = run_on(&mut wire, &targets, &full(), Duration::from_hours(1));
    assert_eq!(measured.packets, 2, "what did not leave was not sent");
    assert_eq!(measured.traces.len(), 1, "what never left was not measured");
    assert_eq!(measured.traces[0].stop, StopReason::Unsent);
    assert!(StopReason::Unsent.is_cut_short());
}

#[test]
fn a_wire_that_fails_keeps_what_was_measured() {
    let inner = wire(scenario(CHAIN, "hosts 50", ""));
    let mut wire = Breaking { inner, passes: 3, fails: true };
    let settings = full();
    let targets = Targets::built_in().expect("targets");
    let host = [HOST.parse().expect("an address")];
    let mut random = StdRng::seed_from_u64(1);
    let plan =
        TraceScheduler::new(targets, settings.clone(), &host, &[ProbeMethod::Icmp], 1, &mut random);
    let watch = &mut Until(Duration::from_hours(1), Vec::new());
    let (measured, failure) = engine::run(&mut wire, plan, &settings, watch);
    assert!(failure.is_err_and(|failure| failure.to_string().starts_with("sendto: ")));
    assert_eq!((measured.traces, watch.1.len(), measured.packets), (1, 1, 3));
    assert!(!measured.is_complete());
}
