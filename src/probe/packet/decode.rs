//! From the bytes of a reply to the probe that it quotes or echoes.

use std::net::Ipv4Addr;

use pnet::packet::Packet;
use pnet::packet::icmp::echo_reply::EchoReplyPacket;
use pnet::packet::icmp::echo_request::EchoRequestPacket;
use pnet::packet::icmp::{IcmpPacket, IcmpTypes};
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::tcp::{TcpFlags, TcpPacket};
use pnet::packet::udp::UdpPacket;
use pnet::packet::util;

use crate::trace::{MplsLabel, ReplyKind};

use super::super::exchange::{Flow, Probe, ProbeMethod, Reply, TraceKey};
use super::super::timing::Stamp;
use super::codec::{
    Codec, HEADER, LENGTH, NAME, PAYLOAD, checksum_of, flow_of_checksum, flow_of_port, is_a_port,
    payload,
};

/// Where extensions begin when a router does not give the length of its quote, as older routers do
/// (RFC 4884, section 5.5).
const QUOTE_WITHOUT_LENGTH: usize = 128;

/// Why a packet that arrived is no reply to a probe of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// Too short, or its fields contradict each other.
    Malformed,
    /// A message that replies to nothing: a request, a redirect, a router advertisement.
    NotAReply,
    /// An echo reply that is longer or shorter than the request was.
    OtherSize,
    /// It quotes a probe of ours by some of its fields, and others have been changed on the way.
    Changed,
    /// It replies to a packet that is not ours.
    NotOurs,
    /// It has the form of a reply to a probe of this program, and does not know the run's secret: another run's, or forged.
    Unproven,
}

impl Codec {
    /// The reply that an IP packet is, received at `received`.
    ///
    /// # Errors
    /// When it is none; why.
    pub fn decode(&self, packet: &[u8], received: impl Into<Stamp>) -> Result<Reply, Ignored> {
        let received = received.into();
        let ip = Ipv4Packet::new(packet).ok_or(Ignored::Malformed)?;
        let header = usize::from(ip.get_header_length()) * 4;
        if ip.get_version() != 4 || header < HEADER {
            return Err(Ignored::Malformed);
        }
        let message = packet.get(header..).unwrap_or_default();
        let (from, reply_ttl) = (ip.get_source(), Some(ip.get_ttl()));
        match ip.get_next_level_protocol() {
            IpNextHeaderProtocols::Icmp => {}
            IpNextHeaderProtocols::Tcp => {
                let probe = self.acknowledged(from, message)?;
                let (kind, labels) = (ReplyKind::EchoReply, Box::default());
                return Ok(Reply { probe, from, kind, received, reply_ttl, labels });
            }
            _ => return Err(Ignored::NotAReply),
        }
        let icmp = IcmpPacket::new(message).ok_or(Ignored::Malformed)?;
        let body = message.get(8..).ok_or(Ignored::Malformed)?;
        // A raw socket gets messages before the kernel has looked at their checksums. An echo reply's is known.
        let is_error = icmp.get_icmp_type() != IcmpTypes::EchoReply;
        if is_error && util::checksum(message, usize::MAX) != 0 {
            return Err(Ignored::Malformed);
        }
        let (kind, probe) = match (icmp.get_icmp_type(), icmp.get_icmp_code().0) {
            (IcmpTypes::TimeExceeded, 0) => (ReplyKind::TimeExceeded, self.quoted(body)?),
            (IcmpTypes::DestinationUnreachable, code) => {
                (ReplyKind::Unreachable(code), self.quoted(body)?)
            }
            (IcmpTypes::EchoReply, 0) => (ReplyKind::EchoReply, self.echoed(message)?),
            _ => return Err(Ignored::NotAReply),
        };
        let labels = match (kind, usize::from(message[5]) * 4) {
            (ReplyKind::EchoReply, _) => Box::default(),
            (_, 0) => labels_at(body, QUOTE_WITHOUT_LENGTH),
            (_, length) => labels_at(body, length),
        };
        Ok(Reply { probe, from, kind, received, reply_ttl, labels })
    }

    /// The probe to `target` whose ICMP header a router quotes at the beginning of `message`.
    ///
    /// # Errors
    /// When it is none of ours; why.
    pub fn quoted_echo(&self, target: Ipv4Addr, message: &[u8]) -> Result<Probe, Ignored> {
        let first = message.get(..8).ok_or(Ignored::Malformed)?;
        let echo = EchoRequestPacket::new(first).ok_or(Ignored::Malformed)?;
        if echo.get_icmp_type() != IcmpTypes::EchoRequest || echo.get_icmp_code().0 != 0 {
            return Err(Ignored::NotOurs);
        }
        let flow = flow_of_checksum(echo.get_checksum()).ok_or(Ignored::NotOurs)?;
        let key = TraceKey { target, method: ProbeMethod::Icmp, flow };
        if echo.get_identifier() != self.identifier(&key) {
            return Err(Ignored::Unproven);
        }
        self.probe_of(key, echo.get_sequence_number()).ok_or(Ignored::Unproven)
    }

