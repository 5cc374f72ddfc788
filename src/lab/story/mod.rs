//! A simulated internet over months: what it is like at any time, when it is measured, and the events
//! that a report should find in that.
//!
//! A story is a few *ways* into the block, *moments* from which each prefix is reached by some of
//! them, and *spells* that stand in their place for as long as they last. Where ways say whose they are, and there are
//! peers, a route collector records who announces what.

mod collector;
mod file;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};

use crate::probe::Moment;

use super::network::{Change, Network};
use super::scenario::{Balance, Path, Route, Scenario};

/// A story, read from TOML.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// What it tells, in a sentence.
    pub about: String,
    /// What of it was published, and by whom.
    pub published: String,
    /// What is assumed, because nobody published it.
    pub assumed: String,
    /// How many addresses of each routed prefix a run traces.
    pub sample: usize,
    /// The events that a report on the runs should find, oldest first.
    pub events: Vec<Planned>,
    vantage: Ipv4Addr,
    watches: Vec<Watch>,
    hosts: BTreeMap<Ipv4Net, Vec<Ipv4Addr>>,
    /// The peers of a route collector.
    peers: Vec<Peer>,
    /// When things begin to be otherwise, in the order of these times.
    scenes: Vec<Scene>,
}

/// Something that happens in a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// When.
    pub at: Timestamp,
    /// What, as a report calls it.
    pub kind: String,
    /// The carrier or class that it is about.
    pub subject: Option<String>,
    /// Where: the block, routed prefixes.
    pub scopes: Vec<Ipv4Net>,
}

/// A router that tells a route collector its table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Peer {
    asn: u32,
    address: Ipv4Addr,
    /// The AS between its own and the upstream.
    through: Vec<u32>,
    /// The upstreams, the preferred one first. It has no route by others.
    prefers: Vec<u32>,
}

/// Runs at regular times, the first included and the last not.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Watch {
    from: Timestamp,
    to: Timestamp,
    every: SignedDuration,
}

/// How things are from a time on.
#[derive(Debug, Clone, PartialEq)]
struct Scene {
    from: Timestamp,
    loss: f64,
    ways: BTreeMap<Ipv4Net, Vec<Path>>,
}

impl Story {
    /// When the runs begin, oldest first.
    pub fn runs(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.watches.iter().flat_map(|watch| {
            let next = |at: &Timestamp| at.checked_add(watch.every).ok();
            std::iter::successors(Some(watch.from), next).take_while(|at| *at < watch.to)
        })
    }

    /// The network that a run meets which begins at `began`; it goes on to change during the run.
    #[must_use]
    pub fn network(&self, began: Timestamp, seed: u64) -> Network {
        let over = self.scenes.iter().take_while(|scene| scene.from <= began).count();
        let now = over.checked_sub(1).and_then(|place| self.scenes.get(place));
        let later = self.scenes.get(over..).unwrap_or_default();
        let changes = later.iter().map(|scene| Change {
            at: Moment::START + scene.from.duration_since(began).unsigned_abs(),
            routes: self.routes(scene),
            loss: scene.loss,
        });
        let scenario = Scenario {
            about: self.about.clone(),
            vantage: self.vantage,
            loss: now.map_or(0.0, |scene| scene.loss),
            nat: None,
            ping_sockets: true,
            routes: now.map(|scene| self.routes(scene)).unwrap_or_default(),
            routers: BTreeMap::new(),
            hosts: BTreeMap::new(),
        };
        Network::changing(scenario, changes.collect(), seed)
    }

    fn routes(&self, scene: &Scene) -> Vec<Route> {
        let route = |(to, paths): (&Ipv4Net, &Vec<Path>)| {
            let hosts = self.hosts.get(to).into_iter().flatten().copied().collect();
            Route { to: *to, hosts, middlebox: None, balance: Balance::Flow, paths: paths.clone() }
        };
        scene.ways.iter().map(route).collect()
    }
}
