//! Rule 6: how far a class is believed, clause by clause.

use lasthop::transit::{Confidence, Evidence, Judge, Observation};

use crate::notation;
use crate::world::{World, each_says, says};

#[test]
fn rule_6_a_silent_target_is_normal_and_its_trace_is_classified() {
    says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b cenbong * * * * *
          => china medium cenbong: silence behind it; a known border of Cenbong (2022-05 to 2025-12: \
             nkinternet.com, 2025-12-08)
          175.45.177.10 icmp: lan level3 ttk-a ttk-b * * * * *
          => russia medium ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08)",
    );
}

#[test]
fn rule_6_high_where_a_home_hop_answers_behind_it() {
    says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b cenbong * * * target
          => china high cenbong: 3 silent hops, then the target
          175.45.177.10 icmp: lan level3 ttk-a ttk-b home * *
          => russia high ttk-b: next hop is home
          175.45.178.10 icmp: lan level3 ttk-a ttk-b * home
          => russia high ttk-b: 1 silent hop, then home",
    );
}

/// Somebody else has answered the same probe: one of the two is forged.
#[test]
fn rule_6_low_where_answers_to_one_probe_contradict_each_other_at_the_border_or_right_behind_it() {
    says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b^ttk-b home
          => china low unicom-b: next hop is home; contradictory answers at hop 4, from 219.158.39.42 and \
             188.43.225.153
          175.45.177.10 icmp: lan level3 ttk-a ttk-b target^ntt
          => russia low ttk-b: next hop is home; contradictory answers at hop 5, from 175.45.177.10 and 129.250.2.1
          175.45.178.10 icmp: lan level3 ttk-a ttk-b!13^ttk-b
          => russia low ttk-b: administratively prohibited by 188.43.225.153; contradictory answers at hop 4, both \
             from 188.43.225.153",
    );
    // Further away it decides nothing.
    says(
        "175.45.176.10 icmp: lan level3^ntt unicom-a^level3 unicom-b home
          => china high unicom-b: next hop is home",
    );
}

/// Tries are probes of their own: another router may answer each.
#[test]
fn rule_6_different_answers_to_different_probes_contradict_nothing() {
    says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b/unicom-b home/target
          => china high unicom-b: next hop is home",
    );
}

#[test]
fn rule_6_a_contradicted_answer_of_home_is_no_arrival_for_others() {
    says(
        "175.45.177.10 icmp: lan level3 ttk-a ttk-b target^ntt
          175.45.177.11 icmp: lan level3 ttk-a ttk-b * * *
          => russia medium ttk-b",
    );
}

/// In an outage all agree too: agreement alone is no proof.
#[test]
fn rule_6_medium_where_several_traces_of_the_routed_prefix_agree() {
    says(
        "175.45.176.0+3 icmp: lan level3 unicom-a unicom-b cenbong * * *
          => china medium cenbong: silence behind it; a known border of Cenbong (2022-05 to 2025-12: \
             nkinternet.com, 2025-12-08); border shared with 2 traces of 175.45.176.0/24",
    );
}

#[test]
fn rule_6_agreement_on_who_refuses_is_medium_and_on_whose_target_answers_from_elsewhere_high() {
    says(
        "175.45.176.0+3 icmp: lan level3 unicom-a unicom-b!13
          => china medium unicom-b
          175.45.177.0+3 icmp: lan level3 ttk-a ttk-b 77.94.35.9=echo
          => russia high ttk-b",
    );
}

#[test]
fn rule_6_medium_where_neighbours_are_few() {
    says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b cenbong * * *
          => china medium cenbong: silence behind it; a known border of Cenbong (2022-05 to 2025-12: \
             nkinternet.com, 2025-12-08)
          175.45.177.10+2 icmp: lan level3 ttk-a ttk-b * * *
          => russia medium ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08); border shared with 1 trace of 175.45.177.0/24",
    );
}

#[test]
fn rule_6_flows_and_methods_of_one_target_are_one_neighbour() {
    says(
        "175.45.176.10 icmp/0: lan level3 unicom-a unicom-b cenbong * * *
          => china medium cenbong: silence behind it; a known border of Cenbong (2022-05 to 2025-12: \
             nkinternet.com, 2025-12-08)
          175.45.176.10 icmp/1: lan level3 unicom-a unicom-b cenbong * * *
          175.45.176.10 icmp/2: lan level3 unicom-a unicom-b cenbong * * *
          175.45.176.10 udp: lan level3 unicom-a unicom-b cenbong * * *",
    );
}

