//! What each peer of a collector knows of the block at a time: its routes, and whether it can be asked at all.
//!
//! A session that is down takes the peer's knowledge with it; it withdraws nothing. What a peer knew before is kept until
//! it has sent its table again, so that a session that was reset is no change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use super::path::{AsPath, NextTo};
use super::record::{Extent, Peer, Size, Table, Update};
use super::vrps::{Rpki, Vrps};

/// Stands for an origin that is a set, which no payload has (RFC 6811, 2).
pub(super) const AS_SET: u32 = 0;

/// From which size on a peer's table counts as whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FullFeed {
    /// This share of the largest table of the same collector.
    Share(f64),
    /// So many prefixes.
    Prefixes(u32),
}

impl Default for FullFeed {
    fn default() -> Self {
        Self::Share(0.75)
    }
}

/// How much of the internet's table a peer sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerKind {
    /// Nearly all.
    Full,
    /// A part: its customers, or what it has from a route server.
    Partial,
    /// A default route, which is no route to the block.
    Default,
    /// Nobody knows.
    Unknown,
}

impl PeerKind {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Default => "default",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether a peer's table is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    /// Only what it announced and withdrew since the records begin.
    Unknown,
    /// It has none.
    Down,
    /// It came up, and the table is on its way.
    Sending,
    /// It is known.
    Known,
}

/// A route of a peer to a prefix.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Route {
    /// 0 in tables without numbers, and of peers that send one path.
    pub(super) path_id: u32,
    pub(super) path: Arc<AsPath>,
    pub(super) since: Timestamp,
}

impl Route {
    /// Whether the number tells it from others.
    fn is_numbered(&self) -> bool {
        self.path_id > 0
    }
}

/// The routes of a peer by prefix. A prefix that was withdrawn has none.
type Routes = BTreeMap<Ipv4Net, Vec<Route>>;

#[derive(Debug, Clone)]
pub(super) struct State {
    session: Session,
    pub(super) size: Option<Size>,
    pub(super) internal: bool,
    routes: Routes,
    /// What it knew before its session went down, and since when that is so.
    before: Option<(Routes, Timestamp)>,
    /// Whether it ever had a route to the block.
    had_route: bool,
}

/// What a peer shows of a scope: the AS next to the origin, by each of its paths, and the origins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) upstreams: BTreeSet<u32>,
    pub(super) origins: BTreeSet<u32>,
    /// The origins of those routes that the RPKI calls invalid.
    pub(super) invalid: BTreeSet<u32>,
    /// Whether it has a route.
    pub(super) reaches: bool,
}

impl Seen {
    pub(super) fn add(&mut self, other: &Self) {
        self.upstreams.extend(&other.upstreams);
        self.origins.extend(&other.origins);
        self.invalid.extend(&other.invalid);
        self.reaches |= other.reaches;
    }
}

/// One path of a peer to a scope.
#[derive(Debug, Clone)]
pub(super) struct Way<'p> {
    pub(super) prefix: Ipv4Net,
    pub(super) route: &'p Route,
    pub(super) next_to: NextTo,
    /// The AS in front of that one.
    pub(super) fork: Option<u32>,
    /// Whether the origin is the one that is asked for, or one of a set.
    pub(super) is_ours: bool,
}

impl State {
    fn new() -> Self {
        Self {
            session: Session::Unknown,
            size: None,
            internal: false,
            routes: Routes::new(),
            before: None,
            had_route: false,
        }
    }

