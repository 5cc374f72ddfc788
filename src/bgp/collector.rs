//! One collector while its records go by: what its peers know, when a change begins and when it has come to rest.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};

use super::change::{Event, Kind, Move, Now, Settled, Side, alarms};
use super::networks::Networks;
use super::peers::{FullFeed, Peers, Seen, State};
use super::record::{Aggregate, Peer, Record, Update, What};
use super::view::{Counting, ScopeView, View};
use super::vrps::Vrps;

/// So long nothing changes, then a change has come to rest.
const REST: SignedDuration = SignedDuration::from_secs(60);
/// A change that never rests is looked at all the same.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// Sessions that are reset within this time are reset together.
const TOGETHER: SignedDuration = SignedDuration::from_secs(60);
/// So long after the last record rows are still due at every interval.
const HOLE: SignedDuration = SignedDuration::from_hours(24);
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
    /// The start of the last view before it.
    before: Option<Timestamp>,
}

/// All sessions were reset together, or nothing was recorded.
struct Gap {
    from: Timestamp,
    /// Until when nothing was recorded, where that is what it is.
    silent_until: Option<Timestamp>,
    /// How many peers there were.
    peers: usize,
    /// The start of the last view before it.
    before: Option<Timestamp>,
}

impl Gap {
    fn is_silent(&self, at: Timestamp) -> bool {
        self.silent_until.is_some_and(|until| self.from < at && at < until)
    }
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
    /// Its start.
    viewed: Option<Timestamp>,
    resets: VecDeque<(Timestamp, Peer)>,
    gap: Option<Gap>,
    /// Nothing was recorded, and it is not known yet whether the sessions were reset.
    silence: Option<Gap>,
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
            viewed: None,
            resets: VecDeque::new(),
            gap: None,
            silence: None,
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
        if let What::Silence { since } = record.what {
            self.fall_silent(since, record.at);
        }
        self.advance(record.at, found);
        if self.is_done {
            return;
        }
        self.end_silence(record.at, found);
        let without = &self.options.without;
        let is_left_out = |peer: &Peer| without.iter().any(|spec| spec.is(peer));
        match &record.what {
            What::Table(table) => {
                let before = self.last.unwrap_or(record.at);
                self.change(record.at, None, before, |peers| {
                    peers.table(record.at, table, &is_left_out);
                });
                self.has_new = true;
                self.end_gap(record.at, found);
                if self.options.at.is_none() {
                    let shown = self.shown.clone();
                    self.view((record.at, record.at), false, found);
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
                let lost = self.lost_by(record.at);
                self.reset(record.at, *peer);
                self.sync();
                self.peers.session(lost, *peer, *up);
                self.has_new = true;
            }
            What::Learned { peer, size, keeps } if !is_left_out(peer) => {
                self.change(record.at, Some(*peer), record.at, |peers| {
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
        let aggregates = std::mem::take(&mut self.aggregates);
        // Where one ends and the next one begins, it is the next one's time.
        let is_shown = |from: Timestamp, until: Timestamp| {
            self.options.at.is_none_or(|at| {
                from <= at
                    && (at < until || at == until && (at == from || !aggregates.contains_key(&at)))
            })
        };
        for (from, (until, scopes)) in &aggregates {
            if is_shown(*from, *until) {
                found(Found::View(View {
                    collector: Arc::clone(&self.name),
                    of_peer: None,
                    started: *from,
                    ended: *until,
                    is_change: false,
                    complete: true,
                    alarms: scopes.iter().flat_map(|of| self.alarms_of(of)).collect(),
                    scopes: scopes.clone(),
                    peers: Vec::new(),
                }));
            }
        }
        if self.is_done {
            return;
        }
        let Some(last) = self.last else { return };
        if let Some(at) = self.options.at {
            if self.peers() > 0 {
                self.advance(at.max(last), found);
                if !self.is_done {
                    self.view((at, at), false, found);
                }
            }
            return;
        }
        self.close(last, found);
        self.end_silence(Timestamp::MAX, found);
        if let Some(gap) = self.gap.take() {
            found(Found::Event(self.gap_event(&gap, last)));
        }
        let counting = self.counting();
        let is_known = || {
            let scopes = counting.scopes(&self.peers, &self.peers.others);
            scopes.iter().any(|scope| scope.asked > 0)
        };
        if self.shown.is_none() && is_known() {
            self.view((last, last), false, found);
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
                if self.peers() > 0 {
                    self.view((next, next), false, found);
                }
                self.is_done = true;
                return;
            } else {
                self.tick = Some(next);
                if self.peers() > 0 {
                    self.view((next, next), false, found);
                }
            }
        }
    }

    /// The next time at which a row is due, up to `to`.
    fn next_tick(&mut self, to: Timestamp) -> Option<Timestamp> {
        let every = self.options.every?.as_secs();
        let last = self.last?;
        // Behind a hole they begin anew: what was before the record is not known any more.
        let is_next = |tick: &i64| tick + every >= last.as_second();
        let tick = self.tick.map(Timestamp::as_second).filter(is_next);
        let from = tick.unwrap_or(last.as_second());
        let next = Timestamp::from_second((from.div_euclid(every) + 1) * every).ok()?;
        // Over a hole in the recording nobody knows anything.
        let longest = last.saturating_add(HOLE).unwrap_or(Timestamp::MAX);
        (next <= to.min(longest) && self.options.at.is_none()).then_some(next)
    }

    /// What a peer shows of a scope; of the block, what it shows of the routed prefixes together.
    fn shows(&self, peer: &Peer, state: &State, scope: Ipv4Net, frozen: bool) -> Option<Seen> {
        let block = &self.networks.targets().block;
        let is_whole = |scope| scope == block.prefix && !block.routed_prefixes().eq([scope]);
        // Of the block it is its prefixes that are invalid.
        let of = |of: Ipv4Net| {
            let vrps = self.vrps.filter(|_| !is_whole(scope));
            Peers::seen(peer, state, of, self.networks.origin(), vrps, frozen)
        };
        if !is_whole(scope) {
            return of(scope);
        }
        block.routed_prefixes().filter_map(of).reduce(|mut one, other| {
            one.add(&other);
            one
        })
    }

    /// What all peers, or one of them, show of all scopes.
    fn seen(&self, only: Option<Peer>) -> BTreeMap<(Peer, Ipv4Net), Option<Seen>> {
        let mut all = BTreeMap::new();
        let states = self.peers.iter().filter(|(peer, _)| only.is_none_or(|only| only == **peer));
        for (peer, state) in
            states.filter(|(_, state)| self.peers.counts(state, self.options.full) || state.is_up())
        {
            for scope in self.scopes() {
                all.insert((*peer, scope), self.shows(peer, state, scope, true));
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
        // Of a peer whose session was reset nothing was known since then, and messages came before its table was whole.
        let lost: BTreeMap<Peer, Timestamp> =
            self.peers.iter().filter_map(|(peer, state)| Some((*peer, state.lost_at()?))).collect();
        make(&mut self.peers);
        let after = self.seen(only);
        let (origin, known, known_at) = (self.networks.origin(), not_before, at);
        for ((peer, scope), after) in after {
            let lost = lost.get(&peer).copied();
            let not_before = lost.unwrap_or(known);
            let shown = lost.and_then(|lost| {
                let newest = self.peers.get(&peer)?.newest(scope, origin)?;
                (lost < newest && newest <= at).then_some(newest)
            });
            let at = shown.unwrap_or(at);
            let before = before.get(&(peer, scope)).cloned().flatten();
            match (before, after) {
                (Some(before), Some(after)) if before != after => {
                    self.note(known_at, Move { at, not_before, scope, before, after });
                }
                // A prefix that nobody had before may be somebody else's.
                (None, Some(after)) if !self.is_ours(scope) && after.reaches => {
                    let before = Seen::default();
                    self.note(known_at, Move { at, not_before, scope, before, after });
                    self.has_new = true;
                }
                (None, Some(_)) => self.has_new = true,
                _ => {}
            }
        }
    }

    /// `at` is when it became known; the message may have been before.
    fn note(&mut self, at: Timestamp, new: Move) {
        let before = self.viewed;
        let open = self.open.get_or_insert_with(|| Open {
            first: at,
            last: at,
            moves: Vec::new(),
            before,
        });
        open.last = at;
        if open.moves.len() < MOST_MOVES {
            open.moves.push(new);
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
        let mut seen: BTreeMap<u32, Seen> = BTreeMap::new();
        let mut origins: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        let mut invalid: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for (peer, state) in self.peers.iter() {
            let Some(shows) = self.shows(peer, state, scope, false) else { continue };
            for origin in &shows.origins {
                origins.entry(*origin).or_default().insert(peer.asn);
            }
            for origin in &shows.invalid {
                invalid.entry(*origin).or_default().insert(peer.asn);
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
            invalid: invalid.into_iter().map(|(origin, peers)| (origin, peers.len())).collect(),
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
        // A table or an interval may have shown it already.
        let shows = if is_new {
            Some(open.first)
        } else {
            self.viewed.filter(|_| self.viewed != open.before)
        };
        for event in events {
            found(Found::Event(Event { runs: [open.before, shows], ..event }));
        }
        if is_new {
            // What a table began may have been so before.
            let is_change = open.moves.first().is_some_and(|first| first.not_before == first.at);
            self.view((open.first, open.last), is_change, found);
        }
    }

    /// What is wrong in a scope by itself, without anything to compare it with.
    fn alarms_of(&self, of: &ScopeView) -> Vec<Kind> {
        alarms(self.networks, of.scope, self.is_ours(of.scope), &of.origins, of.visibility)
    }

    fn view(
        &mut self,
        (started, ended): (Timestamp, Timestamp),
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
        let alarms = self
            .scopes()
            .into_iter()
            .flat_map(|scope| self.now_of(scope, &[], ended).alarms())
            .collect();
        self.shown = Some(scopes.clone());
        self.viewed = Some(started);
        let collector = Arc::clone(&self.name);
        let silence = self.silence.iter().chain(&self.gap);
        let is_silent = silence.clone().any(|gap| gap.is_silent(started));
        let (of_peer, complete) = (None, self.gap.is_none() && !is_silent);
        found(Found::View(View {
            collector,
            of_peer,
            started,
            ended,
            is_change,
            complete,
            scopes,
            alarms,
            peers,
        }));
        let all: Vec<Peer> =
            self.peers.iter().filter(|(_, state)| state.is_up()).map(|(peer, _)| *peer).collect();
        for peer in all.into_iter().filter(|_| self.options.by_peer) {
            let alone = self.peers.only(peer);
            let scopes = counting.scopes(&alone, &self.peers.others);
            let name = format!("{} AS{} {}", self.name, peer.asn, peer.address);
            let collector = name.trim_start().into();
            found(Found::View(View {
                collector,
                of_peer: Some(peer),
                started,
                ended,
                is_change,
                complete,
                scopes,
                alarms: BTreeSet::new(),
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
            // A collector that was silent before has restarted.
            let silence = self.silence.take();
            self.gap = silence.or(Some(Gap {
                from: first,
                silent_until: None,
                peers,
                before: self.viewed,
            }));
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

    /// Nothing was recorded between these times.
    fn fall_silent(&mut self, from: Timestamp, until: Timestamp) {
        let up = self.peers.iter().filter(|(_, state)| state.is_up()).count();
        // Those that were lost when it began belong to it.
        let lost = self.resets.iter().filter(|(at, _)| from.duration_since(*at) <= TOGETHER);
        let peers = up + lost.count();
        if self.options.at.is_none() && self.gap.is_none() && self.silence.is_none() && peers > 0 {
            let before = self.viewed;
            self.silence = Some(Gap { from, silent_until: Some(until), peers, before });
        }
    }

    /// Sessions that are reset right behind a silence were lost in it. If they are not, it is all there is to report.
    fn end_silence(&mut self, at: Timestamp, found: &mut dyn FnMut(Found<'_>)) {
        let is_over = |gap: &mut Gap| {
            gap.silent_until.is_none_or(|until| at.duration_since(until) > TOGETHER)
        };
        if let Some(gap) = self.silence.take_if(is_over) {
            let until = gap.silent_until.unwrap_or(gap.from);
            found(Found::Event(self.gap_event(&gap, until)));
        }
    }

    /// Since when it is not known what a peer knows whose session is reset.
    fn lost_by(&self, at: Timestamp) -> Timestamp {
        let silent =
            self.silence.iter().chain(&self.gap).find(|gap| {
                gap.silent_until.is_some_and(|until| at.duration_since(until) <= TOGETHER)
            });
        silent.map_or(at, |gap| gap.from.min(at))
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
            runs: [gap.before, None],
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
