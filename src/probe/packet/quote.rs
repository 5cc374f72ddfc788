//! From the packet that an ICMP error quotes, or an echo reply repeats, to the probe it was.

use std::net::Ipv4Addr;

use pnet::packet::Packet;
use pnet::packet::icmp::IcmpTypes;
use pnet::packet::icmp::echo_reply::EchoReplyPacket;
use pnet::packet::icmp::echo_request::EchoRequestPacket;
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::udp::UdpPacket;

use super::super::{Flow, Probe, ProbeMethod, TraceKey};
use super::build::{NAME, payload as marked};
use super::secret::{checksum_of, flow_of_checksum, flow_of_port, key};
use super::{HEADER, Ignored, LENGTH, PAYLOAD, Secret};

/// The length of a UDP datagram as we send it.
const DATAGRAM: usize = LENGTH - HEADER;

/// The probe whose header an ICMP error quotes. Eight bytes behind the IP header suffice.
pub(super) fn quoted(secret: Secret, quote: &[u8]) -> Result<Probe, Ignored> {
    let ip = Ipv4Packet::new(quote).ok_or(Ignored::Malformed)?;
    let header = usize::from(ip.get_header_length()) * 4;
    if ip.get_version() != 4 || header < HEADER {
        return Err(Ignored::Malformed);
    }
    let first = quote.get(header..header + 8).ok_or(Ignored::Malformed)?;
    if ip.get_fragment_offset() != 0 {
        return Err(Ignored::NotOurs);
    }
    match ip.get_next_level_protocol() {
        IpNextHeaderProtocols::Icmp => echo_request(secret, ip.get_destination(), first),
        IpNextHeaderProtocols::Udp => datagram(secret, ip.get_destination(), first),
        _ => Err(Ignored::NotOurs),
    }
}

/// The probe whose ICMP header starts `first`.
pub(super) fn echo_request(
    secret: Secret,
    target: Ipv4Addr,
    first: &[u8],
) -> Result<Probe, Ignored> {
    let echo = EchoRequestPacket::new(first).ok_or(Ignored::Malformed)?;
    if echo.get_icmp_type() != IcmpTypes::EchoRequest || echo.get_icmp_code().0 != 0 {
        return Err(Ignored::NotOurs);
    }
    let flow = flow_of_checksum(echo.get_checksum()).ok_or(Ignored::NotOurs)?;
    let key = key(target, ProbeMethod::Icmp, flow);
    if echo.get_identifier() != secret.identifier(&key) {
        return Err(Ignored::NotOurs);
    }
    secret.probe(key, echo.get_sequence_number()).ok_or(Ignored::NotOurs)
}

fn datagram(secret: Secret, target: Ipv4Addr, first: &[u8]) -> Result<Probe, Ignored> {
    let udp = UdpPacket::new(first).ok_or(Ignored::Malformed)?;
    let flow = flow_of_port(udp.get_source()).ok_or(Ignored::NotOurs)?;
    let key = key(target, ProbeMethod::Udp, flow);
    let ports = (udp.get_source(), udp.get_destination());
    if ports != secret.ports(&key) || usize::from(udp.get_length()) != DATAGRAM {
        return Err(Ignored::NotOurs);
    }
    secret.probe(key, udp.get_checksum()).ok_or(Ignored::NotOurs)
}

/// The probe of `key` with this payload, as far as a router quoted it.
pub(super) fn payload(
    secret: Secret,
    key: TraceKey,
    payload: &[u8],
) -> Result<Option<Probe>, Ignored> {
    let Some(whole) = payload.get(..PAYLOAD) else { return Ok(None) };
    let [marks @ .., high, low] = whole else { return Ok(None) };
    if !marked(&key).starts_with(marks) {
        return Err(Ignored::NotOurs);
    }
    let word = u16::from_be_bytes([*high, *low]);
    secret.probe(key, word).map(Some).ok_or(Ignored::NotOurs)
}

/// The probe that an echo reply answers. Whoever sends it: targets answer from other addresses
/// too, so the target is taken from the payload.
pub(super) fn echoed(secret: Secret, echo: &EchoReplyPacket<'_>) -> Result<Probe, Ignored> {
    if echo.payload().starts_with(NAME) && echo.packet().len() != LENGTH - HEADER {
        return Err(Ignored::OtherSize);
    }
    let payload: &[u8; PAYLOAD] = echo
        .payload()
        .get(..PAYLOAD)
        .and_then(|part| part.try_into().ok())
        .ok_or(Ignored::NotOurs)?;
    let [b'l', b'a', b's', b't', b'h', b'o', b'p', a, b, c, d, flow, ..] = *payload else {
        return Err(Ignored::NotOurs);
    };
    let flow = Flow::new(flow).ok_or(Ignored::NotOurs)?;
    let key = key(Ipv4Addr::new(a, b, c, d), ProbeMethod::Icmp, flow);
    // An echo reply's checksum differs from the request's by the type alone (RFC 792).
    let checksum = checksum_of(flow) + 0x0800;
    if echo.get_identifier() != secret.identifier(&key) || echo.get_checksum() != checksum {
        return Err(Ignored::NotOurs);
    }
    secret.probe(key, echo.get_sequence_number()).ok_or(Ignored::NotOurs)
}