#[test]
fn rule_6_neighbours_are_of_the_same_routed_prefix() {
    says(
        "175.45.176.254+2 icmp: lan level3 unicom-a unicom-b cenbong * * *
          => china medium cenbong
          175.45.177.0+2 icmp: lan level3 unicom-a unicom-b cenbong * * *
          => china medium cenbong",
    );
}

#[test]
fn rule_6_neighbours_with_another_border_do_not_agree() {
    says(
        "175.45.178.0+2 icmp: lan level3 unicom-a unicom-b cenbong * * *
          => china low cenbong: silence behind it; a known border of Cenbong (2022-05 to 2025-12: \
             nkinternet.com, 2025-12-08); border shared with 1 trace of 175.45.178.0/24; border differs \
             from 3 traces of 175.45.178.0/24 that end at 188.43.225.153 (russia)
          175.45.178.10+3 icmp: lan level3 ttk-a ttk-b * * *
          => russia medium ttk-b",
    );
}

#[test]
fn rule_6_low_where_neighbours_went_on_behind_it() {
    says(
        "175.45.178.0+3 icmp: lan level3 unicom-a unicom-b * * *
          => china low unicom-b: silence behind it; other traces went on to 103.35.255.254; \
             border shared with 2 traces of 175.45.178.0/24
          175.45.178.10 icmp: lan level3 unicom-a unicom-b cenbong * * *
          => china medium cenbong
          175.45.176.10 icmp: lan level3 unicom-a unicom-b * * *
          => china medium unicom-b",
    );
}

#[test]
fn rule_6_low_where_what_neighbours_saw_stands_in_the_gap_before_home() {
    says(
        "175.45.178.0+3 icmp: lan unicom-a unicom-b * target
          => china low unicom-b: 1 silent hop, then the target; \
             other traces went on to 103.35.255.254; \
             border shared with 2 traces of 175.45.178.0/24
          175.45.178.10 icmp: lan unicom-a unicom-b cenbong target
          => china medium cenbong",
    );
}

#[test]
fn rule_6_of_the_hops_that_neighbours_saw_behind_it_the_lowest_address_is_named() {
    let lines = [
        "175.45.176.1 icmp: lan level3 unicom-a unicom-b * * *",
        "175.45.176.2 icmp: lan unicom-a cenbong * * *",
    ];
    let expected = "175.45.176.3 icmp: lan unicom-a * * *
                    => unknown low unicom-a: never left China Unicom, which the vantage may be a customer of; \
                       silence behind it; other traces went on to 103.35.255.254; \
                       border differs from 1 trace of 175.45.176.0/24 that ends at 103.35.255.254 (china)";
    says(&format!("{}\n{}\n{expected}", lines[0], lines[1]));
    says(&format!("{}\n{}\n{expected}", lines[1], lines[0]));
}

#[test]
fn rule_6_low_where_gaps_are_before_it() {
    says(
        "175.45.177.10 icmp: lan level3 ttk-a * ttk-b * * *
          => russia low ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08); 1 silent hop before it
          175.45.176.10 icmp: * * * unicom-b * * *
          => china low unicom-b: a known border of China Unicom (2019: a UDP traceroute of 2019-02 to \
             175.45.176.80); silence behind it; 3 silent hops before it; no hop of another class before it
          175.45.178.10 icmp: lan level3 * ttk-a ttk-b * * *
          => russia medium ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08)",
    );
}

#[test]
fn rule_6_a_ttl_that_was_not_asked_is_no_gap() {
    says(
        "175.45.177.10 icmp: - - - ttk-b * * *
          => russia medium ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08)
          175.45.176.10 icmp: - lan - unicom-b * * *
          => china medium unicom-b: silence behind it; a known border of China Unicom (2019: a UDP \
             traceroute of 2019-02 to 175.45.176.80)
          175.45.178.10 icmp: - lan - * unicom-b * * *
          => china low unicom-b: silence behind it; a known border of China Unicom (2019: a UDP \
             traceroute of 2019-02 to 175.45.176.80); 1 silent hop before it",
    );
}

#[test]
fn rule_6_silence_between_two_answers_of_the_same_router_is_no_gap_before_it() {
    says(
        "175.45.177.10 icmp: lan level3 ttk-a ttk-b * ttk-b * * *
          => russia medium ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08)",
    );
}

