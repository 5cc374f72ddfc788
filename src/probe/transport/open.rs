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
    /// Whether it opens sockets while it is used.
    pub opens_sockets: bool,
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
        TransportKind::Raw => Some(RawTransport::open(Codec::new(secret), source, flows)?),
        TransportKind::Auto => match RawTransport::open(Codec::new(secret), source, flows) {
            // Others would not open either.
            Err(error) if error.is_out_of_resources() => return Err(error),
            raw => raw.ok(),
        },
    };
    let why = match (kind, &allowed) {
        (TransportKind::User, _) => "datagram sockets, as asked",
        (TransportKind::Raw, _) => "raw sockets, as asked",
        (TransportKind::Auto, Some(_)) => "raw sockets, since they are allowed",
        (TransportKind::Auto, None) => "datagram sockets, since raw ones cannot be opened",
    };
    // A connection is a socket.
    let by_tcp = flows.iter().any(|(_, method)| matches!(method, ProbeMethod::Tcp(_)));
    let opens_sockets = allowed.is_none() && by_tcp;
    let transport: Box<dyn Transport> = match allowed {
        Some(raw) => Box::new(raw),
        None => Box::new(DgramTransport::open(secret, source, flows)?),
    };
    Ok(OpenTransport { transport, source, why, opens_sockets })
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
    SourceSocket::open(asked)?.towards(target)
}

/// A socket that is kept to find out, once, from which address the system sends.
#[derive(Debug)]
pub struct SourceSocket {
    socket: UdpSocket,
    asked: Option<Ipv4Addr>,
}

impl SourceSocket {
    /// Opens one for `asked`, or, without it and for 0.0.0.0, for the address that the system chooses.
    ///
    /// # Errors
    /// When it is not this machine's.
    pub fn open(asked: Option<Ipv4Addr>) -> Result<Self, TransportError> {
        let asked = asked.filter(|address| !address.is_unspecified());
        let from = asked.unwrap_or(Ipv4Addr::UNSPECIFIED);
        if from.is_multicast() || from.is_broadcast() {
            return Err(useless(from, NOBODYS));
        }
        let socket = UdpSocket::bind((from, 0)).map_err(|source| match asked {
            Some(address) if source.kind() == io::ErrorKind::AddrNotAvailable => {
                TransportError::NotOurAddress { address, source }
            }
            _ => TransportError::system("socket and bind")(source),
        })?;
        Ok(Self { socket, asked })
    }

    /// The address from which packets to `target` leave now. Sends nothing.
    ///
    /// # Errors
    /// When there is no route, or none from the address that was asked for.
    pub fn towards(self, target: Ipv4Addr) -> Result<Ipv4Addr, TransportError> {
        let from = self.asked.unwrap_or(Ipv4Addr::UNSPECIFIED);
        if from.is_loopback() && !target.is_loopback() {
            return Err(useless(from, "a loopback address leads to no other machine"));
        }
        // Such a socket sends nothing when it is connected, but knows its own address from then on.
        let no_route = |source| TransportError::NoRoute { target, source };
        self.socket.connect((target, 33_434)).map_err(no_route)?;
        let address = match self.socket.local_addr().map_err(no_route)?.ip() {
            IpAddr::V4(address) => address,
            IpAddr::V6(_) => return Err(no_route(io::ErrorKind::AddrNotAvailable.into())),
        };
        // The system takes another one in place of a network's own broadcast address.
        if self.asked.is_some_and(|asked| asked != address) {
            return Err(useless(from, NOBODYS));
        }
        Ok(address)
    }
}

const NOBODYS: &str = "a multicast or broadcast address is no machine's own";

fn useless(address: Ipv4Addr, why: &str) -> TransportError {
    let source = io::Error::new(io::ErrorKind::AddrNotAvailable, why);
    TransportError::NotOurAddress { address, source }
}
