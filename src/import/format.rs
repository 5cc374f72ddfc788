//! What a format is: how files begin that are of it, and how they are read.

use std::fmt;
use std::io::{self, BufRead};
use std::net::Ipv4Addr;

use super::finding::Finding;
use super::scattered::{self, RowReader};
use super::sniff::Head;
use crate::input::chunks::{Chunk, Chunks, Sequence};
use crate::input::json::{self, Batch};
use crate::input::parallel;
use crate::input::text::{self, Lines, decoded};

/// Takes what is found, with the line it begins at (from 1; where there are no lines, the number of the record).
pub type Sink<'a> = dyn FnMut(u64, Finding) + 'a;

/// Findings in their order, each with its line.
pub type Findings<'a> = dyn Iterator<Item = (u64, Finding)> + 'a;

/// Which destinations are asked for.
pub type Wanted<'a> = dyn Fn(Ipv4Addr) -> bool + Sync + 'a;

/// One format.
#[derive(Clone, Copy)]
pub struct Format {
    pub(super) name: &'static str,
    /// Whether a file that begins with this is of the format.
    pub(super) recognises: fn(&Head) -> bool,
    /// Whether nothing of other formats can stand in a file of it.
    pub(super) stands_alone: bool,
    pub(super) reader: Reader,
}

/// How files of a format are read.
#[derive(Clone, Copy)]
pub(super) enum Reader {
    /// As a stream of JSON objects, on all cores.
    Json(JsonReader),
    /// As a text, in chunks on all cores.
    Text(TextFormat),
    /// Line by line.
    Lines(fn() -> Box<dyn LineReader>),
    /// Line by line, where the answers of all traces stand in any order.
    Scattered(fn() -> Box<dyn RowReader>),
    /// A binary format or XML reads for itself. Malformed records are reported and skipped; it fails only when the input does.
    Stream(fn(&mut (dyn BufRead + Send), &mut Sink<'_>) -> io::Result<()>),
}

/// How JSON objects are read one by one, in any order.
#[derive(Clone, Copy)]
pub(super) struct JsonReader {
    /// What may stand before one.
    pub(super) prefixes: &'static [&'static str],
    /// What is in one. The hops of a trace that is not wanted need not be looked at.
    pub(super) parse: fn(&[u8], &Wanted<'_>) -> Vec<Finding>,
}

/// How a text is read that can be cut into chunks.
#[derive(Clone, Copy)]
pub(super) struct TextFormat {
    /// The last place in some bytes where a trace begins that nothing before it has to do with.
    pub(super) cut: fn(&[u8]) -> Option<usize>,
    /// Begins to read lines.
    pub(super) begin: for<'a> fn(&'a Wanted<'a>) -> Box<dyn LineReader + Send + 'a>,
}

/// Reads a text whose lines it is given one after the other.
pub(super) trait LineReader {
    /// Takes the next line. Malformed lines are reported and skipped.
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>);

    /// Nothing comes any more.
    fn end(self: Box<Self>, sink: &mut Sink<'_>);
}

/// How many findings are sifted at a time, where they are made one by one.
const SOME: usize = 64;

impl Format {
    /// Its name on the command line.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Reads everything.
    ///
    /// # Errors
    /// Only when `input` fails.
    pub fn read(&self, input: &mut (dyn BufRead + Send), sink: &mut Sink<'_>) -> io::Result<()> {
        let collect = |findings: &mut Findings<'_>| findings.collect::<Vec<_>>();
        let deliver = |findings| {
            for (line, finding) in findings {
                sink(line, finding);
            }
        };
        self.sift(input, &|_| true, collect, deliver)
    }

    /// Reads everything that is `wanted` in `input`. `work` sifts some findings at a time, on whatever core
    /// they were made; `take` gets what it makes of them, in the order of the input.
    ///
    /// # Errors
    /// Only when `input` fails.
    pub fn sift<R: Send>(
        &self,
        input: &mut (dyn BufRead + Send),
        wanted: &Wanted<'_>,
        work: impl Fn(&mut Findings<'_>) -> R + Sync,
        mut take: impl FnMut(R),
    ) -> io::Result<()> {
        let mut found = Vec::with_capacity(SOME);
        let mut sink = |line, finding| {
            found.push((line, finding));
            if found.len() == SOME {
                take(work(&mut found.drain(..)));
            }
        };
        let read = match self.reader {
            Reader::Json(JsonReader { prefixes, parse }) => {
                let work =
                    |batch: &Batch| work(&mut findings(batch, &|record| parse(record, wanted)));
                return json::batches(prefixes, input, work, take);
            }
            Reader::Text(reader) => return chunks(reader, input, wanted, work, take),
            Reader::Lines(reader) => lines(reader(), input, &mut sink),
            Reader::Scattered(reader) => {
                scattered::read(reader(), Lines::new(decoded(input)?), wanted, &mut sink)
            }
            Reader::Stream(read) => read(input, &mut sink),
        };
        if !found.is_empty() {
            take(work(&mut found.drain(..)));
        }
        read
    }
}

/// What `parse` finds in the records of a batch, each finding with its line.
pub(super) fn findings(
    batch: &Batch,
    parse: &dyn Fn(&[u8]) -> Vec<Finding>,
) -> impl Iterator<Item = (u64, Finding)> {
    batch.records().flat_map(move |(line, record)| {
        let found = match record {
            Ok(record) => parse(record),
            Err(why) => vec![Finding::Malformed(why.to_owned())],
        };
        found.into_iter().map(move |finding| (line, finding))
    })
}

/// What a [`LineReader`] finds, kept.
struct Kept<'a>(Box<dyn LineReader + Send + 'a>);

impl Sequence<(u64, Finding)> for Kept<'_> {
    fn line(&mut self, number: u64, line: &str, found: &mut Vec<(u64, Finding)>) {
        self.0.line(number, line, &mut |line, finding| found.push((line, finding)));
    }

    fn end(self: Box<Self>, found: &mut Vec<(u64, Finding)>) {
        self.0.end(&mut |line, finding| found.push((line, finding)));
    }
}

fn chunks<R: Send>(
    TextFormat { cut, begin }: TextFormat,
    input: &mut (dyn BufRead + Send),
    wanted: &Wanted<'_>,
    work: impl Fn(&mut Findings<'_>) -> R + Sync,
    take: impl FnMut(R),
) -> io::Result<()> {
    let begin_kept = || Box::new(Kept(begin(wanted))) as Box<dyn Sequence<_> + Send>;
    let chunks = Chunks::new(decoded(input)?, cut, &begin_kept);
    let read = |chunk: Chunk<(u64, Finding)>| {
        let mut found = Vec::new();
        match chunk {
            Chunk::Found(before) => found = before,
            Chunk::Lines(first, bytes) => {
                let mut reader = begin(wanted);
                let mut sink = |line, finding| found.push((line, finding));
                for (number, line) in (first..).zip(text::lines(&bytes)) {
                    reader.line(number, &line, &mut sink);
                }
                reader.end(&mut sink);
            }
        }
        work(&mut found.into_iter())
    };
    parallel::ordered(chunks, |_| false, read, take)
}

fn lines(
    mut reader: Box<dyn LineReader>,
    input: &mut (dyn BufRead + Send),
    sink: &mut Sink<'_>,
) -> io::Result<()> {
    for line in Lines::new(decoded(input)?) {
        let (number, line) = line?;
        reader.line(number, &line, sink);
    }
    reader.end(sink);
    Ok(())
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
