//! What a format finds at one place of its input: a trace, or why there is none.
//!
//! Some programs never write the destination, others to stderr, and people cut headers off. What may
//! be concluded from the last line depends on the block, which no format knows; so it is left to the
//! reader.

use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;

use crate::trace::{Hop, ReplyKind, StopReason, Trace, Vantage};

/// What a format found at one place of its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A traceroute.
    Trace(Box<Trace>),
    /// A traceroute to an address that was not asked for, whose hops were not looked at.
    OutOfScope(Ipv4Addr),
    /// A traceroute whose file does not say where it went.
    NoDestination(Box<NoDestination>),
    /// Something that was read and is no traceroute to an IPv4 address, and why: another kind of
    /// measurement, IPv6, one that failed before it began, hops that have names and no addresses.
    Skipped(String),
    /// Something that cannot be read, and why.
    Malformed(String),
    /// So many lines of a text that belong to no traceroute.
    OtherLines(u64),
}

impl Finding {
    /// More answers than `values::MOST_ANSWERS`.
    pub(super) fn too_many_answers() -> Self {
        Self::Malformed("more answers than a traceroute has".into())
    }

    /// A trace; the senders of `unread` of its answers cannot be read.
    pub(super) fn of(trace: Trace, unread: usize) -> Vec<Self> {
        let unread =
            (unread > 0).then(|| Self::Skipped("answers from senders that cannot be read".into()));
        std::iter::once(Self::Trace(Box::new(trace))).chain(unread).collect()
    }
}

/// Programs that write no kind of answer: what `target` itself answered is no time exceeded.
pub(super) fn mark_target(hops: &mut [Hop], target: Ipv4Addr) {
    let tries = hops.iter_mut().flat_map(|hop| &mut hop.tries);
    for answer in tries.filter_map(|one| one.answer.as_mut()) {
        if answer.from == target && answer.kind == ReplyKind::TimeExceeded {
            answer.kind = ReplyKind::EchoReply;
        }
    }
}

/// A traceroute without its destination.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoDestination {
    pub(super) vantage: Option<Arc<Vantage>>,
    pub(super) started: Option<Timestamp>,
    pub(super) hops: Vec<Hop>,
    pub(super) stop: Option<StopReason>,
    /// The highest TTL of an answer without an address; 0 if there is none.
    pub(super) nameless: u8,
    /// How many such answers there are.
    pub(super) unread: usize,
}

impl NoDestination {
    /// The address that answered at the last TTL, where it alone did, and did not refuse. Where that
    /// is an address of the block, the destination is in the block too.
    #[must_use]
    pub fn answered_last(&self) -> Option<Ipv4Addr> {
        let is_whole = !self.stop.is_some_and(StopReason::is_cut_short);
        let mut answers = self.hops.last().filter(|_| is_whole)?.answers();
        let first = answers.next().filter(|answer| answer.kind == ReplyKind::TimeExceeded)?;
        answers
            .all(|answer| (answer.from, answer.kind) == (first.from, first.kind))
            .then_some(first.from)
    }

    /// The traceroute to `target`, and that some of it cannot be read; or why it is left out, as where the
    /// last router on the way has a name and no address.
    #[must_use]
    pub fn to(self, target: Ipv4Addr) -> Vec<Finding> {
        if self.nameless > self.last_router(target) {
            return vec![Finding::Skipped("hops have names and no addresses".into())];
        }
        let unread = self.unread;
        Finding::of(self.trace(target), unread)
    }

    fn trace(mut self, target: Ipv4Addr) -> Trace {
        mark_target(&mut self.hops, target);
        Trace {
            target,
            method: None,
            flow: None,
            vantage: self.vantage,
            started: self.started,
            hops: self.hops,
            stop: self.stop,
            strategy: None,
        }
    }

    /// The highest TTL at which an address answered that is not of `target`'s own network.
    fn last_router(&self, target: Ipv4Addr) -> u8 {
        let is_near = |address: Ipv4Addr| address.octets()[..3] == target.octets()[..3];
        let is_router = |hop: &&Hop| hop.answers().any(|answer| !is_near(answer.from));
        self.hops.iter().rev().find(is_router).map_or(0, |hop| hop.ttl.get())
    }
}
