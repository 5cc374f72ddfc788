//! How much: the counts and shares of the classes, per routed prefix and for the block.
//!
//! A pure function of judged traces. The block weighs its routed prefixes equally, because a prefix
//! is what is routed: one with few classified traces counts as much as one with many. Where several
//! vantages have made the traces, the intervals take the vantage for the unit.

mod cluster;
mod interval;
mod vantage;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use foldhash::HashMap;
use ipnet::Ipv4Net;

use crate::targets::{ClassId, Targets};
use crate::trace::{Trace, Vantage};
use crate::transit::{Class, Judgement};

use cluster::{Clusters, Seen};
pub use interval::Share;
pub(crate) use interval::real;
pub use vantage::Doubt;
use vantage::Reached;

/// The split of a run: the block's first, then that of every routed prefix that was traced.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// The block as a whole.
    pub block: Part,
    /// Its routed prefixes, in order; those without a trace are left out.
    pub routed: Vec<Part>,
    /// Whether anything outside the vantage's own network answered. Where nothing did, the traces say nothing
    /// about the block. Nothing where there is no trace.
    pub way_out: Option<bool>,
    /// What speaks against the run.
    pub doubts: Vec<Doubt>,
}

impl Split {
    /// Whether the vantage's own network let all traces out, but for a few.
    #[must_use]
    pub fn left_the_vantage(&self) -> bool {
        self.way_out != Some(false) && !self.doubts.contains(&Doubt::Uplink)
    }
}

/// The split of one scope.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The addresses it is about.
    pub scope: Ipv4Net,
    /// How many different addresses were traced.
    pub targets: usize,
    /// How many traces are of each class; every configured class is there.
    pub counts: BTreeMap<Class, usize>,
    /// The share of each configured class among the classified traces, by [`ClassId::index`];
    /// nothing when there are none.
    pub shares: Vec<Option<Share>>,
    /// What its classified traces say together.
    pub verdict: Verdict,
    /// Who holds the last foreign hops of the classified traces, most frequent first.
    pub carriers: Vec<(String, usize)>,
    /// The last foreign hops of the classified traces, most frequent first.
    pub last_hops: Vec<(Ipv4Addr, usize)>,
    /// How many traces are `other` with too little confidence to count for shares, verdict and carriers.
    pub left_out: usize,
    /// How many classified traces have arrival: home answers behind the same border of the same routed prefix.
    pub proven: usize,
    /// The median RTT of the classified traces' last foreign hops.
    pub rtt: Option<Duration>,
    /// The packets it took.
    pub probes: usize,
}

/// What the traces of a scope say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All classified traces agree; without any, `unknown` or `unreached`.
    One(Class),
    /// They differ.
    Mixed,
}

/// The split that `judged` traces show. Traces to targets outside the block count nowhere.
#[must_use]
pub fn split(judged: &[(&Trace, &Judgement)], targets: &Targets) -> Split {
    let mut counting = Counting::new(targets);
    for (trace, judgement) in judged {
        counting.add(trace, judgement);
    }
    counting.split()
}

impl Split {
    /// Counts packets to `target` that belong to none of the traces.
    pub fn add_probes(&mut self, target: Ipv4Addr, probes: usize) {
        let Self { block, routed, .. } = self;
        let scopes = std::iter::once(block).chain(routed);
        let inside = scopes.filter(|part| part.scope.contains(&target));
        inside.for_each(|part| part.probes += probes);
    }
}

/// Adds up a split, trace by trace.
#[derive(Debug, Clone)]
pub struct Counting<'t> {
    targets: &'t Targets,
    seed: u64,
    routed: BTreeMap<Ipv4Net, Count>,
}

impl<'t> Counting<'t> {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new(targets: &'t Targets) -> Self {
        Self { targets, seed: 0, routed: BTreeMap::new() }
    }

    /// Draws vantages by this seed, where traces come from several.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Counts a trace.
    pub fn add(&mut self, trace: &Trace, judgement: &Judgement) {
        self.count(trace.target, trace.vantage.as_deref(), trace.probes(), judgement);
    }

    /// Counts a trace to `target`, made by `vantage` with so many `probes`.
    pub fn count(
        &mut self,
        target: Ipv4Addr,
        vantage: Option<&Vantage>,
        probes: usize,
        judgement: &Judgement,
    ) {
        let Some(scope) = self.targets.block.routed_prefix(target) else { return };
        let count = self.routed.entry(scope).or_insert_with(|| Count::new(self.targets));
        count.targets.insert(target);
        count.probes += probes;
        count.add(vantage, judgement);
    }

