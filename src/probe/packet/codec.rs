//! The run's secret, and the header fields that identify a probe.
//!
//! A router need not quote more than the IP header and eight bytes (RFC 792), and anybody can send us
//! an ICMP message. So everything that identifies a probe is in those eight bytes, and nobody can make
//! it up without the secret.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::super::exchange::{Attempt, Flow, Probe, ProbeMethod, ProbeTtl, TraceKey};

/// The length of an IP header without options.
pub(super) const HEADER: usize = 20;
/// The length of what a probe carries behind its ICMP or UDP header.
pub(super) const PAYLOAD: usize = 14;
/// The length of an echo request or a datagram, IP header included.
pub(super) const LENGTH: usize = HEADER + 8 + PAYLOAD;
/// The first of the ports that traceroute has used since 1987.
const FIRST_PORT: u16 = 33_434;
/// What makes the tags of IP identifications others than those of the other numbers.
const IDENTIFICATION: u16 = 0x8000;
/// The ICMP checksum of flow 0; the number of the flow is added.
const FIRST_CHECKSUM: u16 = 0x4c48;

/// How many ping sockets share the probes. Whoever has seen one probe knows the identifier of its traces, and not those
/// of the others.
pub const PING_SOCKETS: usize = 16;

/// Known to one run only; and what the ports of its flows follow from, which may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secret {
    key: [u8; 16],
    flows: [u8; 16],
}

impl Secret {
    /// A secret. Who knows it can forge replies.
    #[must_use]
    pub const fn new(key: [u8; 16]) -> Self {
        Self { key, flows: key }
    }

    /// The same secret, with flows that follow from `flows`: so a run can repeat the paths of another one,
    /// and knows its own replies all the same.
    #[must_use]
    pub const fn with_flows(self, flows: [u8; 16]) -> Self {
        Self { flows, ..self }
    }
}

/// Turns probes into packets and packets into replies, for one run.
#[derive(Debug, Clone, Copy)]
pub struct Codec {
    secret: Secret,
    /// The ICMP identifiers of ping sockets, which the kernel has chosen.
    identifiers: Option<[u16; PING_SOCKETS]>,
}

/// Whether datagrams of any run go to this port.
pub(super) fn is_a_port(port: u16) -> bool {
    (FIRST_PORT..=FIRST_PORT + 0x3f).contains(&port)
}

impl Codec {
    /// A codec. Replies to probes of another secret are not ours.
    #[must_use]
    pub const fn new(secret: Secret) -> Self {
        Self { secret, identifiers: None }
    }

    /// A codec for ping sockets, whose ICMP identifiers the kernel has chosen.
    #[must_use]
    pub const fn bound(secret: Secret, identifiers: [u16; PING_SOCKETS]) -> Self {
        Self { secret, identifiers: Some(identifiers) }
    }

    /// Which of the ping sockets all probes of a trace go through.
    #[must_use]
    pub fn ping_socket(&self, key: &TraceKey) -> usize {
        usize::from(self.word(key)) % PING_SOCKETS
    }

    /// The source and destination port of all probes of a trace, by UDP or TCP.
    #[must_use]
    pub fn ports(&self, key: &TraceKey) -> (u16, u16) {
        let hash = low_16(hash(&self.secret.flows, key, 0));
        let source = 0x8000 | (hash & 0x1ff) << 6 | u16::from(key.flow.get());
        let target = match key.method {
            ProbeMethod::Tcp(port) => port,
            ProbeMethod::Icmp | ProbeMethod::Udp => FIRST_PORT + (hash >> 9 & 0x3f),
        };
        (source, target)
    }

    /// The ICMP identifier of all probes of a trace.
    pub(super) fn identifier(&self, key: &TraceKey) -> u16 {
        self.identifiers.map_or_else(|| self.word(key), |all| all[self.ping_socket(key)])
    }

    /// The TCP sequence number of a probe: a word that proves the trace, then the number of the probe. So
    /// those of a trace lie within one window and grow with the TTL, as a firewall expects of a SYN that
    /// is sent again (RFC 9293, section 3.4).
    pub(super) fn sequence(&self, probe: &Probe) -> u32 {
        u32::from(self.word(&probe.key)) << 16 | u32::from(self.probe_id(probe))
    }

    /// The probe of a trace that has this TCP sequence number; nothing when no probe has it.
    pub(super) fn probe_of_sequence(&self, key: TraceKey, sequence: u32) -> Option<Probe> {
        let (word, id) = (u16::try_from(sequence >> 16).ok()?, low_16(sequence.into()));
        if word == self.word(&key) { self.probe_of(key, id) } else { None }
    }