#[test]
fn rule_6_a_gap_before_it_is_outweighed_by_home_and_by_several_that_agree() {
    says(
        "175.45.177.0+3 icmp: lan level3 ttk-a * ttk-b * * *
          => russia medium ttk-b
          175.45.176.10 icmp: lan level3 unicom-a * unicom-b home
          => china high unicom-b",
    );
}

#[test]
fn rule_6_low_where_home_answers_only_behind_a_longer_gap() {
    says(
        "175.45.177.10 icmp: lan level3 ttk-a ttk-b * * * * target
          => russia low ttk-b: 4 silent hops, then the target
          175.45.176.0+3 icmp: lan level3 unicom-a unicom-b cenbong * * * * target
          => china medium cenbong",
    );
}

#[test]
fn rule_6_low_where_special_hops_were_skipped() {
    says(
        "175.45.177.0+3 icmp: lan level3 ttk-a ttk-b private * target
          => russia low ttk-b: 1 silent hop, then the target; \
             border shared with 2 traces of 175.45.177.0/24; \
             private hop 10.99.99.9 skipped",
    );
}

#[test]
fn rule_6_low_where_a_third_partys_address_may_deceive() {
    says(
        "175.45.177.10 icmp: lan level3 ttk-a unicom-b home
          => china low unicom-b: next hop is home; \
             a single hop behind 217.150.55.21 of another class
          175.45.178.10 icmp: lan level3 unicom-a ttk-b * * *
          => russia low ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08); a single hop behind 219.158.3.1 of another class",
    );
}

#[test]
fn rule_6_no_third_party_where_two_hops_in_a_row_are_of_the_class() {
    says(
        "175.45.177.10 icmp: lan ttk-a unicom-a unicom-b home
          => china high unicom-b: next hop is home
          175.45.178.10 icmp: lan level3 unicom-a unicom-b * * *
          => china medium unicom-b: silence behind it; a known border of China Unicom (2019: a UDP \
             traceroute of 2019-02 to 175.45.176.80)",
    );
}

#[test]
fn rule_6_unknown_is_never_believed_far() {
    says(
        "175.45.177.0+9 icmp: lan level3 nobody home
          => unknown low nobody
          175.45.176.0+9 icmp: lan level3 unicom-a unicom-b cenbong | interrupted
          => unknown low cenbong",
    );
}

#[test]
fn rule_6_low_where_a_single_hop_of_its_class_may_be_a_third_partys() {
    says(
        "175.45.177.10 icmp: lan level3 ttk-b * * *
          => russia low ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08); a single hop behind 4.69.140.30 of another class
          175.45.176.10 icmp: lan level3 nobody unicom-b home
          => china low unicom-b: next hop is home; a single hop behind 192.52.193.1 of another class",
    );
}

/// From inside a carrier's country, a path that is dead ends at the vantage's own provider.
#[test]
fn rule_6_low_where_the_path_was_in_that_class_from_its_first_hop_and_home_is_silent() {
    says(
        "175.45.177.0+9 icmp: lan telecom unicom-a * * *
          => china low unicom-a: silence behind it; border shared with 8 traces of 175.45.177.0/24; \
             no hop of another class before it
          175.45.176.0+9 icmp: lan telecom unicom-b!1
          => china low unicom-b: host unreachable by 219.158.39.42; a known border of China Unicom \
             (2019: a UDP traceroute of 2019-02 to 175.45.176.80); border shared with 8 traces of \
             175.45.176.0/24; no hop of another class before it
          175.45.178.10 icmp: lan ttk-a ttk-b home
          => russia medium ttk-b: next hop is home; no hop of another class before it",
    );
}

/// From inside a carrier an outage must not read as its class.
#[test]
fn rule_6_unknown_where_the_path_stays_within_the_carrier_of_its_first_public_hop() {
    each_says(
        "175.45.177.0+9 icmp: lan ttk-b ttk-a * * *
          => unknown low ttk-a
          175.45.176.0+9 icmp: lan cgn unicom-b unicom-a!1
          => unknown low unicom-a
          175.45.178.0 icmp: lan ttk-a * * *
          => unknown low ttk-a: never left TransTeleCom, which the vantage may be a customer of; \
             silence behind it",
    );
}

