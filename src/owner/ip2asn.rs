//! Reads iptoasn.com's tables: five columns between tabs, sorted by address, no header.
//!
//! These are `ip2asn-v4.tsv`, `-combined` (its IPv6 lines are skipped) and `-v4-u32` (addresses as numbers).
//! Quotes are literal, and descriptions need not be UTF-8.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::targets::Country;

use super::ranges::{AddressRange, AsEntry, Builder, EntryId, RangeTable};
use super::untrusted::{asn, clean, is_public_asn};

const COLUMNS: &str = "expected range_start, range_end, AS_number, country_code and \
                       AS_description between tabs, as in iptoasn.com's ip2asn-v4.tsv";

/// What is wrong with a line, and its number, from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LineError {
    pub(super) line: usize,
    pub(super) message: String,
}

/// Reads a whole table. The result can be empty.
pub(super) fn read(bytes: &[u8]) -> Result<RangeTable, LineError> {
    let mut table = Builder::default();
    let mut seen = HashMap::new();
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.is_empty() || text.starts_with(b"#") {
            continue;
        }
        row(&mut table, &mut seen, text).map_err(|message| LineError {
            line,
            message: too_few_columns(text).unwrap_or(message),
        })?;
    }
    Ok(table.finish())
}

/// Adds a line to `table`. `seen` has the entries by their columns as written, because most lines repeat those
/// of another.
fn row<'a>(
    table: &mut Builder,
    seen: &mut HashMap<&'a [u8], Option<EntryId>>,
    text: &'a [u8],
) -> Result<(), String> {
    let mut columns = text.splitn(3, |byte| *byte == b'\t');
    let [first, last, rest] = [(); 3].map(|()| columns.next().unwrap_or_default());
    if is_ipv6(first) && is_ipv6(last) {
        return Ok(());
    }
    let (first, last) = (address(first)?, address(last)?);
    let range = AddressRange::new(first, last)
        .ok_or_else(|| format!("{first} to {last}: expected the lower address first"))?;
    let id = match seen.entry(rest) {
        Entry::Occupied(known) => *known.get(),
        Entry::Vacant(unknown) => *unknown.insert(table.entry(entry(rest)?)),
    };
    table.push(range, id).map_err(|unsorted| unsorted.to_string())
}

/// The entry in the columns AS number, country code and description.
fn entry(rest: &[u8]) -> Result<AsEntry, String> {
    let mut columns = rest.splitn(3, |byte| *byte == b'\t');
    let (Some(number), Some(country), Some(name)) =
        (columns.next(), columns.next(), columns.next())
    else {
        return Err(COLUMNS.into());
    };
    let wrong = || format!("`{}`: expected an AS number such as 4837", shown(number));
    let number = std::str::from_utf8(number).ok().and_then(asn).ok_or_else(wrong)?;
    let country = registration(country)?;
    if !is_public_asn(number) {
        return Ok(AsEntry::default());
    }
    let name = clean(&String::from_utf8_lossy(name));
    Ok(AsEntry { asn: Some(number), name, country, location: None })
}

/// The country code, or `None` where the table has a word for unknown: `None`, `Unknown`, `-`.
fn registration(written: &[u8]) -> Result<Option<Country>, String> {
    let text = std::str::from_utf8(written).unwrap_or("?");
    let unknown = text == "-" || text.bytes().all(|byte| byte.is_ascii_alphabetic());
    match text.parse() {
        Ok(country) => Ok(Some(country)),
        Err(_) if unknown => Ok(None),
        Err(error) => Err(format!("`{}`: {error} or None", shown(written))),
    }
}

fn address(written: &[u8]) -> Result<Ipv4Addr, String> {
    let text = std::str::from_utf8(written).unwrap_or("");
    let number = || text.parse::<u32>().map(Ipv4Addr::from);
    text.parse()
        .or_else(|_| number())
        .map_err(|_| format!("`{}`: expected an IPv4 address such as 219.158.1.0", shown(written)))
}

