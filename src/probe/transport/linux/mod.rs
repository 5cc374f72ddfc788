//! The sockets of Linux: raw ones, and those that every user may open, with the error queues on which the kernel
//! says which router answered.

mod connect;
mod dgram;
mod errqueue;
mod raw;
mod socket;

use std::net::Ipv4Addr;
use std::time::Duration;

use super::super::exchange::{Flow, ProbeMethod};
use super::super::packet::{Codec, Secret};
use super::super::timing::Moment;
use super::connection::{Connect, ConnectReply};
use super::seam::{Opened, Transport, TransportError, TransportKind};

pub use connect::ConnectTransport;
pub use dgram::DgramTransport;
pub use raw::RawTransport;

/// What is best here depends on what is allowed.
pub(super) const AUTO: TransportKind = TransportKind::Auto;

/// Opens raw sockets or datagram sockets.
pub(super) fn open(
    kind: TransportKind,
    secret: Secret,
    source: Ipv4Addr,
    flows: &[(Flow, ProbeMethod)],
) -> Result<Opened, TransportError> {
    let raw = || RawTransport::open(Codec::new(secret), source, flows);
    let (raw, why) = match kind {
        TransportKind::User => (None, "datagram sockets, as asked"),
        TransportKind::Raw => (Some(raw()?), "raw sockets, as asked"),
        TransportKind::Auto | TransportKind::Portable => match raw() {
            Ok(raw) => (Some(raw), "raw sockets, since they are allowed"),
            // Others would not open either.
            Err(error) if error.is_out_of_resources() => return Err(error),
            Err(_) => (None, "datagram sockets, since raw ones cannot be opened"),
        },
    };
    // A connection is a socket.
    let by_tcp = flows.iter().any(|(_, method)| matches!(method, ProbeMethod::Tcp(_)));
    let opens_sockets = raw.is_none() && by_tcp;
    let transport: Box<dyn Transport> = match raw {
        Some(raw) => Box::new(raw),
        None => Box::new(DgramTransport::open(secret, source, flows)?),
    };
    Ok(Opened { transport, why, opens_sockets })
}

/// Opens connections from `source`, and gives each up after `timeout`. The clock shows `now`.
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
pub(super) fn connections(
    source: Ipv4Addr,
    timeout: Duration,
    now: Moment,
) -> Result<Box<dyn Transport<Connect, ConnectReply>>, TransportError> {
    Ok(Box::new(ConnectTransport::new(Some(source), timeout, now)))
}
