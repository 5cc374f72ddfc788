//! All formats, and which of them a file is of.

use serde_json::Value;

use super::format::Format;
use super::sniff::Head;
use super::{
    atlas, caracal, dublin, globalping, mtr, nexttrace, nmap_xml, own, scamper, text, trippy, yarrp,
};
use crate::input::HEAD;

/// All formats, those that are the easiest to recognise first.
pub static FORMATS: &[Format] = &[
    scamper::warts::FORMAT,
    own::FORMAT,
    scamper::json::FORMAT,
    mtr::json::FORMAT,
    nexttrace::FORMAT,
    trippy::json::FORMAT,
    dublin::FORMAT,
    globalping::FORMAT,
    atlas::FORMAT,
    mtr::xml::FORMAT,
    nmap_xml::FORMAT,
    mtr::csv::FORMAT,
    trippy::csv::FORMAT,
    scamper::csv::FORMAT,
    caracal::FORMAT,
    yarrp::FORMAT,
    text::FORMAT,
    text::TRACEROUTE,
    text::TRACERT,
    text::TRACEPATH,
    text::MTR_REPORT,
    text::MTR_RAW,
    text::WINMTR,
    text::NEXTTRACE,
    text::MIKROTIK,
    text::NMAP,
];

/// What a file of several formats is read as.
static MIXED: Format = text::FORMAT;

/// The format that is called `name`.
#[must_use]
pub fn named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The format of a file that begins with `head`, which is at most [`HEAD`] bytes, after
/// decompression, and may end anywhere.
#[must_use]
pub fn recognise(head: &[u8]) -> Option<&'static Format> {
    let head = Head::of(head);
    let format = FORMATS.iter().find(|format| (format.recognises)(&head))?;
    let may_be_mixed = !format.stands_alone && format.name != MIXED.name;
    Some(if may_be_mixed && text::has_other(&head, format.name) { &MIXED } else { format })
}

/// Whether a file that begins with `head` is JSON with nothing in it, as services answer that have found nothing.
#[must_use]
pub fn is_empty_list(head: &[u8]) -> bool {
    if head.len() >= HEAD {
        return false;
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut values = serde_json::Deserializer::from_slice(text).into_iter().peekable();
    values.peek().is_some() && values.all(|value| value.is_ok_and(|value| is_empty(&value)))
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(|values| values.iter().all(is_empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lists_are_json() {
        for empty in ["[]", " [ ]\n", "[[], []]", "[]\n[]\n", "\u{feff}[]"] {
            assert!(is_empty_list(empty.as_bytes()), "{empty}");
        }
        for other in ["", " \n", "[", "]]", "[[[", "[][", "{}", "[{}]", "[1]", "[] x", "\u{feff}"] {
            assert!(!is_empty_list(other.as_bytes()), "{other}");
        }
        assert!(!is_empty_list("[".repeat(5000).as_bytes()));
        assert!(!is_empty_list("[]".repeat(HEAD).as_bytes()));
    }
}
