use super::*;
use crate::columns;

const BLOCK: &str = "[block]\nprefix = \"192.0.2.0/24\"\nrouted_length = 25\nasn = 64500\n\n[[class]]\nname = \"north\"\ncountries = [\"NO\"]\n\n[[class]]\nname = \"south\"\n\n";

/// The message for a file that is `BLOCK` (11 lines and an empty one) and then `rest`.
fn refused(rest: &str) -> String {
    match Targets::parse("t.toml", &format!("{BLOCK}{rest}")) {
        Ok(_) => "accepted".into(),
        Err(error) => error.to_string(),
    }
}

fn built_in() -> Targets {
    Targets::built_in().expect("the built-in file is right")
}

fn carrier_of(address: &str) -> Option<String> {
    let targets = built_in();
    let address = address.parse().expect("address");
    targets.carriers.of_address(address).map(|(carrier, _)| carrier.name.clone())
}

#[test]
fn the_built_in_file_names_both_sides_without_any_table() {
    assert_eq!(carrier_of("103.35.255.254").as_deref(), Some("Cenbong"));
    assert_eq!(carrier_of("219.158.39.42").as_deref(), Some("China Unicom"));
    assert_eq!(carrier_of("219.158.64.1").as_deref(), Some("China Unicom"));
    assert_eq!(carrier_of("188.43.225.153").as_deref(), Some("TransTeleCom"));
    assert_eq!(carrier_of("202.97.12.1").as_deref(), Some("China Telecom"));
    assert_eq!(carrier_of("202.97.128.1").as_deref(), Some("China Unicom"));
    assert_eq!(carrier_of("8.8.8.8"), None);
}

#[test]
fn neighbouring_as_numbers_are_not_a_range() {
    let targets = built_in();
    let name = |asn| targets.carriers.of_asn(asn).map(|carrier| carrier.name.as_str());
    assert_eq!(name(134_543), Some("China Unicom"));
    assert_eq!(name(134_544), Some("Cenbong"));
    assert_eq!(name(134_545), None);
}

#[test]
fn kazakhstans_transtelecom_and_retn_are_not_russian() {
    let targets = built_in();
    for asn in [41_798, 9_002] {
        assert_eq!(targets.carriers.of_asn(asn).map(|carrier| carrier.class), Some(None));
    }
}

#[test]
fn special_and_exchange_addresses_name_nobody() {
    let targets = built_in();
    let special =
        |text: &str| targets.specials.of(text.parse().expect("address")).map(ToString::to_string);
    assert_eq!(special("10.99.99.9").as_deref(), Some("private"));
    assert_eq!(special("100.127.255.255").as_deref(), Some("shared"));
    assert_eq!(special("169.254.1.1").as_deref(), Some("link-local"));
    assert_eq!(special("80.81.199.1").as_deref(), Some("DE-CIX exchange"));
    assert_eq!(special("255.255.255.255").as_deref(), Some("reserved"));
    assert_eq!(special("100.128.0.0"), None);
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let message = refused("[[carrier]]\nname = \"A\"\nclass = \"north\"\nasn = [1]\n");
    assert!(message.starts_with("t.toml:16: unknown field `asn`, expected one of"), "{message}");
}

#[test]
fn broken_toml_is_refused_with_its_line() {
    let message = refused("[[carrier]\n");
    assert!(message.starts_with("t.toml:13: "), "{message}");
    let message = Targets::parse("t.toml", "").expect_err("empty").to_string();
    assert_eq!(message, "t.toml:1: missing field `block`");
}

#[test]
fn a_malformed_prefix_is_refused() {
    for (prefix, expected) in [
        (
            "10.0.0.0/33",
            "t.toml:16: `10.0.0.0/33`: expected an IPv4 prefix such as 175.45.176.0/22",
        ),
        (
            "10.0.0.1/24",
            "t.toml:16: `10.0.0.1/24` has bits behind its length: expected 10.0.0.0/24",
        ),
        ("10.0.0.1", "t.toml:16: `10.0.0.1`: expected an IPv4 prefix such as 175.45.176.0/22"),
    ] {
        let rest =
            format!("[[carrier]]\nname = \"A\"\nclass = \"north\"\nprefixes = [\"{prefix}\"]\n");
        assert_eq!(refused(&rest), expected);
    }
}

#[test]
fn a_block_has_hosts() {
    for prefix in ["0.0.0.0/24", "127.0.0.0/16", "224.0.0.0/24", "239.0.0.0/8", "255.255.255.0/24"]
    {
        let text = format!(
            "[block]\nprefix = \"{prefix}\"\nrouted_length = 24\nasn = 1\nholder = \"x\"\n"
        );
        let error = Targets::parse("x.toml", &text).unwrap_err().to_string();
        assert!(error.starts_with("x.toml:2: ") && error.contains("addresses of hosts"), "{error}");
    }
}

