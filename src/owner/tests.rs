//! The order of the sources, a test for each rule.

use super::cymru::{Announcement, AsRegistration};
use super::*;

/// One carrier of each kind: with a prefix, with an AS, with a domain, and two of class other.
const CONFIGURATION: &str = r#"
[block]
prefix = "175.45.176.0/22"
routed_length = 24
asn = 131279

[[class]]
name = "china"
countries = ["CN"]

[[class]]
name = "russia"
countries = ["RU"]

[[carrier]]
name = "Cenbong"
class = "china"
asns = [134544]
prefixes = ["103.35.252.0/22"]

[[carrier]]
name = "China Unicom"
class = "china"
asns = [4837, 10099]

[[carrier]]
name = "TransTeleCom"
class = "russia"
asns = [20485]
router_names = ["transtelecom.net"]

[[carrier]]
name = "Transtelecom Kazakhstan"
class = "other"
asns = [41798]

[[carrier]]
name = "RETN"
class = "other"
prefixes = ["87.245.192.0/18"]

[[special]]
name = "private"
prefixes = ["10.0.0.0/8"]

[[ixp]]
name = "DE-CIX"
prefixes = ["80.81.192.0/21"]
"#;

/// Ranges on which the tests stand. 59.43.0.0/16 is delegated to China, 188.128.0.0/17 to Russia,
/// 103.35.252.0/22 to Hong Kong, 129.250.0.0/16 to the United States.
const TABLE: &str = "\
    10.0.0.0\t10.255.255.255\t4837\tCN\tSQUATTED\n\
    59.43.0.0\t59.43.0.255\t2914\tUS\tNTT\n\
    59.43.1.0\t59.43.1.255\t64512\tCN\tPRIVATE\n\
    59.43.2.0\t59.43.2.255\t3257\tNone\tGTT\n\
    80.81.192.0\t80.81.199.255\t4837\tCN\tLEAKED\n\
    87.245.192.0\t87.245.255.255\t20485\tRU\tTTK\n\
    103.35.252.0\t103.35.254.255\t134544\tHK\tCENBONGT\n\
    129.250.0.0\t129.250.0.255\t2914\tUS\tNTT-DATA-2914\n\
    129.250.1.0\t129.250.1.255\t10099\tHK\tUNICOM-GLOBAL\n\
    129.250.2.0\t129.250.2.255\t9498\tRU\tSOMEBODY\n\
    188.128.0.0\t188.128.0.255\t41798\tKZ\tKAZTRANSCOM\n";

fn targets() -> Targets {
    Targets::parse("tests.toml", CONFIGURATION).expect("a right configuration")
}

fn address(text: &str) -> Ipv4Addr {
    text.parse().expect("address")
}

/// An answer in a line: carrier, class, AS, country and what it is of, range, source.
fn as_line(targets: &Targets, owner: &Owner) -> String {
    let word = |word: Option<String>| word.unwrap_or_else(|| "-".into());
    let words = [
        word(owner.carrier.as_ref().map(|carrier| carrier.name.clone())),
        word(owner.class.map(|class| targets.classes.name(class).to_owned())),
        word(owner.origin.as_ref().map(|origin| format!("AS{}", origin.asn))),
        word(owner.country.map(|country| country.to_string())),
        word(owner.country_of.map(|of| of.to_string())),
        word(owner.range.map(|range| range.to_string())),
        word(owner.source.map(|source| source.to_string())),
    ];
    words.join(" | ")
}

/// With the table (or without), and with these records.
fn answer(text: &str, table: bool, records: DnsRecords) -> String {
    let targets = targets();
    let mut owners = Owners::new(&targets);
    if table {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.tsv");
        std::fs::write(&path, TABLE).expect("written");
        owners = owners.with_table(AsTable::open(&path).expect("a right table"));
    }
    owners.add_records(records);
    as_line(&targets, &owners.of(address(text)))
}

fn by_table(text: &str) -> String {
    answer(text, true, DnsRecords::default())
}

fn router(text: &str, name: &str) -> DnsRecords {
    let mut records = DnsRecords::default();
    records.add_router_name(address(text), name);
    records
}

fn announced(text: &str, asn: u32, country: Option<&str>) -> DnsRecords {
    let mut records = DnsRecords::default();
    let prefix = ipnet::Ipv4Net::new(address(text), 24).expect("length").trunc();
    records.add_announcement(address(text), Announcement { asn, prefix });
    if let Some(country) = country {
        let country = country.parse().ok();
        records.add_registration(asn, AsRegistration { name: Some("A".into()), country });
    }
    records
}

#[test]
fn a_special_address_has_no_owner_whatever_a_table_or_a_name_has() {
    for special in ["10.0.0.1", "80.81.192.1"] {
        let records = router(special, "a.transtelecom.net");
        assert_eq!(answer(special, true, records), "- | - | - | - | - | - | -");
    }
}

#[test]
fn a_registered_prefix_needs_no_announcement_and_gives_the_as_of_a_carrier_that_has_one() {
    assert_eq!(
        by_table("103.35.255.254"),
        "Cenbong | china | AS134544 | HK | delegation | 103.35.252.0/22 | registered-prefix"
    );
}

#[test]
fn a_registered_prefix_beats_the_table_and_keeps_its_as() {
    assert_eq!(
        by_table("103.35.254.1"),
        "Cenbong | china | AS134544 | HK | AS registration | 103.35.252.0/22 | registered-prefix"
    );
    assert_eq!(
        by_table("87.245.192.1"),
        "RETN | - | AS20485 | RU | AS registration | 87.245.192.0/18 | registered-prefix"
    );
}

