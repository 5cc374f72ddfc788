//! A stream of JSON, read on all cores: cut into the values that are records, one after the other,
//! on lines or not, or the elements of one array around all of them.
//!
//! One thread cuts, all cores parse, and what comes of it is in the order of the input.

mod cutter;
pub(crate) mod loose;
mod scan;

use std::io::{self, BufRead};

#[cfg(feature = "remote")]
pub(crate) use self::cutter::ENDS_WITHIN;
use self::cutter::{Cutter, Piece, Pieces};
use super::parallel;
use super::text::decoded;

/// How much is cut at once.
const PART: usize = 256 << 10;
/// A batch above this is one long record, of which there should not be many in memory.
const HEAVY: usize = 4 << 20;

/// Cuts `input` into records, before which any of `prefixes` may stand. `work` gets some of them at a time,
/// on any core, and `take` what it makes of them, in their order.
///
/// # Errors
/// When `input` fails.
pub(crate) fn batches<R: Send>(
    prefixes: &[&str],
    input: &mut (dyn BufRead + Send),
    work: impl Fn(&Batch) -> R + Sync,
    take: impl FnMut(R),
) -> io::Result<()> {
    let batches = Batches::new(decoded(input)?, prefixes);
    let heavy = |batch: &Batch| batch.bytes.len() > HEAVY;
    parallel::ordered(batches, heavy, |batch| work(&batch), take)
}

/// Cuts `input` into records of at most `longest` bytes, some at a time, as it comes.
#[cfg(feature = "remote")]
pub(crate) fn cut(
    input: Box<dyn BufRead + Send>,
    longest: usize,
) -> impl Iterator<Item = io::Result<Batch>> + Send {
    let batches = Batches::new(input, &[]);
    Batches { cutter: batches.cutter.up_to(longest), ..batches }
}

/// The objects within `object`, wherever in it they are, but not those within them.
pub(crate) fn inside(object: &[u8]) -> Vec<&[u8]> {
    let inner = object.get(1..object.len().saturating_sub(1)).unwrap_or_default();
    let mut pieces = Pieces::new();
    Cutter::new(&[]).cut(inner, 0, &mut pieces);
    let record = |(_, piece)| match piece {
        Piece::Record(range) => inner.get(range),
        Piece::Malformed(_) => None,
    };
    pieces.into_iter().filter_map(record).collect()
}

/// Some records.
pub(crate) struct Batch {
    bytes: Vec<u8>,
    pieces: Pieces,
}

impl Batch {
    /// The bytes of each record with the line it begins at, or why there is none.
    pub(crate) fn records(&self) -> impl Iterator<Item = (u64, Result<&[u8], &str>)> {
        self.pieces.iter().map(|(line, piece)| match piece {
            Piece::Record(range) => (*line, Ok(self.bytes.get(range.clone()).unwrap_or_default())),
            Piece::Malformed(why) => (*line, Err(why.as_str())),
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

    /// Reads until there is a piece. What is there is not kept waiting for more.
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
