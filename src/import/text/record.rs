//! JSON that stands in a text: a value over one or more lines, read by the format that knows it.

use crate::import::finding::Finding;
use crate::import::format::{Format, JsonReader, Reader, Wanted, findings};
use crate::import::sniff::Head;
use crate::import::{atlas, dublin, globalping, mtr, nexttrace, scamper, trippy};
use crate::input::json;

/// The longest value: what is longer is not pasted.
const LONGEST: usize = 16 << 20;

/// The formats that are JSON.
static FORMATS: [&Format; 7] = [
    &trippy::json::FORMAT,
    &dublin::FORMAT,
    &scamper::json::FORMAT,
    &mtr::json::FORMAT,
    &nexttrace::FORMAT,
    &globalping::FORMAT,
    &atlas::FORMAT,
];

/// Whether a value may begin with `line`.
pub(super) fn begins(line: &str) -> bool {
    let line = line.trim_start();
    match line.as_bytes() {
        [b'{', ..] => true,
        [b'[', rest @ ..] => {
            let next = rest.iter().find(|byte| !byte.is_ascii_whitespace());
            next.is_none_or(|next| *next == b'{')
        }
        _ => false,
    }
}

/// Whether a value may have a line that begins as `line` does: with brackets and commas, then a string, a number or a
/// word of JSON. After a number or a word comes a comma or a bracket.
fn may_be_within(line: &str) -> bool {
    let text = line.trim_start_matches(|c: char| c.is_whitespace() || "{}[],:".contains(c));
    if text.is_empty() || text.starts_with('"') {
        return true;
    }
    let word = ["true", "false", "null"].iter().find_map(|word| text.strip_prefix(word));
    let number = || {
        let is_number = text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.eE".contains(c));
        is_number.then_some(rest)
    };
    let rest = word.or_else(number).map(str::trim_start);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([',', ']', '}']))
}

/// A value whose lines are being read.
pub(super) struct Record {
    first: u64,
    text: String,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

/// Whether a value goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Goes {
    On,
    Ended,
    /// It was cut off before this line, or is none.
    CutOff,
}

impl Record {
    /// A value that begins at this line.
    pub(super) fn new(first: u64) -> Self {
        Self { first, text: String::new(), depth: 0, in_string: false, escaped: false }
    }

    pub(super) fn take(&mut self, line: &str) -> Goes {
        for byte in line.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => self.depth += 1,
                b'}' | b']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.text.push_str(line);
        self.text.push('\n');
        // A line end within a string is no JSON.
        if self.in_string || self.text.len() > LONGEST || !may_be_within(line) {
            Goes::CutOff
        } else if self.depth == 0 {
            Goes::Ended
        } else {
            Goes::On
        }
    }

    /// Its first line and its text.
    pub(super) fn text(self) -> (u64, String) {
        (self.first, self.text)
    }

    /// What the format that knows it finds in it, and that format's name.
    pub(super) fn findings(
        &self,
        wanted: &Wanted<'_>,
    ) -> Option<(&'static str, Vec<(u64, Finding)>)> {
        let bytes = self.text.as_bytes();
        let head = Head::of(&bytes[..bytes.len().min(crate::input::HEAD)]);
        let format = FORMATS.iter().find(|format| (format.recognises)(&head))?;
        let Reader::Json(JsonReader { prefixes, parse }) = format.reader else { return None };
        let mut found = Vec::new();
        let mut input = bytes;
        let read = json::batches(
            prefixes,
            &mut input,
            |batch| findings(batch, &|record| parse(record, wanted)).collect::<Vec<_>>(),
            |findings| found.extend(findings),
        );
        read.ok()?;
        let first = self.first - 1;
        Some((
            format.name,
            found.into_iter().map(|(line, finding)| (line + first, finding)).collect(),
        ))
    }
}
