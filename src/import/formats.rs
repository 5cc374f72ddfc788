//! All formats, and which of them a file is of.

use super::format::Format;
use super::sniff::Head;
use super::{
    atlas, caracal, dublin, globalping, mtr, nexttrace, nmap, own, scamper, traceroute, tracert,
    trippy, yarrp,
};

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
    nmap::FORMAT,
    mtr::csv::FORMAT,
    trippy::csv::FORMAT,
    scamper::csv::FORMAT,
    caracal::FORMAT,
    yarrp::FORMAT,
    mtr::report::FORMAT,
    traceroute::tracepath::FORMAT,
    tracert::FORMAT,
    traceroute::FORMAT,
];

/// The format that is called `name`.
#[must_use]
pub fn named(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// The format of a file that begins with `head`, which is at most [`HEAD`](crate::input::HEAD) bytes, after
/// decompression, and may end anywhere.
#[must_use]
pub fn recognise(head: &[u8]) -> Option<&'static Format> {
    let head = Head::of(head);
    FORMATS.iter().find(|format| (format.recognises)(&head))
}
