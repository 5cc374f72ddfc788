//! Reads databases in the `MaxMind` DB format, whoever made them.
//!
//! Vendors name their keys differently, so the keys of a record decide, not the database's type. A country in
//! such a file is where the addresses are used, not where their AS is registered: the router of an American
//! carrier in Moscow is in `RU` there. It is kept as a location.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;

use ipnet::Ipv4Net;
use maxminddb::{MaxMindDbError, Reader, WithinOptions};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::targets::Country;

use super::ranges::{AddressRange, AsEntry, Builder, EntryId, RangeTable};
use super::untrusted::{asn, clean, is_public_asn};

/// The bytes before the metadata, near the end of every such file.
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// The metadata is within this many bytes of the end of the file.
const METADATA: usize = 128 * 1024;

/// More networks than any such database has. A damaged tree can have more.
const MOST_NETWORKS: usize = 1 << 24;

/// A database that has been read.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) ranges: RangeTable,
    /// Such as `GeoLite2-ASN`.
    pub(super) kind: Option<String>,
    /// When it was made, in seconds since 1970.
    pub(super) built: u64,
}

/// Whether `bytes` are such a database.
pub(super) fn is_mmdb(bytes: &[u8]) -> bool {
    let end = bytes.get(bytes.len().saturating_sub(METADATA)..).unwrap_or(bytes);
    end.windows(MARKER.len()).any(|window| window == MARKER)
}

/// Reads every IPv4 network, or says what is wrong. The result can be empty.
pub(super) fn read(bytes: Vec<u8>) -> Result<Database, String> {
    let reader = Reader::from_source(bytes).map_err(damaged)?;
    let ranges = ranges(&reader)?;
    let metadata = reader.metadata();
    Ok(Database { ranges, kind: clean(&metadata.database_type), built: metadata.build_epoch })
}

fn ranges(reader: &Reader<Vec<u8>>) -> Result<RangeTable, String> {
    let everything = "0.0.0.0/0".parse().map_err(|_| "no IPv4 networks".to_owned())?;
    let networks = reader.within(everything, WithinOptions::default()).map_err(damaged)?;
    let mut table = Builder::default();
    let mut seen: HashMap<usize, Option<EntryId>> = HashMap::new();
    for (count, network) in (1..).zip(networks) {
        if count > MOST_NETWORKS {
            return Err(format!("more than {MOST_NETWORKS} networks"));
        }
        let network = network.map_err(damaged)?;
        let prefix = network.network().map_err(damaged)?;
        let (IpAddr::V4(address), Some(record)) = (prefix.ip(), network.offset()) else {
            continue;
        };
        let entry = match seen.entry(record) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => {
                let decoded = network.decode::<Record>().map_err(damaged)?.unwrap_or_default();
                *unknown.insert(table.entry(decoded.into()))
            }
        };
        let prefix = Ipv4Net::new(address, prefix.prefix()).map_err(|error| error.to_string())?;
        table.push(AddressRange::from(prefix), entry).map_err(|unsorted| unsorted.to_string())?;
    }
    Ok(table.finish())
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn damaged(error: MaxMindDbError) -> String {
    clean(&error.to_string()).unwrap_or_default()
}

/// The keys of all vendors.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record {
    autonomous_system_number: Option<NumberOrText>,
    autonomous_system_organization: Option<NumberOrText>,
    asn: Option<NumberOrText>,
    as_name: Option<NumberOrText>,
    traits: Option<MapOrText>,
    country_code: Option<NumberOrText>,
    country: Option<MapOrText>,
    registered_country: Option<MapOrText>,
}

/// A value that is a number for one vendor and text for another.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(u32),
    Text(String),
    Other(IgnoredAny),
}

/// A value that is a map for one vendor and text for another.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum MapOrText {
    Text(String),
    Map {
        iso_code: Option<NumberOrText>,
        autonomous_system_number: Option<NumberOrText>,
        autonomous_system_organization: Option<NumberOrText>,
        isp: Option<NumberOrText>,
    },
    Other(IgnoredAny),
}

impl NumberOrText {
    fn asn(&self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => asn(text),
            Self::Other(_) => None,
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => clean(text),
            Self::Number(_) | Self::Other(_) => None,
        }
    }

    fn country(&self) -> Option<Country> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Number(_) | Self::Other(_) => None,
        }
    }
}

impl MapOrText {
    fn asn(&self) -> Option<u32> {
        match self {
            Self::Map { autonomous_system_number: Some(number), .. } => number.asn(),
            _ => None,
        }
    }

