//! Sending and receiving: what moves the bytes.
//!
//! Everything before it decides in terms of probes, replies and moments. [`Transport`] is the seam:
//! raw sockets, datagram sockets and connections implement it here, and the simulated network does in
//! the lab. [`open()`] chooses between raw and datagram sockets.

mod connect;
mod dgram;
mod errqueue;
mod open;
mod raw;
mod seam;
mod socket;

pub use connect::{BEFORE_RETRANSMISSION, Connect, ConnectReply, ConnectResult, ConnectTransport};
pub use dgram::DgramTransport;
pub use open::{OpenTransport, SourceSocket, TransportKind, open, source_address};
pub use raw::RawTransport;
pub use seam::{Refusal, SendResult, Transport, TransportCounts, TransportError, Unsent};
