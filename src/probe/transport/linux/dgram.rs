//! Datagram sockets, which every user may open. Replies of routers are read from their error queues.
//!
//! ICMP goes through a few "ping" sockets, UDP through one ordinary socket for each flow. The kernel
//! fills in the ICMP identifier and both checksums. TCP goes through connections.

use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrIn, sendmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::super::super::exchange::{Flow, Probe, ProbeMethod, Reply, TraceKey};
use super::super::super::packet::{Codec, Ignored, PING_SOCKETS, Secret};
use super::super::super::timing::Moment;
use super::super::seam::{Refusal, SendResult, Transport, TransportCounts, TransportError, Unsent};
use super::connect::TraceConnections;
use super::errqueue::DgramDecoder;
use super::socket::{
    Aside, BATCH, Clock, MessageReader, RECEIVE_BUFFER, SEND_BUFFER, ready_for, wait,
};

/// How often a send is repeated that errors of earlier probes have stopped.
const SEND_ATTEMPTS: usize = 32;

/// ICMP, UDP and TCP without any privilege.
#[derive(Debug)]
pub struct DgramTransport {
    codec: Codec,
    source: Ipv4Addr,
    sockets: Vec<FlowSocket>,
    /// How many of them, the first ones, are ping sockets.
    pings: usize,
    /// Where TCP is among the methods.
    connections: Option<TraceConnections>,
    decoder: DgramDecoder,
    reader: MessageReader,
    /// Replies that were taken from an error queue before a send.
    early: Vec<Reply>,
    /// Whether replies come so soon that each send would meet the error of the one before.
    replies_at_once: bool,
    clock: Clock,
    aside: Aside,
}

/// A socket, and what goes through it: the UDP probes of a flow, or, without one, a part of ICMP.
#[derive(Debug)]
struct FlowSocket {
    flow: Option<Flow>,
    socket: Socket,
}

impl DgramTransport {
    /// Opens the sockets that `flows` need; nothing is sent yet.
    ///
    /// # Errors
    /// When `net.ipv4.ping_group_range` forbids ping sockets and ICMP is among the methods.
    pub fn open(
        secret: Secret,
        source: Ipv4Addr,
        flows: &[(Flow, ProbeMethod)],
    ) -> Result<Self, TransportError> {
        let mut sockets = Vec::new();
        let mut codec = Codec::new(secret);
        if flows.iter().any(|(_, method)| *method == ProbeMethod::Icmp) {
            let pings = ping_sockets(source)?;
            let port = |place: usize| pings.get(place % pings.len()).and_then(port_of);
            let ports = std::array::from_fn(|place| port(place).unwrap_or_default());
            codec = Codec::bound(secret, ports);
            sockets.extend(pings.into_iter().map(|socket| FlowSocket { flow: None, socket }));
        }
        let pings = sockets.len();
        for (flow, _) in flows.iter().filter(|(_, method)| *method == ProbeMethod::Udp) {
            sockets.push(FlowSocket { flow: Some(*flow), socket: udp_socket(source)? });
        }
        let by_tcp = flows.iter().any(|(_, method)| matches!(method, ProbeMethod::Tcp(_)));
        let connections = by_tcp.then(|| TraceConnections::open(codec, source)).transpose()?;
        let clock = Clock::start(Moment::START);
        Ok(Self {
            codec,
            source,
            sockets,
            pings,
            connections,
            decoder: DgramDecoder::new(codec),
            reader: MessageReader::new(),
            early: Vec::new(),
            replies_at_once: false,
            clock,
            aside: Aside::default(),
        })
    }

    fn drain(&mut self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        replies.append(&mut self.early);
        let (began, mut all_read) = (self.clock.now(), true);
        for place in 0..self.sockets.len() {
            all_read &= self.take_errors(place, BATCH, replies)? < BATCH;
            all_read &= self.take_data(place, replies)?;
        }
        if let Some(connections) = &mut self.connections {
            connections.drain(&mut self.clock, &mut self.aside, replies)?;
        }
        if all_read {
            self.clock.all_read(began);
        }
        Ok(())
    }

    /// Takes at most so many messages from a socket's error queue. Returns how many there were.
    fn take_errors(
        &mut self,
        place: usize,
        most: usize,
        replies: &mut Vec<Reply>,
    ) -> Result<usize, TransportError> {
        let FlowSocket { flow, socket } = &self.sockets[place];
        for taken in 0..most {
            let message = self.reader.read(socket, MsgFlags::MSG_ERRQUEUE)?;
            let Some((info, data)) = message else { return Ok(taken) };
            let received = self.clock.came(info.stamp);
            let decoded = match flow {
                None => self.decoder.echo_error(&info, data, received),
                Some(flow) => self.decoder.datagram_error(*flow, &info, data, received),
            };
            self.aside.sort(decoded, self.source, replies);
        }
        Ok(most)
    }

