//! Traces that wait to be judged: packed by postcard, in memory as long as they are few, then in a
//! temporary file without a name.

use std::hash::{Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use foldhash::HashSet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use tempfile::{SpooledTempFile, spooled_tempfile};

use crate::trace::{
    Hop, HopReply, HopTry, Method, MplsLabel, ReplyKind, StopReason, Strategy, Trace, Ttl, Vantage,
};
use crate::transit::Observation;

/// How many bytes stay in memory.
const IN_MEMORY: usize = 32 << 20;
/// How many sorted traces are read back at once.
const BATCH: usize = 256;

/// Where a trace was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Which of the files, from 0.
    pub file: usize,
    /// Its line, from 1; where there are no lines, the number of the record.
    pub line: u64,
}

/// A trace that is read back.
#[derive(Debug, PartialEq)]
pub(super) enum Stored {
    /// Without its hops.
    Observation(Observation),
    /// With its hops, and where it was found.
    Trace(Place, Trace),
}

/// By what traces are sorted.
type SortKey = (Ipv4Addr, Option<Method>, Option<u16>);

/// Some traces, packed one behind the other.
#[derive(Debug, Default)]
pub(super) struct Packed {
    bytes: Vec<u8>,
    /// The number of the first of them among all, from 1, where they are read back.
    pub(super) first: u64,
    /// What is in each trace, as one number. The digest of all follows from these, so it depends neither
    /// on how the traces were divided nor on what was kept of them.
    digests: Vec<u64>,
    /// By what each is sorted, and how long it is.
    records: Vec<(SortKey, usize)>,
}

impl Packed {
    /// Adds `trace`, of which `observation` is, with its hops or without.
    pub(super) fn push(
        &mut self,
        place: Place,
        observation: &Observation,
        trace: &Trace,
        with_hops: bool,
    ) -> io::Result<()> {
        let start = self.bytes.len();
        self.bytes.push(u8::from(with_hops));
        if with_hops {
            put(&(place, PackedTrace::of(trace)), &mut self.bytes)?;
        } else {
            put(observation, &mut self.bytes)?;
        }
        self.digests.push(content_digest(trace));
        let key = (trace.target, trace.method, trace.flow);
        self.records.push((key, self.bytes.len() - start));
        Ok(())
    }

    /// Drops the traces whose content is in `seen`, to which all others are added. Returns for each whether
    /// it has stayed.
    pub(super) fn drop_repeated(&mut self, seen: &mut HashSet<u64>) -> Vec<bool> {
        let stays: Vec<bool> = self.digests.iter().map(|digest| seen.insert(*digest)).collect();
        if stays.contains(&false) {
            let (mut bytes, mut at) = (Vec::with_capacity(self.bytes.len()), 0);
            for ((_, length), stays) in self.records.iter().zip(&stays) {
                if *stays {
                    bytes.extend_from_slice(self.bytes.get(at..at + length).unwrap_or_default());
                }
                at += length;
            }
            self.bytes = bytes;
            retain(&mut self.records, &stays);
            retain(&mut self.digests, &stays);
        }
        stays
    }

    /// The traces, in their order.
    pub(super) fn unpack(&self) -> impl Iterator<Item = io::Result<Stored>> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let (with_hops, packed) = std::mem::take(&mut rest).split_first()?;
            let read = if *with_hops == 0 {
                postcard::take_from_bytes(packed)
                    .map(|(observation, behind)| (Stored::Observation(observation), behind))
            } else {
                postcard::take_from_bytes::<(Place, PackedTrace<Box<[MplsLabel]>>)>(packed)
                    .map(|((place, packed), behind)| (Stored::Trace(place, packed.trace()), behind))
            };
            Some(read.map_err(io::Error::other).map(|(stored, behind)| {
                rest = behind;
                stored
            }))
        })
    }
}

/// Keeps those of `all` for which `stays` says so.
pub(super) fn retain<T>(all: &mut Vec<T>, stays: &[bool]) {
    let mut stays = stays.iter();
    all.retain(|_| stays.next().copied().unwrap_or(true));
}

