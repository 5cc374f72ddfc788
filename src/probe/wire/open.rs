//! Which sockets: raw ones where they are allowed, those of every user elsewhere.

use std::net::Ipv4Addr;

use super::super::packet::{Codec, Secret};
use super::super::{Flow, Method};
use super::source::source;
use super::{RawWire, UserWire, Wire, WireError};

/// What a user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// Whatever is allowed and best.
    #[default]
    Auto,
    /// Datagram sockets.
    User,
    /// Raw sockets.
    Raw,
}

/// A wire that is open.
pub struct Opened {
    /// The wire.
    pub wire: Box<dyn Wire>,
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
    choice: Choice,
    secret: Secret,
    asked: Option<Ipv4Addr>,
    target: Ipv4Addr,
    flows: &[(Flow, Method)],
) -> Result<Opened, WireError> {
    let source = source(asked, target)?;
    let raw = || RawWire::open(Codec::new(secret), source);
    let user = || UserWire::open(secret, source, flows);
    let opened = |wire: Box<dyn Wire>, why| Ok(Opened { wire, source, why });
    match choice {
        Choice::Raw => opened(Box::new(raw()?), "raw sockets, as asked"),
        Choice::User => opened(Box::new(user()?), "datagram sockets, as asked"),
        Choice::Auto => match raw() {
            Err(WireError::NoRaw) => {
                opened(Box::new(user()?), "datagram sockets, since raw ones are not allowed")
            }
            raw => opened(Box::new(raw?), "raw sockets, since they are allowed"),
        },
    }
}
