//! Who is pinged next, by one method. Pure: time is an argument.
//!
//! A target has one ping under way at a time. Targets that were not pinged yet come first, in their
//! order. So the pings of one target are as far apart as the rate allows, and one burst of loss does
//! not hit all of them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::probe::engine::{Matched, NotSent, Scheduler};
use crate::probe::transport::BEFORE_RETRANSMISSION;
use crate::probe::{Attempt, Moment, Stamp};
use crate::trace::StopReason;

use super::host::{Found, Host, Ping, PingAnswer};
use super::liveness::PingMethod;
use super::transport::{PingProbe, PingReply, PingResult};

/// The least time between two pings of the same target.
const SPACING: Duration = Duration::from_millis(200);

/// How long a target waits when the machine would not send its ping, and how often before it is given up.
const HOLD: Duration = Duration::from_secs(1);
const MOST_REFUSALS: u8 = 8;
/// Within how long the system reports that a ping never left: three seconds, which its search for a gateway takes.
const REPORTED_WITHIN: Duration = Duration::from_secs(4);

/// How to ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingSettings {
    /// How often a target that replies is pinged.
    pub count: u8,
    /// How often one that stays silent is pinged, at each port; no less than `count`.
    pub attempts: u8,
    /// How long a reply may take; a later one counts as lost.
    pub timeout: Duration,
    /// Packets per second; no limit without it.
    pub rate: Option<NonZeroU32>,
    /// When to stop, measured from the start of the clock.
    pub deadline: Option<Duration>,
}

impl PingSettings {
    /// The highest number of attempts.
    pub const MOST: u8 = Attempt::MOST;

    /// How long a reply may take by `method`.
    #[must_use]
    pub fn timeout(&self, method: PingMethod) -> Duration {
        match method {
            PingMethod::Tcp => self.timeout.min(BEFORE_RETRANSMISSION),
            PingMethod::Icmp | PingMethod::Udp => self.timeout,
        }
    }
}

impl Default for PingSettings {
    fn default() -> Self {
        Self {
            count: 3,
            attempts: 4,
            timeout: Duration::from_secs(1),
            rate: NonZeroU32::new(200),
            deadline: None,
        }
    }
}

/// All targets, while they are pinged by one method.
#[derive(Debug)]
pub(super) struct PingScheduler {
    method: PingMethod,
    count: usize,
    attempts: usize,
    timeout: Duration,
    targets: Vec<Target>,
    places: HashMap<Ipv4Addr, usize>,
    ready: VecDeque<usize>,
    timers: BinaryHeap<Reverse<(Moment, usize)>>,
    ended: usize,
    finished: Vec<Host>,
}

#[derive(Debug)]
struct Target {
    host: Host,
    state: State,
    /// How often the machine would not send its pings.
    refusals: u8,
    /// Whether it ended because the system reported too often that its pings never left. All of these are counted.
    gave_up: bool,
}

impl Target {
    const fn new(target: Ipv4Addr) -> Self {
        Self { host: Host::new(target), state: State::Ready, refusals: 0, gave_up: false }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is in the queue.
    Ready,
    /// It was pinged. At this moment the reply is late, or the next ping is due.
    Until(Moment),
    /// It is not pinged any more.
    Ended,
}

impl PingScheduler {
    /// A scheduler that pings `targets` by `method`.
    pub(super) fn new(
        method: PingMethod,
        targets: impl Iterator<Item = Ipv4Addr>,
        settings: &PingSettings,
    ) -> Self {
        let targets: Vec<Target> = targets.map(Target::new).collect();
        let ports = if method == PingMethod::Tcp { PingMethod::PORTS.len() } else { 1 };
        Self {
            method,
            count: settings.count.into(),
            attempts: usize::from(settings.attempts.max(settings.count)) * ports,
            timeout: settings.timeout(method),
            places: targets.iter().enumerate().map(|(at, it)| (it.host.target, at)).collect(),
            ready: (0..targets.len()).collect(),
            timers: BinaryHeap::new(),
            targets,
            ended: 0,
            finished: Vec::new(),
        }
    }

