//! The cells of one line of CSV.
//!
//! A row is a line, always: text in it has no newlines. So each line is taken apart by itself, and
//! a quote that a torn row has left open spoils no other.

use csv_core::{ReadRecordResult, Reader};

/// Takes lines apart, in the same memory every time.
pub(super) struct Cells {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

impl Cells {
    pub(super) fn new() -> Self {
        Self { reader: Reader::new(), text: vec![0; 1024], ends: vec![0; 64], count: 0 }
    }

    /// Takes a line apart, which ends with its newline. False when a quote is left open.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        self.reader.reset();
        // Of a line no more can come out than is in it.
        if self.text.len() < line.len() {
            self.text.resize(line.len(), 0);
        }
        if self.ends.len() <= line.len() {
            self.ends.resize(line.len() + 1, 0);
        }
        let (result, _, _, count) = self.reader.read_record(line, &mut self.text, &mut self.ends);
        self.count = count;
        matches!(result, ReadRecordResult::Record | ReadRecordResult::End)
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// A cell; empty where there is none.
    pub(super) fn get(&self, place: usize) -> &[u8] {
        let end = self.ends.get(..self.count).and_then(|ends| ends.get(place));
        let begin = place.checked_sub(1).and_then(|before| self.ends.get(before));
        let begin = begin.copied().unwrap_or(0);
        end.and_then(|end| self.text.get(begin..*end)).unwrap_or_default()
    }

    /// All cells.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.count).map(|place| self.get(place))
    }
}