/// What is in a trace, as one number, to the microsecond: the same record has the same, in whichever format
/// and wherever it was found.
fn content_digest(trace: &Trace) -> u64 {
    let mut digest = SipHasher13::new();
    let micros = |rtt: Duration| u64::try_from(rtt.as_micros()).unwrap_or(u64::MAX);
    digest.write_u32(trace.target.into());
    (trace.method, trace.flow, trace.stop).hash(&mut digest);
    trace.started.map(Timestamp::as_microsecond).hash(&mut digest);
    trace.vantage.as_ref().map(|vantage| vantage.name.as_str()).hash(&mut digest);
    for hop in &trace.hops {
        for one in &hop.tries {
            let Some(reply) = &one.answer else {
                digest.write_u32(u32::from(hop.ttl.get()) << 16 | u32::from(one.attempt));
                continue;
            };
            let (kind, code) = reply.kind.icmp();
            let [attempt, attempt_low] = one.attempt.to_be_bytes();
            let reply_ttl = reply.reply_ttl.unwrap_or(0);
            digest.write_u64(u64::from_be_bytes([
                hop.ttl.get(),
                attempt,
                attempt_low,
                kind,
                code,
                reply_ttl,
                u8::from(reply.rtt.is_some()),
                1,
            ]));
            digest.write_u32(reply.from.into());
            digest.write_u64(reply.rtt.map_or(0, micros));
            // Nothing where nobody does, so that runs keep the numbers they had.
            if let Some(by) = reply.contradicted_by {
                digest.write_u32(by.into());
            }
            for label in &reply.labels {
                digest.write_u64(u64::from(label.label) << 8 | u64::from(label.ttl));
            }
        }
    }
    digest.finish()
}

/// Puts a value behind what is in `to`.
fn put(value: &impl Serialize, to: &mut Vec<u8>) -> io::Result<()> {
    *to = postcard::to_extend(value, std::mem::take(to)).map_err(io::Error::other)?;
    Ok(())
}

/// The attempt, when it left, and what it brought.
type PackedTry<L> = (u16, Option<i64>, PackedAnswer<L>);

/// A [`HopReply`] whose labels are `L`.
type PackedReply<L> = (Ipv4Addr, ReplyKind, Option<Duration>, Option<u8>, L);

/// What a try brought: in one byte beside the reply, as most are not contradicted.
#[derive(Serialize, Deserialize)]
enum PackedAnswer<L> {
    Silence,
    Reply(PackedReply<L>),
    /// By whom it is contradicted.
    Contradicted(PackedReply<L>, Ipv4Addr),
}

impl<'t> PackedAnswer<&'t [MplsLabel]> {
    fn of(answer: Option<&'t HopReply>) -> Self {
        let Some(reply) = answer else { return Self::Silence };
        let HopReply { from, kind, rtt, reply_ttl, labels, contradicted_by } = reply;
        let packed = (*from, *kind, *rtt, *reply_ttl, &labels[..]);
        match contradicted_by {
            None => Self::Reply(packed),
            Some(by) => Self::Contradicted(packed, *by),
        }
    }
}

impl PackedAnswer<Box<[MplsLabel]>> {
    fn answer(self) -> Option<HopReply> {
        let (packed, contradicted_by) = match self {
            Self::Silence => return None,
            Self::Reply(packed) => (packed, None),
            Self::Contradicted(packed, by) => (packed, Some(by)),
        };
        let (from, kind, rtt, reply_ttl, labels) = packed;
        Some(HopReply { from, kind, rtt, reply_ttl, labels, contradicted_by })
    }
}

/// A trace whose times are numbers of nanoseconds: when it started, since 1970; when each try left,
/// since then. As a text, which is what a time is to serde, each would take 31 bytes.
#[derive(Serialize, Deserialize)]
struct PackedTrace<L> {
    target: Ipv4Addr,
    method: Option<Method>,
    flow: Option<u16>,
    vantage: Option<Arc<Vantage>>,
    started: Option<i128>,
    stop: Option<StopReason>,
    strategy: Option<Strategy>,
    hops: Vec<(Ttl, Vec<PackedTry<L>>)>,
}