#[test]
fn a_registered_prefix_beats_a_router_name() {
    assert_eq!(
        answer("103.35.255.254", false, router("103.35.255.254", "a.transtelecom.net")),
        "Cenbong | china | AS134544 | HK | delegation | 103.35.252.0/22 | registered-prefix"
    );
}

#[test]
fn a_carriers_as_beats_the_country_in_which_it_is_registered() {
    assert_eq!(
        by_table("129.250.1.1"),
        "China Unicom | china | AS10099 | HK | AS registration | 129.250.1.0/24 | as-table"
    );
}

#[test]
fn a_carrier_of_class_other_is_other_in_every_country() {
    assert_eq!(
        by_table("188.128.0.1"),
        "Transtelecom Kazakhstan | - | AS41798 | KZ | AS registration | 188.128.0.0/24 | as-table"
    );
}

#[test]
fn without_a_carrier_the_country_of_the_as_gives_the_class() {
    assert_eq!(
        by_table("129.250.2.1"),
        "- | russia | AS9498 | RU | AS registration | 129.250.2.0/24 | as-table"
    );
}

#[test]
fn the_country_of_the_as_beats_the_delegation() {
    assert_eq!(
        by_table("59.43.0.1"),
        "- | - | AS2914 | US | AS registration | 59.43.0.0/24 | as-table"
    );
}

#[test]
fn an_as_of_unknown_country_has_the_class_of_the_delegation() {
    assert_eq!(
        by_table("59.43.2.1"),
        "- | china | AS3257 | CN | delegation | 59.43.2.0/24 | as-table"
    );
}

#[test]
fn without_an_as_the_delegation_gives_country_and_class() {
    assert_eq!(by_table("59.43.187.57"), "- | china | - | CN | delegation | - | registry");
    assert_eq!(
        answer("129.250.0.1", false, DnsRecords::default()),
        "- | - | - | US | delegation | - | registry"
    );
}

#[test]
fn a_private_as_is_no_origin() {
    assert_eq!(by_table("59.43.1.1"), "- | china | - | CN | delegation | - | registry");
}

#[test]
fn a_router_name_beats_a_mere_delegation() {
    let records = router("59.43.187.57", "mskn01.TransTelecom.net.");
    assert_eq!(
        answer("59.43.187.57", true, records),
        "TransTeleCom | russia | - | CN | delegation | - | router-name"
    );
}

#[test]
fn a_router_name_never_beats_a_known_as() {
    let records = router("129.250.0.1", "customer.transtelecom.net");
    assert_eq!(
        answer("129.250.0.1", true, records),
        "- | - | AS2914 | US | AS registration | 129.250.0.0/24 | as-table"
    );
    let mut records = router("129.250.0.1", "customer.transtelecom.net");
    records.merge(announced("129.250.0.1", 2914, None));
    assert_eq!(
        answer("129.250.0.1", false, records),
        "- | - | AS2914 | US | delegation | 129.250.0.0/24 | cymru"
    );
}

#[test]
fn a_router_name_is_kept_even_where_it_does_not_decide() {
    let targets = targets();
    let mut owners = Owners::new(&targets);
    let name = "trans-telecom-0.a00.frnkge07.de.bb.gin.ntt.net";
    owners.add_records(router("213.198.82.158", &format!("{name}.\u{1b}")));
    let owner = owners.of(address("213.198.82.158"));
    assert_eq!(owner.router_name.as_deref(), Some(name));
    assert_eq!(owner.carrier, None);
}

#[test]
fn name_servers_find_the_as_that_no_table_has() {
    assert_eq!(
        answer("129.250.1.1", false, announced("129.250.1.1", 4837, Some("CN"))),
        "China Unicom | china | AS4837 | CN | AS registration | 129.250.1.0/24 | cymru"
    );
    assert_eq!(
        answer("59.43.1.1", true, announced("59.43.1.1", 12_345, Some("RU"))),
        "- | russia | AS12345 | RU | AS registration | 59.43.1.0/24 | cymru"
    );
}

#[test]
fn the_table_beats_name_servers() {
    assert_eq!(
        answer("129.250.0.1", true, announced("129.250.0.1", 4837, Some("CN"))),
        "- | - | AS2914 | US | AS registration | 129.250.0.0/24 | as-table"
    );
}

#[test]
fn an_address_that_nobody_knows_has_an_empty_owner() {
    // 0.0.0.0/8 is not special in this configuration, and delegated to nobody.
    let targets = targets();
    let owner = Owners::new(&targets).of(address("0.0.0.1"));
    assert_eq!(owner, Owner::default());
    assert!(!owner.is_known());
}

#[test]
fn queries_are_for_router_names_and_missing_origins() {
    let targets = targets();
    let mut owners = Owners::new(&targets);
    owners.add_records(announced("129.250.0.1", 2914, None));
    let addresses = ["10.0.0.1", "129.250.0.1", "59.43.187.57", "59.43.187.57"].map(address);
    let expected = dns::Queries::new(
        &targets.specials,
        ["129.250.0.1", "59.43.187.57"].map(address),
        ["59.43.187.57"].map(address),
    );
    assert_eq!(owners.queries(&addresses), expected);
    assert!(owners.queries(&addresses[..1]).is_empty());
}

#[test]
fn a_delegation_has_the_country_of_the_holder() {
    let code = |text: &str| {
        country_code(text.parse().expect("address")).map(|country| country.to_string())
    };
    assert_eq!(code("175.45.176.1").as_deref(), Some("KP"));
    assert_eq!(code("59.43.187.57").as_deref(), Some("CN"));
    assert_eq!(code("103.35.255.254").as_deref(), Some("HK"));
    assert_eq!(code("1.1.1.1").as_deref(), Some("AU"));
    assert_eq!(code("10.0.0.1"), None);
    assert_eq!(code("0.0.0.0"), None);
    assert_eq!(code("255.255.255.255"), None);
}
