//! Answers in any order, of many traces at once, as stateless probers write them: a line for each, which says
//! to which trace it belongs.
//!
//! All of a file must be read before one trace is whole. So only the answers of destinations that are wanted
//! are kept; of the others it is known that they are there.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use jiff::Timestamp;

use super::finding::Finding;
use super::hop_builder::HopBuilder;
use super::values::{self, MOST_ANSWERS};
use crate::trace::{HopReply, Method, ReplyKind, Trace, Vantage};

/// What a line says.
pub(super) enum Row {
    /// Nothing of a path: a header, a remark.
    Other,
    Answer(Answer),
    /// An answer on a path to an IPv6 address.
    Ipv6,
    /// Something that cannot be read, and why.
    Malformed(&'static str),
}

/// An answer, and to which trace it belongs.
pub(super) struct Answer {
    pub(super) trace: Key,
    pub(super) ttl: u8,
    /// When its probe left.
    pub(super) sent: Option<Timestamp>,
    /// Nothing where the sender cannot be read.
    pub(super) reply: Option<HopReply>,
}

/// What the answers of one trace have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) target: Ipv4Addr,
    pub(super) flow: Option<u16>,
    pub(super) method: Option<Method>,
    pub(super) vantage: Option<Arc<Vantage>>,
    /// Which of several traces of the same target and flow.
    pub(super) round: u64,
}

/// Reads line after line of a format.
pub(super) trait RowReader {
    fn row(&mut self, line: &str) -> Row;

    /// The first TTL that was asked.
    fn first_ttl(&self) -> u8;
}

#[derive(Default)]
struct Open {
    line: u64,
    started: Option<Timestamp>,
    hops: HopBuilder,
    answers: usize,
    furthest: u8,
    unread: usize,
}

/// Reads all of `lines`; hands on the traces to what is wanted in the order of their first lines.
pub(super) fn read(
    mut reader: Box<dyn RowReader>,
    lines: impl Iterator<Item = io::Result<(u64, String)>>,
    wanted: &dyn Fn(Ipv4Addr) -> bool,
    sink: &mut dyn FnMut(u64, Finding),
) -> io::Result<()> {
    let mut open: HashMap<Key, Open> = HashMap::default();
    let (mut others, mut ipv6) = (HashSet::<Ipv4Addr>::default(), false);
    let mut read = Ok(());
    for line in lines {
        let (number, line) = match line {
            Ok(line) => line,
            Err(error) => {
                read = Err(error);
                break;
            }
        };
        match reader.row(&line) {
            Row::Other => {}
            Row::Malformed(why) => sink(number, Finding::Malformed(why.into())),
            Row::Ipv6 if std::mem::replace(&mut ipv6, true) => {}
            Row::Ipv6 => {
                sink(number, Finding::Skipped("answers on paths to IPv6 addresses".into()));
            }
            Row::Answer(answer) if wanted(answer.trace.target) => {
                let open = open.entry(answer.trace.clone()).or_default();
                if open.line == 0 {
                    open.line = number;
                }
                open.add(answer);
            }
            Row::Answer(answer) => {
                let target = answer.trace.target;
                if others.insert(target) {
                    sink(number, Finding::OutOfScope(target));
                }
            }
        }
    }
    let first = reader.first_ttl();
    let mut all: Vec<(Key, Open)> = open.into_iter().collect();
    all.sort_unstable_by_key(|(_, open)| open.line);
    for (key, open) in all {
        let line = open.line;
        open.findings(key, first).into_iter().for_each(|finding| sink(line, finding));
    }
    read
}

impl Open {
    fn add(&mut self, answer: Answer) {
        self.answers += 1;
        if self.answers > MOST_ANSWERS {
            return;
        }
        self.started = self.started.into_iter().chain(answer.sent).min();
        self.furthest = self.furthest.max(answer.ttl);
        self.unread += usize::from(answer.reply.is_none());
        self.hops.add(answer.ttl, answer.sent, answer.reply);
    }

    fn findings(mut self, key: Key, first: u8) -> Vec<Finding> {
        if self.answers > MOST_ANSWERS {
            return vec![Finding::too_many_answers()];
        }
        // Those that did not answer have no line.
        (first..self.furthest).for_each(|ttl| self.hops.asked(ttl, 1));
        if self.hops.is_empty() {
            return vec![Finding::Skipped("a traceroute without hops".into())];
        }
        let trace = Trace {
            target: key.target,
            method: key.method,
            flow: key.flow,
            vantage: key.vantage,
            started: self.started,
            hops: self.hops.hops(),
            stop: None,
            strategy: None,
        };
        Finding::of(trace, self.unread)
    }
}

/// What a reply of this type and code says, where the answers to TCP have types as well; nothing where that is
/// nothing of the path.
pub(super) fn kind(reply_type: u8, code: u8, is_target: bool) -> Option<ReplyKind> {
    let of_tcp = || is_target.then_some(ReplyKind::EchoReply);
    values::kind(reply_type, code, is_target).or_else(of_tcp)
}
