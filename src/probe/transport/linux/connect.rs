//! TCP connections, which every user may open: a SYN out, and an acceptance or a refusal back.
//!
//! [`ConnectTransport`] opens them for the census, [`TraceConnections`] with the TTLs of traces. Nothing
//! is sent on them: a connection that opens is closed at once. When a router declares a port
//! unreachable, the kernel reports "connection refused", as if the target had refused it. The error
//! queue tells the two apart (since Linux 5.11).

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::socket::{MsgFlags, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use crate::trace::ReplyKind;

use super::super::super::exchange::{Probe, Reply, TraceKey};
use super::super::super::packet::{Codec, Ignored};
use super::super::super::timing::Moment;
use super::super::connection::{BEFORE_RETRANSMISSION, Connect, ConnectReply, ConnectResult};
use super::super::seam::{Refusal, SendResult, Transport, TransportCounts, TransportError, Unsent};
use super::socket::{Aside, Clock, MessageInfo, MessageReader, ready_for, wait};

/// The most connections under way, where the system allows as many files.
const MOST: u64 = 512;

/// Opens connections.
#[derive(Debug)]
pub struct ConnectTransport {
    clock: Clock,
    source: Option<Ipv4Addr>,
    connecting: Connecting<Connect>,
    unsent: Vec<Unsent<Connect>>,
}

impl ConnectTransport {
    /// A transport that gives each connection up after `timeout`. Connections leave from `source`, or,
    /// without one, from the address that the system uses. The clock shows `now`.
    #[must_use]
    pub fn new(source: Option<Ipv4Addr>, timeout: Duration, now: Moment) -> Self {
        Self {
            clock: Clock::start(now),
            source,
            connecting: Connecting::new(timeout),
            unsent: Vec::new(),
        }
    }

    fn socket(&self) -> Result<Socket, TransportError> {
        let socket = stream_socket()?;
        if let Some(source) = self.source {
            // An extra: the port is chosen when the destination is known, so that ports do not run out.
            let _ = setsockopt(&socket, sockopt::IpBindAddressNoPort, &true);
            let address = SocketAddrV4::new(source, 0).into();
            socket.bind(&address).map_err(TransportError::system("bind"))?;
        }
        Ok(socket)
    }
}

impl Transport<Connect, ConnectReply> for ConnectTransport {
    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn send(&mut self, probe: &Connect) -> Result<SendResult, TransportError> {
        if self.connecting.is_full() {
            return Ok(SendResult::Busy);
        }
        let socket = match self.socket() {
            Err(error) if self.connecting.frees_files(&error) => return Ok(SendResult::Busy),
            socket => socket?,
        };
        let began = self.now();
        match self.connecting.begin(*probe, probe.to, socket, began) {
            Ok(()) => Ok(SendResult::Sent(self.clock.left(began))),
            Err(error) => not_begun(error, began),
        }
    }

    fn recv(
        &mut self,
        until: Moment,
        replies: &mut Vec<ConnectReply>,
    ) -> Result<(), TransportError> {
        let before = self.now();
        let ready = wait(self.connecting.waiting(), &mut self.clock, until)?;
        let (read, received, unsent) = (self.now(), self.clock.came(None), &mut self.unsent);
        self.connecting.take_ended(&ready, read, |probe, result, _, _| match result {
            Ok(result) => replies.push(ConnectReply { probe, received, result }),
            Err(errno) => unsent.push(Unsent { probe, refusal: Refusal::new(errno) }),
        });
        self.clock.all_read(before);
        Ok(())
    }

    fn take_unsent(&mut self) -> Vec<Unsent<Connect>> {
        std::mem::take(&mut self.unsent)
    }

    fn take_counts(&mut self) -> TransportCounts {
        TransportCounts::default()
    }
}

/// The SYNs of traces, each on a socket of its own, from the port of its flow. So a flow has one probe
/// under way at a time.
#[derive(Debug)]
pub(super) struct TraceConnections {
    codec: Codec,
    source: Ipv4Addr,
    connecting: Connecting<Probe>,
    /// The ports of the flows whose own one is in use by another program.
    moved: HashMap<TraceKey, u16>,
    /// While a socket with stamps is open, the kernel stamps what comes for those that are new.
    _stamped: Socket,
}

/// How many ports are tried for a flow, and how far they are apart.
const PORTS: (u16, u16) = (8, 64);

impl TraceConnections {
    pub(super) fn open(codec: Codec, source: Ipv4Addr) -> Result<Self, TransportError> {
        let stamped = stream_socket()?;
        let _ = setsockopt(&stamped, sockopt::ReceiveTimestampns, &true);
        let connecting = Connecting::new(BEFORE_RETRANSMISSION);
        Ok(Self { codec, source, connecting, moved: HashMap::new(), _stamped: stamped })
    }

    /// Sends a SYN.
    pub(super) fn send(
        &mut self,
        probe: &Probe,
        clock: Clock,
    ) -> Result<SendResult, TransportError> {
        // The kernel has one connection of a flow at a time.
        self.connecting.open.retain(|connection| connection.probe.key != probe.key);
        if self.connecting.is_full() {
            return Ok(SendResult::Busy);
        }
        let (own, to) = self.codec.ports(&probe.key);
        let first = self.moved.get(&probe.key).copied().unwrap_or(own);
        let (tries, apart) = PORTS;
        let mut in_use = None;
        for port in (0..tries).map(|place| 0x8000 | first.wrapping_add(place * apart)) {
            let socket = match stream_socket() {
                Err(error) if self.connecting.frees_files(&error) => return Ok(SendResult::Busy),
                socket => socket?,
            };
            prepare(&socket, probe)?;
            let from = SocketAddrV4::new(self.source, port);
            let to = SocketAddrV4::new(probe.key.target, to);
            let before = clock.now();
            let begun = match socket.bind(&from.into()) {
                Ok(()) => self.connecting.begin(*probe, to, socket, before),
                error => error,
            };
            match begun {
                Ok(()) => {
                    if port != own {
                        self.moved.insert(probe.key, port);
                    }
                    return Ok(SendResult::Sent(clock.left(before)));
                }
                Err(error) if is_port_in_use(&error) => in_use = Some(error),
                Err(error) => return not_begun(error, before),
            }
        }
        not_begun(in_use.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()), clock.now())
    }

    /// What to wait for.
    pub(super) fn waiting(&self) -> impl Iterator<Item = PollFd<'_>> {
        self.connecting.waiting()
    }

    /// Adds what has come by now.
    pub(super) fn drain(
        &mut self,
        clock: &mut Clock,
        aside: &mut Aside,
        replies: &mut Vec<Reply>,
    ) -> Result<(), TransportError> {
        if self.connecting.open.is_empty() {
            return Ok(());
        }
        let now = clock.now();
        let ready = wait(self.connecting.waiting(), clock, now)?;
        let source = self.source;
        self.connecting.take_ended(&ready, now, |probe, result, info, quote| {
            let result = match result {
                Ok(result) => result,
                Err(errno) => return aside.not_sent(probe, errno),
            };
            let received = clock.came(info.stamp);
            let labels = Codec::labels(quote, probe.key.method);
            let reply = hop(&probe, result).map(|(from, kind)| {
                let reply_ttl = info.ttl;
                Reply { probe, from, kind, received, reply_ttl, labels }
            });
            aside.sort(reply, source, replies);
        });
        Ok(())
    }
}

