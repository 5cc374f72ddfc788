//! Pings over the transports of [`crate::probe`]: echo requests and datagrams over the one that also
//! carries traces, and TCP connections.

use std::net::{Ipv4Addr, SocketAddrV4};

use crate::probe::transport::{
    Connect, ConnectReply, ConnectResult, SendResult, Transport, TransportCounts, TransportError,
    Unsent,
};
use crate::probe::{Attempt, Flow, Moment, Probe, ProbeMethod, ProbeTtl, Reply, Stamp, TraceKey};
use crate::trace::ReplyKind;

use super::liveness::{Liveness, PingMethod};

/// The flow of all pings. Traces take the flows from the other end.
pub const FLOW: Flow = Flow::LAST;

/// The code of ICMP's port unreachable.
const PORT_UNREACHABLE: u8 = 3;

/// One ping of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PingProbe {
    /// The target.
    pub target: Ipv4Addr,
    /// Which of the target's pings it is, from 0.
    pub number: u8,
    /// The TCP port; 0 for other methods.
    pub port: u16,
}

/// What came back for a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PingReply {
    /// The target.
    pub target: Ipv4Addr,
    /// The number of the ping.
    pub number: u8,
    /// When it came.
    pub received: Stamp,
    /// What it shows.
    pub result: PingResult,
}

/// What a reply to a ping shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PingResult {
    /// The target is alive; and the TTL with which the reply arrived, where the system says.
    Alive(Liveness, Option<u8>),
    /// Nothing: another address than the target replied, and may be anywhere.
    Foreign,
    /// Nothing: an ICMP error, from a router or about the path.
    Error,
}

/// Sends echo requests or datagrams. The transport has the kernel's receive stamps and the TTLs of the
/// replies, and it knows forged replies from real ones.
pub struct PacketPings<'t, T: ?Sized> {
    transport: &'t mut T,
    method: ProbeMethod,
    replies: Vec<Reply>,
}

impl<'t, T: Transport + ?Sized> PacketPings<'t, T> {
    /// Pings over `transport`, which must be open for [`FLOW`] by `method`.
    pub fn new(transport: &'t mut T, method: ProbeMethod) -> Self {
        Self { transport, method, replies: Vec::new() }
    }
}

impl PingMethod {
    /// The kind of packet that it sends; nothing for connections.
    #[must_use]
    pub const fn packets(self) -> Option<ProbeMethod> {
        match self {
            Self::Icmp => Some(ProbeMethod::Icmp),
            Self::Udp => Some(ProbeMethod::Udp),
            Self::Tcp => None,
        }
    }
}

impl<T: Transport + ?Sized> Transport<PingProbe, PingReply> for PacketPings<'_, T> {
    fn now(&self) -> Moment {
        self.transport.now()
    }

    fn send(&mut self, ping: &PingProbe) -> Result<SendResult, TransportError> {
        let attempt = Attempt::new(ping.number).unwrap_or_default();
        let key = TraceKey { target: ping.target, method: self.method, flow: FLOW };
        self.transport.send(&Probe { key, ttl: ProbeTtl::LAST, attempt })
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<PingReply>) -> Result<(), TransportError> {
        self.transport.recv(until, &mut self.replies)?;
        for reply in self.replies.drain(..) {
            let Probe { key, ttl, attempt } = reply.probe;
            // What is still on its way to traces that have ended is no reply to a ping.
            if key.flow != FLOW || ttl != ProbeTtl::LAST {
                continue;
            }
            let result = match (reply.kind, key.method) {
                (ReplyKind::EchoReply, _) if reply.from == key.target => {
                    PingResult::Alive(Liveness::Echo, reply.reply_ttl)
                }
                (ReplyKind::EchoReply, _) => PingResult::Foreign,
                (ReplyKind::Unreachable(PORT_UNREACHABLE), ProbeMethod::Udp)
                    if reply.from == key.target =>
                {
                    PingResult::Alive(Liveness::PortUnreachable, reply.reply_ttl)
                }
                (ReplyKind::Unreachable(_) | ReplyKind::TimeExceeded, _) => PingResult::Error,
            };
            let (target, number) = (key.target, attempt.get());
            replies.push(PingReply { target, number, received: reply.received, result });
        }
        Ok(())
    }

    fn take_unsent(&mut self) -> Vec<Unsent<PingProbe>> {
        let unsent = self.transport.take_unsent().into_iter();
        let pings = unsent.filter(|it| it.probe.key.flow == FLOW && it.probe.ttl == ProbeTtl::LAST);
        let ping = |Unsent { probe, refusal }: Unsent| {
            let (target, number) = (probe.key.target, probe.attempt.get());
            Unsent { probe: PingProbe { target, number, port: 0 }, refusal }
        };
        pings.map(ping).collect()
    }

    fn take_counts(&mut self) -> TransportCounts {
        self.transport.take_counts()
    }
}

/// Opens connections. A connection that is refused shows a host as well as one that is accepted.
pub struct ConnectPings<'t, T: ?Sized> {
    transport: &'t mut T,
    replies: Vec<ConnectReply>,
}

impl<'t, T: Transport<Connect, ConnectReply> + ?Sized> ConnectPings<'t, T> {
    /// Pings over `transport`.
    pub fn new(transport: &'t mut T) -> Self {
        Self { transport, replies: Vec::new() }
    }
}

impl<T: Transport<Connect, ConnectReply> + ?Sized> Transport<PingProbe, PingReply>
    for ConnectPings<'_, T>
{
    fn now(&self) -> Moment {
        self.transport.now()
    }

    fn send(&mut self, ping: &PingProbe) -> Result<SendResult, TransportError> {
        let to = SocketAddrV4::new(ping.target, ping.port);
        self.transport.send(&Connect { to, number: ping.number })
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<PingReply>) -> Result<(), TransportError> {
        self.transport.recv(until, &mut self.replies)?;
        for ConnectReply { probe, received, result } in self.replies.drain(..) {
            let (target, port) = (*probe.to.ip(), probe.to.port());
            let result = match result {
                ConnectResult::Accepted => PingResult::Alive(Liveness::Open(port), None),
                ConnectResult::Refused => PingResult::Alive(Liveness::Refused(port), None),
                // A host may refuse that way, for one port or for all that it does not want.
                ConnectResult::IcmpError(from, 3, PORT_UNREACHABLE) if from == target => {
                    PingResult::Alive(Liveness::Refused(port), None)
                }
                ConnectResult::IcmpError(..) => PingResult::Error,
            };
            replies.push(PingReply { target, number: probe.number, received, result });
        }
        Ok(())
    }

    fn take_unsent(&mut self) -> Vec<Unsent<PingProbe>> {
        let unsent = self.transport.take_unsent().into_iter();
        let ping = |Unsent { probe: Connect { to, number }, refusal }| {
            let (target, port) = (*to.ip(), to.port());
            Unsent { probe: PingProbe { target, number, port }, refusal }
        };
        unsent.map(ping).collect()
    }

    fn take_counts(&mut self) -> TransportCounts {
        self.transport.take_counts()
    }
}
