//! Rows in the order of time: within a file as far as a window reaches, and of several files merged.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use jiff::Timestamp;

use super::Row;

/// A row, and its place among those of the same moment.
#[derive(Debug)]
struct Placed(Box<Row>, u64);

impl Placed {
    fn key(&self) -> (Timestamp, u64) {
        (self.0.started, self.1)
    }
}

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Placed {}

impl PartialOrd for Placed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Placed {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// Holds rows back until no older one can come from within its reach.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Those that came in order.
    ordered: VecDeque<Placed>,
    /// Those that did not.
    late: BinaryHeap<Reverse<Placed>>,
    count: u64,
}

impl Window {
    pub(super) fn len(&self) -> usize {
        self.ordered.len() + self.late.len()
    }

    pub(super) fn push(&mut self, row: Box<Row>) {
        self.count += 1;
        let placed = Placed(row, self.count);
        match self.ordered.back() {
            Some(last) if last.0.started > placed.0.started => self.late.push(Reverse(placed)),
            _ => self.ordered.push_back(placed),
        }
    }

    /// The oldest row that is held.
    pub(super) fn pop(&mut self) -> Option<Box<Row>> {
        let late = self.late.peek().map(|Reverse(placed)| placed);
        let from_late = match (self.ordered.front(), late) {
            (Some(ordered), Some(late)) => late < ordered,
            (ordered, _) => ordered.is_none(),
        };
        let placed = if from_late {
            self.late.pop().map(|Reverse(placed)| placed)
        } else {
            self.ordered.pop_front()
        };
        placed.map(|placed| placed.0)
    }
}
