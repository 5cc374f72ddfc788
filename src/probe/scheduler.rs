//! What to send next, over all traces of a run.
//!
//! Traces that are under way come before new ones: a trace begins only when no other has anything to
//! send. So at any time the probes are spread over all distances, and over all routed prefixes because
//! the targets are shuffled. No router sees more than its share of the rate.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::net::Ipv4Addr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::targets::Special;
use crate::trace::{PathEnd, ReplyKind, StopReason, Trace, Ttl};

use super::divergence::Test;
use super::engine::{Engine, Matched, Measured, NotSent, Observer, Scheduler};
use super::exchange::{Flow, Probe, ProbeMethod, ProbeTtl, Reply, TraceKey};
use super::job::TraceJob;
use super::policy::{Action, Policy, Search};
use super::prefix_knowledge::PrefixKnowledge;
use super::timing::{Moment, Rto, Stamp, Waiting};
use super::trace_state::{Replied, Role, Slot, TraceState};
use super::transport::{Transport, TransportError};

impl TraceJob<'_> {
    /// Traces everything over `transport`. `random` spreads the retries. When the transport fails, what
    /// was measured until then comes with the failure.
    pub fn run<T: Transport + ?Sized>(
        &self,
        transport: &mut T,
        random: &mut impl RngExt,
        observer: &mut impl Observer<Trace>,
    ) -> (Measured, Result<(), TransportError>) {
        let mut scheduler = TraceScheduler::new(self, random);
        for method in &self.methods {
            scheduler.serial[method.index()] = !transport.takes_several(*method);
        }
        let settings = &self.settings;
        let mut engine = Engine::new(settings.rate, settings.deadline);
        let (mut measured, failure) = engine.run(transport, &mut scheduler, observer);
        measured.unkept = scheduler.unkept;
        measured.waited = scheduler.waiting.spent(Moment::START + measured.took);
        (measured, failure)
    }
}

/// Something to do later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// No reply came in time to this probe, which left then.
    Timeout(Probe, Moment),
    /// A trace wanted to be asked again.
    Resume(TraceKey),
    /// A slot of a hop whose ICMP rate is limited is free: its group and TTL.
    Slot(usize, ProbeTtl),
    /// A trace that an answer has ended awaits no second one any more.
    Release(TraceKey),
}

/// How many traces without a way out are kept at most. Those beyond are handed on as they are.
const MOST_WITHOUT_WAY_OUT: usize = 8192;

/// For how long at most a trace that an answer has ended waits for a second answer to the same probe: whoever forges
/// one has to be faster than the true one.
const SECOND_ANSWER: Duration = Duration::from_millis(500);

/// All traces of a run. What has not begun takes a few bytes, and what has ended none.
#[derive(Debug)]
struct TraceScheduler<'j> {
    job: &'j TraceJob<'j>,
    /// All traces, in the order in which they begin.
    keys: Vec<TraceKey>,
    begun: usize,
    ended: usize,
    /// How many of the traces, the first ones, are pilots.
    pilots: usize,
    /// How many of those have not got through yet.
    pilots_under_way: usize,
    /// Whether a trace may have only one probe under way, by the place of its method.
    serial: [bool; ProbeMethod::COUNT],
    under_way: BTreeMap<TraceKey, TraceState>,
    groups: Vec<PrefixKnowledge>,
    rto: Rto,
    random: StdRng,
    /// Traces that may want to send.
    ready: VecDeque<TraceKey>,
    timers: BinaryHeap<Reverse<(Moment, Timer)>>,
    in_flight: usize,
    /// Traces in which no public router answered, until others show such routers and these are made again.
    without_way_out: BTreeMap<TraceKey, Trace>,
    /// Whether a public router has answered in some trace.
    found_way_out: bool,
    /// Whether those traces are made again, or are as they are.
    second_round: bool,
    /// Traces that ended because the system reported too often that their probes never left. All of these probes
    /// are counted.
    gave_up: BTreeSet<TraceKey>,
    /// What was silent by one TCP port, while it is traced by the next.
    by_earlier_port: BTreeMap<TraceKey, Trace>,
    /// The packets of those traces of which another was kept, by target.
    unkept: BTreeMap<Ipv4Addr, usize>,
    /// What it has waited with nothing to send, and whether that is enough.
    waiting: Waiting,
    waits_no_more: bool,
    /// Traces that an answer has ended, while another one may still contradict it.
    contradictable: BTreeMap<TraceKey, Trace>,
    finished: Vec<Trace>,
}

