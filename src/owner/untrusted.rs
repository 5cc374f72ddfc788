//! Cleans what tables and name servers contain before anything else sees it: texts and AS numbers.

use crate::plain_text::is_hidden;

/// The text without hidden characters, trimmed; `None` when nothing is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|c| !is_hidden(*c)).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// An AS number as tables write it: `123`, `AS123`, or `1.10` in old ones.
pub(super) fn asn(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(text);
    match digits.split_once('.') {
        None => number(digits),
        Some((high, low)) => {
            let half = |text| number(text).and_then(|half| u16::try_from(half).ok());
            Some(u32::from(half(high)?) << 16 | u32::from(half(low)?))
        }
    }
}

/// Whether an AS number is assigned to somebody: not 0, not 23456 (`AS_TRANS`, RFC 6793), and not private,
/// reserved or for documentation (RFC 6996, RFC 5398).
pub(super) fn is_public_asn(asn: u32) -> bool {
    !matches!(asn, 0 | 23_456 | 64_496..=131_071 | 4_200_000_000..)
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_removed() {
        assert_eq!(clean(" a\u{1b}[31mb\r\n\tc\u{7f} ").as_deref(), Some("a[31mbc"));
        assert_eq!(clean("abc\u{202e}fed\u{85}").as_deref(), Some("abcfed"));
        assert_eq!(clean("Überlandnetz, \"GmbH\"").as_deref(), Some("Überlandnetz, \"GmbH\""));
        assert_eq!(clean("\u{7} \n"), None);
    }

    #[test]
    fn as_numbers_in_all_their_forms() {
        assert_eq!(asn("15169"), Some(15_169));
        assert_eq!(asn("AS15169"), Some(15_169));
        assert_eq!(asn(" as7 "), Some(7));
        assert_eq!(asn("4294967295"), Some(u32::MAX));
        assert_eq!(asn("1.10"), Some(65_546));
        for wrong in ["", "AS", "-1", "+1", "4294967296", "1.", "65536.1", "1.2.3", "AS AS1", "x"] {
            assert_eq!(asn(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn private_and_reserved_as_numbers_are_not_public() {
        for asn in [0, 23_456, 64_496, 65_535, 131_071, 4_200_000_000, u32::MAX] {
            assert!(!is_public_asn(asn), "{asn}");
        }
        for asn in [1, 23_455, 23_457, 64_495, 131_072, 131_279, 4_199_999_999] {
            assert!(is_public_asn(asn), "{asn}");
        }
    }
}
