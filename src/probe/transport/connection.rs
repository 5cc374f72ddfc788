//! A TCP connection as the census asks for it, and how it ended. What opens them stands behind the seam.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use super::super::timing::Stamp;

/// The kernel sends a SYN again after a second. Before that, one that was not answered is given up.
pub const BEFORE_RETRANSMISSION: Duration = Duration::from_millis(900);

/// A connection to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connect {
    /// Where to.
    pub to: SocketAddrV4,
    /// The caller's number for it.
    pub number: u8,
}

/// What became of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectReply {
    /// The connection.
    pub probe: Connect,
    /// When that was known.
    pub received: Stamp,
    /// How it ended.
    pub result: ConnectResult,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectResult {
    /// It was accepted, and closed again.
    Accepted,
    /// It was refused by a reset.
    Refused,
    /// An ICMP error ended it: its sender, type and code.
    IcmpError(Ipv4Addr, u8, u8),
}
