//! A stream of JSON cut into records, and into what is none.
//!
//! A record is an object at the top, or in arrays around it. One that is malformed must not take those
//! behind it with it: where a line begins that cannot be within it, it is given up.

use std::ops::Range;

use super::scan::{Met, Scan};

/// The longest record; nothing real comes near.
pub(super) const LONGEST: usize = 64 << 20;

/// Why the last record of an input is none.
pub(crate) const ENDS_WITHIN: &str = "the input ends within a record";

/// The longest first key that tells records from their values.
const LONGEST_KEY: usize = 64;

/// What a cutter makes of a part of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Here is a record.
    Record(Range<usize>),
    /// Here is none, and why.
    Malformed(String),
}

/// Pieces with the lines they begin at, from 1.
pub(super) type Pieces = Vec<(u64, Piece)>;

/// Cuts bytes that come part by part.
#[derive(Debug)]
pub(super) struct Cutter<'a> {
    /// What may stand before a record.
    prefixes: &'a [&'a str],
    /// How long a record may be.
    longest: usize,
    line: u64,
    /// The blanks at the beginning of this line; 0 where something else was there.
    indent: usize,
    fresh: bool,
    junk: Junk,
    open: Option<Open>,
}

/// What is between records and does not belong there.
#[derive(Debug, Default)]
struct Junk {
    line: u64,
    text: Vec<u8>,
}

/// A record that has not ended.
#[derive(Debug)]
struct Open {
    start: usize,
    line: u64,
    indent: usize,
    scan: Scan,
    fate: Fate,
    layout: Layout,
    /// At the beginning of a line, the blanks there so far.
    leading: Option<usize>,
    /// How far behind the start a line begins of which too little was read to know whether it is of it.
    undecided: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It will be cut out.
    Kept,
    /// It is too long; that has been said.
    TooLong,
    /// It is malformed, so that not even its depth is known; that has been said.
    Lost,
}

/// Whether an object is a value of the record that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
    /// Not enough of it was read.
    Unknown,
}

