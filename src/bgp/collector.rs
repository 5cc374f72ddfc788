//! One collector while its records go by: what its peers know, when a change begins and when it has come to rest.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};

use super::change::{Event, Kind, Move, Now, Settled, Side};
use super::networks::Networks;
use super::peers::{FullFeed, Peers, Seen};
use super::record::{Aggregate, Peer, Record, Update, What};
use super::view::{Counting, ScopeView, View};
use super::vrps::Vrps;

/// So long nothing changes, then a change has come to rest.
const REST: SignedDuration = SignedDuration::from_secs(60);
/// A change that never rests is looked at all the same.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// Sessions that are reset within this time are reset together.
const TOGETHER: SignedDuration = SignedDuration::from_secs(60);
/// The most changes that are kept of one that never rests.
const MOST_MOVES: usize = 100_000;

/// How collectors are followed.
#[derive(Debug, Clone)]
pub struct Options {
    /// From which size on a table counts as whole.
    pub full: FullFeed,
    /// Peers that are left out, by address or AS.
    pub without: Vec<PeerSpec>,
    /// Rows at every so many seconds.
    pub every: Option<SignedDuration>,
    /// Only how things are at this time.
    pub at: Option<Timestamp>,
    /// Whether views have the paths of all peers.
    pub keep_peers: bool,
    /// Whether there is a view of each peer too.
    pub by_peer: bool,
}

/// A peer, as a user names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerSpec {
    /// All sessions of an AS.
    As(u32),
    /// A session.
    Address(std::net::IpAddr),
}

impl PeerSpec {
    fn is(self, peer: &Peer) -> bool {
        match self {
            Self::As(asn) => peer.asn == asn,
            Self::Address(address) => peer.address == address.to_canonical(),
        }
    }
}

/// What comes of a collector's records.
#[derive(Debug)]
pub enum Found<'f> {
    /// How things are at a table, after a change, or at a time that was asked for.
    View(View),
    /// Something that changed.
    Event(Event),
    /// A message that touches the block.
    Update {
        /// When.
        at: Timestamp,
        /// The collector.
        collector: &'f Arc<str>,
        /// The peer.
        peer: Peer,
        /// What it announced or withdrew.
        update: &'f Update,
    },
    /// A session came up or went down.
    Session {
        /// When.
        at: Timestamp,
        /// The collector.
        collector: &'f Arc<str>,
        /// The peer.
        peer: Peer,
        /// Whether it is up.
        up: bool,
    },
}

/// A change that has not come to rest.
struct Open {
    first: Timestamp,
    last: Timestamp,
    moves: Vec<Move>,
}

/// All sessions were reset together.
struct Gap {
    from: Timestamp,
    /// How many peers there were.
    peers: usize,
}

/// A collector while its records go by, in the order of time.
pub struct Collector<'t> {
    name: Arc<str>,
    networks: &'t Networks<'t>,
    vrps: Option<&'t Vrps>,
    options: &'t Options,
    peers: Peers,
    settled: BTreeMap<Ipv4Net, Settled>,
    open: Option<Open>,
    /// Whether AS are known now that were not at the rest before.
    has_new: bool,
    last: Option<Timestamp>,
    tick: Option<Timestamp>,
    /// What the last view showed.
    shown: Option<Vec<ScopeView>>,
    resets: VecDeque<(Timestamp, Peer)>,
    gap: Option<Gap>,
    is_done: bool,
    aggregates: BTreeMap<Timestamp, (Timestamp, Vec<ScopeView>)>,
    /// Records that came too late.
    pub late: u64,
}

impl<'t> Collector<'t> {
    /// A collector of which nothing is known yet.
    #[must_use]
    pub fn new(
        name: Arc<str>,
        networks: &'t Networks<'t>,
        vrps: Option<&'t Vrps>,
        options: &'t Options,
    ) -> Self {
        Self {
            name,
            networks,
            vrps,
            options,
            peers: Peers::default(),
            settled: BTreeMap::new(),
            open: None,
            has_new: false,
            last: None,
            tick: None,
            shown: None,
            resets: VecDeque::new(),
            gap: None,
            is_done: false,
            aggregates: BTreeMap::new(),
            late: 0,
        }
    }

