//! Rows in the order of time, with little memory: sorted chunk by chunk, which wait in a temporary file when
//! there are many, and are merged.
//!
//! A chunk that begins no earlier than another one ends continues that one's sequence. So a history that is
//! nearly in order, as `--append` leaves it, is one sequence, which is read back straight.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::vec;

use jiff::Timestamp;

use super::error::HistoryError;
use super::row::Row;

/// How many rows are sorted at once.
const CHUNK: usize = 1 << 16;
/// How many rows are written or handed on together.
const BLOCK: usize = 1 << 8;

/// Rows on their way to be sorted.
#[derive(Default)]
pub(super) struct Sorter {
    rows: Vec<Row>,
    chunks: usize,
    sequences: Vec<Sequence>,
    file: Option<File>,
    length: u64,
}

/// Rows in the order of their times; rows of the same time in the order in which they came.
pub(super) struct Sorted {
    sequences: Vec<Sequence>,
    /// The next row of each sequence that is not at its end: its time, its chunk, its sequence.
    next: BinaryHeap<Reverse<(Timestamp, usize, usize)>>,
    file: Option<File>,
}

/// Chunks that follow each other in time.
struct Sequence {
    /// Rows that are in memory, and the chunk that they are of.
    rows: vec::IntoIter<Row>,
    chunk: usize,
    blocks: VecDeque<Block>,
    last: Timestamp,
}

/// Rows of a chunk in the file.
struct Block {
    chunk: usize,
    offset: u64,
    length: usize,
}

impl Sorter {
    pub(super) fn push(&mut self, row: Row) -> Result<(), HistoryError> {
        self.rows.push(row);
        if self.rows.len() < CHUNK { Ok(()) } else { self.spill().map_err(temporary) }
    }

    pub(super) fn sorted(mut self) -> Result<Sorted, HistoryError> {
        self.rows.sort_by_key(|row| row.started);
        let rows = self.rows.into_iter();
        let last = Timestamp::MAX;
        let in_memory = Sequence { rows, chunk: self.chunks, blocks: VecDeque::new(), last };
        self.sequences.push(in_memory);
        let mut sorted =
            Sorted { sequences: self.sequences, next: BinaryHeap::new(), file: self.file };
        for place in 0..sorted.sequences.len() {
            sorted.find_next(place).map_err(temporary)?;
        }
        Ok(sorted)
    }

    /// Writes a chunk to the file.
    fn spill(&mut self) -> io::Result<()> {
        self.rows.sort_by_key(|row| row.started);
        let (Some(first), Some(last)) = (self.rows.first(), self.rows.last()) else {
            return Ok(());
        };
        let (first, last) = (first.started, last.started);
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let before = self.sequences.iter().position(|sequence| sequence.last <= first);
        let place = before.unwrap_or_else(|| {
            self.sequences.push(Sequence {
                rows: Vec::new().into_iter(),
                chunk: 0,
                blocks: VecDeque::new(),
                last,
            });
            self.sequences.len() - 1
        });
        let Some(sequence) = self.sequences.get_mut(place) else { return Ok(()) };
        sequence.last = last;
        let mut bytes = Vec::new();
        for rows in self.rows.chunks(BLOCK) {
            bytes.clear();
            bytes = postcard::to_extend(rows, bytes).map_err(io::Error::other)?;
            file.write_all(&bytes)?;
            let (chunk, offset, length) = (self.chunks, self.length, bytes.len());
            sequence.blocks.push_back(Block { chunk, offset, length });
            self.length += u64::try_from(length).map_err(io::Error::other)?;
        }
        self.rows.clear();
        self.chunks += 1;
        Ok(())
    }
}

impl Sorted {
    /// The next rows; none at the end.
    pub(super) fn next(&mut self) -> Result<Vec<Row>, HistoryError> {
        let mut rows = Vec::with_capacity(BLOCK);
        while rows.len() < BLOCK {
            let Some(Reverse((_, _, place))) = self.next.pop() else { break };
            let other = self.next.peek().map(|Reverse((time, chunk, _))| (*time, *chunk));
            let Some(sequence) = self.sequences.get_mut(place) else { break };
            let chunk = sequence.chunk;
            // Until a row of another sequence comes first.
            let is_next = |row: &Row| other.is_none_or(|other| (row.started, chunk) < other);
            while rows.len() < BLOCK && sequence.rows.as_slice().first().is_some_and(is_next) {
                rows.extend(sequence.rows.next());
            }
            self.find_next(place).map_err(temporary)?;
        }
        Ok(rows)
    }

    /// Finds the next row of a sequence, which may be in the file.
    fn find_next(&mut self, place: usize) -> io::Result<()> {
        let Some(sequence) = self.sequences.get_mut(place) else { return Ok(()) };
        if sequence.rows.as_slice().is_empty()
            && let (Some(block), Some(file)) = (sequence.blocks.pop_front(), &self.file)
        {
            let mut bytes = vec![0; block.length];
            file.read_exact_at(&mut bytes, block.offset)?;
            let rows: Vec<Row> = postcard::from_bytes(&bytes).map_err(io::Error::other)?;
            (sequence.rows, sequence.chunk) = (rows.into_iter(), block.chunk);
        }
        if let Some(row) = sequence.rows.as_slice().first() {
            self.next.push(Reverse((row.started, sequence.chunk, place)));
        }
        Ok(())
    }
}

fn temporary(source: io::Error) -> HistoryError {
    HistoryError::Io { path: PathBuf::from("a temporary file"), source }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::row::{Name, Plane, VantageState};
    use super::*;

    fn row(second: i64, number: usize) -> Row {
        let started = Timestamp::from_second(second).unwrap();
        Row {
            run: Arc::from(number.to_string()),
            started,
            ended: started,
            vantage: Name::default(),
            method: Name::default(),
            scope: "175.45.176.0/24".parse().unwrap(),
            classes: Vec::new(),
            other: 0,
            unknown: 0,
            unreached: 0,
            carriers: Vec::new(),
            rtt_ms: None,
            hosts: None,
            vantage_is: VantageState::default(),
            plane: Plane::Data,
            is_change: false,
            full_peers: None,
            proven: None,
            complete: true,
        }
    }

    /// The same as sorting all in memory: rows of the same time stay in the order in which they came.
    fn sorts(seconds: impl Iterator<Item = i64>, sequences: usize) {
        let rows: Vec<Row> = seconds.enumerate().map(|(number, at)| row(at, number)).collect();
        let mut sorter = Sorter::default();
        for row in &rows {
            sorter.push(row.clone()).unwrap();
        }
        assert_eq!(sorter.sequences.len(), sequences);
        let mut merged = sorter.sorted().unwrap();
        let mut found = Vec::new();
        loop {
            let next = merged.next().unwrap();
            if next.is_empty() {
                break;
            }
            found.extend(next);
        }
        let mut expected = rows;
        expected.sort_by_key(|row| row.started);
        assert!(found == expected);
    }

    #[test]
    fn what_is_in_order_is_one_sequence() {
        sorts((0..200_000).map(|number| number / 5), 1);
    }

    #[test]
    fn chunks_of_any_times_are_merged() {
        sorts((0..200_000).map(|number| number * 7_919 % 1_000), 3);
        sorts((0..200_000).map(|number| (number + 70_000) % 200_000), 3);
        sorts((0..3).map(|number| -number), 0);
    }
}
