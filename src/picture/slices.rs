//! What the runs of a stretch of time saw, as parts of a whole.

use jiff::Timestamp;

use crate::history::{Bucket, Name, Timeline};

/// What a part of the traces has in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    /// Their class.
    Class(Name),
    /// Who carries them.
    Carrier(Name),
    /// They are classified by a country alone: no carrier is known.
    Unnamed,
    /// Nobody can say who carries them.
    Unknown,
    /// They died before any carrier.
    Unreached,
}

/// A stretch of time with runs. Where the next slice begins later than this one ends, there is a gap.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slice {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// The parts, which add up to 1; none where the runs made no trace.
    pub(super) parts: Vec<(Part, f64)>,
}

/// The classes' shares of the classified traces. Where none is classified the whole is unreached or
/// unknown.
pub(super) fn shares(timeline: &Timeline) -> Vec<Slice> {
    slices(timeline, share_parts)
}

/// The carriers of all traces.
pub(super) fn carriers(timeline: &Timeline) -> Vec<Slice> {
    slices(timeline, carrier_parts)
}

/// Which part of the traces died before any carrier.
pub(super) fn unreached(bucket: &Bucket) -> f64 {
    let all = bucket.classified() + bucket.unknown + bucket.unreached;
    if all == 0 { 0.0 } else { float(bucket.unreached) / float(all) }
}

fn slices(timeline: &Timeline, parts: fn(&Bucket) -> Vec<(Part, f64)>) -> Vec<Slice> {
    let slice = |from, to, bucket: &Bucket| Slice { from, to, parts: whole(parts(bucket)) };
    let runs = timeline
        .stretches()
        .filter_map(|stretch| stretch.bucket.map(|bucket| slice(stretch.from, stretch.to, bucket)));
    runs.collect()
}

fn share_parts(bucket: &Bucket) -> Vec<(Part, f64)> {
    if bucket.classified_runs == 0 {
        let nothing =
            if bucket.unreached >= bucket.unknown { Part::Unreached } else { Part::Unknown };
        return vec![(nothing, float(bucket.unreached.max(bucket.unknown)))];
    }
    bucket.classes.iter().map(|class| (Part::Class(class.class), class.shares)).collect()
}

fn carrier_parts(bucket: &Bucket) -> Vec<(Part, f64)> {
    let named: u64 = bucket.carriers.iter().map(|(_, count)| count).sum();
    // A peer with several paths counts at each of its upstreams, and is one all the same.
    let each =
        if named > bucket.classified() { float(bucket.classified()) / float(named) } else { 1.0 };
    let carriers = bucket.carriers.iter();
    let mut parts: Vec<_> =
        carriers.map(|(carrier, count)| (Part::Carrier(*carrier), float(*count) * each)).collect();
    parts.push((Part::Unnamed, float(bucket.classified().saturating_sub(named))));
    parts.push((Part::Unknown, float(bucket.unknown)));
    parts.push((Part::Unreached, float(bucket.unreached)));
    parts
}

/// Parts of 1, without those that are nothing.
fn whole(mut parts: Vec<(Part, f64)>) -> Vec<(Part, f64)> {
    parts.retain(|(_, size)| *size > 0.0);
    let all: f64 = parts.iter().map(|(_, size)| size).sum();
    for (_, size) in &mut parts {
        *size /= all;
    }
    parts
}

#[expect(clippy::cast_precision_loss, reason = "no history has 2^53 traces")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}