/// What the lines of a record show of how it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    OneLine,
    /// Only a brace stood on its first line.
    Brace,
    Lines,
    /// One value to a line, and no line is indented.
    Flat,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(prefixes: &'a [&'a str]) -> Self {
        let junk = Junk::default();
        Self { prefixes, longest: LONGEST, line: 1, indent: 0, fresh: true, junk, open: None }
    }

    /// The same where no record is longer than `longest`.
    #[cfg(feature = "remote")]
    pub(super) fn up_to(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    /// Goes on through `bytes` from `at` to their end. A record that was open at the end of the last
    /// part must begin where `kept` said, or at 0 if `moved` was called.
    pub(super) fn cut(&mut self, bytes: &[u8], mut at: usize, pieces: &mut Pieces) {
        if let Some(open) = &mut self.open
            && let Some(behind) = open.undecided.take()
        {
            at = open.start + behind;
        }
        while at < bytes.len() {
            at = match self.open.take() {
                None => self.between(bytes, at, pieces),
                Some(open) if open.leading.is_some() => self.line_start(open, bytes, at, pieces),
                Some(open) => self.within(open, bytes, at, pieces),
            };
        }
        if let Some(open) = &mut self.open
            && open.fate == Fate::Kept
            && bytes.len() - open.start > self.longest
        {
            pieces.push((open.line, Piece::Malformed(too_long(self.longest))));
            open.fate = Fate::TooLong;
        }
    }

    /// Where the record that is open begins, if it is kept.
    pub(super) fn kept(&self) -> Option<usize> {
        self.open.as_ref().filter(|open| open.fate == Fate::Kept).map(|open| open.start)
    }

    /// The record that is open begins at 0 now.
    pub(super) fn moved(&mut self) {
        if let Some(open) = &mut self.open {
            open.start = 0;
        }
    }

    /// Nothing comes any more.
    pub(super) fn end(&mut self, pieces: &mut Pieces) {
        self.report_junk(pieces);
        if let Some(open) = self.open.take()
            && open.fate == Fate::Kept
        {
            pieces.push((open.line, Piece::Malformed(ENDS_WITHIN.into())));
        }
    }

    fn between(&mut self, bytes: &[u8], at: usize, pieces: &mut Pieces) -> usize {
        for (place, byte) in bytes.iter().enumerate().skip(at) {
            match byte {
                b'\n' => {
                    self.line += 1;
                    (self.indent, self.fresh) = (0, true);
                }
                b' ' | b'\t' | b'\r' => self.indent += usize::from(self.fresh),
                b',' => {}
                b'{' => {
                    self.report_junk(pieces);
                    self.open = Some(self.begin(place));
                    return place;
                }
                _ => {
                    (self.indent, self.fresh) = (0, false);
                    self.junk.add(*byte, self.line);
                }
            }
        }
        bytes.len()
    }

    fn begin(&self, start: usize) -> Open {
        Open {
            start,
            line: self.line,
            indent: self.indent,
            scan: Scan::default(),
            fate: Fate::Kept,
            layout: Layout::OneLine,
            leading: None,
            undecided: None,
        }
    }

    fn report_junk(&mut self, pieces: &mut Pieces) {
        let text = std::mem::take(&mut self.junk.text);
        let text = String::from_utf8_lossy(&text);
        // Files with byte order marks may have been put one behind the other.
        let text = text.trim_start_matches('\u{feff}');
        if !text.is_empty() && !self.prefixes.contains(&text) {
            let shown = text.chars().take(Junk::SHOWN).collect::<String>();
            let why = format!("no JSON object: {}", shown.escape_debug());
            pieces.push((self.junk.line, Piece::Malformed(why)));
        }
    }

    fn within(&mut self, mut open: Open, bytes: &[u8], at: usize, pieces: &mut Pieces) -> usize {
        let rest = bytes.get(at..).unwrap_or_default();
        let (read, met) = match open.fate {
            Fate::Lost => next_line(rest),
            Fate::Kept | Fate::TooLong => open.scan.on(rest),
        };
        let at = at + read;
        match met {
            None => self.open = Some(open),
            Some(Met::End) => {
                (self.indent, self.fresh) = (0, false);
                pieces.extend(open.ended(at, self.longest));
            }
            Some(Met::LineEnd { in_string }) => {
                if in_string && open.fate == Fate::Kept {
                    let why = "a line ends within a string".to_owned();
                    pieces.push((open.line, Piece::Malformed(why)));
                }
                if in_string {
                    open.fate = Fate::Lost;
                }
                open.first_line(bytes, at);
                self.line += 1;
                open.leading = Some(0);
                self.open = Some(open);
            }
        }
        at
    }

    /// Looks at one byte at the beginning of a line within a record.
    fn line_start(
        &mut self,
        mut open: Open,
        bytes: &[u8],
        at: usize,
        pieces: &mut Pieces,
    ) -> usize {
        let leading = open.leading.unwrap_or(0);
        let byte = bytes.get(at).copied().unwrap_or(b' ');
        match byte {
            b' ' | b'\t' | b'\r' => open.leading = Some(leading + 1),
            b'\n' => {
                self.line += 1;
                open.leading = Some(0);
            }
            b',' => {}
            b'{' if open.is_left(leading) && open.may_hold(bytes, at) == Holds::Unknown => {
                open.undecided = Some(at - open.start);
                self.open = Some(open);
                return bytes.len();
            }
            _ if self.begins_another(&open, byte, bytes, at) => {
                (self.indent, self.fresh) = (leading, true);
                if open.fate == Fate::Kept {
                    let why = format!("a record without an end; line {} is not of it", self.line);
                    pieces.push((open.line, Piece::Malformed(why)));
                }
                return at;
            }
            _ => {
                open.second_line(byte);
                open.leading = None;
                self.open = Some(open);
                return at;
            }
        }
        self.open = Some(open);
        at + 1
    }

    /// Whether a line that begins with `byte`, at `at`, cannot be of `open`.
    fn begins_another(&self, open: &Open, byte: u8, bytes: &[u8], at: usize) -> bool {
        let prefix = |prefix: &&str| prefix.as_bytes().first() == Some(&byte);
        match byte {
            b'{' => {
                let outside = open.leading.is_some_and(|leading| open.is_left(leading));
                outside
                    && !(open.layout == Layout::Flat && open.expects(bytes, at))
                    && open.may_hold(bytes, at) != Holds::Yes
            }
            _ if self.prefixes.iter().any(prefix) && byte != b'"' => true,
            b'"' | b'-' | b'0'..=b'9' | b'}' | b'[' | b']' | b':' | b't' | b'f' | b'n' => false,
            _ => open.fate != Fate::Lost,
        }
    }
}

