//! How much: the counts and shares of the classes, per routed prefix and for the block.
//!
//! A pure function of judged traces. The block weighs its routed prefixes equally, because a prefix
//! is what is routed: one with few classified traces counts as much as one with many.

mod interval;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use ipnet::Ipv4Net;

use crate::targets::{Block, ClassId, Targets};
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
    let block = &targets.block;
    let home = judged.iter().copied().filter(|(trace, _)| block.contains(trace.target));
    let judged: Vec<(&Trace, &Judgement)> = home.collect();
    let mut scopes: BTreeMap<usize, Vec<(&Trace, &Judgement)>> = BTreeMap::new();
    for (trace, judgement) in &judged {
        if let Some(index) = block.routed_index(trace.target) {
            scopes.entry(index).or_default().push((trace, judgement));
        }
    }
    let prefixes: Vec<Ipv4Net> = block.routed_prefixes().collect();
    let part = |(index, judged): (&usize, &Vec<_>)| {
        let scope = prefixes.get(*index).copied().unwrap_or(block.prefix);
        let counts = count(judged, targets);
        let shares = targets.classes.ids().map(|id| Share::of(&counts, id)).collect();
        part(scope, judged, counts, shares)
    };
    let routed: Vec<Part> = scopes.iter().map(part).collect();
    let shares = targets.classes.ids().map(|id| across(&routed, id)).collect();
    let whole = part_of_block(block, &judged, targets, shares);
    Split { block: whole, routed }
}

fn part_of_block(
    block: &Block,
    judged: &[(&Trace, &Judgement)],
    targets: &Targets,
    shares: Vec<Option<Share>>,
) -> Part {
    part(block.prefix, judged, count(judged, targets), shares)
}

fn part(
    scope: Ipv4Net,
    judged: &[(&Trace, &Judgement)],
    counts: BTreeMap<Class, usize>,
    shares: Vec<Option<Share>>,
) -> Part {
    let classified: Vec<&Judgement> = judged
        .iter()
        .map(|(_, judgement)| *judgement)
        .filter(|judgement| judgement.class.is_classified())
        .collect();
    let last = |judgement: &&Judgement| judgement.border.last;
    Part {
        scope,
        targets: judged.iter().map(|(trace, _)| trace.target).collect::<BTreeSet<_>>().len(),
        verdict: verdict(&counts),
        counts,
        shares,
        carriers: most_first(classified.iter().map(|judgement| judgement.holder())),
        last_hops: most_first(classified.iter().filter_map(last).map(|hop| hop.address)),
        rtt: median(classified.iter().filter_map(last).map(|hop| hop.rtt).collect()),
        probes: judged.iter().map(|(trace, _)| trace.probes()).sum(),
    }
}

fn count(judged: &[(&Trace, &Judgement)], targets: &Targets) -> BTreeMap<Class, usize> {
    let classes = targets.classes.ids().map(Class::Transit);
    let mut counts: BTreeMap<Class, usize> =
        classes.chain([Class::Other, Class::Unknown, Class::Unreached]).map(|c| (c, 0)).collect();
    for (_, judgement) in judged {
        *counts.entry(judgement.class).or_default() += 1;
    }
    counts
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

/// What there is, with how often, the most frequent first and equals in their order.
fn most_first<T: Ord>(items: impl Iterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
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
