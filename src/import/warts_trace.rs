//! A traceroute in warts: a block of fields about all of it, then its answers, a block each.

use std::time::Duration;

use super::scamper::{Asked, Ending, Measured, Reply};
use super::warts::Known;
use super::warts_block::{Bytes, Table};
use crate::trace::Method;

/// The flag that says the destination port is a checksum of ICMP.
const CHECKSUM: u32 = 0x10;

/// What the fields say of the whole traceroute.
#[derive(Default)]
struct Fields {
    list: Option<u32>,
    cycle: Option<u32>,
    measured: Measured,
    first: u8,
    last: u16,
    kind: u8,
    ports: [Option<u16>; 2],
    flags: u32,
}

/// Reads the record; nothing where it ends before its contents.
pub(super) fn read(mut bytes: Bytes<'_>, known: &Known) -> Option<Measured> {
    let mut table = Table::default();
    let mut fields = fields(&mut bytes, &mut table, known)?;
    let answers: u16 = bytes.number()?;
    for _ in 0..answers {
        fields.measured.tries.push(answer(&mut bytes, &mut table, known)?);
    }
    let last = u8::try_from(fields.last).unwrap_or(u8::MAX);
    Some(Measured {
        span: Some((fields.first, last)),
        flow: fields.flow(),
        method: method(fields.kind),
        monitor: known.monitor(fields.list, fields.cycle),
        ..fields.measured
    })
}

impl Fields {
    /// What all probes have in common, where they have.
    fn flow(&self) -> Option<u16> {
        match self.kind {
            4 if self.flags & CHECKSUM != 0 => self.ports[1],
            3 | 5 | 6 => self.ports[0],
            _ => None,
        }
    }
}

fn method(kind: u8) -> Option<Method> {
    match kind {
        1 | 4 => Some(Method::Icmp),
        2 | 5 => Some(Method::Udp),
        3 | 6 => Some(Method::Tcp),
        _ => None,
    }
}

fn fields(bytes: &mut Bytes<'_>, table: &mut Table, known: &Known) -> Option<Fields> {
    let block = bytes.block()?;
    let mut from = block.fields;
    let mut fields = Fields { first: 1, ..Fields::default() };
    fields.measured.attempts = 1;
    for item in block.items {
        match item {
            1 => fields.list = Some(from.number()?),
            2 => fields.cycle = Some(from.number()?),
            3 => fields.measured.source = known.numbered(from.number()?),
            4 => fields.measured.target = known.numbered(from.number()?),
            5 => fields.measured.started = from.time()?.read(),
            6 => fields.measured.stop = Ending::numbered(from.number()?),
            8 => fields.flags |= u32::from(from.number::<u8>()?),
            9 => fields.measured.attempts = from.number::<u8>()?.into(),
            11 => fields.kind = from.number()?,
            13 | 14 => fields.ports[usize::from(item - 13)] = Some(from.number()?),
            15 => fields.first = from.number()?,
            19 => fields.last = from.number()?,
            26 => fields.measured.source = Some(table.read(&mut from)?),
            27 => fields.measured.target = Some(table.read(&mut from)?),
            30 => drop(table.read(&mut from)?),
            32 => fields.flags |= from.number::<u32>()?,
            34 => fields.measured.error = Some(from.text()?),
            7 | 10 | 16..=18 | 20..=22 | 24 | 25 | 31 | 33 => from.skip(1)?,
            12 | 23 | 29 => from.skip(2)?,
            28 => from.skip(4)?,
            _ => break,
        }
    }
    Some(fields)
}

fn answer(bytes: &mut Bytes<'_>, table: &mut Table, known: &Known) -> Option<Asked> {
    let block = bytes.block()?;
    let mut from = block.fields;
    let mut asked = Asked { attempt: Some(0), ..Asked::default() };
    let mut reply = Reply::default();
    for item in block.items {
        match item {
            1 => reply.from = known.numbered(from.number()?),
            2 => asked.ttl = from.number()?,
            3 => reply.ttl = Some(from.number()?),
            5 => asked.attempt = Some(u16::from(from.number::<u8>()?).saturating_sub(1)),
            6 => reply.rtt = rtt(from.number()?),
            7 => reply.icmp = Some((from.number()?, from.number()?)),
            15 => {
                reply.tcp = true;
                from.skip(1)?;
            }
            17 => reply.labels = from.labels()?,
            18 => reply.from = Some(table.read(&mut from)?),
            19 => asked.sent = from.time()?.read(),
            4 | 11 | 14 | 16 => from.skip(1)?,
            8..=10 | 12 | 13 => from.skip(2)?,
            _ => break,
        }
    }
    Some(Asked { reply: Some(reply), ..asked })
}

/// Microseconds, unless nothing can have taken so long.
pub(super) fn rtt(micros: u32) -> Option<Duration> {
    (micros < 1 << 31).then(|| Duration::from_micros(micros.into()))
}
