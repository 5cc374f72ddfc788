//! The rows of all files in the order of time.
//!
//! A file is read as it comes and put in order within a window, which is enough for what many
//! processes appended. Where a row comes later than that, as in years joined in the wrong order, all is
//! read once more and sorted in a temporary file.

use std::path::PathBuf;
use std::sync::mpsc::SyncSender;

use ipnet::Ipv4Net;

use super::columns::Broken;
use super::order::Window;
use super::sort::{Chunks, Sorted};
use super::source::{Line, Source};
use super::{HistoryError, Name, Names, Row, Wanted};

/// How many rows of a file are held to put them in order.
const WINDOW: usize = 1 << 14;
/// How many rows are handed on at once.
const BATCH: usize = 256;

/// What is found, in this order.
pub(super) enum Found {
    Rows(Vec<Row>),
    /// A line of a file, by its place among the files, that is no row.
    Broken(usize, u64, Broken),
    /// A row that was not asked for.
    Unwanted,
}

/// How reading ended.
pub(super) enum Ended {
    /// All was read.
    Whole(Names),
    /// A line of a file came too late for the window.
    Disorder(usize, u64),
}

/// Reads files and hands on what is found.
pub(super) struct Merge<'a> {
    pub(super) files: &'a [PathBuf],
    pub(super) wanted: &'a Wanted,
    pub(super) names: Names,
    pub(super) vantages: Vec<Name>,
    pub(super) out: SyncSender<Found>,
    pub(super) batch: Vec<Row>,
}

/// A file whose next row is known.
struct Queue {
    place: usize,
    source: Source,
    window: Window,
    ended: bool,
    next: Option<Box<Row>>,
}

impl<'a> Merge<'a> {
    pub(super) fn new(files: &'a [PathBuf], wanted: &'a Wanted, out: SyncSender<Found>) -> Self {
        let mut names = Names::default();
        let vantages = wanted.vantages.iter().map(|vantage| names.of(vantage)).collect();
        Self { files, wanted, names, vantages, out, batch: Vec::new() }
    }

    /// Reads every file as it comes.
    pub(super) fn straight(mut self) -> Result<Ended, HistoryError> {
        let mut queues = Vec::new();
        for (place, path) in self.files.iter().enumerate() {
            let source = Source::open(path, &mut self.names)?;
            let window = Window::default();
            let mut queue = Queue { place, source, window, ended: false, next: None };
            self.advance(&mut queue)?;
            queues.push(queue);
        }
        let mut last = None;
        loop {
            let some = queues.iter_mut().filter(|queue| queue.next.is_some());
            let oldest = some.min_by_key(|queue| queue.next.as_ref().map(|row| row.started));
            let Some(queue) = oldest else { break };
            let Some(row) = queue.next.take() else { break };
            if last.is_some_and(|last| last > row.started) {
                return Ok(Ended::Disorder(queue.place, queue.source.line()));
            }
            last = Some(row.started);
            self.hand_on(*row);
            self.advance(queue)?;
        }
        Ok(self.end())
    }

    /// Reads every file, sorts all rows and hands them on.
    pub(super) fn sorted(mut self) -> Result<Ended, HistoryError> {
        let mut chunks = Chunks::default();
        for (place, path) in self.files.iter().enumerate() {
            let mut source = Source::open(path, &mut self.names)?;
            while let Some(line) = source.next(&mut self.names)? {
                if let Some(row) = self.wanted(place, source.line(), line) {
                    chunks.push(*row)?;
                }
            }
        }
        let mut sorted: Sorted = chunks.sorted()?;
        while let Some(row) = sorted.next()? {
            self.hand_on(row);
        }
        Ok(self.end())
    }

    fn end(mut self) -> Ended {
        self.send();
        Ended::Whole(self.names)
    }

    /// Reads until the window is full, and takes its oldest row for the next.
    fn advance(&mut self, queue: &mut Queue) -> Result<(), HistoryError> {
        while !queue.ended && queue.window.len() < WINDOW {
            match queue.source.next(&mut self.names)? {
                Some(line) => {
                    if let Some(row) = self.wanted(queue.place, queue.source.line(), line) {
                        queue.window.push(row);
                    }
                }
                None => queue.ended = true,
            }
        }
        queue.next = queue.window.pop();
        Ok(())
    }

    /// The row that a line is, if it is wanted; anything else is handed on at once.
    fn wanted(&mut self, place: usize, line: u64, found: Line) -> Option<Box<Row>> {
        let other = match found {
            Line::Row(row) if self.wants(&row) => return Some(row),
            Line::Row(_) => Found::Unwanted,
            Line::Broken(broken) => Found::Broken(place, line, broken),
        };
        // Whoever does not listen any more has no use for it.
        let _ = self.out.send(other);
        None
    }

    fn wants(&self, row: &Row) -> bool {
        let any = |scopes: &[Ipv4Net]| scopes.is_empty() || scopes.contains(&row.scope);
        any(&self.wanted.scopes)
            && (self.vantages.is_empty() || self.vantages.contains(&row.vantage))
            && self.wanted.until.is_none_or(|until| row.started <= until)
    }

    fn hand_on(&mut self, row: Row) {
        self.batch.push(row);
        if self.batch.len() >= BATCH {
            self.send();
        }
    }

    fn send(&mut self) {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        let _ = self.out.send(Found::Rows(batch));
    }
}
