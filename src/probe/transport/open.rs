//! Which sockets: raw ones where they are allowed, datagram sockets elsewhere, portable ones on other systems
//! than Linux.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::super::exchange::{Flow, ProbeMethod};
use super::super::packet::Secret;
use super::super::timing::Moment;
use super::connection::{Connect, ConnectReply};
#[cfg(not(target_os = "linux"))]
use super::elsewhere as system;
#[cfg(target_os = "linux")]
use super::linux as system;
#[cfg(feature = "portable-ping")]
use super::portable::PortablePings;
use super::seam::{Opened, Transport, TransportError, TransportKind};
use super::source::source_address;

/// A transport that is open.
pub struct OpenTransport {
    /// The transport.
    pub transport: Box<dyn Transport>,
    /// The address from which probes leave.
    pub source: Ipv4Addr,
    /// Which sockets it uses, and why.
    pub why: &'static str,
    /// Whether it opens sockets while it is used.
    pub opens_sockets: bool,
}

/// Opens a transport for `flows`. Probes leave from `source`, or, without one, from the address that
/// the system uses towards `target`. Nothing is sent yet.
///
/// # Errors
/// Without permission, without a route, when `source` is not this machine's, or where the system has no
/// such sockets.
pub fn open(
    kind: TransportKind,
    secret: Secret,
    source: Option<Ipv4Addr>,
    target: Ipv4Addr,
    flows: &[(Flow, ProbeMethod)],
) -> Result<OpenTransport, TransportError> {
    let source = source_address(source, target)?;
    let kind = if kind == TransportKind::Auto { system::AUTO } else { kind };
    let Opened { transport, why, opens_sockets } = match kind {
        TransportKind::Portable => portable(secret, source, flows)?,
        other => system::open(other, secret, source, flows)?,
    };
    Ok(OpenTransport { transport, source, why, opens_sockets })
}

/// Opens what makes connections from `source`, and gives each up after `timeout`. Its clock shows `now`.
///
/// # Errors
/// Where the system does not say how a connection ended.
pub fn connections(
    source: Ipv4Addr,
    timeout: Duration,
    now: Moment,
) -> Result<Box<dyn Transport<Connect, ConnectReply>>, TransportError> {
    system::connections(source, timeout, now)
}

#[cfg(feature = "portable-ping")]
fn portable(
    secret: Secret,
    source: Ipv4Addr,
    flows: &[(Flow, ProbeMethod)],
) -> Result<Opened, TransportError> {
    Ok(Opened {
        transport: Box::new(PortablePings::open(secret, source, flows)?),
        why: "portable sockets",
        opens_sockets: false,
    })
}

#[cfg(not(feature = "portable-ping"))]
const fn portable(
    _secret: Secret,
    _source: Ipv4Addr,
    _flows: &[(Flow, ProbeMethod)],
) -> Result<Opened, TransportError> {
    Err(TransportError::NotBuilt)
}
