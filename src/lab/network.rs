//! The simulated internet itself: a packet in, its answer out at its time.
//!
//! A pure model. It knows neither sockets nor the program's own encoding, only IP, ICMP, UDP and TCP,
//! so that any prober can be run against it, and so that nothing is found right because both sides
//! share a mistake.

use std::collections::{BTreeMap, VecDeque};
use std::hash::Hasher;
use std::net::Ipv4Addr;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use siphasher::sip::SipHasher13;

use crate::probe::Moment;

use super::answer::{self, Message};
use super::bucket::Bucket;
use super::packet::Seen;
use super::scenario::{Balance, End, Habits, Manners, Path, Route, Scenario, Truth, Who};

/// How much a round trip varies.
const JITTER: f64 = 0.02;

/// A scenario at work.
#[derive(Debug)]
pub struct Network {
    scenario: Scenario,
    changes: VecDeque<Change>,
    buckets: BTreeMap<Ipv4Addr, Bucket>,
    random: StdRng,
}

/// What the network turns into at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// When.
    pub at: Moment,
    /// The routes from then on.
    pub routes: Vec<Route>,
    /// The loss from then on.
    pub loss: f64,
}

/// An answer on its way back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delivery {
    /// When it arrives at the vantage.
    pub at: Moment,
    /// The whole IP packet.
    pub packet: Vec<u8>,
}

impl Network {
    /// The network of `scenario`; loss and jitter follow from `seed` and the packets that are sent.
    #[must_use]
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        Self::changing(scenario, Vec::new(), seed)
    }

    /// The same, with changes to come, in the order of their moments.
    #[must_use]
    pub fn changing(scenario: Scenario, changes: Vec<Change>, seed: u64) -> Self {
        let (changes, buckets) = (changes.into(), BTreeMap::new());
        Self { scenario, changes, buckets, random: StdRng::seed_from_u64(seed) }
    }

    /// The scenario.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Takes the IP packet that the vantage sends at `now`; gives what comes back for it.
    pub fn carry(&mut self, packet: &[u8], now: Moment) -> Option<Delivery> {
        let seen = Seen::read(packet)?;
        self.change(now);
        let place = match self.route(&seen)?.balance {
            Balance::Flow => place_of_flow(&seen),
            Balance::Packet => self.random.random(),
        };
        let route = self.route(&seen)?;
        let path = choose(&route.paths, place)?;
        let manners = self.scenario.hosts.get(&seen.destination);
        let Response { message, from, rtt, ttl } = respond(&seen, route, path, manners)?;
        let mut habits = self.scenario.routers.get(&from).cloned().unwrap_or_default();
        habits.changes = habits.changes.or(self.scenario.nat);
        if !self.allows(from, &habits, &message, now) || self.chance() < self.scenario.loss {
            return None;
        }
        let from = habits.answers_from.unwrap_or(from);
        let packet = answer::build(&message, from, ttl, &seen, &habits);
        Some(Delivery { at: now + rtt.mul_f64(1.0 + JITTER * self.chance()), packet })
    }

    fn change(&mut self, now: Moment) {
        while let Some(change) = self.changes.pop_front_if(|change| change.at <= now) {
            (self.scenario.routes, self.scenario.loss) = (change.routes, change.loss);
        }
    }

    /// What a measurement with this packet's flow should find.
    #[must_use]
    pub fn truth(&self, packet: &[u8]) -> Option<&Truth> {
        let seen = Seen::read(packet)?;
        Some(&choose(&self.route(&seen)?.paths, place_of_flow(&seen))?.truth)
    }

    fn route(&self, seen: &Seen<'_>) -> Option<&Route> {
        let leads = |route: &&Route| route.to.contains(&seen.destination);
        let routes = self.scenario.routes.iter().filter(leads);
        routes.max_by_key(|route| route.to.prefix_len())
    }

    /// Whether the router's limit lets it send `message` at `now`.
    fn allows(&mut self, from: Ipv4Addr, habits: &Habits, message: &Message, now: Moment) -> bool {
        match habits.limit {
            Some(rate) if message.is_error() => {
                let burst = habits.burst.unwrap_or(5.0);
                self.buckets.entry(from).or_insert_with(|| Bucket::new(rate, burst)).take(now)
            }
            _ => true,
        }
    }

    fn chance(&mut self) -> f64 {
        self.random.random()
    }
}

