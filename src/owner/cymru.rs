//! Team Cymru's mapping from addresses to origin AS over DNS: the names to query, and how to read the answers.
//!
//! All functions are pure. Answers are TXT strings such as `23028 | 216.90.108.0/24 | US | arin | 1998-09-25` and
//! `23028 | US | arin | 2002-01-04 | TEAM-CYMRU - Team Cymru Inc., US`.

use std::cmp::Reverse;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::targets::Country;

use super::untrusted::{asn, clean, is_public_asn};

/// The name to query for the origin AS of `address`.
#[must_use]
pub fn origin_name(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{d}.{c}.{b}.{a}.origin.asn.cymru.com.")
}

/// The name to query for the registration of an AS.
#[must_use]
pub fn registration_name(asn: u32) -> String {
    format!("AS{asn}.asn.cymru.com.")
}

/// A prefix in BGP and its origin AS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcement {
    /// The origin AS.
    pub asn: u32,
    /// The announced prefix.
    pub prefix: Ipv4Net,
}

/// The announcement that covers `address`, by longest prefix match over all strings of the answer. Where several
/// AS announce the prefix, the first one of a string counts, and of several strings the one with the lowest AS,
/// because their order is random: one origin is enough to name a hop. Strings that are malformed or about
/// another address are skipped; `None` where the longest prefix has no public AS.
#[must_use]
pub fn announcement<S: AsRef<str>>(address: Ipv4Addr, strings: &[S]) -> Option<Announcement> {
    strings
        .iter()
        .filter_map(|text| origin(text.as_ref()))
        .filter(|(_, prefix)| prefix.contains(&address))
        .max_by_key(|(asn, prefix)| (prefix.prefix_len(), asn.is_some(), Reverse(*asn)))
        .and_then(|(asn, prefix)| Some(Announcement { asn: asn?, prefix }))
}

/// The first public AS of a string, and the prefix.
fn origin(text: &str) -> Option<(Option<u32>, Ipv4Net)> {
    let mut fields = text.splitn(5, '|').map(str::trim);
    let (origins, prefix) = (fields.next()?, fields.next()?);
    let asns: Option<Vec<u32>> = origins.split_whitespace().map(asn).collect();
    Some((asns?.into_iter().find(|asn| is_public_asn(*asn)), prefix.parse().ok()?))
}

/// The registration of an AS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AsRegistration {
    /// The handle and the description.
    pub name: Option<String>,
    /// The country.
    pub country: Option<Country>,
}

/// The registration of the AS `number`, from the first string of the answer that is about it.
#[must_use]
pub fn registration<S: AsRef<str>>(number: u32, strings: &[S]) -> Option<AsRegistration> {
    strings.iter().find_map(|text| registration_in(number, text.as_ref()))
}

fn registration_in(number: u32, text: &str) -> Option<AsRegistration> {
    // The name is the last of five fields and may itself contain ` | `.
    let mut fields = text.splitn(5, '|').map(str::trim);
    if asn(fields.next()?)? != number {
        return None;
    }
    let allocated: Option<Country> = fields.next()?.parse().ok();
    let name = fields.nth(2).unwrap_or_default();
    let (name, country) = match name.rsplit_once(',').map(|(name, code)| (name, code.trim())) {
        Some((name, code)) if is_code(code) => (name, code.parse().ok()),
        _ => (name, None),
    };
    Some(AsRegistration { name: clean(name), country: country.or(allocated) })
}