    fn counting(&self) -> Counting<'t> {
        Counting { networks: self.networks, full: self.options.full, vrps: self.vrps }
    }

    /// Whether sizes of tables are known.
    #[must_use]
    pub fn has_sizes(&self) -> bool {
        self.peers.has_sizes()
    }

    /// How many peers are known.
    #[must_use]
    pub fn peers(&self) -> usize {
        self.peers.iter().count()
    }

    /// The scopes: the block, its routed prefixes, and others that were seen.
    fn scopes(&self) -> BTreeSet<Ipv4Net> {
        let block = &self.networks.targets().block;
        let ours = std::iter::once(block.prefix).chain(block.routed_prefixes());
        ours.chain(self.peers.others.iter().copied()).collect()
    }

    /// Takes the next record.
    pub fn take(&mut self, record: &Record, found: &mut dyn FnMut(Found<'_>)) {
        if self.is_done {
            return;
        }
        if self.last.is_some_and(|last| record.at < last) {
            self.late += 1;
            return;
        }
        self.advance(record.at, found);
        if self.is_done {
            return;
        }
        let is_left_out = |peer: &Peer| self.options.without.iter().any(|spec| spec.is(peer));
        match &record.what {
            What::Table(table) => {
                let mut table = table.clone();
                let kept: Vec<bool> =
                    table.peers.iter().map(|one| !is_left_out(&one.peer)).collect();
                table.routes.retain(|route| kept.get(route.peer).is_some_and(|kept| *kept));
                for (of, _) in table.peers.iter_mut().zip(&kept).filter(|(_, kept)| !**kept) {
                    of.size = Some(super::record::Size::default());
                }
                let before = self.last.unwrap_or(record.at);
                self.change(record.at, None, before, |peers| peers.table(record.at, &table));
                self.has_new = true;
                self.end_gap(record.at, found);
                if self.options.at.is_none() {
                    let shown = self.shown.clone();
                    self.view(record.at, found);
                    // A change that is under way has its own row when it rests.
                    if self.open.as_ref().is_some_and(|open| open.first < record.at) {
                        self.shown = shown;
                    }
                }
            }
            What::Update(peer, update) if !is_left_out(peer) => {
                found(Found::Update { at: record.at, collector: &self.name, peer: *peer, update });
                self.change(record.at, Some(*peer), record.at, |peers| {
                    peers.update(record.at, *peer, update);
                });
            }
            What::Session { peer, up } if !is_left_out(peer) => {
                found(Found::Session {
                    at: record.at,
                    collector: &self.name,
                    peer: *peer,
                    up: *up,
                });
                self.reset(record.at, *peer);
                self.sync();
                self.peers.session(record.at, *peer, *up);
                self.has_new = true;
            }
            What::Learned { peer, size, keeps } if !is_left_out(peer) => {
                let lost = self.peers.get(peer).and_then(super::peers::State::lost_at);
                let not_before = lost.unwrap_or(record.at);
                self.change(record.at, Some(*peer), not_before, |peers| {
                    peers.learned(*peer, *size, *keeps);
                });
                self.has_new = true;
                self.end_gap(record.at, found);
            }
            What::Aggregate(aggregate) => self.aggregate(record.at, aggregate),
            _ => {}
        }
        self.last = Some(record.at);
    }

    /// Nothing comes any more.
    pub fn end(&mut self, found: &mut dyn FnMut(Found<'_>)) {
        if self.is_done {
            return;
        }
        for (at, (until, scopes)) in std::mem::take(&mut self.aggregates) {
            let collector = Arc::clone(&self.name);
            let view = View {
                collector,
                started: at,
                ended: until,
                is_change: false,
                complete: true,
                scopes,
                peers: Vec::new(),
            };
            found(Found::View(view));
        }
        let Some(last) = self.last else { return };
        if let Some(at) = self.options.at {
            if self.peers() > 0 {
                self.advance(at.max(last), found);
                if !self.is_done {
                    self.view(at, found);
                }
            }
            return;
        }
        self.close(last, found);
        if let Some(gap) = self.gap.take() {
            found(Found::Event(self.gap_event(&gap, last)));
        }
        let counting = self.counting();
        let is_known = || {
            let scopes = counting.scopes(&self.peers, &self.peers.others);
            scopes.iter().any(|scope| scope.asked > 0)
        };
        if self.shown.is_none() && is_known() {
            self.view(last, found);
        }
    }

    /// The time comes to `to`: what has been at rest is compared, and rows are due.
    fn advance(&mut self, to: Timestamp, found: &mut dyn FnMut(Found<'_>)) {
        loop {
            let rest = self.open.as_ref().and_then(|open| {
                let rest = open.last.checked_add(REST).ok()?;
                let longest = open.first.checked_add(LONGEST).ok()?;
                Some(rest.min(longest))
            });
            let tick = self.next_tick(to);
            let at = self.options.at.filter(|at| *at < to);
            let Some(next) =
                [rest.filter(|rest| *rest <= to), tick, at].into_iter().flatten().min()
            else {
                return;
            };
            if rest == Some(next) {
                self.close(next, found);
            } else if at == Some(next) {
                self.view(next, found);
                self.is_done = true;
                return;
            } else {
                self.tick = Some(next);
                if self.peers() > 0 {
                    self.view(next, found);
                }
            }
        }
    }

    /// The next time at which a row is due, up to `to`.
    fn next_tick(&mut self, to: Timestamp) -> Option<Timestamp> {
        let every = self.options.every?.as_secs();
        let last = self.last?;
        let from = self
            .tick
            .map_or(last.as_second(), |tick| tick.as_second().max(last.as_second() - every));
        let next = Timestamp::from_second((from.div_euclid(every) + 1) * every).ok()?;
        (next <= to && self.options.at.is_none()).then_some(next)
    }

    /// What all peers, or one of them, show of all scopes.
    fn seen(&self, only: Option<Peer>) -> BTreeMap<(Peer, Ipv4Net), Option<Seen>> {
        let routed: Vec<Ipv4Net> = self.networks.targets().block.routed_prefixes().collect();
        let block = self.networks.targets().block.prefix;
        let mut all = BTreeMap::new();
        let states = self.peers.iter().filter(|(peer, _)| only.is_none_or(|only| only == **peer));
        for (peer, state) in
            states.filter(|(_, state)| self.peers.counts(state, self.options.full) || state.is_up())
        {
            for scope in self.scopes() {
                let of = |scope| Peers::seen(peer, state, scope, self.networks.origin(), true);
                let seen = if scope == block && routed != [block] {
                    joined(routed.iter().map(|scope| of(*scope)))
                } else {
                    of(scope)
                };
                all.insert((*peer, scope), seen);
            }
        }
        all
    }

    /// Makes a change, and keeps what it changes for those peers that count.
    fn change(
        &mut self,
        at: Timestamp,
        only: Option<Peer>,
        not_before: Timestamp,
        make: impl FnOnce(&mut Peers),
    ) {
        self.sync();
        let before = self.seen(only);
        make(&mut self.peers);
        let after = self.seen(only);
        for ((peer, scope), after) in after {
            let before = before.get(&(peer, scope)).cloned().flatten();
            match (before, after) {
                (Some(before), Some(after)) if before != after => {
                    let new = Move { at, not_before, scope, before, after };
                    let open = self.open.get_or_insert_with(|| Open {
                        first: at,
                        last: at,
                        moves: Vec::new(),
                    });
                    open.last = at;
                    if open.moves.len() < MOST_MOVES {
                        open.moves.push(new);
                    }
                }
                // A prefix that nobody had before may be somebody else's.
                (None, Some(after)) if !self.is_ours(scope) && after.reaches => {
                    let before = Seen::default();
                    let open = self.open.get_or_insert_with(|| Open {
                        first: at,
                        last: at,
                        moves: Vec::new(),
                    });
                    open.moves.push(Move { at, not_before, scope, before, after });
                    open.last = at;
                    self.has_new = true;
                }
                (None, Some(_)) => self.has_new = true,
                _ => {}
            }
        }
    }

    fn is_ours(&self, scope: Ipv4Net) -> bool {
        let block = &self.networks.targets().block;
        scope == block.prefix
            || block.prefix.contains(&scope) && scope.prefix_len() == block.routed_length
    }

    /// Takes AS that are newly known for how things are, as long as nothing is in change.
    fn sync(&mut self) {
        if !self.has_new || self.open.is_some() {
            return;
        }
        self.has_new = false;
        let mut settled = std::mem::take(&mut self.settled);
        for scope in self.scopes() {
            // Others are compared with nothing once the routed ones are known.
            if self.is_ours(scope) || self.shown.is_none() {
                let now = self.now_of(scope, &[], Timestamp::UNIX_EPOCH);
                settled.entry(scope).or_default().sync(&now);
            }
        }
        self.settled = settled;
    }

    fn now_of<'n>(&'n self, scope: Ipv4Net, moves: &'n [Move], found_at: Timestamp) -> Now<'n> {
        let block = self.networks.targets().block.prefix;
        let routed: Vec<Ipv4Net> = self.networks.targets().block.routed_prefixes().collect();
        let mut seen: BTreeMap<u32, Seen> = BTreeMap::new();
        let mut origins: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        let mut invalid = BTreeSet::new();
        for (peer, state) in self.peers.iter() {
            let of = |scope| Peers::seen(peer, state, scope, self.networks.origin(), false);
            let shows = if scope == block && routed != [block] {
                joined(routed.iter().map(|scope| of(*scope)))
            } else {
                of(scope)
            };
            let Some(shows) = shows else { continue };
            for origin in &shows.origins {
                origins.entry(*origin).or_default().insert(peer.asn);
                let is_invalid =
                    |vrps: &Vrps| vrps.judge(scope, Some(*origin)) == super::vrps::Rpki::Invalid;
                if scope != block && self.vrps.is_some_and(is_invalid) {
                    invalid.insert(*origin);
                }
            }
            if self.peers.counts(state, self.options.full) {
                seen.entry(peer.asn).or_default().add(&shows);
            }
        }
        Now {
            collector: &self.name,
            scope,
            is_ours: self.is_ours(scope),
            seen,
            origins: origins.into_iter().map(|(origin, peers)| (origin, peers.len())).collect(),
            invalid,
            networks: self.networks,
            moves,
            found_at,
        }
    }

    /// A change has come to rest.
    fn close(&mut self, at: Timestamp, found: &mut dyn FnMut(Found<'_>)) {
        let Some(open) = self.open.take() else { return };
        let mut settled = std::mem::take(&mut self.settled);
        let mut events = Vec::new();
        for scope in self.scopes() {
            let now = self.now_of(scope, &open.moves, at);
            events.extend(settled.entry(scope).or_default().compare(&now));
        }
        self.settled = settled;
        events.sort_by_key(|event: &Event| (event.first_at, event.scope, event.kind));
        if self.options.at.is_some() {
            return;
        }
        for event in events {
            found(Found::Event(event));
        }
        let scopes = self.counting().scopes(&self.peers, &self.peers.others);
        let is_new = self.shown.as_ref().is_none_or(|shown| {
            let counts = |all: &[ScopeView]| -> Vec<_> {
                all.iter()
                    .map(|one| {
                        (one.scope, one.counts.clone(), one.carriers.clone(), one.origins.clone())
                    })
                    .collect()
            };
            counts(shown) != counts(&scopes)
        });
        if is_new {
            self.view_of(open.first, open.last, true, found);
        }
    }

    /// How things are at a table, or at a time that was asked for.
    fn view(&mut self, at: Timestamp, found: &mut dyn FnMut(Found<'_>)) {
        self.view_of(at, at, false, found);
    }

    fn view_of(
        &mut self,
        started: Timestamp,
        ended: Timestamp,
        is_change: bool,
        found: &mut dyn FnMut(Found<'_>),
    ) {
        let counting = self.counting();
        let scopes = counting.scopes(&self.peers, &self.peers.others);
        let peers = if self.options.keep_peers {
            counting.paths(&self.peers, &self.scopes())
        } else {
            Vec::new()
        };
        self.shown = Some(scopes.clone());
        let collector = Arc::clone(&self.name);
        let complete = self.gap.is_none();
        found(Found::View(View { collector, started, ended, is_change, complete, scopes, peers }));
        let all: Vec<Peer> =
            self.peers.iter().filter(|(_, state)| state.is_up()).map(|(peer, _)| *peer).collect();
        for peer in all.into_iter().filter(|_| self.options.by_peer) {
            let alone = self.peers.only(peer);
            let scopes = counting.scopes(&alone, &self.peers.others);
            let name = format!("{} AS{} {}", self.name, peer.asn, peer.address);
            let collector = name.trim_start().into();
            found(Found::View(View {
                collector,
                started,
                ended,
                is_change,
                complete,
                scopes,
                peers: Vec::new(),
            }));
        }
    }

    /// A session of a peer is reset. If nearly all are within a minute, it is the collector.
    fn reset(&mut self, at: Timestamp, peer: Peer) {
        if !self.peers.get(&peer).is_some_and(super::peers::State::is_up) {
            return;
        }
        let is_old = |reset: &(Timestamp, Peer)| at.duration_since(reset.0) > TOGETHER;
        while self.resets.front().is_some_and(is_old) {
            self.resets.pop_front();
        }
        self.resets.push_back((at, peer));
        let up = self.peers.iter().filter(|(_, state)| state.is_up()).count();
        let peers = up + self.resets.len() - 1;
        if self.gap.is_none() && self.resets.len() >= 3 && self.resets.len() * 5 >= peers * 4 {
            let first = self.resets.front().map_or(at, |reset| reset.0);
            self.gap = Some(Gap { from: first, peers });
        }
    }

    /// The gap is over when most sessions are there again.
    fn end_gap(&mut self, at: Timestamp, found: &mut dyn FnMut(Found<'_>)) {
        let up = self.peers.iter().filter(|(_, state)| state.is_up()).count();
        if self.gap.as_ref().is_some_and(|gap| up * 5 >= gap.peers * 4)
            && let Some(gap) = self.gap.take()
            && self.options.at.is_none()
        {
            found(Found::Event(self.gap_event(&gap, at)));
        }
    }

    fn gap_event(&self, gap: &Gap, until: Timestamp) -> Event {
        Event {
            kind: Kind::CollectorGap,
            collector: Arc::clone(&self.name),
            scope: self.networks.targets().block.prefix,
            subject: None,
            not_before: gap.from,
            first_at: gap.from,
            at_rest: until,
            found_at: until,
            moved: gap.peers,
            of: gap.peers,
            sides: [Side::default(), Side::default()],
        }
    }

    fn aggregate(&mut self, at: Timestamp, aggregate: &Aggregate) {
        // What was asked of another AS is not ours.
        if aggregate.scope.is_none() && !aggregate.origins.contains(&self.networks.origin()) {
            return;
        }
        let view = self.counting().aggregate(aggregate);
        let until = aggregate.until.unwrap_or(at);
        let slot = self.aggregates.entry(at).or_insert((until, Vec::new()));
        slot.0 = slot.0.max(until);
        slot.1.push(view);
    }
}

/// What a peer shows of several scopes taken together.
fn joined(all: impl Iterator<Item = Option<Seen>>) -> Option<Seen> {
    all.flatten().reduce(|mut one, other| {
        one.add(&other);
        one
    })
}