/// Unless its last hop is a known border of targets.toml.
#[test]
fn rule_6_low_where_such_a_path_ends_at_a_known_border() {
    each_says(
        "175.45.177.0+9 icmp: lan ttk-a ttk-b * * *
          => russia low ttk-b
          175.45.176.0 icmp: lan cgn unicom-a unicom-b!1
          => china low unicom-b",
    );
}

/// Unless home answers behind its last hop in the same run, on whatever trace.
#[test]
fn rule_6_low_where_home_answers_behind_the_last_hop_of_such_a_path() {
    says(
        "175.45.177.0+9 icmp: lan ttk-a ttk-b * * *
          => russia low ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08); border shared with 8 traces of 175.45.177.0/24; no hop of \
             another class before it
          175.45.178.10 icmp: lan ttk-a ttk-b home
          => russia medium ttk-b: next hop is home; no hop of another class before it
          175.45.178.11 icmp: lan ttk-a * * *
          => unknown low ttk-a",
    );
}

/// A trace that began at the border has seen no way; one of its neighbours has.
#[test]
fn rule_6_the_way_to_a_border_is_that_of_a_neighbour_that_has_seen_it() {
    let seekers = "175.45.177.10+4 icmp: - - - ttk-b * *";
    for (way, judged) in [
        ("lan level3 ttk-a ttk-b", "russia medium"),
        ("lan ntt level3 ttk-b", "russia low"),
        ("lan ttk-a ttk-a ttk-b", "russia low"),
    ] {
        says(&format!("{seekers}\n=> {judged} ttk-b\n175.45.177.0 icmp: {way} * * *"));
    }
}

#[test]
fn rule_6_a_trace_that_dies_early_is_no_evidence_for_its_neighbours() {
    says(
        "175.45.179.0+9 icmp: lan ntt level3 * * *
          => unknown low level3: died where other traces met home; silence behind it; border differs \
             from 1 trace of 175.45.179.0/24 that ends at 219.158.39.42 (china)
          175.45.179.20 icmp: lan ntt level3 home
          => other low level3: next hop is home; a carrier with a class may be silent behind it; \
             border differs from 1 trace of 175.45.179.0/24 that ends at 219.158.39.42 (china)
          175.45.179.21 icmp: lan ntt unicom-a unicom-b * * *
          => china medium unicom-b",
    );
    says(
        "175.45.179.0+9 icmp: lan level3 unicom-a unicom-b | deadline
          => unknown low unicom-b
          175.45.179.20 icmp: lan level3 unicom-a unicom-b * * *
          => china medium unicom-b: silence behind it; a known border of China Unicom (2019: a UDP \
             traceroute of 2019-02 to 175.45.176.80)",
    );
}

#[test]
fn rule_6_disagreement_in_a_prefix_is_shown_with_the_border_of_most() {
    says(
        "175.45.178.0+12 icmp: lan level3 ttk-a ttk-b * * *
          => russia medium ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08); border shared with 11 traces of 175.45.178.0/24; border \
             differs from 3 traces of 175.45.178.0/24 that end at 103.35.255.254 (china)
          175.45.178.20+3 icmp: lan level3 unicom-b cenbong * * *
          => china medium cenbong: silence behind it; a known border of Cenbong (2022-05 to 2025-12: \
             nkinternet.com, 2025-12-08); border shared with 2 traces of 175.45.178.0/24; border differs \
             from 12 traces of 175.45.178.0/24 that end at 188.43.225.153 (russia)
          175.45.178.30 icmp: lan level3 unicom-a unicom-b home
          => china high unicom-b
          175.45.178.31 icmp: lan level3 unicom-a telecom * * *
          => china low telecom
          175.45.177.20 icmp: lan level3 unicom-b cenbong * * *
          => china medium cenbong: silence behind it; a known border of Cenbong (2022-05 to 2025-12: \
             nkinternet.com, 2025-12-08)",
    );
}

// Arrival.

#[test]
fn rule_6_high_where_home_answers_behind_the_border_on_other_traces_of_the_routed_prefix() {
    says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b * * * * *
          => china high unicom-b: silence behind it; home answers behind it on 1 trace of \
             175.45.176.0/24; border shared with 2 traces of 175.45.176.0/24
          175.45.176.11 icmp: lan level3 unicom-a unicom-b * * target
          => china high unicom-b
          175.45.176.12 udp: lan level3 unicom-a unicom-b!13
          => china high unicom-b
          175.45.177.10 icmp: lan level3 unicom-a unicom-b * * * * *
          => china medium unicom-b",
    );
}