    /// Counts in what was counted elsewhere.
    pub fn add_all(&mut self, other: Self) {
        for (scope, theirs) in other.routed {
            match self.routed.entry(scope) {
                Entry::Occupied(mut ours) => ours.get_mut().add_all(&theirs),
                Entry::Vacant(ours) => {
                    ours.insert(theirs);
                }
            }
        }
    }

    /// The counts of the classes, for each routed prefix that was traced.
    pub fn classes(&self) -> impl Iterator<Item = (Ipv4Net, &BTreeMap<Class, usize>)> {
        self.routed.iter().map(|(scope, count)| (*scope, &count.classes))
    }

    /// Whether at least one trace counts for shares.
    #[must_use]
    pub fn is_classified(&self) -> bool {
        self.routed.values().any(|count| count.counted > 0)
    }

    /// The split of what was counted.
    #[must_use]
    pub fn split(self) -> Split {
        let ids = || self.targets.classes.ids();
        let mut block = Count::new(self.targets);
        self.routed.values().for_each(|count| block.add_all(count));
        let counts: Vec<&Count> = self.routed.values().collect();
        let of = |scope: &[&Count]| Clusters::of(scope.iter().map(|count| &count.vantages));
        let each: Vec<Option<Clusters>> = counts.chunks(1).map(of).collect();
        let (shares, each) = Clusters::shares_of_all(of(&counts).as_ref(), &each, self.seed);
        let known = |shares: Vec<Share>| shares.into_iter().map(Some).collect::<Vec<_>>();
        let shares = shares.map(known);
        let clustered = each.into_iter().map(|shares| shares.map(known));
        let part = |((scope, count), clustered): ((Ipv4Net, Count), Option<_>)| {
            let plain = || ids().map(|id| Share::of(&count.classes, id, count.counted)).collect();
            let shares = clustered.unwrap_or_else(plain);
            count.part(scope, shares)
        };
        let (way_out, mut doubts) = (block.reached.way_out(), block.reached.doubts());
        doubts.extend((block.per_packet > 0).then_some(Doubt::PerPacket));
        let routed: Vec<Part> = self.routed.into_iter().zip(clustered).map(part).collect();
        let plain = || ids().map(|id| across(&routed, id)).collect();
        let shares = shares.unwrap_or_else(plain);
        let block = block.part(self.targets.block.prefix, shares);
        Split { block, routed, way_out, doubts }
    }
}

/// What has been counted of one scope.
#[derive(Debug, Clone)]
struct Count {
    targets: BTreeSet<Ipv4Addr>,
    classes: BTreeMap<Class, usize>,
    /// What each vantage has seen, by its name.
    vantages: HashMap<String, Seen>,
    carriers: BTreeMap<String, usize>,
    last_hops: BTreeMap<Ipv4Addr, usize>,
    /// How often each RTT was measured, in microseconds: what repeats takes no more room.
    rtts: BTreeMap<u64, usize>,
    probes: usize,
    /// How many traces count for shares.
    counted: usize,
    /// How many are `other` with too little confidence for that.
    left_out: usize,
    proven: usize,
    /// How many are of packets that take different carriers, one by one.
    per_packet: usize,
    reached: Reached,
}

impl Count {
    fn new(targets: &Targets) -> Self {
        let classes = targets.classes.ids().map(Class::Transit);
        let all = classes.chain([Class::Other, Class::Unknown, Class::Unreached]);
        Self {
            targets: BTreeSet::new(),
            vantages: HashMap::default(),
            classes: all.map(|class| (class, 0)).collect(),
            carriers: BTreeMap::new(),
            last_hops: BTreeMap::new(),
            rtts: BTreeMap::new(),
            probes: 0,
            counted: 0,
            left_out: 0,
            proven: 0,
            per_packet: 0,
            reached: Reached::default(),
        }
    }

