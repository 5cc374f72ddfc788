//! The address to send from.

use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use super::seam::TransportError;

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