impl<'t> PackedTrace<&'t [MplsLabel]> {
    fn of(trace: &'t Trace) -> Self {
        let started = trace.started.map(Timestamp::as_nanosecond);
        let since = |sent: Timestamp| {
            i64::try_from(sent.as_nanosecond() - started.unwrap_or_default()).unwrap_or(i64::MAX)
        };
        let tries = |hop: &'t Hop| {
            let tries = hop.tries.iter();
            let answer = |one: &'t HopTry| PackedAnswer::of(one.answer.as_ref());
            tries.map(|one| (one.attempt, one.sent.map(since), answer(one))).collect()
        };
        Self {
            target: trace.target,
            method: trace.method,
            flow: trace.flow,
            vantage: trace.vantage.clone(),
            started,
            stop: trace.stop,
            strategy: trace.strategy,
            hops: trace.hops.iter().map(|hop| (hop.ttl, tries(hop))).collect(),
        }
    }
}

impl PackedTrace<Box<[MplsLabel]>> {
    fn trace(self) -> Trace {
        let time = |nanos: i128| Timestamp::from_nanosecond(nanos).ok();
        let started = self.started.unwrap_or_default();
        let hops = self.hops.into_iter().map(|(ttl, tries)| {
            let tries = tries.into_iter().map(|(attempt, sent, answer)| {
                let sent = sent.and_then(|since| time(started.checked_add(since.into())?));
                HopTry { attempt, sent, answer: answer.answer() }
            });
            Hop { ttl, tries: tries.collect() }
        });
        Trace {
            target: self.target,
            method: self.method,
            flow: self.flow,
            vantage: self.vantage,
            started: self.started.and_then(time),
            hops: hops.collect(),
            stop: self.stop,
            strategy: self.strategy,
        }
    }
}

/// Takes packed traces, and gives them back in the order in which they came or sorted by target,
/// method and flow.
#[derive(Debug)]
pub(super) struct TraceStore {
    file: SpooledTempFile,
    digest: SipHasher13,
    /// Where each record begins and how long it is, if they are to be sorted; else nothing.
    records: Vec<(SortKey, u64, usize)>,
    sorts: bool,
    end: u64,
}

impl TraceStore {
    /// An empty one.
    pub(super) fn new(sorts: bool) -> Self {
        Self {
            file: spooled_tempfile(IN_MEMORY),
            digest: SipHasher13::new(),
            records: Vec::new(),
            sorts,
            end: 0,
        }
    }

    pub(super) fn push(&mut self, packed: &Packed) -> io::Result<()> {
        for digest in &packed.digests {
            self.digest.write_u64(*digest);
        }
        if self.sorts {
            for (key, length) in &packed.records {
                self.records.push((*key, self.end, *length));
                self.end += u64::try_from(*length).map_err(io::Error::other)?;
            }
        } else if !packed.bytes.is_empty() {
            for number in [packed.bytes.len(), packed.records.len()] {
                let number = u32::try_from(number).map_err(io::Error::other)?;
                self.file.write_all(&number.to_le_bytes())?;
            }
        }
        self.file.write_all(&packed.bytes)
    }

    /// A number that identifies these traces.
    pub(super) fn digest(&self) -> u64 {
        self.digest.finish()
    }

    /// All traces, some at a time.
    pub(super) fn read_back(mut self) -> io::Result<Batches> {
        self.file.seek(SeekFrom::Start(0))?;
        self.records.sort_unstable();
        let records = self.records.into_iter();
        Ok(Batches { file: self.file, records, sorts: self.sorts, next: 1 })
    }
}

/// Traces that are read back.
#[derive(Debug)]
pub(super) struct Batches {
    file: SpooledTempFile,
    records: std::vec::IntoIter<(SortKey, u64, usize)>,
    sorts: bool,
    /// The number of the next trace.
    next: u64,
}

