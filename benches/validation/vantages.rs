//! Shares that several vantages have seen, against the share that all vantages of their world would see.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;
use lasthop::owner::Owners;
use lasthop::split::Counting;
use lasthop::targets::Targets;
use lasthop::trace::{Hop, HopReply, HopTry, ReplyKind, Trace, Ttl, Vantage};
use lasthop::transit::{Judgement, judge_alone};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::score::{Right, covers};

/// Few vantages, more, many.
const SIZES: [(usize, &str); 6] = [
    (2, "the block, 2 vantages"),
    (4, "the block, 4 vantages"),
    (8, "the block, 8 vantages"),
    (16, "the block, 16 vantages"),
    (50, "the block, 50 vantages"),
    (200, "the block, 200 vantages"),
];

/// Draws `worlds` worlds of vantages for each number of them. In each, a prefix goes one way as seen
/// from a part of all vantages, which is anything from none to all, and the other way as seen from
/// the rest; one prefix in four is balanced by flow instead, alike from everywhere.
pub(crate) fn coverage(worlds: u64, targets: &Targets) -> BTreeMap<&'static str, Right> {
    let owners = Owners::new(targets);
    let judged = ["219.158.39.42", "188.43.225.153"].map(|last| {
        let trace = trace(last.parse().expect("an address"));
        let judgement = judge_alone(&trace, targets, &owners);
        (trace, judgement)
    });
    let mut coverage = BTreeMap::new();
    for (vantages, what) in SIZES {
        let right: &mut Right = coverage.entry(what).or_default();
        for world in 0..worlds {
            right.add(one(world, vantages, &judged, targets));
        }
    }
    coverage
}

/// One prefix of a world.
enum Prefix {
    /// China from this part of the vantages; the vantages of one region agree in it.
    ByVantage(f64),
    /// China for this part of the flows.
    ByFlow(f64),
}

fn one(world: u64, vantages: usize, judged: &[(Trace, Judgement); 2], targets: &Targets) -> bool {
    let mut random = StdRng::seed_from_u64(world * 1000 + u64::try_from(vantages).expect("few"));
    let prefixes: Vec<Prefix> = (0..4)
        .map(|_| match random.random_range(0..4) {
            0 => Prefix::ByFlow(random.random()),
            _ => Prefix::ByVantage(random.random()),
        })
        .collect();
    let truth = |prefix: &Prefix| match prefix {
        Prefix::ByVantage(share) | Prefix::ByFlow(share) => *share,
    };
    let truth = prefixes.iter().map(truth).sum::<f64>() / 4.0;
    let mut counting = Counting::new(targets);
    for vantage in 0..vantages {
        let name = Arc::new(Vantage { name: format!("{vantage}"), address: None });
        // What a vantage's provider prefers, it prefers for all prefixes.
        let leaning: f64 = random.random();
        for (third, prefix) in (176..).zip(&prefixes) {
            for last in 0..random.random_range(1..=8) {
                let china = match prefix {
                    Prefix::ByVantage(share) => leaning < *share,
                    Prefix::ByFlow(share) => random.random::<f64>() < *share,
                };
                let (trace, judgement) = &judged[usize::from(!china)];
                let target = Ipv4Addr::new(175, 45, third, last);
                let vantage = Some(name.clone());
                counting.add(&Trace { target, vantage, ..trace.clone() }, judgement);
            }
        }
    }
    let split = counting.split();
    split.block.shares[0].is_some_and(|share| covers(share, truth))
}

fn trace(last: Ipv4Addr) -> Trace {
    let hop = |(ttl, from)| {
        let from: Ipv4Addr = from;
        let answer = HopReply {
            from,
            kind: ReplyKind::TimeExceeded,
            rtt: None,
            reply_ttl: None,
            labels: [].into(),
            contradicted_by: None,
        };
        let tries = vec![HopTry { attempt: 0, sent: None, answer: Some(answer) }];
        Hop { ttl: Ttl::new(ttl).expect("not 0"), tries }
    };
    Trace {
        target: Ipv4Addr::new(175, 45, 176, 1),
        method: None,
        flow: None,
        vantage: None,
        started: Some(Timestamp::UNIX_EPOCH),
        hops: [(1, Ipv4Addr::new(4, 69, 1, 1)), (2, last)].into_iter().map(hop).collect(),
        stop: None,
        strategy: None,
    }
}