/// Who answers a SYN, and what. The kernel has looked at the sequence number of what it reports.
fn hop(probe: &Probe, result: ConnectResult) -> Result<(Ipv4Addr, ReplyKind), Ignored> {
    match result {
        ConnectResult::Accepted | ConnectResult::Refused => {
            Ok((probe.key.target, ReplyKind::EchoReply))
        }
        ConnectResult::IcmpError(from, kind, code) => {
            let kind = ReplyKind::of_error(kind, code).ok_or(Ignored::NotAReply)?;
            Ok((from, kind))
        }
    }
}

/// Makes a socket send one SYN of a trace, and end without another word.
fn prepare(socket: &Socket, probe: &Probe) -> Result<(), TransportError> {
    let failed = TransportError::system;
    socket.set_ttl_v4(probe.ttl.get().into()).map_err(failed("setsockopt(IP_TTL)"))?;
    // Extras: a port may be used again soon; a reset closes the connection, and nothing is acknowledged
    // before; the TTLs of replies, and when they came.
    let _ = socket.set_reuse_address(true);
    let _ = socket.set_linger(Some(Duration::ZERO));
    let _ = socket.set_tcp_quickack(false);
    let _ = setsockopt(socket, sockopt::Ipv4RecvTtl, &true);
    let _ = setsockopt(socket, sockopt::ReceiveTimestampns, &true);
    Ok(())
}

fn is_port_in_use(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable)
}

