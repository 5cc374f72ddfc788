//! From a probe to the bytes of its IP packet.

use std::net::Ipv4Addr;

use pnet::packet::Packet;
use pnet::packet::icmp::echo_request::MutableEchoRequestPacket;
use pnet::packet::icmp::{IcmpCode, IcmpTypes};
use pnet::packet::ip::IpNextHeaderProtocol;
use pnet::packet::ipv4::{self, MutableIpv4Packet};
use pnet::packet::udp::MutableUdpPacket;
use pnet::packet::util;

use super::super::{Probe, ProbeMethod, TraceKey};
use super::secret::{checksum_of, protocol};
use super::{HEADER, LENGTH, PAYLOAD, Secret};

/// Where in the payload the word stands that makes the checksum come out as wanted.
const BALANCE: usize = PAYLOAD - 2;

/// The packet of `probe` from `source`.
pub(super) fn build(secret: Secret, source: Ipv4Addr, probe: &Probe) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    match probe.key.method {
        ProbeMethod::Icmp => echo_request(secret, probe, &mut bytes[HEADER..]),
        ProbeMethod::Udp => datagram(secret, source, probe, &mut bytes[HEADER..]),
    }
    header(source, probe, &mut bytes);
    bytes
}

fn header(source: Ipv4Addr, probe: &Probe, bytes: &mut [u8]) {
    let Some(mut ip) = MutableIpv4Packet::new(bytes) else { return };
    ip.set_version(4);
    ip.set_header_length(5);
    ip.set_total_length(u16::try_from(LENGTH).unwrap_or_default());
    ip.set_ttl(probe.ttl.get());
    ip.set_next_level_protocol(IpNextHeaderProtocol(protocol(probe.key.method)));
    ip.set_source(source);
    ip.set_destination(probe.key.target);
    let checksum = ipv4::checksum(&ip.to_immutable());
    ip.set_checksum(checksum);
}

/// An echo reply quotes no header, so the payload repeats what it needs: target and flow.
fn echo_request(secret: Secret, probe: &Probe, bytes: &mut [u8]) {
    let wanted = checksum_of(probe.key.flow);
    let Some(mut echo) = MutableEchoRequestPacket::new(bytes) else { return };
    echo.set_icmp_type(IcmpTypes::EchoRequest);
    echo.set_icmp_code(IcmpCode(0));
    echo.set_identifier(secret.identifier(&probe.key));
    echo.set_sequence_number(secret.word(probe));
    echo.set_payload(&payload(&probe.key));
    let balance = balance(util::checksum(echo.packet(), 1), wanted);
    let mut payload = payload(&probe.key);
    payload[BALANCE..].copy_from_slice(&balance.to_be_bytes());
    echo.set_payload(&payload);
    echo.set_checksum(wanted);
}

fn datagram(secret: Secret, source: Ipv4Addr, probe: &Probe, bytes: &mut [u8]) {
    let (from, to) = secret.ports(&probe.key);
    let wanted = secret.word(probe);
    let length = u16::try_from(bytes.len()).unwrap_or_default();
    let Some(mut udp) = MutableUdpPacket::new(bytes) else { return };
    udp.set_source(from);
    udp.set_destination(to);
    udp.set_length(length);
    udp.set_payload(&payload(&probe.key));
    let protocol = IpNextHeaderProtocol(protocol(ProbeMethod::Udp));
    let without = util::ipv4_checksum(udp.packet(), 3, &[], &source, &probe.key.target, protocol);
    let mut payload = payload(&probe.key);
    payload[BALANCE..].copy_from_slice(&balance(without, wanted).to_be_bytes());
    udp.set_payload(&payload);
    udp.set_checksum(wanted);
}

/// How every probe's payload begins.
pub(super) const NAME: &[u8] = b"lasthop";

/// What all probes of a path carry: the program's name, so that whoever sees one can find out what
/// it is, the target, the flow, and an empty word.
pub(super) fn payload(key: &TraceKey) -> [u8; PAYLOAD] {
    let mut payload = *b"lasthop\0\0\0\0\0\0\0";
    payload[7..11].copy_from_slice(&key.target.octets());
    payload[11] = key.flow.get();
    payload
}

/// The payload with the probe's own word in the empty place.
pub(super) fn marked_payload(secret: Secret, probe: &Probe) -> [u8; PAYLOAD] {
    let mut payload = payload(&probe.key);
    payload[BALANCE..].copy_from_slice(&secret.word(probe).to_be_bytes());
    payload
}

/// The ICMP message of `probe`.
pub(super) fn message(secret: Secret, probe: &Probe) -> [u8; LENGTH - HEADER] {
    let mut bytes = [0; LENGTH - HEADER];
    echo_request(secret, probe, &mut bytes);
    bytes
}

/// The word that turns a packet whose checksum would be `without` into one whose checksum is
/// `wanted` (one's complement arithmetic, RFC 1624).
fn balance(without: u16, wanted: u16) -> u16 {
    let sum = u32::from(without) + u32::from(!wanted);
    let folded = (sum & 0xffff) + (sum >> 16);
    u16::try_from(folded).unwrap_or_default()
}
