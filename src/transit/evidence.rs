//! Prefix evidence: what the traces of a routed prefix show about each other's borders.

use std::collections::hash_map::Entry;
use std::net::Ipv4Addr;
use std::sync::OnceLock;

use foldhash::{HashMap, HashSet};
use ipnet::Ipv4Net;

use crate::border::Behind;
use crate::targets::Block;
use crate::trace::{Method, is_one_box};

use super::observation::Observation;
use super::packets::Packets;

/// What the traces of a routed prefix show about its borders. It takes memory for every target,
/// vantage and border, and none for a trace.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The vantages, numbered by their names; traces that name none are of one.
    vantages: HashMap<String, u32>,
    /// How many traces end at each border of a routed prefix.
    borders: HashMap<(Ipv4Net, Ipv4Addr), Ends>,
    /// The borders of a routed prefix as one vantage sees them.
    from: HashMap<(Ipv4Net, u32), Vec<SeenBorder>>,
    /// The last foreign hops of the traces that went on behind this one in a routed prefix, lowest first.
    behind: HashMap<(Ipv4Net, Ipv4Addr), Vec<Ipv4Addr>>,
    /// How many traces end at a border, by vantage and target. Flows and methods of one target from
    /// one vantage, at whatever time, are one witness.
    witnesses: HashMap<(u32, Ipv4Addr, Ipv4Addr), u32>,
    /// How many traces show that home answers behind a border.
    arrivals: HashMap<Arrival, u32>,
    /// Where the targets of a routed prefix answered.
    answers: HashMap<Asker, Answers>,
    /// The TTLs at which a target answered, one bit for each.
    answered: HashMap<(u32, Option<Method>, Ipv4Addr), u64>,
    /// Which routers answered the traces of ours.
    packets: HashMap<Asker, Packets>,
    /// Where home answers, once that was asked for.
    without_boxes: OnceLock<Arrivals>,
}

/// Who asked the targets of a routed prefix: a vantage, by one kind of packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Asker {
    scope: Ipv4Net,
    vantage: u32,
    method: Option<Method>,
}

/// How many targets were asked, and how many of them answered at each TTL.
#[derive(Debug, Default)]
struct Answers {
    asked: usize,
    at: HashMap<u8, usize>,
}

/// An answer of home behind a border, as evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Arrival {
    border: Ipv4Addr,
    target: Ipv4Addr,
    asker: Asker,
    /// The TTL at which home answered; 0 where a foreign address did in its name.
    ttl: u8,
}

/// Where home answers. What a box answers in the name of all addresses is left out.
#[derive(Debug, Default)]
struct Arrivals {
    /// How many traces show it, by routed prefix and border.
    behind: HashMap<(Ipv4Net, Ipv4Addr), Count>,
    /// The borders behind which it does in any routed prefix.
    anywhere: HashSet<Ipv4Addr>,
    /// Where a box answers: who sees it, and at which TTL.
    boxes: HashSet<(Asker, u8)>,
}

/// How many traces end at a border.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    /// All of them.
    pub(super) all: Count,
    /// Those that are no early deaths, whoever holds the border: home answers behind it, or it
    /// refused.
    pub(super) surely: Count,
}

/// Traces, and how many targets and vantages they are of.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) traces: usize,
    pub(super) witnesses: usize,
}

/// One border of a routed prefix, as the traces from one vantage show it.
#[derive(Debug)]
pub(super) struct SeenBorder {
    pub(super) address: Ipv4Addr,
    pub(super) ends: Ends,
    /// The attributable hops up to it, on the longest path that was asked from the first TTL on.
    path: Vec<Ipv4Addr>,
}

/// What the traces of a routed prefix show about the border of one of them.
#[derive(Debug)]
pub(super) struct PrefixEvidence<'e> {
    /// The routed prefix.
    pub(super) scope: Ipv4Net,
    /// The traces with this border, the trace's own included.
    pub(super) ends: Ends,
    /// How many traces of its own target and vantage have it.
    pub(super) own: usize,
    /// The last foreign hops of traces that went on behind it, lowest first.
    pub(super) behind: &'e [Ipv4Addr],
    /// The attributable hops up to it, where a trace from the same vantage has seen them all.
    pub(super) path: &'e [Ipv4Addr],
    /// The other borders that traces from the same vantage have.
    pub(super) others: Vec<&'e SeenBorder>,
    /// The traces that show that home answers right behind it.
    pub(super) arrived: Count,
    /// Whether home answers behind its last foreign hop in any routed prefix.
    pub(super) arrived_anywhere: bool,
    /// Whether home answers somewhere behind its last foreign hop, or behind the router that refused.
    pub(super) met_home: bool,
    /// Whether what answers in its target's name does so for all targets.
    pub(super) is_box: bool,
    /// Which routers answered the traces of the same vantage and method, where they are ours.
    pub(super) packets: Option<(Asker, &'e Packets)>,
}

