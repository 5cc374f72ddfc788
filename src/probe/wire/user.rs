//! Datagram sockets, which every user may open: hops are read from their error queues.
//!
//! ICMP goes through a "ping" socket, UDP through one ordinary socket for each flow. The kernel
//! fills in the ICMP identifier and both checksums. An error names the hop, and carries what the
//! router quoted behind the IP header; for UDP the kernel keeps back the quoted header, so behind
//! a router that quotes no more than that, an answer can only be given to the path's last probe.

use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrIn, sendmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::super::packet::{Codec, Secret};
use super::super::{Answer, Flow, Ignored, Kind, Method, Moment, Path, Probe, Reply};
use super::clock::Clock;
use super::receive::{Received, receive, wait};
use super::{AT_ONCE, RECEIVE_BUFFER, SEND_BUFFER, Sent, Tally, Wire, WireError, system};

/// How often a send is tried again that earlier probes' errors have spoiled.
const TRIES: usize = 32;

/// ICMP and UDP without any privilege.
#[derive(Debug)]
pub struct UserWire {
    codec: Codec,
    source: Ipv4Addr,
    ping: Option<Socket>,
    udp: Vec<(Flow, Socket)>,
    /// The last UDP probe of each path, for answers that do not say which one they are for.
    last: HashMap<Path, Probe>,
    clock: Clock,
    tally: Tally,
}

impl UserWire {
    /// Opens the sockets that `flows` take; nothing is sent yet.
    ///
    /// # Errors
    /// When `net.ipv4.ping_group_range` forbids ping sockets and ICMP is wanted.
    pub fn open(
        secret: Secret,
        source: Ipv4Addr,
        flows: &[(Flow, Method)],
    ) -> Result<Self, WireError> {
        let of = |wanted| flows.iter().filter(move |(_, method)| *method == wanted);
        let ping = of(Method::Icmp).next().map(|_| ping_socket(source)).transpose()?;
        let udp = of(Method::Udp)
            .map(|(flow, _)| Ok((*flow, udp_socket(source)?)))
            .collect::<Result<_, _>>()?;
        let identifier = ping.as_ref().and_then(port_of).unwrap_or_default();
        let codec = Codec::bound(secret, identifier);
        let last = HashMap::new();
        Ok(Self { codec, source, ping, udp, last, clock: Clock::start(), tally: Tally::default() })
    }

    fn sockets(&self) -> impl Iterator<Item = &Socket> {
        self.ping.iter().chain(self.udp.iter().map(|(_, socket)| socket))
    }

    fn drain(&mut self, replies: &mut Vec<Reply>) -> Result<(), WireError> {
        let mut found = Vec::new();
        if let Some(ping) = &self.ping {
            self.drain_queue(ping, &mut found, |wire, message, data| {
                wire.hop_of_echo(message, data)
            })?;
            self.drain_echoes(ping, &mut found)?;
        }
        for (flow, socket) in &self.udp {
            self.drain_queue(socket, &mut found, |wire, message, data| {
                wire.hop_of_datagram(*flow, message, data)
            })?;
            drop_data(socket, &mut found)?;
        }
        for reply in found {
            self.tally.sort(reply, self.source, replies);
        }
        Ok(())
    }

    /// Empties an error queue.
    fn drain_queue(
        &self,
        socket: &Socket,
        found: &mut Vec<Result<Reply, Ignored>>,
        read: impl Fn(&Self, &Received, &[u8]) -> Result<Reply, Ignored>,
    ) -> Result<(), WireError> {
        for _ in 0..AT_ONCE {
            let mut bytes = [0; 2048];
            let message = receive(socket, &mut bytes, MsgFlags::MSG_ERRQUEUE)?;
            let Some(message) = message else { break };
            found.push(read(self, &message, &bytes[..message.length]));
        }
        Ok(())
    }

    /// Echo replies come as ordinary data, from the ICMP header on.
    fn drain_echoes(
        &self,
        ping: &Socket,
        found: &mut Vec<Result<Reply, Ignored>>,
    ) -> Result<(), WireError> {
        for _ in 0..AT_ONCE {
            let mut bytes = [0; 2048];
            let Some(message) = receive(ping, &mut bytes, MsgFlags::empty())? else { break };
            let probe = self.codec.echoed(&bytes[..message.length]);
            let from = message.address.map(|address| *address.ip()).ok_or(Ignored::Malformed);
            found.push(probe.and_then(|probe| {
                Ok(self.reply(probe, from?, Kind::EchoReply, &message, Box::default()))
            }));
        }
        Ok(())
    }

    /// The queue of a ping socket has the quoted packet from its ICMP header on.
    fn hop_of_echo(&self, message: &Received, data: &[u8]) -> Result<Reply, Ignored> {
        let (from, kind) = hop(message)?;
        let target = message.address.ok_or(Ignored::Malformed)?;
        let probe = self.codec.quoted_echo(*target.ip(), data)?;
        Ok(self.reply(probe, from, kind, message, Codec::labels(data, Method::Icmp)))
    }

    /// That of a UDP socket has it from the payload on, as far as the router quoted any.
    fn hop_of_datagram(
        &self,
        flow: Flow,
        message: &Received,
        data: &[u8],
    ) -> Result<Reply, Ignored> {
        let (from, kind) = hop(message)?;
        let to = message.address.ok_or(Ignored::Malformed)?;
        let path = Path { target: *to.ip(), method: Method::Udp, flow };
        if to.port() != self.codec.port(&path) {
            return Err(Ignored::NotOurs);
        }
        let probe = match self.codec.quoted_payload(path, data)? {
            Some(probe) => probe,
            None => *self.last.get(&path).ok_or(Ignored::NotOurs)?,
        };
        Ok(self.reply(probe, from, kind, message, Codec::labels(data, Method::Udp)))
    }

