//! Raw sockets: whole IP packets out, ICMP messages and TCP segments in, with the kernel's receive stamps.
//!
//! The kernel knows nothing of the connections, so it answers a SYN-ACK by a reset itself.

use std::net::{Ipv4Addr, SocketAddrV4};

use nix::libc::{
    BPF_B, BPF_IND, BPF_JEQ, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_LDX, BPF_MSH, BPF_RET,
};
use nix::poll::PollFlags;
use nix::sys::socket::{MsgFlags, setsockopt, sockopt};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

use super::super::super::exchange::{Flow, Probe, ProbeMethod, Reply};
use super::super::super::packet::Codec;
use super::super::super::timing::Moment;
use super::super::seam::{Refusal, SendResult, Transport, TransportCounts, TransportError, Unsent};
use super::socket::{
    Aside, BATCH, Clock, MessageReader, RECEIVE_BUFFER, SEND_BUFFER, ready_for, wait,
};

/// A socket of this protocol sends any other, and receives none (`raw(7)`).
const IPPROTO_RAW: i32 = 255;

/// Raw ICMP, UDP and TCP, as `CAP_NET_RAW` allows.
#[derive(Debug)]
pub struct RawTransport {
    codec: Codec,
    sender: Socket,
    /// For ICMP, and for TCP where that is among the methods.
    receivers: Vec<Socket>,
    reader: MessageReader,
    source: Ipv4Addr,
    clock: Clock,
    aside: Aside,
}

impl RawTransport {
    /// Opens the sockets that `flows` need; nothing is sent yet.
    ///
    /// # Errors
    /// Without permission.
    pub fn open(
        codec: Codec,
        source: Ipv4Addr,
        flows: &[(Flow, ProbeMethod)],
    ) -> Result<Self, TransportError> {
        let failed = TransportError::system;
        let sender = raw_socket(Protocol::from(IPPROTO_RAW))?;
        sender.set_header_included_v4(true).map_err(failed("setsockopt(IP_HDRINCL)"))?;
        let mut receivers = vec![raw_socket(Protocol::ICMPV4)?];
        // An extra, as below: whoever floods this machine with requests does not wake us.
        let _ = receivers[0].attach_filter(&replies());
        if flows.iter().any(|(_, method)| matches!(method, ProbeMethod::Tcp(_))) {
            let receiver = raw_socket(Protocol::TCP)?;
            // An extra: without it everything is read, and what is no reply is passed over.
            let _ = receiver.attach_filter(&handshakes());
            receivers.push(receiver);
        }
        // Extras: room matters at thousands of packets a second only, and without stamps a reply came
        // when it is read.
        let _ = sender.set_send_buffer_size(SEND_BUFFER);
        for receiver in &receivers {
            let _ = receiver.set_recv_buffer_size(RECEIVE_BUFFER);
            let _ = setsockopt(receiver, sockopt::ReceiveTimestampns, &true);
        }
        let (reader, clock) = (MessageReader::new(), Clock::start(Moment::START));
        Ok(Self { codec, sender, receivers, reader, source, clock, aside: Aside::default() })
    }

    /// Takes what is waiting in the sockets.
    fn drain(&mut self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        let (began, mut empty) = (self.clock.now(), 0);
        for receiver in &self.receivers {
            for _ in 0..BATCH {
                let message = self.reader.read(receiver, MsgFlags::empty())?;
                let Some((info, packet)) = message else {
                    empty += 1;
                    break;
                };
                let decoded = self.codec.decode(packet, self.clock.came(info.stamp));
                self.aside.sort(decoded, self.source, replies);
            }
        }
        if empty == self.receivers.len() {
            self.clock.all_read(began);
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
            Ok(_) => Ok(SendResult::Sent(self.clock.left(at))),
            Err(error) => Refusal::of_io(error, "sendto", at),
        }
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.drain(replies)?;
        if !replies.is_empty() {
            return Ok(());
        }
        let receivers = self.receivers.iter().map(|it| ready_for(it, PollFlags::POLLIN));
        wait(receivers, &mut self.clock, until)?;
        self.drain(replies)
    }

    fn take_unsent(&mut self) -> Vec<Unsent> {
        std::mem::take(&mut self.aside.unsent)
    }

    fn take_counts(&mut self) -> TransportCounts {
        std::mem::take(&mut self.aside.counts)
    }
}

/// Passes echo replies and ICMP errors that quote a packet. A raw socket's filter sees the packet from its IP header on.
fn replies() -> [SockFilter; 7] {
    let step = |code: u32, jump: (u8, u8), value: u32| {
        SockFilter::new(u16::try_from(code).unwrap_or_default(), jump.0, jump.1, value)
    };
    let is = |kind: u32, jump: u8| step(BPF_JMP | BPF_JEQ | BPF_K, (jump, 0), kind);
    let (echo_reply, unreachable, time_exceeded) = (0, 3, 11);
    [
        step(BPF_LDX | BPF_B | BPF_MSH, (0, 0), 0),
        step(BPF_LD | BPF_B | BPF_IND, (0, 0), 0),
        is(echo_reply, 3),
        is(unreachable, 2),
        is(time_exceeded, 1),
        step(BPF_RET | BPF_K, (0, 0), 0),
        step(BPF_RET | BPF_K, (0, 0), u32::MAX),
    ]
}

/// Passes the segments that open or refuse a connection, and none of what the machine's own connections
/// carry. A raw socket's filter sees the packet from its IP header on.
fn handshakes() -> [SockFilter; 5] {
    let step = |code: u32, jump: (u8, u8), value: u32| {
        SockFilter::new(u16::try_from(code).unwrap_or_default(), jump.0, jump.1, value)
    };
    let syn_or_rst = 0x06;
    [
        step(BPF_LDX | BPF_B | BPF_MSH, (0, 0), 0),
        step(BPF_LD | BPF_B | BPF_IND, (0, 0), 13),
        step(BPF_JMP | BPF_JSET | BPF_K, (0, 1), syn_or_rst),
        step(BPF_RET | BPF_K, (0, 0), u32::MAX),
        step(BPF_RET | BPF_K, (0, 0), 0),
    ]
}

fn raw_socket(protocol: Protocol) -> Result<Socket, TransportError> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(protocol));
    let call = "socket(AF_INET, SOCK_RAW)";
    let socket =
        socket.map_err(|error| TransportError::unopened(error, call, TransportError::NoRaw))?;
    socket.set_nonblocking(true).map_err(TransportError::system("fcntl(O_NONBLOCK)"))?;
    Ok(socket)
}
