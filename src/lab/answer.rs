//! The bytes of what the simulated routers and hosts answer.

use std::net::Ipv4Addr;

use pnet::packet::icmp::{self, IcmpPacket};
use pnet::packet::ip::{IpNextHeaderProtocol, IpNextHeaderProtocols};
use pnet::packet::ipv4::{self, MutableIpv4Packet};
use pnet::packet::util;

use super::packet::Seen;
use super::scenario::{Changes, Habits, Manners, Middlebox};
use super::tcp::{self, Port, Segment};

const HEADER: usize = 20;
/// What RFC 792 asks a router to quote: the IP header and eight bytes.
const LEAST_QUOTE: usize = HEADER + 8;
/// What RFC 1812 allows at most: an error of 576 bytes.
const MOST_QUOTE: usize = 576 - HEADER - 8;
/// What RFC 4884 asks for before extensions.
const PADDED_QUOTE: usize = 128;

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    TimeExceeded,
    Unreachable(u8),
    EchoReply,
    Tcp(Segment),
}

/// What a host says of a port that is closed.
const PORT_UNREACHABLE: u8 = 3;

impl Message {
    /// How a host answers what it gets, if it does.
    pub(super) fn of_host(seen: &Seen<'_>, manners: &Manners) -> Option<Self> {
        if seen.is_echo_request() {
            return manners.echo.then_some(Self::EchoReply);
        }
        if seen.is_udp() {
            return manners.udp.then_some(Self::Unreachable(PORT_UNREACHABLE));
        }
        let port = seen.tcp_port().filter(|port| !manners.filtered.contains(port))?;
        if manners.open.contains(&port) {
            tcp::answer(Port::Open, seen).map(Self::Tcp)
        } else if manners.rejects {
            Some(Self::Unreachable(PORT_UNREACHABLE))
        } else {
            tcp::answer(Port::Closed, seen).map(Self::Tcp)
        }
    }

    /// How a box on the way answers for others, if it does.
    pub(super) fn of_middlebox(seen: &Seen<'_>, middlebox: &Middlebox) -> Option<Self> {
        if seen.is_echo_request() {
            return middlebox.echo.then_some(Self::EchoReply);
        }
        seen.tcp_port().filter(|port| middlebox.open.contains(port))?;
        tcp::answer(Port::Open, seen).map(Self::Tcp)
    }

    pub(super) fn is_error(self) -> bool {
        matches!(self, Self::TimeExceeded | Self::Unreachable(_))
    }

    fn protocol(self) -> IpNextHeaderProtocol {
        match self {
            Self::Tcp(_) => IpNextHeaderProtocols::Tcp,
            _ => IpNextHeaderProtocols::Icmp,
        }
    }
}

/// The whole IP packet that answers `seen` and arrives with `ttl`.
pub(super) fn build(
    message: &Message,
    from: Ipv4Addr,
    ttl: u8,
    seen: &Seen<'_>,
    habits: &Habits,
) -> Vec<u8> {
    let mut body = match message {
        Message::TimeExceeded => error(11, 0, seen, habits),
        Message::Unreachable(code) => error(3, *code, seen, habits),
        Message::EchoReply => [&[0, 0, 0, 0], seen.body.get(4..).unwrap_or_default()].concat(),
        Message::Tcp(segment) => tcp::bytes(*segment, from, seen),
    };
    let is_icmp = message.protocol() == IpNextHeaderProtocols::Icmp;
    if is_icmp && let Some(sum) = IcmpPacket::new(&body).map(|message| icmp::checksum(&message)) {
        body[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    let mut packet = vec![0; HEADER];
    packet.extend(body);
    header(&mut packet, message.protocol(), from, ttl, seen.source);
    packet
}

fn header(
    packet: &mut [u8],
    protocol: IpNextHeaderProtocol,
    from: Ipv4Addr,
    ttl: u8,
    to: Ipv4Addr,
) {
    let length = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    let Some(mut ip) = MutableIpv4Packet::new(packet) else { return };
    ip.set_version(4);
    ip.set_header_length(5);
    ip.set_total_length(length);
    ip.set_ttl(ttl);
    ip.set_next_level_protocol(protocol);
    ip.set_source(from);
    ip.set_destination(to);
    let sum = ipv4::checksum(&ip.to_immutable());
    ip.set_checksum(sum);
}

/// An ICMP error: eight bytes, the quote, and the labels if the router knows any.
fn error(kind: u8, code: u8, seen: &Seen<'_>, habits: &Habits) -> Vec<u8> {
    let mut quote = expired(seen.bytes);
    if let Some(changes) = habits.changes {
        change(&mut quote, seen, changes);
    }
    let labelled = !habits.mpls.is_empty();
    if labelled {
        quote.resize(PADDED_QUOTE, 0);
    } else {
        quote.truncate(if habits.quotes_all { MOST_QUOTE } else { LEAST_QUOTE });
    }
    let words = if labelled { u8::try_from(PADDED_QUOTE / 4).unwrap_or(0) } else { 0 };
    let mut message = vec![kind, code, 0, 0, 0, words, 0, 0];
    message.extend(quote);
    if labelled {
        message.extend(labels(&habits.mpls));
    }
    message
}

/// What the translation of addresses adds to a word, in one's complement.
const TRANSLATED: u16 = 0x1b2c;

/// Changes what is quoted, as after a translation that nobody has taken back.
fn change(quote: &mut [u8], seen: &Seen<'_>, changes: Changes) {
    let add = |quote: &mut [u8], at: usize, more: u16| {
        let Some([high, low]) = quote.get_mut(at..at + 2) else { return };
        let sum = u32::from(u16::from_be_bytes([*high, *low])) + u32::from(more);
        let sum = u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap_or_default();
        [*high, *low] = sum.to_be_bytes();
    };
    let checksum = HEADER + if seen.is_udp() { 6 } else { 2 };
    let new_identifier = matches!(changes, Changes::Identifier | Changes::Everything);
    match changes {
        Changes::Zeroes => {
            if let Some(bytes) = quote.get_mut(checksum..checksum + 2) {
                bytes.fill(0);
            }
        }
        Changes::Checksum | Changes::Identifier | Changes::Everything => {
            add(quote, checksum, TRANSLATED);
        }
    }
    if new_identifier && seen.is_echo_request() {
        add(quote, HEADER + 4, !TRANSLATED);
    }
    if changes == Changes::Everything {
        add(quote, 4, TRANSLATED);
    }
}

/// The packet as it arrives where its TTL runs out.
fn expired(packet: &[u8]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    if let Some(mut ip) = MutableIpv4Packet::new(&mut packet) {
        ip.set_ttl(1);
        let sum = ipv4::checksum(&ip.to_immutable());
        ip.set_checksum(sum);
    }
    packet
}

/// An extension with one MPLS label stack object (RFC 4884, RFC 4950).
fn labels(labels: &[u32]) -> Vec<u8> {
    let entries = labels.iter().enumerate().flat_map(|(place, label)| {
        let bottom = u32::from(place + 1 == labels.len());
        (label << 12 | bottom << 8 | 1).to_be_bytes()
    });
    let length = u16::try_from(4 + labels.len() * 4).unwrap_or(4);
    let mut extension = vec![0x20, 0, 0, 0];
    extension.extend(length.to_be_bytes());
    extension.extend([1, 1]);
    extension.extend(entries);
    let sum = util::checksum(&extension, 1);
    extension[2..4].copy_from_slice(&sum.to_be_bytes());
    extension
}
