//! The program's own hops files, CSV or JSON lines: a row for each probe, the rows of a trace
//! together.
//!
//! They do not say the method, nor why a trace ended. Torn rows are reported and skipped, and
//! headers may come again, where files were joined.

use std::io::{self, BufRead};
use std::net::Ipv4Addr;

use jiff::Timestamp;

use crate::columns::HOPS;
use crate::trace::Trace;

use super::gathered::Gathered;
use super::own_columns::{Columns, Row};
use super::shape::Shape;
use super::text::Lines;
use super::{Finding, Format, Sink};

/// The format `lasthop`.
pub(super) struct OwnHops;

/// How many of the first columns are enough to recognise a header.
const BEGINNING: usize = 6;
/// The most rows of one trace.
const MOST: usize = 1 << 16;

impl Format for OwnHops {
    fn name(&self) -> &'static str {
        "lasthop"
    }

    fn recognises(&self, head: &[u8]) -> bool {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let beginning = HOPS.names(1, &[])[..BEGINNING].join(",") + ",";
        head.starts_with(beginning.as_bytes())
            || Shape::of(head).is_some_and(|shape| {
                shape.begins("{\"schema\":") && shape.has_all(&["\"run_id\":", "\"attempt\":"])
            })
    }

    fn read(&self, input: &mut (dyn BufRead + Send), sink: &mut Sink<'_>) -> io::Result<()> {
        let mut columns = Columns::default();
        let mut open: Option<Open> = None;
        for line in Lines::new(input) {
            let (number, line) = line?;
            match columns.row(&line) {
                Ok(None) => {}
                Ok(Some(row)) if open.as_ref().is_some_and(|open| open.goes_on(&row)) => {
                    if let Some(open) = &mut open {
                        open.add(row);
                    }
                }
                Ok(Some(row)) => {
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
