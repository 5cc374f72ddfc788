//! A stream of JSON, read on all cores: cut into the values that are records, one after the other,
//! on lines or not, or the elements of one array around all of them.
//!
//! One thread cuts, all cores parse, and the findings come in the order of the input.

mod cutter;
mod scan;

use std::io::{self, BufRead};

use self::cutter::{Cutter, Piece, Pieces};
use super::utf16::decoded;
use super::{Finding, Findings, Sink, parallel};

/// The longest record; nothing real comes near.
const LONGEST: usize = 64 << 20;
/// How much is cut at once.
const PART: usize = 256 << 10;
/// A batch above this is one long record, of which there should not be many in memory.
const HEAVY: usize = 4 << 20;

/// Hands every record of `input` to `parse`, and what that finds to `sink`, in their order.
///
/// # Errors
/// When `input` fails.
pub(super) fn each(
    input: &mut (dyn BufRead + Send),
    sink: &mut Sink<'_>,
    parse: impl Fn(&[u8]) -> Vec<Finding> + Sync,
) -> io::Result<()> {
    each_behind(&[], input, sink, parse)
}

/// As [`each`], where any of `prefixes` may stand before a record.
///
/// # Errors
/// When `input` fails.
pub(super) fn each_behind(
    prefixes: &[&str],
    input: &mut (dyn BufRead + Send),
    sink: &mut Sink<'_>,
    parse: impl Fn(&[u8]) -> Vec<Finding> + Sync,
) -> io::Result<()> {
    let collect = |findings: &mut Findings<'_>| findings.collect::<Vec<_>>();
    let deliver = |findings| {
        for (line, finding) in findings {
            sink(line, finding);
        }
    };
    sifted(prefixes, input, parse, collect, deliver)
}

/// As [`each_behind`], where `work` sifts the findings of some records at a time, on any core, and
/// `take` gets what it makes of them, in their order.
///
/// # Errors
/// When `input` fails.
pub(super) fn sifted<R: Send>(
    prefixes: &[&str],
    input: &mut (dyn BufRead + Send),
    parse: impl Fn(&[u8]) -> Vec<Finding> + Sync,
    work: impl Fn(&mut Findings<'_>) -> R + Sync,
    take: impl FnMut(R),
) -> io::Result<()> {
    let batches = Batches::new(decoded(input)?, prefixes);
    let heavy = |batch: &Batch| batch.bytes.len() > HEAVY;
    parallel::ordered(batches, heavy, |batch| work(&mut batch.findings(&parse)), take)
}

/// The objects within `object`, wherever in it they are, but not those within them.
pub(super) fn inside(object: &[u8]) -> Vec<&[u8]> {
    let inner = object.get(1..object.len().saturating_sub(1)).unwrap_or_default();
    let mut pieces = Pieces::new();
    Cutter::new(&[]).cut(inner, 0, &mut pieces);
    let record = |(_, piece)| match piece {
        Piece::Record(range) => inner.get(range),
        Piece::Broken(_) => None,
    };
    pieces.into_iter().filter_map(record).collect()
}

/// Bytes, and what they hold.
struct Batch {
    bytes: Vec<u8>,
    pieces: Pieces,
}

impl Batch {
    /// What is found in it, record by record.
    fn findings(
        self,
        parse: impl Fn(&[u8]) -> Vec<Finding>,
    ) -> impl Iterator<Item = (u64, Finding)> {
        let Self { bytes, pieces } = self;
        pieces.into_iter().flat_map(move |(line, piece)| {
            let found = match piece {
                Piece::Broken(why) => vec![Finding::Broken(why)],
                Piece::Record(range) => parse(bytes.get(range).unwrap_or_default()),
            };
            found.into_iter().map(move |finding| (line, finding))
        })
    }
}

/// An input in batches of whole records.
struct Batches<'a> {
    input: Box<dyn BufRead + Send + 'a>,
    cutter: Cutter<'a>,
    /// The beginning of a record whose end has not been read.
    rest: Vec<u8>,
    ended: bool,
}

impl<'a> Batches<'a> {
    fn new(input: Box<dyn BufRead + Send + 'a>, prefixes: &'a [&'a str]) -> Self {
        Self { input, cutter: Cutter::new(prefixes), rest: Vec::new(), ended: false }
    }

    /// Reads until there is something to tell. What is there is not kept waiting for more.
    fn batch(&mut self) -> io::Result<Batch> {
        let mut bytes = Vec::with_capacity(self.rest.len() + PART);
        bytes.append(&mut self.rest);
        let mut pieces = Pieces::new();
        while pieces.is_empty() && !self.ended {
            let at = bytes.len();
            self.more(&mut bytes)?;
            self.cutter.cut(&bytes, at, &mut pieces);
            if self.ended {
                self.cutter.end(&mut pieces);
            } else if self.cutter.kept().is_none() && pieces.is_empty() {
                bytes.clear();
            }
        }
        if let Some(start) = self.cutter.kept() {
            self.rest = bytes.get(start..).unwrap_or_default().to_vec();
            self.cutter.moved();
        }
        Ok(Batch { bytes, pieces })
    }

    fn more(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let read = loop {
            match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        let part = read.get(..PART).unwrap_or(read);
        bytes.extend_from_slice(part);
        self.ended = part.is_empty();
        let length = part.len();
        self.input.consume(length);
        Ok(())
    }
}

impl Iterator for Batches<'_> {
    type Item = io::Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        self.batch().map(|batch| (!batch.pieces.is_empty()).then_some(batch)).transpose()
    }
}

#[cfg(test)]
mod tests;
