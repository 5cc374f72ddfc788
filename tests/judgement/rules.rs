//! Rules 1, 2, 5 and 7 to 10: where the border is, what it means, and what is not mixed.

use std::time::Duration;

use lasthop::border::Behind;

use crate::notation;
use crate::world::{World, each_says, one, says};

// 1. The last foreign hop.

#[test]
fn rule_1_the_last_foreign_hop_is_below_the_first_home_hop() {
    each_says(
        "175.45.177.10 icmp: lan level3 ttk-a ttk-b home target
          => russia high ttk-b (TransTeleCom, registered-prefix): next hop is home",
    );
}

#[test]
fn rule_1_the_last_change_from_foreign_to_home_decides() {
    each_says(
        "175.45.177.10 icmp: lan level3 ttk-a ttk-b home unicom-b cenbong target
          => china high cenbong: next hop is home",
    );
}

#[test]
fn rule_1_a_foreign_answer_at_the_ttl_of_the_first_home_hop_is_not_below_it() {
    each_says(
        "175.45.177.10 icmp: lan ttk-a ttk-b cenbong/home
          => russia medium ttk-b
          175.45.177.11 icmp: lan ttk-a ttk-b home/cenbong
          => russia medium ttk-b",
    );
}

#[test]
fn rule_1_the_highest_ttl_below_home_decides_even_if_its_router_answered_before() {
    each_says(
        "175.45.177.10 icmp: lan ttk-b unicom-b ttk-a ttk-b home
          => russia high ttk-b: next hop is home",
    );
}

#[test]
fn rule_1_without_home_it_is_the_last_that_answered_with_time_exceeded() {
    each_says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b * * * * *
          => china medium unicom-b: silence behind it; a known border of China Unicom (2019: a UDP \
             traceroute of 2019-02 to 175.45.176.80)",
    );
}

#[test]
fn rule_1_without_home_a_foreign_routers_refusal_is_the_last() {
    each_says(
        "175.45.176.80 udp: lan level3 unicom-a unicom-b!13
          => china medium unicom-b: administratively prohibited by 219.158.39.42
          175.45.177.80 udp: lan level3 ttk-a ttk-b!1
          => russia medium ttk-b: host unreachable by 188.43.225.153; a known border of TransTeleCom \
             (2025-12: nkinternet.com, 2025-12-08)",
    );
}

#[test]
fn rule_1_a_refusal_is_final_and_its_repeated_ttls_are_no_distance() {
    let line = "175.45.176.80 udp: lan level3 unicom-a unicom-b!13 unicom-b!13 unicom-b!13";
    let last = one(line).border.last.map(|last| (last.address, last.ttl.get()));
    assert_eq!(last, Some((notation::address("unicom-b"), 4)));
}

#[test]
fn rule_1_answers_behind_a_refusal_count_nothing() {
    each_says(
        "175.45.176.80 udp: lan level3 unicom-a unicom-b!13 ttk-a ttk-b
          => china medium unicom-b: administratively prohibited by 219.158.39.42",
    );
}

#[test]
fn rule_1_a_refusal_is_final_beside_other_answers_at_its_ttl_and_from_a_router_met_before() {
    each_says(
        "175.45.176.80 udp: lan level3 unicom-a unicom-b!13/ttk-b
          => china medium unicom-b
          175.45.176.81 udp: lan level3 ttk-a ttk-b/unicom-b!13
          => china low unicom-b
          175.45.179.82 udp: lan unicom-b ttk-b unicom-a unicom-b!13
          => china medium unicom-b",
    );
}

#[test]
fn rule_1_where_a_home_address_answers_an_earlier_refusal_decides_nothing() {
    each_says(
        "175.45.177.10 icmp: lan level3!0/level3 ttk-a ttk-b * * * target
          => russia high ttk-b: 3 silent hops, then the target",
    );
}

#[test]
fn rule_1_an_echo_reply_from_a_foreign_address_is_the_targets_and_no_hop() {
    each_says(
        "175.45.177.10 icmp: lan level3 ttk-a ttk-b * 77.94.35.9=echo
          => russia medium ttk-b: 1 silent hop, then the target answers from 77.94.35.9",
    );
}

#[test]
fn rule_1_silence_is_counted_from_the_last_foreign_answer_to_the_last_ttl_asked() {
    let behind = |line: &str| one(line).border.behind;
    let line = "175.45.176.10 icmp: lan level3 unicom-a unicom-b * * *";
    assert_eq!(behind(line), Behind::Silence { ttls: 3 });
    assert_eq!(behind(&format!("{line} private * *")), Behind::Silence { ttls: 2 });
    assert_eq!(behind("175.45.176.10 icmp: * * * * *"), Behind::Silence { ttls: 5 });
}

