//! What changed in a scope, once it has come to rest.
//!
//! The AS that count are compared with what they showed at the rest before. An upstream appeared or vanished if AS moved
//! to it or from it; one that is merely not heard of any more has moved nowhere. What happens only between two rests,
//! while paths are explored, is no event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::split::{Verdict, real};
use crate::transit::Class;

use super::networks::Networks;
use super::peers::{AS_SET, Seen};

/// What can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Next to no peer has a route any more.
    OutageBegan,
    /// Most have one again.
    OutageEnded,
    /// An AS is next to the origin that was not.
    CarrierAppeared,
    /// An AS is next to the origin no more.
    CarrierVanished,
    /// The classes of the AS next to the origin are others.
    VerdictChanged,
    /// A class's share moved, and no other event of the scope says why.
    ShareMoved,
    /// One is next to the origin that no carrier in the configuration has.
    UnknownUpstream,
    /// The routes have another origin, or one more.
    OriginChanged,
    /// A part of the block is announced by another origin.
    ForeignMoreSpecific,
    /// An announcement appeared that the RPKI calls invalid.
    RpkiInvalidBegan,
    /// It is gone.
    RpkiInvalidEnded,
    /// The collector restarted, recorded nothing, or a file of it is missing; nothing is said about the block.
    CollectorGap,
}

impl Kind {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OutageBegan => "outage-began",
            Self::OutageEnded => "outage-ended",
            Self::CarrierAppeared => "carrier-appeared",
            Self::CarrierVanished => "carrier-vanished",
            Self::VerdictChanged => "verdict-changed",
            Self::ShareMoved => "share-moved",
            Self::UnknownUpstream => "unknown-upstream",
            Self::OriginChanged => "origin-changed",
            Self::ForeignMoreSpecific => "foreign-more-specific",
            Self::RpkiInvalidBegan => "rpki-invalid-began",
            Self::RpkiInvalidEnded => "rpki-invalid-ended",
            Self::CollectorGap => "collector-gap",
        }
    }

    /// Whether somebody may have taken the block's addresses.
    #[must_use]
    pub fn is_hijack(self) -> bool {
        matches!(self, Self::UnknownUpstream | Self::OriginChanged | Self::ForeignMoreSpecific)
    }
}

/// Something that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What.
    pub kind: Kind,
    /// Where it was seen.
    pub collector: Arc<str>,
    /// In which scope.
    pub scope: Ipv4Net,
    /// The carrier, or the AS.
    pub subject: Option<String>,
    /// It happened after this: the first message itself, or where only tables show it, the last that was known before.
    pub not_before: Timestamp,
    /// The first message that shows it.
    pub first_at: Timestamp,
    /// The last message before rest.
    pub at_rest: Timestamp,
    /// When it was certain.
    pub found_at: Timestamp,
    /// The start of the last view before it, and of the view that shows it, where there are any.
    pub runs: [Option<Timestamp>; 2],
    /// How many AS moved.
    pub moved: usize,
    /// How many there are.
    pub of: usize,
    /// How things were, and how they are.
    pub sides: [Side; 2],
}

/// How things were on one side of an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Side {
    /// The AS next to the origin, with how many AS of peers have a route by each.
    pub upstreams: Vec<(u32, usize)>,
    /// How many AS of peers have no route.
    pub unreached: usize,
    /// The share that changed.
    pub share: Option<f64>,
    /// The verdict, where that is what changed; else it follows from the upstreams.
    pub verdict: Option<Verdict>,
}

/// A change of what one peer shows of a scope.
#[derive(Debug, Clone)]
pub(super) struct Move {
    pub(super) at: Timestamp,
    /// Since when it may have been so.
    pub(super) not_before: Timestamp,
    pub(super) scope: Ipv4Net,
    pub(super) before: Seen,
    pub(super) after: Seen,
}

/// A scope at the rest before.
#[derive(Debug, Clone, Default)]
pub(super) struct Settled {
    known: bool,
    out: bool,
    present: BTreeSet<u32>,
    verdict: Option<Verdict>,
    /// What each AS showed when something changed last: shares are compared with those of then.
    reference: BTreeMap<u32, Seen>,
    /// What each AS showed; of one that is not there now, what it showed last.
    seen: BTreeMap<u32, Seen>,
    origins: BTreeSet<u32>,
    invalid: BTreeMap<u32, usize>,
}