impl Scheduler for TraceScheduler<'_> {
    type Probe = Probe;
    type Reply = Reply;
    type Output = Trace;

    fn next(&mut self, now: Moment) -> Option<Probe> {
        loop {
            while let Some(&key) = self.ready.front() {
                match self.next_action(key, now) {
                    Some(Action::Send(probe)) if self.has_slot(&probe, now) => {
                        self.waiting.end(now);
                        return Some(probe);
                    }
                    Some(Action::WaitUntil(when)) => self.set_timer(when, Timer::Resume(key)),
                    Some(Action::Finish(stop)) => self.end(key, stop, Some(now)),
                    Some(Action::Send(_) | Action::Wait) | None => {}
                }
                self.ready.pop_front();
            }
            if self.begin().is_none() {
                self.waiting.begin(now);
                return None;
            }
        }
    }

    fn sent(&mut self, probe: &Probe, sent: Stamp) {
        let at = sent.at;
        self.in_flight += 1;
        self.ready.pop_front();
        let Some(state) = self.under_way.get_mut(&probe.key) else { return };
        state.sent(probe, sent);
        let slot = std::mem::take(&mut state.slot);
        if slot != Slot::Granted
            && let Some(limit) = self.groups[state.group].limit_at(probe.ttl)
        {
            limit.sent(at);
        }
        let late = at + self.wait(probe);
        self.set_timer(late, Timer::Timeout(*probe, at));
        // At the end of the queue: the probes of one trace go out between those of others.
        self.ready.push_back(probe.key);
    }

    fn refused(&mut self, probe: &Probe, at: Moment) -> NotSent {
        self.ready.pop_front();
        NotSent::of(1, self.hold(probe.key, at))
    }

    /// As long as the system looked for the gateway, nothing else left either.
    fn unsent(&mut self, probe: &Probe, at: Moment) -> NotSent {
        let mut not_sent = NotSent::default();
        let Some(state) = self.under_way.get(&probe.key) else {
            let is_counted = self.gave_up.contains(&probe.key);
            return if is_counted { not_sent } else { NotSent::of(1, false) };
        };
        let Some(since) = state.left(probe.ttl, probe.attempt) else { return not_sent };
        let mut held = Vec::new();
        for (key, state) in &mut self.under_way {
            let (forgotten, waiting) = state.forget_silent(since);
            self.in_flight -= waiting;
            if forgotten > 0 {
                held.push((*key, u64::try_from(forgotten).unwrap_or(u64::MAX)));
            }
        }
        for (key, count) in held {
            let again = self.hold(key, at);
            if !again {
                self.gave_up.insert(key);
            }
            not_sent.add(NotSent::of(count, again));
        }
        not_sent
    }

    fn received(&mut self, reply: Reply) -> Matched {
        let (key, ttl, received) = (reply.probe.key, reply.probe.ttl, reply.received.at);
        let Some(state) = self.under_way.get_mut(&key) else { return self.received_late(&reply) };
        let (from, kind) = (reply.from, reply.kind);
        let before = state.routers_at(ttl).next_back();
        let Replied { sent, rtt, in_time } = match state.received(reply, &self.job.targets.block) {
            Ok(first) => first,
            Err(matched) => return matched,
        };
        self.in_flight -= usize::from(in_time);
        if let Some(rtt) = rtt {
            self.rto.observe(rtt);
        }
        let group = &mut self.groups[state.group];
        group.unsent = 0;
        let targets = self.job.targets;
        let is_special = |address| targets.specials.of(address).is_some();
        if kind == ReplyKind::TimeExceeded && !targets.block.contains(from) && !is_special(from) {
            let class = |address| targets.carriers.class_of(address);
            group.divergence.observe(ttl, class(from), before.map(class));
        }
        group.add_path(&state.path.routers);
        group.add_end(&state.path, self.job.settings.max_ttl);
        // A trace that finds out how paths part asks others' borders as well, where its own hops are free.
        if state.test != Test::Running
            && let Some(limit) = group.limit_at(ttl)
        {
            limit.observe(sent, true, received);
        }
        self.ready.push_back(key);
        Matched::First
    }

    fn expire(&mut self, now: Moment) {
        if !self.waits_no_more && self.waiting.is_over(now) {
            self.wait_no_more();
        }
        while let Some(Reverse((when, timer))) = self.timers.peek().copied() {
            if when > now {
                return;
            }
            self.timers.pop();
            match timer {
                Timer::Resume(key) => self.ready.push_back(key),
                Timer::Timeout(probe, sent) => self.time_out(&probe, sent, now),
                Timer::Slot(group, ttl) => self.grant_slots(group, ttl, now),
                Timer::Release(key) => self.release(key),
            }
        }
    }

    fn next_timer(&self) -> Option<Moment> {
        self.timers.peek().map(|Reverse((when, _))| *when)
    }

    fn total(&self) -> usize {
        self.job.traces()
    }

    fn ended(&self) -> usize {
        self.ended
    }

    fn take_ended(&mut self) -> Vec<Trace> {
        std::mem::take(&mut self.finished)
    }

    fn stop(&mut self, reason: StopReason) {
        while let Some((key, _)) = self.under_way.first_key_value() {
            self.end(*key, reason, None);
        }
        while let Some((key, _)) = self.contradictable.first_key_value() {
            self.release(*key);
        }
        self.keep_without_way_out();
    }
}

