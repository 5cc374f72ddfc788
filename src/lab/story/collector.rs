//! What a route collector records of a story: MRT (RFC 6396), with a table every eight hours and the updates between.
//!
//! Each peer has the route by that upstream which it prefers among those that announce a prefix. What changes reaches the
//! peers one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};

use super::{Peer, Scene, Story};

/// RIPE RIS writes its tables so often.
const TABLES: SignedDuration = SignedDuration::from_hours(8);
/// From one peer to the next; routers hold updates back for up to 30 s (RFC 4271, 9.2.1.1).
const APART: SignedDuration = SignedDuration::from_secs(2);
/// Prefixes that every peer has beside the block, so that all tables are whole ones: of 198.18.0.0/15, which is for
/// benchmarks (RFC 2544), by an AS for documentation (RFC 5398).
const OTHERS: u8 = 40;
const OTHER_ORIGIN: u32 = 64_496;
/// The collector's own AS and address, for documentation too (RFC 5398, 5737).
const COLLECTOR_AS: u32 = 64_511;
const COLLECTOR: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 254);

const TABLE_DUMP_V2: u16 = 13;
const PEER_INDEX_TABLE: u16 = 1;
const RIB_IPV4_UNICAST: u16 = 2;
const BGP4MP: u16 = 16;
const BGP4MP_MESSAGE_AS4: u16 = 4;

/// The upstream by which a peer has a prefix, if by any.
type Routes = BTreeMap<(usize, Ipv4Net), u32>;

/// What a peer says at a time: the prefixes that it has by an upstream from then on, or has no more.
type Messages = BTreeMap<(Timestamp, usize, Option<u32>), Vec<Ipv4Net>>;

impl Story {
    /// What a collector called `name` records, from the first run to the last: MRT. Nothing where the story has no peers.
    #[must_use]
    pub fn recorded(&self, name: &str, origin: u32) -> Option<Vec<u8>> {
        let from = self.watches.iter().map(|watch| watch.from).min()?;
        let to = self.watches.iter().map(|watch| watch.to).max()?;
        if self.peers.is_empty() {
            return None;
        }
        let (mut routes, messages) = self.announced(from, to);
        let mut file = Mrt { peers: &self.peers, origin, bytes: Vec::new() };
        let mut table = Some(from);
        for ((at, peer, upstream), prefixes) in &messages {
            while let Some(due) = table.filter(|due| due <= at) {
                file.table(due, name, &routes);
                table = due.checked_add(TABLES).ok();
            }
            file.update(*at, *peer, *upstream, prefixes);
            for prefix in prefixes {
                match upstream {
                    Some(upstream) => routes.insert((*peer, *prefix), *upstream),
                    None => routes.remove(&(*peer, *prefix)),
                };
            }
        }
        while let Some(due) = table.filter(|due| *due < to) {
            file.table(due, name, &routes);
            table = due.checked_add(TABLES).ok();
        }
        Some(file.bytes)
    }

    /// What the peers have at first, and what they say then.
    fn announced(&self, from: Timestamp, to: Timestamp) -> (Routes, Messages) {
        let over = self.scenes.iter().take_while(|scene| scene.from <= from).count();
        let (before, later) = self.scenes.split_at(over);
        let first = before.last().map(|scene| self.chosen(scene)).unwrap_or_default();
        let (mut now, mut messages) = (first.clone(), Messages::new());
        for scene in later.iter().filter(|scene| scene.from < to) {
            let next = self.chosen(scene);
            for prefix in self.hosts.keys() {
                let has_moved =
                    |peer: &usize| now.get(&(*peer, *prefix)) != next.get(&(*peer, *prefix));
                let mut at = scene.from;
                for peer in (0..self.peers.len()).filter(has_moved) {
                    let upstream = next.get(&(peer, *prefix)).copied();
                    messages.entry((at, peer, upstream)).or_default().push(*prefix);
                    at = at.saturating_add(APART).unwrap_or(at);
                }
            }
            now = next;
        }
        (first, messages)
    }

    /// The route of each peer to each prefix.
    fn chosen(&self, scene: &Scene) -> Routes {
        let mut routes = Routes::new();
        for (prefix, ways) in &scene.ways {
            let upstreams: BTreeSet<u32> = ways.iter().filter_map(|way| way.upstream).collect();
            for (place, peer) in self.peers.iter().enumerate() {
                let chosen = peer.prefers.iter().find(|one| upstreams.contains(one));
                routes.extend(chosen.map(|upstream| ((place, *prefix), *upstream)));
            }
        }
        routes
    }
}

/// A file while it grows.
struct Mrt<'s> {
    peers: &'s [Peer],
    origin: u32,
    bytes: Vec<u8>,
}

