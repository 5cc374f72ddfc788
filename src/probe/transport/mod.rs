//! Sending and receiving: what moves the bytes.
//!
//! Everything before it decides in terms of probes, replies and moments. [`Transport`] is the seam:
//! raw sockets, datagram sockets and connections implement it here, and the simulated network does in
//! the lab. [`open()`] chooses between them. What needs Linux stands in `linux`, and `elsewhere` has the same
//! functions for other systems.

mod connection;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
mod open;
#[cfg(feature = "portable-ping")]
mod portable;
mod seam;
mod source;

pub use connection::{BEFORE_RETRANSMISSION, Connect, ConnectReply, ConnectResult};
#[cfg(target_os = "linux")]
pub use linux::{ConnectTransport, DgramTransport, RawTransport};
pub use open::{OpenTransport, connections, open};
#[cfg(feature = "portable-ping")]
pub use portable::PortablePings;
pub use seam::{
    Refusal, SendResult, Transport, TransportCounts, TransportError, TransportKind, Unsent,
};
pub use source::{SourceSocket, source_address};
