//! What the messages say that datagram sockets receive, on their error queues and as data.
//!
//! An error names the hop, and carries what the router quoted behind the IP header; for UDP the
//! kernel keeps back the quoted header, so behind a router that quotes no more than that, an answer
//! can only be given to the path's last probe.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use crate::trace::{MplsLabel, ReplyKind};

use super::super::packet::Codec;
use super::super::{Answer, Flow, Ignored, Probe, ProbeMethod, Reply, TraceKey};
use super::clock::Clock;
use super::message::Received;

/// Reads messages.
#[derive(Debug)]
pub(super) struct Queued {
    codec: Codec,
    clock: Clock,
    /// The last UDP probe of each path, for answers that do not say which one they are for.
    last: HashMap<TraceKey, Probe>,
}

impl Queued {
    pub(super) fn new(codec: Codec, clock: Clock) -> Self {
        Self { codec, clock, last: HashMap::new() }
    }

    /// A probe has left.
    pub(super) fn sent(&mut self, probe: &Probe) {
        if probe.key.method == ProbeMethod::Udp {
            self.last.insert(probe.key, *probe);
        }
    }

    /// The queue of a ping socket has the quoted packet from its ICMP header on.
    pub(super) fn hop_of_echo(&self, message: &Received, data: &[u8]) -> Result<Reply, Ignored> {
        let (from, kind) = hop(message)?;
        let target = message.address.ok_or(Ignored::Malformed)?;
        let probe = self.codec.quoted_echo(*target.ip(), data)?;
        Ok(self.reply(probe, from, kind, message, Codec::labels(data, ProbeMethod::Icmp)))
    }

    /// That of a UDP socket has it from the payload on, as far as the router quoted any.
    pub(super) fn hop_of_datagram(
        &self,
        flow: Flow,
        message: &Received,
        data: &[u8],
    ) -> Result<Reply, Ignored> {
        let (from, kind) = hop(message)?;
        let to = message.address.ok_or(Ignored::Malformed)?;
        let key = TraceKey { target: *to.ip(), method: ProbeMethod::Udp, flow };
        if to.port() != self.codec.port(&key) {
            return Err(Ignored::NotOurs);
        }
        let probe = match self.codec.quoted_payload(key, data)? {
            Some(probe) => probe,
            None => *self.last.get(&key).ok_or(Ignored::NotOurs)?,
        };
        Ok(self.reply(probe, from, kind, message, Codec::labels(data, ProbeMethod::Udp)))
    }

    /// Echo replies come as ordinary data, from the ICMP header on.
    pub(super) fn echo(&self, message: &Received, data: &[u8]) -> Result<Reply, Ignored> {
        let probe = self.codec.echoed(data)?;
        let from = message.address.map(|address| *address.ip()).ok_or(Ignored::Malformed)?;
        Ok(self.reply(probe, from, ReplyKind::EchoReply, message, Box::default()))
    }

    fn reply(
        &self,
        probe: Probe,
        from: Ipv4Addr,
        kind: ReplyKind,
        message: &Received,
        labels: Box<[MplsLabel]>,
    ) -> Reply {
        let received = self.clock.of_stamp(message.stamp);
        let reply_ttl = message.ttl;
        Reply { probe, answer: Answer { from, kind, received, reply_ttl, labels } }
    }
}

/// Who answered what, by an entry of an error queue.
fn hop(message: &Received) -> Result<(Ipv4Addr, ReplyKind), Ignored> {
    let error = message.error.ok_or(Ignored::NotAnAnswer)?;
    match (error.kind, error.code) {
        (11, 0) => Ok((error.from, ReplyKind::TimeExceeded)),
        (3, code) => Ok((error.from, ReplyKind::Unreachable(code))),
        _ => Err(Ignored::NotAnAnswer),
    }
}
