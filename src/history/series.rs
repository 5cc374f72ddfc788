//! One series, row after row.

use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Event, Row, Series, State, Timeline, Verdict};

/// A series while its rows go by.
pub(super) struct Following {
    first: Rc<Row>,
    newest: Rc<Row>,
    runs: u64,
    /// The runs that began when the newest one did.
    together: Vec<Arc<str>>,
    timeline: Timeline,
}

impl Following {
    pub(super) fn new(row: &Rc<Row>, buckets: usize) -> Self {
        Self {
            first: Rc::clone(row),
            newest: Rc::clone(row),
            runs: 0,
            together: Vec::new(),
            timeline: Timeline::new(buckets),
        }
    }

    /// Whether the row was there before: rows that begin together are compared.
    pub(super) fn has(&mut self, row: &Row) -> bool {
        if row.started != self.newest.started {
            self.together.clear();
        }
        let had = self.together.contains(&row.run);
        if !had {
            self.together.push(Arc::clone(&row.run));
        }
        had
    }

    /// Follows a row that is no older than those before.
    pub(super) fn follow(
        &mut self,
        row: &Rc<Row>,
        from: Option<Timestamp>,
        events: &mut Vec<Event>,
    ) {
        self.newest = Rc::clone(row);
        self.runs += 1;
        if from.is_none_or(|from| row.started >= from) {
            self.timeline.add(row);
        }
        let _ = events;
    }

    pub(super) fn end(self) -> Series {
        let row = &self.newest;
        let state = State {
            run: Arc::clone(&row.run),
            started: row.started,
            ended: row.ended,
            complete: row.complete,
            verdict: Verdict::Unknown,
            since: None,
            shares: row.classes.iter().map(|class| (class.class, class.share)).collect(),
            carriers: Vec::new(),
            redundancy: 0,
            traces: row.traces(),
            classified: row.classified(),
            rtt_ms: row.rtt_ms,
            hosts: row.hosts,
        };
        Series {
            vantage: row.vantage,
            method: row.method,
            scope: row.scope,
            runs: self.runs,
            first: self.first.started,
            state,
            timeline: self.timeline,
        }
    }
}