impl<'j> TraceScheduler<'j> {
    fn new(job: &'j TraceJob<'j>, random: &mut impl RngExt) -> Self {
        let (keys, pilots) = job.keys();
        Self {
            keys,
            begun: 0,
            ended: 0,
            pilots,
            pilots_under_way: pilots,
            serial: [false; ProbeMethod::COUNT],
            under_way: BTreeMap::new(),
            groups: vec![PrefixKnowledge::default(); job.groups()],
            rto: Rto::new(job.settings.timeout),
            random: StdRng::seed_from_u64(random.random()),
            ready: VecDeque::new(),
            timers: BinaryHeap::new(),
            in_flight: 0,
            without_way_out: BTreeMap::new(),
            found_way_out: false,
            second_round: false,
            gave_up: BTreeSet::new(),
            by_earlier_port: BTreeMap::new(),
            unkept: BTreeMap::new(),
            waiting: Waiting::new(job.settings.waiting),
            waits_no_more: false,
            contradictable: BTreeMap::new(),
            finished: Vec::new(),
            job,
        }
    }

    /// Begins the next trace, unless all have begun, enough probes are under way, or it has to wait for
    /// the pilots.
    fn begin(&mut self) -> Option<()> {
        let role = match self.pilots {
            0 => Role::Full,
            pilots if self.begun < pilots => Role::Pilot,
            _ => Role::BorderSearch,
        };
        let too_early = role == Role::BorderSearch && self.pilots_under_way > 0;
        if self.in_flight >= self.job.settings.in_flight || too_early {
            return None;
        }
        if self.begun == self.keys.len() && self.under_way.is_empty() && !self.second_round {
            self.begin_second_round();
        }
        let key = *self.keys.get(self.begun)?;
        let state = TraceState::new(key, self.job.group(&key), role, self.random.random());
        self.begun += 1;
        self.under_way.insert(key, state);
        self.ready.push_back(key);
        Some(())
    }

