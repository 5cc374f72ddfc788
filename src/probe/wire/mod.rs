//! Sending and receiving: the seam between judgement and sockets.
//!
//! Everything left of it decides in terms of probes, replies and moments; everything behind it
//! moves bytes. Real sockets are one implementation, the lab's simulated network another.

mod raw;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::{Ignored, Moment, Probe, Reply};
pub use raw::RawWire;

/// What became of a probe that was handed to the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It left at this moment.
    At(Moment),
    /// The machine's queue is full: try again a little later.
    Busy,
    /// The machine refused it, as it does without a route or behind a local firewall. It is
    /// counted, and as lost as a probe that left and was never answered.
    Refused(Moment),
}

/// Sends probes and receives replies.
pub trait Wire {
    /// The present moment.
    fn now(&self) -> Moment;

    /// Sends one probe.
    ///
    /// # Errors
    /// When nothing can be sent any more.
    fn send(&mut self, probe: &Probe) -> Result<Sent, WireError>;

    /// Adds what has arrived to `replies`, and waits for it until `until` if there is nothing.
    /// Returns early when a signal arrives.
    ///
    /// # Errors
    /// When nothing can be received any more.
    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), WireError>;

    /// What was counted aside from replies.
    fn tally(&self) -> &Tally;
}

/// Packets that are no replies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets that arrived and were ignored, by reason.
    pub ignored: BTreeMap<Ignored, u64>,
    /// Probes that the machine refused to send.
    pub refused: u64,
    /// The last reason it gave.
    pub refusal: Option<String>,
}

impl Tally {
    /// Counts an ignored packet.
    pub fn ignore(&mut self, why: Ignored) {
        *self.ignored.entry(why).or_default() += 1;
    }
}

/// Why probing cannot begin, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Raw sockets are not allowed.
    #[error("raw sockets need the capability CAP_NET_RAW")]
    NoPermission,
    /// There is no route to the targets.
    #[error("no route to {target}: {source}")]
    NoRoute {
        /// The address that was tried.
        target: Ipv4Addr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The address to send from is not this machine's.
    #[error("cannot send from {address}: {source}")]
    NotOurAddress {
        /// The address.
        address: Ipv4Addr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A system call failed.
    #[error("{call}: {source}")]
    System {
        /// The call.
        call: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}
