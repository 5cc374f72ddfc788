//! What simulated hosts answer to TCP: segment in, segment out, and nothing remembered; and the segment
//! that asks them in virtual time.
//!
//! Whoever answers needs no memory, since every segment says what its sender expects next. That is
//! enough for a connection that is accepted, says little and is closed in order.

use std::hash::Hasher;
use std::net::{Ipv4Addr, SocketAddrV4};

use pnet::packet::Packet;
use pnet::packet::icmp::{IcmpPacket, IcmpTypes};
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::{Ipv4Packet, MutableIpv4Packet};
use pnet::packet::tcp::{MutableTcpPacket, TcpFlags, TcpPacket, ipv4_checksum};
use siphasher::sip::SipHasher13;

use crate::probe::transport::ConnectResult;

use super::packet::Seen;

/// The length of a segment without options.
const LENGTH: usize = 20;
const WINDOW: u16 = 65_535;
/// The length of an IP header without options, and the TTL with which systems begin.
const HEADER: (usize, u8) = (20, 64);

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

/// The whole IP packet that opens a connection.
pub(super) fn syn(from: SocketAddrV4, to: SocketAddrV4) -> Vec<u8> {
    let (header, ttl) = HEADER;
    let mut bytes = vec![0; header + LENGTH];
    if let Some(mut ip) = MutableIpv4Packet::new(&mut bytes) {
        ip.set_version(4);
        ip.set_header_length(5);
        ip.set_total_length(u16::try_from(header + LENGTH).unwrap_or_default());
        ip.set_ttl(ttl);
        ip.set_next_level_protocol(IpNextHeaderProtocols::Tcp);
        ip.set_source(*from.ip());
        ip.set_destination(*to.ip());
    }
    if let Some(mut tcp) = MutableTcpPacket::new(&mut bytes[header..]) {
        tcp.set_source(from.port());
        tcp.set_destination(to.port());
        tcp.set_data_offset(5);
        tcp.set_flags(TcpFlags::SYN);
        tcp.set_window(WINDOW);
        tcp.set_checksum(ipv4_checksum(&tcp.to_immutable(), from.ip(), to.ip()));
    }
    bytes
}

/// What an IP packet that answers a [`syn`] makes of the connection, as a system tells its user.
pub(super) fn connect_result(packet: &[u8]) -> Option<ConnectResult> {
    let ip = Ipv4Packet::new(packet)?;
    let body = packet.get(usize::from(ip.get_header_length()) * 4..)?;
    if ip.get_next_level_protocol() == IpNextHeaderProtocols::Tcp {
        let flags = TcpPacket::new(body)?.get_flags();
        let refused = flags & TcpFlags::RST != 0;
        return Some(if refused { ConnectResult::Refused } else { ConnectResult::Accepted });
    }
    let icmp = IcmpPacket::new(body)?;
    let (kind, code) = (icmp.get_icmp_type(), icmp.get_icmp_code().0);
    let is_error = matches!(kind, IcmpTypes::DestinationUnreachable | IcmpTypes::TimeExceeded);
    is_error.then(|| ConnectResult::IcmpError(ip.get_source(), kind.0, code))
}