impl Batches {
    fn next_batch(&mut self) -> io::Result<Option<Packed>> {
        let mut packed = Packed { first: self.next, ..Packed::default() };
        if self.sorts {
            for _ in 0..BATCH {
                let Some((_, place, length)) = self.records.next() else { break };
                self.file.seek(SeekFrom::Start(place))?;
                self.read_behind(&mut packed.bytes, length)?;
                self.next += 1;
            }
            return Ok(Some(packed).filter(|packed| !packed.bytes.is_empty()));
        }
        let (mut length, mut count) = ([0; 4], [0; 4]);
        match self.file.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        self.file.read_exact(&mut count)?;
        let length = usize::try_from(u32::from_le_bytes(length)).map_err(io::Error::other)?;
        self.read_behind(&mut packed.bytes, length)?;
        self.next += u64::from(u32::from_le_bytes(count));
        Ok(Some(packed))
    }

    fn read_behind(&mut self, bytes: &mut Vec<u8>, length: usize) -> io::Result<()> {
        let start = bytes.len();
        bytes.resize(start + length, 0);
        self.file.read_exact(&mut bytes[start..])
    }
}

impl Iterator for Batches {
    type Item = io::Result<Packed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::{Just, any, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::Strategy as _;

    use super::*;
    use crate::targets::Targets;

    fn kind() -> impl proptest::strategy::Strategy<Value = ReplyKind> {
        prop_oneof![
            Just(ReplyKind::TimeExceeded),
            any::<u8>().prop_map(ReplyKind::Unreachable),
            Just(ReplyKind::EchoReply)
        ]
    }

    fn reply() -> impl proptest::strategy::Strategy<Value = HopReply> {
        let label = (any::<u32>(), any::<u8>()).prop_map(|(label, ttl)| MplsLabel { label, ttl });
        let rtt = option::of(any::<u64>().prop_map(Duration::from_nanos));
        let others = (option::of(0_u8..2), option::of(0_u32..3));
        (0_u32..3, kind(), rtt, others, vec(label, 0..2)).prop_map(
            |(from, kind, rtt, (reply_ttl, by), labels)| HopReply {
                from: from.into(),
                kind,
                rtt,
                reply_ttl,
                labels: labels.into(),
                contradicted_by: by.map(Ipv4Addr::from),
            },
        )
    }

    fn hop() -> impl proptest::strategy::Strategy<Value = Hop> {
        let sent = option::of(
            (0_i64..1 << 40).prop_map(|us| Timestamp::from_microsecond(us).expect("a time")),
        );
        let one = (0_u16..4, sent, option::of(reply()))
            .prop_map(|(attempt, sent, answer)| HopTry { attempt, sent, answer });
        (1_u8.., vec(one, 1..6))
            .prop_map(|(ttl, tries)| Hop { ttl: Ttl::new(ttl).expect("a TTL"), tries })
    }

    fn trace() -> impl proptest::strategy::Strategy<Value = Trace> {
        let name = option::of("[a-z]{0,9}");
        let started = option::of(
            (0_i64..1 << 50).prop_map(|us| Timestamp::from_microsecond(us).expect("a time")),
        );
        (any::<u32>(), option::of(any::<u16>()), name, started, vec(hop(), 0..9)).prop_map(
            |(target, flow, name, started, hops)| Trace {
                target: target.into(),
                method: flow.map(|_| Method::Udp),
                flow,
                vantage: name.map(|name| Arc::new(Vantage { name, address: None })),
                started,
                hops,
                stop: flow.map(|_| StopReason::GapLimit),
                strategy: None,
            },
        )
    }

    fn targets() -> Targets {
        Targets::built_in().expect("targets")
    }

    fn packed<'t>(traces: impl Iterator<Item = &'t Trace>, with_hops: bool) -> Packed {
        let (mut packed, targets) = (Packed::default(), targets());
        for (line, trace) in (1..).zip(traces) {
            let observation = Observation::of(trace, &targets);
            packed.push(Place { file: 1, line }, &observation, trace, with_hops).expect("packed");
        }
        packed
    }

    fn read_back(store: TraceStore) -> Vec<Stored> {
        let batches = store.read_back().expect("a file").map(|packed| packed.expect("read"));
        let unpack = |packed: Packed| packed.unpack().collect::<io::Result<Vec<_>>>();
        batches.flat_map(|packed| unpack(packed).expect("unpacked")).collect()
    }

