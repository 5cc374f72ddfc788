//! What the records of warts are made of: numbers, texts, blocks of optional fields, and addresses
//! that are written once in a record and then counted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;

use super::values::Address;
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