    /// Takes what has arrived at a socket as data: echo replies, or what anybody sends to a UDP socket.
    /// The latter is no reply, but left in place it would wake every wait, and take the room of the
    /// error queue.
    ///
    /// Returns whether nothing is left.
    fn take_data(
        &mut self,
        place: usize,
        replies: &mut Vec<Reply>,
    ) -> Result<bool, TransportError> {
        let FlowSocket { flow, socket } = &self.sockets[place];
        for _ in 0..BATCH {
            let message = self.reader.read(socket, MsgFlags::empty())?;
            let Some((info, data)) = message else { return Ok(true) };
            let decoded = match flow {
                None => self.decoder.echo_reply(&info, data, self.clock.came(info.stamp)),
                Some(_) => Err(Ignored::NotAReply),
            };
            self.aside.sort(decoded, self.source, replies);
        }
        Ok(false)
    }

    /// Takes errors from a socket that would stop a send. Returns how many there were.
    fn make_way(&mut self, place: usize, most: usize) -> Result<usize, TransportError> {
        let mut early = std::mem::take(&mut self.early);
        let taken = self.take_errors(place, most, &mut early);
        self.early = early;
        let taken = taken?;
        self.replies_at_once = taken > 0;
        Ok(taken)
    }

    fn send_once(&self, place: usize, probe: &Probe) -> nix::Result<usize> {
        let (echo, payload);
        let (port, bytes): (u16, &[u8]) = if self.sockets[place].flow.is_none() {
            echo = self.codec.echo_request(probe);
            (0, &echo)
        } else {
            payload = self.codec.payload(probe);
            (self.codec.ports(&probe.key).1, &payload)
        };
        let ttl = i32::from(probe.ttl.get());
        let control = [ControlMessage::Ipv4Ttl(&ttl)];
        let to = SockaddrIn::from(SocketAddrV4::new(probe.key.target, port));
        let (socket, parts) = (self.sockets[place].socket.as_raw_fd(), [IoSlice::new(bytes)]);
        sendmsg(socket, &parts, &control, MsgFlags::MSG_DONTWAIT, Some(&to))
    }
}

impl Transport for DgramTransport {
    fn now(&self) -> Moment {
        self.clock.now()
    }

    /// An error that an earlier probe met makes the next send fail, and that packet is not sent. So
    /// the queue is emptied and the send repeated. Where that has happened, the next error is taken
    /// before the next send.
    fn send(&mut self, probe: &Probe) -> Result<SendResult, TransportError> {
        let TraceKey { method, flow, .. } = probe.key;
        let place = match method {
            ProbeMethod::Tcp(_) => {
                let connections = self.connections.as_mut();
                let no_socket = TransportError::NoSocket { flow, method };
                return connections.ok_or(no_socket)?.send(probe, self.clock);
            }
            ProbeMethod::Icmp => self.codec.ping_socket(&probe.key).checked_rem(self.pings),
            ProbeMethod::Udp => self.sockets.iter().position(|it| it.flow == Some(flow)),
        };
        let place = place.ok_or(TransportError::NoSocket { flow, method })?;
        if self.replies_at_once {
            self.make_way(place, 1)?;
        }
        let (mut last, mut without_errors) = (None, 0);
        for _ in 0..SEND_ATTEMPTS {
            let at = self.now();
            match self.send_once(place, probe) {
                Ok(_) => {
                    self.decoder.sent(probe);
                    return Ok(SendResult::Sent(self.clock.left(at)));
                }
                Err(errno) => match Refusal::result(errno, at) {
                    Some(SendResult::Refused(_, refusal)) if refusal.may_be_an_earlier_one() => {
                        self.aside.counts.count_resent(1, refusal);
                        last = Some(refusal);
                    }
                    Some(result) => return Ok(result),
                    None => return Err(TransportError::system("sendmsg")(errno)),
                },
            }
            // Nothing in the queue, and it fails again: no earlier probe is the reason.
            if self.make_way(place, BATCH)? == 0 {
                without_errors += 1;
                if without_errors > 1 {
                    break;
                }
            }
        }
        let refusal = last.unwrap_or(Refusal::new(Errno::EHOSTUNREACH));
        Ok(SendResult::Refused(self.now(), refusal))
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.drain(replies)?;
        if !replies.is_empty() {
            return Ok(());
        }
        // An error queue wakes the wait without being asked for.
        let sockets = self.sockets.iter().map(|it| ready_for(&it.socket, PollFlags::POLLIN));
        let connections = self.connections.iter().flat_map(TraceConnections::waiting);
        wait(sockets.chain(connections), &mut self.clock, until)?;
        self.drain(replies)
    }

    fn take_unsent(&mut self) -> Vec<Unsent> {
        std::mem::take(&mut self.aside.unsent)
    }

