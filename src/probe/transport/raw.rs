//! Raw sockets: whole IP packets out, ICMP messages in, with the kernel's receive stamps.

use std::net::{Ipv4Addr, SocketAddrV4};

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{MsgFlags, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::super::exchange::{Probe, Reply};
use super::super::packet::Codec;
use super::super::timing::Moment;
use super::seam::{Refusal, SendResult, Transport, TransportCounts, TransportError};
use super::socket::{BATCH, Clock, MessageReader, RECEIVE_BUFFER, SEND_BUFFER, sort, wait};

/// A socket of this protocol sends any other, and receives none (`raw(7)`).
const IPPROTO_RAW: i32 = 255;

/// Raw ICMP and UDP, as `CAP_NET_RAW` allows.
#[derive(Debug)]
pub struct RawTransport {
    codec: Codec,
    sender: Socket,
    receiver: Socket,
    reader: MessageReader,
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
        let failed = TransportError::system;
        let sender = raw_socket(Protocol::from(IPPROTO_RAW))?;
        sender.set_header_included_v4(true).map_err(failed("setsockopt(IP_HDRINCL)"))?;
        let receiver = raw_socket(Protocol::ICMPV4)?;
        // Extras: room matters at thousands of packets a second only, and without stamps a reply came
        // when it is read.
        let _ = sender.set_send_buffer_size(SEND_BUFFER);
        let _ = receiver.set_recv_buffer_size(RECEIVE_BUFFER);
        let _ = setsockopt(&receiver, sockopt::ReceiveTimestampns, &true);
        let (reader, clock) = (MessageReader::new(), Clock::start(Moment::START));
        Ok(Self {
            codec,
            sender,
            receiver,
            reader,
            source,
            clock,
            counts: TransportCounts::default(),
        })
    }

    /// Takes what is waiting in the socket.
    fn drain(&mut self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        for _ in 0..BATCH {
            let message = self.reader.read(&self.receiver, MsgFlags::empty())?;
            let Some((info, packet)) = message else {
                self.clock.all_read();
                break;
            };
            let decoded = self.codec.decode(packet, self.clock.of_stamp(info.stamp));
            sort(decoded, self.source, &mut self.counts, replies);
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
        match self.sender.send_to(&packet, &to) {
            Ok(_) => Ok(SendResult::Sent(at)),
            Err(error) => {
                let errno = error.raw_os_error().map(Errno::from_raw);
                let refused = errno.and_then(|errno| Refusal::result(errno, at));
                refused.ok_or_else(|| TransportError::system("sendto")(error))
            }
        }
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.drain(replies)?;
        if !replies.is_empty() {
            return Ok(());
        }
        wait(std::iter::once(&self.receiver), PollFlags::POLLIN, until.since(self.now()))?;
        self.drain(replies)
    }

    fn take_counts(&mut self) -> TransportCounts {
        std::mem::take(&mut self.counts)
    }
}

fn raw_socket(protocol: Protocol) -> Result<Socket, TransportError> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(protocol));
    let call = "socket(AF_INET, SOCK_RAW)";
    let socket =
        socket.map_err(|error| TransportError::unopened(error, call, TransportError::NoRaw))?;
    socket.set_nonblocking(true).map_err(TransportError::system("fcntl(O_NONBLOCK)"))?;
    Ok(socket)
}
