//! Datagram sockets, which every user may open: hops are read from their error queues.
//!
//! ICMP goes through a "ping" socket, UDP through one ordinary socket for each flow. The kernel
//! fills in the ICMP identifier and both checksums. What their messages say is for `queued`.

use std::io::{self, IoSlice};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrIn, sendmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::super::packet::{Codec, Secret};
use super::super::{Flow, Ignored, Moment, Probe, ProbeMethod, Reply};
use super::clock::Clock;
use super::errqueue::Queued;
use super::message::{MessageReader, wait};
use super::{
    AT_ONCE, RECEIVE_BUFFER, SEND_BUFFER, SendResult, Transport, TransportCounts, TransportError,
    system,
};

/// How often a send is tried again that earlier probes' errors have spoiled.
const TRIES: usize = 32;

/// ICMP and UDP without any privilege.
#[derive(Debug)]
pub struct DgramTransport {
    codec: Codec,
    source: Ipv4Addr,
    lines: Vec<Line>,
    queued: Queued,
    letterbox: MessageReader,
    /// Answers that were taken off an error queue before a send.
    early: Vec<Reply>,
    /// Whether answers come so soon that each send would meet the error of the one before.
    at_once: bool,
    clock: Clock,
    counts: TransportCounts,
}

/// A socket, and what goes through it: the UDP probes of a flow, or without one all of ICMP.
#[derive(Debug)]
struct Line {
    flow: Option<Flow>,
    socket: Socket,
}

impl DgramTransport {
    /// Opens the sockets that `flows` take; nothing is sent yet.
    ///
    /// # Errors
    /// When `net.ipv4.ping_group_range` forbids ping sockets and ICMP is wanted.
    pub fn open(
        secret: Secret,
        source: Ipv4Addr,
        flows: &[(Flow, ProbeMethod)],
    ) -> Result<Self, TransportError> {
        let mut lines = Vec::new();
        let mut identifier = 0;
        if flows.iter().any(|(_, method)| *method == ProbeMethod::Icmp) {
            let socket = ping_socket(source)?;
            identifier = port_of(&socket).unwrap_or_default();
            lines.push(Line { flow: None, socket });
        }
        for (flow, _) in flows.iter().filter(|(_, method)| *method == ProbeMethod::Udp) {
            lines.push(Line { flow: Some(*flow), socket: udp_socket(source)? });
        }
        let (codec, clock) = (Codec::bound(secret, identifier), Clock::start());
        Ok(Self {
            codec,
            source,
            lines,
            queued: Queued::new(codec, clock),
            letterbox: MessageReader::new(),
            early: Vec::new(),
            at_once: false,
            clock,
            counts: TransportCounts::default(),
        })
    }

    fn drain(&mut self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        replies.append(&mut self.early);
        for line in 0..self.lines.len() {
            self.take_errors(line, AT_ONCE, replies)?;
            self.take_data(line, replies)?;
        }
        Ok(())
    }

    /// Takes at most so many messages off a line's error queue, and says how many there were.
    fn take_errors(
        &mut self,
        line: usize,
        most: usize,
        replies: &mut Vec<Reply>,
    ) -> Result<usize, TransportError> {
        let Line { flow, socket } = &self.lines[line];
        for taken in 0..most {
            let message = self.letterbox.take(socket, MsgFlags::MSG_ERRQUEUE)?;
            let Some((message, data)) = message else { return Ok(taken) };
            let found = match flow {
                None => self.queued.hop_of_echo(&message, data),
                Some(flow) => self.queued.hop_of_datagram(*flow, &message, data),
            };
            self.counts.sort(found, self.source, replies);
        }
        Ok(most)
    }

    /// Takes what has arrived on a line as data: echo replies, or what anybody sends to a UDP socket.
    /// None of that is an answer, but left in place it would wake every wait, and take the error
    /// queue's room.
    fn take_data(&mut self, line: usize, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        let Line { flow, socket } = &self.lines[line];
        for _ in 0..AT_ONCE {
            let message = self.letterbox.take(socket, MsgFlags::empty())?;
            let Some((message, data)) = message else { break };
            let found = match flow {
                None => self.queued.echo(&message, data),
                Some(_) => Err(Ignored::NotAnAnswer),
            };
            self.counts.sort(found, self.source, replies);
        }
        Ok(())
    }

    fn line_of(&self, probe: &Probe) -> Option<usize> {
        let flow = match probe.key.method {
            ProbeMethod::Icmp => None,
            ProbeMethod::Udp => Some(probe.key.flow),
        };
        self.lines.iter().position(|line| line.flow == flow)
    }

    fn send_once(&self, line: usize, probe: &Probe) -> nix::Result<usize> {
        let (echo, payload);
        let (port, bytes): (u16, &[u8]) = match probe.key.method {
            ProbeMethod::Icmp => {
                echo = self.codec.echo_request(probe);
                (0, &echo)
            }
            ProbeMethod::Udp => {
                payload = self.codec.payload(probe);
                (self.codec.port(&probe.key), &payload)
            }
        };
        let ttl = i32::from(probe.ttl.get());
        let control = [ControlMessage::Ipv4Ttl(&ttl)];
        let to = SockaddrIn::from(SocketAddrV4::new(probe.key.target, port));
        let (socket, parts) = (self.lines[line].socket.as_raw_fd(), [IoSlice::new(bytes)]);
        sendmsg(socket, &parts, &control, MsgFlags::MSG_DONTWAIT, Some(&to))
    }

