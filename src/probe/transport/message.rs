//! One message from a socket or its error queue, with what the kernel says about it, and waiting for
//! the next.

use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, RecvMsg, SockaddrIn, recvmsg};
use nix::sys::time::{TimeSpec, TimeValLike};

use super::{TransportError, system};

/// A message, and what came with it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Received {
    /// How much of the buffer it fills.
    pub(super) length: usize,
    /// Who sent it; from the error queue, where the packet went that it is about.
    pub(super) address: Option<SocketAddrV4>,
    /// When the kernel got it, in wall-clock time.
    pub(super) stamp: Option<Duration>,
    /// The TTL with which it arrived.
    pub(super) ttl: Option<u8>,
    /// From the error queue: the ICMP error.
    pub(super) error: Option<IcmpError>,
}

/// An ICMP error as the kernel queues it (`ip(7)`, `IP_RECVERR`).
#[derive(Debug, Clone, Copy)]
pub(super) struct IcmpError {
    pub(super) from: Ipv4Addr,
    pub(super) kind: u8,
    pub(super) code: u8,
}

/// Where messages are put, one after the other.
#[derive(Debug)]
pub(super) struct MessageReader {
    bytes: Box<[u8; LONGEST]>,
    control: Vec<u8>,
}

/// No answer that matters is longer.
const LONGEST: usize = 2048;

impl MessageReader {
    pub(super) fn new() -> Self {
        let control =
            nix::cmsg_space!(TimeSpec, i32, (nix::libc::sock_extended_err, nix::libc::sockaddr_in));
        Self { bytes: Box::new([0; LONGEST]), control }
    }

    /// Takes one message, or nothing when none is waiting.
    pub(super) fn take(
        &mut self,
        socket: &impl AsRawFd,
        flags: MsgFlags,
    ) -> Result<Option<(Received, &[u8])>, TransportError> {
        let mut parts = [IoSliceMut::new(&mut self.bytes[..])];
        let flags = flags | MsgFlags::MSG_DONTWAIT;
        let control = Some(&mut self.control[..]);
        let received = match recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut parts, control, flags) {
            Ok(message) => Received::of(&message),
            Err(errno) if says_nothing_new(errno) => return Ok(None),
            Err(errno) => return Err(system("recvmsg")(errno.into())),
        };
        Ok(Some((received, &self.bytes[..received.length])))
    }
}

/// All but the first two are errors that an earlier packet met. They are told in full by the error
/// queue, or about a link that went down for a while: not the end.
fn says_nothing_new(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::EAGAIN
            | Errno::EINTR
            | Errno::ENETDOWN
            | Errno::EHOSTUNREACH
            | Errno::ENETUNREACH
            | Errno::ECONNREFUSED
            | Errno::EHOSTDOWN
            | Errno::EACCES
            | Errno::EPROTO
            | Errno::ENOPROTOOPT
            | Errno::EOPNOTSUPP
            | Errno::EMSGSIZE
    )
}

impl Received {
    fn of(message: &RecvMsg<'_, '_, SockaddrIn>) -> Self {
        let mut received = Self { length: message.bytes, ..Self::default() };
        received.address = message.address.map(|at| SocketAddrV4::new(at.ip(), at.port()));
        // A message whose control part was cut short is used for what is left of it.
        message.cmsgs().into_iter().flatten().for_each(|part| received.note(&part));
        received
    }

    fn note(&mut self, part: &ControlMessageOwned) {
        match part {
            ControlMessageOwned::ScmTimestampns(stamp) => self.stamp = Some((*stamp).into()),
            ControlMessageOwned::Ipv4Ttl(ttl) => self.ttl = u8::try_from(*ttl).ok(),
            ControlMessageOwned::Ipv4RecvErr(error, from) => {
                let from = from.map(|from| Ipv4Addr::from(u32::from_be(from.sin_addr.s_addr)));
                // Local errors, such as a full queue, come without an ICMP message.
                let is_icmp = error.ee_origin == nix::libc::SO_EE_ORIGIN_ICMP;
                self.error = from.filter(|_| is_icmp).map(|from| IcmpError {
                    from,
                    kind: error.ee_type,
                    code: error.ee_code,
                });
            }
            _ => {}
        }
    }
}

/// Waits until one of the sockets has something, a signal arrives, or `longest` is over.
pub(super) fn wait<'a>(
    sockets: impl Iterator<Item = &'a (impl AsFd + 'a)>,
    longest: Duration,
) -> Result<(), TransportError> {
    let nanos = i64::try_from(longest.as_nanos()).unwrap_or(i64::MAX);
    // Errors wake the wait without being asked for.
    let mut waiting: Vec<PollFd<'_>> =
        sockets.map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLIN)).collect();
    match ppoll(&mut waiting, Some(TimeSpec::nanoseconds(nanos)), None) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(system("ppoll")(errno.into())),
    }
}