    fn word(&self, key: &TraceKey) -> u16 {
        low_16(self.hash(key, 0))
    }

    /// The number that differs from probe to probe: `[ttl - 1: 5][attempt: 3][tag: 8]`, where the tag
    /// proves the secret. It is sent as ICMP sequence number, as UDP checksum, or in the TCP sequence
    /// number. Never 0, which in UDP means that there is no checksum (RFC 768).
    pub(super) fn probe_id(&self, probe: &Probe) -> u16 {
        self.number(probe, 0)
    }

    /// The IP identification of a probe: such a number too, with a tag of its own. Every router quotes it, and a
    /// box that translates addresses leaves it as it is, whatever it does to checksums and identifiers.
    pub(super) fn identification(&self, probe: &Probe) -> u16 {
        self.number(probe, IDENTIFICATION)
    }

    fn number(&self, probe: &Probe, salt: u16) -> u16 {
        let ttl = u16::from(probe.ttl.get() - 1) << 11;
        let attempt = u16::from(probe.attempt.get()) << 8;
        let salt = salt | u16::from(probe.ttl.get()) << 8 | u16::from(probe.attempt.get());
        let tag = low_16(self.hash(&probe.key, salt)) & 0xff;
        (ttl | attempt | tag).max(1)
    }

    /// The probe of a trace that has this number; nothing when no probe has it.
    pub(super) fn probe_of(&self, key: TraceKey, id: u16) -> Option<Probe> {
        self.probe_with(key, id, 0)
    }

    /// The probe of a trace that has this IP identification; nothing when no probe has it.
    pub(super) fn probe_of_identification(&self, key: TraceKey, id: u16) -> Option<Probe> {
        self.probe_with(key, id, IDENTIFICATION)
    }

    fn probe_with(&self, key: TraceKey, id: u16, salt: u16) -> Option<Probe> {
        let ttl = ProbeTtl::new(u8::try_from(id >> 11).ok()? + 1)?;
        let attempt = Attempt::new(u8::try_from(id >> 8 & 0x7).ok()?)?;
        let probe = Probe { key, ttl, attempt };
        (self.number(&probe, salt) == id).then_some(probe)
    }

    fn hash(&self, key: &TraceKey, salt: u16) -> u64 {
        hash(&self.secret.key, key, salt)
    }
}

fn hash(secret: &[u8; 16], key: &TraceKey, salt: u16) -> u64 {
    let mut hasher = SipHasher13::new_with_key(secret);
    hasher.write(&key.target.octets());
    hasher.write(&[protocol(key.method), key.flow.get()]);
    if let ProbeMethod::Tcp(port) = key.method {
        hasher.write(&port.to_be_bytes());
    }
    hasher.write(&salt.to_be_bytes());
    hasher.finish()
}

/// The ICMP checksum of all probes of a flow. Load balancers hash it, so it must not vary in a trace.
pub(super) fn checksum_of(flow: Flow) -> u16 {
    FIRST_CHECKSUM + u16::from(flow.get())
}

/// The flow that has this ICMP checksum.
pub(super) fn flow_of_checksum(checksum: u16) -> Option<Flow> {
    Flow::new(u8::try_from(checksum.checked_sub(FIRST_CHECKSUM)?).ok()?)
}

/// The flow that has this source port, by UDP or TCP.
pub(super) fn flow_of_port(source: u16) -> Option<Flow> {
    Flow::new(u8::try_from(source & 0x3f).ok()?)
}

/// The IP protocol number.
pub(super) fn protocol(method: ProbeMethod) -> u8 {
    match method {
        ProbeMethod::Icmp => 1,
        ProbeMethod::Udp => 17,
        ProbeMethod::Tcp(_) => 6,
    }
}

/// How every payload begins.
pub(super) const NAME: &[u8; 7] = b"lasthop";

/// What all echo requests and datagrams of a trace carry: the program's name, so that whoever sees a probe can find out
/// what it is; the target and the flow, because an echo reply quotes no header; and two empty bytes.
pub(super) fn payload(key: &TraceKey) -> [u8; PAYLOAD] {
    let mut payload = [0; PAYLOAD];
    payload[..NAME.len()].copy_from_slice(NAME);
    payload[7..11].copy_from_slice(&key.target.octets());
    payload[11] = key.flow.get();
    payload
}

fn low_16(hash: u64) -> u16 {
    u16::try_from(hash & 0xffff).unwrap_or_default()
}
