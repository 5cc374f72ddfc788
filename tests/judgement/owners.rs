//! Rules 3 and 4: who holds the last foreign hop, in which order that is found out, and the class.

use lasthop::owner::Owner;

use crate::notation::{address, read};
use crate::world::{World, says};

/// How sure a class is with home right behind the only public hop: behind somebody who is not in question,
/// one who is may be hidden, and else a box at the vantage may have set TTL anew.
fn how_sure(class: &str) -> &'static str {
    if class == "other" { "low" } else { "medium" }
}

const KNOWN: [&str; 5] = [
    "4.69.0.0 4.69.255.255 3356 US LEVEL3",
    "59.44.0.0 59.44.0.255 41798 KZ TTC-AS",
    "129.250.0.0 129.250.255.255 2914 US NTT-COMMUNICATIONS-2914",
    "192.52.193.0 192.52.193.255 12389 RU ROSTELECOM-AS",
    "219.158.39.0 219.158.39.255 3356 US LEVEL3",
];

// 3. The order of the sources.

#[test]
fn rule_3_a_registered_prefix_decides_announced_or_not() {
    says(
        "175.45.176.10 icmp: lan unicom-b cenbong home
          => china medium cenbong (Cenbong, registered-prefix)
          175.45.179.10 icmp: lan telecom home
          => china medium telecom (China Telecom, registered-prefix)",
    );
}

#[test]
fn rule_3_a_registered_prefix_comes_before_the_table() {
    World::new().announced(&KNOWN).says(
        "175.45.176.10 icmp: lan unicom-b home
         => china medium unicom-b (China Unicom, registered-prefix)",
    );
}

#[test]
fn rule_3_the_table_comes_before_the_delegations() {
    says(
        "175.45.176.10 icmp: lan 59.44.0.1 home
          => china medium 59.44.0.1 (CN, registry)",
    );
    World::new().announced(&KNOWN).says(
        "175.45.176.10 icmp: lan 59.44.0.1 home
         => other low 59.44.0.1 (Transtelecom Kazakhstan, as-table)",
    );
}

#[test]
fn rule_3_the_delegations_say_the_country_only() {
    says(
        "175.45.176.10 icmp: lan level3 home
          => other low level3 (US, registry)",
    );
}

#[test]
fn rule_3_the_table_comes_before_the_router_name() {
    World::new().announced(&KNOWN).named("nobody", "a.transtelecom.net").says(
        "175.45.176.10 icmp: lan nobody home
         => russia medium nobody (Rostelecom, as-table)",
    );
    World::new().announced(&KNOWN).named("ntt", "a.transtelecom.net").says(
        "175.45.176.10 icmp: lan ntt home
         => other low ntt (AS2914, as-table)",
    );
}

#[test]
fn rule_3_a_router_name_is_matched_on_a_label_boundary() {
    let named = |name: &str, expected: &str| {
        World::new()
            .named("nobody", name)
            .says(&format!("175.45.177.10 icmp: lan nobody home\n=> {expected}"));
    };
    named("mskn15.transtelecom.net", "russia medium nobody (TransTeleCom, router-name)");
    named("Customer-gw.TransTeleCom.NET.", "russia medium nobody (TransTeleCom, router-name)");
    named("transtelecom.net", "russia medium nobody (TransTeleCom, router-name)");
    for name in [
        "trans-telecom-0.a00.frnkge07.de.bb.gin.ntt.net",
        "nottranstelecom.net",
        "transtelecom.net.example.org",
        "mskn15.transtelecom",
    ] {
        named(name, "unknown low nobody (nobody, no source)");
    }
}

#[test]
fn rule_3_a_special_address_has_no_owner_whatever_a_table_says() {
    let world = World::new().announced(&["10.99.99.0 10.99.99.255 4837 CN CHINA169"]);
    world.says(
        "175.45.177.10 icmp: lan level3 ttk-a ttk-b private home
         => russia low ttk-b (TransTeleCom, registered-prefix)",
    );
    assert_eq!(world.owners().of(address("private")), Owner::default());
}

#[test]
fn rule_3_the_way_is_told_by_the_as_that_are_known_each_once_in_a_row() {
    let world = World::new().announced(&KNOWN);
    let judged =
        world.judge(&read("175.45.177.10 icmp: lan 4.69.1.1 4.69.1.2 ttk-b ntt level3 home"));
    assert_eq!(judged[0].as_path, [3356, 2914, 3356]);
}

// 4. The class is who operates the transit.

#[test]
fn rule_4_the_carrier_decides_before_the_country_of_its_as() {
    for (asn, country, class) in [
        (10_099, "HK", "china"),
        (19_174, "US", "china"),
        (23_764, "HK", "china"),
        (58_453, "HK", "china"),
        (134_543, "HK", "china"),
        (134_544, "HK", "china"),
        (20_485, "DE", "russia"),
        (9_002, "RU", "other"),
        (41_798, "RU", "other"),
        (22_351, "CN", "other"),
    ] {
        let row = format!("192.52.193.0 192.52.193.255 {asn} {country} X");
        let sure = how_sure(class);
        let text = format!("175.45.176.10 icmp: lan nobody home\n=> {class} {sure} nobody");
        World::new().announced(&[&row]).says(&text);
    }
}

#[test]
fn rule_4_without_a_carrier_the_country_of_the_as_decides() {
    for (country, class) in [("CN", "china"), ("RU", "russia"), ("HK", "other"), ("KZ", "other")] {
        let row = format!("192.52.193.0 192.52.193.255 400000 {country} X");
        let text = format!(
            "175.45.176.10 icmp: lan nobody home\n=> {class} {} nobody (AS400000, as-table)",
            how_sure(class)
        );
        World::new().announced(&[&row]).says(&text);
    }
}

#[test]
fn rule_4_the_country_of_the_as_comes_before_that_of_the_addresses() {
    let row = "59.44.0.0 59.44.0.255 400000 US X";
    World::new().announced(&[row]).says(
        "175.45.176.10 icmp: lan 59.44.0.1 home
         => other low 59.44.0.1 (AS400000, as-table)",
    );
}

#[test]
fn rule_4_cenbong_is_china_and_reported_apart() {
    let split =
        World::new().split("175.45.176.10 icmp: lan unicom-a unicom-b cenbong * * * target");
    assert_eq!(split.block.carriers, [("Cenbong".to_owned(), 1)]);
    assert_eq!(split.block.verdict, split.routed[0].verdict);
    says(
        "175.45.176.10 icmp: lan unicom-a unicom-b cenbong * * * target
          => china high cenbong (Cenbong, registered-prefix)",
    );
}

#[test]
fn rule_4_kazakhstans_transtelecom_is_not_russian() {
    World::new().announced(&["192.52.193.0 192.52.193.255 41798 KZ TTC-AS JSC Transtelecom"]).says(
        "175.45.177.10 icmp: lan level3 nobody home
             => other low nobody (Transtelecom Kazakhstan, as-table): next hop is home; \
                a carrier with a class may be silent behind it",
    );
}
