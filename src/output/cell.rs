//! The values of a row, before they are written in some format.

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Unknown, or not measured.
    Empty,
    /// Text.
    Text(String),
    /// A number of things.
    Count(u64),
    /// A number with so many decimals.
    Decimal(f64, usize),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// Text that anything can be written as.
    #[expect(clippy::needless_pass_by_value, reason = "a reference is as good as a value")]
    pub fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }

    /// A number of things.
    pub fn count(value: impl TryInto<u64>) -> Self {
        value.try_into().map_or(Self::Empty, Self::Count)
    }

    /// A duration in milliseconds, to the microsecond.
    #[must_use]
    pub fn millis(value: std::time::Duration) -> Self {
        Self::Decimal(value.as_secs_f64() * 1000.0, 3)
    }

    /// A time of day, RFC 3339 in UTC, to the microsecond.
    #[must_use]
    pub fn time(value: jiff::Timestamp) -> Self {
        Self::Text(format!("{value:.6}"))
    }

    /// A value that may be unknown.
    pub fn maybe<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Empty, cell)
    }
}

/// Rows under one header.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The rows; each as long as the header.
    pub rows: Vec<Vec<Cell>>,
}