    fn add(&mut self, vantage: Option<&Vantage>, judgement: &Judgement) {
        *self.classes.entry(judgement.class).or_default() += 1;
        self.reached.add(judgement.border.reach(), vantage.is_some());
        self.per_packet += usize::from(judgement.is_per_packet());
        if !judgement.counts() {
            self.left_out += usize::from(judgement.class.is_classified());
            return;
        }
        self.counted += 1;
        self.proven += usize::from(judgement.proven);
        self.add_vantage(vantage, judgement.class);
        *self.carriers.entry(judgement.holder()).or_default() += 1;
        let Some(last) = judgement.border.last else { return };
        *self.last_hops.entry(last.address).or_default() += 1;
        let micros = last.rtt.map(|rtt| (rtt + Duration::from_nanos(500)).as_micros());
        if let Some(micros) = micros.and_then(|micros| u64::try_from(micros).ok()) {
            *self.rtts.entry(micros).or_default() += 1;
        }
    }

    fn add_vantage(&mut self, vantage: Option<&Vantage>, class: Class) {
        let name = vantage.map_or("", |vantage| vantage.name.as_str());
        // Mostly it is known, and then its name is not copied.
        let seen = match self.vantages.get_mut(name) {
            Some(seen) => seen,
            None => self.vantages.entry(name.to_owned()).or_insert_with(|| {
                let classes =
                    self.classes.keys().filter(|class| matches!(class, Class::Transit(_)));
                vec![0; classes.count() + 1]
            }),
        };
        seen[0] += 1;
        if let Class::Transit(id) = class {
            seen[id.index() + 1] += 1;
        }
    }

    /// Counts another in.
    fn add_all(&mut self, other: &Self) {
        self.targets.extend(&other.targets);
        self.probes += other.probes;
        self.counted += other.counted;
        self.left_out += other.left_out;
        self.proven += other.proven;
        self.per_packet += other.per_packet;
        self.reached.add_all(other.reached);
        for (name, theirs) in &other.vantages {
            let ours = self.vantages.entry(name.clone()).or_insert_with(|| vec![0; theirs.len()]);
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        }
        add_all(&mut self.rtts, &other.rtts);
        add_all(&mut self.classes, &other.classes);
        add_all(&mut self.carriers, &other.carriers);
        add_all(&mut self.last_hops, &other.last_hops);
    }

    fn part(self, scope: Ipv4Net, shares: Vec<Option<Share>>) -> Part {
        Part {
            scope,
            targets: self.targets.len(),
            verdict: verdict(&self.classes, self.left_out),
            left_out: self.left_out,
            counts: self.classes,
            shares,
            carriers: most_first(self.carriers),
            last_hops: most_first(self.last_hops),
            proven: self.proven,
            rtt: median(&self.rtts),
            probes: self.probes,
        }
    }
}

/// The share of a class in the block: the mean of the routed prefixes' shares.
fn across(routed: &[Part], id: ClassId) -> Option<Share> {
    let shares: Vec<Share> =
        routed.iter().filter_map(|part| part.shares.get(id.index()).copied().flatten()).collect();
    Share::mean(&shares)
}

/// What counts say together; `left_out` of the others are in no verdict.
pub(crate) fn verdict(counts: &BTreeMap<Class, usize>, left_out: usize) -> Verdict {
    let some = |class: &Class| {
        let least = if *class == Class::Other { left_out } else { 0 };
        counts.get(class).is_some_and(|count| *count > least)
    };
    let classified: Vec<Class> =
        counts.keys().copied().filter(|class| class.is_classified()).filter(some).collect();
    match classified[..] {
        [] if some(&Class::Unreached) && !some(&Class::Unknown) => Verdict::One(Class::Unreached),
        [] => Verdict::One(Class::Unknown),
        [class] => Verdict::One(class),
        _ => Verdict::Mixed,
    }
}

/// The most frequent first, and equals in their order.
pub(crate) fn most_first<T>(counts: BTreeMap<T, usize>) -> Vec<(T, usize)> {
    let mut counts: Vec<(T, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn add_all<T: Clone + Ord>(counts: &mut BTreeMap<T, usize>, others: &BTreeMap<T, usize>) {
    for (what, count) in others {
        *counts.entry(what.clone()).or_default() += count;
    }
}

/// The middle value of counted microseconds, or the mean of the two middle ones.
fn median(counts: &BTreeMap<u64, usize>) -> Option<Duration> {
    let all: usize = counts.values().sum();
    let at = |place: usize| {
        let mut before = 0;
        let holds = |(micros, count): (&u64, &usize)| {
            before += count;
            (before > place).then_some(Duration::from_micros(*micros))
        };
        counts.iter().find_map(holds)
    };
    match all % 2 {
        1 => at(all / 2),
        _ => Some((at((all / 2).checked_sub(1)?)? + at(all / 2)?) / 2),
    }
}
