//! The attributes of a route that say where it leads: `AS_PATH`, `AS4_PATH`, `MP_REACH` and `MP_UNREACH`. All others are
//! skipped by their length (RFC 4271, 4.3; RFC 4760; RFC 6793).

use ipnet::Ipv4Net;

use super::path::{AS_TRANS, AsPath, PathHop};
use super::record::{Nlri, Wanted};

const AS_PATH: u8 = 2;
const MP_REACH: u8 = 14;
const MP_UNREACH: u8 = 15;
const AS4_PATH: u8 = 17;
/// The length takes two bytes.
const EXTENDED: u8 = 0x10;

const IPV4: u16 = 1;
const UNICAST: u8 = 1;

/// Why a message cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged(pub(super) &'static str);

/// How many bytes an AS number takes on a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AsSize {
    Two,
    Four,
}

/// Bytes that are read from the front.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (first, rest) =
            self.0.split_at_checked(count).ok_or(Damaged("a length goes beyond the end"))?;
        self.0 = rest;
        Ok(first)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Damaged> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16, Damaged> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Damaged> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A prefix: its length, then as many bytes as that needs. One of more than 32 bits condemns the message.
    fn prefix(&mut self) -> Result<(u32, u8), Damaged> {
        let length = self.u8()?;
        if length > 32 {
            return Err(Damaged("a prefix is longer than 32 bits"));
        }
        let bytes = self.take(usize::from(length.div_ceil(8)))?;
        let mut network = [0; 4];
        network[..bytes.len()].copy_from_slice(bytes);
        let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or_default();
        Ok((u32::from_be_bytes(network) & mask, length))
    }
}

/// What the prefixes of a message come to.
#[derive(Debug, Default)]
pub(super) struct Prefixes {
    /// Those that touch the block.
    pub(super) wanted: Vec<Nlri>,
    /// How many there are.
    pub(super) count: u32,
}

impl Prefixes {
    /// Adds the prefixes that fill `bytes`.
    pub(super) fn add(
        &mut self,
        bytes: &[u8],
        add_path: bool,
        wanted: &Wanted,
    ) -> Result<(), Damaged> {
        let mut bytes = Bytes(bytes);
        while !bytes.0.is_empty() {
            let path_id = if add_path { bytes.u32()? } else { 0 };
            let (network, length) = bytes.prefix()?;
            self.count += 1;
            if wanted.has(network, length)
                && let Ok(prefix) = Ipv4Net::new(network.into(), length)
            {
                self.wanted.push(Nlri { prefix, path_id });
            }
        }
        Ok(())
    }
}

/// What the attributes of a route say.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    path: Option<&'a [u8]>,
    path4: Option<&'a [u8]>,
    /// IPv4 prefixes in `MP_REACH`.
    pub(super) reach: Option<&'a [u8]>,
    /// IPv4 prefixes in `MP_UNREACH`.
    pub(super) unreach: Option<&'a [u8]>,
}

impl<'a> Attributes<'a> {
    /// Walks over the attributes that fill `bytes`.
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, Damaged> {
        let mut found = Self::default();
        let mut bytes = Bytes(bytes);
        while !bytes.0.is_empty() {
            let (flags, kind) = (bytes.u8()?, bytes.u8()?);
            let length = match flags & EXTENDED {
                0 => usize::from(bytes.u8()?),
                _ => usize::from(bytes.u16()?),
            };
            let value = bytes.take(length)?;
            match kind {
                AS_PATH => found.path = Some(value),
                AS4_PATH => found.path4 = Some(value),
                MP_REACH => found.reach = reach(value),
                MP_UNREACH => found.unreach = unreach(value),
                _ => {}
            }
        }
        Ok(found)
    }

    /// The path, with `AS4_PATH` merged in where the session knows AS of two bytes only.
    pub(super) fn as_path(&self, size: AsSize) -> Result<Option<AsPath>, Damaged> {
        let Some(bytes) = self.path else { return Ok(None) };
        let path = segments(bytes, size)?;
        match (size, self.path4) {
            (AsSize::Two, Some(four)) => Ok(Some(path.merged(Some(segments(four, AsSize::Four)?)))),
            _ => Ok(Some(path)),
        }
    }
}

/// The prefixes behind the next hop. In a table it may be the next hop alone (RFC 6396, 4.3.4), and then there are
/// none.
fn reach(value: &[u8]) -> Option<&[u8]> {
    let mut bytes = Bytes(value);
    if (bytes.u16().ok()?, bytes.u8().ok()?) != (IPV4, UNICAST) {
        return None;
    }
    let length = bytes.u8().ok()?;
    bytes.take(usize::from(length) + 1).ok()?;
    Some(bytes.0)
}

fn unreach(value: &[u8]) -> Option<&[u8]> {
    let mut bytes = Bytes(value);
    let family = (bytes.u16().ok()?, bytes.u8().ok()?);
    (family == (IPV4, UNICAST)).then_some(bytes.0)
}

/// The segments of a path. Those of confederations do not count (RFC 5065).
fn segments(bytes: &[u8], size: AsSize) -> Result<AsPath, Damaged> {
    let mut bytes = Bytes(bytes);
    let mut hops = Vec::new();
    while !bytes.0.is_empty() {
        let (kind, count) = (bytes.u8()?, bytes.u8()?);
        let mut asns = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            asns.push(match size {
                AsSize::Two => u32::from(bytes.u16()?),
                AsSize::Four => bytes.u32()?,
            });
        }
        match kind {
            1 => hops.push(PathHop::Set(asns)),
            2 => hops.extend(asns.into_iter().map(PathHop::As)),
            3 | 4 => {}
            _ => return Err(Damaged("a path has a segment of an unknown kind")),
        }
    }
    Ok(AsPath(hops))
}

/// Whether an AS number names a network: neither reserved nor for private use nor what stands for another
/// (RFC 6996, 7607, 7300, 5398).
pub(super) fn is_public(asn: u32) -> bool {
    !matches!(asn, 0 | AS_TRANS | 64_496..=131_071 | 4_200_000_000..)
}