#[test]
fn rule_1_a_home_address_ends_the_path_whatever_it_says() {
    for answer in ["home", "home!1", "home=echo", "target"] {
        each_says(&format!(
            "175.45.177.10 udp: lan level3 ttk-a ttk-b {answer} cenbong
             => russia high ttk-b: next hop is home"
        ));
    }
}

// 2. Addresses that name nobody.

/// One address of each kind, as the reason calls it.
const SPECIAL: [(&str, &str); 12] = [
    ("10.0.9.57", "private"),
    ("172.31.0.1", "private"),
    ("192.168.255.1", "private"),
    ("100.127.0.1", "shared"),
    ("169.254.1.1", "link-local"),
    ("0.1.2.3", "this-network"),
    ("127.0.0.1", "loopback"),
    ("192.0.0.8", "protocol"),
    ("203.0.113.1", "documentation"),
    ("198.19.0.1", "benchmarking"),
    ("224.0.0.1", "multicast"),
    ("255.255.255.255", "reserved"),
];

#[test]
fn rule_2_private_shared_link_local_and_other_special_addresses_never_decide() {
    for (address, kind) in SPECIAL {
        each_says(&format!(
            "175.45.177.10 icmp: lan level3 ttk-a ttk-b {address} home
             => russia low ttk-b: next hop is home; {kind} hop {address} skipped"
        ));
    }
}

#[test]
fn rule_2_an_exchange_lan_never_decides() {
    each_says(
        "175.45.177.10 icmp: lan level3 ttk-a ttk-b 195.208.209.7 * * *
          => russia low ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08); MSK-IX exchange hop 195.208.209.7 skipped",
    );
}

#[test]
fn rule_2_the_nearest_attributable_hop_before_several_of_them_decides() {
    each_says(
        "175.45.177.10 icmp: lan unicom-a unicom-b ttk-a ttk-b private 80.81.192.77 * * *
          => russia low ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08); private hop 10.99.99.9 skipped; DE-CIX exchange hop \
             80.81.192.77 skipped",
    );
}

#[test]
fn rule_2_the_confidence_is_less_than_without_them_even_among_neighbours() {
    says(
        "175.45.177.0+10 icmp: lan level3 ttk-a ttk-b * * *
          => russia medium ttk-b
          175.45.177.20 icmp: lan level3 ttk-a ttk-b private * * *
          => russia low ttk-b",
    );
}

#[test]
fn rule_2_before_the_deciding_hop_they_take_nothing_away() {
    each_says(
        "175.45.177.10 icmp: lan cgn level3 80.81.192.77 ttk-a private ttk-b home
          => russia high ttk-b: next hop is home",
    );
}

#[test]
fn rule_2_a_refusal_by_one_of_them_leaves_the_hop_before_to_decide() {
    each_says(
        "175.45.177.10 icmp: lan level3 ttk-a ttk-b private!13
          => russia low ttk-b: administratively prohibited by 10.99.99.9; \
             private hop 10.99.99.9 skipped",
    );
}

#[test]
fn rule_2_where_no_other_foreign_hop_answers_nobody_decides() {
    each_says(
        "175.45.177.10 icmp: lan cgn * home
          => unknown low -: no foreign hop that can be attributed; 1 silent hop, then home; \
             private hop 192.168.1.1 skipped; shared hop 100.64.12.1 skipped
          175.45.177.11 icmp: lan cgn * * *
          => unknown low -",
    );
}

// 5. Other, unreached, unknown.

#[test]
fn rule_5_other_needs_home_next_to_it() {
    each_says(
        "175.45.176.10 icmp: lan level3 home
          => other low level3: next hop is home; a carrier with a class may be silent behind it
          175.45.176.11 icmp: lan level3 * * * target
          => other low level3: 3 silent hops, then the target; \
             a carrier with a class may be silent behind it
          175.45.176.12 icmp: lan level3 * * * * target
          => unknown low level3: not next to the block; 4 silent hops, then the target",
    );
}

#[test]
fn rule_5_other_needs_home_at_the_next_answering_ttl() {
    each_says(
        "175.45.176.10 icmp: lan level3 ttk-a ttk-b home
          => russia high ttk-b
          175.45.176.11 icmp: lan level3 nobody home
          => unknown low nobody",
    );
}

#[test]
fn rule_5_the_usual_gap_is_the_configurations() {
    let text = lasthop::targets::BUILT_IN.replace("usual_gap = 3", "usual_gap = 1");
    let targets = lasthop::targets::Targets::parse("t", &text).expect("a configuration");
    World::of(targets).each_says(
        "175.45.176.10 icmp: lan level3 * target
         => other low level3
         175.45.176.11 icmp: lan level3 * * target
         => unknown low level3",
    );
}

