//! What one trace contributes to the judgement of all: its border and how it ended, without its hops.
//! Some hundred bytes, so that millions of traces can wait until all have been observed.

use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::border::{self, Behind, Border};
use crate::targets::Targets;
use crate::trace::{HopReply, Method, ReplyKind, StopReason, Strategy, Trace, Vantage};

/// One trace, as its judgement and that of the others need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The address that was traced.
    pub target: Ipv4Addr,
    /// Where it was made.
    pub vantage: Option<Arc<Vantage>>,
    /// Why it ended.
    pub stop: Option<StopReason>,
    /// Whether it was made completely or begun at the border.
    pub strategy: Option<Strategy>,
    /// Whether it was asked from the first TTL on, so that a missing hop is a silent one.
    pub begins_at_the_vantage: bool,
    /// How many packets it took.
    pub probes: usize,
    /// The highest TTL that was asked.
    pub furthest: u8,
    /// Where its foreign part ends.
    pub border: Border,
    /// When its first probe left; to the second where the trace has waited to be judged.
    #[serde(serialize_with = "put_second", deserialize_with = "take_second")]
    pub started: Option<Timestamp>,
    /// The kind of packet.
    pub method: Option<Method>,
    /// The foreign routers that answered, by TTL and then by attempt. Only of traces of ours: what others
    /// send at one TTL may be of several flows.
    pub answers: Box<[(u8, Ipv4Addr)]>,
}

impl Observation {
    /// What `trace` shows.
    #[must_use]
    pub fn of(trace: &Trace, targets: &Targets) -> Self {
        Self {
            target: trace.target,
            vantage: trace.vantage.clone(),
            stop: trace.stop,
            strategy: trace.strategy,
            begins_at_the_vantage: trace.begins_at_the_vantage(),
            probes: trace.probes(),
            furthest: trace.hops.last().map_or(0, |hop| hop.ttl.get()),
            border: border::find(trace, &targets.block, &targets.specials),
            started: trace.started,
            method: trace.method,
            answers: answers(trace, targets),
        }
    }

    /// Why the trace's end is no end of its path: it was cut short and ends in silence, or the last TTL that it
    /// was to ask still answered.
    pub(super) fn no_end(&self) -> Option<NoEnd> {
        let Behind::Silence { ttls } = self.border.behind else { return None };
        match self.stop? {
            StopReason::MaxTtl if ttls == 0 => Some(NoEnd::Ceiling),
            stop if stop.is_cut_short() => {
                Some(NoEnd::CutShort { stop, is_silent: ttls >= SILENT })
            }
            _ => None,
        }
    }
}

fn answers(trace: &Trace, targets: &Targets) -> Box<[(u8, Ipv4Addr)]> {
    if trace.flow.is_none() || trace.strategy.is_none() {
        return Box::default();
    }
    let is_router = |(_, reply): &(_, &HopReply)| {
        reply.kind == ReplyKind::TimeExceeded
            && !targets.block.contains(reply.from)
            && targets.specials.of(reply.from).is_none()
    };
    trace.answers().filter(is_router).map(|(ttl, reply)| (ttl.get(), reply.from)).collect()
}

/// How many silent TTLs behind the last answer an interrupted trace must have asked to count as one that met
/// silence there.
const SILENT: u8 = 2;

/// Why a trace's end is no end of its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoEnd {
    /// The last TTL that was to be asked answered.
    Ceiling,
    /// It was cut short, after it had met silence or not.
    CutShort { stop: StopReason, is_silent: bool },
}

/// Numbers of seconds within four years of this one (2026-01-01) take four bytes.
const NEAR: i64 = 1_767_225_600;

/// A time as the number of its second: as a text, which is what it is to serde, it would take 31 bytes.
#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn put_second<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    at.map(|at| at.as_second() - NEAR).serialize(to)
}

fn take_second<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let second = Option::<i64>::deserialize(from)?;
    Ok(second.and_then(|second| Timestamp::from_second(second.checked_add(NEAR)?).ok()))
}
