//! Prefix evidence: what the traces of a routed prefix show about each other's borders.

use std::net::Ipv4Addr;

use foldhash::{HashMap, HashSet};
use ipnet::Ipv4Net;

use crate::targets::Block;

use super::observation::Observation;

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
    /// The lowest address that was seen behind this one in a routed prefix.
    behind: HashMap<(Ipv4Net, Ipv4Addr), Ipv4Addr>,
    /// How many traces end at a border, by vantage and target. Flows and methods of one target from
    /// one vantage, at whatever time, are one witness.
    witnesses: HashMap<(u32, Ipv4Addr, Ipv4Addr), u32>,
    /// The borders behind which home answers, in whatever routed prefix.
    arrived: HashSet<Ipv4Addr>,
}

/// How many traces end at a border.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    /// All of them.
    pub(super) all: Count,
    /// Those that are no early deaths, whoever holds the border: home answers behind it, or it
    /// refused.
    pub(super) surely: Count,
    /// Those with arrival: home answers behind it, with no more silent TTLs between than usual.
    pub(super) arrived: Count,
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
    /// A foreign hop that others saw behind it.
    pub(super) behind: Option<Ipv4Addr>,
    /// The attributable hops up to it, where a trace from the same vantage has seen them all.
    pub(super) path: &'e [Ipv4Addr],
    /// The other borders that traces from the same vantage have.
    pub(super) others: Vec<&'e SeenBorder>,
    /// Whether home answers behind its last foreign hop, in whatever routed prefix.
    pub(super) arrived: bool,
}

impl Evidence {
    /// Adds what a trace shows.
    pub fn add(&mut self, observation: Observation, block: &Block) {
        let Observation { target, border, .. } = &observation;
        let (Some(scope), Some(last)) = (block.routed_prefix(*target), border.last) else {
            return;
        };
        for pair in border.path.windows(2) {
            let further = self.behind.entry((scope, pair[0])).or_insert(pair[1]);
            *further = pair[1].min(*further);
        }
        if observation.no_end().is_some() {
            return;
        }
        let vantage = self.number(&observation);
        let made = self.witnesses.entry((vantage, *target, last.address)).or_default();
        *made = made.saturating_add(1);
        let ends = Ends::of(*made == 1, border.is_certain(), border.arrives(block.usual_gap));
        self.borders.entry((scope, last.address)).or_default().add(ends);
        if ends.arrived.traces > 0 {
            self.arrived.insert(last.address);
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

    /// What there is about the border of `trace`.
    pub(super) fn about(&self, trace: &Observation, block: &Block) -> PrefixEvidence<'_> {
        let scope = block.routed_prefix(trace.target);
        let last = trace.border.last.map(|last| last.address);
        let key = scope.zip(last);
        let vantage = self.vantages.get(name(trace)).copied();
        let here = scope.zip(vantage).and_then(|key| self.from.get(&key));
        let here = here.map_or(&[][..], Vec::as_slice);
        let own = vantage.zip(last).map(|(vantage, last)| (vantage, trace.target, last));
        let same = here.iter().find(|seen| Some(seen.address) == last);
        PrefixEvidence {
            scope: scope.unwrap_or(block.prefix),
            ends: key.and_then(|key| self.borders.get(&key)).copied().unwrap_or_default(),
            own: own.and_then(|key| self.witnesses.get(&key)).map_or(0, |made| *made as usize),
            behind: key.and_then(|key| self.behind.get(&key)).copied(),
            path: same.map_or(&[], |seen| &seen.path),
            others: here.iter().filter(|seen| Some(seen.address) != last).collect(),
            arrived: last.is_some_and(|last| self.arrived.contains(&last)),
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

impl Ends {
    fn of(is_new: bool, certain: bool, arrives: bool) -> Self {
        let one = Count { traces: 1, witnesses: usize::from(is_new) };
        let only = |holds: bool| if holds { one } else { Count::default() };
        Self { all: one, surely: only(certain), arrived: only(arrives) }
    }

    fn add(&mut self, other: Self) {
        self.all.add(other.all);
        self.surely.add(other.surely);
        self.arrived.add(other.arrived);
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