impl Evidence {
    /// Adds what a trace shows.
    pub fn add(&mut self, observation: Observation, block: &Block) {
        self.without_boxes.take();
        let Observation { target, border, .. } = &observation;
        let Some(scope) = block.routed_prefix(*target) else { return };
        let vantage = self.number(&observation);
        let asker = Asker { scope, vantage, method: observation.method };
        self.add_answer(asker, *target, border.behind);
        if !observation.answers.is_empty() {
            self.packets.entry(asker).or_default().add(&observation.answers);
        }
        let Some(last) = border.last else { return };
        for passed in border.path.split_last().map_or(&[][..], |(_, before)| before) {
            let behind = self.behind.entry((scope, *passed)).or_default();
            if let Err(place) = behind.binary_search(&last.address) {
                behind.insert(place, last.address);
            }
        }
        if observation.no_end().is_some() {
            return;
        }
        let made = self.witnesses.entry((vantage, *target, last.address)).or_default();
        *made = made.saturating_add(1);
        let ends = Ends::of(*made == 1, border.is_certain());
        self.borders.entry((scope, last.address)).or_default().add(ends);
        if border.arrives(block.usual_gap) && border.contradiction.is_none() {
            let ttl = home_ttl(border.behind).unwrap_or_default();
            let arrival = Arrival { border: last.address, target: *target, asker, ttl };
            *self.arrivals.entry(arrival).or_default() += 1;
        }
        let here = self.from.entry((scope, vantage)).or_default();
        let address = last.address;
        let place = here.iter().position(|seen| seen.address == address).unwrap_or_else(|| {
            here.push(SeenBorder { address, ends: Ends::default(), path: Vec::new() });
            here.len() - 1
        });
        here[place].add(ends, observation);
    }

    /// The borders of a routed prefix, with how many traces end at them, the most frequent first.
    #[must_use]
    pub fn borders(&self, scope: Ipv4Net) -> Vec<(Ipv4Addr, usize)> {
        let here = self.borders.iter().filter(|((prefix, _), _)| *prefix == scope);
        let mut borders: Vec<_> =
            here.map(|((_, address), ends)| (*address, ends.all.traces)).collect();
        borders.sort_unstable_by_key(|(address, count)| (std::cmp::Reverse(*count), *address));
        borders
    }

    /// Where home answers, but for what a box answers.
    fn arrivals(&self) -> &Arrivals {
        self.without_boxes.get_or_init(|| self.leave_out_boxes())
    }

    fn leave_out_boxes(&self) -> Arrivals {
        let mut arrivals = Arrivals::default();
        for (asker, answers) in &self.answers {
            let boxes = answers.at.iter().filter(|(_, count)| is_one_box(**count, answers.asked));
            arrivals.boxes.extend(boxes.map(|(ttl, _)| (*asker, *ttl)));
        }
        let mut witnesses: HashSet<(u32, Ipv4Addr, Ipv4Addr)> = HashSet::default();
        for (Arrival { border, target, asker, ttl }, traces) in &self.arrivals {
            if arrivals.boxes.contains(&(*asker, *ttl)) {
                continue;
            }
            let count = arrivals.behind.entry((asker.scope, *border)).or_default();
            count.traces += *traces as usize;
            count.witnesses += usize::from(witnesses.insert((asker.vantage, *target, *border)));
            arrivals.anywhere.insert(*border);
        }
        arrivals
    }

