//! Which class a carrier is of. A summary does not say; but its counts do, since a carrier has at most as
//! many traces as its class, in every run.

use std::collections::HashMap;

use crate::history::{Bucket, History, Name};

/// What speaks for a class, and whether anything speaks against it.
#[derive(Debug, Clone, Copy, Default)]
struct Evidence {
    alone: u64,
    refuted: bool,
}

/// The class of each carrier that has one for certain.
pub(super) fn classes(history: &History) -> HashMap<Name, Name> {
    let mut all: HashMap<Name, HashMap<Name, Evidence>> = HashMap::new();
    let buckets = history.series.iter().flat_map(|series| series.timeline.buckets());
    for bucket in buckets {
        for (carrier, count) in &bucket.carriers {
            weigh(all.entry(*carrier).or_default(), *count, bucket);
        }
    }
    let known = |(carrier, classes)| decide(&classes).map(|class| (carrier, class));
    all.into_iter().filter_map(known).collect()
}

fn weigh(classes: &mut HashMap<Name, Evidence>, count: u64, bucket: &Bucket) {
    let alone = bucket.classes.iter().filter(|class| class.count > 0).count() == 1;
    for class in &bucket.classes {
        let evidence = classes.entry(class.class).or_default();
        evidence.refuted |= class.count < count;
        evidence.alone += if alone && class.count > 0 { count } else { 0 };
    }
}

/// The only class that nothing speaks against, or the only one of those that something speaks for.
fn decide(classes: &HashMap<Name, Evidence>) -> Option<Name> {
    let left: Vec<_> = classes.iter().filter(|(_, evidence)| !evidence.refuted).collect();
    let alone = left.iter().filter(|(_, evidence)| evidence.alone > 0);
    match (&left[..], &alone.collect::<Vec<_>>()[..]) {
        ([(class, _)], _) | (_, [(class, _)]) => Some(**class),
        _ => None,
    }
}