    /// Where some traces have shown a way out, those without one met a hole near the vantage: they are made
    /// again, once, and what they have shown of their prefixes is forgotten.
    fn begin_second_round(&mut self) {
        self.second_round = true;
        if !self.found_way_out || self.waits_no_more {
            return self.keep_without_way_out();
        }
        for key in self.without_way_out.keys() {
            let group = self.job.group(key);
            self.groups[group] = PrefixKnowledge::default();
            self.keys.push(*key);
        }
        self.keys[self.begun..].shuffle(&mut self.random);
    }

    /// Hands on the traces without a way out that are not made again.
    fn keep_without_way_out(&mut self) {
        self.ended += self.without_way_out.len();
        self.finished.extend(std::mem::take(&mut self.without_way_out).into_values());
    }

    /// The run has waited enough: all traces go on at once, and each ends with the usual attempts.
    fn wait_no_more(&mut self) {
        self.waits_no_more = true;
        for group in &mut self.groups {
            group.waits_no_more = true;
        }
        self.ready.extend(self.under_way.keys());
    }

    /// Whether a public router answered on the path.
    fn shows_a_way_out(&self, state: &TraceState) -> bool {
        let is_public = |address| match self.job.targets.specials.of(address) {
            None | Some(Special::Exchange(_)) => true,
            Some(Special::Range(_)) => false,
        };
        state.path.routers.iter().any(|router| is_public(router.address))
    }

    /// What a trace wants: to get through to the end of its path, then to make sure of its border. On
    /// the way it shares what it has shown with its group.
    fn next_action(&mut self, key: TraceKey, now: Moment) -> Option<Action> {
        let state = self.under_way.get_mut(&key)?;
        if state.is_held(now) {
            return Some(Action::Wait);
        }
        let group = &mut self.groups[state.group];
        let (settings, targets) = (&self.job.settings, self.job.targets);
        let (specials, carriers) = (&targets.specials, &targets.carriers);
        let serial = self.serial[key.method.index()];
        let timeout = self.rto.timeout();
        let mut policy =
            Policy { settings, specials, carriers, timeout, state, group, serial, now };
        let on_the_way = match policy.state.role {
            Role::BorderSearch if policy.group.divergence.is_by_packet() => {
                Some(policy.search_by_packet())
            }
            Role::BorderSearch => match policy.search() {
                Search::Continue(action) => Some(action),
                Search::Found => None,
                // Enough others are traced completely: this one waits for what they find.
                Search::Unknown
                    if policy.group.fallbacks >= settings.pilots.max(1)
                        && !policy.group.waits_no_more
                        && !policy.group.cannot_be_asked() =>
                {
                    Some(Action::Wait)
                }
                Search::Unknown => {
                    policy.state.role = Role::Fallback;
                    policy.group.fallbacks += 1;
                    policy.forward()
                }
            },
            Role::Full | Role::Pilot | Role::Fallback => policy.forward(),
        };
        let late_until = if on_the_way.is_some() { None } else { policy.late_until() };
        let mut wake = policy.group.report_late(policy.state, late_until.is_some());
        let action = if let Some(action) = on_the_way {
            action
        } else {
            // As far as it seems it is through, and the others may begin where it seems to end.
            policy.group.report_depth(policy.state);
            policy.group.add_routers_before(&policy.state.path.routers);
            if policy.state.role == Role::Pilot {
                policy.state.role = Role::Full;
                self.pilots_under_way -= 1;
            }
            if let Some(until) = late_until {
                Action::WaitUntil(until)
            } else {
                // No late reply can change it any more, and the others may rely on where it ends.
                wake |= policy.group.report_border(policy.state);
                policy.at_the_divergence().unwrap_or_else(|| policy.settle())
            }
        };
        if wake {
            self.wake(&key);
        }
        Some(action)
    }

    /// Lets the traces of a group look again at what the group knows.
    fn wake(&mut self, key: &TraceKey) {
        let Some(prefix) = self.job.targets.block.routed_prefix(key.target) else { return };
        let (method, flow) = (ProbeMethod::Icmp, Flow::default());
        let first = TraceKey { target: prefix.network(), method, flow };
        let (method, flow) = (ProbeMethod::Tcp(u16::MAX), Flow::LAST);
        let last = TraceKey { target: prefix.broadcast(), method, flow };
        let keys = self.under_way.range(first..=last).map(|(key, _)| *key);
        let same_kind = |other: &TraceKey| other.method.index() == key.method.index();
        self.ready.extend(keys.filter(same_kind));
    }