    /// What there is about the border of `trace`.
    pub(super) fn about(&self, trace: &Observation, block: &Block) -> PrefixEvidence<'_> {
        let arrivals = self.arrivals();
        let scope = block.routed_prefix(trace.target);
        let last = trace.border.last.map(|last| last.address);
        let key = scope.zip(last);
        let vantage = self.vantages.get(name(trace)).copied();
        let here = scope.zip(vantage).and_then(|key| self.from.get(&key));
        let here = here.map_or(&[][..], Vec::as_slice);
        let own = vantage.zip(last).map(|(vantage, last)| (vantage, trace.target, last));
        let same = here.iter().find(|seen| Some(seen.address) == last);
        let behind = |address: Ipv4Addr| {
            let key = scope.map(|scope| (scope, address));
            key.and_then(|key| self.behind.get(&key)).map_or(&[][..], Vec::as_slice)
        };
        let met_home = |address: Ipv4Addr| {
            let arrived = |border: &Ipv4Addr| {
                scope.is_some_and(|scope| arrivals.behind.contains_key(&(scope, *border)))
            };
            arrived(&address) || behind(address).iter().any(arrived)
        };
        let refused_by = match trace.border.behind {
            Behind::Unreachable { by, .. } => Some(by),
            _ => None,
        };
        let ttl = home_ttl(trace.border.behind);
        let asker = scope.zip(vantage).map(|(scope, vantage)| Asker {
            scope,
            vantage,
            method: trace.method,
        });
        let is_box = asker.zip(ttl).is_some_and(|answer| arrivals.boxes.contains(&answer));
        // A trace that is judged alone is in no evidence.
        let arrives = trace.border.arrives(block.usual_gap) && !is_box;
        let mut behind_it =
            key.and_then(|key| arrivals.behind.get(&key)).copied().unwrap_or_default();
        if arrives && trace.border.contradiction.is_none() && behind_it.traces == 0 {
            behind_it = Count { traces: 1, witnesses: 1 };
        }
        PrefixEvidence {
            scope: scope.unwrap_or(block.prefix),
            ends: key.and_then(|key| self.borders.get(&key)).copied().unwrap_or_default(),
            own: own.and_then(|key| self.witnesses.get(&key)).map_or(0, |made| *made as usize),
            behind: last.map_or(&[], behind),
            path: same.map_or(&[], |seen| &seen.path),
            others: here.iter().filter(|seen| Some(seen.address) != last).collect(),
            arrived: behind_it,
            arrived_anywhere: arrives || last.is_some_and(|last| arrivals.anywhere.contains(&last)),
            met_home: arrives || last.into_iter().chain(refused_by).any(met_home),
            is_box,
            packets: asker.and_then(|asker| Some((asker, self.packets.get(&asker)?))),
        }
    }

    /// A target was asked, and it answered or not.
    fn add_answer(&mut self, asker: Asker, target: Ipv4Addr, behind: Behind) {
        let answers = self.answers.entry(asker).or_default();
        let answered = match self.answered.entry((asker.vantage, asker.method, target)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                answers.asked += 1;
                new.insert(0)
            }
        };
        let Some(ttl) = answer_ttl(behind) else { return };
        let Some(bit) = 1_u64.checked_shl(ttl.into()) else { return };
        if *answered & bit == 0 {
            *answered |= bit;
            *answers.at.entry(ttl).or_default() += 1;
        }
    }

    fn number(&mut self, observation: &Observation) -> u32 {
        let name = name(observation);
        if let Some(number) = self.vantages.get(name) {
            return *number;
        }
        let next = u32::try_from(self.vantages.len()).unwrap_or(u32::MAX);
        self.vantages.insert(name.to_owned(), next);
        next
    }
}

fn name(observation: &Observation) -> &str {
    observation.vantage.as_ref().map_or("", |vantage| &vantage.name)
}

/// The TTL at which home answers, or 0 where a foreign address does in its name.
fn home_ttl(behind: Behind) -> Option<u8> {
    match behind {
        Behind::Home { ttl, .. } => Some(ttl.get()),
        Behind::ForeignReply { .. } => Some(0),
        Behind::Unreachable { .. } | Behind::Silence { .. } => None,
    }
}

/// The same, where it is the target's own answer.
fn answer_ttl(behind: Behind) -> Option<u8> {
    match behind {
        Behind::Home { target: false, .. } => None,
        behind => home_ttl(behind),
    }
}

impl Ends {
    fn of(is_new: bool, certain: bool) -> Self {
        let one = Count { traces: 1, witnesses: usize::from(is_new) };
        let only = |holds: bool| if holds { one } else { Count::default() };
        Self { all: one, surely: only(certain) }
    }

    fn add(&mut self, other: Self) {
        self.all.add(other.all);
        self.surely.add(other.surely);
    }
}

impl Count {
    fn add(&mut self, other: Self) {
        self.traces += other.traces;
        self.witnesses += other.witnesses;
    }
}

impl SeenBorder {
    fn add(&mut self, ends: Ends, observation: Observation) {
        self.ends.add(ends);
        let path = observation.border.path;
        let longer = (path.len(), &path) > (self.path.len(), &self.path);
        if longer && observation.begins_at_the_vantage {
            self.path = path;
        }
    }
}
