//! Who is asked next, by one means: pure, with time as an argument.
//!
//! A target has one question open at a time. Those that were not asked yet come first, in their
//! order; so tries at the same target are as far apart as the rate makes them, and one burst of
//! loss does not take all.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::probe::Moment;

use super::asker::{Heard, Question, What};
use super::host::{Found, Host, Try};
use super::{PingMethod, PingSettings};

/// The least time between two questions to the same target.
const SPACING: Duration = Duration::from_millis(200);

/// Answers that show nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Noise {
    /// Further answers to what was answered.
    pub duplicates: u64,
    /// Answers that took longer than they may.
    pub late: u64,
    /// Answers from other addresses than the one that was asked.
    pub foreign: u64,
    /// ICMP errors.
    pub errors: u64,
    /// Answers to what was not asked.
    pub unasked: u64,
}

/// All targets, while they are asked by one means.
#[derive(Debug)]
pub(super) struct TtlAttempts {
    means: PingMethod,
    count: usize,
    attempts: usize,
    timeout: Duration,
    courses: Vec<TraceState>,
    places: HashMap<Ipv4Addr, usize>,
    ready: VecDeque<usize>,
    timers: BinaryHeap<Reverse<(Moment, usize)>>,
    ended: usize,
    found: usize,
}

/// One target.
#[derive(Debug)]
struct TraceState {
    host: Host,
    /// When something is to be decided about it; nothing while it is ready, or at its end.
    alarm: Option<Moment>,
    ready: bool,
    ended: bool,
}

impl TtlAttempts {
    /// A round that asks `targets` by `means`, and waits `timeout` for each answer.
    pub(super) fn new(
        means: PingMethod,
        targets: impl Iterator<Item = Ipv4Addr>,
        settings: &PingSettings,
        timeout: Duration,
    ) -> Self {
        let course =
            |target| TraceState { host: Host::new(target), alarm: None, ready: true, ended: false };
        let courses: Vec<TraceState> = targets.map(course).collect();
        let ports = if means == PingMethod::Tcp { PingMethod::PORTS.len() } else { 1 };
        Self {
            means,
            count: settings.count.into(),
            attempts: usize::from(settings.attempts.max(settings.count)) * ports,
            timeout,
            places: courses.iter().enumerate().map(|(at, it)| (it.host.target, at)).collect(),
            ready: (0..courses.len()).collect(),
            timers: BinaryHeap::new(),
            courses,
            ended: 0,
            found: 0,
        }
    }

    /// The next question, if one is due at `now`. It stays the next one until it is
    /// [sent](Self::sent).
    pub(super) fn next(&mut self, now: Moment) -> Option<Question> {
        self.elapse(now);
        while let Some(place) = self.ready.front().copied() {
            if self.wants_more(place) {
                return Some(self.question(place));
            }
            self.ready.pop_front();
            self.end(place);
        }
        None
    }

    /// The next question was sent at `at`, or the machine refused it.
    pub(super) fn sent(&mut self, question: &Question, at: Moment, left: bool) {
        let Some(place) = self.ready.pop_front() else { return };
        let course = &mut self.courses[place];
        course.ready = false;
        course.host.asked.get_or_insert(at);
        course.host.tries.push(Try { sent: at, port: question.port, left, rtt: None });
        self.wake(place, at + self.timeout);
    }

    /// Takes an answer.
    pub(super) fn heard(&mut self, heard: &Heard, noise: &mut Noise) {
        let Some(place) = self.places.get(&heard.target).copied() else {
            noise.unasked += 1;
            return;
        };
        let (liveness, reply_ttl) = match heard.what {
            What::Life(liveness, ttl) => (liveness, ttl),
            What::Foreign => return noise.foreign += 1,
            What::Error => return noise.errors += 1,
        };
        let course = &mut self.courses[place];
        let last = course.host.tries.len() == usize::from(heard.number) + 1;
        let Some(one) = course.host.tries.get_mut(usize::from(heard.number)) else {
            return noise.unasked += 1;
        };
        let rtt = heard.at.since(one.sent);
        if one.rtt.is_some() {
            return noise.duplicates += 1;
        }
        if rtt > self.timeout {
            return noise.late += 1;
        }
        one.rtt = Some(rtt);
        let again = heard.at.max(one.sent + SPACING);
        if course.host.found.is_none() {
            course.host.found = Some(Found { liveness, reply_ttl });
            self.found += 1;
        }
        if last && !course.ready && !course.ended {
            self.wake(place, again);
        }
    }

    /// When something is to be decided next.
    pub(super) fn set_timer(&self) -> Option<Moment> {
        self.timers.peek().map(|Reverse((moment, _))| *moment)
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended == self.courses.len()
    }

    /// How many targets there are.
    pub(super) fn len(&self) -> usize {
        self.courses.len()
    }

    /// How many targets will not be asked again.
    pub(super) fn ended(&self) -> usize {
        self.ended
    }

    /// How many have shown that they live.
    pub(super) fn found(&self) -> usize {
        self.found
    }

    /// The targets with what was found.
    pub(super) fn into_hosts(self) -> impl Iterator<Item = Host> {
        self.courses.into_iter().map(|course| {
            let mut host = course.host;
            host.packets = host.sent();
            if let Some(port) = answering_port(&host) {
                // What another port kept silent about is no loss.
                host.tries.retain(|one| one.port == port);
            }
            host
        })
    }

    fn elapse(&mut self, now: Moment) {
        while let Some(Reverse((moment, place))) = self.timers.peek().copied() {
            if moment > now {
                return;
            }
            self.timers.pop();
            // An alarm that an answer has moved is still in the heap.
            if self.courses[place].alarm != Some(moment) {
                continue;
            }
            self.courses[place].alarm = None;
            if self.wants_more(place) {
                self.courses[place].ready = true;
                self.ready.push_back(place);
            } else {
                self.end(place);
            }
        }
    }

    fn wake(&mut self, place: usize, at: Moment) {
        if self.wants_more(place) || self.courses[place].host.tries.last().is_some_and(is_open) {
            self.courses[place].alarm = Some(at);
            self.timers.push(Reverse((at, place)));
        } else {
            self.courses[place].alarm = None;
            self.end(place);
        }
    }

    fn wants_more(&self, place: usize) -> bool {
        let host = &self.courses[place].host;
        match answering_port(host) {
            Some(port) => host.tries.iter().filter(|one| one.port == port).count() < self.count,
            None if host.found.is_some() => host.tries.len() < self.count,
            None => host.tries.len() < self.attempts,
        }
    }

    fn end(&mut self, place: usize) {
        let course = &mut self.courses[place];
        self.ended += usize::from(!course.ended);
        course.ended = true;
    }

    fn question(&self, place: usize) -> Question {
        let host = &self.courses[place].host;
        let number = host.tries.len();
        let port = match self.means {
            PingMethod::Tcp => {
                answering_port(host).unwrap_or(PingMethod::PORTS[number % PingMethod::PORTS.len()])
            }
            PingMethod::Icmp | PingMethod::Udp => 0,
        };
        Question { target: host.target, number: u8::try_from(number).unwrap_or(u8::MAX), port }
    }
}

/// The TCP port at which a target was found.
fn answering_port(host: &Host) -> Option<u16> {
    host.found?.liveness.port()
}

/// Whether an answer may still come.
fn is_open(one: &Try) -> bool {
    one.rtt.is_none()
}
