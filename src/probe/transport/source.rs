//! The address from which probes leave.

use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use super::TransportError;

/// The address that was asked for, or, as for 0.0.0.0, the one that the system would use towards
/// `target`. Sends nothing.
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
