//! What `cargo bench --bench validation` measures over 10,000 random networks, over a few: is the judgement
//! right as often as its confidence says, and do the intervals hold the truth?
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

#[path = "../benches/validation/measure.rs"]
mod measure;
#[path = "../benches/validation/odds.rs"]
mod odds;
#[path = "../benches/validation/score.rs"]
mod score;
#[path = "../benches/validation/vantages.rs"]
mod vantages;
#[path = "../benches/validation/world.rs"]
mod world;

use lasthop::targets::Targets;
use lasthop::transit::Confidence;
use world::Order;

#[test]
fn confidence_means_what_it_says_and_intervals_hold_the_truth() {
    let targets = Targets::built_in().expect("targets");
    let score = score::of(0..200, Order::Likely, &targets);
    for (level, many, least) in [(Confidence::High, 4000, 99.9), (Confidence::Medium, 4000, 99.0)] {
        let right = score.level(level, true);
        assert!(right.all > many && right.percent() >= least, "{}", score.tables());
    }
    // BGP lets nobody be believed wrongly who was not before, and shows some who hide.
    for level in [Confidence::High, Confidence::Medium] {
        let (shown, hidden) = (score.with_bgp(level, true), score.with_bgp(level, false));
        let before = score.level(level, false).all - score.level(level, true).all;
        assert!(shown.percent() >= 98.5 && hidden.all <= before, "{level}: {}", score.gains());
    }
    assert_eq!(score.in_outages(Confidence::High), 0, "{}", score.tables());
    let split = score.covered("a prefix, split");
    assert!(split.all > 50 && (90.0..=99.0).contains(&split.percent()), "{}", score.tables());
}

#[test]
fn an_interval_over_vantages_holds_what_all_of_them_would_see() {
    let targets = Targets::built_in().expect("targets");
    let all: Vec<_> = vantages::coverage(15, &targets).into_values().collect();
    let (right, intervals) = all.iter().fold((0, 0), |sum, it| (sum.0 + it.right, sum.1 + it.all));
    assert!(intervals == 90 && (81..=90).contains(&right), "{right} of {intervals}");
}

#[test]
fn a_network_is_drawn_from_its_number_alone() {
    let one = world::draw(7, Order::Random).scenario;
    assert_eq!(one, world::draw(7, Order::Random).scenario);
    assert_ne!(one, world::draw(8, Order::Random).scenario);
}