    fn reply(
        &self,
        probe: Probe,
        from: Ipv4Addr,
        kind: Kind,
        message: &Received,
        labels: Box<[super::super::Label]>,
    ) -> Reply {
        let received = self.clock.of_stamp(message.stamp);
        let reply_ttl = message.ttl;
        Reply { probe, answer: Answer { from, kind, received, reply_ttl, labels } }
    }

    fn send_once(&self, probe: &Probe) -> nix::Result<usize> {
        let ttl = i32::from(probe.ttl.get());
        let control = [ControlMessage::Ipv4Ttl(&ttl)];
        let target = probe.path.target;
        let (socket, port, bytes) = match probe.path.method {
            Method::Icmp => (self.ping.as_ref(), 0, self.codec.echo_request(probe).to_vec()),
            Method::Udp => (
                self.udp.iter().find(|(flow, _)| *flow == probe.path.flow).map(|(_, it)| it),
                self.codec.port(&probe.path),
                self.codec.payload(probe).to_vec(),
            ),
        };
        let to = SockaddrIn::from(SocketAddrV4::new(target, port));
        let socket = socket.ok_or(Errno::EBADF)?;
        let parts = [IoSlice::new(&bytes)];
        sendmsg(socket.as_raw_fd(), &parts, &control, MsgFlags::MSG_DONTWAIT, Some(&to))
    }
}

impl Wire for UserWire {
    fn now(&self) -> Moment {
        self.clock.now()
    }

    /// An error that an earlier probe met makes the next send fail, and that packet is not sent;
    /// the failure clears it, so the send is tried again.
    fn send(&mut self, probe: &Probe) -> Result<Sent, WireError> {
        for _ in 0..TRIES {
            let at = self.now();
            match self.send_once(probe) {
                Ok(_) => {
                    if probe.path.method == Method::Udp {
                        self.last.insert(probe.path, *probe);
                    }
                    return Ok(Sent::At(at));
                }
                Err(Errno::ENOBUFS | Errno::EAGAIN | Errno::EINTR) => return Ok(Sent::Busy),
                Err(errno @ (Errno::EBADF | Errno::EINVAL)) => {
                    return Err(system("sendmsg")(errno.into()));
                }
                Err(errno) => self.tally.spoil(errno),
            }
        }
        let last = io::Error::other(self.tally.spoiled_by.clone().unwrap_or_default());
        self.tally.refuse(&last);
        Ok(Sent::Refused(self.now()))
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), WireError> {
        self.drain(replies)?;
        if !replies.is_empty() {
            return Ok(());
        }
        wait(self.sockets(), until.since(self.now()))?;
        self.drain(replies)
    }

    fn tally(&self) -> &Tally {
        &self.tally
    }

    fn tells_ttls_apart(&self, method: Method) -> bool {
        method == Method::Icmp
    }
}

/// Takes what anybody sends to a UDP socket: nothing that arrives there as data is an answer, but
/// left in place it would wake every wait, and take the error queue's room.
fn drop_data(socket: &Socket, found: &mut Vec<Result<Reply, Ignored>>) -> Result<(), WireError> {
    for _ in 0..AT_ONCE {
        if receive(socket, &mut [0; 1], MsgFlags::empty())?.is_none() {
            break;
        }
        found.push(Err(Ignored::NotAnAnswer));
    }
    Ok(())
}

/// Who answered what, by an entry of an error queue.
fn hop(message: &Received) -> Result<(Ipv4Addr, Kind), Ignored> {
    let error = message.error.ok_or(Ignored::NotAnAnswer)?;
    match (error.kind, error.code) {
        (11, 0) => Ok((error.from, Kind::TimeExceeded)),
        (3, code) => Ok((error.from, Kind::Unreachable(code))),
        _ => Err(Ignored::NotAnAnswer),
    }
}

fn ping_socket(source: Ipv4Addr) -> Result<Socket, WireError> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::ICMPV4));
    let socket = socket.map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => WireError::NoPing,
        _ => system("socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)")(error),
    })?;
    prepared(socket, source)
}

fn udp_socket(source: Ipv4Addr) -> Result<Socket, WireError> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP));
    prepared(socket.map_err(system("socket(AF_INET, SOCK_DGRAM)"))?, source)
}

fn prepared(socket: Socket, source: Ipv4Addr) -> Result<Socket, WireError> {
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
        let flows = [(Flow::default(), Method::Udp)];
        let here = Ipv4Addr::LOCALHOST;
        let mut wire = UserWire::open(Secret::new([7; 16]), here, &flows).expect("a socket");
        let port = port_of(&wire.udp[0].1).expect("bound");
        let stranger = UdpSocket::bind((here, 0)).expect("a socket");
        for text in [&b"x"[..], b""] {
            stranger.send_to(text, (here, port)).expect("sent");
        }
        let mut replies = Vec::new();
        wire.recv(wire.now() + Duration::from_secs(5), &mut replies).expect("received");
        let before = wire.now();
        wire.recv(before + Duration::from_millis(50), &mut replies).expect("received");
        assert!(wire.now().since(before) >= Duration::from_millis(50));
        assert_eq!(wire.tally.ignored.get(&Ignored::NotAnAnswer), Some(&2));
        assert!(replies.is_empty());
    }
}