    /// Whether `probe` may be sent now, as far as its hop limits its ICMP rate. If not, its trace waits
    /// in the queue of the hop.
    fn has_slot(&mut self, probe: &Probe, now: Moment) -> bool {
        let Some(state) = self.under_way.get_mut(&probe.key) else { return false };
        // Others wait for what these find.
        if matches!(state.role, Role::Pilot | Role::Fallback) || state.slot == Slot::Granted {
            return true;
        }
        let Some(limit) = self.groups[state.group].limit_at(probe.ttl) else { return true };
        if limit.is_free(now) {
            return true;
        }
        if state.slot == Slot::None {
            state.slot = Slot::Queued;
            if let Some(when) = limit.enqueue(probe.key, now) {
                let slot = Timer::Slot(state.group, probe.ttl);
                self.set_timer(when, slot);
            }
        }
        false
    }

    /// Grants slots of a hop to the traces that are next in its queue.
    fn grant_slots(&mut self, group: usize, ttl: ProbeTtl, now: Moment) {
        let Some(limit) = self.groups[group].limit_at(ttl) else { return };
        let (granted, next) = (limit.grant(now), limit.next_slot(now));
        for key in granted {
            if let Some(state) = self.under_way.get_mut(&key) {
                state.slot = Slot::Granted;
                self.ready.push_back(key);
            }
        }
        if let Some(when) = next {
            self.set_timer(when, Timer::Slot(group, ttl));
        }
    }

    /// How long to wait for the reply to a probe.
    fn wait(&self, probe: &Probe) -> Duration {
        // A late reply that does not say which probe it is for would be taken for the next one's.
        let serial = self.serial[probe.key.method.index()];
        if serial { self.rto.timeout() } else { self.rto.get() }
    }

    fn time_out(&mut self, probe: &Probe, sent: Moment, now: Moment) {
        let late = sent + self.wait(probe);
        if now < late && self.rto.timeout() > self.job.settings.timeout {
            // When it left, nobody knew how long the path is.
            return self.set_timer(late, Timer::Timeout(*probe, sent));
        }
        let Some(state) = self.under_way.get_mut(&probe.key) else { return };
        if !state.timed_out(probe.ttl, probe.attempt, sent) {
            return;
        }
        self.in_flight -= 1;
        self.ready.push_back(probe.key);
        let group = &mut self.groups[state.group];
        // Silence says something about the hop only where it is on the path of this trace.
        if group.expects(state.last_router(), probe.ttl)
            && let Some(limit) = group.limit_at(probe.ttl)
        {
            limit.observe(sent, false, now);
        }
    }

    /// The machine would not send for a trace at `at`. The trace tries again later; it ends, and this is
    /// false, when it has tried enough.
    fn hold(&mut self, key: TraceKey, at: Moment) -> bool {
        let Some(state) = self.under_way.get_mut(&key) else { return false };
        let group = &mut self.groups[state.group];
        if let Some(when) = state.refused(at, group.cannot_be_asked()) {
            self.set_timer(when, Timer::Resume(key));
            return true;
        }
        let wake = group.report_late(state, false) | group.report_unsent(state);
        if state.role == Role::Pilot {
            self.pilots_under_way -= 1;
        }
        if wake {
            self.wake(&key);
        }
        self.end(key, StopReason::Unsent, None);
        false
    }

    fn set_timer(&mut self, when: Moment, timer: Timer) {
        self.timers.push(Reverse((when, timer)));
    }

