//! The simulated internet in virtual time, behind the same seam as real sockets.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::probe::packet::Codec;
use crate::probe::transport::{SendResult, Transport, TransportCounts, TransportError};
use crate::probe::{Moment, Probe, Reply};

use super::network::{Delivery, Network};

/// What sending a packet takes, so that time goes on.
const SENDING: Duration = Duration::from_nanos(500);

/// A wire whose clock moves when it is waited for, and at no other time.
#[derive(Debug)]
pub struct VirtualTransport {
    network: Network,
    codec: Codec,
    now: Moment,
    on_the_way: BinaryHeap<Reverse<Delivery>>,
    counts: TransportCounts,
}

impl VirtualTransport {
    /// A wire into `network`.
    #[must_use]
    pub fn new(network: Network, codec: Codec) -> Self {
        let on_the_way = BinaryHeap::new();
        Self { network, codec, now: Moment::START, on_the_way, counts: TransportCounts::default() }
    }

    /// The network behind it.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    fn arrive(&mut self, replies: &mut Vec<Reply>) {
        while let Some(Reverse(next)) = self.on_the_way.peek() {
            if next.at > self.now {
                return;
            }
            match self.codec.decode(&next.packet, next.at) {
                Ok(reply) => replies.push(reply),
                Err(why) => self.counts.ignore(why),
            }
            self.on_the_way.pop();
        }
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
        Ok(SendResult::Sent(at))
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        let next = self.on_the_way.peek().map_or(until, |Reverse(next)| next.at);
        self.now = self.now.max(next.min(until));
        self.arrive(replies);
        Ok(())
    }

    fn counts(&self) -> &TransportCounts {
        &self.counts
    }
}
