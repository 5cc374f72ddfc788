//! The engine in virtual time, on networks of a few lines: when it probes, when it probes again, and
//! when it stops.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;
use lasthop::lab::{Network, Scenario, VirtualTransport};
use lasthop::probe::engine::{Matched, Measured, Observer, Progress};
use lasthop::probe::packet::{Codec, Secret};
use lasthop::probe::transport::{
    Refusal, SendResult, Transport, TransportCounts, TransportError, Unsent,
};
use lasthop::probe::{Moment, Probe, ProbeMethod, ProbeTtl, Reply, Stamp, TraceJob, TraceSettings};
use lasthop::targets::Targets;
use lasthop::trace::{Hop, HopReply, StopReason, Strategy, Trace, Ttl};
use nix::errno::Errno;
use rand::SeedableRng;
use rand::rngs::StdRng;

const HOST: &str = "175.45.176.8";

/// Keeps the traces, and interrupts the run when it has lasted so long.
struct Until(Duration, Vec<Trace>);

/// What a run has done.
struct Ran {
    measured: Measured,
    traces: Vec<Trace>,
}

impl std::ops::Deref for Ran {
    type Target = Measured;

    fn deref(&self) -> &Measured {
        &self.measured
    }
}

impl Observer<Trace> for Until {
    fn on_progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        if progress.elapsed < self.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn on_ended(&mut self, trace: Trace) {
        self.1.push(trace);
    }
}

fn scenario(hops: &str, end: &str, routers: &str) -> Scenario {
    let text = format!(
        "about = \"\"\nvantage = \"192.168.1.77\"\n[[route]]\nto = \"175.45.176.0/22\"\n\
         hosts = [\"{HOST}\"]\n[[route.path]]\nhops = [{hops}]\nend = \"{end}\"\nclass = \"china\"\n\
         {routers}"
    );
    Scenario::parse("inline", &text).expect("a right scenario")
}

fn transport(scenario: Scenario) -> VirtualTransport {
    VirtualTransport::new(Network::new(scenario, 1), Codec::new(Secret::new([7; 16])))
}

fn try_run(
    transport: &mut (impl Transport + ?Sized),
    targets: &[&str],
    settings: &TraceSettings,
    longest: Duration,
) -> (Ran, Result<(), TransportError>) {
    let job = TraceJob {
        targets: &Targets::built_in().expect("targets"),
        addresses: targets.iter().map(|text| text.parse().expect("target")).collect(),
        methods: vec![ProbeMethod::Icmp],
        flows: 1,
        settings: settings.clone(),
        began: Timestamp::UNIX_EPOCH,
    };
    let mut until = Until(longest, Vec::new());
    let (measured, failure) = job.run(transport, &mut StdRng::seed_from_u64(1), &mut until);
    (Ran { measured, traces: until.1 }, failure)
}

fn run_on(
    transport: &mut impl Transport,
    targets: &[&str],
    settings: &TraceSettings,
    longest: Duration,
) -> Ran {
    let (ran, failure) = try_run(transport, targets, settings, longest);
    failure.expect("measured");
    ran
}

fn run(scenario: Scenario, targets: &[&str], settings: &TraceSettings) -> Ran {
    run_on(&mut transport(scenario), targets, settings, Duration::from_hours(1))
}

/// The usual settings, but complete traces.
fn full() -> TraceSettings {
    TraceSettings { strategy: Strategy::Full, ..TraceSettings::default() }
}

fn hop(trace: &Trace, ttl: u8) -> Option<&Hop> {
    trace.hops.iter().find(|hop| hop.ttl.get() == ttl)
}

/// How many probes a TTL got.
fn probes(trace: &Trace, ttl: u8) -> usize {
    hop(trace, ttl).map_or(0, |hop| hop.tries.len())
}

const CHAIN: &str = r#""192.168.1.1 1", "219.158.3.1 20", "103.35.255.254 40""#;

#[test]
fn home_ends_a_trace_and_every_ttl_before_it_is_probed_once() {
    let measured = run(scenario(CHAIN, "hosts 50", ""), &[HOST], &full());
    let trace = &measured.traces[0];
    assert_eq!(trace.stop, Some(StopReason::Home));
    assert_eq!((1..=4).map(|ttl| probes(trace, ttl)).collect::<Vec<_>>(), [1, 1, 1, 1]);
    assert!(trace.probes() <= 4 + full().window, "{}", trace.probes());
}