    fn wants_more(&self, place: usize) -> bool {
        let host = &self.targets[place].host;
        if host.pings.len() >= self.numbers() {
            return false;
        }
        match (host.found, host.port()) {
            (None, _) => host.sent() < self.attempts,
            (Some(_), None) => host.sent() < self.count,
            (Some(_), Some(port)) => {
                let to_port = host.pings.iter().filter(|ping| ping.left && ping.port == port);
                to_port.count() < self.count
            }
        }
    }

    /// How many numbers there are for the pings of a target, with those that never left.
    fn numbers(&self) -> usize {
        self.attempts.max(PingSettings::MOST.into())
    }

    /// The machine would not send a ping at `at`. The target is pinged later; it ends, and this is false,
    /// when that was tried enough, or no number is left for another ping.
    fn hold(&mut self, place: usize, at: Moment) -> bool {
        let numbers = self.numbers();
        let target = &mut self.targets[place];
        target.refusals += 1;
        if target.refusals < MOST_REFUSALS && target.host.pings.len() < numbers {
            self.set_timer(place, at + HOLD);
            return true;
        }
        if target.host.sent() == 0 {
            // It was not pinged.
            target.host.asked = None;
        }
        self.end(place);
        false
    }

    /// Until when the system may report that the last ping never left, where that was so of an earlier one and the
    /// target is silent: silence that it is not.
    fn reported_until(&self, place: usize) -> Option<Moment> {
        let host = &self.targets[place].host;
        let is_open = host.found.is_none() && host.pings.iter().any(|ping| !ping.left);
        host.pings.last().filter(|_| is_open).map(|last| last.sent.at + REPORTED_WITHIN)
    }

    fn set_timer(&mut self, place: usize, at: Moment) {
        self.targets[place].state = State::Until(at);
        self.timers.push(Reverse((at, place)));
    }

    fn end(&mut self, place: usize) {
        let Target { host, state, .. } = &mut self.targets[place];
        *state = State::Ended;
        self.ended += 1;
        let mut host = std::mem::replace(host, Host::new(host.target));
        host.packets = host.sent();
        if let Some(port) = host.port() {
            // The silence of another port is no loss.
            host.pings.retain(|ping| ping.port == port);
        }
        self.finished.push(host);
    }
}

impl Scheduler for PingScheduler {
    type Probe = PingProbe;
    type Reply = PingReply;
    type Output = Host;

    fn next(&mut self, _: Moment) -> Option<PingProbe> {
        let place = loop {
            let place = *self.ready.front()?;
            if self.wants_more(place) {
                break place;
            }
            // A reply came in time, but was taken after the timer.
            self.ready.pop_front();
            self.end(place);
        };
        let host = &self.targets[place].host;
        let number = host.pings.len();
        let port = match self.method {
            PingMethod::Tcp => {
                host.port().unwrap_or(PingMethod::PORTS[number % PingMethod::PORTS.len()])
            }
            PingMethod::Icmp | PingMethod::Udp => 0,
        };
        let number = u8::try_from(number).unwrap_or(u8::MAX);
        Some(PingProbe { target: host.target, number, port })
    }

    fn sent(&mut self, ping: &PingProbe, sent: Stamp) {
        let Some(place) = self.ready.pop_front() else { return };
        let host = &mut self.targets[place].host;
        host.asked.get_or_insert(sent.at);
        let answer = PingAnswer::Silence;
        host.pings.push(Ping { sent, port: ping.port, left: true, answer });
        self.set_timer(place, sent.at + self.timeout);
    }

    fn refused(&mut self, _: &PingProbe, at: Moment) -> NotSent {
        let place = self.ready.pop_front();
        NotSent::of(1, place.is_some_and(|place| self.hold(place, at)))
    }

