//! How much: the counts and shares of the classes, per routed prefix and for the block.
//!
//! A pure function of judged traces. The block weighs its routed prefixes equally, because a prefix
//! is what is routed: one with few classified traces counts as much as one with many.

mod interval;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;

use crate::targets::{ClassId, Targets};
use crate::trace::Trace;
use crate::transit::{Class, Judgement};

pub use interval::Share;

/// The split of a run: the block's first, then that of every routed prefix that was traced.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// The block as a whole.
    pub block: Part,
    /// Its routed prefixes, in order; those without a trace are left out.
    pub routed: Vec<Part>,
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
    let mut scopes: BTreeMap<Ipv4Net, Vec<(&Trace, &Judgement)>> = BTreeMap::new();
    for (trace, judgement) in judged {
        if let Some(scope) = targets.block.routed_prefix(trace.target) {
            scopes.entry(scope).or_default().push((trace, judgement));
        }
    }
    let mut counting = Counting::new(targets);
    for (scope, judged) in &scopes {
        counting.add(*scope, judged);
    }
    counting.split()
}

/// Adds up a split, one routed prefix after the other.
#[derive(Debug)]
pub struct Counting<'t> {
    targets: &'t Targets,
    block: Count,
    routed: Vec<Part>,
}

impl<'t> Counting<'t> {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new(targets: &'t Targets) -> Self {
        Self { targets, block: Count::new(targets), routed: Vec::new() }
    }

    /// Counts all traces of one routed prefix, `scope`.
    pub fn add(&mut self, scope: Ipv4Net, judged: &[(&Trace, &Judgement)]) {
        let mut count = Count::new(self.targets);
        for (trace, judgement) in judged {
            count.add(trace, judgement);
        }
        count.targets = judged.iter().map(|(trace, _)| trace.target).collect::<BTreeSet<_>>().len();
        self.block.add_all(&count);
        let ids = self.targets.classes.ids();
        let shares = ids.map(|id| Share::of(&count.classes, id)).collect();
        self.routed.push(count.part(scope, shares));
    }

    /// The split of what was counted.
    #[must_use]
    pub fn split(self) -> Split {
        let ids = self.targets.classes.ids();
        let shares = ids.map(|id| across(&self.routed, id)).collect();
        Split { block: self.block.part(self.targets.block.prefix, shares), routed: self.routed }
    }
}

/// What has been counted of one scope.
#[derive(Debug)]
struct Count {
    targets: usize,
    classes: BTreeMap<Class, usize>,
    carriers: BTreeMap<String, usize>,
    last_hops: BTreeMap<Ipv4Addr, usize>,
    rtts: Vec<Duration>,
    probes: usize,
}

impl Count {
    fn new(targets: &Targets) -> Self {
        let classes = targets.classes.ids().map(Class::Transit);
        let all = classes.chain([Class::Other, Class::Unknown, Class::Unreached]);
        Self {
            targets: 0,
            classes: all.map(|class| (class, 0)).collect(),
            carriers: BTreeMap::new(),
            last_hops: BTreeMap::new(),
            rtts: Vec::new(),
            probes: 0,
        }
    }

    fn add(&mut self, trace: &Trace, judgement: &Judgement) {
        *self.classes.entry(judgement.class).or_default() += 1;
        self.probes += trace.probes();
        if !judgement.class.is_classified() {
            return;
        }
        *self.carriers.entry(judgement.holder()).or_default() += 1;
        if let Some(last) = judgement.border.last {
            *self.last_hops.entry(last.address).or_default() += 1;
            self.rtts.extend(last.rtt);
        }
    }

    /// Counts another scope in, whose targets are others.
    fn add_all(&mut self, other: &Self) {
        self.targets += other.targets;
        self.probes += other.probes;
        self.rtts.extend(&other.rtts);
        for (class, count) in &other.classes {
            *self.classes.entry(*class).or_default() += count;
        }
        for (carrier, count) in &other.carriers {
            *self.carriers.entry(carrier.clone()).or_default() += count;
        }
        for (hop, count) in &other.last_hops {
            *self.last_hops.entry(*hop).or_default() += count;
        }
    }

    fn part(self, scope: Ipv4Net, shares: Vec<Option<Share>>) -> Part {
        Part {
            scope,
            targets: self.targets,
            verdict: verdict(&self.classes),
            counts: self.classes,
            shares,
            carriers: most_first(self.carriers),
            last_hops: most_first(self.last_hops),
            rtt: median(self.rtts),
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

fn verdict(counts: &BTreeMap<Class, usize>) -> Verdict {
    let some = |class: &Class| counts.get(class).is_some_and(|count| *count > 0);
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
fn most_first<T>(counts: BTreeMap<T, usize>) -> Vec<(T, usize)> {
    let mut counts: Vec<(T, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

/// The middle value, or the mean of the two middle ones.
fn median(mut values: Vec<Duration>) -> Option<Duration> {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values.get(middle).copied(),
        _ => Some((*values.get(middle.checked_sub(1)?)? + *values.get(middle)?) / 2),
    }
}
