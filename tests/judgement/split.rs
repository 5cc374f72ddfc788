//! The split: what is counted, shared and weighed.

use lasthop::split::Verdict;
use lasthop::targets::Targets;
use lasthop::transit::Class;

use crate::world::World;

fn rows(text: &str) -> Vec<String> {
    World::new().rows(text)
}

#[test]
fn counts_add_up_to_the_traces_made() {
    let split = World::new().split(
        "175.45.176.0+5 icmp: lan unicom-b cenbong home
         175.45.176.0+5 udp: lan level3 unicom-b!13
         175.45.177.0+4 icmp: lan level3 ttk-b * * *
         175.45.178.0+3 icmp: lan level3 home
         175.45.178.9+2 icmp: lan nobody home
         175.45.179.0 icmp: lan level3 * * *",
    );
    assert_eq!(split.block.counts.values().copied().collect::<Vec<_>>(), [10, 4, 3, 2, 1]);
    assert_eq!((split.block.targets, split.routed[0].targets), (15, 5));
    assert_eq!(split.routed[2].counts.values().copied().collect::<Vec<_>>(), [0, 0, 3, 2, 0]);
}

#[test]
fn shares_are_of_the_classified_traces_only() {
    let text = "175.45.176.0+3 icmp: lan unicom-b cenbong home
                175.45.176.10 icmp: lan ttk-b home
                175.45.176.20+90 icmp: lan level3 * * *
                175.45.176.200+9 icmp: lan nobody home";
    assert_eq!(
        rows(text)[1],
        "175.45.176.0/24 mixed: china=3 russia=1 unknown=9 unreached=90; 0.75 0.25"
    );
}

#[test]
fn others_are_classified_and_take_their_part_of_the_whole() {
    let text = "175.45.176.0 icmp: lan unicom-b cenbong home
                175.45.176.10+3 icmp: lan level3 home";
    assert_eq!(rows(text)[1], "175.45.176.0/24 mixed: china=1 other=3; 0.25 0.00");
}

/// A router that answers once from an address of the block must not move the block's shares.
#[test]
fn others_with_little_confidence_are_counted_and_in_no_share() {
    let split = World::new().split(
        "175.45.176.0 icmp: lan level3 home
         175.45.176.10+250 icmp: lan ntt * * *
         175.45.177.0 icmp: lan level3 ttk-a ttk-b home",
    );
    let [prefix, _] = &split.routed[..] else { panic!("two") };
    assert_eq!((prefix.counts[&Class::Other], prefix.left_out), (1, 1));
    assert_eq!((prefix.shares[0], prefix.carriers.len(), prefix.proven), (None, 0, 0));
    assert_eq!(prefix.verdict, Verdict::One(Class::Unreached));
    assert_eq!(split.block.shares[1].map(|share| share.share), Some(1.0));
}

#[test]
fn the_block_weighs_its_routed_prefixes_equally() {
    let text = "175.45.176.0+100 icmp: lan unicom-b cenbong home
                175.45.177.0 icmp: lan ttk-b home";
    assert_eq!(rows(text)[0], "175.45.176.0/22 mixed: china=100 russia=1; 0.50 0.50");
}

#[test]
fn a_prefix_without_classified_traces_has_no_weight() {
    let text = "175.45.176.0 icmp: lan unicom-b cenbong home
                175.45.177.0+256 icmp: lan level3 * * *
                175.45.178.0 icmp: lan ttk-b home";
    let rows = rows(text);
    assert_eq!(rows[0], "175.45.176.0/22 mixed: china=1 russia=1 unreached=256; 0.50 0.50");
    assert_eq!(rows[2], "175.45.177.0/24 unreached: unreached=256; - -");
}

#[test]
fn the_verdict_is_the_class_that_all_classified_traces_share() {
    let china = "175.45.176.0 icmp: lan unicom-b cenbong home";
    let russia = "175.45.176.1 icmp: lan ttk-b home";
    let other = "175.45.176.20+3 icmp: lan level3 home";
    let weak = "175.45.176.2 icmp: lan level3 home";
    let unknown = "175.45.176.3 icmp: lan nobody home";
    let unreached = "175.45.176.4 icmp: lan ntt * * *";
    for (lines, verdict) in [
        (&[china, unknown, unreached][..], "china"),
        (&[russia, unreached], "russia"),
        (&[other, unknown], "other"),
        (&[china, russia], "mixed"),
        (&[russia, other], "mixed"),
        (&[unknown, unreached, unreached], "unknown"),
        (&[unreached], "unreached"),
        (&[weak, china], "china"),
        (&[weak, unreached], "unreached"),
        (&[weak], "unknown"),
    ] {
        for row in rows(&lines.join("\n")) {
            assert_eq!(row.split([' ', ':']).nth(1), Some(verdict), "{row}");
        }
    }
}

#[test]
fn without_a_classified_trace_there_are_no_shares() {
    let split = World::new().split("175.45.176.0+9 icmp: lan level3 * * *");
    for part in [&split.block, &split.routed[0]] {
        assert_eq!(part.shares, [None, None]);
        assert_eq!((part.rtt, part.carriers.len(), part.last_hops.len()), (None, 0, 0));
    }
}

#[test]
fn without_a_trace_nothing_is_known() {
    let split = World::new().split("");
    assert_eq!(split.block.verdict, Verdict::One(Class::Unknown));
}