    /// A reply to a trace that has ended.
    fn received_late(&mut self, reply: &Reply) -> Matched {
        let Probe { key, ttl, attempt } = reply.probe;
        let first = self.contradictable.get_mut(&key).and_then(|trace| {
            let hop = trace.hops.iter_mut().find(|hop| hop.ttl == Ttl::from(ttl))?;
            let mut tries = hop.tries.iter_mut();
            tries.find(|one| one.attempt == u16::from(attempt.get()))?.answer.as_mut()
        });
        match first.filter(|first| (first.from, first.kind) != (reply.from, reply.kind)) {
            Some(first) => {
                first.contradicted_by.get_or_insert(reply.from);
                Matched::Contradictory
            }
            None => Matched::Late,
        }
    }

    /// Hands on a trace that no answer can contradict any more.
    fn release(&mut self, key: TraceKey) {
        if let Some(trace) = self.contradictable.remove(&key) {
            self.ended += 1;
            self.finished.push(trace);
        }
    }

    /// Ends a trace; at `now`, where another answer to what has ended it is awaited.
    fn end(&mut self, key: TraceKey, stop: StopReason, now: Option<Moment>) {
        let Some(state) = self.under_way.remove(&key) else { return };
        self.in_flight -= state.waiting();
        let next = self.next_port(&state, stop);
        let (group, role) = (state.group, Role::Full);
        let shows_way_out = self.shows_a_way_out(&state);
        self.found_way_out |= shows_way_out;
        let is_silent = matches!(stop, StopReason::GapLimit | StopReason::MaxTtl)
            && state.path.end == PathEnd::Open;
        let is_made_again = is_silent
            && !shows_way_out
            && !self.second_round
            && self.without_way_out.len() < MOST_WITHOUT_WAY_OUT;
        let trace = state.finish(stop, self.job.began);
        let trace = match self.by_earlier_port.remove(&key) {
            Some(earlier) if stop != StopReason::Home => self.keep(Some(earlier), trace),
            earlier => self.keep(trace, earlier),
        };
        let of_first_round = self.without_way_out.remove(&key);
        if let Some(next) = next {
            self.by_earlier_port.extend(trace.map(|trace| (next, trace)));
            self.without_way_out.extend(of_first_round.map(|trace| (next, trace)));
            let state = TraceState::new(next, group, role, self.random.random());
            self.under_way.insert(next, state);
            self.ready.push_back(next);
            return;
        }
        let trace = match of_first_round {
            Some(first) if trace.as_ref().is_none_or(is_cut_short) => self.keep(Some(first), trace),
            first => self.keep(trace, first),
        };
        if is_made_again && let Some(trace) = trace {
            self.without_way_out.insert(key, trace);
            return;
        }
        match (trace, now) {
            (Some(trace), Some(now)) if trace.stop.is_some_and(is_by_answer) => {
                self.set_timer(now + self.rto.get().min(SECOND_ANSWER), Timer::Release(key));
                self.contradictable.insert(key, trace);
            }
            (trace, _) => {
                self.ended += 1;
                self.finished.extend(trace);
            }
        }
    }

    /// Keeps one of two traces of a target, and counts the packets of the other.
    fn keep(&mut self, kept: Option<Trace>, unkept: Option<Trace>) -> Option<Trace> {
        if let Some(unkept) = unkept {
            *self.unkept.entry(unkept.target).or_default() += unkept.probes();
        }
        kept
    }

    /// The trace by the next TCP port, where all of the path was asked and the target stayed silent.
    fn next_port(&self, state: &TraceState, stop: StopReason) -> Option<TraceKey> {
        let ProbeMethod::Tcp(port) = state.key.method else { return None };
        let silent = matches!(stop, StopReason::GapLimit | StopReason::MaxTtl);
        if !silent || state.role == Role::BorderSearch {
            return None;
        }
        let others = &self.job.settings.other_ports;
        let place = others.iter().position(|other| *other == port).map_or(0, |place| place + 1);
        let method = ProbeMethod::Tcp(*others.get(place)?);
        Some(TraceKey { method, ..state.key })
    }
}

fn is_cut_short(trace: &Trace) -> bool {
    trace.stop.is_some_and(StopReason::is_cut_short)
}

fn is_by_answer(stop: StopReason) -> bool {
    matches!(stop, StopReason::Home | StopReason::ForeignReply | StopReason::Unreachable)
}
