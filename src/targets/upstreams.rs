//! Which AS stood next to the block's origin in BGP, by routed prefix and time: what is known of borders beside the traces,
//! as the known borders of `targets.toml` are.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};

use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};

use super::block::Block;
use super::classes::ClassId;

/// What a collector showed longer ago, or shows only later, is not known to hold.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// Around a change both sides hold: routers take minutes to agree (RFC 4271, 9.2.1.1: 30 s for each announcement of a path).
const UNCERTAIN: SignedDuration = SignedDuration::from_mins(3);

/// The path of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerUpstream {
    /// The AS of the peer.
    pub peer: u32,
    /// The prefix of the route.
    pub prefix: Ipv4Net,
    /// The AS next to the origin.
    pub upstream: u32,
    /// The AS in front of that, or the peer itself: whoever hangs on it copies its choice.
    pub fork: u32,
}

/// An AS next to the origin, as the peers of all collectors show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The AS.
    pub asn: u32,
    /// Its carrier, where one has it.
    pub carrier: Option<String>,
    /// Its class; nothing for somebody else's.
    pub class: Option<ClassId>,
    /// How many AS of peers show it.
    pub peers: usize,
    /// How many AS stand in front of it in their paths: those that hang on one of these are one view.
    pub forks: usize,
}

/// What all peers of a collector showed at a time: it holds until the collector's next view.
type View = Arc<BTreeSet<PeerUpstream>>;

/// The upstreams of the routed prefixes, at all times.
#[derive(Debug, Clone, Default)]
pub struct Upstreams {
    /// Whether there is evidence of BGP, be it that nothing was announced.
    pub is_given: bool,
    /// Whether traces that name no vantage are of the lab: its views speak for its traces alone.
    pub is_lab: bool,
    /// When traces were made that do not say it; else the newest views hold.
    pub at: Option<Timestamp>,
    names: BTreeMap<u32, (Option<String>, Option<ClassId>)>,
    views: BTreeMap<(bool, String), BTreeMap<Timestamp, View>>,
    timelines: OnceLock<[Timeline; 2]>,
}

/// The times between which the views that hold are the same.
#[derive(Debug, Clone, Default)]
struct Timeline {
    /// When the newest view alone holds.
    newest: Option<Timestamp>,
    segments: BTreeMap<Timestamp, Segment>,
}

#[derive(Debug, Clone, Default)]
struct Segment {
    views: Vec<View>,
    /// What they show of each routed prefix, once that was asked for.
    shown: OnceLock<Vec<Vec<Upstream>>>,
}

impl Upstreams {
    /// Says who an AS is.
    pub fn add_name(&mut self, asn: u32, carrier: Option<String>, class: Option<ClassId>) {
        self.names.insert(asn, (carrier, class));
    }

    /// Adds what the peers of a collector showed at a time, all of it at once or in parts; none is a view too. `is_lab`:
    /// the collector is one of the lab.
    pub fn add_view(
        &mut self,
        (is_lab, collector): (bool, &str),
        at: Timestamp,
        paths: impl IntoIterator<Item = PeerUpstream>,
    ) {
        self.timelines.take();
        let views = self.views.entry((is_lab, collector.to_owned())).or_default();
        let view = views.entry(at).or_default();
        Arc::make_mut(view).extend(paths);
        // Most views differ in nothing that counts here from the one before.
        let view = Arc::clone(view);
        let before = views.range(..at).next_back().map(|(_, before)| Arc::clone(before));
        if let Some(before) = before.filter(|before| *before == view) {
            views.insert(at, before);
        }
    }

