//! TCP connections, which every user may open: a SYN out, and an acceptance or a refusal back.
//!
//! Nothing is sent on them: a connection that opens is closed at once. When a router declares a port
//! unreachable, the kernel reports "connection refused", as if the target had refused it. The error
//! queue tells the two apart (since Linux 5.11).

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::socket::{MsgFlags, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::super::timing::Moment;
use super::seam::{Refusal, SendResult, Transport, TransportCounts, TransportError};
use super::socket::{Clock, MessageReader, wait};

/// The most connections under way, where the system allows as many files.
const MOST: u64 = 512;

/// A connection to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connect {
    /// Where to.
    pub to: SocketAddrV4,
    /// The caller's number for it.
    pub number: u8,
}

/// What became of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectReply {
    /// The connection.
    pub probe: Connect,
    /// When that was known.
    pub received: Moment,
    /// How it ended.
    pub result: ConnectResult,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectResult {
    /// It was accepted, and closed again.
    Accepted,
    /// It was refused by a reset.
    Refused,
    /// An ICMP error ended it: its sender, type and code.
    IcmpError(Ipv4Addr, u8, u8),
    /// This machine ended it, for a reason of its own.
    Failed,
}

/// Opens connections.
#[derive(Debug)]
pub struct ConnectTransport {
    clock: Clock,
    source: Option<Ipv4Addr>,
    timeout: Duration,
    most: usize,
    open: Vec<Connection>,
    reader: MessageReader,
    counts: TransportCounts,
}

#[derive(Debug)]
struct Connection {
    probe: Connect,
    began: Moment,
    socket: Socket,
}

impl ConnectTransport {
    /// A transport that gives each connection up after `timeout`. Connections leave from `source`, or,
    /// without one, from the address that the system uses. The clock shows `now`.
    #[must_use]
    pub fn new(source: Option<Ipv4Addr>, timeout: Duration, now: Moment) -> Self {
        let files = getrlimit(Resource::RLIMIT_NOFILE).map_or(256, |(soft, _)| soft);
        Self {
            clock: Clock::start(now),
            source,
            timeout,
            most: usize::try_from((files / 2).clamp(1, MOST)).unwrap_or(1),
            open: Vec::new(),
            reader: MessageReader::new(),
            counts: TransportCounts::default(),
        }
    }

    fn socket(&self) -> Result<Socket, TransportError> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))
            .map_err(TransportError::system("socket(AF_INET, SOCK_STREAM)"))?;
        socket.set_nonblocking(true).map_err(TransportError::system("fcntl(O_NONBLOCK)"))?;
        setsockopt(&socket, sockopt::Ipv4RecvErr, &true)
            .map_err(TransportError::system("setsockopt(IP_RECVERR)"))?;
        if let Some(source) = self.source {
            // The port is chosen when the destination is known, so that ports do not run out.
            setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)
                .map_err(TransportError::system("setsockopt(IP_BIND_ADDRESS_NO_PORT)"))?;
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
        if self.open.len() >= self.most {
            return Ok(SendResult::Busy);
        }
        let socket = match self.socket() {
            // Other files of this process take the places; some of its own are given back soon.
            Err(error) if !self.open.is_empty() && error.is_out_of_files() => {
                return Ok(SendResult::Busy);
            }
            socket => socket?,
        };
        let began = self.now();
        if let Err(error) = socket.connect(&probe.to.into()) {
            match error.raw_os_error().map(Errno::from_raw) {
                // A refusal at once, as on the loopback, is reported like any other.
                Some(Errno::EINPROGRESS | Errno::ECONNREFUSED) => {}
                errno => {
                    let refused = errno.and_then(|errno| Refusal::result(errno, began));
                    return refused.ok_or_else(|| TransportError::system("connect")(error));
                }
            }
        }
        self.open.push(Connection { probe: *probe, began, socket });
        Ok(SendResult::Sent(began))
    }

    fn recv(
        &mut self,
        until: Moment,
        replies: &mut Vec<ConnectReply>,
    ) -> Result<(), TransportError> {
        let sockets = self.open.iter().map(|connection| &connection.socket);
        let mut ready = wait(sockets, PollFlags::POLLOUT, until.since(self.now()))?.into_iter();
        let received = self.now();
        let Self { timeout, open, reader, .. } = self;
        open.retain(|connection| {
            let is_ready = ready.next().unwrap_or_default();
            if is_ready {
                let (probe, result) = (connection.probe, connection.result(reader));
                replies.push(ConnectReply { probe, received, result });
            }
            !is_ready && received.since(connection.began) <= *timeout
        });
        Ok(())
    }

    fn take_counts(&mut self) -> TransportCounts {
        std::mem::take(&mut self.counts)
    }
}

impl Connection {
    fn result(&self, reader: &mut MessageReader) -> ConnectResult {
        if let Ok(Some((info, _))) = reader.read(&self.socket, MsgFlags::MSG_ERRQUEUE)
            && let Some(error) = info.error
        {
            return ConnectResult::IcmpError(error.from, error.kind, error.code);
        }
        match self.socket.take_error() {
            Ok(None) => ConnectResult::Accepted,
            Ok(Some(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                ConnectResult::Refused
            }
            Ok(Some(_)) | Err(_) => ConnectResult::Failed,
        }
    }
}
