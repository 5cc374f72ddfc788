//! Tables of AS in the `MaxMind` DB format, written here byte by byte in the forms of their makers.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::net::Ipv4Addr;
use std::path::PathBuf;

use ipnet::Ipv4Net;
use lasthop::owner::{AsTable, CountryOf, Owner, Owners, Source, TableError};
use lasthop::targets::Targets;
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

/// 2026-07-14T00:00:00Z.
const BUILT: u64 = 1_783_987_200;

const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// Where a bit of an address leads.
#[derive(Debug, Clone, Copy)]
enum Way {
    Nowhere,
    Node(u32),
    Record(u32),
}

/// A database being written: 24-bit records, in a tree for IPv4 or for IPv6.
struct Database {
    nodes: Vec<[Way; 2]>,
    data: Vec<u8>,
    version: u8,
}

impl Database {
    fn new(version: u8) -> Self {
        Self { nodes: vec![[Way::Nowhere; 2]], data: Vec::new(), version }
    }

    fn with(mut self, prefix: &str, record: &Value) -> Self {
        let prefix: Ipv4Net = prefix.parse().expect("a prefix");
        let leading = if self.version == 6 { 96 } else { 0 };
        let address = u32::from(prefix.network());
        let bits: Vec<usize> = (0..leading)
            .map(|_| 0)
            .chain(
                (0..u32::from(prefix.prefix_len())).map(|at| (address >> (31 - at) & 1) as usize),
            )
            .collect();
        let (last, path) = bits.split_last().expect("a length");
        let node = path.iter().fold(0, |node, bit| self.child(node, *bit));
        self.nodes[node][*last] = Way::Record(size(self.data.len()));
        encode(record, &mut self.data);
        self
    }

    fn child(&mut self, node: usize, bit: usize) -> usize {
        if let Way::Node(child) = self.nodes[node][bit] {
            return child as usize;
        }
        let child = self.nodes.len();
        self.nodes.push([Way::Nowhere; 2]);
        self.nodes[node][bit] = Way::Node(size(child));
        child
    }

    fn bytes(&self, kind: &str) -> Vec<u8> {
        let count = size(self.nodes.len());
        let mut bytes = Vec::new();
        for way in self.nodes.iter().flatten() {
            let value = match way {
                Way::Nowhere => count,
                Way::Node(node) => *node,
                Way::Record(place) => count + 16 + place,
            };
            bytes.extend(&value.to_be_bytes()[1..]);
        }
        bytes.extend([0; 16]);
        bytes.extend(&self.data);
        bytes.extend(MARKER);
        let metadata = json!({
            "binary_format_major_version": 2, "binary_format_minor_version": 0,
            "build_epoch": BUILT, "database_type": kind, "description": {"en": "a test"},
            "ip_version": self.version, "languages": ["en"], "node_count": count,
            "record_size": 24,
        });
        encode(&metadata, &mut bytes);
        bytes
    }
}

fn size(length: usize) -> u32 {
    u32::try_from(length).expect("a small database")
}

/// A value: a control byte with type and length, then the content.
fn encode(value: &Value, to: &mut Vec<u8>) {
    match value {
        Value::String(text) => {
            control(2, text.len(), to);
            to.extend(text.as_bytes());
        }
        Value::Object(map) => {
            control(7, map.len(), to);
            for (key, value) in map {
                encode(&json!(key), to);
                match value.as_u64() {
                    Some(number) => natural(key, number, to),
                    None => encode(value, to),
                }
            }
        }
        Value::Array(list) => {
            control(11, list.len(), to);
            for value in list {
                encode(value, to);
            }
        }
        Value::Number(_) | Value::Null | Value::Bool(_) => panic!("not needed here"),
    }
}

/// A number, in the width that the format prescribes for the metadata; 32 bits elsewhere.
fn natural(key: &str, number: u64, to: &mut Vec<u8>) {
    let kind = match key {
        "build_epoch" => 9,
        "binary_format_major_version"
        | "binary_format_minor_version"
        | "ip_version"
        | "record_size" => 5,
        _ => 6,
    };
    let length = 8 - number.leading_zeros() as usize / 8;
    control(kind, length, to);
    to.extend(&number.to_be_bytes()[8 - length..]);
}