fn is_code(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> Ipv4Addr {
        text.parse().expect("address")
    }

    fn origin_of(text: &str, strings: &[&str]) -> Option<String> {
        announcement(address(text), strings)
            .map(|found| format!("AS{} {}", found.asn, found.prefix))
    }

    fn registration_of(asn: u32, text: &str) -> Option<(String, String)> {
        let found = registration(asn, &[text])?;
        let country = found.country.map(|country| country.to_string());
        Some((found.name.unwrap_or_default(), country.unwrap_or_default()))
    }

    #[test]
    fn names_reverse_the_address() {
        assert_eq!(origin_name(address("216.90.108.31")), "31.108.90.216.origin.asn.cymru.com.");
        assert_eq!(registration_name(23_028), "AS23028.asn.cymru.com.");
    }

    #[test]
    fn a_documented_origin_is_read() {
        let answer = ["23028 | 216.90.108.0/24 | US | arin | 1998-09-25"];
        assert_eq!(origin_of("216.90.108.31", &answer).as_deref(), Some("AS23028 216.90.108.0/24"));
    }

    #[test]
    fn empty_fields_are_allowed() {
        let answer = ["13335 | 1.1.1.0/24 |  | other | "];
        assert_eq!(origin_of("1.1.1.1", &answer).as_deref(), Some("AS13335 1.1.1.0/24"));
        assert_eq!(
            origin_of("1.1.1.1", &["13335 | 1.1.1.0/24"]).as_deref(),
            Some("AS13335 1.1.1.0/24")
        );
    }

    #[test]
    fn of_several_origins_the_first_counts() {
        let answer = ["4847 58851 4808 | 1.1.1.0/24 | CN | apnic | "];
        assert_eq!(origin_of("1.1.1.1", &answer).as_deref(), Some("AS4847 1.1.1.0/24"));
        let private = ["64512 4808 | 1.1.1.0/24 | CN | apnic | "];
        assert_eq!(origin_of("1.1.1.1", &private).as_deref(), Some("AS4808 1.1.1.0/24"));
    }

    #[test]
    fn of_several_strings_the_longest_prefix_counts_in_any_order() {
        let mut answer = ["1 | 1.0.0.0/8 | | | ", "3 | 1.1.1.0/24 | | | ", "2 | 1.1.1.0/24 | | | "];
        for _ in 0..3 {
            assert_eq!(origin_of("1.1.1.1", &answer).as_deref(), Some("AS2 1.1.1.0/24"));
            answer.rotate_left(1);
        }
    }

    #[test]
    fn a_longest_prefix_without_a_public_as_is_not_skipped() {
        let answer = ["1 | 1.0.0.0/8 | | | ", "64512 | 1.1.1.0/24 | | | "];
        assert_eq!(origin_of("1.1.1.1", &answer), None);
    }

    #[test]
    fn an_answer_that_is_malformed_or_about_another_address_is_none() {
        assert_eq!(origin_of("1.1.1.1", &["7 | 2.0.0.0/8 | US | arin | "]), None);
        for text in ["", "|", "x | 1.0.0.0/8", "7 | 1.0.0.0/33 | | |", "NA | | | |"] {
            assert_eq!(origin_of("1.1.1.1", &[text]), None, "{text}");
        }
        assert_eq!(origin_of("1.1.1.1", &[]), None);
    }

    #[test]
    fn a_documented_registration_is_read() {
        assert_eq!(
            registration_of(
                23_028,
                "23028 | US | arin | 2002-01-04 | TEAM-CYMRU - Team Cymru Inc., US"
            ),
            Some(("TEAM-CYMRU - Team Cymru Inc.".into(), "US".into()))
        );
    }

    #[test]
    fn a_name_may_contain_bars_and_commas() {
        assert_eq!(
            registration_of(7, "7 | HK | apnic |  | A | B, C, Ltd., CN"),
            Some(("A | B, C, Ltd.".into(), "CN".into()))
        );
        assert_eq!(
            registration_of(7, "7 | HK | apnic | 2001-01-01 | Moscow, Russia"),
            Some(("Moscow, Russia".into(), "HK".into()))
        );
    }

    #[test]
    fn a_registration_may_be_nearly_empty_but_not_of_another_as() {
        assert_eq!(registration_of(7, "7 |  |  |  | "), Some((String::new(), String::new())));
        assert_eq!(registration_of(7, "7 | ZZ"), Some((String::new(), String::new())));
        assert_eq!(registration_of(7, "8 | US | arin | | OTHER, US"), None);
        assert_eq!(registration_of(7, ""), None);
    }

    #[test]
    fn names_lose_control_characters() {
        let found = registration_of(7, "7 | US | arin | | A\u{1b}[2J\nB, US");
        assert_eq!(found, Some(("A[2JB".into(), "US".into())));
    }

    proptest! {
        #[test]
        fn random_text_never_panics(text in ".{0,80}", fields in "[0-9A-Z|,. /]{0,60}") {
            for text in [text, fields] {
                let _ = announcement(Ipv4Addr::LOCALHOST, &[&text]);
                let _ = registration(7, &[&text]);
            }
        }
    }
}