/// Three targets make it surer, and only then it is in the shares.
#[test]
fn rule_5_other_is_medium_where_home_answers_right_behind_it_for_three_targets() {
    each_says(
        "175.45.176.10+2 icmp: lan level3 home
          => other low level3
          175.45.176.10+3 icmp: lan level3 home
          => other medium level3: next hop is home; border shared with 2 traces of 175.45.176.0/24
          175.45.176.10+3 icmp: lan level3 private home
          => other low level3",
    );
}

/// A router without a route is nobody's border: in an outage all of them say so, the vantage's own provider
/// and a carrier in question alike.
#[test]
fn rule_5_where_a_router_has_no_route_the_trace_is_unreached_whoever_it_is() {
    for code in [0, 6, 8, 11] {
        each_says(&format!(
            "175.45.179.10+5 icmp: lan ntt level3!{code}
              => unreached low level3: a router has no route to it; network unreachable by 4.69.140.30
              175.45.179.10+5 icmp: lan level3 ttk-a ttk-b!{code}
              => unreached low ttk-b
              175.45.179.10 icmp: lan level3 ttk-a private!{code}
              => unreached low ttk-a
              175.45.179.10 icmp: lan nobody!{code}
              => unreached low nobody"
        ));
    }
}

#[test]
fn rule_5_a_router_without_a_route_is_none_where_home_answered_behind_it_in_this_run() {
    says(
        "175.45.179.10 icmp: lan level3 ttk-a ttk-b!0
          => russia low ttk-b
          175.45.179.11 icmp: lan level3 ttk-a ttk-b home
          => russia high ttk-b
          175.45.179.12 icmp: lan level3!0
          => unknown low level3
          175.45.178.10 icmp: lan level3 ttk-a ttk-b!0
          => unreached low ttk-b",
    );
}

#[test]
fn rule_5_a_refusal_by_somebody_else_is_an_early_death() {
    for code in [1, 3, 7, 9, 10, 12, 13] {
        each_says(&format!(
            "175.45.179.10+5 icmp: lan ntt level3!{code}
              => unreached low level3
              175.45.179.11 icmp: lan ntt level3 private!{code}
              => unreached low level3
              175.45.179.12 icmp: lan unicom-a level3!{code}
              => unknown low level3"
        ));
    }
}

/// A null route and a failed ARP say "host unreachable".
#[test]
fn rule_5_host_unreachable_is_silence_behind_the_router() {
    for code in [1, 7, 12] {
        each_says(&format!(
            "175.45.177.10 icmp: lan level3 ttk-b ttk-a!{code}
              => russia low ttk-a: host unreachable by 217.150.55.21; \
                 nothing else shows that this is the border
              175.45.177.10+3 icmp: lan level3 ttk-b ttk-a!{code}
              => russia medium ttk-a"
        ));
    }
}

#[test]
fn rule_5_a_trace_that_died_where_others_met_home_is_unknown() {
    says(
        "175.45.179.0+9 icmp: lan ntt level3 * * *
          => unknown low level3: died where other traces met home; silence behind it; border shared with \
             2 traces of 175.45.179.0/24
          175.45.179.20+3 icmp: lan ntt level3 home
          => other medium level3
          175.45.179.30 icmp: lan ntt * * *
          => unknown low ntt
          175.45.178.0 icmp: lan ntt level3 * * *
          => unreached low level3",
    );
}

#[test]
fn rule_5_other_must_be_attributable() {
    each_says(
        "175.45.176.10 icmp: lan nobody home
          => unknown low nobody (nobody, no source): nobody is known to hold it; next hop is home
          175.45.176.11 icmp: lan nobody!13
          => unknown low nobody",
    );
}

#[test]
fn rule_5_unreached_died_before_any_chinese_or_russian_carrier() {
    each_says(
        "175.45.176.10 icmp: lan cgn level3 ntt * * * * *
          => unreached low ntt: died before any carrier in question; silence behind it
          175.45.178.10 icmp: lan nobody * * *
          => unreached low nobody",
    );
}

/// The vantage's own failure is no outage.
#[test]
fn rule_7_where_nothing_outside_the_vantages_network_answered_nothing_is_said() {
    each_says(
        "175.45.177.10 icmp: * * * * *
          => unknown low -: no way out: nothing outside the vantage's own network answered; silence behind it
          175.45.176.10 icmp: lan * * * * *
          => unknown low -
          175.45.176.11 icmp: lan cgn * * *
          => unknown low -
          175.45.176.12 icmp: lan!0
          => unknown low -
          175.45.176.13 icmp: lan cgn!13
          => unknown low -
          175.45.178.11 icmp: lan level3!0
          => unreached low level3
          175.45.178.12 icmp: lan ttk-a!0
          => unknown low ttk-a",
    );
}

