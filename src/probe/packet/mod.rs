//! The bytes of a probe, and from the bytes of a reply back to the probe.
//!
//! Both directions are pure: this room knows no socket and no clock but the stamps it is given.
//! The encoding keeps everything that a balancer may hash constant within a trace (Augustin et
//! al., "Avoiding traceroute anomalies with Paris traceroute", IMC 2006) and survives routers that
//! quote only eight bytes of what we sent.

mod build;
mod extension;
mod quote;
mod secret;

use std::net::Ipv4Addr;

use pnet::packet::Packet;
use pnet::packet::icmp::echo_reply::EchoReplyPacket;
use pnet::packet::icmp::{IcmpPacket, IcmpTypes};
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::Ipv4Packet;

use crate::trace::{MplsLabel, ReplyKind};

use super::{Answer, Moment, Probe, ProbeMethod, Reply, TraceKey};
pub use secret::Secret;

/// The length of an IP header without options.
const HEADER: usize = 20;
/// The length of what a probe carries behind its ICMP or UDP header.
const PAYLOAD: usize = 14;
/// The length of every probe, IP header included.
pub const LENGTH: usize = HEADER + 8 + PAYLOAD;

/// Why a packet that arrived is no reply to a probe of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// Too short, or its fields contradict each other.
    Malformed,
    /// It answers nothing: a request, a redirect, a router advertisement.
    NotAnAnswer,
    /// An echo reply that is longer or shorter than the request was.
    OtherSize,
    /// It answers a packet that is not ours, or claims to without knowing the run's secret.
    NotOurs,
}

/// Turns probes into packets and packets into replies, for one run.
#[derive(Debug, Clone, Copy)]
pub struct Codec {
    secret: Secret,
}

impl Codec {
    /// A codec; replies to probes of another secret are not ours.
    #[must_use]
    pub const fn new(secret: Secret) -> Self {
        Self { secret }
    }

    /// A codec where the kernel has chosen the ICMP identifier of all probes.
    #[must_use]
    pub const fn bound(secret: Secret, identifier: u16) -> Self {
        Self { secret: secret.bound(identifier) }
    }

    /// The whole IP packet of `probe` as sent from `source`.
    #[must_use]
    pub fn encode(&self, source: Ipv4Addr, probe: &Probe) -> [u8; LENGTH] {
        build::build(self.secret, source, probe)
    }

    /// The reply that an IP packet is, received at `received`.
    ///
    /// # Errors
    /// When it is none; why.
    pub fn decode(&self, packet: &[u8], received: Moment) -> Result<Reply, Ignored> {
        let ip = Ipv4Packet::new(packet).ok_or(Ignored::Malformed)?;
        let header = usize::from(ip.get_header_length()) * 4;
        if ip.get_version() != 4 || header < HEADER {
            return Err(Ignored::Malformed);
        }
        if ip.get_next_level_protocol() != IpNextHeaderProtocols::Icmp {
            return Err(Ignored::NotAnAnswer);
        }
        let message = packet.get(header..).unwrap_or_default();
        let icmp = IcmpPacket::new(message).ok_or(Ignored::Malformed)?;
        let (probe, kind) = self.read(&icmp)?;
        let labels = match kind {
            ReplyKind::EchoReply => Box::default(),
            _ => extension::labels(message.get(8..).unwrap_or_default(), icmp.packet()[5]),
        };
        let (from, reply_ttl) = (ip.get_source(), Some(ip.get_ttl()));
        Ok(Reply { probe, answer: Answer { from, kind, received, reply_ttl, labels } })
    }

    /// What a ping socket is given to send: the ICMP message of `probe`.
    #[must_use]
    pub fn echo_request(&self, probe: &Probe) -> [u8; LENGTH - HEADER] {
        build::message(self.secret, probe)
    }

    /// What a UDP socket is given to send: the payload of `probe`, which alone tells it from other
    /// probes of its path, since the kernel fills in the checksum.
    #[must_use]
    pub fn payload(&self, probe: &Probe) -> [u8; PAYLOAD] {
        build::marked_payload(self.secret, probe)
    }

    /// The port to which all UDP probes of a path go.
    #[must_use]
    pub fn port(&self, key: &TraceKey) -> u16 {
        self.secret.ports(key).1
    }

    /// The probe to `target` whose ICMP message a ping socket's error queue quotes.
    ///
    /// # Errors
    /// When it is none of ours; why.
    pub fn quoted_echo(&self, target: Ipv4Addr, message: &[u8]) -> Result<Probe, Ignored> {
        let first = message.get(..8).ok_or(Ignored::Malformed)?;
        quote::echo_request(self.secret, target, first)
    }

    /// The probe of `key` whose payload a UDP socket's error queue quotes; nothing when the router
    /// did not quote it.
    ///
    /// # Errors
    /// When it is none of ours.
    pub fn quoted_payload(&self, key: TraceKey, payload: &[u8]) -> Result<Option<Probe>, Ignored> {
        quote::payload(self.secret, key, payload)
    }

    /// The probe that an echo reply, from its ICMP header on, answers.
    ///
    /// # Errors
    /// When it is none of ours; why.
    pub fn echoed(&self, message: &[u8]) -> Result<Probe, Ignored> {
        let echo = EchoReplyPacket::new(message).ok_or(Ignored::Malformed)?;
        if echo.get_icmp_type() != IcmpTypes::EchoReply {
            return Err(Ignored::NotAnAnswer);
        }
        quote::echoed(self.secret, &echo)
    }

    /// The MPLS labels behind what an error queue quotes.
    #[must_use]
    pub fn labels(quote: &[u8], method: ProbeMethod) -> Box<[MplsLabel]> {
        let cut = match method {
            ProbeMethod::Icmp => HEADER,
            ProbeMethod::Udp => HEADER + 8,
        };
        extension::labels_behind(quote, cut)
    }

    fn read(&self, icmp: &IcmpPacket<'_>) -> Result<(Probe, ReplyKind), Ignored> {
        let message = icmp.packet();
        if message.len() < 8 {
            return Err(Ignored::Malformed);
        }
        match (icmp.get_icmp_type(), icmp.get_icmp_code().0) {
            (IcmpTypes::TimeExceeded, 0) => {
                Ok((quote::quoted(self.secret, &message[8..])?, ReplyKind::TimeExceeded))
            }
            (IcmpTypes::DestinationUnreachable, code) => {
                Ok((quote::quoted(self.secret, &message[8..])?, ReplyKind::Unreachable(code)))
            }
            (IcmpTypes::EchoReply, 0) => {
                let echo = EchoReplyPacket::new(message).ok_or(Ignored::Malformed)?;
                Ok((quote::echoed(self.secret, &echo)?, ReplyKind::EchoReply))
            }
            _ => Err(Ignored::NotAnAnswer),
        }
    }
}

#[cfg(test)]
mod tests;
