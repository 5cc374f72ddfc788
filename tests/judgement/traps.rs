//! Traps that were seen in real traces, where they concern judgement.

use lasthop::border::Behind;

use crate::world::{World, each_says, one};

/// What surrounds the places that nobody announces.
const ANNOUNCED: [&str; 6] = [
    "69.22.128.0 69.22.191.255 3257 US GTT-BACKBONE",
    "103.35.252.0 103.35.254.255 134544 HK CENBONG",
    "210.14.160.0 210.14.160.255 4808 CN CHINA169-BJ",
    "213.198.64.0 213.198.127.255 2914 US NTT-COMMUNICATIONS-2914",
    "219.158.1.0 219.158.26.255 4837 CN CHINA169-BACKBONE",
    "219.158.96.0 219.158.127.255 4837 CN CHINA169-BACKBONE",
];

#[test]
fn trap_1_no_origin_as_at_the_deciding_hop() {
    let world = World::new().announced(&ANNOUNCED);
    for (address, carrier) in [
        ("cenbong", "Cenbong"),
        ("telecom", "China Telecom"),
        ("210.78.28.1", "China Unicom"),
        ("210.14.161.1", "China Unicom"),
        ("219.158.48.1", "China Unicom"),
        ("219.158.95.1", "China Unicom"),
    ] {
        world.each_says(&format!(
            "175.45.176.10 icmp: lan level3 unicom-a {address} home
             => china high {address} ({carrier}, registered-prefix)"
        ));
    }
}

#[test]
fn trap_2_registered_in_one_country_and_used_in_another() {
    // Delegated to Britain, announced by China Unicom Global, which is registered in Hong Kong.
    World::new().announced(&["213.198.82.0 213.198.82.255 10099 HK UNICOM-GLOBAL"]).each_says(
        "175.45.176.10 icmp: lan level3 unicom-a 213.198.82.158 home
         => china high 213.198.82.158 (China Unicom, as-table)",
    );
}

#[test]
fn trap_3_a_neighbours_link_address_with_the_others_name() {
    World::new()
        .announced(&ANNOUNCED)
        .named("213.198.82.158", "trans-telecom-0.a00.frnkge07.de.bb.gin.ntt.net")
        .named("69.22.153.146", "as4837.xe-1-0-0.ar1.pao1.us.nlayer.net")
        .named("nobody", "rostelecom-gw.moscow.gldn.net")
        .each_says(
            "175.45.177.10 icmp: lan 213.198.82.158 home
             => other low 213.198.82.158 (AS2914, as-table)
             175.45.177.11 icmp: lan 69.22.153.146 home
             => other low 69.22.153.146 (AS3257, as-table)
             175.45.177.12 icmp: lan nobody home
             => russia medium nobody (VimpelCom, router-name)",
        );
}

#[test]
fn trap_3_the_name_deceives_no_more_without_a_table() {
    World::new()
        .named("213.198.82.158", "trans-telecom-0.a00.frnkge07.de.bb.gin.ntt.net")
        .named("69.22.153.146", "as4837.xe-1-0-0.ar1.pao1.us.nlayer.net")
        .each_says(
            "175.45.177.10 icmp: lan 213.198.82.158 home
             => other low 213.198.82.158 (GB, registry)
             175.45.177.11 icmp: lan 69.22.153.146 home
             => other low 69.22.153.146 (US, registry)",
        );
}

#[test]
fn trap_4_peering_lans_of_exchanges() {
    for (address, exchange) in [
        ("80.81.199.255", "DE-CIX"),
        ("195.69.147.1", "AMS-IX"),
        ("206.81.80.20", "SIX"),
        ("202.40.161.50", "HKIX"),
        ("194.68.128.7", "Netnod"),
        ("195.208.215.7", "MSK-IX"),
    ] {
        each_says(&format!(
            "175.45.177.10 icmp: lan level3 ttk-a ttk-b {address} home
             => russia low ttk-b: next hop is home; {exchange} exchange hop {address} skipped"
        ));
    }
}

#[test]
fn trap_5_private_hops_inside_ttk_and_cgnat_before_the_first_carrier() {
    each_says(
        "175.45.177.10 icmp: lan cgn ttk-a private 10.0.9.57 ttk-b * * * target
          => russia high ttk-b
          175.45.177.11 icmp: lan cgn ttk-a private 10.0.9.57 * * *
          => unknown low ttk-a
          175.45.177.12 icmp: lan cgn level3 ttk-a private 10.0.9.57 * * *
          => russia low ttk-a",
    );
}

