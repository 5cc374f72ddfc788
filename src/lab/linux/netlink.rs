//! The few rtnetlink messages that a pair of virtual devices takes (rtnetlink(7), veth(4)).

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};

const NLMSG_ERROR: u16 = 2;
const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
/// Request, with an acknowledgement; and create, exclusively.
const REQUEST: u16 = 0x5;
const CREATE: u16 = 0x600;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const RTA_OIF: u16 = 4;

const IFF_UP: u32 = 0x1;
const IFF_NOARP: u32 = 0x80;

const AF_INET: u8 = 2;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_STATIC: u8 = 4;
const RT_SCOPE_LINK: u8 = 253;
const RTN_UNICAST: u8 = 1;

/// One end of a pair of virtual devices.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) name: &'static str,
    pub(super) mac: [u8; 6],
}

/// A conversation with the kernel about this namespace's network.
#[derive(Debug)]
pub(super) struct Netlink(OwnedFd);

impl Netlink {
    pub(super) fn open() -> io::Result<Self> {
        let kind = (AddressFamily::Netlink, SockType::Raw);
        Ok(Self(socket(kind.0, kind.1, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?))
    }

    /// Makes a pair of devices: what goes into one comes out of the other.
    pub(super) fn add_pair(&self, one: End, other: End) -> io::Result<()> {
        let peer = [link_header(0, 0), named(other)].concat();
        let data = attribute(VETH_INFO_PEER, &peer);
        let info = [attribute(IFLA_INFO_KIND, b"veth"), attribute(IFLA_INFO_DATA, &data)].concat();
        let body = [link_header(0, 0), named(one), attribute(IFLA_LINKINFO, &info)].concat();
        self.ask(RTM_NEWLINK, REQUEST | CREATE, &body)
    }

    /// Switches a device on. Without ARP a frame goes out at once, to nobody in particular.
    pub(super) fn up(&self, index: u32, arp: bool) -> io::Result<()> {
        let flags = if arp { IFF_UP } else { IFF_UP | IFF_NOARP };
        self.ask(RTM_NEWLINK, REQUEST, &link_header(index, flags))
    }

    /// Gives a device an address of its own.
    pub(super) fn add_address(&self, index: u32, address: Ipv4Addr) -> io::Result<()> {
        let mut body = vec![AF_INET, 32, 0, 0];
        body.extend(index.to_ne_bytes());
        body.extend(attribute(IFA_LOCAL, &address.octets()));
        body.extend(attribute(IFA_ADDRESS, &address.octets()));
        self.ask(RTM_NEWADDR, REQUEST | CREATE, &body)
    }

    /// Sends everything that has no other route into a device.
    pub(super) fn add_default_route(&self, index: u32) -> io::Result<()> {
        let mut body =
            vec![AF_INET, 0, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, RT_SCOPE_LINK, RTN_UNICAST];
        body.extend([0; 4]);
        body.extend(attribute(RTA_OIF, &index.to_ne_bytes()));
        self.ask(RTM_NEWROUTE, REQUEST | CREATE, &body)
    }

    /// Sends one message and waits for its acknowledgement.
    fn ask(&self, kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(16 + body.len()).map_err(io::Error::other)?;
        let mut message = length.to_ne_bytes().to_vec();
        message.extend(kind.to_ne_bytes());
        message.extend(flags.to_ne_bytes());
        message.extend([0; 8]);
        message.extend(body);
        send(self.0.as_raw_fd(), &message, MsgFlags::empty())?;
        let mut answer = [0; 4096];
        let length = recv(self.0.as_raw_fd(), &mut answer, MsgFlags::empty())?;
        acknowledged(&answer[..length])
    }
}

fn acknowledged(answer: &[u8]) -> io::Result<()> {
    let kind = answer.get(4..6).and_then(|bytes| bytes.try_into().ok()).map(u16::from_ne_bytes);
    let code = answer.get(16..20).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
    match (kind, code) {
        (Some(NLMSG_ERROR), Some(0)) => Ok(()),
        (Some(NLMSG_ERROR), Some(code)) => Err(Errno::from_raw(-code).into()),
        _ => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "an answer that is no acknowledgement"))
        }
    }
}

/// `struct ifinfomsg`.
fn link_header(index: u32, flags: u32) -> Vec<u8> {
    [[0; 4], index.to_ne_bytes(), flags.to_ne_bytes(), flags.to_ne_bytes()].concat()
}

fn named(end: End) -> Vec<u8> {
    let name = [end.name.as_bytes(), &[0]].concat();
    [attribute(IFLA_IFNAME, &name), attribute(IFLA_ADDRESS, &end.mac)].concat()
}

/// `struct rtattr`, padded to four bytes.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}