#[test]
fn overlapping_prefixes_are_refused_in_either_order() {
    for (first, second) in [("10.0.0.0/8", "10.1.0.0/16"), ("10.1.0.0/16", "10.0.0.0/8")] {
        let rest = format!(
            "[[carrier]]\nname = \"A\"\nclass = \"north\"\nprefixes = [\"{first}\"]\n\
             [[special]]\nname = \"B\"\nprefixes = [\"{second}\"]\n"
        );
        assert_eq!(
            refused(&rest),
            format!("t.toml:19: {second} of B overlaps {first} of A: expected separate prefixes")
        );
    }
    let own = "[[carrier]]\nname = \"A\"\nclass = \"north\"\nprefixes = [\"192.0.2.128/25\"]\n";
    assert!(refused(own).contains("overlaps 192.0.2.0/24 of the block"), "{}", refused(own));
}

#[test]
fn a_carrier_in_two_classes_is_refused() {
    let rest = "[[carrier]]\nname = \"A\"\nclass = \"north\"\n[[carrier]]\nname = \"A\"\nclass = \"south\"\n";
    assert_eq!(refused(rest), "t.toml:17: carrier `A` is in classes north and south: expected one");
    let rest = "[[carrier]]\nname = \"A\"\nclass = \"north\"\nasns = [7]\n\
                [[carrier]]\nname = \"B\"\nclass = \"south\"\nasns = [7]\n";
    assert_eq!(refused(rest), "t.toml:20: AS7 is given to A and B: expected one carrier");
}

#[test]
fn a_class_nobody_declared_is_refused() {
    let rest = "[[carrier]]\nname = \"A\"\nclass = \"east\"\n";
    assert_eq!(refused(rest), "t.toml:15: class `east`: expected north, south or other");
}

#[test]
fn a_class_may_not_take_a_columns_name() {
    let fixed = columns::TABLES.iter().flat_map(|table| table.names(table.schema(), &[]));
    let words = ["mixed", "silent", "x_share", "x_low", "x_high"].map(str::to_owned);
    for name in fixed.chain(words) {
        let expected =
            format!("t.toml:14: class `{name}`: the summary has a column or word of that");
        let message = refused(&format!("[[class]]\nname = \"{name}\"\n"));
        assert!(message.starts_with(&expected), "{message}");
    }
    let rest = "[[class]]\nname = \"North\"\n";
    assert!(refused(rest).starts_with("t.toml:14: class `North`: expected small letters"));
    let rest = "[[class]]\nname = \"south\"\n";
    assert_eq!(refused(rest), "t.toml:14: class `south` stands twice: expected once");
}

#[test]
fn a_known_host_is_in_the_block() {
    let host = |address: &str| {
        format!("[[host]]\naddress = \"{address}\"\nseen = \"2022\"\nsource = \"x\"\n")
    };
    let message = refused(&host("8.8.8.8"));
    assert!(message.starts_with("t.toml:14: host 8.8.8.8: expected an address in"), "{message}");
    assert!(!built_in().hosts.is_empty());
}

#[test]
fn a_block_that_cannot_be_routed_so_is_refused() {
    let text = "[block]\nprefix = \"192.0.2.0/24\"\nrouted_length = 23\nasn = 1\n";
    let message = Targets::parse("t.toml", text).expect_err("too short").to_string();
    assert_eq!(message, "t.toml:3: routed_length 23: expected 24 to 32");
}

#[test]
fn selected_addresses_are_all_of_the_block_once_and_shuffled() {
    use rand::SeedableRng;
    let block = built_in().block;
    let mut random = rand::rngs::StdRng::seed_from_u64(1);
    let all = select(&block, &[], &mut random).expect("the whole block");
    let mut sorted = all.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!((all.len(), sorted.len()), (1024, 1024));
    assert_ne!(all, sorted);
    assert_eq!(sample(&block, &all, 5).len(), 20);
    let twice: Vec<TargetSpec> =
        ["175.45.177.0/30", "175.45.177.1"].map(|text| text.parse().expect("a target")).into();
    assert_eq!(select(&block, &twice, &mut random).expect("inside").len(), 4);
    let outside = ["8.8.8.8".parse().expect("a target")];
    let error = select(&block, &outside, &mut random).expect_err("outside");
    assert!(error.to_string().starts_with("8.8.8.8/32 is outside 175.45.176.0/22: "), "{error}");
}
