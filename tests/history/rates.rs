//! How often a quiet history is said to have changed, and how soon a change is found: a short version
//! of `benches/history.rs`.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::planted::{Planted, Seen, both};

const SCOPE: &str = "175.45.178.0/24";

/// A run with so many traces, of which chance has so many Russian.
fn run(traces: u32, russia: f64, random: &mut StdRng) -> Seen {
    let count = (0..traces).filter(|_| random.random_bool(russia)).count();
    let count = u32::try_from(count).unwrap_or(traces);
    both(traces - count, count)
}

#[test]
fn of_1000_quiet_runs_at_most_one_seems_to_have_changed() {
    let mut random = StdRng::seed_from_u64(7);
    let (mut seem, mut all) = (0, 0);
    for (traces, runs) in [(4, 2000), (16, 2000), (64, 1000), (256, 1000)] {
        for russia in [0.5, 0.2] {
            let mut planted = Planted::new();
            for _ in 0..runs {
                planted.run(&[(SCOPE, run(traces, russia, &mut random))]);
            }
            seem += planted.history().events.len();
            all += runs;
        }
    }
    assert!(seem * 1000 <= all, "{seem} in {all} runs");
}

#[test]
fn a_shift_of_30_points_is_found_within_three_runs() {
    let mut random = StdRng::seed_from_u64(7);
    for traces in [64, 256] {
        for (before, after) in [(0.5, 0.8), (0.35, 0.65), (0.7, 0.4)] {
            let mut planted = Planted::new();
            for number in 0..63 {
                let russia = if number < 60 { before } else { after };
                planted.run(&[(SCOPE, run(traces, russia, &mut random))]);
            }
            let events = planted.history().events;
            assert_eq!(events.len(), 1, "{traces} traces, {before} to {after}");
            let [from, to] = [events[0].before.at, events[0].after.at];
            assert!(from <= planted.at(59) && to >= planted.at(60), "{from} to {to}");
        }
    }
}
