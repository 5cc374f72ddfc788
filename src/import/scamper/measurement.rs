//! What a record of scamper's means, whichever way it was written: [`super::json`] and [`super::warts`] read
//! the same measurements from text and from bytes.
//!
//! Replies to the last-ditch probe are left out: it travels as far as it can, so they say nothing of
//! where on the path a router stands.

use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;

use crate::import::finding::Finding;
use crate::import::hop_builder::HopBuilder;
use crate::import::values::{self, Address, shown, vantage};
use crate::trace::{HopReply, HopTry, Method, MplsLabel, ReplyKind, StopReason, Trace};

/// A traceroute as scamper describes it.
#[derive(Debug, Default)]
pub(super) struct Measurement {
    pub(super) target: Option<Address>,
    pub(super) source: Option<Address>,
    pub(super) monitor: Option<String>,
    pub(super) method: Option<Method>,
    pub(super) flow: Option<u16>,
    pub(super) started: Option<Timestamp>,
    pub(super) stop: Ending,
    /// The first and the last TTL that are known to be asked, and all between them.
    pub(super) span: Option<(u8, u8)>,
    /// Other TTLs that were asked.
    pub(super) asked: Vec<u8>,
    /// How often each was asked before it was given up.
    pub(super) attempts: u16,
    pub(super) tries: Vec<Asked>,
    /// What scamper says went wrong.
    pub(super) error: Option<String>,
}

/// One probe.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) ttl: u8,
    /// Its number from 0, where it is known.
    pub(super) attempt: Option<u16>,
    pub(super) sent: Option<Timestamp>,
    pub(super) reply: Option<Reply>,
}

/// One answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    /// Who answered; nothing where that cannot be read.
    pub(super) from: Option<Address>,
    /// ICMP type and code.
    pub(super) icmp: Option<(u8, u8)>,
    pub(super) tcp: bool,
    pub(super) rtt: Option<Duration>,
    pub(super) ttl: Option<u8>,
    pub(super) labels: Vec<MplsLabel>,
}

/// Why scamper stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// It says nothing, or nothing that has a word here.
    #[default]
    Unknown,
    Completed,
    Unreachable,
    Loop,
    GapLimit,
    Error,
    HopLimit,
    /// It was halted, or not at its end.
    Halted,
}

impl Ending {
    /// From the word in JSON.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "COMPLETED" => Self::Completed,
            "UNREACH" => Self::Unreachable,
            "LOOP" => Self::Loop,
            "GAPLIMIT" => Self::GapLimit,
            "ERROR" => Self::Error,
            "HOPLIMIT" => Self::HopLimit,
            "HALTED" | "INPROGRESS" => Self::Halted,
            _ => Self::Unknown,
        }
    }

    /// From the number in warts.
    pub(super) fn numbered(number: u8) -> Self {
        match number {
            1 => Self::Completed,
            2 => Self::Unreachable,
            4 => Self::Loop,
            5 => Self::GapLimit,
            6 => Self::Error,
            7 => Self::HopLimit,
            9 | 10 => Self::Halted,
            _ => Self::Unknown,
        }
    }
}

impl Measurement {
    /// What it comes to.
    pub(super) fn findings(self) -> Vec<Finding> {
        let target = match self.target {
            Some(Address::V4(target)) => target,
            Some(Address::V6) => return skipped("a traceroute to an IPv6 address"),
            None => return skipped("it names no destination"),
        };
        let (builder, unread) = self.hops(target);
        if builder.is_empty() {
            let why =
                self.error.map(|error| format!("a traceroute that failed: {}", shown(&error)));
            return skipped(why.as_deref().unwrap_or("a traceroute that asked nobody"));
        }
        let trace = Trace {
            target,
            method: self.method,
            flow: self.flow,
            vantage: vantage(self.monitor.as_deref(), self.source.and_then(Address::v4)),
            started: self.started,
            hops: builder.hops(),
            stop: None,
            strategy: None,
        };
        let stop = stop(self.stop, &trace);
        Finding::of(Trace { stop, ..trace }, unread)
    }

    /// The tries, and the number of answers whose sender is not known.
    fn hops(&self, target: Ipv4Addr) -> (HopBuilder, usize) {
        let mut builder = HopBuilder::default();
        let mut unread = 0;
        for one in &self.tries {
            let answer = one.reply.as_ref().and_then(|reply| reply.answer(target));
            unread += usize::from(one.reply.is_some() && answer.is_none());
            match one.attempt {
                Some(attempt) => builder.put(one.ttl, HopTry { attempt, sent: one.sent, answer }),
                None => builder.add(one.ttl, one.sent, answer),
            }
        }
        for ttl in self.span().chain(self.asked.iter().copied()) {
            builder.asked(ttl, self.attempts);
        }
        (builder, unread)
    }

    /// From the first TTL to the last: some writers count only up to where the trace stopped, but
    /// nothing is answered further out before all TTLs on the way were asked.
    fn span(&self) -> impl Iterator<Item = u8> {
        let furthest = self.tries.iter().map(|one| one.ttl).max().unwrap_or(0);
        self.span.into_iter().flat_map(move |(first, last)| first..=last.max(furthest))
    }
}

impl Reply {
    fn answer(&self, target: Ipv4Addr) -> Option<HopReply> {
        let from = self.from.and_then(Address::v4)?;
        let kind = self.kind(from == target)?;
        let labels = self.labels.clone().into();
        Some(HopReply { reply_ttl: self.ttl, labels, ..HopReply::new(from, kind, self.rtt) })
    }

    /// What it says; nothing where that is nothing of the path.
    fn kind(&self, is_target: bool) -> Option<ReplyKind> {
        match self.icmp {
            Some((icmp_type, code)) => values::kind(icmp_type, code, is_target),
            None if is_target || self.tcp => Some(ReplyKind::EchoReply),
            None => Some(ReplyKind::TimeExceeded),
        }
    }
}

fn skipped(why: &str) -> Vec<Finding> {
    vec![Finding::Skipped(why.to_owned())]
}

/// The reason here that is the same as `ending`.
fn stop(ending: Ending, trace: &Trace) -> Option<StopReason> {
    let answered = |by: &dyn Fn(&HopReply) -> bool| trace.answers().any(|(_, one)| by(one));
    match ending {
        Ending::Completed if answered(&|one| one.from == trace.target) => Some(StopReason::Home),
        Ending::Completed if answered(&|one| one.kind == ReplyKind::EchoReply) => {
            Some(StopReason::ForeignReply)
        }
        Ending::Completed | Ending::Unknown => None,
        Ending::Unreachable => Some(StopReason::Unreachable),
        Ending::Loop => Some(StopReason::Loop),
        Ending::GapLimit => Some(StopReason::GapLimit),
        Ending::Error => Some(StopReason::Unsent),
        Ending::HopLimit => Some(StopReason::MaxTtl),
        Ending::Halted => Some(StopReason::Interrupted),
    }
}

/// The method with which scamper's `name` begins.
pub(super) fn method(name: &str) -> Option<Method> {
    let begins = |word| name.starts_with(word);
    match () {
        () if begins("icmp") => Some(Method::Icmp),
        () if begins("udp") => Some(Method::Udp),
        () if begins("tcp") => Some(Method::Tcp),
        () => None,
    }
}
