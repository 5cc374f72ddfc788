//! From a probe to the bytes of its packet.

use std::net::Ipv4Addr;

use pnet::packet::Packet;
use pnet::packet::icmp::echo_request::MutableEchoRequestPacket;
use pnet::packet::icmp::{IcmpCode, IcmpTypes};
use pnet::packet::ip::IpNextHeaderProtocol;
use pnet::packet::ipv4::{self, MutableIpv4Packet};
use pnet::packet::tcp::{self, MutableTcpPacket, TcpFlags, TcpOption};
use pnet::packet::udp::MutableUdpPacket;
use pnet::packet::util;

use super::super::exchange::{Probe, ProbeMethod};
use super::codec::{Codec, HEADER, LENGTH, PAYLOAD, checksum_of, payload, protocol};

/// The length of a SYN: a header, and the one option that every system sends.
const SYN: usize = 24;
/// What a SYN says of its sender: the window and the longest segment.
const WINDOW: u16 = 65_535;
const SEGMENT: u16 = 1460;
/// Where in the payload the two bytes are that make the checksum come out as wanted.
const BALANCE: usize = PAYLOAD - 2;

impl Codec {
    /// The whole IP packet of `probe` as sent from `source`, for a raw socket.
    #[must_use]
    pub fn encode(&self, source: Ipv4Addr, probe: &Probe) -> Vec<u8> {
        let mut bytes = vec![0; LENGTH];
        match probe.key.method {
            ProbeMethod::Icmp => bytes[HEADER..].copy_from_slice(&self.echo_request(probe)),
            ProbeMethod::Udp => self.datagram(source, probe, &mut bytes[HEADER..]),
            ProbeMethod::Tcp(_) => {
                bytes.resize(HEADER + SYN, 0);
                self.syn(source, probe, &mut bytes[HEADER..]);
            }
        }
        let length = u16::try_from(bytes.len()).unwrap_or_default();
        let Some(mut ip) = MutableIpv4Packet::new(&mut bytes) else { return bytes };
        ip.set_version(4);
        ip.set_header_length(5);
        ip.set_total_length(length);
        ip.set_identification(self.identification(probe));
        ip.set_ttl(probe.ttl.get());
        ip.set_next_level_protocol(IpNextHeaderProtocol(protocol(probe.key.method)));
        ip.set_source(source);
        ip.set_destination(probe.key.target);
        let checksum = ipv4::checksum(&ip.to_immutable());
        ip.set_checksum(checksum);
        bytes
    }

    /// The ICMP message of `probe`, for a ping socket.
    #[must_use]
    pub fn echo_request(&self, probe: &Probe) -> [u8; LENGTH - HEADER] {
        let mut bytes = [0; LENGTH - HEADER];
        let wanted = checksum_of(probe.key.flow);
        let Some(mut echo) = MutableEchoRequestPacket::new(&mut bytes) else { return bytes };
        echo.set_icmp_type(IcmpTypes::EchoRequest);
        echo.set_icmp_code(IcmpCode(0));
        echo.set_identifier(self.identifier(&probe.key));
        echo.set_sequence_number(self.probe_id(probe));
        let mut payload = payload(&probe.key);
        echo.set_payload(&payload);
        let balance = balance(util::checksum(echo.packet(), 1), wanted);
        payload[BALANCE..].copy_from_slice(&balance.to_be_bytes());
        echo.set_payload(&payload);
        echo.set_checksum(wanted);
        bytes
    }

    /// The payload of `probe`, for a UDP socket. The kernel fills in the checksum there, so the number
    /// of the probe is in the payload.
    #[must_use]
    pub fn payload(&self, probe: &Probe) -> [u8; PAYLOAD] {
        let mut payload = payload(&probe.key);
        payload[BALANCE..].copy_from_slice(&self.probe_id(probe).to_be_bytes());
        payload
    }

    fn datagram(&self, source: Ipv4Addr, probe: &Probe, bytes: &mut [u8]) {
        let (from, to) = self.ports(&probe.key);
        let (wanted, target) = (self.probe_id(probe), &probe.key.target);
        let length = u16::try_from(bytes.len()).unwrap_or_default();
        let Some(mut udp) = MutableUdpPacket::new(bytes) else { return };
        udp.set_source(from);
        udp.set_destination(to);
        udp.set_length(length);
        let mut payload = payload(&probe.key);
        udp.set_payload(&payload);
        let protocol = IpNextHeaderProtocol(protocol(ProbeMethod::Udp));
        let without = util::ipv4_checksum(udp.packet(), 3, &[], &source, target, protocol);
        payload[BALANCE..].copy_from_slice(&balance(without, wanted).to_be_bytes());
        udp.set_payload(&payload);
        udp.set_checksum(wanted);
    }

    fn syn(&self, source: Ipv4Addr, probe: &Probe, bytes: &mut [u8]) {
        let (from, to) = self.ports(&probe.key);
        let Some(mut tcp) = MutableTcpPacket::new(bytes) else { return };
        tcp.set_source(from);
        tcp.set_destination(to);
        tcp.set_sequence(self.sequence(probe));
        tcp.set_data_offset(u8::try_from(SYN / 4).unwrap_or_default());
        tcp.set_flags(TcpFlags::SYN);
        tcp.set_window(WINDOW);
        tcp.set_options(&[TcpOption::mss(SEGMENT)]);
        let sum = tcp::ipv4_checksum(&tcp.to_immutable(), &source, &probe.key.target);
        tcp.set_checksum(sum);
    }
}

/// The two bytes that turn a packet whose checksum would be `without` into one whose checksum is
/// `wanted` (one's complement arithmetic, RFC 1624).
fn balance(without: u16, wanted: u16) -> u16 {
    let sum = u32::from(without) + u32::from(!wanted);
    let folded = (sum & 0xffff) + (sum >> 16);
    u16::try_from(folded).unwrap_or_default()
}
