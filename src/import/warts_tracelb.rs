//! A traceroute through load balancers in warts: its nodes, then its links with all their probes.

use super::scamper::{Asked, Measured, Reply};
use super::scamper_balanced::{Balanced, Link};
use super::values::Address;
use super::warts::Known;
use super::warts_block::{Bytes, Table};
use crate::trace::Method;

/// Which addresses the record and the file have named.
struct Names<'a> {
    table: Table,
    known: &'a Known,
}

/// What the fields say of the whole.
#[derive(Default)]
struct Fields {
    list: Option<u32>,
    cycle: Option<u32>,
    measured: Measured,
    first: u8,
    nodes: u16,
    links: u16,
}

/// Reads the record; nothing where it ends before its contents.
pub(super) fn read(mut bytes: Bytes<'_>, known: &Known) -> Option<Measured> {
    let mut names = Names { table: Table::default(), known };
    let fields = fields(&mut bytes, &mut names)?;
    let mut graph = Balanced { first: fields.first, ..Balanced::default() };
    for _ in 0..fields.nodes {
        node(&mut bytes, &mut names, &mut graph)?;
    }
    for _ in 0..fields.links {
        link(&mut bytes, &mut names, &mut graph)?;
    }
    let (tries, asked) = graph.tries();
    let monitor = known.monitor(fields.list, fields.cycle);
    Some(Measured { tries, asked, monitor, attempts: 1, ..fields.measured })
}

fn fields(bytes: &mut Bytes<'_>, names: &mut Names<'_>) -> Option<Fields> {
    let block = bytes.block()?;
    let mut from = block.fields;
    let mut fields = Fields { first: 1, ..Fields::default() };
    for item in block.items {
        match item {
            1 => fields.list = Some(from.number()?),
            2 => fields.cycle = Some(from.number()?),
            3 => fields.measured.source = names.known.numbered(from.number()?),
            4 => fields.measured.target = names.known.numbered(from.number()?),
            5 => fields.measured.started = from.time()?.read(),
            9 => fields.measured.method = method(from.number()?),
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
fn method(kind: u8) -> Option<Method> {
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
    if replies == 0 {
        tries.push(asked.clone());
    }
    for _ in 0..replies {
        let reply = Some(reply(bytes, names, &asked)?);
        tries.push(Asked { reply, ..asked.clone() });
    }
    Some(())
}

fn reply(bytes: &mut Bytes<'_>, names: &mut Names<'_>, asked: &Asked) -> Option<Reply> {
    let block = bytes.block()?;
    let mut from = block.fields;
    let mut reply = Reply::default();
    for item in block.items {
        match item {
            1 => {
                let took =
                    from.time()?.read().zip(asked.sent).map(|(at, sent)| at.duration_since(sent));
                let micros = took.and_then(|took| u32::try_from(took.as_micros()).ok());
                reply.rtt = micros.and_then(super::warts_trace::rtt);
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
