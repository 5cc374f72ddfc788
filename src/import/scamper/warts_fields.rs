//! What the records of warts are made of: numbers, texts, blocks of optional fields, and addresses
//! that are written once in a record and then counted. And what earlier records say of later ones.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;

use crate::import::values::Address;
use crate::trace::MplsLabel;

/// The highest number of a field; flags beyond are a mistake.
const LAST_ITEM: u8 = 112;

/// Bytes that are read from the front.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(&'a [u8]);

/// A block of fields that may be there or not.
pub(super) struct Block<'a> {
    /// The numbers of those that are there, rising.
    pub(super) items: Vec<u8>,
    /// Their values, one after the other.
    pub(super) fields: Bytes<'a>,
}

/// A time of day.
pub(super) struct Time {
    seconds: u32,
    micros: u32,
}

impl Time {
    /// Which that is; zero is none.
    pub(super) fn read(&self) -> Option<Timestamp> {
        let nanos = i32::try_from(u64::from(self.micros) * 1000).ok()?;
        Timestamp::new(self.seconds.into(), nanos).ok().filter(|_| self.seconds > 0)
    }
}

/// A number in network order.
pub(super) trait Whole: Sized {
    fn read(bytes: &mut Bytes<'_>) -> Option<Self>;
}

impl Whole for u8 {
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        bytes.take(1)?.first().copied()
    }
}

impl Whole for u16 {
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(Self::from_be_bytes(bytes.take(2)?.try_into().ok()?))
    }
}

impl Whole for u32 {
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(Self::from_be_bytes(bytes.take(4)?.try_into().ok()?))
    }
}

impl<'a> Bytes<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn skip(&mut self, length: usize) -> Option<()> {
        self.take(length).map(drop)
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(super) fn number<T: Whole>(&mut self) -> Option<T> {
        T::read(self)
    }

    /// A text that ends with a zero.
    pub(super) fn text(&mut self) -> Option<String> {
        let length = self.0.iter().position(|byte| *byte == 0)?;
        let text = self.take(length)?;
        self.skip(1)?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// Seconds and microseconds, as they are written.
    pub(super) fn time(&mut self) -> Option<Time> {
        Some(Time { seconds: self.number()?, micros: self.number()? })
    }

    /// Flags, and the fields that they announce.
    pub(super) fn block(&mut self) -> Option<Block<'a>> {
        let mut items = Vec::new();
        for first in (1_u8..=LAST_ITEM + 7).step_by(7) {
            let flags: u8 = self.number()?;
            let set = (0..7_u8).filter(|bit| flags & (1 << bit) != 0);
            items.extend(set.map(|bit| bit + first).filter(|item| *item <= LAST_ITEM));
            if flags & 0x80 == 0 {
                break;
            }
        }
        let length: u16 = if items.is_empty() { 0 } else { self.number()? };
        Some(Block { items, fields: Self(self.take(length.into())?) })
    }

    /// The labels among ICMP extensions, which their length precedes.
    pub(super) fn labels(&mut self) -> Option<Vec<MplsLabel>> {
        let length: u16 = self.number()?;
        let mut extensions = Self(self.take(length.into())?);
        let mut labels = Vec::new();
        while let Some(length) = extensions.number::<u16>() {
            let kind = (extensions.number::<u8>()?, extensions.number::<u8>()?);
            let body = extensions.take(length.into())?;
            if kind == (1, 1) {
                labels.extend(body.chunks_exact(4).filter_map(label));
            }
        }
        Some(labels)
    }
}

/// An entry of a label stack: label, class, bottom, TTL.
fn label(entry: &[u8]) -> Option<MplsLabel> {
    let entry = u32::from_be_bytes(entry.try_into().ok()?);
    Some(MplsLabel { label: entry >> 12, ttl: entry.to_be_bytes()[3] })
}

/// The addresses of one record, in the order in which they were first written.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<Address>);

impl Table {
    /// An address: itself, or its number in this record.
    pub(super) fn read(&mut self, bytes: &mut Bytes<'_>) -> Option<Address> {
        let length: u8 = bytes.number()?;
        if length == 0 {
            let number: u32 = bytes.number()?;
            return self.0.get(usize::try_from(number).ok()?).copied();
        }
        let kind = bytes.number()?;
        let address = address(kind, bytes.take(length.into())?)?;
        self.0.push(address);
        Some(address)
    }
}

/// The address that `bytes` are, of IPv4 (1), IPv6 (2) or a link (3, 4).
pub(super) fn address(kind: u8, bytes: &[u8]) -> Option<Address> {
    match kind {
        1 => Some(Address::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?))),
        2 => Some(Address::of(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)))),
        _ => Some(Address::V6),
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

    /// A list: its numbers here and for people, its name, then a description and a monitor.
    pub(super) fn list(&mut self, mut bytes: Bytes<'_>) -> Option<()> {
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
    pub(super) fn cycle(&mut self, mut bytes: Bytes<'_>) -> Option<()> {
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
    pub(super) fn address(&mut self, mut bytes: Bytes<'_>) -> Option<()> {
        let number: u8 = bytes.number()?;
        let kind = bytes.number()?;
        let rest = bytes.rest();
        let expected = self.addresses.len().wrapping_add(1).to_le_bytes()[0];
        if number != expected || self.addresses.len() == Self::ADDRESSES {
            self.addresses.clear();
        }
        self.addresses.push(address(kind, rest)?);
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
