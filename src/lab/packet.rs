//! A packet as the simulated routers see it.

use std::net::Ipv4Addr;

use pnet::packet::ip::{IpNextHeaderProtocol, IpNextHeaderProtocols};
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::tcp::TcpPacket;

/// What a router looks at.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) source: Ipv4Addr,
    pub(super) destination: Ipv4Addr,
    pub(super) ttl: u8,
    pub(super) protocol: IpNextHeaderProtocol,
    /// The whole packet.
    pub(super) bytes: &'a [u8],
    /// What is behind the IP header.
    pub(super) body: &'a [u8],
}

impl<'a> Seen<'a> {
    /// An IPv4 packet, or nothing when it is none.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let ip = Ipv4Packet::new(bytes)?;
        let header = usize::from(ip.get_header_length()) * 4;
        let length = usize::from(ip.get_total_length()).min(bytes.len());
        (ip.get_version() == 4 && header >= 20).then_some(())?;
        Some(Self {
            source: ip.get_source(),
            destination: ip.get_destination(),
            ttl: ip.get_ttl(),
            protocol: ip.get_next_level_protocol(),
            bytes: bytes.get(..length)?,
            body: bytes.get(header..length)?,
        })
    }

    /// What a balancer hashes: addresses, protocol, and the first four bytes behind the IP header,
    /// which are the ports, or an ICMP message's type, code and checksum.
    pub(super) fn flow(&self) -> Vec<u8> {
        let mut key = Vec::with_capacity(13);
        key.extend(self.source.octets());
        key.extend(self.destination.octets());
        key.push(self.protocol.0);
        key.extend(self.body.iter().take(4));
        key
    }

    pub(super) fn is_echo_request(&self) -> bool {
        self.protocol == IpNextHeaderProtocols::Icmp && self.body.first() == Some(&8)
    }

    /// The TCP port that it is for.
    pub(super) fn tcp_port(&self) -> Option<u16> {
        let tcp =
            (self.protocol == IpNextHeaderProtocols::Tcp).then(|| TcpPacket::new(self.body))?;
        Some(tcp?.get_destination())
    }

    pub(super) fn is_udp(&self) -> bool {
        self.protocol == IpNextHeaderProtocols::Udp
    }
}
