//! Sending and receiving: the seam between judgement and sockets.
//!
//! Everything left of it decides in terms of probes, replies and moments; everything behind it
//! moves bytes. Real sockets are one implementation, the lab's simulated network another.

mod clock;
mod connect;
mod dgram;
mod errqueue;
mod message;
mod open;
mod raw;
mod source;

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;

use nix::errno::Errno;

use crate::trace::ReplyKind;

use super::{Ignored, Moment, Probe, ProbeMethod, Reply};
pub use connect::{Connections, End, Tried};
pub use dgram::DgramTransport;
pub use open::{OpenTransport, TransportKind, open};
pub use raw::RawTransport;
pub use source::source_address;

/// What a receive buffer should hold: some ten thousand replies.
const RECEIVE_BUFFER: usize = 4 << 20;
/// What a send buffer should hold: at tens of thousands a second, what a queue of the kernel keeps for a
/// moment.
const SEND_BUFFER: usize = 1 << 20;
/// How many packets are taken from a socket before the caller may send again.
const AT_ONCE: usize = 64;

/// What became of a probe that was handed to the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendResult {
    /// It left at this moment.
    Sent(Moment),
    /// The machine's queue is full: try again a little later.
    Busy,
    /// The machine refused it, as it does without a route or behind a local firewall. It is
    /// counted, and as lost as a probe that left and was never answered.
    Unsent(Moment),
}

/// Sends probes and receives replies.
pub trait Transport {
    /// The present moment.
    fn now(&self) -> Moment;

    /// Sends one probe.
    ///
    /// # Errors
    /// When nothing can be sent any more.
    fn send(&mut self, probe: &Probe) -> Result<SendResult, TransportError>;

    /// Adds what has arrived to `replies`, and waits for it until `until` if there is nothing.
    /// Returns early when a signal arrives.
    ///
    /// # Errors
    /// When nothing can be received any more.
    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError>;

    /// What was counted aside from replies.
    fn counts(&self) -> &TransportCounts;

    /// Whether an answer always says for which of a path's probes it is. Where it does not, one
    /// probe of a path may be under way at a time.
    fn tells_ttls_apart(&self, _method: ProbeMethod) -> bool {
        true
    }
}

/// Packets that are no replies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransportCounts {
    /// Packets that arrived and were ignored, by reason.
    pub ignored: BTreeMap<Ignored, u64>,
    /// Probes that the machine refused to send.
    pub unsent: u64,
    /// The last reason it gave.
    pub unsent_reason: Option<String>,
    /// Sends that had to be tried again, because an earlier probe's error spoiled them.
    pub resent: u64,
    /// The last such error.
    pub resent_reason: Option<String>,
}

impl TransportCounts {
    /// Counts an ignored packet.
    pub fn ignore(&mut self, why: Ignored) {
        *self.ignored.entry(why).or_default() += 1;
    }

    /// Sorts what has arrived at `source`. That a host cannot be reached is also what this machine
    /// says itself, when its gateway does not answer: such a probe has met no router at all.
    fn sort(&mut self, found: Result<Reply, Ignored>, source: Ipv4Addr, into: &mut Vec<Reply>) {
        match found {
            Ok(reply) if is_our_own(&reply, source) => {
                self.refuse(&io::ErrorKind::HostUnreachable.into());
            }
            Ok(reply) => into.push(reply),
            Err(why) => self.ignore(why),
        }
    }

    /// Counts a probe that could not be sent.
    fn refuse(&mut self, why: &io::Error) {
        self.unsent += 1;
        self.unsent_reason = Some(why.to_string());
    }

    /// Counts a send that has to be tried again.
    fn spoil(&mut self, why: Errno) {
        self.resent += 1;
        self.resent_reason = Some(why.desc().to_owned());
    }
}

/// Whether `source`, from which we probe, refuses the packet itself; unless it is the target.
fn is_our_own(reply: &Reply, source: Ipv4Addr) -> bool {
    let refuses = matches!(reply.answer.kind, ReplyKind::Unreachable(_));
    refuses && reply.answer.from == source && reply.probe.key.target != source
}

/// Why probing cannot begin, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Raw sockets are not allowed.
    #[error("raw sockets need the capability CAP_NET_RAW")]
    NoRaw,
    /// Ping sockets are not allowed.
    #[error("ICMP without privileges needs net.ipv4.ping_group_range to cover a group of yours")]
    NoPing,
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

fn system(call: &'static str) -> impl Fn(io::Error) -> TransportError {
    move |source| TransportError::System { call, source }
}
