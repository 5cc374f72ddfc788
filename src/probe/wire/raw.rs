//! Raw sockets: whole IP packets out, ICMP messages in, with the kernel's receive stamps.

use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::time::{ClockId, clock_gettime};
use socket2::{Domain, Protocol, Socket, Type};

use super::super::packet::Codec;
use super::super::{Moment, Probe, Reply};
use super::{Sent, Tally, Wire, WireError};

/// What the receive buffer should hold: some ten thousand replies.
const RECEIVE_BUFFER: usize = 4 << 20;
/// How many packets are taken from the socket before the caller may send again.
const AT_ONCE: usize = 64;

/// Raw ICMP and UDP, as `CAP_NET_RAW` allows.
#[derive(Debug)]
pub struct RawWire {
    codec: Codec,
    out: Socket,
    back: Socket,
    source: Ipv4Addr,
    began: Instant,
    tally: Tally,
}

impl RawWire {
    /// Opens the sockets. Probes leave from `source`, or else from the address that the system
    /// would use towards `target`; nothing is sent yet.
    ///
    /// # Errors
    /// Without permission, without a route, or when `source` is not this machine's.
    pub fn open(
        codec: Codec,
        source: Option<Ipv4Addr>,
        target: Ipv4Addr,
    ) -> Result<Self, WireError> {
        let source = source.map_or_else(|| source_towards(target), checked_source)?;
        let out = raw_socket(Protocol::from(libc_raw()))?;
        out.set_header_included_v4(true).map_err(system("setsockopt(IP_HDRINCL)"))?;
        let back = raw_socket(Protocol::ICMPV4)?;
        // Less than asked for is granted silently; it only matters at thousands a second.
        back.set_recv_buffer_size(RECEIVE_BUFFER).map_err(system("setsockopt(SO_RCVBUF)"))?;
        setsockopt(&back, sockopt::ReceiveTimestampns, &true)
            .map_err(|errno| system("setsockopt(SO_TIMESTAMPNS)")(errno.into()))?;
        Ok(Self { codec, out, back, source, began: Instant::now(), tally: Tally::default() })
    }

    /// The address from which probes leave.
    #[must_use]
    pub fn source(&self) -> Ipv4Addr {
        self.source
    }

    /// Takes what is waiting in the socket.
    fn drain(&mut self, replies: &mut Vec<Reply>) -> Result<(), WireError> {
        for _ in 0..AT_ONCE {
            let mut bytes = [0; 2048];
            let Some((length, stamp)) = receive(&self.back, &mut bytes)? else { break };
            let received = self.moment_of(stamp);
            match self.codec.decode(&bytes[..length], received) {
                Ok(reply) => replies.push(reply),
                Err(why) => self.tally.ignore(why),
            }
        }
        Ok(())
    }

    /// The moment of a kernel stamp. The kernel stamps by the wall clock, which may be set at any
    /// time; so the stamp only gives the packet's age, and only now.
    fn moment_of(&self, stamp: Option<Duration>) -> Moment {
        let age = stamp.zip(wall_clock()).and_then(|(stamp, now)| now.checked_sub(stamp));
        self.now().before(age.filter(|age| *age < Duration::from_secs(1)).unwrap_or_default())
    }
}

impl Wire for RawWire {
    fn now(&self) -> Moment {
        Moment::START + self.began.elapsed()
    }

    fn send(&mut self, probe: &Probe) -> Result<Sent, WireError> {
        let packet = self.codec.encode(self.source, probe);
        let to = SocketAddrV4::new(probe.path.target, 0).into();
        let at = self.now();
        match self.out.send_to(&packet, &to) {
            Ok(_) => Ok(Sent::At(at)),
            Err(error) => match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::ENOBUFS | Errno::EAGAIN | Errno::EINTR) => Ok(Sent::Busy),
                Some(Errno::EBADF | Errno::EINVAL | Errno::EMSGSIZE) | None => {
                    Err(system("sendto")(error))
                }
                Some(_) => {
                    self.tally.refused += 1;
                    self.tally.refusal = Some(error.to_string());
                    Ok(Sent::Refused(at))
                }
            },
        }
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), WireError> {
        self.drain(replies)?;
        if !replies.is_empty() {
            return Ok(());
        }
        let wait = until.since(self.now());
        let nanos = i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX);
        let mut waiting = [PollFd::new(self.back.as_fd(), PollFlags::POLLIN)];
        match ppoll(&mut waiting, Some(TimeSpec::nanoseconds(nanos)), None) {
            Ok(_) => self.drain(replies),
            Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(system("ppoll")(errno.into())),
        }
    }

    fn tally(&self) -> &Tally {
        &self.tally
    }
}

/// One packet and its stamp, or nothing when none is waiting.
fn receive(
    socket: &Socket,
    bytes: &mut [u8],
) -> Result<Option<(usize, Option<Duration>)>, WireError> {
    let mut space = nix::cmsg_space!(nix::sys::time::TimeSpec);
    let mut parts = [IoSliceMut::new(bytes)];
    let flags = MsgFlags::MSG_DONTWAIT;
    match recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags) {
        Ok(message) => {
            let stamp = message.cmsgs().ok().and_then(|mut list| {
                list.find_map(|part| match part {
                    ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
                    _ => None,
                })
            });
            Ok(Some((message.bytes, stamp)))
        }
        // The latter three are pending errors of the socket, such as a link that went down for a
        // while: not the end.
        Err(
            Errno::EAGAIN
            | Errno::EINTR
            | Errno::ENETDOWN
            | Errno::EHOSTUNREACH
            | Errno::ENETUNREACH,
        ) => Ok(None),
        Err(errno) => Err(system("recvmsg")(errno.into())),
    }
}

fn raw_socket(protocol: Protocol) -> Result<Socket, WireError> {
    let socket =
        Socket::new(Domain::IPV4, Type::RAW, Some(protocol)).map_err(|error| {
            match error.kind() {
                io::ErrorKind::PermissionDenied => WireError::NoPermission,
                _ => system("socket(AF_INET, SOCK_RAW)")(error),
            }
        })?;
    socket.set_nonblocking(true).map_err(system("fcntl(O_NONBLOCK)"))?;
    Ok(socket)
}

/// `IPPROTO_RAW`: a socket that sends any protocol and receives none.
const fn libc_raw() -> i32 {
    255
}

/// A datagram socket that is connected sends nothing, but knows its own address.
fn source_towards(target: Ipv4Addr) -> Result<Ipv4Addr, WireError> {
    let ask = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect((target, 33_434))?;
        match socket.local_addr()?.ip() {
            std::net::IpAddr::V4(address) => Ok(address),
            std::net::IpAddr::V6(_) => Err(io::Error::from(io::ErrorKind::AddrNotAvailable)),
        }
    };
    ask().map_err(|source| WireError::NoRoute { target, source })
}

fn checked_source(address: Ipv4Addr) -> Result<Ipv4Addr, WireError> {
    UdpSocket::bind((address, 0))
        .map(|_| address)
        .map_err(|source| WireError::NotOurAddress { address, source })
}

fn wall_clock() -> Option<Duration> {
    clock_gettime(ClockId::CLOCK_REALTIME).ok().map(Duration::from)
}

fn system(call: &'static str) -> impl Fn(io::Error) -> WireError {
    move |source| WireError::System { call, source }
}