fn is_ipv6(written: &[u8]) -> bool {
    written.contains(&b':')
        && std::str::from_utf8(written).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// The message for a line with too few columns, whatever else is wrong with it.
fn too_few_columns(text: &[u8]) -> Option<String> {
    let count = text.split(|byte| *byte == b'\t').count();
    (count < 5).then(|| format!("{count} of 5 columns: {COLUMNS}"))
}

/// A column for a message, printable and short.
fn shown(column: &[u8]) -> String {
    let text = String::from_utf8_lossy(column);
    let short: String = text.chars().take(40).collect();
    short.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REAL: &str = "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n\
         1.0.1.0\t1.0.3.255\t0\tNone\tNot routed\n\
         219.158.1.0\t219.158.26.255\t4837\tCN\tCHINA169-BACKBONE CHINA UNICOM China169 Backbone\n";

    fn found(table: &RangeTable, address: &str) -> Option<AsEntry> {
        let address = address.parse().expect("address");
        table.of(address).map(|(_, entry)| entry.clone())
    }

    fn refused(text: &str) -> String {
        match read(text.as_bytes()) {
            Ok(_) => "accepted".into(),
            Err(LineError { line, message }) => format!("{line}: {message}"),
        }
    }

    #[test]
    fn real_lines_are_read() {
        let table = read(REAL.as_bytes()).expect("real lines");
        assert_eq!(table.len(), 2);
        let unicom = found(&table, "219.158.26.255").expect("in the range");
        assert_eq!(unicom.asn, Some(4837));
        assert_eq!(
            unicom.name.as_deref(),
            Some("CHINA169-BACKBONE CHINA UNICOM China169 Backbone")
        );
        assert_eq!(unicom.country, "CN".parse().ok());
        assert_eq!(unicom.location, None);
    }

    #[test]
    fn as_zero_and_private_as_numbers_are_skipped() {
        let text = format!("{REAL}220.0.0.0\t220.0.0.255\t64512\tZZ\t-Private Use AS-\n");
        let table = read(text.as_bytes()).expect("a table");
        assert_eq!(found(&table, "1.0.2.0"), None);
        assert_eq!(found(&table, "220.0.0.1"), None);
    }

    #[test]
    fn an_unknown_country_is_no_country() {
        for unknown in ["None", "NONE", "ZZ", "Unknown", "-", ""] {
            let text = format!("1.0.0.0\t1.0.0.255\t13335\t{unknown}\tCLOUDFLARENET\n");
            let table = read(text.as_bytes()).expect(unknown);
            assert_eq!(found(&table, "1.0.0.1").and_then(|entry| entry.country), None);
        }
    }

    #[test]
    fn carriage_returns_comments_and_empty_lines_are_no_rows() {
        let table = read(b"# comment\r\n\r\n1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\r\n")
            .expect("a table");
        assert_eq!(
            found(&table, "1.0.0.1").and_then(|entry| entry.name).as_deref(),
            Some("CLOUDFLARENET")
        );
    }

    #[test]
    fn addresses_may_be_numbers_and_ipv6_lines_are_skipped() {
        let table = read(
            b"16777216\t16777471\t13335\tUS\tCLOUDFLARENET\n\
              2606:4700::\t2606:4700:ffff:ffff:ffff:ffff:ffff:ffff\t13335\tUS\tCLOUDFLARENET\n",
        )
        .expect("a table");
        assert_eq!(table.len(), 1);
        assert_eq!(found(&table, "1.0.0.255").and_then(|entry| entry.asn), Some(13_335));
    }

    #[test]
    fn descriptions_are_literal_and_lose_control_characters() {
        let table = read(b"1.0.0.0\t1.0.0.255\t7\tUS\t\"A\" \x1b[31mB\xff, Inc.\n").expect("bytes");
        assert_eq!(
            found(&table, "1.0.0.1").and_then(|entry| entry.name).as_deref(),
            Some("\"A\" [31mB\u{fffd}, Inc.")
        );
    }

    #[test]
    fn a_malformed_line_is_refused_with_its_number_and_what_was_expected() {
        let [one, three, four] = [1, 3, 4].map(|count| format!("{count} of 5 columns: {COLUMNS}"));
        let cases = [
            ("219.159.0.0\t24\t13335", three.as_str()),
            ("219.159.0.0\t219.159.0.255\t13335", three.as_str()),
            ("219.159.0.0\t219.159.0.255\t13335\tUS", four.as_str()),
            ("219.159.0.0,219.159.0.255,13335,US,A", one.as_str()),
            (
                "219.159.0.256\t219.159.0.255\t7\tUS\tA",
                "`219.159.0.256`: expected an IPv4 address such as 219.158.1.0",
            ),
            ("219.159.0.0\t219.159.0.255\tASX\tUS\tA", "`ASX`: expected an AS number such as 4837"),
            (
                "219.159.0.0\t219.159.0.255\t7\tU5\tA",
                "`U5`: expected a two-letter country code such as CN or None",
            ),
            (
                "219.159.0.9\t219.159.0.0\t7\tUS\tA",
                "219.159.0.9 to 219.159.0.0: expected the lower address first",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(refused(&format!("{REAL}{line}\n")), format!("4: {expected}"));
        }
    }

    #[test]
    fn unsorted_and_overlapping_ranges_are_refused_with_their_line() {
        for (range, shown) in [
            ("1.0.3.255\t1.0.4.0", "1.0.3.255-1.0.4.0"),
            ("219.158.26.255\t219.158.27.255", "219.158.26.255-219.158.27.255"),
        ] {
            assert_eq!(
                refused(&format!("{REAL}{range}\t7\tUS\tA\n")),
                format!(
                    "4: {shown} does not lie behind 219.158.1.0-219.158.26.255 before it: \
                     expected sorted ranges without overlap"
                )
            );
        }
    }

    #[test]
    fn a_message_shows_no_control_character_and_no_long_column() {
        let long = "x".repeat(500);
        let message = refused(&format!("\u{1b}[31m{long}\t1.0.0.1\t7\tUS\tA\n"));
        assert!(message.starts_with("1: `\\u{1b}[31mxxx"), "{message}");
        assert!(message.len() < 120, "{message}");
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }

        #[test]
        fn nearly_right_lines_never_panic(text in "[0-9.:\t\nA-Z#]{0,200}") {
            let _ = read(text.as_bytes());
        }
    }
}