#[test]
fn rule_6_low_where_silence_is_all_there_is() {
    each_says(
        "175.45.177.10+2 icmp: lan level3 ttk-b ttk-a * * *
          => russia low ttk-a: silence behind it; nothing else shows that this is the border; \
             border shared with 1 trace of 175.45.177.0/24
          175.45.177.10+3 icmp: lan level3 ttk-b ttk-a * * *
          => russia medium ttk-a: silence behind it; border shared with 2 traces of 175.45.177.0/24",
    );
}

/// Nine in ten of at least sixteen at one TTL, as in the census.
#[test]
fn rule_6_a_box_that_answers_for_all_targets_is_no_arrival() {
    says(
        "175.45.177.0+15 icmp: lan level3 ttk-b ttk-a target
          => russia high ttk-a: next hop is home; border shared with 14 traces of 175.45.177.0/24",
    );
    says(
        "175.45.177.0+16 icmp: lan level3 ttk-b ttk-a target
          => russia medium ttk-a: next hop is home; something on the way answers for all targets; border \
             shared with 16 traces of 175.45.177.0/24
          175.45.177.100 icmp: lan level3 ttk-b ttk-a * * *
          => russia medium ttk-a",
    );
    says(
        "175.45.177.0+16 icmp: lan level3 target
          => unknown low level3: next hop is home; something on the way answers for all targets; border \
             shared with 15 traces of 175.45.177.0/24",
    );
    says(
        "175.45.177.0+16 icmp: lan ttk-a target
          => unknown low ttk-a: never left TransTeleCom, which the vantage may be a customer of; \
             next hop is home; something on the way answers for all targets; border shared with \
             15 traces of 175.45.177.0/24",
    );
}

/// Not where one kind of packet is answered by a box, and another by the hosts.
#[test]
fn rule_6_a_box_for_one_method_leaves_the_arrival_of_another() {
    says(
        "175.45.177.0+16 udp: lan level3 ttk-b ttk-a target
          => russia high ttk-a
          175.45.177.20+20 icmp: lan level3 ttk-b ttk-a * * *
          => russia high ttk-a
          175.45.177.50 icmp: lan level3 ttk-b ttk-a * target
          => russia high ttk-a",
    );
}

/// Evidence may grow between two judgements: each goes by all that is there.
#[test]
fn rule_6_arrival_that_is_added_later_counts() {
    let world = World::new();
    let (owners, targets) = (world.owners(), &world.targets);
    let [silent, arrives] = [
        "175.45.177.10 icmp: lan level3 ttk-b ttk-a * * *",
        "175.45.177.11 icmp: lan level3 ttk-b ttk-a target",
    ]
    .map(|line| notation::read(line).remove(0));
    let judge = |evidence: &Evidence| {
        Judge::new(targets, &owners, evidence).judge(Observation::of(&silent, targets)).confidence
    };
    let mut evidence = Evidence::default();
    evidence.add(Observation::of(&silent, targets), &targets.block);
    assert!(judge(&evidence) < Confidence::High);
    evidence.add(Observation::of(&arrives, targets), &targets.block);
    assert_eq!(judge(&evidence), Confidence::High);
}

// 12. What others saw behind the last hop.

#[test]
fn rule_12_unknown_where_others_went_on_to_a_border_of_another_class() {
    says(
        "175.45.178.0+9 icmp: lan level3 unicom-a unicom-b * * *
          => unknown low unicom-b: other traces went on to 188.43.225.153; silence behind it; border \
             shared with 1 trace of 175.45.178.0/24; border differs from 1 trace of 175.45.178.0/24 that \
             ends at 188.43.225.153 (russia)
          175.45.178.10 icmp: lan level3 unicom-a unicom-b ttk-a ttk-b home
          => russia high ttk-b
          175.45.178.11 icmp: lan level3 unicom-a unicom-b * home
          => unknown low unicom-b
          175.45.178.12 icmp: lan level3 unicom-a unicom-b home
          => china high unicom-b
          175.45.178.13 icmp: lan level3 * * *
          => unknown low level3
          175.45.178.14 icmp: lan ntt * * *
          => unreached low ntt
          175.45.177.10 icmp: lan level3 unicom-a unicom-b * * *
          => china medium unicom-b",
    );
}
