//! Where a text may be cut, so that each part is read as it is within the whole.
//!
//! A header ends what stands before it, whatever that is, and shows itself what stands before its own words. A report
//! of mtr says nothing of its destination, so that it may belong to a command before it; behind a hop it does not.

use std::borrow::Cow;

use super::clean::clean;
use super::family::Family;
use super::fence::behind_fences;
use crate::import::mtr::row::{Columns, Row};
use crate::import::text_trace::LONGEST;
use crate::import::traceroute::header::Header;
use crate::input::text::decode;

/// How many places of the same words are tried.
const TRIES: usize = 64;
/// How far from the end the words are looked for at first: most texts have a header there.
const NEAR: usize = 16 << 10;

/// The last place in `bytes` where a trace of `only`, or of any program, begins that has nothing to do with what is
/// before it.
pub(super) fn last(bytes: &[u8], only: Option<Family>) -> Option<usize> {
    type Begin = fn(&[u8], usize, Option<Family>) -> Option<usize>;
    let words: [(&[u8], Begin); 5] = [
        (b"traceroute to ", header),
        (b"Tracing route to ", header),
        (b"Tracing the route to ", header),
        (b"traceroute from ", header),
        (b"HOST: ", report),
    ];
    let last = |from: usize, (words, begin): (&[u8], Begin)| {
        // To search forwards is many times as fast.
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes[from..], words).collect();
        let mut places = places.into_iter().rev().take(TRIES).map(|place| from + place);
        places.find_map(|place| begin(bytes, place, only))
    };
    let mut near = NEAR;
    loop {
        let from = bytes.len().saturating_sub(near);
        let found = words.into_iter().filter_map(|words| last(from, words)).max();
        if found.is_some() || from == 0 {
            return found;
        }
        near *= 8;
    }
}

/// Where the line begins in which the words of a header stand at `place`.
fn header(bytes: &[u8], place: usize, only: Option<Family>) -> Option<usize> {
    let start = start_of_line(bytes, place)?;
    let line = line_at(bytes, start)?;
    let line = clean(&line);
    let (at, family) = match Header::of(&line) {
        Some(header) => (header.at, Family::of_header(&header)),
        None => (line.find("Tracing route to ")?, Family::Tracert),
    };
    // Within JSON it is a part of a string.
    let is_in_string = line[..at].contains('"') || line.contains("\\n");
    let is_text = !is_in_string && behind_fences(&line).is_none() && line.len() <= LONGEST;
    (is_text && only.is_none_or(|only| only == family)).then_some(start)
}

/// Where a report of mtr begins whose columns are named at `place`.
fn report(bytes: &[u8], place: usize, only: Option<Family>) -> Option<usize> {
    let columns = start_of_line(bytes, place).filter(|start| *start == place)?;
    Columns::certain(&line_at(bytes, columns)?)?;
    let before = |start: usize| start_of_line(bytes, start.checked_sub(1)?);
    let time = before(columns).filter(|start| bytes[*start..].starts_with(b"Start:"));
    let start = time.unwrap_or(columns);
    let hop = line_at(bytes, before(start)?)?;
    let is_behind_hop = matches!(Row::of(&clean(&hop), Columns::default()), Some(Row::Hop(..)));
    (is_behind_hop && only.is_none_or(|only| only == Family::Mtr)).then_some(start)
}

fn start_of_line(bytes: &[u8], place: usize) -> Option<usize> {
    memchr::memrchr(b'\n', &bytes[..place]).map(|end| end + 1)
}

/// The line that begins at `start`, if its end is there.
fn line_at(bytes: &[u8], start: usize) -> Option<Cow<'_, str>> {
    let end = memchr::memchr(b'\n', &bytes[start..])?;
    let line = &bytes[start..start + end];
    Some(decode(line.strip_suffix(b"\r").unwrap_or(line)))
}
