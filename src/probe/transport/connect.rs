//! Connections, which every user may open: a packet out, and accepted or refused back.
//!
//! Nothing is said on them: one that opens is closed at once. The kernel turns a port that a router
//! declares unreachable into "connection refused", as if the target had said so; its error queue
//! tells the two apart (since Linux 5.11).

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::socket::{MsgFlags, setsockopt, sockopt};
use nix::sys::time::{TimeSpec, TimeValLike};
use socket2::{Domain, Protocol, Socket, Type};

use super::super::Moment;
use super::clock::Clock;
use super::message::MessageReader;
use super::{SendResult, TransportError, system};

/// The most connections under way, where the system allows as many files.
const MOST: u64 = 512;

/// Connections under way.
#[derive(Debug)]
pub struct Connections {
    clock: Clock,
    source: Option<Ipv4Addr>,
    patience: Duration,
    most: usize,
    open: Vec<Connection>,
    letterbox: MessageReader,
}

#[derive(Debug)]
struct Connection {
    to: SocketAddrV4,
    began: Moment,
    socket: Socket,
}

/// What became of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// Where to.
    pub to: SocketAddrV4,
    /// When it was tried.
    pub began: Moment,
    /// When that was known.
    pub at: Moment,
    /// What.
    pub end: End,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was accepted, and closed again.
    Accepted,
    /// It was refused by TCP's own means.
    Refused,
    /// An ICMP error ended it: its sender, type and code.
    Error(Ipv4Addr, u8, u8),
    /// The machine ended it, for a reason of its own.
    Failed,
}

impl Connections {
    /// Nothing is under way. Each connection is given up after `patience`. They leave from `source`,
    /// or else from the address that the system uses; the clock starts at `now`.
    #[must_use]
    pub fn new(source: Option<Ipv4Addr>, patience: Duration, now: Moment) -> Self {
        let files = getrlimit(Resource::RLIMIT_NOFILE).map_or(256, |(soft, _)| soft);
        let most = usize::try_from((files / 2).clamp(1, MOST)).unwrap_or(1);
        let (open, letterbox) = (Vec::new(), MessageReader::new());
        Self { clock: Clock::start_at(now), source, patience, most, open, letterbox }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Begins a connection.
    ///
    /// # Errors
    /// When the system gives no sockets.
    pub fn begin(&mut self, to: SocketAddrV4) -> Result<SendResult, TransportError> {
        if self.open.len() >= self.most {
            return Ok(SendResult::Busy);
        }
        let socket = self.socket()?;
        let began = self.now();
        match socket.connect(&to.into()) {
            Ok(()) => {}
            Err(error) => match error.raw_os_error().map(Errno::from_raw) {
                // Refused at once, as on the loopback, is told like any other refusal.
                Some(Errno::EINPROGRESS | Errno::ECONNREFUSED) => {}
                Some(Errno::EAGAIN | Errno::ENOBUFS | Errno::EINTR) => return Ok(SendResult::Busy),
                Some(_) => return Ok(SendResult::Unsent(began)),
                None => return Err(system("connect")(error)),
            },
        }
        self.open.push(Connection { to, began, socket });
        Ok(SendResult::Sent(began))
    }

    /// Adds what has ended to `tried`, and waits for that until `until` if nothing has.
    ///
    /// # Errors
    /// When the system call fails.
    pub fn recv(&mut self, until: Moment, tried: &mut Vec<Tried>) -> Result<(), TransportError> {
        let ready = self.wait(until)?;
        let at = self.now();
        let mut place = 0;
        let Self { patience, open, letterbox, .. } = self;
        open.retain(|connection| {
            let is_ready = ready.get(place).copied().unwrap_or_default();
            place += 1;
            if is_ready {
                let end = connection.end(letterbox);
                tried.push(Tried { to: connection.to, began: connection.began, at, end });
            }
            !is_ready && at.since(connection.began) <= *patience
        });
        Ok(())
    }

    /// Waits until something has ended, a signal arrives or it is `until`; which have.
    fn wait(&self, until: Moment) -> Result<Vec<bool>, TransportError> {
        let nanos = i64::try_from(until.since(self.now()).as_nanos()).unwrap_or(i64::MAX);
        let mut waiting: Vec<PollFd<'_>> = (self.open.iter())
            .map(|connection| PollFd::new(connection.socket.as_fd(), PollFlags::POLLOUT))
            .collect();
        match ppoll(&mut waiting, Some(TimeSpec::nanoseconds(nanos)), None) {
            Ok(_) => Ok(waiting.iter().map(|it| it.any().unwrap_or_default()).collect()),
            Err(Errno::EINTR) => Ok(Vec::new()),
            Err(errno) => Err(system("ppoll")(errno.into())),
        }
    }

    fn socket(&self) -> Result<Socket, TransportError> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))
            .map_err(system("socket(AF_INET, SOCK_STREAM)"))?;
        socket.set_nonblocking(true).map_err(system("fcntl(O_NONBLOCK)"))?;
        setsockopt(&socket, sockopt::Ipv4RecvErr, &true)
            .map_err(|errno| system("setsockopt(IP_RECVERR)")(errno.into()))?;
        if let Some(source) = self.source {
            // The port is chosen when the destination is known, so that ports do not run out.
            setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)
                .map_err(|errno| system("setsockopt(IP_BIND_ADDRESS_NO_PORT)")(errno.into()))?;
            socket.bind(&SocketAddrV4::new(source, 0).into()).map_err(system("bind"))?;
        }
        Ok(socket)
    }
}

impl Connection {
    fn end(&self, letterbox: &mut MessageReader) -> End {
        if let Ok(Some((message, _))) = letterbox.take(&self.socket, MsgFlags::MSG_ERRQUEUE)
            && let Some(error) = message.error
        {
            return End::Error(error.from, error.kind, error.code);
        }
        match self.socket.take_error() {
            Ok(None) => End::Accepted,
            Ok(Some(error)) if error.kind() == io::ErrorKind::ConnectionRefused => End::Refused,
            Ok(Some(_)) | Err(_) => End::Failed,
        }
    }
}
