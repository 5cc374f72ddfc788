//! Echo requests over what every Unix has, sent and matched by `surge-ping`: for systems whose sockets do not say
//! which router answered. There is no kernel stamp, so a round trip is as long as this process saw it.

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use surge_ping::{Client, Config, IcmpPacket, PingIdentifier, PingSequence, SurgeError};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout_at};

use crate::trace::ReplyKind;

use super::super::exchange::{Flow, Probe, ProbeMethod, ProbeTtl, Reply, TraceKey};
use super::super::packet::{Codec, Ignored, Secret};
use super::super::timing::{Moment, Stamp};
use super::seam::{Refusal, SendResult, Transport, TransportCounts, TransportError};

/// How long a reply is waited for at most, whatever the census' own timeout.
const KEPT: Duration = Duration::from_mins(1);
/// How long a wait lasts at most before the clock is looked at again, and how much later that may be. Where it is
/// more, the process was stopped.
const SLICE: Duration = Duration::from_millis(20);
const CLOSE: Duration = Duration::from_millis(10);

/// Pings by ICMP, without any privilege where the system has ping sockets.
pub struct PortablePings {
    codec: Codec,
    client: Client,
    runtime: Runtime,
    began: Instant,
    /// The last look at what had come.
    looked: Moment,
    answered: (UnboundedSender<Answered>, UnboundedReceiver<Answered>),
    counts: TransportCounts,
}

/// A probe, when it was sent, and the reply that came so much later.
type Answered = (Probe, Moment, IcmpPacket, Duration);
/// An echo request that is under way.
type Request = Pin<Box<dyn Future<Output = Result<(IcmpPacket, Duration), SurgeError>> + Send>>;

impl PortablePings {
    /// Opens a socket at `source`; nothing is sent yet.
    ///
    /// # Errors
    /// When `flows` has more than pings by ICMP, or when the system has no such socket for this user.
    pub fn open(
        secret: Secret,
        source: Ipv4Addr,
        flows: &[(Flow, ProbeMethod)],
    ) -> Result<Self, TransportError> {
        if flows.iter().any(|flow| *flow != (Flow::LAST, ProbeMethod::Icmp)) {
            return Err(TransportError::OnlyPings);
        }
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(TransportError::system("epoll or kqueue"))?;
        let bound = Config::builder().bind(SocketAddr::from((source, 0)));
        let config = bound.ttl(ProbeTtl::LAST.get().into()).build();
        let client = runtime.block_on(async {
            let client = Client::new(&config);
            // What may be sent is known once the runtime has looked at the socket.
            sleep(Duration::from_millis(1)).await;
            client
        });
        let call = "socket(AF_INET, SOCK_DGRAM or SOCK_RAW, IPPROTO_ICMP)";
        let client = client.map_err(|error| {
            let on_linux = cfg!(target_os = "linux");
            let forbidden =
                if on_linux { TransportError::NoPing } else { TransportError::NeedsRoot };
            TransportError::unopened(error, call, forbidden)
        })?;
        Ok(Self {
            codec: Codec::new(secret),
            client,
            runtime,
            began: Instant::now(),
            looked: Moment::START,
            answered: unbounded_channel(),
            counts: TransportCounts::default(),
        })
    }

    fn request(&self, probe: &Probe) -> Request {
        let (client, target) = (self.client.clone(), probe.key.target);
        let [_, _, _, _, id, id_low, number, number_low, payload @ ..] =
            self.codec.echo_request(probe);
        let identifier = PingIdentifier(u16::from_be_bytes([id, id_low]));
        let sequence = PingSequence(u16::from_be_bytes([number, number_low]));
        Box::pin(async move {
            let mut pinger = client.pinger(target.into(), identifier).await;
            pinger.timeout(KEPT).ping(sequence, &payload).await
        })
    }

    /// The reply that a packet is to `probe`.
    fn reply(&self, answered: Answered, exact: bool) -> Result<Reply, Ignored> {
        let (probe, sent, packet, rtt) = answered;
        let IcmpPacket::V4(packet) = packet else { return Err(Ignored::NotAReply) };
        let (kind, code) = (packet.get_icmp_type().0, packet.get_icmp_code().0);
        let kind = match kind {
            0 => ReplyKind::EchoReply,
            other => ReplyKind::of_error(other, code).ok_or(Ignored::NotAReply)?,
        };
        let received = Stamp { at: (sent + rtt).min(self.now()), exact };
        let (from, reply_ttl) = (packet.get_source(), packet.get_ttl());
        Ok(Reply { probe, from, kind, received, reply_ttl, labels: Box::default() })
    }
}

impl Transport for PortablePings {
    fn now(&self) -> Moment {
        Moment::START + self.began.elapsed()
    }

    fn send(&mut self, probe: &Probe) -> Result<SendResult, TransportError> {
        let (at, TraceKey { flow, method, .. }) = (self.now(), probe.key);
        if (flow, method) != (Flow::LAST, ProbeMethod::Icmp) {
            return Err(TransportError::NoSocket { flow, method });
        }
        let mut request = self.request(probe);
        // The first look at a request hands the packet to the system.
        let looked = poll_fn(|context| match request.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending => Poll::Ready(None),
        });
        match self.runtime.block_on(looked) {
            Some(Err(SurgeError::IOError(error))) => return Refusal::of_io(error, "sendto", at),
            // The same number to the same target is still under way.
            Some(Err(SurgeError::IdenticalRequests { .. })) => return Ok(SendResult::Busy),
            Some(Err(error)) => {
                return Err(TransportError::system("sendto")(std::io::Error::other(error)));
            }
            Some(Ok((packet, rtt))) => {
                // The receiver is our own.
                let _ = self.answered.0.send((*probe, at, packet, rtt));
            }
            None => {
                let (probe, answered) = (*probe, self.answered.0.clone());
                self.runtime.spawn(async move {
                    if let Ok((packet, rtt)) = request.await {
                        let _ = answered.send((probe, at, packet, rtt));
                    }
                });
            }
        }
        Ok(SendResult::Sent(Stamp::from(at)))
    }

    fn recv(&mut self, until: Moment, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        loop {
            let slice = until.min(self.now() + SLICE);
            let deadline = self.began + slice.since(Moment::START);
            let next = &mut self.answered.1;
            let mut next = self.runtime.block_on(async {
                // Whatever has come is looked at before the time is.
                yield_now().await;
                timeout_at(deadline.into(), next.recv()).await.ok().flatten()
            });
            let now = self.now();
            let exact = now.since(self.looked) <= SLICE + CLOSE;
            self.looked = now;
            let came = next.is_some();
            while let Some(answered) = next {
                match self.reply(answered, exact) {
                    Ok(reply) => replies.push(reply),
                    Err(why) => self.counts.count_ignored(why),
                }
                next = self.answered.1.try_recv().ok();
            }
            if came || slice == until {
                return Ok(());
            }
        }
    }

    fn take_counts(&mut self) -> TransportCounts {
        std::mem::take(&mut self.counts)
    }
}
