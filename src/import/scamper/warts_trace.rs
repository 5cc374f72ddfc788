//! A traceroute in warts: a block of fields about all of it, then its answers, a block each. And one through
//! load balancers: its nodes, then its links with all their probes.

use std::time::Duration;

use super::balanced::{Balanced, Link};
use super::measurement::{Asked, Ending, Measurement, Reply};
use super::warts_fields::{Bytes, Known, Table};
use crate::import::values::{self, Address};
use crate::trace::Method;

/// The flag that says the destination port is a checksum of ICMP.
const CHECKSUM: u32 = 0x10;

/// What the fields say of the whole traceroute.
#[derive(Default)]
struct Fields {
    list: Option<u32>,
    cycle: Option<u32>,
    measured: Measurement,
    first: u8,
    last: u16,
    kind: u8,
    ports: [Option<u16>; 2],
    flags: u32,
}

/// Reads a traceroute; nothing where it ends before its contents.
pub(super) fn trace(mut bytes: Bytes<'_>, known: &Known) -> Option<Measurement> {
    let mut table = Table::default();
    let mut fields = fields(&mut bytes, &mut table, known)?;
    let answers: u16 = bytes.number()?;
    for _ in 0..answers {
        fields.measured.tries.push(answer(&mut bytes, &mut table, known)?);
    }
    let last = u8::try_from(fields.last).unwrap_or(u8::MAX);
    Some(Measurement {
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
fn rtt(micros: u32) -> Option<Duration> {
    values::rtt(Duration::from_micros(micros.into()))
}

/// Which addresses the record and the file have named.
struct Names<'a> {
    table: Table,
    known: &'a Known,
    /// How many more links and tries the record may have.
    left: u32,
}

/// The most links and tries of a record: it can name many more than its bytes hold.
pub(super) const MOST_TRIES: u32 = 1 << 16;

/// What the fields say of the whole.
#[derive(Default)]
struct BalancedFields {
    list: Option<u32>,
    cycle: Option<u32>,
    measured: Measurement,
    first: u8,
    nodes: u16,
    links: u16,
}

/// Reads a traceroute through load balancers; nothing where it ends before its contents.
pub(super) fn tracelb(mut bytes: Bytes<'_>, known: &Known) -> Option<Measurement> {
    let mut names = Names { table: Table::default(), known, left: MOST_TRIES };
    let fields = balanced_fields(&mut bytes, &mut names)?;
    let mut graph = Balanced { first: fields.first, ..Balanced::default() };
    for _ in 0..fields.nodes {
        node(&mut bytes, &mut names, &mut graph)?;
    }
    for _ in 0..fields.links {
        link(&mut bytes, &mut names, &mut graph)?;
    }
    let (tries, asked) = graph.tries();
    let monitor = known.monitor(fields.list, fields.cycle);
    Some(Measurement { tries, asked, monitor, attempts: 1, ..fields.measured })
}

fn balanced_fields(bytes: &mut Bytes<'_>, names: &mut Names<'_>) -> Option<BalancedFields> {
    let block = bytes.block()?;
    let mut from = block.fields;
    let mut fields = BalancedFields { first: 1, ..BalancedFields::default() };
    for item in block.items {
        match item {
            1 => fields.list = Some(from.number()?),
            2 => fields.cycle = Some(from.number()?),
            3 => fields.measured.source = names.known.numbered(from.number()?),
            4 => fields.measured.target = names.known.numbered(from.number()?),
            5 => fields.measured.started = from.time()?.read(),
            9 => fields.measured.method = balanced_method(from.number()?),
            10 => fields.first = from.number()?,
            16 => fields.nodes = from.number()?,
            17 => fields.links = from.number()?,
            21 => fields.measured.source = Some(names.table.read(&mut from)?),
            22 => fields.measured.target = Some(names.table.read(&mut from)?),
            6..=8 => from.skip(2)?,
            11..=15 | 20 => from.skip(1)?,
            18 | 19 => from.skip(4)?,
            _ => break,
        }
    }
    Some(fields)
}

/// The kinds of probes are numbered differently from those of a plain traceroute.
fn balanced_method(kind: u8) -> Option<Method> {
    match kind {
        1 | 3 => Some(Method::Udp),
        2 => Some(Method::Icmp),
        4..=6 => Some(Method::Tcp),
        _ => None,
    }
}

fn node(bytes: &mut Bytes<'_>, names: &mut Names<'_>, graph: &mut Balanced) -> Option<()> {
    let block = bytes.block()?;
    let mut from = block.fields;
    let mut address: Option<Address> = None;
    for item in block.items {
        match item {
            1 => address = names.known.numbered(from.number()?),
            2 | 4 => from.skip(1)?,
            3 => from.skip(2)?,
            5 => address = Some(names.table.read(&mut from)?),
            _ => break,
        }
    }
    graph.nodes.push(address);
    Some(())
}

/// Reads a link as one for each of its hops: silence but for the last.
fn link(bytes: &mut Bytes<'_>, names: &mut Names<'_>, graph: &mut Balanced) -> Option<()> {
    let block = bytes.block()?;
    let mut of = block.fields;
    let (mut from, mut to, mut hops) = (u16::MAX, None, 0_u8);
    for item in block.items {
        match item {
            1 => from = of.number()?,
            2 => to = Some(of.number::<u16>()?),
            3 => hops = of.number()?,
            _ => break,
        }
    }
    let to = to.and_then(|to| graph.nodes.get(usize::from(to)).copied().flatten());
    for over in 0..hops {
        let to = to.filter(|_| over + 1 == hops);
        names.left = names.left.checked_sub(1)?;
        graph.links.push(Link { from: from.into(), over, to, probes: probes(bytes, names)? });
    }
    Some(())
}

fn probes(bytes: &mut Bytes<'_>, names: &mut Names<'_>) -> Option<Vec<Asked>> {
    let block = bytes.block()?;
    let mut from = block.fields;
    let count: u16 = if block.items.first() == Some(&1) { from.number()? } else { 0 };
    let mut probes = Vec::new();
    for _ in 0..count {
        probe(bytes, names, &mut probes)?;
    }
    Some(probes)
}

/// Reads a probe with its answers; where several came, a try for each.
fn probe(bytes: &mut Bytes<'_>, names: &mut Names<'_>, tries: &mut Vec<Asked>) -> Option<()> {
    let block = bytes.block()?;
    let mut from = block.fields;
    let (mut asked, mut replies) = (Asked::default(), 0_u16);
    for item in block.items {
        match item {
            1 => asked.sent = from.time()?.read(),
            2 => from.skip(2)?,
            3 => asked.ttl = from.number()?,
            4 => from.skip(1)?,
            5 => replies = from.number()?,
            _ => break,
        }
    }
    names.left = names.left.checked_sub(u32::from(replies.max(1)))?;
    if replies == 0 {
        tries.push(asked.clone());
    }
    for _ in 0..replies {
        let reply = Some(balanced_reply(bytes, names, &asked)?);
        tries.push(Asked { reply, ..asked.clone() });
    }
    Some(())
}

fn balanced_reply(bytes: &mut Bytes<'_>, names: &mut Names<'_>, asked: &Asked) -> Option<Reply> {
    let block = bytes.block()?;
    let mut from = block.fields;
    let mut reply = Reply::default();
    for item in block.items {
        match item {
            1 => {
                let took =
                    from.time()?.read().zip(asked.sent).map(|(at, sent)| at.duration_since(sent));
                let micros = took.and_then(|took| u32::try_from(took.as_micros()).ok());
                reply.rtt = micros.and_then(rtt);
            }
            2 => from.skip(2)?,
            3 => reply.ttl = Some(from.number()?),
            5 => reply.icmp = Some((from.number()?, from.number()?)),
            6 => {
                reply.tcp = true;
                from.skip(1)?;
            }
            7 => reply.labels = from.labels()?,
            10 => reply.from = names.known.numbered(from.number()?),
            11 => reply.from = Some(names.table.read(&mut from)?),
            4 | 8 | 9 => from.skip(1)?,
            _ => break,
        }
    }
    Some(reply)
}
