//! The cells of one line of CSV.
//!
//! A row is always one line: text in it has no newlines. So each line is split on its own, and a quote that
//! a torn row left open spoils no other row.

use std::ops::Range;

use csv_core::{ReadRecordResult, Reader};

/// Splits lines into cells, in the same memory every time.
pub(super) struct Cells {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    places: Vec<Range<usize>>,
}

impl Cells {
    pub(super) fn new() -> Self {
        Self { reader: Reader::new(), text: Vec::new(), ends: Vec::new(), places: Vec::new() }
    }

    /// Splits a line, which ends with its newline. False when a quote is left open.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        self.places.clear();
        if line.contains(&b'"') {
            return self.take_quoted(line);
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.text.clear();
        self.text.extend_from_slice(line);
        let mut from = 0;
        for (place, byte) in line.iter().enumerate() {
            if *byte == b',' {
                self.places.push(from..place);
                from = place + 1;
            }
        }
        self.places.push(from..line.len());
        true
    }

    fn take_quoted(&mut self, line: &[u8]) -> bool {
        self.reader.reset();
        // The cells are never longer than the line.
        self.text.resize(line.len(), 0);
        self.ends.resize(line.len() + 1, 0);
        let (result, _, _, count) = self.reader.read_record(line, &mut self.text, &mut self.ends);
        let mut from = 0;
        for end in self.ends.iter().take(count) {
            self.places.push(from..*end);
            from = *end;
        }
        matches!(result, ReadRecordResult::Record)
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// A cell; empty where the line has none.
    pub(super) fn get(&self, place: usize) -> &[u8] {
        let cell = self.places.get(place).and_then(|cell| self.text.get(cell.clone()));
        cell.unwrap_or_default()
    }

    /// All cells.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|place| self.get(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(line: &str) -> Option<Vec<String>> {
        let mut cells = Cells::new();
        let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
        cells.take(line.as_bytes()).then(|| cells.iter().map(text).collect())
    }

    #[test]
    fn quotes_are_removed_and_an_open_one_is_noticed() {
        assert_eq!(taken("a,,c\r\n").unwrap(), ["a", "", "c"]);
        assert_eq!(taken("a,\"b, or \"\"c\"\"\",\n").unwrap(), ["a", "b, or \"c\"", ""]);
        assert_eq!(taken("a,\"b,c\n"), None);
    }

    proptest::proptest! {
        /// With or without a quote in the line, the same cells.
        #[test]
        fn both_ways_agree(cells in proptest::collection::vec("[a-z =;.]{0,5}", 2..9)) {
            let plain = taken(&format!("{}\n", cells.join(",")));
            let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{cell}\"")).collect();
            proptest::prop_assert_eq!(plain.as_ref(), Some(&cells));
            proptest::prop_assert_eq!(taken(&format!("{}\n", quoted.join(","))), plain);
        }
    }
}