/// Below this share of peers with a route nobody gets there; above the other one most do again.
const OUT: f64 = 0.1;
const BACK: f64 = 0.5;
/// An upstream is there if so many AS show it, and this share of those with a route.
const AT_LEAST: usize = 2;
const SHARE: f64 = 0.05;
/// A class's share that moved less is no news.
const MOVES: f64 = 0.05;
/// One that was there stays as long as a single AS shows it, if that is this share.
const STAYS: f64 = 0.1;

/// What is known of a scope while it is compared.
pub(super) struct Now<'n> {
    pub(super) collector: &'n Arc<str>,
    pub(super) scope: Ipv4Net,
    /// Whether it is the block or a routed prefix, and no other that was seen.
    pub(super) is_ours: bool,
    /// What each AS that counts shows.
    pub(super) seen: BTreeMap<u32, Seen>,
    /// The origins, with how many AS show each, also those that do not count.
    pub(super) origins: BTreeMap<u32, usize>,
    /// Those that the RPKI calls invalid, with how many AS show each.
    pub(super) invalid: BTreeMap<u32, usize>,
    pub(super) networks: &'n Networks<'n>,
    pub(super) moves: &'n [Move],
    pub(super) found_at: Timestamp,
}

impl Now<'_> {
    /// Whether it is a routed prefix.
    fn is_routed(&self) -> bool {
        self.is_ours && self.scope.prefix_len() == self.networks.targets().block.routed_length
    }

    fn reached(&self) -> usize {
        self.seen.values().filter(|seen| seen.reaches).count()
    }

    fn visibility(&self) -> f64 {
        real(self.reached()) / real(self.seen.len().max(1))
    }

    fn is_present(&self, asn: u32, was_there: bool) -> bool {
        let count = self.seen.values().filter(|seen| seen.upstreams.contains(&asn)).count();
        let has = |least: usize, share: f64| {
            count >= least.min(self.reached()).max(1) && real(count) >= share * real(self.reached())
        };
        // Of a few peers one that stays is no remnant.
        has(AT_LEAST, SHARE) || was_there && has(1, STAYS)
    }

    /// The AS next to the origin, of which `before` were there.
    fn present(&self, before: &BTreeSet<u32>) -> BTreeSet<u32> {
        let all = self.seen.values().flat_map(|seen| seen.upstreams.iter().copied());
        let all: BTreeSet<u32> = all.collect();
        all.into_iter().filter(|asn| self.is_present(*asn, before.contains(asn))).collect()
    }

    /// The classes of these AS, without those of which nobody knows it.
    fn classes(&self, asns: &BTreeSet<u32>) -> BTreeSet<Class> {
        let all = asns.iter().map(|asn| self.networks.class(*asn));
        all.filter(|class| class.is_classified()).collect()
    }

    fn verdict(&self, present: &BTreeSet<u32>) -> Option<Verdict> {
        let classes = self.classes(present);
        let only = classes.first().filter(|_| classes.len() == 1);
        only.map(|class| Verdict::One(*class)).or((!classes.is_empty()).then_some(Verdict::Mixed))
    }

    /// How much of an AS is a class's: its upstreams share it.
    fn weight(&self, seen: &Seen, class: Class) -> f64 {
        let of = seen.upstreams.iter().filter(|asn| self.networks.class(**asn) == class).count();
        real(of) / real(seen.upstreams.len().max(1))
    }

    /// A class's share of those AS of which `seen` shows the upstream, as far as `other` shows them too.
    fn share(
        &self,
        seen: &BTreeMap<u32, Seen>,
        other: &BTreeMap<u32, Seen>,
        class: Class,
    ) -> Option<f64> {
        let both = seen.iter().filter(|(asn, _)| other.contains_key(asn)).map(|(_, seen)| seen);
        let classified =
            both.filter(|seen| !self.classes(&seen.upstreams).is_empty()).collect::<Vec<_>>();
        let all: f64 = classified.iter().map(|seen| self.weight(seen, class)).sum();
        (!classified.is_empty()).then(|| all / real(classified.len()))
    }

    /// Those origins that more than a single AS shows, if there are more.
    fn shown_origins(&self) -> BTreeSet<u32> {
        let peers = self.origins.values().sum::<usize>();
        let least = AT_LEAST.min(peers);
        self.origins
            .iter()
            .filter(|(_, count)| **count >= least)
            .map(|(origin, _)| *origin)
            .collect()
    }

    /// What is wrong by itself, without anything to compare it with.
    pub(super) fn alarms(&self) -> Vec<Kind> {
        let visibility = (!self.seen.is_empty()).then(|| self.visibility());
        let origins: Vec<u32> = self.shown_origins().into_iter().collect();
        let mut all = alarms(self.networks, self.scope, self.is_ours, &origins, visibility);
        let present = self.present(&BTreeSet::new());
        if self.is_ours && present.iter().any(|asn| !self.networks.is_listed(*asn)) {
            all.push(Kind::UnknownUpstream);
        }
        all
    }

    fn side(seen: &BTreeMap<u32, Seen>, share: Option<f64>) -> Side {
        let mut upstreams: BTreeMap<u32, usize> = BTreeMap::new();
        for asn in seen.values().flat_map(|seen| &seen.upstreams) {
            *upstreams.entry(*asn).or_default() += 1;
        }
        let mut upstreams: Vec<(u32, usize)> = upstreams.into_iter().collect();
        upstreams.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Side {
            upstreams,
            unreached: seen.values().filter(|seen| !seen.reaches).count(),
            share,
            verdict: None,
        }
    }

    /// An event, with the times of those moves that `shows`.
    fn event(
        &self,
        kind: Kind,
        subject: Option<String>,
        moved: usize,
        shows: impl Fn(&Seen, &Seen) -> bool,
        sides: [Side; 2],
    ) -> Option<Event> {
        let of_scope = || self.moves.iter().filter(|one| one.scope == self.scope);
        let mut found: Vec<&Move> =
            of_scope().filter(|one| shows(&one.before, &one.after)).collect();
        if found.is_empty() {
            found = of_scope().collect();
        }
        if found.is_empty() {
            found = self.moves.iter().collect();
        }
        let first = found.iter().min_by_key(|one| one.at)?;
        let last = found.iter().max_by_key(|one| one.at)?;
        Some(Event {
            kind,
            collector: Arc::clone(self.collector),
            scope: self.scope,
            subject,
            not_before: first.not_before,
            first_at: first.at,
            at_rest: last.at,
            found_at: self.found_at,
            runs: [None, None],
            moved,
            of: self.seen.len(),
            sides,
        })
    }
}

