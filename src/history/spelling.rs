//! The same value in another program's spelling: spreadsheets write `TRUE` and `2017/10/01 08:00`, pandas writes
//! `True`, `64.0` and `2017-10-01 08:00:00+00:00`, R and pandas write words for what is empty.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What other programs write into a cell of a number or a time that is empty.
const MISSING: [&str; 8] = ["", "na", "nan", "n/a", "nat", "null", "none", "<na>"];

/// Whether a cell of a number, a time or a list has nothing in it. A vantage may well be called `NA`.
pub(super) fn is_missing(cell: &[u8]) -> bool {
    match cell {
        [] => true,
        [first, ..] if first.is_ascii_digit() => false,
        _ => MISSING.iter().any(|word| trimmed(cell).eq_ignore_ascii_case(word)),
    }
}

/// A count. Most cells of a history are digits alone, so these are fast.
pub(super) fn count(cell: &[u8]) -> Option<u32> {
    let digit = |number: u32, byte: &u8| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    };
    if cell.is_empty() {
        return None;
    }
    cell.iter().try_fold(0, digit).or_else(|| {
        let (whole, rest) = trimmed(cell).split_once('.').unwrap_or((trimmed(cell), ""));
        let is_number = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
        whole.parse().ok().filter(|_| is_number && rest.bytes().all(|byte| byte == b'0'))
    })
}

/// A number that is not negative.
pub(super) fn decimal(cell: &[u8]) -> Option<f32> {
    let number = trimmed(cell).parse::<f32>().ok();
    number.filter(|number| number.is_finite() && *number >= 0.0)
}

/// Yes or no.
pub(super) fn flag(cell: &[u8]) -> Option<bool> {
    match cell {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => {
            let is_one_of = |words: [&str; 4]| {
                words.iter().any(|word| trimmed(cell).eq_ignore_ascii_case(word))
            };
            if is_one_of(["true", "t", "1", "1.0"]) {
                Some(true)
            } else {
                is_one_of(["false", "f", "0", "0.0"]).then_some(false)
            }
        }
    }
}

/// An instant; without a zone it is in UTC. A date whose year does not come first may be one of two, and is none.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let text = text.trim();
    let text = text.strip_suffix("UTC").map_or(text, str::trim_end);
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let mut parts = date.split(['-', '/']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let hour = if time.find(':') == Some(1) { "0" } else { "" };
    let is_date = parts.next().is_none() && year.len() == 4;
    let text = format!("{year}-{month:0>2}-{day:0>2}T{hour}{}", time.trim());
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    let at = || text.parse().ok().or_else(|| civil().map(|zoned| zoned.timestamp()));
    if is_date { at() } else { None }
}

fn trimmed(cell: &[u8]) -> &str {
    std::str::from_utf8(cell).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_flags_of_other_programs() {
        for (cell, number) in
            [("64", Some(64)), ("64.0", Some(64)), (" 64 ", Some(64)), ("64.000", Some(64))]
        {
            assert_eq!(count(cell.as_bytes()), number, "{cell}");
        }
        for cell in ["", "64.5", "-1", "+1", "1e3", "4294967296", ".0", "0x1", "nan"] {
            assert_eq!(count(cell.as_bytes()), None, "{cell}");
        }
        let flags = |cells: [&str; 5]| cells.map(|cell| flag(cell.as_bytes()));
        assert_eq!(flags(["true", "True", "TRUE", "1", "1.0"]), [Some(true); 5]);
        assert_eq!(flags(["false", "False", "FALSE", "0", "f"]), [Some(false); 5]);
        assert_eq!(flags(["", "tru", "yes?", "2", "WAHR"]), [None; 5]);
    }

    #[test]
    fn one_instant_in_many_spellings() {
        for text in [
            "2017-10-01T08:00:00.000000Z",
            "2017-10-01 08:00:00+00:00",
            "2017-10-01 10:00:00.000000+02:00",
            "2017/10/01 08:00:00",
            "2017/10/1 8:00",
            "2017-10-01 08:00:00 UTC",
            "2017-10-01T08:00",
        ] {
            let at = instant(text).map(|at| at.to_string());
            assert_eq!(at.as_deref(), Some("2017-10-01T08:00:00Z"), "{text}");
        }
        assert_eq!(
            instant("2017/10/01").map(|at| at.to_string()).as_deref(),
            Some("2017-10-01T00:00:00Z")
        );
        for text in ["", "10/01/2017 08:00", "01.10.2017", "2017-10", "08:00", "2017-13-01 00:00"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn words_for_nothing() {
        assert!(
            ["", "NA", "NaN", "nan", " ", "NULL", "None", "<NA>"]
                .iter()
                .all(|it| is_missing(it.as_bytes()))
        );
        assert!(!["0", "Nanjing", "n"].iter().any(|it| is_missing(it.as_bytes())));
    }
}