    /// The probe of a trace whose payload a router quotes; nothing when it quotes less than that.
    ///
    /// # Errors
    /// When it is none of ours.
    pub fn quoted_payload(&self, key: TraceKey, bytes: &[u8]) -> Result<Option<Probe>, Ignored> {
        let Some([marks @ .., high, low]) = bytes.get(..PAYLOAD) else { return Ok(None) };
        if !payload(&key).starts_with(marks) {
            return Err(Ignored::Unproven);
        }
        let id = u16::from_be_bytes([*high, *low]);
        self.probe_of(key, id).map(Some).ok_or(Ignored::Unproven)
    }

    /// The probe that an echo reply, from its ICMP header on, replies to. Targets reply from other
    /// addresses too, so the target is read from the payload.
    ///
    /// # Errors
    /// When it is none of ours; why.
    pub fn echoed(&self, message: &[u8]) -> Result<Probe, Ignored> {
        let echo = EchoReplyPacket::new(message).ok_or(Ignored::Malformed)?;
        if echo.get_icmp_type() != IcmpTypes::EchoReply {
            return Err(Ignored::NotAReply);
        }
        if echo.payload().starts_with(NAME) && message.len() != LENGTH - HEADER {
            return Err(Ignored::OtherSize);
        }
        let [b'l', b'a', b's', b't', b'h', b'o', b'p', a, b, c, d, flow, _, _] = *echo.payload()
        else {
            return Err(Ignored::NotOurs);
        };
        let flow = Flow::new(flow).ok_or(Ignored::NotOurs)?;
        let target = Ipv4Addr::new(a, b, c, d);
        let key = TraceKey { target, method: ProbeMethod::Icmp, flow };
        // The checksum of an echo reply differs from the request's by the type alone (RFC 792).
        let checksum = checksum_of(flow) + 0x0800;
        if echo.get_identifier() != self.identifier(&key) || echo.get_checksum() != checksum {
            return Err(Ignored::Unproven);
        }
        self.probe_of(key, echo.get_sequence_number()).ok_or(Ignored::Unproven)
    }

    /// The MPLS labels behind what an error queue has of a quote. The kernel keeps back the headers
    /// in front, and the length that the router gave.
    #[must_use]
    pub fn labels(quote: &[u8], method: ProbeMethod) -> Box<[MplsLabel]> {
        let kept_back = match method {
            ProbeMethod::Icmp | ProbeMethod::Tcp(_) => HEADER,
            ProbeMethod::Udp => HEADER + 8,
        };
        labels_at(quote, QUOTE_WITHOUT_LENGTH - kept_back)
    }

    /// The probe that an ICMP error quotes. Eight bytes behind the IP header suffice.
    fn quoted(&self, quote: &[u8]) -> Result<Probe, Ignored> {
        let ip = Ipv4Packet::new(quote).ok_or(Ignored::Malformed)?;
        let header = usize::from(ip.get_header_length()) * 4;
        if ip.get_version() != 4 || header < HEADER {
            return Err(Ignored::Malformed);
        }
        let first = quote.get(header..header + 8).ok_or(Ignored::Malformed)?;
        let identification = ip.get_identification();
        if ip.get_fragment_offset() != 0 {
            return Err(Ignored::NotOurs);
        }
        match ip.get_next_level_protocol() {
            IpNextHeaderProtocols::Icmp => self
                .quoted_echo(ip.get_destination(), first)
                .or_else(|why| self.changed_echo(ip.get_destination(), first, identification, why)),
            IpNextHeaderProtocols::Udp => {
                self.quoted_datagram(ip.get_destination(), first, identification)
            }
            IpNextHeaderProtocols::Tcp => self.quoted_syn(ip.get_destination(), first),
            _ => Err(Ignored::NotOurs),
        }
    }

    /// The probe to `target` that a SYN-ACK or a reset answers, from its TCP header on. Both acknowledge
    /// the number behind the probe's (RFC 9293, section 3.10.7.1). The checksum is not looked at: a
    /// network card may have checked it, and on virtual devices nobody has written it.
    fn acknowledged(&self, target: Ipv4Addr, segment: &[u8]) -> Result<Probe, Ignored> {
        let tcp = TcpPacket::new(segment).ok_or(Ignored::Malformed)?;
        let flags = tcp.get_flags();
        if flags & TcpFlags::ACK == 0 || flags & (TcpFlags::SYN | TcpFlags::RST) == 0 {
            return Err(Ignored::NotAReply);
        }
        let sequence = tcp.get_acknowledgement().wrapping_sub(1);
        self.probe_by(target, (tcp.get_destination(), tcp.get_source()), sequence)
    }

