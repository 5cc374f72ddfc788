//! The simulated internet in virtual time, behind the same seam as real sockets.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::probe::packet::Codec;
use crate::probe::transport::{SendResult, Transport, TransportCounts, TransportError};
use crate::probe::{Moment, Probe, Reply};

use super::network::{Delivery, Network};

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
        Ok(SendResult::Sent(at))
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