#[test]
fn trap_5_squatted_public_space_is_no_evidence_of_somebody_else() {
    each_says(
        "175.45.176.10 icmp: lan 11.73.0.153 telecom unicom-a cenbong home
          => china high cenbong
          175.45.176.11 icmp: lan telecom unicom-a 11.73.0.153 * * *
          => unknown low 11.73.0.153
          175.45.176.12 icmp: lan 11.73.0.153 * * *
          => unreached low 11.73.0.153",
    );
}

#[test]
fn trap_5_a_home_router_that_calls_itself_1_1_1_1_decides_nothing() {
    each_says(
        "175.45.177.10 icmp: 1.1.1.1 cgn ttk-a ttk-b * * * target
          => russia high ttk-b
          175.45.177.11 icmp: 1.1.1.1 * * * * *
          => unreached low 1.1.1.1",
    );
}

#[test]
fn trap_6_of_two_chinese_operators_in_a_row_the_last_counts() {
    each_says(
        "175.45.176.10 icmp: lan telecom unicom-a unicom-b * * * target
          => china high unicom-b (China Unicom, registered-prefix)
          175.45.177.10 icmp: lan unicom-a telecom * * * target
          => china high telecom (China Telecom, registered-prefix)",
    );
}

#[test]
fn trap_6_russia_first_and_china_last_is_china() {
    each_says(
        "175.45.176.10 icmp: lan ttk-a ttk-b unicom-a cenbong * * * target
          => china high cenbong
          175.45.177.10 icmp: lan unicom-a unicom-b ttk-a ttk-b * * * target
          => russia high ttk-b",
    );
}

#[test]
fn trap_7_a_prohibition_at_many_ttls_is_final_and_not_the_target() {
    let line = "175.45.176.80 udp: lan level3 unicom-a unicom-b!13 * unicom-b!13 unicom-b!13 \
                unicom-b!13 * unicom-b!13 unicom-b!13 unicom-b!13";
    each_says(&format!(
        "{line}\n=> china medium unicom-b: administratively prohibited by 219.158.39.42"
    ));
    let border = one(line).border;
    assert_eq!(border.last.map(|last| last.ttl.get()), Some(4));
    assert!(matches!(border.behind, Behind::Unreachable { code: 13, .. }), "{:?}", border.behind);
}

#[test]
fn trap_8_the_same_host_at_two_ttls_is_at_the_lower_one() {
    let behind = one("175.45.177.10 icmp: lan ttk-a ttk-b * * * target target").border.behind;
    assert!(matches!(behind, Behind::Home { gap: 3, target: true, ttl } if ttl.get() == 7));
}

#[test]
fn trap_8_the_same_border_router_at_two_ttls_is_one_hop() {
    let border = one("175.45.177.10 icmp: lan ttk-a ttk-b ttk-b * * target").border;
    assert_eq!(border.last.map(|last| last.ttl.get()), Some(3));
    assert!(matches!(border.behind, Behind::Home { gap: 2, .. }), "{:?}", border.behind);
    assert_eq!(border.path.len(), 2);
}

#[test]
fn trap_8_a_loop_between_two_border_routers_ends_at_the_farther_one() {
    for hops in ["ttk-b ttk-a ttk-b ttk-a", "ttk-b ttk-a ttk-b ttk-a ttk-b"] {
        each_says(&format!(
            "175.45.177.10 icmp: lan level3 ttk-a {hops} | loop
             => russia medium ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
                nkinternet.com, 2025-12-08)"
        ));
    }
    each_says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b cenbong unicom-b cenbong unicom-b | loop
          => china medium cenbong: silence behind it; a known border of Cenbong (2022-05 to 2025-12: \
             nkinternet.com, 2025-12-08)",
    );
}

#[test]
fn trap_9_several_addresses_on_one_ttl() {
    each_says(
        "175.45.176.10 icmp: lan level3/ntt/level3 unicom-a/telecom unicom-b/*/unicom-b home
          => china high unicom-b: next hop is home
          175.45.177.10 icmp: lan level3 ttk-a/ttk-b * * *
          => russia medium ttk-b",
    );
}