impl Mrt<'_> {
    fn record(&mut self, at: Timestamp, kind: u16, subtype: u16, body: &[u8]) {
        self.bytes.extend(seconds(at).to_be_bytes());
        self.bytes.extend([kind, subtype].into_iter().flat_map(u16::to_be_bytes));
        self.bytes.extend(length32(body));
        self.bytes.extend(body);
    }

    /// Who the peers are, and what each has (RFC 6396, 4.3).
    fn table(&mut self, at: Timestamp, name: &str, routes: &Routes) {
        let mut index = COLLECTOR.octets().to_vec();
        index.extend(length16(name.as_bytes()));
        index.extend(name.as_bytes());
        index.extend(count16(self.peers.len()));
        for peer in self.peers {
            // An IPv4 address, and four bytes of AS.
            index.push(2);
            index.extend(peer.address.octets());
            index.extend(peer.address.octets());
            index.extend(peer.asn.to_be_bytes());
        }
        self.record(at, TABLE_DUMP_V2, PEER_INDEX_TABLE, &index);
        let peers = || self.peers.iter().enumerate();
        let mut all: BTreeMap<Ipv4Net, Vec<(usize, Vec<u32>)>> = BTreeMap::new();
        for number in 0..OTHERS {
            let network = Ipv4Addr::new(198, 18, number, 0);
            let Ok(prefix) = Ipv4Net::new(network, 24) else { continue };
            let paths = peers().map(|(place, peer)| (place, vec![peer.asn, OTHER_ORIGIN]));
            all.insert(prefix, paths.collect());
        }
        for ((place, prefix), upstream) in routes {
            let path = self.peers.get(*place).map(|peer| self.path(peer, *upstream));
            let paths = all.entry(*prefix).or_default();
            paths.extend(path.map(|path| (*place, path)));
        }
        for (sequence, (prefix, paths)) in (0_u32..).zip(&all) {
            let mut body = sequence.to_be_bytes().to_vec();
            body.extend(nlri(*prefix));
            body.extend(count16(paths.len()));
            for (place, path) in paths {
                let address = self.peers.get(*place).map_or(COLLECTOR, |peer| peer.address);
                let attributes = attributes(path, address);
                body.extend(count16(*place));
                body.extend(seconds(at).to_be_bytes());
                body.extend(length16(&attributes));
                body.extend(&attributes);
            }
            self.record(at, TABLE_DUMP_V2, RIB_IPV4_UNICAST, &body);
        }
    }

    /// An UPDATE of a peer (RFC 6396, 4.4.2; RFC 4271, 4.3).
    fn update(&mut self, at: Timestamp, place: usize, upstream: Option<u32>, prefixes: &[Ipv4Net]) {
        let Some(peer) = self.peers.get(place) else { return };
        let named: Vec<u8> = prefixes.iter().flat_map(|prefix| nlri(*prefix)).collect();
        let mut update = Vec::new();
        match upstream {
            None => {
                update.extend(length16(&named));
                update.extend(&named);
                update.extend(length16(&[]));
            }
            Some(upstream) => {
                let attributes = attributes(&self.path(peer, upstream), peer.address);
                update.extend(length16(&[]));
                update.extend(length16(&attributes));
                update.extend(&attributes);
                update.extend(&named);
            }
        }
        let mut body: Vec<u8> =
            [peer.asn, COLLECTOR_AS].into_iter().flat_map(u32::to_be_bytes).collect();
        // Interface 0, IPv4.
        body.extend([0, 0, 0, 1]);
        body.extend(peer.address.octets());
        body.extend(COLLECTOR.octets());
        body.extend([0xff; 16]);
        body.extend(count16(update.len() + 19));
        body.push(2);
        body.extend(&update);
        self.record(at, BGP4MP, BGP4MP_MESSAGE_AS4, &body);
    }

    fn path(&self, peer: &Peer, upstream: u32) -> Vec<u32> {
        let mut path = vec![peer.asn];
        path.extend(peer.through.iter().chain([&upstream, &self.origin]));
        path.dedup();
        path
    }
}

/// `ORIGIN`, `AS_PATH` with four bytes for each AS, and `NEXT_HOP` (RFC 4271, 5.1; RFC 6793).
fn attributes(path: &[u32], next_hop: Ipv4Addr) -> Vec<u8> {
    let mut bytes = vec![0x40, 1, 1, 0];
    let numbers: Vec<u8> = path.iter().copied().flat_map(u32::to_be_bytes).collect();
    let [_, count] = count16(path.len());
    let [_, length] = count16(numbers.len() + 2);
    bytes.extend([0x40, 2, length, 2, count]);
    bytes.extend(numbers);
    bytes.extend([0x40, 3, 4]);
    bytes.extend(next_hop.octets());
    bytes
}

fn nlri(prefix: Ipv4Net) -> Vec<u8> {
    let length = prefix.prefix_len();
    let bytes = prefix.network().octets().into_iter().take(usize::from(length.div_ceil(8)));
    std::iter::once(length).chain(bytes).collect()
}

fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.as_second()).unwrap_or_default()
}

fn count16(count: usize) -> [u8; 2] {
    u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes()
}

fn length16(bytes: &[u8]) -> [u8; 2] {
    count16(bytes.len())
}

fn length32(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()
}