/// A socket that can connect, and keeps the ICMP errors about that.
fn stream_socket() -> Result<Socket, TransportError> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))
        .map_err(TransportError::system("socket(AF_INET, SOCK_STREAM)"))?;
    socket.set_nonblocking(true).map_err(TransportError::system("fcntl(O_NONBLOCK)"))?;
    setsockopt(&socket, sockopt::Ipv4RecvErr, &true)
        .map_err(TransportError::system("setsockopt(IP_RECVERR)"))?;
    Ok(socket)
}

/// What becomes of a probe whose connection could not be begun, at `at`.
fn not_begun(error: io::Error, at: Moment) -> Result<SendResult, TransportError> {
    Refusal::of_io(error, "connect", at)
}

/// The connections that are under way, each for a probe of type `P`.
#[derive(Debug)]
struct Connecting<P> {
    open: Vec<Connection<P>>,
    most: usize,
    timeout: Duration,
    reader: MessageReader,
}

#[derive(Debug)]
struct Connection<P> {
    probe: P,
    to: Ipv4Addr,
    began: Moment,
    socket: Socket,
}

impl<P: Copy> Connecting<P> {
    /// None so far; each is given up after `timeout`.
    fn new(timeout: Duration) -> Self {
        let files = getrlimit(Resource::RLIMIT_NOFILE).map_or(256, |(soft, _)| soft);
        let most = usize::try_from((files / 2).clamp(1, MOST)).unwrap_or(1);
        Self { open: Vec::new(), most, timeout, reader: MessageReader::new() }
    }

    fn is_full(&self) -> bool {
        self.open.len() >= self.most
    }

    /// Whether the error is that there are no files left, and some of our own are given back soon.
    fn frees_files(&self, error: &TransportError) -> bool {
        !self.open.is_empty() && error.is_out_of_files()
    }

    fn begin(
        &mut self,
        probe: P,
        to: SocketAddrV4,
        socket: Socket,
        began: Moment,
    ) -> io::Result<()> {
        match socket.connect(&to.into()) {
            Ok(()) => {}
            // A refusal at once, as on the loopback, is reported like any other.
            Err(error)
                if matches!(
                    error.raw_os_error().map(Errno::from_raw),
                    Some(Errno::EINPROGRESS | Errno::ECONNREFUSED)
                ) => {}
            Err(error) => return Err(error),
        }
        self.open.push(Connection { probe, to: *to.ip(), began, socket });
        Ok(())
    }

    fn waiting(&self) -> impl Iterator<Item = PollFd<'_>> {
        self.open.iter().map(|connection| ready_for(&connection.socket, PollFlags::POLLOUT))
    }

    /// Closes the connections that are `ready`, handing on how each of them ended, or why its SYN never left,
    /// with the ICMP error and its quote from the TCP header on; and those that have taken too long.
    fn take_ended(
        &mut self,
        ready: &[bool],
        now: Moment,
        mut ended: impl FnMut(P, Result<ConnectResult, Errno>, MessageInfo, &[u8]),
    ) {
        let Self { open, reader, timeout, .. } = self;
        let mut ready = ready.iter().copied();
        open.retain(|connection| {
            let is_ready = ready.next().unwrap_or_default();
            if is_ready {
                connection.end(reader, &mut ended);
            }
            !is_ready && now.since(connection.began) <= *timeout
        });
    }
}

impl<P: Copy> Connection<P> {
    fn end(
        &self,
        reader: &mut MessageReader,
        ended: &mut impl FnMut(P, Result<ConnectResult, Errno>, MessageInfo, &[u8]),
    ) {
        if let Ok(Some((info, quote))) = reader.read(&self.socket, MsgFlags::MSG_ERRQUEUE)
            && let Some(error) = info.error
        {
            // This machine itself reports that the gateway does not answer.
            let result = if self.is_from(error.from) && error.from != self.to {
                Err(Errno::EHOSTUNREACH)
            } else {
                Ok(ConnectResult::IcmpError(error.from, error.kind, error.code))
            };
            return ended(self.probe, result, info, quote);
        }
        let result = match self.socket.take_error() {
            Ok(None) => Ok(ConnectResult::Accepted),
            Ok(Some(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Ok(ConnectResult::Refused)
            }
            Ok(Some(error)) | Err(error) => {
                Err(error.raw_os_error().map_or(Errno::EHOSTUNREACH, Errno::from_raw))
            }
        };
        ended(self.probe, result, MessageInfo::default(), &[]);
    }

    /// Whether it leaves from `address`.
    fn is_from(&self, address: Ipv4Addr) -> bool {
        let own = self.socket.local_addr().ok().and_then(|own| own.as_socket_ipv4());
        own.is_some_and(|own| *own.ip() == address)
    }
}