    /// As long as the system looked for the gateway, nothing else left either.
    fn unsent(&mut self, ping: &PingProbe, at: Moment) -> NotSent {
        let mut not_sent = NotSent::default();
        let Some(place) = self.places.get(&ping.target).copied() else { return not_sent };
        if self.targets[place].state == State::Ended {
            let is_counted = self.targets[place].gave_up;
            return if is_counted { not_sent } else { NotSent::of(1, false) };
        }
        let never_left = |ping: &Ping| ping.left && ping.answer == PingAnswer::Silence;
        let first = self.targets[place].host.pings.get(usize::from(ping.number));
        let Some(since) = first.filter(|ping| never_left(ping)).map(|ping| ping.sent.at) else {
            return not_sent;
        };
        for place in 0..self.targets.len() {
            let Target { host, state, .. } = &mut self.targets[place];
            let mut count = 0;
            if *state != State::Ended {
                for ping in host.pings.iter_mut().filter(|ping| ping.sent.at >= since) {
                    count += u64::from(never_left(ping));
                    ping.left &= !never_left(ping);
                }
            }
            let waits = matches!(state, State::Until(_));
            if count > 0 {
                let again = !waits || self.hold(place, at);
                self.targets[place].gave_up = !again;
                not_sent.add(NotSent::of(count, again));
            }
        }
        not_sent
    }

    fn received(&mut self, reply: PingReply) -> Matched {
        let Some(place) = self.places.get(&reply.target).copied() else { return Matched::Unasked };
        let (liveness, reply_ttl) = match reply.result {
            PingResult::Alive(liveness, reply_ttl) => (liveness, reply_ttl),
            PingResult::Foreign => return Matched::Foreign,
            PingResult::Error => return Matched::Error,
        };
        let Target { host, state, .. } = &mut self.targets[place];
        let is_last = host.pings.len() == usize::from(reply.number) + 1;
        let Some(ping) = host.pings.get_mut(usize::from(reply.number)) else {
            return if *state == State::Ended { Matched::Late } else { Matched::Unasked };
        };
        if ping.answer != PingAnswer::Silence {
            return Matched::Duplicate;
        }
        let rtt = reply.received.since(ping.sent);
        if rtt.is_some_and(|rtt| rtt > self.timeout) {
            return Matched::Late;
        }
        ping.answer = rtt.map_or(PingAnswer::Untimed, PingAnswer::After);
        ping.left = true;
        host.found.get_or_insert(Found { liveness, reply_ttl });
        if is_last && matches!(state, State::Until(_)) {
            let next = reply.received.at.max(ping.sent.at + SPACING);
            if self.wants_more(place) {
                self.set_timer(place, next);
            } else {
                self.end(place);
            }
        }
        Matched::First
    }

    fn expire(&mut self, now: Moment) {
        while let Some(Reverse((moment, place))) = self.timers.peek().copied() {
            if moment > now {
                return;
            }
            self.timers.pop();
            // A timer that a reply has moved is still in the heap.
            if self.targets[place].state != State::Until(moment) {
                continue;
            }
            if self.wants_more(place) {
                self.targets[place].state = State::Ready;
                self.ready.push_back(place);
            } else if let Some(until) = self.reported_until(place).filter(|until| *until > now) {
                self.set_timer(place, until);
            } else {
                self.end(place);
            }
        }
    }

    fn next_timer(&self) -> Option<Moment> {
        self.timers.peek().map(|Reverse((moment, _))| *moment)
    }

    fn total(&self) -> usize {
        self.targets.len()
    }

    fn ended(&self) -> usize {
        self.ended
    }

    fn take_ended(&mut self) -> Vec<Host> {
        std::mem::take(&mut self.finished)
    }

    fn stop(&mut self, _: StopReason) {
        for place in 0..self.targets.len() {
            if self.targets[place].state != State::Ended {
                self.end(place);
            }
        }
    }
}