/// What is wrong where a scope has these origins, and this share of the peers has a route.
pub(super) fn alarms(
    networks: &Networks<'_>,
    scope: Ipv4Net,
    is_ours: bool,
    origins: &[u32],
    visibility: Option<f64>,
) -> Vec<Kind> {
    let mut all = Vec::new();
    if is_ours && visibility.is_some_and(|share| share < OUT) {
        all.push(Kind::OutageBegan);
    }
    if networks.targets().block.prefix.contains(&scope)
        && origins.iter().any(|origin| *origin != networks.origin())
    {
        all.push(if is_ours { Kind::OriginChanged } else { Kind::ForeignMoreSpecific });
    }
    all
}

impl Settled {
    /// Takes what is there for how things are, without an event: AS that were not known before show what they show.
    pub(super) fn sync(&mut self, now: &Now<'_>) {
        if now.seen.is_empty() && now.origins.is_empty() {
            return;
        }
        if !self.known {
            self.out = now.visibility() < OUT;
            self.origins = now.shown_origins();
            self.invalid.clone_from(&now.invalid);
            self.known = true;
        }
        if !self.out {
            self.present = now.present(&self.present);
            self.verdict = now.verdict(&self.present);
        }
        for (asn, seen) in &now.seen {
            self.seen.entry(*asn).or_insert_with(|| seen.clone());
            self.reference.entry(*asn).or_insert_with(|| seen.clone());
        }
    }