    /// The upstreams of the routed prefix that `target` is in, at the time of a trace, most peers first. None: BGP shows
    /// nothing within a day.
    #[must_use]
    pub fn of(
        &self,
        target: Ipv4Addr,
        at: Option<Timestamp>,
        is_lab: bool,
        block: &Block,
    ) -> &[Upstream] {
        let timelines = self.timelines.get_or_init(|| [false, true].map(|lab| self.timeline(lab)));
        let timeline = &timelines[usize::from(is_lab)];
        let at = at.or(self.at).or(timeline.newest);
        let segment = at.and_then(|at| timeline.segments.range(..=at).next_back());
        let Some((_, segment)) = segment else { return &[] };
        let shown = segment.shown.get_or_init(|| {
            block.routed_prefixes().map(|scope| self.shown(scope, &segment.views)).collect()
        });
        let place = block.routed_index(target);
        place.and_then(|place| shown.get(place)).map_or(&[], Vec::as_slice)
    }

    fn timeline(&self, is_lab: bool) -> Timeline {
        let of = || self.views.iter().filter(|((lab, _), _)| *lab == is_lab).map(|(_, of)| of);
        let holding: Vec<(Timestamp, Timestamp, &View)> = of().flat_map(holding).collect();
        let mut times: BTreeMap<Timestamp, Segment> = BTreeMap::new();
        for (from, to, _) in &holding {
            times.entry(*from).or_default();
            times.entry(*to).or_default();
        }
        for (from, to, view) in holding {
            for (_, segment) in times.range_mut(from..to) {
                segment.views.push(Arc::clone(view));
            }
        }
        let newest = of().filter_map(|views| views.keys().next_back()).max();
        let newest = newest.map(|at| at.saturating_add(UNCERTAIN).unwrap_or(*at));
        Timeline { newest, segments: times }
    }

    /// What views show of a routed prefix: of each peer's AS its most specific routes to all of it, and those to a part.
    fn shown(&self, scope: Ipv4Net, views: &[View]) -> Vec<Upstream> {
        let mut peers: BTreeMap<u32, [BTreeSet<u32>; 2]> = BTreeMap::new();
        for view in views {
            let mut longest: BTreeMap<u32, u8> = BTreeMap::new();
            let covers = |path: &&PeerUpstream| path.prefix.contains(&scope);
            for path in view.iter().filter(covers) {
                let length = longest.entry(path.peer).or_default();
                *length = path.prefix.prefix_len().max(*length);
            }
            for path in view.iter() {
                let is_longest = covers(&path)
                    && longest.get(&path.peer).copied() == Some(path.prefix.prefix_len());
                if is_longest || scope.contains(&path.prefix) {
                    let [peers, forks] = peers.entry(path.upstream).or_default();
                    peers.insert(path.peer);
                    forks.insert(path.fork);
                }
            }
        }
        let upstream = |(asn, [peers, forks]): (u32, [BTreeSet<u32>; 2])| {
            let (carrier, class) = self.names.get(&asn).cloned().unwrap_or_default();
            Upstream { asn, carrier, class, peers: peers.len(), forks: forks.len() }
        };
        let mut shown: Vec<Upstream> = peers.into_iter().map(upstream).collect();
        shown.sort_by_key(|one| (std::cmp::Reverse(one.peers), one.asn));
        shown
    }
}

