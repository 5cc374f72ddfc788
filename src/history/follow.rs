//! All files, merged by time, to their series.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use ipnet::Ipv4Net;

use super::order::Window;
use super::series::Following;
use super::source::{Line, Source};
use super::told_twice;
use super::{Counts, Event, History, HistoryError, Name, Names, Remark, Row, Series, Wanted};

/// How many rows of a file are held to put them in order.
const WINDOW: usize = 1 << 14;

/// A file whose next row is known.
struct Queue {
    source: Source,
    window: Window,
    ended: bool,
    next: Option<Box<Row>>,
}

/// Everything while rows go by.
struct Follow<'a> {
    wanted: &'a Wanted,
    names: Names,
    vantages: Vec<Name>,
    series: HashMap<(Name, Name, Ipv4Net), Following>,
    events: Vec<Event>,
    counts: Counts,
}

pub(super) fn read(
    files: &[PathBuf],
    wanted: &Wanted,
    remark: &mut dyn FnMut(&Remark<'_>),
) -> Result<History, HistoryError> {
    let mut follow = Follow::new(wanted);
    let open = |path: &PathBuf| Source::open(path, &mut follow.names);
    let sources: Vec<Source> = files.iter().map(open).collect::<Result<_, _>>()?;
    let mut queues: Vec<Queue> = sources.into_iter().map(Queue::new).collect();
    for queue in &mut queues {
        queue.advance(&mut follow, remark)?;
    }
    while let Some(queue) = oldest(&mut queues) {
        if let Some(row) = queue.next.take() {
            follow.row(*row);
        }
        queue.advance(&mut follow, remark)?;
    }
    Ok(follow.end())
}

/// The file that has the oldest row.
fn oldest(queues: &mut [Queue]) -> Option<&mut Queue> {
    let some = queues.iter_mut().filter(|queue| queue.next.is_some());
    some.min_by_key(|queue| queue.next.as_ref().map(|row| row.started))
}

impl Queue {
    fn new(source: Source) -> Self {
        Self { source, window: Window::default(), ended: false, next: None }
    }

    /// Reads until the window is full, and takes its oldest row for the next.
    fn advance(
        &mut self,
        follow: &mut Follow<'_>,
        remark: &mut dyn FnMut(&Remark<'_>),
    ) -> Result<(), HistoryError> {
        while !self.ended && self.window.len() < WINDOW {
            match self.source.next(&mut follow.names)? {
                Some(Line::Row(row)) if follow.wants(&row) => self.window.push(row),
                Some(Line::Row(_)) => follow.counts.unwanted += 1,
                Some(Line::Broken(broken)) => {
                    follow.counts.broken += 1;
                    let (path, line) = (self.source.path(), self.source.line());
                    remark(&Remark { path, line, broken: &broken });
                }
                None => self.ended = true,
            }
        }
        self.next = self.window.pop();
        Ok(())
    }
}

impl<'a> Follow<'a> {
    fn new(wanted: &'a Wanted) -> Self {
        let mut names = Names::default();
        let vantages = wanted.vantages.iter().map(|vantage| names.of(vantage)).collect();
        Self {
            wanted,
            names,
            vantages,
            series: HashMap::new(),
            events: Vec::new(),
            counts: Counts::default(),
        }
    }

    fn wants(&self, row: &Row) -> bool {
        let any = |scopes: &[Ipv4Net]| scopes.is_empty() || scopes.contains(&row.scope);
        any(&self.wanted.scopes)
            && (self.vantages.is_empty() || self.vantages.contains(&row.vantage))
            && self.wanted.until.is_none_or(|until| row.started <= until)
    }

    fn row(&mut self, row: Row) {
        let row = Rc::new(row);
        let key = (row.vantage, row.method, row.scope);
        let buckets = self.wanted.buckets;
        let series = self.series.entry(key).or_insert_with(|| Following::new(&row, buckets));
        if series.has(&row) {
            self.counts.doubled += 1;
            return;
        }
        self.counts.used += 1;
        series.follow(&row, self.wanted.from, &mut self.events);
    }

    fn end(self) -> History {
        let names = self.names;
        let mut series: Vec<Series> = self.series.into_values().map(Following::end).collect();
        series.sort_by(|one, other| order(one, &names).cmp(&order(other, &names)));
        let mut events = self.events;
        told_twice::leave_out(&mut events);
        events.sort_by_key(|event| {
            (event.after.at, Reverse(event.before.at), event.scope, event.kind, event.subject)
        });
        History { names, series, events, counts: self.counts }
    }
}

/// By vantage, method, address; a block before its prefixes.
fn order<'n>(series: &Series, names: &'n Names) -> (&'n str, &'n str, Ipv4Net) {
    (names.text(series.vantage), names.text(series.method), series.scope)
}
