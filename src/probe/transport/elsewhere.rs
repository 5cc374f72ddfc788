//! What other systems than Linux have in the place of its sockets: nothing that traces. No error queue says which
//! router answered, nor whether a connection was refused by its host or by a router.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::super::exchange::{Flow, ProbeMethod};
use super::super::packet::Secret;
use super::super::timing::Moment;
use super::connection::{Connect, ConnectReply};
use super::seam::{Opened, Transport, TransportError, TransportKind};

/// What is best here.
pub(super) const AUTO: TransportKind = TransportKind::Portable;

/// Opens nothing: there are no such sockets.
pub(super) const fn open(
    _kind: TransportKind,
    _secret: Secret,
    _source: Ipv4Addr,
    _flows: &[(Flow, ProbeMethod)],
) -> Result<Opened, TransportError> {
    Err(TransportError::NeedsLinux { what: "raw and user sockets" })
}

/// Opens nothing: a refusal would say nothing.
pub(super) fn connections(
    _source: Ipv4Addr,
    _timeout: Duration,
    _now: Moment,
) -> Result<Box<dyn Transport<Connect, ConnectReply>>, TransportError> {
    Err(TransportError::NeedsLinux { what: "pings by TCP" })
}