/// From when to when each view of a collector holds.
fn holding(
    views: &BTreeMap<Timestamp, View>,
) -> impl Iterator<Item = (Timestamp, Timestamp, &View)> {
    let add = |at: Timestamp, time| at.saturating_add(time).unwrap_or(at);
    let all: Vec<(&Timestamp, &View)> = views.iter().collect();
    (0..all.len()).map(move |place| {
        let (at, view) = all[place];
        let before = place.checked_sub(1).and_then(|place| all.get(place));
        let from = match before.map(|(before, _)| add(**before, LONGEST)) {
            Some(over) if over >= add(*at, -UNCERTAIN) => add(*at, -UNCERTAIN),
            Some(over) => over.max(add(*at, -LONGEST)),
            None => add(*at, -LONGEST),
        };
        let next = all.get(place + 1).map(|(next, _)| add(**next, UNCERTAIN));
        let over = add(*at, LONGEST);
        (from, next.map_or(over, |next| next.min(over)), view)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Targets;

    const TTK: u32 = 20485;
    const UNICOM: u32 = 4837;

    fn at(hour: i64, minute: i64) -> Timestamp {
        Timestamp::from_second(1_506_816_000 + hour * 3600 + minute * 60).expect("a time")
    }

    fn paths(all: &[(u32, &str, u32)]) -> Vec<PeerUpstream> {
        let path = |(peer, prefix, upstream): &(u32, &str, u32)| PeerUpstream {
            peer: *peer,
            prefix: prefix.parse().expect("a prefix"),
            upstream: *upstream,
            fork: *peer,
        };
        all.iter().map(path).collect()
    }

    /// The upstreams of 175.45.176.0/24 with their peers.
    fn shown(upstreams: &Upstreams, at: Option<Timestamp>) -> Vec<(u32, usize)> {
        let block = Targets::built_in().expect("targets").block;
        let of = upstreams.of(Ipv4Addr::new(175, 45, 176, 9), at, upstreams.is_lab, &block);
        of.iter().map(|one| (one.asn, one.peers)).collect()
    }

    #[test]
    fn a_view_holds_until_the_next_one_and_a_day_at_most() {
        let mut all = Upstreams::default();
        assert_eq!(shown(&all, None), []);
        all.add_view((false, "rrc"), at(8, 0), paths(&[(1, "175.45.176.0/24", UNICOM)]));
        all.add_view((false, "rrc"), at(9, 0), paths(&[(1, "175.45.176.0/24", TTK)]));
        all.add_view((false, "rrc"), at(10, 0), []);
        let upstreams =
            |hour, minute| shown(&all, Some(at(hour, minute))).iter().map(|it| it.0).collect();
        let cases: [(i64, i64, Vec<u32>); 9] = [
            (-17, 0, vec![]),
            (-15, 0, vec![UNICOM]),
            (8, 30, vec![UNICOM]),
            (8, 58, vec![UNICOM, TTK]),
            (9, 2, vec![UNICOM, TTK]),
            (9, 3, vec![TTK]),
            (9, 56, vec![TTK]),
            (10, 4, vec![]),
            (35, 0, vec![]),
        ];
        for (hour, minute, expected) in cases {
            let mut found: Vec<u32> = upstreams(hour, minute);
            found.sort_unstable();
            assert_eq!(found, expected, "{hour}:{minute}");
        }
        // A trace without a time meets the newest, which here is that nobody has a route.
        assert_eq!(shown(&all, None), []);
        all.at = Some(at(8, 30));
        assert_eq!(shown(&all, None), [(UNICOM, 1)]);
    }

    #[test]
    fn the_peers_of_all_collectors_count_by_their_as_and_by_their_longest_route() {
        let mut all = Upstreams::default();
        let wide = "175.45.176.0/22";
        let own = "175.45.176.0/24";
        all.add_view(
            (false, "one"),
            at(8, 0),
            paths(&[
                (1, own, TTK),
                (1, wide, UNICOM),
                (2, wide, UNICOM),
                (3, "175.45.177.0/24", 64_500),
            ]),
        );
        all.add_view((false, "two"), at(8, 5), paths(&[(1, own, TTK), (4, own, TTK)]));
        all.add_view(
            (false, "two"),
            at(8, 5),
            paths(&[(5, "175.45.176.128/25", 9), (5, own, TTK)]),
        );
        assert_eq!(shown(&all, Some(at(8, 30))), [(TTK, 3), (9, 1), (UNICOM, 1)]);
    }

    #[test]
    fn the_labs_views_speak_for_the_labs_traces_alone() {
        let mut all = Upstreams::default();
        all.add_view((true, "lab:one"), at(8, 0), paths(&[(1, "175.45.176.0/24", TTK)]));
        assert_eq!(shown(&all, None), []);
        all.is_lab = true;
        assert_eq!(shown(&all, None), [(TTK, 1)]);
    }
}