#[test]
fn rule_5_an_outage_is_unreached_everywhere() {
    let rows = World::new().rows("175.45.176.0+1024 icmp: lan cgn level3 * * * * *");
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[0], "175.45.176.0/22 unreached: unreached=1024; - -");
    assert_eq!(rows[4], "175.45.179.0/24 unreached: unreached=256; - -");
}

#[test]
fn rule_5_somebody_else_behind_a_carrier_and_then_silence_is_unknown() {
    each_says(
        "175.45.176.10 icmp: lan unicom-a level3 * * *
          => unknown low level3: died behind a carrier in question; silence behind it
          175.45.176.11 icmp: lan unicom-a nobody * * *
          => unknown low nobody
          175.45.176.12 icmp: lan unicom-a level3 private!1
          => unknown low level3: died behind a carrier in question; \
             host unreachable by 10.99.99.9; private hop 10.99.99.9 skipped",
    );
}

#[test]
fn rule_5_a_trace_cut_short_in_silence_is_unknown() {
    for stop in ["deadline", "interrupted"] {
        each_says(&format!(
            "175.45.176.10 icmp: lan level3 unicom-a unicom-b | {stop}
             => unknown low unicom-b: cut short: {stop}; silence behind it
             175.45.177.10 icmp: lan level3 * | {stop}
             => unknown low level3
             175.45.178.10 icmp: lan level3 ttk-a ttk-b home | {stop}
             => russia high ttk-b
             175.45.179.10 icmp: lan level3 ttk-a ttk-b!13 | {stop}
             => russia medium ttk-b"
        ));
    }
}

/// Not where it stayed within the carrier of its first public hop.
#[test]
fn rule_6_an_interrupted_trace_within_a_carrier_is_unknown() {
    says(
        "175.45.177.10 icmp: lan ttk-a * * | interrupted
         => unknown low ttk-a: cut short: interrupted; never left TransTeleCom, which the vantage may be a \
            customer of; silence behind it",
    );
}

#[test]
fn rule_5_an_interrupted_trace_that_met_silence_behind_a_carrier_keeps_its_class() {
    each_says(
        "175.45.177.10 icmp: lan level3 ttk-a ttk-b * * | interrupted
         => russia medium ttk-b: cut short: interrupted; silence behind it; a known border of \
            TransTeleCom (2025-12: nkinternet.com, 2025-12-08)
         175.45.178.10 icmp: lan level3 ttk-a ttk-b * | interrupted
         => unknown low ttk-b
         175.45.179.10 icmp: lan level3 * * * | interrupted
         => unknown low level3",
    );
}

#[test]
fn rule_7_a_trace_whose_last_ttl_still_answered_was_cut_off_and_is_unknown() {
    each_says(
        "175.45.176.10 icmp: lan level3 ntt | max-ttl
         => unknown low ntt: cut off at 3 hops; silence behind it
         175.45.177.10 icmp: lan level3 ttk-a ttk-b | max-ttl
         => unknown low ttk-b: cut off at 4 hops; silence behind it
         175.45.178.10 icmp: lan level3 ntt * | max-ttl
         => unreached low ntt
         175.45.179.10 icmp: lan level3 ttk-a ttk-b home | max-ttl
         => russia high ttk-b",
    );
}

// 7. Silence is not loss.

#[test]
fn rule_7_a_hop_that_answered_one_of_its_tries_is_not_silent() {
    each_says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b */*/*/cenbong */* */*
          => china medium cenbong: silence behind it; a known border of Cenbong (2022-05 to 2025-12: \
             nkinternet.com, 2025-12-08)
          175.45.176.11 icmp: lan level3 */*/unicom-a unicom-b home
          => china high unicom-b
          175.45.177.12 icmp: lan level3 */ttk-a ttk-b */* */*
          => russia medium ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08)",
    );
}

#[test]
fn rule_7_an_answer_of_home_to_a_late_try_is_an_answer() {
    each_says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b cenbong */*/home
          => china high cenbong: next hop is home",
    );
}

#[test]
fn rule_7_the_rtt_is_that_of_the_first_answer() {
    let last = one("175.45.176.10 icmp: lan level3 */cenbong@234/cenbong@900 home").border.last;
    assert_eq!(last.and_then(|last| last.rtt), Some(Duration::from_millis(234)));
}

