//! Echo requests and datagrams, over the wire that also carries traces.
//!
//! It has the kernel's receive stamps and the TTL of each answer, it knows forged answers from real
//! ones, and behind its seam the lab's virtual time fits as well as sockets.

use crate::probe::transport::{SendResult, Transport, TransportError};
use crate::probe::{Attempt, Flow, Moment, Probe, ProbeMethod, ProbeTtl, Reply, TraceKey};
use crate::trace::ReplyKind;

use super::asker::{Asker, Heard, Question, What};
use super::{Liveness, PingMethod};

/// The flow of all questions: the one that traces take last.
pub const FLOW: Flow = Flow::LAST;

/// ICMP's port unreachable.
const PORT_UNREACHABLE: u8 = 3;

/// Asks by one of a wire's methods.
pub struct OverWire<'w, W: ?Sized> {
    wire: &'w mut W,
    method: ProbeMethod,
    replies: Vec<Reply>,
}

impl<'w, W: Transport + ?Sized> OverWire<'w, W> {
    /// An asker over `wire`, which must be open for [`FLOW`] by the method of `means`; nothing for
    /// means that no wire carries.
    pub fn new(wire: &'w mut W, means: PingMethod) -> Option<Self> {
        Some(Self { wire, method: method(means)?, replies: Vec::new() })
    }
}

/// The wire's method that a means is.
fn method(means: PingMethod) -> Option<ProbeMethod> {
    match means {
        PingMethod::Icmp => Some(ProbeMethod::Icmp),
        PingMethod::Udp => Some(ProbeMethod::Udp),
        PingMethod::Tcp => None,
    }
}

impl<W: Transport + ?Sized> Asker for OverWire<'_, W> {
    fn now(&self) -> Moment {
        self.wire.now()
    }

    fn ask(&mut self, question: &Question) -> Result<SendResult, TransportError> {
        let attempt = Attempt::new(question.number).unwrap_or_default();
        let key = TraceKey { target: question.target, method: self.method, flow: FLOW };
        self.wire.send(&Probe { key, ttl: ProbeTtl::LAST, attempt })
    }

    fn hear(&mut self, until: Moment, heard: &mut Vec<Heard>) -> Result<(), TransportError> {
        self.wire.recv(until, &mut self.replies)?;
        // What is still on its way to traces that have ended is not about us.
        let ours =
            |reply: &Reply| reply.probe.key.flow == FLOW && reply.probe.ttl == ProbeTtl::LAST;
        heard.extend(self.replies.drain(..).filter(ours).map(|reply| Heard {
            target: reply.probe.key.target,
            number: reply.probe.attempt.get(),
            at: reply.answer.received,
            what: what(&reply),
        }));
        Ok(())
    }
}

/// Only the target itself shows that it lives: whoever else answers may be anywhere.
fn what(reply: &Reply) -> What {
    let itself = reply.answer.from == reply.probe.key.target;
    let ttl = reply.answer.reply_ttl;
    match (reply.answer.kind, reply.probe.key.method) {
        (ReplyKind::EchoReply, _) if itself => What::Life(Liveness::Echo, ttl),
        (ReplyKind::EchoReply, _) => What::Foreign,
        (ReplyKind::Unreachable(PORT_UNREACHABLE), ProbeMethod::Udp) if itself => {
            What::Life(Liveness::NoListener, ttl)
        }
        (ReplyKind::Unreachable(_) | ReplyKind::TimeExceeded, _) => What::Error,
    }
}
