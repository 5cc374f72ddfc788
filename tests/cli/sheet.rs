//! A CSV file or stream, read by the names of its columns.
#![expect(clippy::expect_used, reason = "what cannot be read is a failure")]

/// A header and rows.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Sheet {
    pub(crate) fn read(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        let header = cells(reader.headers().expect("a header"));
        let rows = reader.records().map(|row| cells(&row.expect("a row"))).collect();
        Self { header, rows }
    }

    /// A column, from the first row to the last.
    pub(crate) fn column(&self, name: &str) -> Vec<&str> {
        let place = self.header.iter().position(|column| column == name).expect(name);
        self.rows.iter().map(|row| row[place].as_str()).collect()
    }

    /// The same, as numbers.
    pub(crate) fn numbers(&self, name: &str) -> Vec<usize> {
        self.column(name).iter().map(|cell| cell.parse().expect(name)).collect()
    }

    /// The sum of a column.
    pub(crate) fn total(&self, name: &str) -> usize {
        self.numbers(name).iter().sum()
    }

    /// The rows that have `value` in a column.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let keep = self.column(name).into_iter().map(|cell| cell == value);
        let rows = self.rows.iter().zip(keep).filter(|(_, keep)| *keep);
        Self { header: self.header.clone(), rows: rows.map(|(row, _)| row.clone()).collect() }
    }
}
