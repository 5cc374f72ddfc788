//! Rows of typed cells under their header, before they are written in some format; and the run whose rows
//! they are.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;

use crate::columns::{Header, Row};
use crate::split::Doubt;
use crate::trace::is_simulated;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Unknown, or not measured.
    Empty,
    /// Text.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A number with this many decimals.
    Decimal(f64, usize),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// Anything that can be shown, as text.
    #[expect(clippy::needless_pass_by_value, reason = "a reference is as good as a value")]
    pub fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }

    /// A whole number.
    pub fn count(value: impl TryInto<u64>) -> Self {
        value.try_into().map_or(Self::Empty, Self::Count)
    }

    /// A duration in milliseconds, to the microsecond.
    #[must_use]
    pub fn millis(value: Duration) -> Self {
        Self::Decimal(value.as_secs_f64() * 1000.0, 3)
    }

    /// A share from 0 to 1, with four decimals.
    #[must_use]
    pub fn share(value: f64) -> Self {
        Self::Decimal(value, 4)
    }

    /// An instant, RFC 3339 in UTC, to the microsecond.
    #[must_use]
    pub fn time(value: Timestamp) -> Self {
        Self::Text(format!("{value:.6}"))
    }

    /// What `cell` makes of the value, or an empty cell where there is none.
    pub fn maybe<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Empty, cell)
    }

    /// Text, or an empty cell where there is none.
    #[must_use]
    pub fn text_or_empty(value: String) -> Self {
        if value.is_empty() { Self::Empty } else { Self::Text(value) }
    }
}

/// Rows under one header.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The columns.
    pub header: Header,
    /// The rows; each as long as the header.
    pub rows: Vec<Vec<Cell>>,
}

impl Rows {
    /// Rows of one table, under the header that it has with these classes.
    pub fn new<R: Row<Cell>>(classes: Vec<String>, rows: impl IntoIterator<Item = R>) -> Self {
        let header = Header::new(R::TABLE, classes);
        Self { header, rows: rows.into_iter().map(Row::into_values).collect() }
    }

    /// The same under the header of an earlier schema: new columns stand at the end, and the first one is the
    /// schema's number.
    pub(super) fn under(&self, header: &Header) -> Cow<'_, Self> {
        if *header == self.header {
            return Cow::Borrowed(self);
        }
        let row = |row: &Vec<Cell>| {
            let schema = std::iter::once(Cell::Count(header.schema()));
            schema.chain(row.iter().skip(1).cloned()).take(header.names().len()).collect()
        };
        Cow::Owned(Self { header: header.clone(), rows: self.rows.iter().map(row).collect() })
    }
}

/// What all rows of one execution have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Different for every run.
    pub id: String,
    /// When the first probe left, as far as that is known.
    pub started: Option<Timestamp>,
    /// When the last reply arrived, as far as that is known.
    pub ended: Option<Timestamp>,
    /// Where the probes left from; empty where nobody named it.
    pub vantage: String,
    /// `icmp`, `udp`, `tcp`, `both` or `all`; of traces made elsewhere what they have, with `+` between.
    pub method: String,
    /// Whether it came to its own end.
    pub complete: bool,
    /// What was found to speak against it, beside what its traces show.
    pub doubts: Vec<Doubt>,
}

impl Run {
    /// The cells of a row about a scope that are those of its run: identifier, start, end, vantage and method.
    pub(super) fn cells(&self) -> [Cell; 5] {
        [
            Cell::text(&self.id),
            Cell::maybe(self.started, Cell::time),
            Cell::maybe(self.ended, Cell::time),
            Cell::text(&self.vantage),
            Cell::text(&self.method),
        ]
    }

    /// The run in a line, to stand above a table: when, from where, how much, and how long it took. A run inside
    /// the lab says that first.
    pub(super) fn describe(&self, targets: usize, packets: usize) -> String {
        let from =
            if self.vantage.is_empty() { String::new() } else { format!(" from {}", self.vantage) };
        let cut = if self.complete { "" } else { " (INCOMPLETE)" };
        let took = self.started.zip(self.ended).map_or(String::new(), |(started, ended)| {
            format!(", {} s", ended.duration_since(started).as_secs())
        });
        let when = self.started.map_or(String::new(), |started| format!("{started:.0}  "));
        let simulated = if is_simulated(&self.vantage) { "SIMULATED: " } else { "" };
        format!(
            "{simulated}{when}{}  {targets} targets{from}, {packets} packets{took}{cut}",
            self.method
        )
    }
}