    fn organization(&self) -> Option<String> {
        match self {
            Self::Map { autonomous_system_organization: name, isp, .. } => {
                name.as_ref().and_then(NumberOrText::text).or_else(|| isp.as_ref()?.text())
            }
            _ => None,
        }
    }

    /// A map's code, or a text of exactly two capitals: other texts are names.
    fn country(&self) -> Option<Country> {
        match self {
            Self::Map { iso_code: Some(code), .. } => code.country(),
            Self::Text(text) if text.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                text.parse().ok()
            }
            _ => None,
        }
    }
}

impl From<Record> for AsEntry {
    fn from(record: Record) -> Self {
        let numbers = [&record.autonomous_system_number, &record.asn];
        let asn = numbers
            .into_iter()
            .find_map(|number| number.as_ref()?.asn())
            .or_else(|| record.traits.as_ref()?.asn())
            .filter(|asn| is_public_asn(*asn));
        let names = [&record.autonomous_system_organization, &record.as_name];
        let name = names
            .into_iter()
            .find_map(|name| name.as_ref()?.text())
            .or_else(|| record.traits.as_ref()?.organization())
            .filter(|_| asn.is_some());
        let code = record.country_code.as_ref().and_then(NumberOrText::country);
        let parts = [&record.country, &record.registered_country];
        let location = code.or_else(|| parts.into_iter().find_map(|part| part.as_ref()?.country()));
        Self { asn, name, country: None, location }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(record: &str) -> AsEntry {
        serde_json::from_str::<Record>(record).expect(record).into()
    }

    fn read_as(record: &str) -> (Option<u32>, Option<String>, Option<String>) {
        let AsEntry { asn, name, country, location } = entry(record);
        assert_eq!(country, None, "a location is not the registration of an AS");
        (asn, name, location.map(|location| location.to_string()))
    }

    fn parts(asn: u32, name: &str, country: &str) -> (Option<u32>, Option<String>, Option<String>) {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        ((asn > 0).then_some(asn), text(name), text(country))
    }

    #[test]
    fn the_keys_of_every_vendor_are_understood() {
        let cases = [
            (
                r#"{"autonomous_system_number":4837,"autonomous_system_organization":"CU"}"#,
                parts(4837, "CU", ""),
            ),
            (
                r#"{"traits":{"autonomous_system_number":7,"isp":"B"},"country":{"iso_code":"SE"}}"#,
                parts(7, "B", "SE"),
            ),
            (
                r#"{"asn":"AS15169","as_name":"Google LLC","as_domain":"google.com",
                    "country":"United States","country_code":"US","continent_code":"NA"}"#,
                parts(15_169, "Google LLC", "US"),
            ),
            (
                r#"{"asn":"15169","as_name":"Google LLC","country":"US","country_name":"USA"}"#,
                parts(15_169, "Google LLC", "US"),
            ),
            (r#"{"country":{"iso_code":"RU","names":{"en":"Russia"}}}"#, parts(0, "", "RU")),
            (r#"{"registered_country":{"iso_code":"CN","geoname_id":1}}"#, parts(0, "", "CN")),
            (r#"{"country_code":"AU"}"#, parts(0, "", "AU")),
        ];
        for (record, expected) in cases {
            assert_eq!(read_as(record), expected, "{record}");
        }
    }

    #[test]
    fn a_countrys_name_is_no_code() {
        assert_eq!(read_as(r#"{"country":"Chad"}"#), parts(0, "", ""));
        assert_eq!(read_as(r#"{"country":"us"}"#), parts(0, "", ""));
        assert_eq!(read_as(r#"{"country_code":"","country":"CN"}"#), parts(0, "", "CN"));
    }

    #[test]
    fn keys_that_mean_something_else_are_no_fault() {
        let record = r#"{"asn":{"a":1},"as_name":5,"traits":"x","country":[1],"country_code":7}"#;
        assert_eq!(read_as(record), parts(0, "", ""));
        assert!(!entry("{}").is_known());
    }

    #[test]
    fn a_private_as_number_is_dropped() {
        assert_eq!(read_as(r#"{"asn":"AS64512","as_name":"Private"}"#), parts(0, "", ""));
    }

    #[test]
    fn a_file_is_recognised_by_its_content() {
        assert!(is_mmdb(b"tree and data\xab\xcd\xefMaxMind.com metadata"));
        assert!(!is_mmdb(b"1.0.0.0\t1.0.0.255\t13335\tUS\tMaxMind.com\n"));
        assert!(!is_mmdb(b""));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(
            head in proptest::collection::vec(any::<u8>(), 0..100),
            tail in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let _ = read([&head[..], MARKER, &tail].concat());
        }
    }
}