    /// The probe to `target` of which a router quotes the ports and the sequence number.
    fn quoted_syn(&self, target: Ipv4Addr, first: &[u8]) -> Result<Probe, Ignored> {
        let [a, b, c, d, sequence @ ..] = first else { return Err(Ignored::Malformed) };
        let sequence = sequence.try_into().map_err(|_| Ignored::Malformed)?;
        let ports = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
        self.probe_by(target, ports, u32::from_be_bytes(sequence))
    }

    /// The TCP probe from and to these ports with this sequence number.
    fn probe_by(
        &self,
        target: Ipv4Addr,
        ports: (u16, u16),
        sequence: u32,
    ) -> Result<Probe, Ignored> {
        let flow = flow_of_port(ports.0).ok_or(Ignored::NotOurs)?;
        let key = TraceKey { target, method: ProbeMethod::Tcp(ports.1), flow };
        if ports != self.ports(&key) {
            return Err(Ignored::NotOurs);
        }
        self.probe_of_sequence(key, sequence).ok_or(Ignored::NotOurs)
    }

    /// The echo request of which a box that translates addresses has changed the identifier or the checksum, in the
    /// packet or in the quote. Its flow cannot be read then, so both numbers of the probe must agree on it; and the
    /// identifier must be ours, or have been changed as far as the checksum says (RFC 1624). `why` it is no unchanged one.
    fn changed_echo(
        &self,
        target: Ipv4Addr,
        first: &[u8],
        identification: u16,
        mut why: Ignored,
    ) -> Result<Probe, Ignored> {
        let echo = EchoRequestPacket::new(first).ok_or(Ignored::Malformed)?;
        if echo.get_icmp_type() != IcmpTypes::EchoRequest || echo.get_icmp_code().0 != 0 {
            return Err(why);
        }
        let (checksum, identifier) = (echo.get_checksum(), echo.get_identifier());
        let both = |checksum: u16, identifier: u16| {
            (u32::from(checksum) + u32::from(identifier)) % u32::from(u16::MAX)
        };
        for flow in (0..Flow::MOST).filter_map(Flow::new) {
            let key = TraceKey { target, method: ProbeMethod::Icmp, flow };
            let Some(probe) = self.probe_of(key, echo.get_sequence_number()) else { continue };
            let own = self.identifier(&key);
            let is_ours =
                identifier == own || both(checksum, identifier) == both(checksum_of(flow), own);
            if is_ours && self.probe_of_identification(key, identification) == Some(probe) {
                return Ok(probe);
            }
            if flow == Flow::default() {
                why = Ignored::Changed;
            }
        }
        Err(why)
    }

    /// The datagram that a router quotes. Where its checksum is not ours, a box that translates addresses, or the
    /// router, may have changed it: then the IP identification is the proof.
    fn quoted_datagram(
        &self,
        target: Ipv4Addr,
        first: &[u8],
        identification: u16,
    ) -> Result<Probe, Ignored> {
        let udp = UdpPacket::new(first).ok_or(Ignored::Malformed)?;
        let flow = flow_of_port(udp.get_source()).ok_or(Ignored::NotOurs)?;
        let key = TraceKey { target, method: ProbeMethod::Udp, flow };
        let ports = (udp.get_source(), udp.get_destination());
        if !is_a_port(ports.1) || usize::from(udp.get_length()) != LENGTH - HEADER {
            return Err(Ignored::NotOurs);
        }
        if ports != self.ports(&key) {
            return Err(Ignored::Unproven);
        }
        let probe = self.probe_of(key, udp.get_checksum());
        probe.or_else(|| self.probe_of_identification(key, identification)).ok_or(Ignored::Changed)
    }
}

/// The MPLS labels in the extension at `start` (RFC 4884, RFC 4950); none where it is malformed.
fn labels_at(bytes: &[u8], start: usize) -> Box<[MplsLabel]> {
    let Some(extension) = bytes.get(start..).filter(|extension| extension.len() >= 8) else {
        return Box::default();
    };
    let written = u16::from_be_bytes([extension[2], extension[3]]);
    if extension[0] >> 4 != 2 || (written != 0 && written != util::checksum(extension, 1)) {
        return Box::default();
    }
    let mut labels = Vec::new();
    let mut rest = &extension[4..];
    while let [high, low, class, kind, ..] = *rest {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some(object) = rest.get(4..length) else { break };
        // The object class of label stacks, and its only type.
        if (class, kind) == (1, 1) {
            labels.extend(object.as_chunks().0.iter().map(|entry: &[u8; 4]| MplsLabel {
                label: u32::from_be_bytes(*entry) >> 12,
                ttl: entry[3],
            }));
        }
        rest = &rest[length..];
    }
    labels.into()
}