    proptest! {
        #[test]
        fn traces_come_back_as_they_were(traces in vec(trace(), 1..4)) {
            let mut store = TraceStore::new(false);
            store.push(&packed(traces.iter(), true)).expect("stored");
            let expected: Vec<Stored> = (1..)
                .zip(&traces)
                .map(|(line, trace)| Stored::Trace(Place { file: 1, line }, trace.clone()))
                .collect();
            prop_assert_eq!(read_back(store), expected);
        }

        #[test]
        fn observations_come_back_to_the_second(traces in vec(trace(), 1..4)) {
            let mut store = TraceStore::new(false);
            store.push(&packed(traces.iter(), false)).expect("stored");
            let targets = targets();
            let expected: Vec<Stored> = traces
                .iter()
                .map(|trace| Observation::of(trace, &targets))
                .map(|of| {
                    let second = |at: Timestamp| Timestamp::from_second(at.as_second());
                    let started = of.started.map(|at| second(at).expect("a time"));
                    Stored::Observation(Observation { started, ..of })
                })
                .collect();
            prop_assert_eq!(read_back(store), expected);
        }

        #[test]
        fn a_sorted_store_gives_traces_by_target(traces in vec(trace(), 1..20)) {
            let mut store = TraceStore::new(true);
            for trace in &traces {
                store.push(&packed(std::iter::once(trace), true)).expect("stored");
            }
            let mut expected: Vec<Ipv4Addr> = traces.iter().map(|trace| trace.target).collect();
            expected.sort_unstable();
            let targets = read_back(store).into_iter().map(|stored| match stored {
                Stored::Trace(_, trace) => trace.target,
                Stored::Observation(observation) => observation.target,
            });
            prop_assert_eq!(targets.collect::<Vec<_>>(), expected);
        }

        #[test]
        fn the_digest_depends_on_the_traces_alone(traces in vec(trace(), 2..9)) {
            let mut whole = TraceStore::new(false);
            whole.push(&packed(traces.iter(), true)).expect("stored");
            let mut divided = TraceStore::new(false);
            let targets = targets();
            for (line, trace) in (1..).zip(&traces) {
                let mut one = Packed::default();
                let observation = Observation::of(trace, &targets);
                one.push(Place { file: 1, line }, &observation, trace, false).expect("packed");
                divided.push(&one).expect("stored");
            }
            prop_assert_eq!(whole.digest(), divided.digest());
        }

        #[test]
        fn other_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..100)) {
            // It stops at what it cannot read.
            let packed = Packed { bytes, ..Packed::default() };
            let _ = packed.unpack().take(100).count();
        }
    }

    /// A million targets must fit into 100 MiB with all that a run needs beside.
    #[test]
    fn a_trace_of_three_probes_takes_few_bytes() {
        let reply = |from: [u8; 4], millis: u64| HopReply {
            reply_ttl: Some(241),
            ..HopReply::new(
                from.into(),
                ReplyKind::TimeExceeded,
                Some(Duration::from_micros(millis * 1000 + 137)),
            )
        };
        let started = Timestamp::from_microsecond(1_764_000_000_123_456).expect("a time");
        let hop = |ttl, after, answer| Hop {
            ttl: Ttl::new(ttl).expect("a TTL"),
            tries: vec![HopTry {
                attempt: 0,
                sent: Some(started + Duration::from_millis(after)),
                answer,
            }],
        };
        let trace = Trace {
            target: [175, 45, 176, 9].into(),
            method: Some(Method::Icmp),
            flow: Some(0),
            vantage: None,
            started: Some(started),
            hops: vec![
                hop(12, 0, Some(reply([219, 158, 39, 42], 180))),
                hop(13, 5, Some(reply([175, 45, 177, 1], 190))),
                hop(14, 9, None),
            ],
            stop: Some(StopReason::Border),
            strategy: Some(Strategy::Border),
        };
        let packed = packed(std::iter::once(&trace), true);
        assert!(packed.bytes.len() <= 80, "{} bytes", packed.bytes.len());
        let packed = self::packed(std::iter::once(&trace), false);
        assert!(packed.bytes.len() <= 50, "{} bytes", packed.bytes.len());
    }
}
