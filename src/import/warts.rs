//! scamper's binary archive: records one after the other, each with its type and its length.
//!
//! Traceroutes are read; lists and cycles say where they were made; everything else is skipped by its
//! length. Where no record begins, the file is damaged, and reading goes on at the next place that
//! looks like one.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use super::scamper::Measured;
use super::values::Address;
use super::warts_block::Bytes;
use super::{Finding, Format, Sink, warts_trace, warts_tracelb};

/// The format `warts`.
pub(super) struct Warts;

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

impl Format for Warts {
    fn name(&self) -> &'static str {
        "warts"
    }

    fn recognises(&self, head: &[u8]) -> bool {
        Header::read(head).is_some()
    }

    fn read(&self, input: &mut (dyn BufRead + Send), sink: &mut Sink<'_>) -> io::Result<()> {
        let mut known = Known::default();
        let mut records = Records { input, header: Vec::new() };
        let mut number = 0;
        while let Some(found) = records.next()? {
            number += 1;
            match found {
                Found::Record(kind, body) => known.read(kind, &body).into_iter().for_each(|one| {
                    sink(number, one);
                }),
                Found::Broken(why) => sink(number, Finding::Broken(why)),
            }
        }
        Ok(())
    }
}

/// What stands at one place of the file.
enum Found {
    Record(u16, Vec<u8>),
    Broken(String),
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
            _ => Ok(Some(Found::Broken("a record longer than any traceroute".into()))),
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
        Ok(Found::Broken("the file is damaged: no record begins here".into()))
    }
}

impl Found {
    fn ended() -> Self {
        Self::Broken("the file ends within a record".into())
    }
}

/// What earlier records have said.
#[derive(Default)]
pub(super) struct Known {
    /// The names of the places that lists are of.
    monitors: HashMap<u32, String>,
    /// The names of the hosts that cycles ran on.
    hosts: HashMap<u32, String>,
    /// The addresses that older files number throughout, from 1.
    addresses: Vec<Address>,
}

impl Known {
    /// As many lists and cycles as are remembered, and as many addresses: no file has more, and an
    /// endless one must not fill the memory.
    const LISTS: usize = 1 << 12;
    const ADDRESSES: usize = 1 << 22;

    fn read(&mut self, kind: u16, body: &[u8]) -> Vec<Finding> {
        let bytes = Bytes::new(body);
        let understood = match kind {
            LIST => self.list(bytes),
            CYCLE_START | CYCLE_DEFINITION => self.cycle(bytes),
            ADDRESS => self.address(bytes),
            TRACE => return measured(warts_trace::read(bytes, self)),
            TRACELB => return measured(warts_tracelb::read(bytes, self)),
            CYCLE_STOP => Some(()),
            _ => return vec![Finding::Left("a record of something else than a path".into())],
        };
        let broken = || Finding::Broken("a record that ends before its contents".into());
        if understood.is_some() { Vec::new() } else { vec![broken()] }
    }

    /// A list: its numbers here and for people, its name, then a description and a monitor.
    fn list(&mut self, mut bytes: Bytes<'_>) -> Option<()> {
        let list = bytes.number()?;
        bytes.skip(4)?;
        bytes.text()?;
        let block = bytes.block()?;
        let mut fields = block.fields;
        for item in block.items {
            match item {
                1 => drop(fields.text()?),
                2 => remember(&mut self.monitors, list, fields.text()?),
                _ => break,
            }
        }
        Some(())
    }

    /// A cycle: its number, its list, its number for people, its start, then its end and a host.
    fn cycle(&mut self, mut bytes: Bytes<'_>) -> Option<()> {
        let cycle = bytes.number()?;
        bytes.skip(12)?;
        let block = bytes.block()?;
        let mut fields = block.fields;
        for item in block.items {
            match item {
                1 => fields.skip(4)?,
                2 => remember(&mut self.hosts, cycle, fields.text()?),
                _ => break,
            }
        }
        Some(())
    }

    /// An address of older files: its number modulo 256, which begins anew with another file.
    fn address(&mut self, mut bytes: Bytes<'_>) -> Option<()> {
        let number: u8 = bytes.number()?;
        let kind = bytes.number()?;
        let rest = bytes.rest();
        let expected = self.addresses.len().wrapping_add(1).to_le_bytes()[0];
        if number != expected || self.addresses.len() == Self::ADDRESSES {
            self.addresses.clear();
        }
        self.addresses.push(super::warts_block::address(kind, rest)?);
        Some(())
    }

    /// The address with this number in an older file.
    pub(super) fn numbered(&self, number: u32) -> Option<Address> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.addresses.get(place).copied()
    }

    /// Where what belongs to these was measured.
    pub(super) fn monitor(&self, list: Option<u32>, cycle: Option<u32>) -> Option<String> {
        let monitor = list.and_then(|list| self.monitors.get(&list));
        monitor.or_else(|| self.hosts.get(&cycle?)).cloned()
    }
}

fn remember(names: &mut HashMap<u32, String>, number: u32, name: String) {
    if names.len() >= Known::LISTS {
        names.clear();
    }
    names.insert(number, name);
}

fn measured(read: Option<Measured>) -> Vec<Finding> {
    match read {
        Some(measured) => measured.findings(),
        None => vec![Finding::Broken("a traceroute that ends before its contents".into())],
    }
}