/// Reads to the end of a line.
fn next_line(bytes: &[u8]) -> (usize, Option<Met>) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(place) => (place + 1, Some(Met::LineEnd { in_string: false })),
        None => (bytes.len(), None),
    }
}

fn too_long(longest: usize) -> String {
    format!("a record of more than {} MiB", longest >> 20)
}

impl Junk {
    /// How much of it is shown.
    const SHOWN: usize = 40;

    fn add(&mut self, byte: u8, line: u64) {
        if matches!(byte, b'[' | b']') {
            return;
        }
        if self.text.is_empty() {
            self.line = line;
        }
        if self.text.len() < 4 * Self::SHOWN {
            self.text.push(byte);
        }
    }
}

impl Open {
    fn ended(&self, end: usize, longest: usize) -> Option<(u64, Piece)> {
        let piece = match self.fate {
            Fate::Kept if end - self.start > longest => Piece::Malformed(too_long(longest)),
            Fate::Kept => Piece::Record(self.start..end),
            Fate::TooLong | Fate::Lost => return None,
        };
        Some((self.line, piece))
    }

    /// Its first line may have ended, right before `end`.
    fn first_line(&mut self, bytes: &[u8], end: usize) {
        if self.layout == Layout::OneLine {
            let behind = bytes.get(self.start + 1..end).unwrap_or_default();
            let brace = self.fate == Fate::Kept && behind.trim_ascii().is_empty();
            self.layout = if brace { Layout::Brace } else { Layout::Lines };
        }
    }

    /// Its second line may begin here.
    fn second_line(&mut self, byte: u8) {
        if self.layout == Layout::Brace {
            let flat = byte == b'"' && self.leading.is_some_and(|leading| leading <= self.indent);
            self.layout = if flat { Layout::Flat } else { Layout::Lines };
        }
    }

    /// Whether a line that begins with so many blanks need not be within it.
    fn is_left(&self, leading: usize) -> bool {
        leading <= self.indent
    }

    /// Whether an object at `at`, where a line begins, is one of its values: one must be missing there, and
    /// it does not begin with the same key, as the next record would.
    fn may_hold(&self, bytes: &[u8], at: usize) -> Holds {
        if !self.expects(bytes, at) {
            return Holds::No;
        }
        let own = bytes.get(self.start..).unwrap_or_default();
        let key = own.iter().take(LONGEST_KEY).position(|byte| *byte == b':');
        let Some(key) = key.and_then(|end| own.get(..end)) else { return Holds::No };
        let other = bytes.get(at..).unwrap_or_default();
        match other.get(..key.len()) {
            Some(other) if other == key => Holds::No,
            None if key.starts_with(other) => Holds::Unknown,
            _ => Holds::Yes,
        }
    }

    /// Whether a value may follow what stands before `at`.
    fn expects(&self, bytes: &[u8], at: usize) -> bool {
        let before = bytes.get(self.start..at).unwrap_or_default().trim_ascii_end();
        self.fate == Fate::Kept && matches!(before.last(), Some(b'[' | b',' | b':'))
    }
}
