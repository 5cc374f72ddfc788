//! Which sockets: raw ones where they are allowed, those of every user elsewhere.

use std::net::Ipv4Addr;

use super::super::packet::{Codec, Secret};
use super::super::{Flow, ProbeMethod};
use super::source::source_address;
use super::{DgramTransport, RawTransport, Transport, TransportError};

/// What a user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransportKind {
    /// Whatever is allowed and best.
    #[default]
    Auto,
    /// Datagram sockets.
    User,
    /// Raw sockets.
    Raw,
}

/// A wire that is open.
pub struct OpenTransport {
    /// The wire.
    pub transport: Box<dyn Transport>,
    /// The address from which probes leave.
    pub source: Ipv4Addr,
    /// Which one, and why.
    pub why: &'static str,
}

/// Opens a wire for `flows`. Probes leave from `asked`, or else from the
/// address that the system would use towards `target`. Nothing is sent yet.
///
/// # Errors
/// Without permission, without a route, or when `asked` is not this machine's.
pub fn open(
    choice: TransportKind,
    secret: Secret,
    asked: Option<Ipv4Addr>,
    target: Ipv4Addr,
    flows: &[(Flow, ProbeMethod)],
) -> Result<OpenTransport, TransportError> {
    let source = source_address(asked, target)?;
    let raw = || RawTransport::open(Codec::new(secret), source);
    let user = || DgramTransport::open(secret, source, flows);
    let opened = |wire: Box<dyn Transport>, why| Ok(OpenTransport { transport: wire, source, why });
    match choice {
        TransportKind::Raw => opened(Box::new(raw()?), "raw sockets, as asked"),
        TransportKind::User => opened(Box::new(user()?), "datagram sockets, as asked"),
        TransportKind::Auto => match raw() {
            Err(TransportError::NoRaw) => {
                opened(Box::new(user()?), "datagram sockets, since raw ones are not allowed")
            }
            raw => opened(Box::new(raw?), "raw sockets, since they are allowed"),
        },
    }
}