#[test]
fn silence_ends_a_trace_at_the_gap_limit() {
    let settings = TraceSettings { gap_limit: 4, border_attempts: 0, ..full() };
    let trace = &run(scenario(CHAIN, "blackhole", ""), &["175.45.176.9"], &settings).traces[0];
    assert_eq!(trace.stop, Some(StopReason::GapLimit));
    assert_eq!((4..=8).map(|ttl| probes(trace, ttl)).collect::<Vec<_>>(), [2, 2, 2, 2, 0]);
}

#[test]
fn the_furthest_ttl_ends_a_trace() {
    let settings =
        TraceSettings { max_ttl: ProbeTtl::new(5).expect("ttl"), border_attempts: 0, ..full() };
    let trace = &run(scenario(CHAIN, "blackhole", ""), &["175.45.176.9"], &settings).traces[0];
    assert_eq!((trace.stop, probes(trace, 5), probes(trace, 6)), (Some(StopReason::MaxTtl), 2, 0));
}

/// Border searches ask where the others found their border, and not above the highest TTL: a router that
/// answers there is no border.
#[test]
fn a_border_search_keeps_below_the_furthest_ttl() {
    let max_ttl = ProbeTtl::new(2).expect("ttl");
    let settings = TraceSettings { max_ttl, ..TraceSettings::default() };
    let targets: Vec<String> = (20..60).map(|host| format!("175.45.176.{host}")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let measured = run(scenario(CHAIN, "blackhole", ""), &targets, &settings);
    assert_eq!(measured.traces.len(), targets.len());
    for trace in &measured.traces {
        assert_eq!((trace.stop, probes(trace, 3)), (Some(StopReason::MaxTtl), 0), "{trace:?}");
    }
}

#[test]
fn an_unreachable_and_a_loop_end_a_trace() {
    let stop = |end| run(scenario(CHAIN, end, ""), &["175.45.176.9"], &full()).traces[0].stop;
    assert_eq!(stop("refusal 13"), Some(StopReason::Unreachable));
    assert_eq!(stop("loop"), Some(StopReason::Loop));
}

#[test]
fn silent_first_hops_hide_no_border() {
    let hops = r#""* 1", "* 2", "* 3", "* 4", "* 5", "* 6", "219.158.3.1 20""#;
    let trace = &run(scenario(hops, "blackhole", ""), &["175.45.176.9"], &full()).traces[0];
    assert!(trace.answers().next().is_some());
}

#[test]
fn the_silent_ttls_behind_a_doubtful_border_are_probed_again_ever_later() {
    let settings = full();
    let trace = &run(scenario(CHAIN, "blackhole", ""), &["175.45.176.9"], &settings).traces[0];
    assert_eq!(probes(trace, 4), usize::from(settings.attempts + settings.border_attempts));
    assert_eq!(probes(trace, 7), usize::from(settings.attempts));
    let tries = &hop(trace, 4).expect("probed").tries;
    let sent: Vec<Timestamp> = tries.iter().filter_map(|one| one.sent).collect();
    let waits: Vec<Duration> = sent
        .windows(2)
        .skip(2)
        .map(|pair| pair[1].duration_since(pair[0]).unsigned_abs())
        .collect();
    assert!(waits.is_sorted() && waits.len() == 3, "{waits:?}");
}

#[test]
fn a_border_that_many_traces_confirm_is_not_probed_again() {
    let targets: Vec<String> = (10..200).map(|n| format!("175.45.176.{n}")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let settings = full();
    let measured = run(scenario(CHAIN, "blackhole", ""), &targets, &settings);
    let again = measured.traces.iter().filter(|trace| probes(trace, 4) > 2).count();
    assert!(again <= 20, "{again} of {}", targets.len());
}

#[test]
fn a_border_that_rarely_replies_is_found_by_probing_again() {
    let habits = "[router.\"103.35.255.254\"]\nlimit = 20\nburst = 5\n";
    let targets: Vec<String> = (10..110).map(|n| format!("175.45.176.{n}")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let settings = TraceSettings { rate: NonZeroU32::new(2000), ..full() };
    let measured = run(scenario(CHAIN, "blackhole", habits), &targets, &settings);
    let found = |trace: &&Trace| hop(trace, 3).is_some_and(|hop| hop.answers().next().is_some());
    let found = measured.traces.iter().filter(found).count();
    assert!(found >= 99, "{found} of 100");
}

#[test]
fn the_deadline_ends_what_is_under_way() {
    let settings = TraceSettings { deadline: Some(Duration::from_secs(2)), ..full() };
    let measured = run(scenario(CHAIN, "blackhole", ""), &["175.45.176.9"], &settings);
    assert_eq!(measured.cut_short, Some(StopReason::Deadline));
    assert_eq!(measured.traces[0].stop, Some(StopReason::Deadline));
    assert!(measured.took < Duration::from_millis(2100), "{:?}", measured.took);
}

#[test]
fn an_interruption_hands_on_what_was_begun_and_nothing_else() {
    let settings = TraceSettings { rate: NonZeroU32::new(10), ..full() };
    let targets: Vec<String> = (0..100).map(|n| format!("175.45.176.{n}")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let mut transport = transport(scenario(CHAIN, "blackhole", ""));
    let measured = run_on(&mut transport, &targets, &settings, Duration::from_secs(3));
    assert_eq!(measured.cut_short, Some(StopReason::Interrupted));
    assert!(!measured.traces.is_empty() && measured.traces.len() < 100);
    assert!(measured.traces.iter().all(|trace| trace.probes() > 0));
    let probes: usize = measured.traces.iter().map(Trace::probes).sum();
    assert_eq!(u64::try_from(probes).expect("few"), measured.packets);
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

    fn take_counts(&mut self) -> TransportCounts {
        self.0.take_counts()
    }
}

#[test]
fn a_trace_of_which_nothing_was_sent_is_none() {
    let settings = TraceSettings { deadline: Some(Duration::from_secs(1)), ..full() };
    let mut transport = Full(transport(scenario(CHAIN, "hosts 50", "")));
    let measured = run_on(&mut transport, &[HOST], &settings, Duration::from_hours(1));
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

    fn take_counts(&mut self) -> TransportCounts {
        self.inner.take_counts()
    }
}

#[test]
fn a_reply_counts_once_and_the_others_are_counted_apart() {
    let inner = transport(scenario(CHAIN, "hosts 50", ""));
    let mut transport = Echoing { inner, held: Vec::new() };
    let settings = full();
    let targets = [HOST, "175.45.176.9"];
    let measured = run_on(&mut transport, &targets, &settings, Duration::from_hours(1));
    let replies: usize = measured.traces.iter().map(|trace| trace.answers().count()).sum();
    assert_eq!(measured.replies(Matched::First), u64::try_from(replies).expect("few"));
    assert!(measured.replies(Matched::Duplicate) > 0 && measured.replies(Matched::Late) > 0);
    assert_eq!(measured.replies(Matched::Unasked), 0);
}

/// Answers every probe of one trace a second time, from another address and later; a liar is faster than the truth.
struct Contradicting {
    inner: VirtualTransport,
    later: Vec<Reply>,
}

impl Contradicting {
    const OTHER: Ipv4Addr = Ipv4Addr::new(129, 250, 2, 1);
    const AFTER: Duration = Duration::from_millis(60);
}

impl Transport for Contradicting {
    fn now(&self) -> Moment {
        self.inner.now()
    }

    fn send(&mut self, probe: &Probe) -> Result<SendResult, TransportError> {
        self.inner.send(probe)
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        let next = self.later.iter().map(|reply| reply.received.at).min();
        self.inner.recv(next.map_or(until, |next| next.min(until)), replies)?;
        let now = self.inner.now();
        for reply in replies.iter().filter(|reply| reply.probe.key.target.to_string() == HOST) {
            let received = Stamp::from(reply.received.at + Self::AFTER);
            self.later.push(Reply { from: Self::OTHER, received, ..reply.clone() });
        }
        replies.extend(self.later.extract_if(.., |reply| reply.received.at <= now));
        Ok(())
    }

    fn take_counts(&mut self) -> TransportCounts {
        self.inner.take_counts()
    }
}

#[test]
fn a_second_answer_to_a_probe_is_noted_and_not_used_also_behind_the_one_that_ends_a_trace() {
    let inner = transport(scenario(CHAIN, "hosts 50", ""));
    let mut transport = Contradicting { inner, later: Vec::new() };
    let targets = [HOST, "175.45.176.9"];
    let measured = run_on(&mut transport, &targets, &full(), Duration::from_hours(1));
    for trace in &measured.traces {
        let is_touched = trace.target.to_string() == HOST;
        let by = is_touched.then_some(Contradicting::OTHER);
        for (ttl, reply) in trace.answers() {
            assert_eq!(reply.contradicted_by, by, "{} at {}", trace.target, ttl.get());
            assert_ne!(reply.from, Contradicting::OTHER);
        }
    }
    let touched = measured.traces.iter().find(|trace| trace.target.to_string() == HOST);
    let touched = touched.expect("a trace");
    assert_eq!(touched.stop, Some(StopReason::Home));
    let answers = u64::try_from(touched.answers().count()).expect("few");
    assert!(answers >= 4, "{answers}");
    assert_eq!(measured.replies(Matched::Contradictory), answers);
}

/// A deadline or an interruption meanwhile changes nothing of what is known.
#[test]
fn a_trace_that_awaits_a_second_answer_has_ended_as_it_had() {
    let network = || transport(scenario(CHAIN, "hosts 50", ""));
    let whole = run_on(&mut network(), &[HOST], &full(), Duration::from_hours(1));
    let deadline = Some(whole.took.saturating_sub(Duration::from_millis(20)));
    let settings = TraceSettings { deadline, ..full() };
    let cut = run_on(&mut network(), &[HOST], &settings, Duration::from_hours(1));
    assert_eq!(cut.cut_short, Some(StopReason::Deadline));
    assert_eq!(cut.traces, whole.traces);
}

/// Routers that answer in turn, one probe each, contradict nobody.
#[test]
fn retries_that_other_routers_answer_are_no_contradiction() {
    let text = format!(
        "about = \"\"\nvantage = \"192.168.1.77\"\n[[route]]\nto = \"175.45.176.0/22\"\nhosts = [\"{HOST}\"]\n\
         balance = \"packet\"\n\
         [[route.path]]\nhops = [{CHAIN}]\nend = \"hosts 50\"\nclass = \"china\"\n\
         [[route.path]]\nhops = [\"192.168.1.1 1\", \"188.43.28.9 20\", \"188.43.225.153 40\"]\n\
         end = \"hosts 50\"\nclass = \"russia\"\n"
    );
    let scenario = Scenario::parse("inline", &text).expect("a right scenario");
    let targets: Vec<String> = (0..64).map(|host| format!("175.45.176.{host}")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let measured = run(scenario, &targets, &full());
    let differs = |hop: &Hop| {
        let first = hop.answers().next().map(|reply| reply.from);
        hop.answers().any(|reply| Some(reply.from) != first)
    };
    assert!(measured.traces.iter().flat_map(|trace| &trace.hops).any(differs), "a balancer");
    let mut answers = measured.traces.iter().flat_map(Trace::answers);
    assert!(answers.all(|(_, reply)| reply.contradicted_by.is_none()));
    assert_eq!(measured.replies(Matched::Contradictory), 0);
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
            Ok(SendResult::Refused(self.inner.now(), Refusal::new(Errno::ENETUNREACH)))
        }
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.inner.recv(until, replies)
    }

    fn take_counts(&mut self) -> TransportCounts {
        self.inner.take_counts()
    }
}

#[test]
fn a_network_that_goes_away_is_no_outage_of_the_block() {
    let inner = transport(scenario(CHAIN, "blackhole", ""));
    let mut transport = Breaking { inner, passes: 2, fails: false };
    let targets = ["175.45.176.9", "175.45.176.10"];
    let measured = run_on(&mut transport, &targets, &full(), Duration::from_hours(1));
    assert_eq!(measured.packets, 2, "what did not leave was not sent");
    assert_eq!(measured.traces.len(), 1, "what never left was not measured");
    assert_eq!(measured.traces[0].stop, Some(StopReason::Unsent));
    assert!(StopReason::Unsent.is_cut_short());
}

#[test]
fn a_transport_that_fails_keeps_what_was_measured() {
    let inner = transport(scenario(CHAIN, "hosts 50", ""));
    let mut transport = Breaking { inner, passes: 3, fails: true };
    let (ran, failure) = try_run(&mut transport, &[HOST], &full(), Duration::from_hours(1));
    assert!(failure.is_err_and(|failure| failure.to_string().starts_with("sendto: ")));
    assert_eq!((ran.ended, ran.traces.len(), ran.packets), (1, 1, 3));
    assert!(!ran.is_complete());
}

/// Refuses so many of four sends, as a firewall does that drops at random.
struct Firewalled {
    inner: VirtualTransport,
    refuses: u64,
    sends: u64,
}

impl Transport for Firewalled {
    fn now(&self) -> Moment {
        self.inner.now()
    }

    fn send(&mut self, probe: &Probe) -> Result<SendResult, TransportError> {
        self.sends += 1;
        if self.sends % 4 < self.refuses {
            return Ok(SendResult::Refused(self.inner.now(), Refusal::new(Errno::EPERM)));
        }
        self.inner.send(probe)
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.inner.recv(until, replies)
    }

    fn take_counts(&mut self) -> TransportCounts {
        self.inner.take_counts()
    }
}

#[test]
fn what_is_refused_for_a_moment_is_sent_again() {
    for refuses in 1..4 {
        let inner = transport(scenario(CHAIN, "hosts 50", ""));
        let mut transport = Firewalled { inner, refuses, sends: 0 };
        let (ran, failure) = try_run(&mut transport, &[HOST], &full(), Duration::from_hours(1));
        assert!(failure.is_ok() && ran.is_complete(), "{refuses} of four");
        assert_eq!((ran.counts.unsent, ran.traces[0].stop), (0, Some(StopReason::Home)));
    }
}

#[test]
fn a_run_that_cannot_send_gives_up() {
    let targets: Vec<String> = (0..=255).map(|last| format!("175.45.176.{last}")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let settings = TraceSettings { rate: NonZeroU32::new(200), ..full() };
    let inner = transport(scenario(CHAIN, "hosts 50", ""));
    let mut refused = Firewalled { inner, refuses: 4, sends: 0 };
    let inner = transport(scenario(CHAIN, "hosts 50", ""));
    let mut unsent = Breaking { inner, passes: 0, fails: false };
    for transport in [&mut refused as &mut dyn Transport, &mut unsent] {
        let (ran, failure) = try_run(transport, &targets, &settings, Duration::from_hours(1));
        let failure = failure.expect_err("nothing leaves").to_string();
        assert!(failure.starts_with("nothing could be sent for 1"), "{failure}");
        assert!(ran.took < Duration::from_secs(15) && !ran.is_complete());
        assert!(ran.counts.unsent > 0 && ran.traces.is_empty());
    }
}

/// How a link fails for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// The system refuses, as without a route.
    Refused(Errno),
    /// The system takes the probes, looks for the gateway, and reports some of them after three seconds. The
    /// others it forgets.
    Swallowed,
}

/// A machine whose link fails from one moment to another, for some of the targets.
struct Failing {
    inner: VirtualTransport,
    failure: Failure,
    times: std::ops::Range<Moment>,
    is_affected: fn(&Probe) -> bool,
    swallowed: Vec<(Moment, Probe)>,
    /// It reports every so many of them.
    reports_each: usize,
    left: u64,
    never_left: u64,
}

impl Failing {
    const SEARCH: Duration = Duration::from_secs(3);

    fn new(failure: Failure, seconds: std::ops::Range<u64>) -> Self {
        let moment = |second| Moment::START + Duration::from_secs(second);
        Self {
            inner: transport(scenario(CHAIN, "hosts 50", "")),
            failure,
            times: moment(seconds.start)..moment(seconds.end),
            is_affected: |_| true,
            swallowed: Vec::new(),
            reports_each: 4,
            left: 0,
            never_left: 0,
        }
    }
}

impl Transport for Failing {
    fn now(&self) -> Moment {
        self.inner.now()
    }

    fn send(&mut self, probe: &Probe) -> Result<SendResult, TransportError> {
        let now = self.now();
        if !self.times.contains(&now) || !(self.is_affected)(probe) {
            self.left += 1;
            return self.inner.send(probe);
        }
        match self.failure {
            Failure::Refused(errno) => Ok(SendResult::Refused(now, Refusal::new(errno))),
            Failure::Swallowed => {
                self.never_left += 1;
                self.swallowed.push((now, *probe));
                Ok(SendResult::Sent(now.into()))
            }
        }
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.inner.recv(until, replies)
    }

    fn take_unsent(&mut self) -> Vec<Unsent> {
        let now = self.now();
        match self.swallowed.first() {
            Some((first, _)) if *first + Self::SEARCH <= now => {}
            _ => return Vec::new(),
        }
        let refusal = Refusal::new(Errno::EHOSTUNREACH);
        let all = std::mem::take(&mut self.swallowed);
        let reported = all.into_iter().step_by(self.reports_each);
        reported.map(|(_, probe)| Unsent { probe, refusal }).collect()
    }

    fn take_counts(&mut self) -> TransportCounts {
        self.inner.take_counts()
    }
}

fn many_targets() -> Vec<String> {
    (176..180).flat_map(|third| (0..64).map(move |n| format!("175.45.{third}.{n}"))).collect()
}

/// What the traces show: their targets, ends and routers.
fn shown(traces: &[Trace]) -> Vec<String> {
    let mut shown: Vec<String> = traces
        .iter()
        .map(|trace| {
            let routers: Vec<String> = trace
                .answers()
                .map(|(ttl, answer)| format!("{} {}", ttl.get(), answer.from))
                .collect();
            format!("{} {:?} {routers:?}", trace.target, trace.stop)
        })
        .collect();
    shown.sort();
    shown
}

/// Where the traces end.
fn borders(traces: &[Trace]) -> Vec<(Ipv4Addr, bool, Option<Ipv4Addr>)> {
    let foreign = |trace: &Trace| {
        let foreign = |(ttl, answer): (Ttl, &HopReply)| (ttl.get() < 4).then_some(answer.from);
        trace.answers().filter_map(foreign).last()
    };
    let ends = |it: &Trace| (it.target, it.stop == Some(StopReason::Home), foreign(it));
    let mut borders: Vec<_> = traces.iter().map(ends).collect();
    borders.sort();
    borders
}

/// What is in one list and not in the other.
fn differences<'a>(one: &'a [String], other: &'a [String]) -> Vec<&'a String> {
    let missing = |from: &'a [String], list: &'a [String]| {
        list.iter().filter(|it| !from.contains(it)).collect::<Vec<_>>()
    };
    [missing(one, other), missing(other, one)].concat()
}

/// A link that is down for two seconds in the middle: nobody takes that for silence of the network, what did
/// not leave leaves later, and only what left is counted.
#[test]
fn a_link_that_fails_for_a_while_changes_nothing() {
    let targets = many_targets();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    for strategy in [Strategy::Full, Strategy::Border] {
        let settings = TraceSettings { strategy, ..TraceSettings::default() };
        let undisturbed = run(scenario(CHAIN, "hosts 50", ""), &targets, &settings);
        let refused = [Errno::ENETUNREACH, Errno::ENETDOWN, Errno::EHOSTUNREACH, Errno::ENOBUFS]
            .map(|errno| (Failure::Refused(errno), 1..3));
        for (failure, seconds) in refused.into_iter().chain([(Failure::Swallowed, 1..4)]) {
            let mut failing = Failing::new(failure, seconds);
            let ran = run_on(&mut failing, &targets, &settings, Duration::from_hours(1));
            let what = format!("{failure:?} {strategy}");
            assert_eq!(borders(&ran.traces), borders(&undisturbed.traces), "{what}");
            if strategy == Strategy::Full {
                let shown = [shown(&ran.traces), shown(&undisturbed.traces)];
                let differ = differences(&shown[0], &shown[1]);
                assert!(differ.is_empty(), "{what}: {differ:#?}");
            }
            assert!(ran.counts.resent > 0 && ran.is_complete(), "{what}: {:?}", ran.counts);
            let probes: usize = ran.traces.iter().map(Trace::probes).sum();
            let probes = u64::try_from(probes).expect("few");
            match failure {
                Failure::Refused(_) => {
                    assert_eq!((ran.packets, probes, ran.counts.unsent), (failing.left, probes, 0));
                    assert_eq!(probes, failing.left, "{what}");
                }
                // What is reported when its trace has ended is too late.
                Failure::Swallowed => {
                    assert!(
                        probes - failing.left < probes / 20,
                        "{what}: {probes} {}",
                        failing.left
                    );
                }
            }
        }
    }
}

/// A machine without a route to one of the routed prefixes: what it cannot ask is not silent, and the others
/// are measured all the same.
#[test]
fn a_prefix_without_a_route_is_not_judged_and_the_others_are() {
    let targets = many_targets();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    for failure in [Failure::Refused(Errno::ENETUNREACH), Failure::Swallowed] {
        let mut failing = Failing::new(failure, 0..10_000);
        failing.is_affected = |probe| probe.key.target.octets()[2] == 177;
        let settings = TraceSettings::default();
        let ran = run_on(&mut failing, &targets, &settings, Duration::from_hours(1));
        let asked = |third: u8| {
            let of_prefix = ran.traces.iter().filter(|it| it.target.octets()[2] == third);
            of_prefix.filter(|it| it.probes() > 0).count()
        };
        assert_eq!([176, 177, 178, 179].map(asked), [64, 0, 64, 64], "{failure:?}");
        let mut unsent = ran.traces.iter().filter(|it| it.probes() == 0);
        assert!(unsent.all(|it| it.stop == Some(StopReason::Unsent)), "{failure:?}");
        assert!(ran.counts.unsent > 0 && !ran.is_complete(), "{failure:?}: {:?}", ran.counts);
        assert!(ran.took < Duration::from_mins(1), "{failure:?}: {:?}", ran.took);
    }
}

/// A system that reports every probe, also those of traces that have given up: each counts once.
#[test]
fn a_probe_that_never_left_counts_once() {
    let targets = many_targets();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    for strategy in [Strategy::Full, Strategy::Border] {
        let mut failing = Failing::new(Failure::Swallowed, 0..10_000);
        failing.reports_each = 1;
        let settings = TraceSettings { strategy, ..TraceSettings::default() };
        let ran = run_on(&mut failing, &targets, &settings, Duration::from_hours(1));
        let counted = ran.counts.unsent + ran.counts.resent;
        assert!(ran.counts.unsent > 0, "{strategy}: {:?}", ran.counts);
        assert_eq!((counted, ran.packets), (failing.never_left, 0), "{strategy}");
    }
}

/// One prefix without a way out, and one with: the traces of the first are made a second time.
fn half_without_way_out() -> VirtualTransport {
    let route = |third: u8, hops: &str| {
        format!(
            "[[route]]\nto = \"175.45.{third}.0/24\"\n[[route.path]]\nhops = [{hops}]\nend = \"blackhole\"\n\
             class = \"unknown\"\n"
        )
    };
    let (without, with) = (route(176, "\"192.168.1.1 1\""), route(177, CHAIN));
    let text = format!("about = \"\"\nvantage = \"192.168.1.77\"\n{without}{with}");
    transport(Scenario::parse("inline", &text).expect("a right scenario"))
}

/// Whenever the deadline comes, nothing is lost that was measured: the first trace of a target counts until
/// the second has come to its own end.
#[test]
fn a_deadline_in_the_second_round_loses_no_trace_of_the_first() {
    let targets: Vec<String> =
        (176..178).flat_map(|third| (0..24).map(move |n| format!("175.45.{third}.{n}"))).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let at = |deadline| {
        let settings = TraceSettings { deadline: Some(deadline), ..TraceSettings::default() };
        run_on(&mut half_without_way_out(), &targets, &settings, Duration::from_hours(1))
    };
    let whole = at(Duration::from_hours(1));
    assert_eq!((whole.traces.len(), whole.unkept.len(), whole.cut_short), (48, 24, None));
    let mut before = 0;
    let mut cut_short_in_second_round = 0;
    for part in 1..=20 {
        let ran = at(whole.took * part / 20);
        assert!(ran.traces.len() >= before, "{part}: {} after {before}", ran.traces.len());
        before = ran.traces.len();
        let probes = ran.traces.iter().map(Trace::probes).sum::<usize>();
        let all = probes + ran.unkept.values().sum::<usize>();
        assert_eq!(u64::try_from(all).expect("few"), ran.packets, "{part}");
        if !ran.unkept.is_empty() && ran.cut_short.is_some() {
            cut_short_in_second_round += 1;
            let is_cut_short = |it: &Trace| it.stop.is_some_and(StopReason::is_cut_short);
            assert!(!ran.traces.iter().any(is_cut_short), "{part}");
        }
    }
    assert!(cut_short_in_second_round > 2, "{cut_short_in_second_round}");
    assert_eq!(before, 48);
}

/// Counts the traces that it gets while the run goes on.
#[derive(Default)]
struct HandedOn {
    traces: usize,
    /// The most that had ended and were not handed on.
    most_kept: u64,
    packets_each: u64,
}

impl Observer<Trace> for HandedOn {
    fn on_progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        let made = progress.packets / self.packets_each;
        let handed_on = u64::try_from(self.traces).expect("few");
        self.most_kept = self.most_kept.max(made.saturating_sub(handed_on));
        ControlFlow::Continue(())
    }

    fn on_ended(&mut self, _: Trace) {
        self.traces += 1;
    }
}

/// Without a way out no trace shows more than the others: only so many are kept for a second round.
#[test]
fn traces_without_a_way_out_are_kept_up_to_a_limit() {
    let targets = Targets::built_in().expect("targets");
    let settings = TraceSettings {
        max_ttl: ProbeTtl::new(2).expect("ttl"),
        attempts: 1,
        border_attempts: 0,
        rate: NonZeroU32::new(4000),
        ..full()
    };
    let flows = 20;
    let job = TraceJob {
        targets: &targets,
        addresses: targets.block.prefix.hosts().take(1000).collect(),
        methods: vec![ProbeMethod::Icmp],
        flows,
        settings,
        began: Timestamp::UNIX_EPOCH,
    };
    let mut transport = transport(scenario("\"192.168.1.1 1\"", "blackhole", ""));
    let mut observer = HandedOn { packets_each: 2, ..HandedOn::default() };
    let (_, failure) = job.run(&mut transport, &mut StdRng::seed_from_u64(1), &mut observer);
    failure.expect("measured");
    assert_eq!(observer.traces, 1000 * usize::from(flows));
    assert!(observer.most_kept < 12_000, "{}", observer.most_kept);
}

/// A machine on which the process is stopped for two seconds, each time so many probes have left: between its
/// look at the clock and the sending, or right behind it.
struct Stopped {
    inner: VirtualTransport,
    every: usize,
    sends: usize,
    before: bool,
    held: Vec<Reply>,
}

impl Stopped {
    fn stop(&mut self) {
        let until = self.inner.now() + Duration::from_secs(2);
        while self.inner.now() < until {
            self.inner.recv(until, &mut self.held).expect("virtual");
        }
    }
}

impl Transport for Stopped {
    fn now(&self) -> Moment {
        self.inner.now()
    }

    fn send(&mut self, probe: &Probe) -> Result<SendResult, TransportError> {
        self.sends += 1;
        let stops = self.sends.is_multiple_of(self.every);
        if stops && self.before {
            self.stop();
        }
        let sent = self.inner.send(probe);
        if stops && !self.before {
            self.stop();
        }
        let at = self.inner.now();
        sent.map(|sent| if stops { SendResult::Sent(Stamp { at, exact: false }) } else { sent })
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        if self.held.is_empty() {
            return self.inner.recv(until, replies);
        }
        replies.append(&mut self.held);
        Ok(())
    }

    fn take_counts(&mut self) -> TransportCounts {
        self.inner.take_counts()
    }
}

/// A process that is stopped measures no RTT of two seconds, and what came meanwhile is neither late nor asked
/// again.
#[test]
fn a_stopped_process_measures_no_stop() {
    let targets = many_targets();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let undisturbed = run(scenario(CHAIN, "hosts 50", ""), &targets, &full());
    for before in [true, false] {
        let inner = transport(scenario(CHAIN, "hosts 50", ""));
        let mut stopped = Stopped { inner, every: 97, sends: 0, before, held: Vec::new() };
        let ran = run_on(&mut stopped, &targets, &full(), Duration::from_hours(1));
        assert!(stopped.sends > 5 * stopped.every);
        let shown = [shown(&ran.traces), shown(&undisturbed.traces)];
        let differ = differences(&shown[0], &shown[1]);
        assert!(differ.is_empty(), "{before}: {differ:#?}");
        let more = ran.packets.abs_diff(undisturbed.packets);
        assert!(more <= undisturbed.packets / 100, "{before}: {more} more or less");
        let answers = || ran.traces.iter().flat_map(Trace::answers);
        let longest = answers().filter_map(|(_, answer)| answer.rtt).max();
        assert!(longest.is_some_and(|longest| longest < Duration::from_millis(300)), "{longest:?}");
        let untimed = answers().filter(|(_, answer)| answer.rtt.is_none()).count();
        assert!((1..=stopped.sends / stopped.every).contains(&untimed), "{before}: {untimed}");
    }
}
