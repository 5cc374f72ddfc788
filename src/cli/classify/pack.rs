//! A trace as a few hundred bytes, and back.
//!
//! Most tries are silent, or answered as the one before but for the RTT. That is written out here, at
//! a tenth of the cost; what is rare, and what there is once in a trace, goes through `postcard`.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::trace::{
    Hop, HopReply, HopTry, Method, MplsLabel, ReplyKind, StopReason, Strategy, Trace, Ttl, Vantage,
};

use super::spool::Place;

/// What there is once in a trace: where it was found, target, method, flow, vantage, start, end.
type Once<V> = (
    Place,
    (Ipv4Addr, Option<Method>, Option<u16>, V, Option<Timestamp>),
    (Option<StopReason>, Option<Strategy>),
);

/// What answers have in common: everything but the RTT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Face {
    from: Ipv4Addr,
    kind: ReplyKind,
    reply_ttl: Option<u8>,
    labels: Box<[MplsLabel]>,
}

/// More hops or tries than this are given room one by one.
const MANY: usize = 64;

/// What follows the byte of a try.
mod has {
    pub(super) const NUMBER: u8 = 1;
    pub(super) const SENT: u8 = 2;
    pub(super) const ANSWER: u8 = 4;
    /// The answer's face, which is the one before without it.
    pub(super) const FACE: u8 = 8;
    pub(super) const RTT: u8 = 16;
}

/// Puts a trace behind what is in `to`.
pub(super) fn pack(place: Place, trace: &Trace, to: &mut Vec<u8>) -> io::Result<()> {
    let Trace { target, method, flow, vantage, started, hops, stop, strategy } = trace;
    let once: Once<&Option<Arc<Vantage>>> =
        (place, (*target, *method, *flow, vantage, *started), (*stop, *strategy));
    put(&once, to)?;
    put_number(hops.len() as u64, to);
    let mut before = None;
    for hop in hops {
        to.push(hop.ttl.get());
        put_number(hop.tries.len() as u64, to);
        for (number, one) in (0..).zip(&hop.tries) {
            put_try(number, one, before, to)?;
            before = one.answer.as_ref().or(before);
        }
    }
    Ok(())
}

fn put_try(
    number: u16,
    one: &HopTry,
    before: Option<&HopReply>,
    to: &mut Vec<u8>,
) -> io::Result<()> {
    let at = to.len();
    let mut has = 0;
    to.push(has);
    if one.attempt != number {
        has |= has::NUMBER;
        put_number(one.attempt.into(), to);
    }
    if let Some(sent) = &one.sent {
        has |= has::SENT;
        put(sent, to)?;
    }
    if let Some(answer) = &one.answer {
        has |= has::ANSWER;
        if !before.is_some_and(|before| is_face(before, answer)) {
            has |= has::FACE;
            put(&(answer.from, answer.kind, answer.reply_ttl, &answer.labels), to)?;
        }
        if let Some(rtt) = answer.rtt {
            has |= has::RTT;
            put_number(u64::try_from(rtt.as_nanos()).unwrap_or(u64::MAX), to);
        }
    }
    to[at] = has;
    Ok(())
}

fn is_face(one: &HopReply, other: &HopReply) -> bool {
    let short = |answer: &HopReply| (answer.from, answer.kind, answer.reply_ttl);
    short(one) == short(other) && one.labels == other.labels
}

/// Puts a value behind what is in `to`.
pub(super) fn put(value: &impl Serialize, to: &mut Vec<u8>) -> io::Result<()> {
    *to = postcard::to_extend(value, std::mem::take(to)).map_err(io::Error::other)?;
    Ok(())
}

/// Seven bits to a byte, the lowest first.
fn put_number(mut number: u64, to: &mut Vec<u8>) {
    while let Some(more @ 1..) = Some(number >> 7) {
        to.push(number.to_le_bytes()[0] | 0x80);
        number = more;
    }
    to.push(number.to_le_bytes()[0]);
}

/// Packed traces.
#[derive(Debug)]
pub(super) struct Unpacking<'a>(pub(super) &'a [u8]);

impl Iterator for Unpacking<'_> {
    type Item = io::Result<(Place, Trace)>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| self.trace().ok_or_else(|| io::ErrorKind::InvalidData.into()))
    }
}

