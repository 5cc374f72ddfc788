//! scamper's binary archive: records one after the other, each with its type and its length.
//!
//! Traceroutes are read; lists and cycles say where they were made; everything else is skipped by its
//! length. Where no record begins, the file is damaged, and reading goes on at the next place that
//! looks like one.

use std::io::{self, BufRead, Read};

use super::measurement::Measurement;
use super::warts_fields::{Bytes, Known};
use super::warts_trace::{self, MOST_TRIES};
use crate::import::finding::Finding;
use crate::import::format::{Format, Reader, Sink};

/// The format `warts`.
pub(in crate::import) const FORMAT: Format = Format {
    name: "warts",
    recognises: |head| Header::read(&head.bytes).is_some(),
    stands_alone: true,
    reader: Reader::Stream(read),
};

/// What every record begins with.
const MAGIC: [u8; 2] = [0x12, 0x05];
/// The length of what precedes a record: magic, type, length.
const HEADER: usize = 8;
/// The longest record that is read; a longer one has lied about its length.
const LONGEST: u32 = 8 << 20;
/// The highest type that is known.
const LAST_TYPE: u16 = 0x20;

const LIST: u16 = 1;
const CYCLE_START: u16 = 2;
const CYCLE_DEFINITION: u16 = 3;
const CYCLE_STOP: u16 = 4;
const ADDRESS: u16 = 5;
const TRACE: u16 = 6;
const TRACELB: u16 = 8;

fn read(input: &mut (dyn BufRead + Send), sink: &mut Sink<'_>) -> io::Result<()> {
    let mut known = Known::default();
    let mut records = Records { input, header: Vec::new() };
    let mut number = 0;
    while let Some(found) = records.next()? {
        number += 1;
        match found {
            Found::Record(kind, body) => {
                for one in findings(&mut known, kind, &body) {
                    sink(number, one);
                }
            }
            Found::Malformed(why) => sink(number, Finding::Malformed(why)),
        }
    }
    Ok(())
}

/// What stands at one place of the file.
enum Found {
    Record(u16, Vec<u8>),
    Malformed(String),
}

/// A record's type and the length of what follows.
struct Header {
    kind: u16,
    length: u32,
}

impl Header {
    /// The header that `bytes` begin with, if it can be one.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes::new(bytes.strip_prefix(&MAGIC)?);
        let header = Self { kind: bytes.number()?, length: bytes.number()? };
        ((1..=LAST_TYPE).contains(&header.kind)).then_some(header)
    }

    fn is_read(&self) -> bool {
        matches!(self.kind, LIST..=TRACE | TRACELB)
    }
}

/// Records, one after the other.
struct Records<R> {
    input: R,
    /// What has been read of the next header.
    header: Vec<u8>,
}

impl<R: BufRead> Records<R> {
    /// Reads the next record, or to where the next may begin.
    fn next(&mut self) -> io::Result<Option<Found>> {
        let missing = HEADER - self.header.len();
        self.input.by_ref().take(missing as u64).read_to_end(&mut self.header)?;
        if self.header.is_empty() {
            return Ok(None);
        }
        let Some(header) = Header::read(&self.header) else { return self.resume().map(Some) };
        self.header.clear();
        match header {
            header if !header.is_read() => self.skip(&header).map(Some),
            header if header.length <= LONGEST => self.body(&header).map(Some),
            _ => Ok(Some(Found::Malformed("a record longer than any traceroute".into()))),
        }
    }

    fn body(&mut self, header: &Header) -> io::Result<Found> {
        let mut body = Vec::new();
        let read = self.input.by_ref().take(header.length.into()).read_to_end(&mut body)?;
        let is_whole = u32::try_from(read) == Ok(header.length);
        Ok(if is_whole { Found::Record(header.kind, body) } else { Found::ended() })
    }

    fn skip(&mut self, header: &Header) -> io::Result<Found> {
        let mut body = self.input.by_ref().take(header.length.into());
        let is_whole = io::copy(&mut body, &mut io::sink())? == u64::from(header.length);
        Ok(if is_whole { Found::Record(header.kind, Vec::new()) } else { Found::ended() })
    }

    /// Reads on to where the next record may begin.
    fn resume(&mut self) -> io::Result<Found> {
        if self.header.len() < HEADER {
            self.header.clear();
            return Ok(Found::ended());
        }
        let mut byte = [0];
        while Header::read(&self.header).is_none() {
            if self.input.read(&mut byte)? == 0 {
                self.header.clear();
                break;
            }
            self.header.remove(0);
            self.header.extend(byte);
        }
        Ok(Found::Malformed("the file is damaged: no record begins here".into()))
    }
}

impl Found {
    fn ended() -> Self {
        Self::Malformed("the file ends within a record".into())
    }
}

/// What is found in a record of this kind, which may add to what is `known`.
fn findings(known: &mut Known, kind: u16, body: &[u8]) -> Vec<Finding> {
    let bytes = Bytes::new(body);
    let understood = match kind {
        LIST => known.list(bytes),
        CYCLE_START | CYCLE_DEFINITION => known.cycle(bytes),
        ADDRESS => known.address(bytes),
        TRACE => return measured(warts_trace::trace(bytes, known)),
        TRACELB => return measured(warts_trace::tracelb(bytes, known)),
        CYCLE_STOP => Some(()),
        _ => return vec![Finding::Skipped("a record of something else than a path".into())],
    };
    let malformed = || Finding::Malformed("a record that ends before its contents".into());
    if understood.is_some() { Vec::new() } else { vec![malformed()] }
}

fn measured(read: Option<Measurement>) -> Vec<Finding> {
    match read {
        Some(measured) => measured.findings(),
        None => vec![Finding::Malformed(format!(
            "a traceroute that ends before its contents, or has more than {MOST_TRIES} tries"
        ))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::finding::Finding;

    /// A record of a trace through load balancers: one link of `hops` hops, each with `probes` probes of which nothing
    /// is known.
    fn tracelb(hops: u8, probes: u16) -> Vec<u8> {
        let (source, target) = ([4, 1, 10, 0, 0, 1], [4, 1, 175, 45, 177, 10]);
        // Method, nodes, links and the two addresses; then where the link begins and how long it is.
        let mut body = vec![0x80, 0x82, 0xc6, 0x01, 0, 17, 2, 0, 0, 0, 1];
        body.extend([source, target].concat());
        body.extend([0x05, 0, 3, 0, 0, hops]);
        for _ in 0..hops {
            body.extend([0x01, 0, 2]);
            body.extend(probes.to_be_bytes());
            body.extend(vec![0; probes.into()]);
        }
        body
    }

    fn found(body: &[u8]) -> Vec<Finding> {
        findings(&mut Known::default(), TRACELB, body)
    }

    #[test]
    fn a_record_has_no_more_tries_than_any_measurement_makes() {
        let is_malformed = |body: Vec<u8>| matches!(found(&body)[..], [Finding::Malformed(_)]);
        assert!(!is_malformed(tracelb(2, 30_000)));
        assert!(is_malformed(tracelb(3, 30_000)));
        assert!(is_malformed(tracelb(255, 32_000)), "8 million in 8 MB");
    }
}
