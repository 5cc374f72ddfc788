//! Decoding what datagram sockets receive, on their error queues and as data.
//!
//! An error names the hop, and has what the router quoted behind the IP header. For UDP the kernel
//! keeps back the quoted header. So where a router quotes no more than that, the reply can only be
//! taken for one to the last probe of the trace.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use crate::trace::ReplyKind;

use super::super::super::exchange::{Flow, Probe, ProbeMethod, Reply, TraceKey};
use super::super::super::packet::{Codec, Ignored};
use super::super::super::timing::Stamp;
use super::socket::MessageInfo;

/// Decodes messages.
#[derive(Debug)]
pub(super) struct DgramDecoder {
    codec: Codec,
    last: LastProbes,
}

/// The last UDP probe of each trace, for replies that do not say which probe they are for. Traces that have
/// sent nothing for as long as thousands of others have are forgotten.
#[derive(Debug, Default)]
struct LastProbes {
    recent: HashMap<TraceKey, Probe>,
    before: HashMap<TraceKey, Probe>,
}

impl LastProbes {
    /// How many traces are kept at least. No more have probes under way.
    const MOST: usize = 8192;

    fn insert(&mut self, probe: &Probe) {
        if self.recent.len() >= Self::MOST && !self.recent.contains_key(&probe.key) {
            self.before = std::mem::take(&mut self.recent);
        }
        self.recent.insert(probe.key, *probe);
    }

    fn get(&self, key: &TraceKey) -> Option<Probe> {
        self.recent.get(key).or_else(|| self.before.get(key)).copied()
    }
}

impl DgramDecoder {
    pub(super) fn new(codec: Codec) -> Self {
        Self { codec, last: LastProbes::default() }
    }

    /// A probe has left.
    pub(super) fn sent(&mut self, probe: &Probe) {
        if probe.key.method == ProbeMethod::Udp {
            self.last.insert(probe);
        }
    }

    /// A message from the error queue of a ping socket: the quoted packet from its ICMP header on.
    pub(super) fn echo_error(
        &self,
        info: &MessageInfo,
        data: &[u8],
        received: Stamp,
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
        received: Stamp,
    ) -> Result<Reply, Ignored> {
        let (from, kind) = hop(info)?;
        let to = info.address.ok_or(Ignored::Malformed)?;
        let key = TraceKey { target: *to.ip(), method: ProbeMethod::Udp, flow };
        if to.port() != self.codec.ports(&key).1 {
            return Err(Ignored::NotOurs);
        }
        let probe = match self.codec.quoted_payload(key, data)? {
            Some(probe) => probe,
            None => self.last.get(&key).ok_or(Ignored::NotOurs)?,
        };
        let (reply_ttl, labels) = (info.ttl, Codec::labels(data, ProbeMethod::Udp));
        Ok(Reply { probe, from, kind, received, reply_ttl, labels })
    }

    /// An echo reply, which comes as ordinary data, from its ICMP header on.
    pub(super) fn echo_reply(
        &self,
        info: &MessageInfo,
        data: &[u8],
        received: Stamp,
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

#[cfg(test)]
mod tests {
    use super::super::super::super::exchange::{Attempt, ProbeTtl};
    use super::*;

    fn probe(number: u32, ttl: ProbeTtl) -> Probe {
        let (target, method) = (Ipv4Addr::from(number), ProbeMethod::Udp);
        let key = TraceKey { target, method, flow: Flow::default() };
        Probe { key, ttl, attempt: Attempt::default() }
    }

    /// A run of many targets keeps as much as one of a few thousand.
    #[test]
    fn the_last_probes_of_traces_long_ended_are_forgotten() {
        let mut last = LastProbes::default();
        let most = u32::try_from(LastProbes::MOST).expect("small");
        for number in 0..10 * most {
            last.insert(&probe(number, ProbeTtl::FIRST));
            last.insert(&probe(number, ProbeTtl::LAST));
            assert!(last.recent.len() + last.before.len() <= 2 * LastProbes::MOST);
        }
        for number in 9 * most..10 * most {
            let expected = probe(number, ProbeTtl::LAST);
            assert_eq!(last.get(&expected.key), Some(expected));
        }
        assert_eq!(last.get(&probe(0, ProbeTtl::FIRST).key), None);
    }
}
