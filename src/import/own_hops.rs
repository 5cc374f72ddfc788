//! The program's own hops files, CSV or JSON lines: a row for each probe, the rows of a trace
//! together.
//!
//! They do not say the method, nor why a trace ended. Rows that are torn are told and skipped, and
//! headers may come again, where files were joined.

use std::io::{self, BufRead};
use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::gathered::Gathered;
use super::own_columns::Columns;
use super::record::{Number, Text};
use super::shape::Shape;
use super::text::Lines;
use super::{Finding, Format, Sink, record, values};
use crate::trace::{HopReply, HopTry, MplsLabel, ReplyKind, Trace};

/// The format `lasthop`.
pub(super) struct OwnHops;

/// The columns in which a row of hops begins, in every version.
const BEGINNING: &str = "schema,run_id,target,flow,ttl,attempt,";
/// The most rows of one trace.
const MOST: usize = 1 << 16;

impl Format for OwnHops {
    fn name(&self) -> &'static str {
        "lasthop"
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        head.starts_with(BEGINNING.as_bytes())
            || Shape::of(head).is_some_and(|shape| {
                shape.begins("{\"schema\":") && shape.has_all(&["\"run_id\":", "\"attempt\":"])
            })
    }

    fn read(&self, input: &mut (dyn BufRead + Send), sink: &mut Sink<'_>) -> io::Result<()> {
        let mut columns = Columns::default();
        let mut open: Option<Open> = None;
        for line in Lines::new(input) {
            let (number, line) = line?;
            let row = match columns.row(&line) {
                Ok(Some(row)) => row.read(),
                Ok(None) => continue,
                Err(why) => Err(why),
            };
            match row {
                Ok(row) if open.as_ref().is_some_and(|open| open.goes_on(&row)) => {
                    if let Some(open) = &mut open {
                        open.add(row);
                    }
                }
                Ok(row) => {
                    close(open.take(), sink);
                    open = Some(Open::new(number, row));
                }
                Err(why) => sink(number, Finding::Broken(why)),
            }
        }
        close(open, sink);
        Ok(())
    }
}

fn close(open: Option<Open>, sink: &mut Sink<'_>) {
    if let Some(open) = open {
        sink(open.line, Finding::Trace(Box::new(open.trace())));
    }
}

/// The values of a row as they are written.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Written {
    pub(super) run_id: Text,
    pub(super) target: Text,
    pub(super) flow: Number,
    pub(super) ttl: Number,
    pub(super) attempt: Number,
    pub(super) sent_at: Text,
    pub(super) address: Text,
    pub(super) rtt_ms: Number,
    pub(super) icmp_type: Number,
    pub(super) icmp_code: Number,
    pub(super) reply_ttl: Number,
    pub(super) mpls: Text,
}

/// A row of one probe.
struct Row {
    run: String,
    target: Ipv4Addr,
    flow: Option<u16>,
    ttl: u8,
    one: HopTry,
}

impl Written {
    fn read(self) -> Result<Row, String> {
        let target = self.target.get().and_then(|text| text.parse().ok()).ok_or("no target")?;
        let ttl = self.ttl.whole().filter(|ttl| *ttl > 0).ok_or("no TTL")?;
        let attempt = self.attempt.whole().ok_or("no number of the attempt")?;
        let sent = self.sent_at.get().and_then(|text| text.parse::<Timestamp>().ok());
        let answer = self.answer()?;
        let one = HopTry { attempt, sent, answer };
        Ok(Row {
            run: self.run_id.0.unwrap_or_default(),
            target,
            flow: self.flow.whole(),
            ttl,
            one,
        })
    }

    fn answer(&self) -> Result<Option<HopReply>, String> {
        let Some(from) = self.address.get() else { return Ok(None) };
        let from = from.parse().map_err(|_| "the address cannot be read")?;
        let kind = match (self.icmp_type.whole::<u8>(), self.icmp_code.whole()) {
            (Some(11), _) => ReplyKind::TimeExceeded,
            (Some(3), Some(code)) => ReplyKind::Unreachable(code),
            (Some(0), _) => ReplyKind::EchoReply,
            _ => return Err("no ICMP type that is known".into()),
        };
        let rtt: Option<Duration> = self.rtt_ms.0.and_then(values::millis);
        let labels = self.mpls.get().unwrap_or_default().split_whitespace().map(label);
        let labels = labels.collect::<Option<_>>().ok_or("the labels cannot be read")?;
        Ok(Some(HopReply { from, kind, rtt, reply_ttl: self.reply_ttl.whole(), labels }))
    }
}

/// A label as `label:ttl`.
fn label(text: &str) -> Option<MplsLabel> {
    let (label, ttl) = text.split_once(':')?;
    Some(MplsLabel { label: label.parse().ok()?, ttl: ttl.parse().ok()? })
}

/// A trace whose rows are being read.
struct Open {
    line: u64,
    run: String,
    target: Ipv4Addr,
    flow: Option<u16>,
    /// The TTL and the attempt of the last row.
    last: (u8, u16),
    started: Option<Timestamp>,
    rows: usize,
    gathered: Gathered,
}

impl Open {
    fn new(line: u64, mut row: Row) -> Self {
        let run = std::mem::take(&mut row.run);
        let mut open = Self {
            line,
            run,
            target: row.target,
            flow: row.flow,
            last: (0, 0),
            started: None,
            rows: 0,
            gathered: Gathered::default(),
        };
        open.add(row);
        open
    }

    /// Whether `row` is of the same trace. Rows rise by TTL and attempt; where they begin again, another
    /// trace of the same target and flow does, as with another method.
    fn goes_on(&self, row: &Row) -> bool {
        let is_same = (&self.run, self.target, self.flow) == (&row.run, row.target, row.flow);
        is_same && self.last < (row.ttl, row.one.attempt) && self.rows < MOST
    }

    fn add(&mut self, row: Row) {
        self.rows += 1;
        self.last = (row.ttl, row.one.attempt);
        self.started = self.started.into_iter().chain(row.one.sent).min();
        self.gathered.put(row.ttl, row.one);
    }

    fn trace(self) -> Trace {
        Trace {
            target: self.target,
            method: None,
            flow: self.flow,
            vantage: None,
            started: self.started,
            hops: self.gathered.hops(),
            stop: None,
            strategy: None,
        }
    }
}

/// Reads a row of JSON.
pub(super) fn json(line: &str) -> Result<Written, String> {
    record::read(line.as_bytes()).map_err(|finding| match finding {
        Finding::Broken(why) | Finding::Left(why) => why,
        Finding::Trace(_) | Finding::Elsewhere(_) | Finding::Targetless(_) => String::new(),
    })
}
