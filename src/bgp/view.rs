//! How many peers see each scope, by the AS next to its origin.
//!
//! The unit is the peer's AS: its sessions and paths share a weight of 1. Peers behind one AS in front of the upstream copy
//! that one's choice, so the interval takes these groups for the sample: its size is (Σw)² / Σ(Σ of a group)², and Wilson's
//! limits follow from that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::split::{Share, Verdict, most_first, real, verdict};
use crate::transit::Class;

use super::change::Kind;
use super::networks::Networks;
use super::path::{AsPath, NextTo};
use super::peers::{FullFeed, PeerKind, Peers, State, Way};
use super::record::{Aggregate, Peer};
use super::vrps::{Rpki, Vrps};

/// A smaller share is in no verdict: a row shows it as next to 0.
const LEAST: f64 = 0.0005;

/// What the peers of a collector see at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The collector; with the peer, where it is of that alone.
    pub collector: Arc<str>,
    /// The only peer that it is of.
    pub of_peer: Option<Peer>,
    /// The first message of the change that it follows; of a table, its time.
    pub started: Timestamp,
    /// The last message of that change.
    pub ended: Timestamp,
    /// Whether it follows a change that messages showed. A table, or a time that was asked for, shows only that it is so.
    pub is_change: bool,
    /// False where the sessions of the collector were not all up.
    pub complete: bool,
    /// The block first, then its routed prefixes, then the others that were seen.
    pub scopes: Vec<ScopeView>,
    /// What is wrong, by the event that it would begin with: an outage, a foreign origin, an upstream that no carrier
    /// has. Of a single peer nothing follows.
    pub alarms: BTreeSet<Kind>,
    /// What each peer sends, where that is wanted.
    pub peers: Vec<PeerPath>,
}

/// What the peers of a collector see of one scope.
#[derive(Debug, Clone, PartialEq)]
pub struct ScopeView {
    /// The scope.
    pub scope: Ipv4Net,
    /// The AS of all peers with a session.
    pub peers: usize,
    /// Those of them that send nearly the whole table; nothing where nobody knows the sizes.
    pub full_peers: Option<usize>,
    /// The AS that are counted.
    pub asked: usize,
    /// The share of these that have a route.
    pub visibility: Option<f64>,
    /// The AS by class, rounded so that they add up to `asked`.
    pub counts: BTreeMap<Class, usize>,
    /// The share of each configured class.
    pub shares: Vec<Option<Share>>,
    /// What the weights say together: also a class whose count is rounded to 0.
    pub verdict: Verdict,
    /// How many AS have a route by each carrier, most first. One with several paths counts at each.
    pub carriers: Vec<(String, usize)>,
    /// The origins of the routes, most frequent first.
    pub origins: Vec<u32>,
    /// What the RPKI says.
    pub rpki: Option<Rpki>,
}

/// One path of a peer, or a peer without any.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerPath {
    /// The peer.
    pub peer: Peer,
    /// How much it sends.
    pub kind: PeerKind,
    /// How many prefixes it sends.
    pub table: Option<u32>,
    /// The prefix, where it has a route to one.
    pub route: Option<PeerRoute>,
}

/// A route of a peer.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerRoute {
    /// The prefix.
    pub prefix: Ipv4Net,
    /// The number of the path.
    pub path_id: u32,
    /// The path.
    pub path: Arc<AsPath>,
    /// Who is next to the origin.
    pub next_to: NextTo,
    /// The class of that.
    pub class: Class,
    /// What the RPKI says.
    pub rpki: Option<Rpki>,
    /// Since when the peer has it.
    pub since: Timestamp,
}

/// How peers are counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counting<'c> {
    pub(super) networks: &'c Networks<'c>,
    pub(super) full: FullFeed,
    pub(super) vrps: Option<&'c Vrps>,
}

/// What one AS sends of a scope; all weights of an AS add up to 1.
#[derive(Debug, Clone, Default)]
struct Vote {
    classes: BTreeMap<Class, f64>,
    forks: BTreeMap<u32, f64>,
    carriers: BTreeSet<String>,
}

