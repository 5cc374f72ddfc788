//! Echo requests and datagrams, over the wire that also carries traces.
//!
//! It has the kernel's receive stamps and the TTL of each answer, it knows forged answers from real
//! ones, and behind its seam the lab's virtual time fits as well as sockets.

use crate::probe::wire::{Sent, Wire, WireError};
use crate::probe::{Attempt, Flow, Method, Moment, Path, Probe, Reply, Ttl};
use crate::trace::ReplyKind;

use super::asker::{Asker, Heard, Question, What};
use super::{Means, Sign};

/// The flow of all questions: the one that traces take last.
pub const FLOW: Flow = Flow::LAST;

/// ICMP's port unreachable.
const PORT_UNREACHABLE: u8 = 3;

/// Asks by one of a wire's methods.
pub struct OverWire<'w, W: ?Sized> {
    wire: &'w mut W,
    method: Method,
    replies: Vec<Reply>,
}

impl<'w, W: Wire + ?Sized> OverWire<'w, W> {
    /// An asker over `wire`, which must be open for [`FLOW`] by the method of `means`; nothing for
    /// means that no wire carries.
    pub fn new(wire: &'w mut W, means: Means) -> Option<Self> {
        Some(Self { wire, method: method(means)?, replies: Vec::new() })
    }
}

/// The wire's method that a means is.
fn method(means: Means) -> Option<Method> {
    match means {
        Means::Icmp => Some(Method::Icmp),
        Means::Udp => Some(Method::Udp),
        Means::Tcp => None,
    }
}

impl<W: Wire + ?Sized> Asker for OverWire<'_, W> {
    fn now(&self) -> Moment {
        self.wire.now()
    }

    fn ask(&mut self, question: &Question) -> Result<Sent, WireError> {
        let attempt = Attempt::new(question.number).unwrap_or_default();
        let path = Path { target: question.target, method: self.method, flow: FLOW };
        self.wire.send(&Probe { path, ttl: Ttl::LAST, attempt })
    }

    fn hear(&mut self, until: Moment, heard: &mut Vec<Heard>) -> Result<(), WireError> {
        self.wire.recv(until, &mut self.replies)?;
        // What is still on its way to traces that have ended is not about us.
        let ours = |reply: &Reply| reply.probe.path.flow == FLOW && reply.probe.ttl == Ttl::LAST;
        heard.extend(self.replies.drain(..).filter(ours).map(|reply| Heard {
            target: reply.probe.path.target,
            number: reply.probe.attempt.get(),
            at: reply.answer.received,
            what: what(&reply),
        }));
        Ok(())
    }
}

/// Only the target itself shows that it lives: whoever else answers may be anywhere.
fn what(reply: &Reply) -> What {
    let itself = reply.answer.from == reply.probe.path.target;
    let ttl = reply.answer.reply_ttl;
    match (reply.answer.kind, reply.probe.path.method) {
        (ReplyKind::EchoReply, _) if itself => What::Life(Sign::Echo, ttl),
        (ReplyKind::EchoReply, _) => What::Foreign,
        (ReplyKind::Unreachable(PORT_UNREACHABLE), Method::Udp) if itself => {
            What::Life(Sign::NoListener, ttl)
        }
        (ReplyKind::Unreachable(_) | ReplyKind::TimeExceeded, _) => What::Error,
    }
}