#[test]
fn scopes_without_traces_are_left_out() {
    let split = World::new().split("175.45.178.0 icmp: lan ttk-b home");
    let scopes: Vec<String> = split.routed.iter().map(|part| part.scope.to_string()).collect();
    assert_eq!(scopes, ["175.45.178.0/24"]);
    let nothing = World::new().split("");
    assert_eq!((nothing.routed.len(), nothing.block.targets), (0, 0));
    assert_eq!(nothing.block.shares, [None, None]);
}

#[test]
fn carriers_and_last_hops_stand_most_frequent_first_and_equals_in_their_order() {
    let split = World::new().split(
        "175.45.176.0+2 icmp: lan unicom-b home
         175.45.176.10 icmp: lan unicom-a home
         175.45.177.0+4 icmp: lan ttk-b home
         175.45.178.0+3 icmp: lan unicom-b cenbong home
         175.45.179.0+9 icmp: lan level3 * * *",
    );
    let named = |name: &str, count: usize| (name.to_owned(), count);
    assert_eq!(
        split.block.carriers,
        [named("TransTeleCom", 4), named("Cenbong", 3), named("China Unicom", 3)]
    );
    let counts: Vec<usize> = split.block.last_hops.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [4, 3, 2, 1]);
}

#[test]
fn the_rtt_is_the_median_of_the_classified_traces_last_foreign_hops() {
    let rtt = |text: &str| World::new().split(text).block.rtt.map(|rtt| rtt.as_micros());
    let three = "175.45.176.0 icmp: lan unicom-b@100 home@900
                 175.45.176.1 icmp: lan unicom-b@300 home
                 175.45.177.0 icmp: lan level3 ttk-b@120 * * *
                 175.45.177.1 icmp: lan level3@1 * * *";
    assert_eq!(rtt(three), Some(120_000));
    assert_eq!(
        rtt(&format!("{three}\n175.45.177.2 icmp: lan level3 ttk-b@131 * * *")),
        Some(125_500)
    );
    assert_eq!(rtt("175.45.177.1 icmp: lan level3@1 * * *"), None);
}

#[test]
fn probes_are_all_tries_of_all_traces() {
    let split = World::new().split(
        "175.45.176.0+2 icmp: lan */unicom-b */*/* home
         175.45.177.0 icmp: - level3 * *",
    );
    assert_eq!((split.block.probes, split.routed[0].probes), (17, 14));
}

#[test]
fn an_interval_is_as_wide_as_its_prefixes_deserve() {
    let china = |text: &str| World::new().split(text).block.shares[0].expect("classified");
    let many = china("175.45.176.0+256 icmp: lan unicom-b home");
    let one = china("175.45.176.0 icmp: lan unicom-b home");
    assert!((many.share, one.share) == (1.0, 1.0) && many.low > 0.98 && one.low < 0.21);
    // The one trace of 177 leaves up to 79 % open, and with it 40 % of the block.
    let uneven = china(
        "175.45.176.0+200 icmp: lan unicom-b home
         175.45.177.0 icmp: lan ttk-b home",
    );
    assert!(uneven.low > 0.48 && uneven.high > 0.89, "{uneven:?}");
    assert_eq!(many.size.to_bits(), 256.0_f64.to_bits());
}

const NORTH: &str = r#"
[block]
prefix = "192.0.2.0/24"
routed_length = 25
usual_gap = 0
asn = 64500
[[class]]
name = "north"
countries = ["NO"]
[[class]]
name = "south"
[[class]]
name = "east"
[[carrier]]
name = "Southern"
class = "south"
prefixes = ["198.51.100.0/24"]
[[carrier]]
name = "Eastern"
class = "east"
prefixes = ["203.0.113.0/24"]
"#;

#[test]
fn another_configuration_has_its_own_block_classes_and_carriers() {
    let world = World::of(Targets::parse("t.toml", NORTH).expect("a configuration"));
    world.says(
        "192.0.2.1 icmp: 198.51.100.7 192.0.2.254
         => south medium 198.51.100.7 (Southern, registered-prefix): next hop is home; no hop of another \
            class before it
         192.0.2.129 icmp: unicom-b * 192.0.2.254
         => unknown low unicom-b",
    );
    let rows = world.rows(
        "192.0.2.1+8 icmp: 198.51.100.7 192.0.2.254
         192.0.2.129 icmp: level3 203.0.113.7 * * *
         192.0.2.130 icmp: 198.51.100.7 192.0.2.254
         192.0.2.131 icmp: unicom-b 192.0.2.254
         175.45.176.1 icmp: 203.0.113.7 * * *",
    );
    assert_eq!(
        rows,
        [
            "192.0.2.0/24 mixed: south=9 east=1 other=1; 0.00 0.75 0.25",
            "192.0.2.0/25 south: south=8; 0.00 1.00 0.00",
            "192.0.2.128/25 mixed: south=1 east=1 other=1; 0.00 0.50 0.50",
        ]
    );
}

#[test]
fn every_configured_class_has_its_count() {
    let world = World::of(Targets::parse("t.toml", NORTH).expect("a configuration"));
    let split = world.split("192.0.2.1 icmp: 198.51.100.7 192.0.2.254");
    let names: Vec<&str> =
        split.block.counts.keys().map(|class| class.name(&world.targets.classes)).collect();
    assert_eq!(names, ["north", "south", "east", "other", "unknown", "unreached"]);
    assert_eq!(split.block.counts.get(&Class::Other), Some(&0));
}
