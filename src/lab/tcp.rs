//! What simulated hosts answer to TCP: segment in, segment out, and nothing remembered.
//!
//! Whoever answers needs no memory, since every segment says what its sender expects next. That is
//! enough for a connection that is accepted, says little and is closed in order.

use std::hash::Hasher;
use std::net::Ipv4Addr;

use pnet::packet::Packet;
use pnet::packet::tcp::{MutableTcpPacket, TcpFlags, TcpPacket, ipv4_checksum};
use siphasher::sip::SipHasher13;

use super::packet::Seen;

/// The length of a segment without options.
const LENGTH: usize = 20;
const WINDOW: u16 = 65_535;

/// What a port does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    Open,
    Closed,
}

/// A segment that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    flags: u8,
    sequence: u32,
    acknowledgement: u32,
}

/// What `port` answers, if it does.
pub(super) fn answer(port: Port, seen: &Seen<'_>) -> Option<Segment> {
    let tcp = TcpPacket::new(seen.body)?;
    let has = |flag: u8| tcp.get_flags() & flag != 0;
    if has(TcpFlags::RST) {
        return None;
    }
    let ends = u32::from(has(TcpFlags::SYN)) + u32::from(has(TcpFlags::FIN));
    let length = u32::try_from(tcp.payload().len()).ok()?.wrapping_add(ends);
    let expected = tcp.get_sequence().wrapping_add(length);
    let segment = |flags, sequence| Some(Segment { flags, sequence, acknowledgement: expected });
    match port {
        // RFC 9293, 3.10.7.1: what was acknowledged is the next number; else it is 0.
        Port::Closed if has(TcpFlags::ACK) => segment(TcpFlags::RST, tcp.get_acknowledgement()),
        Port::Closed => segment(TcpFlags::RST | TcpFlags::ACK, 0),
        Port::Open if has(TcpFlags::SYN) => segment(TcpFlags::SYN | TcpFlags::ACK, first(seen)),
        Port::Open if has(TcpFlags::FIN) => {
            segment(TcpFlags::FIN | TcpFlags::ACK, tcp.get_acknowledgement())
        }
        Port::Open if length > 0 => segment(TcpFlags::ACK, tcp.get_acknowledgement()),
        Port::Open => None,
    }
}

/// The number at which a connection's answers begin: always the same, so that a SYN that is sent again
/// gets the same answer.
fn first(seen: &Seen<'_>) -> u32 {
    let mut hasher = SipHasher13::new();
    hasher.write(&seen.flow());
    u32::try_from(hasher.finish() >> 32).unwrap_or_default()
}

/// The bytes of a segment that answers `seen`, from `from`.
pub(super) fn bytes(segment: Segment, from: Ipv4Addr, seen: &Seen<'_>) -> Vec<u8> {
    let mut bytes = vec![0; LENGTH];
    let Some(asked) = TcpPacket::new(seen.body) else { return bytes };
    let Some(mut tcp) = MutableTcpPacket::new(&mut bytes) else { return Vec::new() };
    tcp.set_source(asked.get_destination());
    tcp.set_destination(asked.get_source());
    tcp.set_sequence(segment.sequence);
    tcp.set_acknowledgement(segment.acknowledgement);
    tcp.set_data_offset(5);
    tcp.set_flags(segment.flags);
    tcp.set_window(WINDOW);
    let sum = ipv4_checksum(&tcp.to_immutable(), &from, &seen.source);
    tcp.set_checksum(sum);
    bytes
}