    /// What changed since the rest before.
    pub(super) fn compare(&mut self, now: &Now<'_>) -> Vec<Event> {
        if !self.known {
            self.sync(now);
            // A prefix that nobody had before is news where the others are known.
            if !self.known || now.is_ours {
                return Vec::new();
            }
            let events = self.foreign(now, &BTreeSet::new()).into_iter();
            return events.chain(self.rpki(now, &BTreeMap::new())).collect();
        }
        let mut events = Vec::new();
        if now.is_ours && !now.seen.is_empty() {
            events.extend(self.outage(now));
            if !self.out {
                events.extend(self.carriers(now));
                events.extend(self.verdict(now));
            }
        }
        let before = std::mem::replace(&mut self.origins, now.shown_origins());
        events.extend(self.foreign(now, &before));
        if now.is_ours && !self.out {
            if events.is_empty() {
                events.extend(self.share(now));
            }
            if !events.is_empty() {
                let seen = now.seen.iter().map(|(asn, seen)| (*asn, seen.clone()));
                self.reference.extend(seen);
            }
        }
        let before = std::mem::replace(&mut self.invalid, now.invalid.clone());
        events.extend(self.rpki(now, &before));
        for (asn, seen) in &now.seen {
            let known = self.seen.entry(*asn).or_default();
            // In an outage it stays known who carried it before.
            if self.out {
                known.reaches = seen.reaches;
            } else {
                known.clone_from(seen);
            }
        }
        events
    }

    fn outage(&mut self, now: &Now<'_>) -> Option<Event> {
        let visibility = now.visibility();
        let reached = |seen: &BTreeMap<u32, Seen>| {
            real(seen.values().filter(|seen| seen.reaches).count()) / real(seen.len().max(1))
        };
        let turned = |to: bool| {
            let has_moved = |(asn, seen): &(&u32, &Seen)| {
                seen.reaches == to && self.seen.get(asn).is_some_and(|before| before.reaches != to)
            };
            now.seen.iter().filter(has_moved).count()
        };
        let sides = [
            Now::side(&self.seen, Some(reached(&self.seen))),
            Now::side(&now.seen, Some(visibility)),
        ];
        if !self.out && visibility < OUT {
            let moved = turned(false);
            self.out = moved > 0;
            let lost = |before: &Seen, after: &Seen| before.reaches && !after.reaches;
            return now.event(Kind::OutageBegan, None, moved, lost, sides).filter(|_| moved > 0);
        }
        if self.out && visibility > BACK {
            self.out = false;
            let moved = turned(true);
            let gained = |before: &Seen, after: &Seen| !before.reaches && after.reaches;
            return now.event(Kind::OutageEnded, None, moved, gained, sides).filter(|_| moved > 0);
        }
        None
    }

    fn carriers(&mut self, now: &Now<'_>) -> Vec<Event> {
        let present = now.present(&self.present);
        let has = |seen: &Seen, asn: u32| seen.upstreams.contains(&asn);
        let share = |seen: &BTreeMap<u32, Seen>, asn: u32| {
            let with = seen.values().filter(|seen| has(seen, asn)).count();
            Some(real(with) / real(seen.values().filter(|seen| seen.reaches).count().max(1)))
        };
        let moved = |asn: u32, to: bool| {
            let has_moved = |(peer, seen): &(&u32, &Seen)| {
                has(seen, asn) == to
                    && self.seen.get(peer).is_some_and(|before| has(before, asn) != to)
            };
            now.seen.iter().filter(has_moved).count()
        };
        let appears = |moved: usize| moved >= AT_LEAST.min(now.reached()).max(1);
        let sides = |asn| {
            [
                Now::side(&self.seen, share(&self.seen, asn)),
                Now::side(&now.seen, share(&now.seen, asn)),
            ]
        };
        let mut events = Vec::new();
        for asn in present.difference(&self.present).copied() {
            let moved = moved(asn, true);
            if !appears(moved) {
                continue;
            }
            let gained = |before: &Seen, after: &Seen| !has(before, asn) && has(after, asn);
            let kind = if now.networks.is_listed(asn) {
                Kind::CarrierAppeared
            } else {
                Kind::UnknownUpstream
            };
            events.extend(now.event(kind, Some(now.networks.name(asn)), moved, gained, sides(asn)));
        }
        for asn in self.present.difference(&present).copied() {
            let moved = moved(asn, false);
            if moved == 0 {
                continue;
            }
            let lost = |before: &Seen, after: &Seen| has(before, asn) && !has(after, asn);
            let subject = Some(now.networks.name(asn));
            events.extend(now.event(Kind::CarrierVanished, subject, moved, lost, sides(asn)));
        }
        self.present = present;
        events
    }