    /// The routes to a prefix: to itself, else to the longest one that covers it and is of the same origin. Nothing where
    /// it is not known whether there are any.
    pub(super) fn routes_to(
        &self,
        scope: Ipv4Net,
        origin: u32,
        frozen: bool,
    ) -> Option<(Ipv4Net, &[Route])> {
        let routes = match (self.session, &self.before) {
            (Session::Known | Session::Unknown, _) => &self.routes,
            (Session::Down | Session::Sending, Some((before, _))) if frozen => before,
            _ => return None,
        };
        let exact = routes.get(&scope);
        if let Some(found) = exact.filter(|found| !found.is_empty()) {
            return Some((scope, found));
        }
        let is_ours =
            |found: &&Vec<Route>| found.iter().any(|route| route.path.may_originate(origin));
        let covering = (8..scope.prefix_len()).rev().find_map(|length| {
            let prefix = Ipv4Net::new(scope.network(), length).ok()?.trunc();
            Some((prefix, routes.get(&prefix).filter(is_ours)?.as_slice()))
        });
        let none = || match self.session {
            Session::Unknown if exact.is_none() => None,
            _ => Some((scope, &[][..])),
        };
        covering.or_else(none)
    }

    /// Since when it is not known any more what the peer knows.
    pub(super) fn lost_at(&self) -> Option<Timestamp> {
        self.before.as_ref().map(|(_, at)| *at)
    }

    /// When the last message came that shows how a scope is reached.
    pub(super) fn newest(&self, scope: Ipv4Net, origin: u32) -> Option<Timestamp> {
        let (_, routes) = self.routes_to(scope, origin, false)?;
        routes.iter().map(|route| route.since).max()
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.session, Session::Known | Session::Unknown)
    }

    fn lose(&mut self, at: Timestamp, session: Session) {
        // Of a session of which nothing was known before, nothing is kept.
        if self.session == Session::Known || self.is_up() && !self.routes.is_empty() {
            self.before = Some((std::mem::take(&mut self.routes), at));
        }
        self.routes.clear();
        self.session = session;
    }

    fn learn(&mut self) {
        self.session = Session::Known;
        self.before = None;
    }

    fn announce(&mut self, prefix: Ipv4Net, route: Route) {
        self.had_route = true;
        let routes = self.routes.entry(prefix).or_default();
        if !route.is_numbered() {
            // A route without a number takes the place of all others that have none.
            let before =
                routes.iter().find(|known| !known.is_numbered() && known.path == route.path);
            let since = before.map_or(route.since, |known| known.since);
            routes.retain(Route::is_numbered);
            routes.push(Route { since, ..route });
            return;
        }
        match routes.iter_mut().find(|known| known.is_numbered() && known.path_id == route.path_id)
        {
            Some(known) if known.path == route.path => {}
            Some(known) => *known = route,
            None => {
                // A table that leaves the numbers out has it already.
                let same = routes
                    .iter()
                    .position(|known| !known.is_numbered() && known.path == route.path);
                if let Some(same) = same {
                    routes.remove(same);
                }
                routes.push(route);
            }
        }
    }

    fn withdraw(&mut self, prefix: Ipv4Net, path_id: u32) {
        let routes = self.routes.entry(prefix).or_default();
        let numbered =
            routes.iter().position(|known| known.is_numbered() && known.path_id == path_id);
        match numbered {
            _ if path_id == 0 => routes.retain(Route::is_numbered),
            Some(place) => {
                routes.remove(place);
            }
            // It is one of those whose numbers a table left out.
            None => {
                if let Some(place) = routes.iter().position(|known| !known.is_numbered()) {
                    routes.remove(place);
                }
            }
        }
    }

    /// Takes a prefix's routes of a table. Where that leaves out the numbers of those that are known, they stay.
    fn replace(&mut self, mut table: Routes) {
        for (prefix, known) in std::mem::take(&mut self.routes) {
            let Some(routes) = table.get_mut(&prefix) else { continue };
            let paths = |routes: &[Route]| {
                let mut paths: Vec<Arc<AsPath>> =
                    routes.iter().map(|route| Arc::clone(&route.path)).collect();
                paths.sort_unstable();
                paths
            };
            let is_plain = routes.iter().all(|route| !route.is_numbered());
            if is_plain && known.iter().all(Route::is_numbered) && paths(&known) == paths(routes) {
                *routes = known;
            }
        }
        self.routes = table;
    }
}

