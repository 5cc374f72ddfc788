//! Which sockets: raw ones where they are allowed, datagram sockets elsewhere; and the address to send
//! from.

use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use super::super::exchange::{Flow, ProbeMethod};
use super::super::packet::{Codec, Secret};
use super::dgram::DgramTransport;
use super::raw::RawTransport;
use super::seam::{Transport, TransportError};

/// Which sockets a user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransportKind {
    /// The best that is allowed.
    #[default]
    Auto,
    /// Datagram sockets.
    User,
    /// Raw sockets.
    Raw,
}

/// A transport that is open.
pub struct OpenTransport {
    /// The transport.
    pub transport: Box<dyn Transport>,
    /// The address from which probes leave.
    pub source: Ipv4Addr,
    /// Which sockets it uses, and why.
    pub why: &'static str,
}

/// Opens a transport for `flows`. Probes leave from `source`, or, without one, from the address that
/// the system uses towards `target`. Nothing is sent yet.
///
/// # Errors
/// Without permission, without a route, or when `source` is not this machine's.
pub fn open(
    kind: TransportKind,
    secret: Secret,
    source: Option<Ipv4Addr>,
    target: Ipv4Addr,
    flows: &[(Flow, ProbeMethod)],
) -> Result<OpenTransport, TransportError> {
    let source = source_address(source, target)?;
    let allowed = match kind {
        TransportKind::User => None,
        TransportKind::Raw => Some(RawTransport::open(Codec::new(secret), source)?),
        TransportKind::Auto => match RawTransport::open(Codec::new(secret), source) {
            Err(TransportError::NoRaw) => None,
            raw => Some(raw?),
        },
    };
    let why = match (kind, &allowed) {
        (TransportKind::User, _) => "datagram sockets, as asked",
        (TransportKind::Raw, _) => "raw sockets, as asked",
        (TransportKind::Auto, Some(_)) => "raw sockets, since they are allowed",
        (TransportKind::Auto, None) => "datagram sockets, since raw ones are not allowed",
    };
    let transport: Box<dyn Transport> = match allowed {
        Some(raw) => Box::new(raw),
        None => Box::new(DgramTransport::open(secret, source, flows)?),
    };
    Ok(OpenTransport { transport, source, why })
}

/// `asked`, or, without it and for 0.0.0.0, the address that the system uses towards `target`. Sends
/// nothing.
///
/// # Errors
/// When it is not this machine's, or there is no route.
pub fn source_address(
    asked: Option<Ipv4Addr>,
    target: Ipv4Addr,
) -> Result<Ipv4Addr, TransportError> {
    match asked.filter(|address| !address.is_unspecified()) {
        Some(address) => UdpSocket::bind((address, 0))
            .map(|_| address)
            .map_err(|source| TransportError::NotOurAddress { address, source }),
        None => towards(target).map_err(|source| TransportError::NoRoute { target, source }),
    }
}

/// A datagram socket that is connected sends nothing, but knows its own address.
fn towards(target: Ipv4Addr) -> io::Result<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect((target, 33_434))?;
    match socket.local_addr()?.ip() {
        IpAddr::V4(address) => Ok(address),
        IpAddr::V6(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
    }
}