fn control(kind: u8, length: usize, to: &mut Vec<u8>) {
    let (size, rest) = match u8::try_from(length) {
        Ok(short) if short < 29 => (short, None),
        _ => (29, Some(u8::try_from(length - 29).expect("a short value"))),
    };
    if kind < 8 {
        to.push(kind << 5 | size);
    } else {
        to.extend([size, kind - 7]);
    }
    to.extend(rest);
}

fn geolite() -> Database {
    let record = |asn: u32, name: &str| json!({"autonomous_system_number": asn, "autonomous_system_organization": name});
    Database::new(6)
        .with("1.0.0.0/24", &record(13_335, "CLOUDFLARENET"))
        .with("1.0.2.0/24", &record(64_512, "PRIVATE"))
        .with("129.250.0.0/16", &record(2914, "NTT-DATA-\u{1b}2914"))
        .with("188.43.225.0/24", &record(20_485, "Joint Stock Company TransTeleCom"))
}

struct Opened {
    _folder: TempDir,
    path: PathBuf,
}

/// In a file whose name says nothing.
fn file(bytes: &[u8]) -> Opened {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("table");
    std::fs::write(&path, bytes).expect("written");
    Opened { _folder: folder, path }
}

fn open(bytes: &[u8]) -> Result<AsTable, TableError> {
    AsTable::open(&file(bytes).path)
}

fn owner(database: &Database, address: &str) -> Owner {
    let targets = Targets::built_in().expect("the built-in configuration");
    let table = open(&database.bytes("test")).expect("a right database");
    Owners::new(&targets).with_table(table).of(address.parse().expect("an address"))
}

fn class(owner: &Owner) -> Option<usize> {
    owner.class.map(lasthop::targets::ClassId::index)
}

fn country(owner: &Owner) -> Option<(String, CountryOf)> {
    Some((owner.country?.to_string(), owner.country_of?))
}

#[test]
fn geolite_asn_names_as_and_operator() {
    let owner = owner(&geolite(), "129.250.2.1");
    let origin = owner.origin.as_ref().expect("an origin");
    assert_eq!((origin.asn, origin.name.as_deref()), (2914, Some("NTT-DATA-2914")));
    assert_eq!(origin.country, None);
    assert_eq!(owner.range.map(|range| range.to_string()).as_deref(), Some("129.250.0.0/16"));
    assert_eq!(country(&owner), Some(("US".into(), CountryOf::Delegation)));
    assert_eq!(owner.source, Some(Source::AsTable));
}

#[test]
fn both_ends_of_a_network_are_in_it_and_the_gaps_on_both_sides_are_not() {
    for database in [geolite(), v4_only()] {
        let table = open(&database.bytes("test")).expect("a right database");
        let asn =
            |address: [u8; 4]| table.of(Ipv4Addr::from(address)).and_then(|(_, holder)| holder.asn);
        assert_eq!(asn([0, 255, 255, 255]), None);
        assert_eq!(asn([1, 0, 0, 0]), Some(13_335));
        assert_eq!(asn([1, 0, 0, 255]), Some(13_335));
        assert_eq!(asn([1, 0, 1, 0]), None);
    }
}

fn v4_only() -> Database {
    Database::new(4).with("1.0.0.0/24", &json!({"asn": "13335"}))
}

#[test]
fn a_private_as_names_nobody() {
    let owner = owner(&geolite(), "1.0.2.1");
    assert_eq!(owner.origin, None);
    assert_eq!(owner.source, Some(Source::Registry));
}

#[test]
fn ipinfo_lite_writes_numbers_as_text_and_countries_as_names() {
    let record = json!({
        "network": "8.8.8.0/24", "country": "United States", "country_code": "US",
        "continent": "North America", "continent_code": "NA", "asn": "AS15169",
        "as_name": "Google LLC", "as_domain": "google.com",
    });
    let owner = owner(&Database::new(6).with("8.8.8.0/24", &record), "8.8.8.8");
    let origin = owner.origin.as_ref().expect("an origin");
    assert_eq!((origin.asn, origin.name.as_deref()), (15_169, Some("Google LLC")));
    assert_eq!(country(&owner).map(|(country, _)| country).as_deref(), Some("US"));
}

#[test]
fn where_a_router_stands_is_not_who_runs_it() {
    let record = json!({"asn": "AS2914", "as_name": "NTT", "country_code": "RU"});
    let owner = owner(&Database::new(6).with("129.250.0.0/16", &record), "129.250.2.1");
    assert_eq!(country(&owner), Some(("US".into(), CountryOf::Delegation)));
    assert_eq!(class(&owner), None);
    assert!(owner.is_known());
}

