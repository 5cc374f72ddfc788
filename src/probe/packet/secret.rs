//! The per-run secret, and the header fields that follow from it.
//!
//! A router need not quote more than the IP header and eight bytes (RFC 792), and anybody can send
//! us an ICMP message. So everything that identifies a probe sits in those eight bytes, and only
//! who knows the secret can make them up.

use std::hash::Hasher;
use std::net::Ipv4Addr;

use siphasher::sip::SipHasher13;

use super::super::{Attempt, Flow, Probe, ProbeMethod, ProbeTtl, TraceKey};

/// The first of the ports that traceroute has used since 1987.
const FIRST_PORT: u16 = 33_434;
/// ICMP checksum of flow 0; the flow's number is added.
const FIRST_CHECKSUM: u16 = 0x4c48;

/// Known to one run only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secret {
    key: [u8; 16],
    /// The ICMP identifier, where the kernel has chosen it.
    identifier: Option<u16>,
}

impl Secret {
    /// A secret; whoever knows it can forge replies.
    #[must_use]
    pub const fn new(key: [u8; 16]) -> Self {
        Self { key, identifier: None }
    }

    /// The same secret, where all probes have this ICMP identifier.
    pub(super) const fn bound(self, identifier: u16) -> Self {
        Self { identifier: Some(identifier), ..self }
    }

    /// The ICMP identifier of all probes of a path.
    pub(super) fn identifier(self, key: &TraceKey) -> u16 {
        self.identifier.unwrap_or_else(|| low_16(self.hash(key, 0)))
    }

    /// The UDP source and destination port of all probes of a path.
    pub(super) fn ports(self, key: &TraceKey) -> (u16, u16) {
        let hash = low_16(self.hash(key, 0));
        let source = 0x8000 | (hash & 0x1ff) << 6 | u16::from(key.flow.get());
        (source, FIRST_PORT + (hash >> 9 & 0x3f))
    }

    /// The word that differs from probe to probe: `[ttl - 1: 5][attempt: 3][proof: 8]`, sent as
    /// ICMP sequence number or UDP checksum. Never 0, which in UDP means no checksum (RFC 768).
    pub(super) fn word(self, probe: &Probe) -> u16 {
        let ttl = u16::from(probe.ttl.get() - 1) << 11;
        let attempt = u16::from(probe.attempt.get()) << 8;
        let round = u16::from(probe.ttl.get()) << 8 | u16::from(probe.attempt.get());
        let proof = low_16(self.hash(&probe.key, round)) & 0xff;
        (ttl | attempt | proof).max(1)
    }

    /// The probe of `key` whose word is `word`, or nothing when no probe has it.
    pub(super) fn probe(self, key: TraceKey, word: u16) -> Option<Probe> {
        let ttl = ProbeTtl::new(u8::try_from(word >> 11).ok()? + 1)?;
        let attempt = Attempt::new(u8::try_from(word >> 8 & 0x7).ok()?)?;
        let probe = Probe { key, ttl, attempt };
        (self.word(&probe) == word).then_some(probe)
    }

    fn hash(self, key: &TraceKey, round: u16) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(&key.target.octets());
        hasher.write(&[protocol(key.method), key.flow.get()]);
        hasher.write(&round.to_be_bytes());
        hasher.finish()
    }
}

/// The ICMP checksum of all probes of a flow: balancers hash it, so it must not vary in a trace.
pub(super) fn checksum_of(flow: Flow) -> u16 {
    FIRST_CHECKSUM + u16::from(flow.get())
}

/// The flow that has this ICMP checksum.
pub(super) fn flow_of_checksum(checksum: u16) -> Option<Flow> {
    Flow::new(u8::try_from(checksum.checked_sub(FIRST_CHECKSUM)?).ok()?)
}

/// The flow that has this UDP source port.
pub(super) fn flow_of_port(source: u16) -> Option<Flow> {
    Flow::new(u8::try_from(source & 0x3f).ok()?)
}

/// The path to `target`, as a quote tells it.
pub(super) fn key(target: Ipv4Addr, method: ProbeMethod, flow: Flow) -> TraceKey {
    TraceKey { target, method, flow }
}

/// The IP protocol number.
pub(super) fn protocol(method: ProbeMethod) -> u8 {
    match method {
        ProbeMethod::Icmp => 1,
        ProbeMethod::Udp => 17,
    }
}

fn low_16(hash: u64) -> u16 {
    u16::try_from(hash & 0xffff).unwrap_or_default()
}