#[test]
fn trap_9_a_name_cut_short_names_nobody() {
    World::new().named("nobody", "mskn15-lo1.transtelecom.n").each_says(
        "175.45.177.10 icmp: lan nobody home
         => unknown low nobody (nobody, no source)",
    );
}

// Traces that were published, in the shape in which they were; each alone in its file.

/// February 2019, UDP from New York to 175.45.176.80: China Unicom's router prohibits, at TTLs 16 to 59.
#[test]
fn published_2019_a_prohibition_by_china_unicom_between_silent_ttls() {
    let silent = |count: usize| "* ".repeat(count);
    let line = format!(
        "175.45.176.80 udp: lan cgn level3 4.69.1.1 4.69.1.2 4.69.1.3 * 4.69.1.5 219.158.96.1 * \
         219.158.102.214 219.158.3.1 {}unicom-b!13 {}unicom-b!13 {}unicom-b!13 {}unicom-b!13 * \
         | unreachable",
        silent(3),
        silent(2),
        silent(2),
        silent(9)
    );
    each_says(&format!(
        "{line}\n=> china medium unicom-b (China Unicom, registered-prefix): \
         administratively prohibited by 219.158.39.42"
    ));
    assert_eq!(one(&line).border.last.map(|last| last.ttl.get()), Some(16));
}

/// May 2022 and December 2025: the last hop, three silent TTLs, and a host that answers at two.
#[test]
fn published_2022_and_2025_three_silent_ttls_before_a_host_that_answers_twice() {
    each_says(
        "175.45.176.71 icmp: lan cgn level3 4.69.1.1 219.158.102.214 219.158.3.1 unicom-b cenbong \
         * * * target target
          => china high cenbong (Cenbong, registered-prefix): 3 silent hops, then the target
          175.45.177.10 icmp: lan cgn 62.115.140.213 62.115.136.200 217.150.55.21 188.43.28.9 ttk-b \
          * * * target target
          => russia high ttk-b (TransTeleCom, registered-prefix): 3 silent hops, then the target
          175.45.176.71 icmp: lan cgn level3 219.158.102.214 219.158.3.1 unicom-b cenbong * * * * *
          => china medium cenbong: silence behind it; a known border of Cenbong (2022-05 to 2025-12: \
             nkinternet.com, 2025-12-08)
          175.45.177.10 icmp: lan cgn 62.115.140.213 * 188.43.28.9 private ttk-b * * * * *
          => russia medium ttk-b: silence behind it; a known border of TransTeleCom (2025-12: \
             nkinternet.com, 2025-12-08)",
    );
}

/// Behind NAT, in overlay networks, or where a router is numbered from the block.
#[test]
fn a_home_address_early_on_the_path_ends_nothing() {
    each_says(
        "175.45.176.9 icmp: 175.45.176.9 cgn level3 unicom-a cenbong * * * target
         => china high cenbong
         175.45.176.10 icmp: lan cgn level3 175.45.176.10 unicom-a cenbong home target
         => china high cenbong
         175.45.177.10 icmp: lan home level3 ttk-a ttk-b * * * home
         => russia high ttk-b
         175.45.178.10 icmp: target level3 ttk-a ttk-b * * * * *
         => russia medium ttk-b",
    );
    for line in [
        "175.45.177.9 icmp: 175.45.177.9 cgn level3 ttk-a ttk-b 175.45.177.9 * * *",
        "175.45.177.9 icmp: 175.45.177.9 cgn level3 ttk-a ttk-b * * *",
        "175.45.177.9 icmp: lan cgn level3 175.45.177.9 ttk-a ttk-b * * *",
    ] {
        let border = one(line).border;
        assert!(!border.reached(), "{line}");
        assert_eq!(border.last.map(|last| last.address), Some(crate::notation::address("ttk-b")));
    }
}

/// A router of the block may answer from the address of its uplink, and a loop at the border shows the
/// same router twice.
#[test]
fn one_foreign_address_behind_home_leaves_the_border() {
    each_says(
        "175.45.177.10 icmp: lan level3 ttk-a ttk-b home nobody * * *
         => russia high ttk-b
         175.45.177.11 icmp: lan level3 ttk-a ttk-b home ttk-b home ttk-b
         => russia high ttk-b",
    );
}