    fn take_counts(&mut self) -> TransportCounts {
        std::mem::take(&mut self.aside.counts)
    }

    fn takes_several(&self, method: ProbeMethod) -> bool {
        method == ProbeMethod::Icmp
    }
}

/// Some ping sockets: as many as there may be, and at least one.
fn ping_sockets(source: Ipv4Addr) -> Result<Vec<Socket>, TransportError> {
    let mut sockets = vec![ping_socket(source)?];
    while sockets.len() < PING_SOCKETS {
        match ping_socket(source) {
            Ok(socket) => sockets.push(socket),
            Err(_) => break,
        }
    }
    Ok(sockets)
}

fn ping_socket(source: Ipv4Addr) -> Result<Socket, TransportError> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::ICMPV4));
    let call = "socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)";
    let socket =
        socket.map_err(|error| TransportError::unopened(error, call, TransportError::NoPing))?;
    prepared(socket, source)
}

fn udp_socket(source: Ipv4Addr) -> Result<Socket, TransportError> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP));
    prepared(socket.map_err(TransportError::system("socket(AF_INET, SOCK_DGRAM)"))?, source)
}

fn prepared(socket: Socket, source: Ipv4Addr) -> Result<Socket, TransportError> {
    let failed = TransportError::system;
    socket.set_nonblocking(true).map_err(failed("fcntl(O_NONBLOCK)"))?;
    let failed = TransportError::system;
    setsockopt(&socket, sockopt::Ipv4RecvErr, &true).map_err(failed("setsockopt(IP_RECVERR)"))?;
    // Extras: room for thousands of packets a second, which the error queue shares and beyond which
    // replies are lost without an error; the TTLs of replies; and when they came.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    let _ = socket.set_send_buffer_size(SEND_BUFFER);
    let _ = setsockopt(&socket, sockopt::Ipv4RecvTtl, &true);
    let _ = setsockopt(&socket, sockopt::ReceiveTimestampns, &true);
    socket.bind(&SocketAddrV4::new(source, 0).into()).map_err(TransportError::system("bind"))?;
    Ok(socket)
}

/// The port of a ping socket is its ICMP identifier.
fn port_of(socket: &Socket) -> Option<u16> {
    Some(socket.local_addr().ok()?.as_socket_ipv4()?.port())
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::Duration;

    use super::super::super::super::exchange::{Attempt, ProbeTtl};
    use super::*;

    /// Whoever has seen a probe of one trace does not know the identifier of most others.
    #[test]
    fn echo_requests_are_spread_over_identifiers() {
        let flows = [(Flow::default(), ProbeMethod::Icmp)];
        let opened = DgramTransport::open(Secret::new([7; 16]), Ipv4Addr::LOCALHOST, &flows);
        // Where groups may have no ping sockets there is nothing to spread.
        let Ok(transport) = opened else { return };
        assert_eq!(transport.pings, PING_SOCKETS);
        let identifier = |last: u8| {
            let target = Ipv4Addr::new(175, 45, 176, last);
            let key = TraceKey { target, method: ProbeMethod::Icmp, flow: Flow::default() };
            let place = transport.codec.ping_socket(&key) % transport.pings;
            let probe = Probe { key, ttl: ProbeTtl::FIRST, attempt: Attempt::default() };
            let request = transport.codec.echo_request(&probe);
            let sent = u16::from_be_bytes([request[4], request[5]]);
            assert_eq!(Some(sent), port_of(&transport.sockets[place].socket), "its own socket's");
            sent
        };
        let identifiers: std::collections::BTreeSet<u16> = (0..=255).map(identifier).collect();
        assert_eq!(identifiers.len(), PING_SOCKETS);
    }

    /// Packets on the loopback alone.
    #[test]
    fn data_of_others_is_counted_and_does_not_wake_the_next_wait() {
        let flows = [(Flow::default(), ProbeMethod::Udp)];
        let here = Ipv4Addr::LOCALHOST;
        let secret = Secret::new([7; 16]);
        let mut transport = DgramTransport::open(secret, here, &flows).expect("a socket");
        let port = port_of(&transport.sockets[0].socket).expect("bound");
        let other = UdpSocket::bind((here, 0)).expect("a socket");
        for text in [&b"x"[..], b""] {
            other.send_to(text, (here, port)).expect("sent");
        }
        let mut replies = Vec::new();
        transport.recv(transport.now() + Duration::from_secs(5), &mut replies).expect("received");
        let before = transport.now();
        transport.recv(before + Duration::from_millis(50), &mut replies).expect("received");
        assert!(transport.now().since(before) >= Duration::from_millis(50));
        assert_eq!(transport.aside.counts.ignored.get(&Ignored::NotAReply), Some(&2));
        assert!(replies.is_empty());
    }
}