#[test]
fn a_carrier_is_found_by_the_as_of_a_database() {
    let record = json!({"autonomous_system_number": 10_099});
    let owner = owner(&Database::new(4).with("129.250.0.0/16", &record), "129.250.2.1");
    assert_eq!(owner.carrier.as_ref().map(|carrier| carrier.name.as_str()), Some("China Unicom"));
    assert_eq!(class(&owner), Some(0));
}

#[test]
fn a_location_is_shown_only_where_no_registry_knows_more_and_decides_no_class() {
    let text = "[block]\nprefix = \"175.45.176.0/22\"\nrouted_length = 24\nasn = 131279\n\
                [[class]]\nname = \"russia\"\ncountries = [\"RU\"]\n";
    let targets = Targets::parse("test.toml", text).expect("a right configuration");
    let forms = [
        json!({"country": {"iso_code": "RU", "names": {"en": "Russia"}}}),
        json!({"country": {"names": {"en": "Russia"}}, "registered_country": {"iso_code": "RU"}}),
        json!({"country_code": "RU", "country": "Russian Federation"}),
        json!({"country": "RU", "country_name": "Russian Federation"}),
    ];
    for form in forms {
        let database = Database::new(6).with("0.0.0.0/8", &form).with("1.1.1.0/24", &form);
        let table = open(&database.bytes("DBIP-Country-Lite")).expect("a right database");
        let owners = Owners::new(&targets).with_table(table);
        let undelegated = owners.of(Ipv4Addr::new(0, 0, 0, 1));
        assert_eq!(country(&undelegated), Some(("RU".into(), CountryOf::Location)), "{form}");
        assert_eq!(undelegated.source, Some(Source::AsTable));
        assert_eq!((class(&undelegated), undelegated.is_known()), (None, false));
        let delegated = owners.of(Ipv4Addr::new(1, 1, 1, 1));
        assert_eq!(country(&delegated), Some(("AU".into(), CountryOf::Delegation)), "{form}");
    }
}

#[test]
fn a_database_shows_its_kind_and_the_day_it_was_built() {
    let table = open(&geolite().bytes("GeoLite2-ASN")).expect("a right database");
    assert_eq!(table.describe(), "GeoLite2-ASN, built 2026-07-14, 3 ranges");
}

#[test]
fn a_packed_database_is_read() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &geolite().bytes("test")).expect("packed");
    assert_eq!(open(&packed.finish().expect("packed")).expect("a right database").ranges(), 3);
}

#[test]
fn a_database_without_a_usable_record_is_refused() {
    let database = Database::new(4).with("1.0.0.0/24", &json!({"is_anonymous": 1}));
    let file = file(&database.bytes("GeoIP2-Anonymous-IP"));
    let message = AsTable::open(&file.path).expect_err("nothing to use").to_string();
    let start = format!("{}: no IPv4 range has an AS or a country", file.path.display());
    assert!(message.starts_with(&start), "{message}");
}

#[test]
fn a_database_that_was_cut_off_is_refused() {
    let bytes = geolite().bytes("test");
    let marker = bytes.windows(MARKER.len()).position(|window| window == MARKER).expect("a marker");
    let file = file(&bytes[marker..]);
    let message = AsTable::open(&file.path).expect_err("no tree").to_string();
    assert!(message.starts_with(&format!("{}: ", file.path.display())), "{message}");
    assert!(message.ends_with(": the file is damaged, fetch it again"), "{message}");
}

#[test]
fn a_tree_that_leads_into_itself_is_refused() {
    let mut database = v4_only();
    database.nodes[3][0] = Way::Node(0);
    let message = open(&database.bytes("test")).expect_err("a cycle").to_string();
    assert!(message.contains("cycle"), "{message}");
}

proptest! {
    #[test]
    fn a_damaged_database_never_panics(
        changes in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 1..6)
    ) {
        let mut bytes = v4_only().bytes("test");
        for (place, value) in changes {
            #[expect(
                clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
                reason = "a place in a short file"
            )]
            let place = (place * bytes.len() as f64) as usize;
            bytes[place] = value;
        }
        let _ = open(&bytes);
    }
}
