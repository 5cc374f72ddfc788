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

use crate::probe::engine::{Matched, Scheduler};
use crate::probe::transport::BEFORE_RETRANSMISSION;
use crate::probe::{Attempt, Moment};
use crate::trace::StopReason;

use super::host::{Found, Host, Ping};
use super::liveness::PingMethod;
use super::transport::{PingProbe, PingReply, PingResult};

/// The least time between two pings of the same target.
const SPACING: Duration = Duration::from_millis(200);

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
        let targets: Vec<Target> =
            targets.map(|target| Target { host: Host::new(target), state: State::Ready }).collect();
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
        match (host.found, host.port()) {
            (None, _) => host.pings.len() < self.attempts,
            (Some(_), None) => host.pings.len() < self.count,
            (Some(_), Some(port)) => {
                host.pings.iter().filter(|ping| ping.port == port).count() < self.count
            }
        }
    }

    fn set_timer(&mut self, place: usize, at: Moment) {
        self.targets[place].state = State::Until(at);
        self.timers.push(Reverse((at, place)));
    }

    fn end(&mut self, place: usize) {
        let Target { host, state } = &mut self.targets[place];
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

    fn sent(&mut self, ping: &PingProbe, at: Moment, left: bool) {
        let Some(place) = self.ready.pop_front() else { return };
        let host = &mut self.targets[place].host;
        host.asked.get_or_insert(at);
        host.pings.push(Ping { sent: at, port: ping.port, left, rtt: None });
        self.set_timer(place, at + self.timeout);
    }

    fn received(&mut self, reply: PingReply) -> Matched {
        let Some(place) = self.places.get(&reply.target).copied() else { return Matched::Unasked };
        let (liveness, reply_ttl) = match reply.result {
            PingResult::Alive(liveness, reply_ttl) => (liveness, reply_ttl),
            PingResult::Foreign => return Matched::Foreign,
            PingResult::Error => return Matched::Error,
        };
        let Target { host, state } = &mut self.targets[place];
        let is_last = host.pings.len() == usize::from(reply.number) + 1;
        let Some(ping) = host.pings.get_mut(usize::from(reply.number)) else {
            return if *state == State::Ended { Matched::Late } else { Matched::Unasked };
        };
        let rtt = reply.received.since(ping.sent);
        if ping.rtt.is_some() {
            return Matched::Duplicate;
        }
        if rtt > self.timeout {
            return Matched::Late;
        }
        ping.rtt = Some(rtt);
        host.found.get_or_insert(Found { liveness, reply_ttl });
        if is_last && matches!(state, State::Until(_)) {
            let next = reply.received.max(ping.sent + SPACING);
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