// 8. Flows.

const TWO_FLOWS: &str = "175.45.178.10 icmp/0: lan level3 unicom-a unicom-b * * * target
                         175.45.178.10 icmp/1: lan level3 * ttk-b * * target";

#[test]
fn rule_8_flows_with_different_classes_are_two_traces() {
    assert_eq!(
        World::new().rows(TWO_FLOWS)[1],
        "175.45.178.0/24 mixed: china=1 russia=1; 0.50 0.50"
    );
    assert_eq!(World::new().split(TWO_FLOWS).block.targets, 1);
}

#[test]
fn rule_8_flows_never_make_one_path() {
    // Put together, these would be a Russian hop right before home.
    says(
        "175.45.178.10 icmp/0: lan level3 unicom-a unicom-b * * *
          => china medium unicom-b: silence behind it; a known border of China Unicom (2019: a UDP \
             traceroute of 2019-02 to 175.45.176.80); border differs from 1 trace of 175.45.178.0/24 \
             that ends at 188.43.225.153 (russia)
          175.45.178.10 icmp/1: lan level3 ttk-a * ttk-b * *
          => russia low ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08); 1 silent hop before it; border differs from 1 trace of \
             175.45.178.0/24 that ends at 219.158.39.42 (china)
          175.45.178.10 icmp/2: lan * * * home
          => unknown low -",
    );
}

#[test]
fn rule_8_methods_never_make_one_path_either() {
    says(
        "175.45.178.10 icmp: lan level3 unicom-a unicom-b * * *
          => china medium unicom-b
          175.45.178.10 udp: lan level3 ttk-a * ttk-b target
          => russia high ttk-b: next hop is home; \
             border differs from 1 trace of 175.45.178.0/24 that ends at 219.158.39.42 (china)",
    );
}

// 9. Destinations outside the block.

#[test]
fn rule_9_a_destination_outside_the_block_counts_nowhere() {
    let ours = "175.45.176.10 icmp: lan level3 unicom-a unicom-b cenbong home";
    let others = "175.45.175.255 icmp: lan level3 ttk-a ttk-b * * *
                  175.45.180.0 icmp: lan level3 ttk-a ttk-b home
                  8.8.8.8 icmp: lan level3 target";
    let world = World::new();
    assert_eq!(world.split(&format!("{others}\n{ours}\n{others}")), world.split(ours));
}

#[test]
fn rule_9_a_destination_outside_the_block_is_nobodys_neighbour() {
    says(
        "175.45.180.0+9 icmp: lan level3 unicom-a unicom-b cenbong home
          175.45.176.10 icmp: lan level3 unicom-a unicom-b * * *
          => china medium unicom-b: silence behind it; a known border of China Unicom (2019: a UDP \
             traceroute of 2019-02 to 175.45.176.80)",
    );
}

// 10. A prefix is what is routed.

#[test]
fn rule_10_a_prefix_is_what_is_routed_as_in_october_2017() {
    let rows = World::new().rows(
        "175.45.176.0+256 icmp: lan level3 ttk-a ttk-b * * *
         175.45.177.0+256 icmp: lan level3 unicom-a unicom-b * * *
         175.45.178.0+512 icmp: lan level3 ttk-a ttk-b * * *",
    );
    assert_eq!(
        rows,
        [
            "175.45.176.0/22 mixed: china=256 russia=768; 0.25 0.75",
            "175.45.176.0/24 russia: russia=256; 0.00 1.00",
            "175.45.177.0/24 china: china=256; 1.00 0.00",
            "175.45.178.0/24 russia: russia=256; 0.00 1.00",
            "175.45.179.0/24 russia: russia=256; 0.00 1.00",
        ]
    );
}

#[test]
fn rule_10_a_prefix_is_what_is_routed_as_in_december_2025() {
    let rows = World::new().rows(
        "175.45.176.71 icmp: lan level3 unicom-a unicom-b cenbong@234 * * * target
         175.45.177.10 icmp: lan level3 ttk-a ttk-b@186 * * * target
         175.45.178.1 icmp: lan level3 unicom-a unicom-b cenbong * * * target
         175.45.178.2 icmp: lan level3 ttk-a ttk-b * * * target",
    );
    assert_eq!(
        rows,
        [
            "175.45.176.0/22 mixed: china=2 russia=2; 0.50 0.50",
            "175.45.176.0/24 china: china=1; 1.00 0.00",
            "175.45.177.0/24 russia: russia=1; 0.00 1.00",
            "175.45.178.0/24 mixed: china=1 russia=1; 0.50 0.50",
        ]
    );
}
