//! The pair of virtual devices between the namespace's programs and the simulated internet.

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, bind, recv, send,
    setsockopt, socket, sockopt,
};

use super::super::error::LabError;
use super::netlink::{End, Netlink};

/// The end that programs use: it has the vantage's address and the default route.
const INSIDE: End = End { name: "lasthop0", mac: [2, 0, 0, 0, 0, 1] };
/// The end that the simulation reads and writes.
const OUTSIDE: End = End { name: "lasthop1", mac: [2, 0, 0, 0, 0, 2] };

const ETHERNET: usize = 14;
const IPV4: [u8; 2] = [8, 0];
/// As much as may be had: a prober without a limit sends faster than we answer.
const BUFFER: usize = 4 << 20;

/// The simulation's end.
#[derive(Debug)]
pub(super) struct Link(OwnedFd);

impl Link {
    /// Makes the pair, with `vantage` for the address of the programs' end, and allows ping sockets
    /// or leaves them off, as they are in a new namespace.
    ///
    /// # Errors
    /// When the kernel refuses a step; which.
    pub(super) fn make(vantage: Ipv4Addr, ping_sockets: bool) -> Result<Self, LabError> {
        let step = |what: &str| {
            let what = what.to_owned();
            move |source| LabError::System { what, source }
        };
        let netlink = Netlink::open().map_err(step("netlink socket"))?;
        netlink.add_pair(INSIDE, OUTSIDE).map_err(step("adding a pair of veth devices"))?;
        let inside = index(INSIDE.name).map_err(step("finding lasthop0"))?;
        let outside = index(OUTSIDE.name).map_err(step("finding lasthop1"))?;
        let loopback = index("lo").map_err(step("finding lo"))?;
        netlink.up(loopback, true).map_err(step("switching lo on"))?;
        netlink.up(outside, false).map_err(step("switching lasthop1 on"))?;
        netlink.up(inside, false).map_err(step("switching lasthop0 on"))?;
        netlink.add_address(inside, vantage).map_err(step("adding the vantage's address"))?;
        netlink.add_default_route(inside).map_err(step("adding the default route"))?;
        // Without these, programs in the lab merely have fewer ways to send.
        if ping_sockets {
            let _ = fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0");
        }
        let _ = fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
        Ok(Self(packet_socket().map_err(step("packet socket on lasthop1"))?))
    }

    /// The next IP packet that a program has sent, or nothing when none is waiting.
    pub(super) fn receive<'a>(&self, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
        match recv(self.0.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT) {
            Ok(length) => Ok(Some(buffer.get(ETHERNET..length).unwrap_or_default())),
            Err(nix::errno::Errno::EAGAIN) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Delivers an IP packet to the programs.
    pub(super) fn deliver(&self, packet: &[u8]) -> io::Result<()> {
        let frame = [&INSIDE.mac[..], &OUTSIDE.mac, &IPV4, packet].concat();
        send(self.0.as_raw_fd(), &frame, MsgFlags::empty())?;
        Ok(())
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn index(name: &str) -> io::Result<u32> {
    Ok(if_nametoindex(name)?)
}

fn packet_socket() -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthIp)?;
    setsockopt(&socket, sockopt::RcvBuf, &BUFFER)?;
    bind(socket.as_raw_fd(), &address_of(OUTSIDE.name)?)?;
    Ok(socket)
}

/// A device's link-layer address, as binding to it takes it.
fn address_of(name: &str) -> io::Result<LinkAddr> {
    getifaddrs()?
        .filter(|device| device.interface_name == name)
        .find_map(|device| device.address?.as_link_addr().copied())
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no device {name}")))
}
