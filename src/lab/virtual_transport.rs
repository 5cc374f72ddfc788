//! The simulated internet in virtual time, behind the same seam as real sockets: one transport for
//! probes, one for connections.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddrV4;
use std::time::Duration;

use crate::probe::packet::Codec;
use crate::probe::transport::{
    Connect, ConnectReply, SendResult, Transport, TransportCounts, TransportError,
};
use crate::probe::{Moment, Probe, Reply};

use super::network::{Delivery, Network};
use super::tcp;

/// How long sending a packet takes, so that time goes on.
const SENDING: Duration = Duration::from_nanos(500);

/// A transport whose clock moves while it is waited for, and by a little with each packet.
#[derive(Debug)]
pub struct VirtualTransport {
    network: Network,
    codec: Codec,
    now: Moment,
    on_the_way: BinaryHeap<Reverse<Delivery>>,
    counts: TransportCounts,
}

impl VirtualTransport {
    /// A transport into `network`.
    #[must_use]
    pub fn new(network: Network, codec: Codec) -> Self {
        let (on_the_way, counts) = (BinaryHeap::new(), TransportCounts::default());
        Self { network, codec, now: Moment::START, on_the_way, counts }
    }

    /// The network behind it.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }
}

impl Transport for VirtualTransport {
    fn now(&self) -> Moment {
        self.now
    }

    fn send(&mut self, probe: &Probe) -> Result<SendResult, TransportError> {
        let at = self.now;
        let packet = self.codec.encode(self.network.scenario().vantage, probe);
        self.on_the_way.extend(self.network.carry(&packet, at).map(Reverse));
        self.now = at + SENDING;
        Ok(SendResult::Sent(at.into()))
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        let next = self.on_the_way.peek().map_or(until, |Reverse(next)| next.at);
        self.now = self.now.max(next.min(until));
        while let Some(Reverse(next)) = self.on_the_way.peek() {
            if next.at > self.now {
                break;
            }
            match self.codec.decode(&next.packet, next.at) {
                Ok(reply) => replies.push(reply),
                Err(why) => self.counts.count_ignored(why),
            }
            self.on_the_way.pop();
        }
        Ok(())
    }

    fn take_counts(&mut self) -> TransportCounts {
        std::mem::take(&mut self.counts)
    }
}

/// Connections into a simulated network, each from a port of its own.
#[derive(Debug)]
pub struct VirtualConnections {
    network: Network,
    timeout: Duration,
    now: Moment,
    begun: u16,
    on_the_way: Vec<ConnectReply>,
}

impl VirtualConnections {
    /// The first of the ports from which connections leave, and how many there are.
    const PORTS: (u16, u16) = (0x8000, 0x7000);

    /// Connections into `network`, each given up after `timeout`. The clock shows `now`.
    #[must_use]
    pub const fn new(network: Network, timeout: Duration, now: Moment) -> Self {
        Self { network, timeout, now, begun: 0, on_the_way: Vec::new() }
    }
}

impl Transport<Connect, ConnectReply> for VirtualConnections {
    fn now(&self) -> Moment {
        self.now
    }

    fn send(&mut self, probe: &Connect) -> Result<SendResult, TransportError> {
        let at = self.now;
        let (first, count) = Self::PORTS;
        let from = SocketAddrV4::new(self.network.scenario().vantage, first + self.begun % count);
        self.begun = self.begun.wrapping_add(1);
        let answer = self.network.carry(&tcp::syn(from, probe.to), at);
        self.on_the_way.extend(answer.and_then(|Delivery { at: received, packet }| {
            let result = tcp::connect_result(&packet)?;
            let in_time = received.since(at) <= self.timeout;
            let received = received.into();
            in_time.then_some(ConnectReply { probe: *probe, received, result })
        }));
        self.now = at + SENDING;
        Ok(SendResult::Sent(at.into()))
    }

    fn recv(
        &mut self,
        until: Moment,
        replies: &mut Vec<ConnectReply>,
    ) -> Result<(), TransportError> {
        let next = self.on_the_way.iter().map(|reply| reply.received.at).min().unwrap_or(until);
        self.now = self.now.max(next.min(until));
        let now = self.now;
        replies.extend(self.on_the_way.extract_if(.., |reply| reply.received.at <= now));
        Ok(())
    }

    fn take_counts(&mut self) -> TransportCounts {
        TransportCounts::default()
    }
}