/// All peers of a collector.
#[derive(Debug, Clone, Default)]
pub(super) struct Peers {
    states: BTreeMap<Peer, State>,
    /// The size of the largest table; 0 where none is known.
    largest: u32,
    /// Whether sizes are of tables that the collector wrote down.
    has_tables: bool,
    /// Other prefixes than the routed ones that touch the block.
    pub(super) others: BTreeSet<Ipv4Net>,
}

impl Peers {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Peer, &State)> {
        self.states.iter()
    }

    pub(super) fn get(&self, peer: &Peer) -> Option<&State> {
        self.states.get(peer)
    }

    /// One of them by itself.
    pub(super) fn only(&self, peer: Peer) -> Self {
        let state = self.states.get(&peer).cloned();
        let states = state.map(|state| (peer, state)).into_iter().collect();
        Self { states, others: self.others.clone(), ..*self }
    }

    fn state(&mut self, peer: Peer) -> &mut State {
        self.states.entry(peer).or_insert_with(State::new)
    }

    /// Whether the sizes of tables are known.
    pub(super) fn has_sizes(&self) -> bool {
        self.largest > 0
    }

    pub(super) fn kind(&self, state: &State, full: FullFeed) -> PeerKind {
        let Some(size) = state.size.filter(|_| self.has_sizes()) else { return PeerKind::Unknown };
        let least = match full {
            FullFeed::Share(share) => f64::from(self.largest) * share,
            FullFeed::Prefixes(prefixes) => f64::from(prefixes),
        };
        if f64::from(size.prefixes) >= least && size.prefixes > 1 {
            PeerKind::Full
        } else if size.has_default && size.prefixes <= 1 {
            PeerKind::Default
        } else {
            PeerKind::Partial
        }
    }

    /// Whether a peer counts for shares: it sends nearly everything, or nobody knows and it had a route.
    pub(super) fn counts(&self, state: &State, full: FullFeed) -> bool {
        match self.kind(state, full) {
            PeerKind::Full => true,
            PeerKind::Unknown => state.had_route,
            PeerKind::Partial | PeerKind::Default => false,
        }
    }

    pub(super) fn session(&mut self, at: Timestamp, peer: Peer, up: bool) {
        self.state(peer).lose(at, if up { Session::Sending } else { Session::Down });
    }

    /// The peer has sent its table. One that sent nothing, of a session that only an OPEN showed, had it before.
    pub(super) fn learned(&mut self, peer: Peer, size: Option<Size>, keeps: bool) {
        let state = self.state(peer);
        if state.session != Session::Sending {
            return;
        }
        if keeps && let Some((before, _)) = state.before.take() {
            state.routes = before;
        }
        if size.is_some() {
            state.size = size;
        }
        state.learn();
        self.measure();
    }

    fn measure(&mut self) {
        // A stream that somebody has filtered looks like small tables; of those that have all, none is.
        const LEAST: u32 = 100;
        let sizes = self.states.values().filter_map(|state| state.size);
        let largest = sizes.map(|size| size.prefixes).max().unwrap_or_default();
        self.largest = if self.has_tables || largest >= LEAST { largest } else { 0 };
    }

    pub(super) fn update(&mut self, at: Timestamp, peer: Peer, update: &Update) {
        let state = self.state(peer);
        // A message of a session of which nothing was said: it is up again, and nobody will say when its table is whole.
        if state.session == Session::Down {
            state.session = Session::Unknown;
        }
        state.internal |= update.internal;
        for nlri in &update.withdrawn {
            state.withdraw(nlri.prefix, nlri.path_id);
        }
        if let Some(path) = &update.path {
            for nlri in &update.announced {
                let (path_id, path) = (nlri.path_id, Arc::clone(path));
                let route = Route { path_id, path, since: at };
                state.announce(nlri.prefix, route);
            }
        }
        self.others.extend(update.announced.iter().map(|nlri| nlri.prefix));
    }

    /// Takes the tables of a view, without those of peers that are left out.
    pub(super) fn table(
        &mut self,
        at: Timestamp,
        table: &Table,
        is_left_out: &dyn Fn(&Peer) -> bool,
    ) {
        let left_out: Vec<bool> = table.peers.iter().map(|of| is_left_out(&of.peer)).collect();
        let mut tables: Vec<Routes> = vec![Routes::new(); table.peers.len()];
        for route in &table.routes {
            let Some(routes) = tables.get_mut(route.peer) else { continue };
            if left_out[route.peer] {
                continue;
            }
            let since = route.since.unwrap_or(at);
            // An entry that is younger than the view is of an update behind it.
            if since > at {
                continue;
            }
            let (path_id, path) = (route.nlri.path_id, Arc::clone(&route.path));
            let routes = routes.entry(route.nlri.prefix).or_default();
            routes.push(Route { path_id, path, since });
            self.others.insert(route.nlri.prefix);
        }
        let mut listed = BTreeSet::new();
        let kept =
            table.peers.iter().zip(tables).zip(&left_out).filter(|(_, left_out)| !**left_out);
        for ((of, routes), _) in kept {
            let is_empty = match of.size {
                Some(size) => size.prefixes == 0,
                None => routes.is_empty(),
            };
            // The list of peers has those without a session too.
            if table.extent == Extent::Whole && is_empty {
                continue;
            }
            if is_empty && table.about.is_none() && !self.states.contains_key(&of.peer) {
                continue;
            }
            listed.insert(of.peer);
            let state = self.state(of.peer);
            state.had_route |= !routes.is_empty();
            match table.extent {
                Extent::Whole | Extent::Block => {
                    state.replace(routes);
                    state.learn();
                }
                Extent::Part => {
                    if let Some(about) = table.about {
                        state.routes.insert(about, Vec::new());
                    }
                    state.routes.extend(routes);
                    if matches!(state.session, Session::Down | Session::Sending) {
                        state.session = Session::Unknown;
                    }
                }
            }
            if of.size.is_some() {
                state.size = of.size;
                self.has_tables = true;
            }
        }
        for (peer, state) in &mut self.states {
            match table.extent {
                Extent::Whole if !listed.contains(peer) => state.lose(at, Session::Down),
                Extent::Block if !listed.contains(peer) && state.is_up() => state.routes.clear(),
                _ => {}
            }
        }
        self.measure();
    }

    /// The paths of a peer to a scope; nothing where it is not known whether there are any.
    pub(super) fn ways<'p>(
        peer: &Peer,
        state: &'p State,
        scope: Ipv4Net,
        origin: u32,
        frozen: bool,
    ) -> Option<Vec<Way<'p>>> {
        let (prefix, routes) = state.routes_to(scope, origin, frozen)?;
        let way = |route: &'p Route| {
            let (next_to, fork) = route.path.next_to(peer.asn, state.internal);
            let is_ours = route.path.may_originate(origin);
            Way { prefix, route, next_to, fork, is_ours }
        };
        Some(routes.iter().map(way).collect())
    }

    /// What a peer shows of a scope.
    pub(super) fn seen(
        peer: &Peer,
        state: &State,
        scope: Ipv4Net,
        origin: u32,
        vrps: Option<&Vrps>,
        frozen: bool,
    ) -> Option<Seen> {
        let ways = Self::ways(peer, state, scope, origin, frozen)?;
        let mut seen = Seen { reaches: !ways.is_empty(), ..Seen::default() };
        for way in ways {
            let from = way.route.path.origin();
            seen.origins.extend(from);
            // It is the route's own prefix that is valid or not, and not the scope that it covers.
            if vrps.is_some_and(|vrps| vrps.judge(way.prefix, from) == Rpki::Invalid) {
                seen.invalid.insert(from.unwrap_or(AS_SET));
            }
            if way.is_ours
                && let NextTo::Upstream(asn) = way.next_to
            {
                seen.upstreams.insert(asn);
            }
        }
        Some(seen)
    }
}