impl Vote {
    fn add(&mut self, class: Class, fork: u32, carrier: Option<String>, weight: f64) {
        *self.classes.entry(class).or_default() += weight;
        if class.is_classified() {
            *self.forks.entry(fork).or_default() += weight;
        }
        self.carriers.extend(carrier);
    }

    fn add_all(&mut self, other: &Self, weight: f64) {
        for (class, more) in &other.classes {
            *self.classes.entry(*class).or_default() += more * weight;
        }
        for (fork, more) in &other.forks {
            *self.forks.entry(*fork).or_default() += more * weight;
        }
        self.carriers.extend(other.carriers.iter().cloned());
    }
}

type Votes = BTreeMap<u32, Vote>;

impl Counting<'_> {
    /// The class of a path: who is next to the origin, unless that is somebody else's origin or nobody can say.
    pub(super) fn class(&self, way: &Way<'_>) -> Class {
        match way.next_to {
            NextTo::Upstream(asn) if way.is_ours => self.networks.class(asn),
            _ => Class::Unknown,
        }
    }

    /// What the peers see of the block, of each routed prefix, and of `others`.
    pub(super) fn scopes(&self, peers: &Peers, others: &BTreeSet<Ipv4Net>) -> Vec<ScopeView> {
        let block = &self.networks.targets().block;
        let routed: Vec<Ipv4Net> = block.routed_prefixes().collect();
        let votes: Vec<Votes> = routed.iter().map(|scope| self.votes(peers, *scope)).collect();
        // The block's: the mean of the routed prefixes', AS by AS.
        let mut mean = Votes::new();
        for (asn, vote) in votes.iter().flatten() {
            let of = votes.iter().filter(|votes| votes.contains_key(asn)).count();
            mean.entry(*asn).or_default().add_all(vote, 1.0 / real(of));
        }
        let mut scopes = Vec::new();
        if routed != [block.prefix] {
            let prefixes: Vec<Ipv4Net> = routed.clone();
            scopes.push(self.scope(block.prefix, &prefixes, &mean, peers));
        }
        for (scope, votes) in routed.iter().zip(&votes) {
            scopes.push(self.scope(*scope, &[*scope], votes, peers));
        }
        for other in
            others.iter().filter(|other| **other != block.prefix && !routed.contains(other))
        {
            let votes = self.votes(peers, *other);
            scopes.push(self.scope(*other, &[*other], &votes, peers));
        }
        scopes
    }

    fn votes(&self, peers: &Peers, scope: Ipv4Net) -> Votes {
        let mut sessions: BTreeMap<u32, Vec<(&Peer, Vec<Way<'_>>)>> = BTreeMap::new();
        for (peer, state) in peers.iter().filter(|(_, state)| peers.counts(state, self.full)) {
            if let Some(ways) = Peers::ways(peer, state, scope, self.networks.origin(), false) {
                sessions.entry(peer.asn).or_default().push((peer, ways));
            }
        }
        let vote = |(asn, sessions): (u32, Vec<(&Peer, Vec<Way<'_>>)>)| {
            let mut vote = Vote::default();
            let each = 1.0 / real(sessions.len());
            for (peer, ways) in &sessions {
                if ways.is_empty() {
                    vote.add(Class::Unreached, peer.asn, None, each);
                }
                for way in ways {
                    let class = self.class(way);
                    let carrier = way.next_to.asn().filter(|_| class.is_classified());
                    let carrier = carrier.map(|asn| self.networks.name(asn));
                    vote.add(class, way.fork.unwrap_or(peer.asn), carrier, each / real(ways.len()));
                }
            }
            (asn, vote)
        };
        sessions.into_iter().map(vote).collect()
    }

    fn scope(
        &self,
        scope: Ipv4Net,
        prefixes: &[Ipv4Net],
        votes: &Votes,
        peers: &Peers,
    ) -> ScopeView {
        let asns = |has: &dyn Fn(&State) -> bool| {
            let all = peers.iter().filter(|(_, state)| state.is_up() && has(state));
            all.map(|(peer, _)| peer.asn).collect::<BTreeSet<_>>().len()
        };
        let full_peers = peers
            .has_sizes()
            .then(|| asns(&|state| peers.kind(state, self.full) == PeerKind::Full));
        let mut weights: BTreeMap<Class, f64> = BTreeMap::new();
        let mut forks: BTreeMap<u32, f64> = BTreeMap::new();
        let mut carriers: BTreeMap<String, usize> = BTreeMap::new();
        for vote in votes.values() {
            for (class, weight) in &vote.classes {
                *weights.entry(*class).or_default() += weight;
            }
            for (fork, weight) in &vote.forks {
                *forks.entry(*fork).or_default() += weight;
            }
            for carrier in &vote.carriers {
                *carriers.entry(carrier.clone()).or_default() += 1;
            }
        }
        let reached =
            real(votes.len()) - weights.get(&Class::Unreached).copied().unwrap_or_default();
        let visibility = (!votes.is_empty()).then(|| reached / real(votes.len()));
        let (origins, rpki) = self.origins(prefixes, peers);
        let mut seen = self.counted(&weights, &forks, votes.len());
        seen.carriers = most_first(carriers);
        ScopeView { scope, peers: asns(&|_| true), full_peers, visibility, origins, rpki, ..seen }
    }

    /// Counts, shares and verdict of weights.
    fn counted(
        &self,
        weights: &BTreeMap<Class, f64>,
        forks: &BTreeMap<u32, f64>,
        asked: usize,
    ) -> ScopeView {
        let ids = || self.networks.targets().classes.ids();
        let all = ids().map(Class::Transit).chain([Class::Other, Class::Unknown, Class::Unreached]);
        let weights: Vec<(Class, f64)> =
            all.map(|class| (class, weights.get(&class).copied().unwrap_or_default())).collect();
        let counts = rounded(&weights, asked);
        let of = |class: Class| {
            weights
                .iter()
                .filter(move |(other, _)| *other == class)
                .map(|(_, weight)| weight)
                .sum::<f64>()
        };
        let classified: f64 = weights
            .iter()
            .filter(|(class, _)| class.is_classified())
            .map(|(_, weight)| weight)
            .sum();
        let is_there = |(class, weight): &&(Class, f64)| {
            let of = if class.is_classified() { classified } else { real(asked) };
            *weight > LEAST * of
        };
        let present = weights.iter().filter(is_there).map(|(class, _)| (*class, 1)).collect();
        let sizes: f64 = forks.values().map(|weight| weight * weight).sum();
        let share = |class: Class| {
            (classified > 1e-9 && sizes > 0.0).then(|| {
                Share::wilson(
                    (of(class) / classified).clamp(0.0, 1.0),
                    classified * classified / sizes,
                )
            })
        };
        let shares = ids().map(|id| share(Class::Transit(id))).collect();
        ScopeView {
            scope: self.networks.targets().block.prefix,
            peers: 0,
            full_peers: None,
            asked,
            visibility: None,
            verdict: verdict(&present, 0),
            counts,
            shares,
            carriers: Vec::new(),
            origins: Vec::new(),
            rpki: None,
        }
    }

    /// The origins of the routes that any peer has, and the worst that the RPKI says of ours, or of all.
    fn origins(&self, prefixes: &[Ipv4Net], peers: &Peers) -> (Vec<u32>, Option<Rpki>) {
        let ours = self.networks.origin();
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        let mut states: BTreeSet<(bool, Rpki)> = BTreeSet::new();
        for scope in prefixes {
            for (peer, state) in peers.iter() {
                for way in Peers::ways(peer, state, *scope, ours, false).unwrap_or_default() {
                    let origin = way.route.path.origin();
                    if let Some(origin) = origin {
                        *counts.entry(origin).or_default() += 1;
                    }
                    if let Some(vrps) = self.vrps {
                        states.insert((origin == Some(ours), vrps.judge(way.prefix, origin)));
                    }
                }
            }
        }
        let is_ours = states.iter().any(|(ours, _)| *ours);
        let of = states.iter().filter(|(ours, _)| *ours == is_ours).map(|(_, state)| *state);
        let worst = of.max_by_key(|state| match state {
            Rpki::Valid => 0,
            Rpki::NotFound => 1,
            Rpki::Invalid => 2,
        });
        (most_first(counts).into_iter().map(|(origin, _)| origin).collect(), worst)
    }

    /// Every path of every peer.
    pub(super) fn paths(&self, peers: &Peers, scopes: &BTreeSet<Ipv4Net>) -> Vec<PeerPath> {
        let mut paths = Vec::new();
        for (peer, state) in peers.iter().filter(|(_, state)| state.is_up()) {
            let kind = peers.kind(state, self.full);
            let table = state.size.map(|size| size.prefixes);
            let before = paths.len();
            for scope in scopes {
                let ways = Peers::ways(peer, state, *scope, self.networks.origin(), false);
                for way in ways.unwrap_or_default().into_iter().filter(|way| way.prefix == *scope) {
                    let rpki =
                        self.vrps.map(|vrps| vrps.judge(way.prefix, way.route.path.origin()));
                    let route = PeerRoute {
                        prefix: way.prefix,
                        path_id: way.route.path_id,
                        path: Arc::clone(&way.route.path),
                        next_to: way.next_to,
                        class: self.class(&way),
                        rpki,
                        since: way.route.since,
                    };
                    paths.push(PeerPath { peer: *peer, kind, table, route: Some(route) });
                }
            }
            if paths.len() == before {
                paths.push(PeerPath { peer: *peer, kind, table, route: None });
            }
        }
        paths
    }

    /// What a service counted. Nobody knows who the peers are, so all that share an upstream are one group.
    pub(super) fn aggregate(&self, aggregate: &Aggregate) -> ScopeView {
        let (mut weights, mut forks, mut carriers) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (asn, peers) in &aggregate.upstreams {
            *weights.entry(self.networks.class(*asn)).or_default() += peers;
            *forks.entry(*asn).or_default() += peers;
            *carriers.entry(self.networks.name(*asn)).or_default() += whole(*peers);
        }
        let named: f64 = weights.values().sum();
        let (seeing, all) = aggregate.seeing.unwrap_or((named, named));
        if aggregate.upstreams.is_empty() {
            weights.insert(Class::Unknown, seeing);
        }
        let all = all.max(seeing);
        weights.insert(Class::Unreached, all - seeing);
        let block = self.networks.targets().block.prefix;
        let scope = aggregate.scope.unwrap_or(block);
        let mut view = self.counted(&weights, &forks, whole(all));
        view.carriers = most_first(carriers);
        let is_nobody = aggregate.seeing == Some((0.0, 0.0)) && aggregate.origins.is_empty();
        if is_nobody {
            view.verdict = Verdict::One(Class::Unreached);
        }
        let full_peers = aggregate.seeing.filter(|_| !is_nobody).map(|_| whole(all));
        let visibility = aggregate.seeing.filter(|_| is_nobody || all > 0.0);
        let visibility = visibility.map(|_| if is_nobody { 0.0 } else { seeing / all });
        let origins = aggregate.origins.clone();
        ScopeView { scope, peers: whole(all), full_peers, visibility, origins, ..view }
    }
}

/// Weights as whole numbers that add up to `sum`: the largest remainders are rounded up, of equal ones the larger.
fn rounded(weights: &[(Class, f64)], sum: usize) -> BTreeMap<Class, usize> {
    let mut counts: Vec<(Class, f64, usize)> =
        weights.iter().map(|(class, weight)| (*class, *weight, floor(*weight))).collect();
    let given: usize = counts.iter().map(|(_, _, count)| count).sum();
    let remainder = |one: &(Class, f64, usize)| one.1 - real(one.2);
    counts.sort_by(|one, other| {
        let by_rest = (remainder(other) * 1e6).round().total_cmp(&(remainder(one) * 1e6).round());
        by_rest.then(other.1.total_cmp(&one.1)).then(one.0.cmp(&other.0))
    });
    for (_, _, count) in counts.iter_mut().take(sum.saturating_sub(given)) {
        *count += 1;
    }
    counts.into_iter().map(|(class, _, count)| (class, count)).collect()
}

/// The nearest whole number.
fn whole(number: f64) -> usize {
    floor(number + 0.5)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is checked")]
fn floor(number: f64) -> usize {
    // A half of three sessions three times is not quite one and a half.
    let number = number + 1e-9;
    if (0.0..1e9).contains(&number) { number as usize } else { 0 }
}
