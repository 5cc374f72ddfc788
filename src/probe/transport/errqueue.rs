//! Decoding what datagram sockets receive, on their error queues and as data.
//!
//! An error names the hop, and has what the router quoted behind the IP header. For UDP the kernel
//! keeps back the quoted header. So where a router quotes no more than that, the reply can only be
//! taken for one to the last probe of the trace.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use crate::trace::ReplyKind;

use super::super::exchange::{Flow, Probe, ProbeMethod, Reply, TraceKey};
use super::super::packet::{Codec, Ignored};
use super::super::timing::Moment;
use super::socket::MessageInfo;

/// Decodes messages.
#[derive(Debug)]
pub(super) struct DgramDecoder {
    codec: Codec,
    /// The last UDP probe of each trace, for replies that do not say which probe they are for.
    last: HashMap<TraceKey, Probe>,
}

impl DgramDecoder {
    pub(super) fn new(codec: Codec) -> Self {
        Self { codec, last: HashMap::new() }
    }

    /// A probe has left.
    pub(super) fn sent(&mut self, probe: &Probe) {
        if probe.key.method == ProbeMethod::Udp {
            self.last.insert(probe.key, *probe);
        }
    }

    /// A message from the error queue of a ping socket: the quoted packet from its ICMP header on.
    pub(super) fn echo_error(
        &self,
        info: &MessageInfo,
        data: &[u8],
        received: Moment,
    ) -> Result<Reply, Ignored> {
        let (from, kind) = hop(info)?;
        let target = info.address.ok_or(Ignored::Malformed)?;
        let probe = self.codec.quoted_echo(*target.ip(), data)?;
        let (reply_ttl, labels) = (info.ttl, Codec::labels(data, ProbeMethod::Icmp));
        Ok(Reply { probe, from, kind, received, reply_ttl, labels })
    }

    /// A message from the error queue of a UDP socket: the quoted packet from its payload on, as far
    /// as the router quoted any.
    pub(super) fn datagram_error(
        &self,
        flow: Flow,
        info: &MessageInfo,
        data: &[u8],
        received: Moment,
    ) -> Result<Reply, Ignored> {
        let (from, kind) = hop(info)?;
        let to = info.address.ok_or(Ignored::Malformed)?;
        let key = TraceKey { target: *to.ip(), method: ProbeMethod::Udp, flow };
        if to.port() != self.codec.ports(&key).1 {
            return Err(Ignored::NotOurs);
        }
        let probe = match self.codec.quoted_payload(key, data)? {
            Some(probe) => probe,
            None => *self.last.get(&key).ok_or(Ignored::NotOurs)?,
        };
        let (reply_ttl, labels) = (info.ttl, Codec::labels(data, ProbeMethod::Udp));
        Ok(Reply { probe, from, kind, received, reply_ttl, labels })
    }

    /// An echo reply, which comes as ordinary data, from its ICMP header on.
    pub(super) fn echo_reply(
        &self,
        info: &MessageInfo,
        data: &[u8],
        received: Moment,
    ) -> Result<Reply, Ignored> {
        let probe = self.codec.echoed(data)?;
        let from = info.address.map(|address| *address.ip()).ok_or(Ignored::Malformed)?;
        let (kind, reply_ttl, labels) = (ReplyKind::EchoReply, info.ttl, Box::default());
        Ok(Reply { probe, from, kind, received, reply_ttl, labels })
    }
}

/// Who sent which ICMP error.
fn hop(info: &MessageInfo) -> Result<(Ipv4Addr, ReplyKind), Ignored> {
    let error = info.error.ok_or(Ignored::NotAReply)?;
    let kind = ReplyKind::of_error(error.kind, error.code).ok_or(Ignored::NotAReply)?;
    Ok((error.from, kind))
}
