//! Which class a carrier is of. A summary does not say; but its counts do, since the carriers of a class
//! have at most as many traces as the class, in every run.

use std::collections::{HashMap, HashSet};

use crate::history::{Bucket, History, Name};

/// The class of each carrier that has one for certain.
pub(super) fn classes(history: &History) -> HashMap<Name, Name> {
    let buckets: Vec<&Bucket> =
        history.series.iter().flat_map(|series| series.timeline.buckets()).collect();
    let mut known = HashMap::new();
    // Who is known leaves less room for the others, so that more becomes known.
    loop {
        let before = known.len();
        for (carrier, left) in possible(&buckets, &known) {
            if let [class] = left[..] {
                known.entry(carrier).or_insert(class);
            }
        }
        if known.len() == before {
            return known;
        }
    }
}

/// The classes that each carrier may be of, as far as there is room for it.
fn possible(buckets: &[&Bucket], known: &HashMap<Name, Name>) -> HashMap<Name, Vec<Name>> {
    let all: HashSet<Name> =
        buckets.iter().flat_map(|bucket| &bucket.classes).map(|class| class.class).collect();
    let mut possible: HashMap<Name, Vec<Name>> = HashMap::new();
    for bucket in buckets {
        let open = bucket.carriers.iter().filter(|(carrier, _)| !known.contains_key(carrier));
        for (carrier, count) in open {
            let left = possible.entry(*carrier).or_insert_with(|| all.iter().copied().collect());
            left.retain(|class| room(bucket, *class, known) >= *count);
        }
    }
    possible
}

/// How many traces of a class are left when those of its known carriers are taken away.
fn room(bucket: &Bucket, class: Name, known: &HashMap<Name, Name>) -> u64 {
    let of_class = bucket.classes.iter().filter(|sum| sum.class == class).map(|sum| sum.count);
    let carriers = bucket.carriers.iter();
    let taken = carriers.filter(|(carrier, _)| known.get(carrier) == Some(&class));
    of_class.sum::<u64>().saturating_sub(taken.map(|(_, count)| count).sum())
}