impl Unpacking<'_> {
    fn trace(&mut self) -> Option<(Place, Trace)> {
        let once: Once<Option<Arc<Vantage>>> = self.value()?;
        let (place, (target, method, flow, vantage, started), (stop, strategy)) = once;
        let count = self.number()?;
        let mut before = None;
        let mut hops = Vec::with_capacity(usize::try_from(count).ok()?.min(MANY));
        for _ in 0..count {
            hops.push(self.hop(&mut before)?);
        }
        let trace = Trace { target, method, flow, vantage, started, hops, stop, strategy };
        Some((place, trace))
    }

    fn hop(&mut self, before: &mut Option<Face>) -> Option<Hop> {
        let ttl = Ttl::new(self.byte()?)?;
        let count = u16::try_from(self.number()?).ok()?;
        let mut tries = Vec::with_capacity(usize::from(count).min(MANY));
        for number in 0..count {
            tries.push(self.one(number, before)?);
        }
        Some(Hop { ttl, tries })
    }

    fn one(&mut self, number: u16, before: &mut Option<Face>) -> Option<HopTry> {
        let has = self.byte()?;
        let attempt = match has & has::NUMBER {
            0 => number,
            _ => u16::try_from(self.number()?).ok()?,
        };
        let sent = if has & has::SENT == 0 { None } else { Some(self.value()?) };
        let answer = if has & has::ANSWER == 0 { None } else { Some(self.answer(has, before)?) };
        Some(HopTry { attempt, sent, answer })
    }

    fn answer(&mut self, has: u8, before: &mut Option<Face>) -> Option<HopReply> {
        if has & has::FACE != 0 {
            *before = Some(self.value()?);
        }
        let Face { from, kind, reply_ttl, labels } = before.as_ref()?;
        let rtt = if has & has::RTT == 0 { None } else { Some(self.number()?) };
        Some(HopReply {
            from: *from,
            kind: *kind,
            rtt: rtt.map(Duration::from_nanos),
            reply_ttl: *reply_ttl,
            labels: labels.clone(),
        })
    }

    fn value<T: for<'de> Deserialize<'de>>(&mut self) -> Option<T> {
        let (value, rest) = postcard::take_from_bytes(self.0).ok()?;
        self.0 = rest;
        Some(value)
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;
    use proptest::strategy::Strategy;

    use super::*;

    fn kind() -> impl Strategy<Value = ReplyKind> {
        prop_oneof![
            Just(ReplyKind::TimeExceeded),
            any::<u8>().prop_map(ReplyKind::Unreachable),
            Just(ReplyKind::EchoReply)
        ]
    }

    fn answer() -> impl Strategy<Value = HopReply> {
        let label = (any::<u32>(), any::<u8>()).prop_map(|(label, ttl)| MplsLabel { label, ttl });
        let rtt = option::of(any::<u64>().prop_map(Duration::from_nanos));
        (0_u32..3, kind(), rtt, option::of(0_u8..2), vec(label, 0..2)).prop_map(
            |(from, kind, rtt, reply_ttl, labels)| HopReply {
                from: from.into(),
                kind,
                rtt,
                reply_ttl,
                labels: labels.into(),
            },
        )
    }

    fn hop() -> impl Strategy<Value = Hop> {
        let sent = option::of(
            (0_i64..1 << 40).prop_map(|ms| Timestamp::from_microsecond(ms).expect("a time")),
        );
        let one = (0_u16..4, sent, option::of(answer()))
            .prop_map(|(attempt, sent, answer)| HopTry { attempt, sent, answer });
        (1_u8.., vec(one, 1..6))
            .prop_map(|(ttl, tries)| Hop { ttl: Ttl::new(ttl).expect("a TTL"), tries })
    }

    fn trace() -> impl Strategy<Value = Trace> {
        let name = option::of("[a-z]{0,9}");
        (any::<u32>(), option::of(any::<u16>()), name, vec(hop(), 0..9)).prop_map(
            |(target, flow, name, hops)| Trace {
                target: target.into(),
                method: flow.map(|_| Method::Udp),
                flow,
                vantage: name.map(|name| Arc::new(Vantage { name, address: None })),
                started: None,
                hops,
                stop: flow.map(|_| StopReason::GapLimit),
                strategy: None,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(traces in vec(trace(), 1..4)) {
            let mut bytes = Vec::new();
            for (line, trace) in (1..).zip(&traces) {
                pack(Place { file: 1, line }, trace, &mut bytes).expect("packed");
            }
            let back: Vec<(Place, Trace)> =
                Unpacking(&bytes).collect::<io::Result<_>>().expect("unpacked");
            prop_assert_eq!(back.iter().map(|(_, trace)| trace).collect::<Vec<_>>(), traces.iter().collect::<Vec<_>>());
            prop_assert!((1..).zip(&back).all(|(line, (place, _))| place.line == line));
        }

        #[test]
        fn other_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..100)) {
            // It stops at what it cannot read.
            let _ = Unpacking(&bytes).take(100).count();
        }
    }
}
