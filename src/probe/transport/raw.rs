//! Raw sockets: whole IP packets out, ICMP messages in, with the kernel's receive stamps.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::super::packet::Codec;
use super::super::{Moment, Probe, Reply};
use super::clock::Clock;
use super::message::{MessageReader, wait};
use super::{
    AT_ONCE, RECEIVE_BUFFER, SEND_BUFFER, SendResult, Transport, TransportCounts, TransportError,
    system,
};

/// A socket of this protocol sends any other, and receives none (`raw(7)`).
const IPPROTO_RAW: i32 = 255;

/// Raw ICMP and UDP, as `CAP_NET_RAW` allows.
#[derive(Debug)]
pub struct RawTransport {
    codec: Codec,
    out: Socket,
    back: Socket,
    letterbox: MessageReader,
    source: Ipv4Addr,
    clock: Clock,
    counts: TransportCounts,
}

impl RawTransport {
    /// Opens the sockets; nothing is sent yet.
    ///
    /// # Errors
    /// Without permission.
    pub fn open(codec: Codec, source: Ipv4Addr) -> Result<Self, TransportError> {
        let out = raw_socket(Protocol::from(IPPROTO_RAW))?;
        out.set_header_included_v4(true).map_err(system("setsockopt(IP_HDRINCL)"))?;
        out.set_send_buffer_size(SEND_BUFFER).map_err(system("setsockopt(SO_SNDBUF)"))?;
        let back = raw_socket(Protocol::ICMPV4)?;
        // Less than asked for is granted silently; it only matters at thousands a second.
        back.set_recv_buffer_size(RECEIVE_BUFFER).map_err(system("setsockopt(SO_RCVBUF)"))?;
        setsockopt(&back, sockopt::ReceiveTimestampns, &true)
            .map_err(|errno| system("setsockopt(SO_TIMESTAMPNS)")(errno.into()))?;
        let (letterbox, clock) = (MessageReader::new(), Clock::start());
        Ok(Self { codec, out, back, letterbox, source, clock, counts: TransportCounts::default() })
    }

    /// Takes what is waiting in the socket.
    fn drain(&mut self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        for _ in 0..AT_ONCE {
            let message = self.letterbox.take(&self.back, MsgFlags::empty())?;
            let Some((message, packet)) = message else { break };
            let received = self.clock.of_stamp(message.stamp);
            let found = self.codec.decode(packet, received);
            self.counts.sort(found, self.source, replies);
        }
        Ok(())
    }
}

impl Transport for RawTransport {
    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn send(&mut self, probe: &Probe) -> Result<SendResult, TransportError> {
        let packet = self.codec.encode(self.source, probe);
        let to = SocketAddrV4::new(probe.key.target, 0).into();
        let at = self.now();
        match self.out.send_to(&packet, &to) {
            Ok(_) => Ok(SendResult::Sent(at)),
            Err(error) => match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::ENOBUFS | Errno::EAGAIN | Errno::EINTR) => Ok(SendResult::Busy),
                Some(Errno::EBADF | Errno::EINVAL | Errno::EMSGSIZE) | None => {
                    Err(system("sendto")(error))
                }
                Some(_) => {
                    self.counts.refuse(&error);
                    Ok(SendResult::Unsent(at))
                }
            },
        }
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.drain(replies)?;
        if !replies.is_empty() {
            return Ok(());
        }
        wait(std::iter::once(&self.back), until.since(self.now()))?;
        self.drain(replies)
    }

    fn counts(&self) -> &TransportCounts {
        &self.counts
    }
}

fn raw_socket(protocol: Protocol) -> Result<Socket, TransportError> {
    let socket =
        Socket::new(Domain::IPV4, Type::RAW, Some(protocol)).map_err(|error| {
            match error.kind() {
                io::ErrorKind::PermissionDenied => TransportError::NoRaw,
                _ => system("socket(AF_INET, SOCK_RAW)")(error),
            }
        })?;
    socket.set_nonblocking(true).map_err(system("fcntl(O_NONBLOCK)"))?;
    Ok(socket)
}