/// What a router hashes of a packet's flow, as RFC 2992 has it.
fn place_of_flow(seen: &Seen<'_>) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(&seen.flow());
    hasher.finish()
}

/// The path at `place`.
fn choose(paths: &[Path], place: u64) -> Option<&Path> {
    let total: u32 = paths.iter().map(|path| path.share).sum();
    let mut place = place % u64::from(total.max(1));
    paths.iter().find(|path| {
        let inside = place < u64::from(path.share);
        place = place.saturating_sub(u64::from(path.share));
        inside
    })
}

/// Who answers what.
struct Response {
    message: Message,
    from: Ipv4Addr,
    /// After which round trip.
    rtt: Duration,
    /// The TTL with which the answer arrives.
    ttl: u8,
}

fn respond(
    seen: &Seen<'_>,
    route: &Route,
    path: &Path,
    manners: Option<&Manners>,
) -> Option<Response> {
    let reached = usize::from(seen.ttl);
    let refused = matches!(path.end, End::Refusal(_)) && reached >= path.hops.len();
    if reached == 0 {
        return None;
    }
    if let Some(response) = intercepted(seen, route, path) {
        return Some(response);
    }
    if reached <= path.hops.len() && !refused {
        let hop = path.hops[reached - 1];
        let from = who(hop.who, seen, route)?;
        return Some(Response::new(Message::TimeExceeded, from, hop.rtt, reached));
    }
    let last = path.hops.last()?;
    match path.end {
        End::Refusal(code) => {
            let from = who(last.who, seen, route)?;
            Some(Response::new(Message::Unreachable(code), from, last.rtt, path.hops.len()))
        }
        End::Loop => {
            let behind = reached - path.hops.len();
            let place = path.hops.len().checked_sub(1 + behind % 2)?;
            let hop = path.hops.get(place)?;
            let from = who(hop.who, seen, route)?;
            Some(Response::new(Message::TimeExceeded, from, last.rtt, reached))
        }
        End::Hosts(rtt) if route.hosts.contains(&seen.destination) => {
            let usual = Manners::default();
            let manners = manners.unwrap_or(&usual);
            let message = Message::of_host(seen, manners)?;
            let other = path.echo_replies_from.filter(|_| message == Message::EchoReply);
            let from = other.unwrap_or(seen.destination);
            let ttl = manners.ttl.saturating_sub(distance(path.hops.len() + 1));
            Some(Response { message, from, rtt, ttl })
        }
        End::Hosts(_) | End::Blackhole => None,
    }
}

/// What a box on the way answers in the destination's name.
fn intercepted(seen: &Seen<'_>, route: &Route, path: &Path) -> Option<Response> {
    let middlebox = route.middlebox.as_ref()?;
    let before = path.hops.get(middlebox.behind.checked_sub(1)?)?;
    if usize::from(seen.ttl) <= middlebox.behind {
        return None;
    }
    let message = Message::of_middlebox(seen, middlebox)?;
    Some(Response::new(message, seen.destination, before.rtt, middlebox.behind + 1))
}

impl Response {
    /// An answer from so many hops away, by a system that begins with the highest TTL.
    fn new(message: Message, from: Ipv4Addr, rtt: Duration, hops: usize) -> Self {
        Self { message, from, rtt, ttl: u8::MAX.saturating_sub(distance(hops)) }
    }
}

fn distance(hops: usize) -> u8 {
    u8::try_from(hops).unwrap_or(u8::MAX)
}

fn who(who: Who, seen: &Seen<'_>, route: &Route) -> Option<Ipv4Addr> {
    match who {
        Who::Nobody => None,
        Who::Router(address) => Some(address),
        Who::Target => route.hosts.get(&seen.destination).copied(),
    }
}
