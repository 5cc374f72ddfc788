//! The program's own hops files, CSV or JSON lines: a row for each probe, the rows of a trace
//! together.
//!
//! Those of schema 1 do not say the method, the vantage, nor why a trace ended. Torn rows are reported and skipped, and
//! headers may come again, where files were joined.

mod columns;

use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;

use self::columns::{Columns, Row};
use crate::columns::HOPS;
use crate::import::finding::Finding;
use crate::import::format::{Format, LineReader, Reader, Sink};
use crate::import::hop_builder::HopBuilder;
use crate::import::sniff::Head;
use crate::import::values;
use crate::trace::{Method, StopReason, Strategy, Trace, Vantage};

/// The format `lasthop`.
pub(super) const FORMAT: Format = Format {
    name: "lasthop",
    recognises,
    stands_alone: true,
    reader: Reader::Lines(|| Box::<OwnHops>::default()),
};

/// How many of the first columns are enough to recognise a header.
const BEGINNING: usize = 6;
/// The most rows of one trace.
const MOST: usize = 1 << 16;
/// More than the flows of a target that this program sends.
const OUR_FLOWS: u16 = 64;

fn recognises(head: &Head) -> bool {
    let bytes = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head.bytes);
    let beginning = HOPS.names(1, &[])[..BEGINNING].join(",") + ",";
    bytes.starts_with(beginning.as_bytes())
        || head.begins("{\"schema\":") && head.has_all(&["\"run_id\":", "\"attempt\":"])
}

#[derive(Default)]
struct OwnHops {
    columns: Columns,
    open: Option<Open>,
}

impl LineReader for OwnHops {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        match (self.columns.row(line), &mut self.open) {
            (Ok(None), _) => {}
            (Ok(Some(row)), Some(open)) if open.goes_on(&row) => open.add(row),
            (Ok(Some(row)), open) => close(open.replace(Open::new(number, row)), sink),
            (Err(why), _) => sink(number, Finding::Malformed(why)),
        }
    }

    fn end(self: Box<Self>, sink: &mut Sink<'_>) {
        close(self.open, sink);
    }
}

fn close(open: Option<Open>, sink: &mut Sink<'_>) {
    if let Some(open) = open {
        sink(open.line, Finding::Trace(Box::new(open.trace())));
    }
}

/// The vantage of this name. In CSV a quote keeps spreadsheets from taking a name for a formula.
fn vantage(name: Option<&str>) -> Option<Arc<Vantage>> {
    let quoted = |name: &&str| name.starts_with(['=', '+', '-', '@']);
    let name = name.map(|name| name.strip_prefix('\'').filter(quoted).unwrap_or(name));
    values::vantage(name, name.and_then(|name| name.parse().ok()))
}

/// A trace whose rows are being read.
struct Open {
    line: u64,
    run: String,
    target: Ipv4Addr,
    flow: Option<u16>,
    number: Option<u64>,
    vantage: Option<Arc<Vantage>>,
    method: Option<Method>,
    stop: Option<StopReason>,
    /// The TTL of the first row: a complete trace asks the first.
    first: u8,
    /// The TTL and the attempt of the last row.
    last: (u8, u16),
    started: Option<Timestamp>,
    rows: usize,
    /// How many rows have the time of their probe.
    sent: usize,
    builder: HopBuilder,
}

impl Open {
    fn new(line: u64, mut row: Row) -> Self {
        let run = std::mem::take(&mut row.run);
        let mut open = Self {
            line,
            run,
            target: row.target,
            flow: row.flow,
            number: row.trace,
            vantage: vantage(row.vantage.as_deref()),
            method: row.method,
            stop: row.stop,
            first: row.ttl,
            last: (0, 0),
            started: None,
            rows: 0,
            sent: 0,
            builder: HopBuilder::default(),
        };
        open.add(row);
        open
    }

    /// Whether `row` is of the same trace. Rows rise by TTL and attempt; where they begin again, another
    /// trace of the same target and flow does, as with another method.
    fn goes_on(&self, row: &Row) -> bool {
        let is_same = (&self.run, self.target, self.flow, self.number)
            == (&row.run, row.target, row.flow, row.trace);
        is_same && self.last < (row.ttl, row.one.attempt) && self.rows < MOST
    }

    fn add(&mut self, row: Row) {
        self.rows += 1;
        self.sent += usize::from(row.one.sent.is_some());
        self.last = (row.ttl, row.one.attempt);
        self.started = self.started.into_iter().chain(row.one.sent).min();
        self.builder.put(row.ttl, row.one);
    }

    fn trace(self) -> Trace {
        // What this program sent: its flows are few, where ports and checksums of others are large, and each of its
        // probes has a time.
        let has_our_flow = self.flow.is_some_and(|flow| flow < OUR_FLOWS);
        let is_ours = self.method.is_some() && has_our_flow && self.sent == self.rows;
        Trace {
            target: self.target,
            method: self.method,
            flow: self.flow,
            vantage: self.vantage,
            started: self.started,
            hops: self.builder.hops(),
            stop: self.stop,
            strategy: self.stop.filter(|_| is_ours).map(|stop| match (stop, self.first) {
                (StopReason::Border, _) | (_, 2..) => Strategy::Border,
                _ => Strategy::Full,
            }),
        }
    }
}