    /// Takes the errors off a line that would spoil a send.
    fn make_way(&mut self, line: usize, most: usize) -> Result<(), TransportError> {
        let mut early = std::mem::take(&mut self.early);
        let taken = self.take_errors(line, most, &mut early);
        self.early = early;
        self.at_once = taken? > 0;
        Ok(())
    }
}

impl Transport for DgramTransport {
    fn now(&self) -> Moment {
        self.clock.now()
    }

    /// An error that an earlier probe met makes the next send fail, and that packet is not sent. So
    /// the queue is emptied and the send tried again; and where that has happened, the next error is
    /// taken before the next send.
    fn send(&mut self, probe: &Probe) -> Result<SendResult, TransportError> {
        let Some(line) = self.line_of(probe) else {
            return Err(system("sendmsg")(Errno::EBADF.into()));
        };
        if self.at_once {
            self.make_way(line, 1)?;
        }
        for _ in 0..TRIES {
            let at = self.now();
            match self.send_once(line, probe) {
                Ok(_) => {
                    self.queued.sent(probe);
                    return Ok(SendResult::Sent(at));
                }
                Err(Errno::ENOBUFS | Errno::EAGAIN | Errno::EINTR) => return Ok(SendResult::Busy),
                Err(errno @ (Errno::EBADF | Errno::EINVAL)) => {
                    return Err(system("sendmsg")(errno.into()));
                }
                Err(errno) => self.counts.spoil(errno),
            }
            self.make_way(line, AT_ONCE)?;
        }
        let last = io::Error::other(self.counts.resent_reason.clone().unwrap_or_default());
        self.counts.refuse(&last);
        Ok(SendResult::Unsent(self.now()))
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.drain(replies)?;
        if !replies.is_empty() {
            return Ok(());
        }
        let sockets = self.lines.iter().map(|line| &line.socket);
        wait(sockets, until.since(self.now()))?;
        self.drain(replies)
    }

    fn counts(&self) -> &TransportCounts {
        &self.counts
    }

    fn tells_ttls_apart(&self, method: ProbeMethod) -> bool {
        method == ProbeMethod::Icmp
    }
}

fn ping_socket(source: Ipv4Addr) -> Result<Socket, TransportError> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::ICMPV4));
    let socket = socket.map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => TransportError::NoPing,
        _ => system("socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)")(error),
    })?;
    prepared(socket, source)
}

fn udp_socket(source: Ipv4Addr) -> Result<Socket, TransportError> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP));
    prepared(socket.map_err(system("socket(AF_INET, SOCK_DGRAM)"))?, source)
}

fn prepared(socket: Socket, source: Ipv4Addr) -> Result<Socket, TransportError> {
    let option = |name| move |errno: Errno| system(name)(errno.into());
    socket.set_nonblocking(true).map_err(system("fcntl(O_NONBLOCK)"))?;
    // The error queue shares the buffer, and what does not fit is lost without a word.
    socket.set_recv_buffer_size(RECEIVE_BUFFER).map_err(system("setsockopt(SO_RCVBUF)"))?;
    socket.set_send_buffer_size(SEND_BUFFER).map_err(system("setsockopt(SO_SNDBUF)"))?;
    setsockopt(&socket, sockopt::Ipv4RecvErr, &true).map_err(option("setsockopt(IP_RECVERR)"))?;
    setsockopt(&socket, sockopt::Ipv4RecvTtl, &true).map_err(option("setsockopt(IP_RECVTTL)"))?;
    setsockopt(&socket, sockopt::ReceiveTimestampns, &true)
        .map_err(option("setsockopt(SO_TIMESTAMPNS)"))?;
    socket.bind(&SocketAddrV4::new(source, 0).into()).map_err(system("bind"))?;
    Ok(socket)
}

/// A ping socket's port is its ICMP identifier.
fn port_of(socket: &Socket) -> Option<u16> {
    Some(socket.local_addr().ok()?.as_socket_ipv4()?.port())
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::Duration;

    use super::*;

    /// Packets on the loopback alone.
    #[test]
    fn what_strangers_send_is_counted_and_wakes_no_wait_again() {
        let flows = [(Flow::default(), ProbeMethod::Udp)];
        let here = Ipv4Addr::LOCALHOST;
        let mut wire = DgramTransport::open(Secret::new([7; 16]), here, &flows).expect("a socket");
        let port = port_of(&wire.lines[0].socket).expect("bound");
        let stranger = UdpSocket::bind((here, 0)).expect("a socket");
        for text in [&b"x"[..], b""] {
            stranger.send_to(text, (here, port)).expect("sent");
        }
        let mut replies = Vec::new();
        wire.recv(wire.now() + Duration::from_secs(5), &mut replies).expect("received");
        let before = wire.now();
        wire.recv(before + Duration::from_millis(50), &mut replies).expect("received");
        assert!(wire.now().since(before) >= Duration::from_millis(50));
        assert_eq!(wire.counts.ignored.get(&Ignored::NotAnAnswer), Some(&2));
        assert!(replies.is_empty());
    }
}