    fn verdict(&mut self, now: &Now<'_>) -> Option<Event> {
        let before = std::mem::replace(&mut self.verdict, now.verdict(&self.present));
        let (before, after) = (before?, self.verdict?);
        let shows = |before: &Seen, after: &Seen| {
            now.classes(&before.upstreams) != now.classes(&after.upstreams)
        };
        let has_moved = |(asn, seen): &(&u32, &Seen)| {
            self.seen.get(asn).is_some_and(|before| shows(before, seen))
        };
        let moved = now.seen.iter().filter(has_moved).count();
        if before == after || moved == 0 {
            return None;
        }
        let side = |seen, verdict| Side { verdict: Some(verdict), ..Now::side(seen, None) };
        let sides = [side(&self.seen, before), side(&now.seen, after)];
        now.event(Kind::VerdictChanged, None, moved, shows, sides)
    }

    /// The class whose share moved most since something changed last, by AS that are there now as they were then.
    fn share(&self, now: &Now<'_>) -> Option<Event> {
        // What a peer shows of the block is of all routed prefixes together, and has no shares.
        if !now.is_routed() {
            return None;
        }
        let classes = || now.seen.values().chain(self.reference.values());
        let classes: BTreeSet<Class> =
            classes().flat_map(|seen| now.classes(&seen.upstreams)).collect();
        let sides = |class: Class| {
            let before = now.share(&self.reference, &now.seen, class)?;
            Some([before, now.share(&now.seen, &self.reference, class)?])
        };
        let all = classes.into_iter().filter_map(|class| Some((class, sides(class)?)));
        let far = |[before, after]: [f64; 2]| (after - before).abs();
        let (class, shares) = all.max_by(|one, other| far(one.1).total_cmp(&far(other.1)))?;
        let shows = |before: &Seen, after: &Seen| {
            (now.weight(before, class) - now.weight(after, class)).abs() > 1e-9
        };
        let has_moved = |(asn, seen): &(&u32, &Seen)| {
            self.reference.get(asn).is_some_and(|before| shows(before, seen))
        };
        let moved = now.seen.iter().filter(has_moved).count();
        if far(shares) < MOVES - 1e-9 || moved < AT_LEAST {
            return None;
        }
        let sides =
            [Now::side(&self.reference, Some(shares[0])), Now::side(&now.seen, Some(shares[1]))];
        let subject = class.name(&now.networks.targets().classes).to_owned();
        now.event(Kind::ShareMoved, Some(subject), moved, shows, sides)
    }

    /// Origins that were not there, and of the block's own prefixes the return to what was.
    fn foreign(&self, now: &Now<'_>, before: &BTreeSet<u32>) -> Vec<Event> {
        let ours = now.networks.origin();
        let kind = match now.is_ours {
            true => Kind::OriginChanged,
            false if now.networks.targets().block.prefix.contains(&now.scope) => {
                Kind::ForeignMoreSpecific
            }
            false => return Vec::new(),
        };
        let after = now.shown_origins();
        let is_news = |asn: &u32| *asn != ours;
        let has = |seen: &Seen, asn: u32| seen.origins.contains(&asn);
        let mut events = Vec::new();
        let gone =
            before.difference(&after).copied().filter(is_news).filter(|_| now.is_ours && !self.out);
        for asn in after.difference(before).copied().filter(is_news).chain(gone) {
            let moved = now.origins.get(&asn).copied().unwrap_or_default();
            let shows = |before: &Seen, after: &Seen| has(before, asn) != has(after, asn);
            let sides = [Now::side(&self.seen, None), Now::side(&now.seen, None)];
            events.extend(now.event(kind, Some(format!("AS{asn}")), moved, shows, sides));
        }
        events
    }

    fn rpki(&self, now: &Now<'_>, before: &BTreeMap<u32, usize>) -> Vec<Event> {
        let kind = match (before.is_empty(), now.invalid.is_empty()) {
            (true, false) => Kind::RpkiInvalidBegan,
            (false, true) => Kind::RpkiInvalidEnded,
            _ => return Vec::new(),
        };
        let of = if now.invalid.is_empty() { before } else { &now.invalid };
        let name = |asn: &u32| match *asn {
            AS_SET => "AS_SET".to_owned(),
            asn => format!("AS{asn}"),
        };
        let subject = of.keys().map(name).collect::<Vec<_>>().join(" ");
        let shows = |before: &Seen, after: &Seen| before.invalid != after.invalid;
        let moved = of.values().sum();
        let sides = [Now::side(&self.seen, None), Now::side(&now.seen, None)];
        now.event(kind, Some(subject), moved, shows, sides).into_iter().collect()
    }
}
