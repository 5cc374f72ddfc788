//! Reads rows of a summary by the names in their header, so that every schema and every configuration's
//! classes are read alike.

use std::sync::Arc;

use jiff::Timestamp;

use crate::columns::{Row as _, SummaryRow};

use super::cells::Cells;
use super::names::{Name, Names, plain};
use super::row::{ClassCount, Hosts, Interval, Row};

/// Why a line is no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A quote is not closed.
    #[error("a quote is not closed")]
    Quote,
    /// The line has more or fewer cells than the header.
    #[error("{found} of {expected} columns")]
    Columns {
        /// Its cells.
        found: usize,
        /// Those of the header.
        expected: usize,
    },
    /// A cell is empty, or has a wrong value.
    #[error("{column}: `{found}` is not {expected}")]
    Cell {
        /// The column.
        column: String,
        /// The cell.
        found: String,
        /// What stands there in a right row.
        expected: &'static str,
    },
    /// The line is longer than any row.
    #[error("longer than any row")]
    Long,
    /// A header lacks a column.
    #[error("a header without `{0}`")]
    Header(String),
}

/// The columns of a header that was read.
pub(super) struct Columns {
    header: Vec<String>,
    /// The place of each column that the program knows, or [`ABSENT`].
    places: SummaryRow<usize>,
    classes: Vec<Name>,
}

/// The place of a column that a header lacks: every line is empty there.
const ABSENT: usize = usize::MAX;

/// The values of the row before, which most rows share, so that they are not parsed again.
#[derive(Debug, Default)]
pub(super) struct Last {
    run: Option<Arc<str>>,
    started: (Vec<u8>, Timestamp),
    ended: (Vec<u8>, Timestamp),
}

impl Columns {
    /// Whether a line is a header.
    pub(super) fn is_header(cells: &Cells) -> bool {
        without_mark(cells.get(0)) == b"schema"
    }

    pub(super) fn of(cells: &Cells, names: &mut Names) -> Result<Self, Broken> {
        let header: Vec<String> =
            cells.iter().map(|cell| String::from_utf8_lossy(without_mark(cell)).into()).collect();
        let place = |name: &str| header.iter().position(|column| column == name).unwrap_or(ABSENT);
        let known = SummaryRow::by_name(&[], str::to_owned);
        let required = [
            known.targets,
            known.other,
            known.run_id,
            known.started_at,
            known.ended_at,
            known.vantage,
            known.method,
            known.scope,
            known.unknown,
            known.unreached,
            known.carriers,
            known.complete,
        ];
        if let Some(name) = required.into_iter().find(|name| place(name) == ABSENT) {
            return Err(Broken::Header(name));
        }
        // Every name between these two is a class.
        let places = SummaryRow::by_name(&[], place);
        let classes = header.get(places.targets + 1..places.other).unwrap_or_default();
        Ok(Self {
            places: SummaryRow::by_name(classes, place),
            classes: classes.iter().map(|class| names.of(class)).collect(),
            header,
        })
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> &[String] {
        &self.header
    }

    /// Reads a row.
    pub(super) fn row(
        &self,
        cells: &Cells,
        names: &mut Names,
        last: &mut Last,
    ) -> Result<Row, Broken> {
        if cells.len() != self.header.len() {
            return Err(Broken::Columns { found: cells.len(), expected: self.header.len() });
        }
        let places = &self.places;
        let started = last.started(cells.get(places.started_at));
        let started = started.ok_or_else(|| self.broken(cells, places.started_at, TIME))?;
        let ended = last.ended(cells.get(places.ended_at), started);
        let scope = text(cells.get(places.scope)).and_then(|text| text.parse().ok());
        Ok(Row {
            run: last.run(cells.get(places.run_id)),
            started,
            ended: ended.ok_or_else(|| self.broken(cells, places.ended_at, TIME))?,
            vantage: names.of(&String::from_utf8_lossy(cells.get(places.vantage))),
            method: names.of(&String::from_utf8_lossy(cells.get(places.method))),
            scope: scope.ok_or_else(|| self.broken(cells, places.scope, "a prefix"))?,
            classes: self.classes(cells)?,
            other: self.number(cells, places.other)?,
            unknown: self.number(cells, places.unknown)?,
            unreached: self.number(cells, places.unreached)?,
            carriers: self.carriers(cells, names)?,
            rtt_ms: self.decimal(cells, places.rtt_ms)?,
            hosts: self.hosts(cells)?,
            complete: match cells.get(places.complete) {
                b"true" => true,
                b"false" => false,
                _ => return Err(self.broken(cells, places.complete, "true or false")),
            },
        })
    }

    fn classes(&self, cells: &Cells) -> Result<Vec<ClassCount>, Broken> {
        let mut classes = Vec::with_capacity(self.classes.len());
        let places = self.places.classes.iter().zip(&self.places.shares);
        for (class, ([count], [share, low, high])) in self.classes.iter().zip(places) {
            let [share, low, high] = [
                self.decimal(cells, *share)?,
                self.decimal(cells, *low)?,
                self.decimal(cells, *high)?,
            ];
            let interval = |((share, low), high)| Interval { share, low, high };
            let share = share.zip(low).zip(high).map(interval);
            classes.push(ClassCount { class: *class, count: self.number(cells, *count)?, share });
        }
        Ok(classes)
    }

    /// `name=count`, `;` between. A name may contain these signs, a count does not.
    fn carriers(&self, cells: &Cells, names: &mut Names) -> Result<Vec<(Name, u32)>, Broken> {
        let wrong = || self.broken(cells, self.places.carriers, "name=count;name=count");
        let all = text(cells.get(self.places.carriers)).ok_or_else(wrong)?;
        let mut carriers = Vec::new();
        let mut rest = all;
        while !rest.is_empty() {
            let (name, count, after) = first_carrier(rest).ok_or_else(wrong)?;
            carriers.push((names.of(name), count));
            rest = after;
        }
        Ok(carriers)
    }

    fn hosts(&self, cells: &Cells) -> Result<Option<Hosts>, Broken> {
        if cells.get(self.places.pinged).is_empty() {
            return Ok(None);
        }
        let pinged = self.number(cells, self.places.pinged)?;
        let alive = self.number(cells, self.places.alive)?.min(pinged);
        Ok(Some(Hosts { pinged, alive }).filter(|hosts| hosts.pinged > 0))
    }

    fn number(&self, cells: &Cells, place: usize) -> Result<u32, Broken> {
        number(cells.get(place)).ok_or_else(|| self.broken(cells, place, "a count"))
    }

    fn decimal(&self, cells: &Cells, place: usize) -> Result<Option<f32>, Broken> {
        let cell = cells.get(place);
        if cell.is_empty() {
            return Ok(None);
        }
        let number = text(cell).and_then(|text| text.parse::<f32>().ok());
        let number = number.filter(|number| number.is_finite() && *number >= 0.0);
        number.map(Some).ok_or_else(|| self.broken(cells, place, "a number"))
    }

    fn broken(&self, cells: &Cells, place: usize, expected: &'static str) -> Broken {
        let found: String = String::from_utf8_lossy(cells.get(place)).chars().take(40).collect();
        let column = self.header.get(place).cloned().unwrap_or_default();
        Broken::Cell { column, found: found.escape_debug().to_string(), expected }
    }
}

const TIME: &str = "a time such as 2017-10-01T09:07:51Z";

impl Last {
    fn run(&mut self, id: &[u8]) -> Arc<str> {
        match &self.run {
            Some(run) if run.as_bytes() == id => Arc::clone(run),
            _ => Arc::clone(self.run.insert(plain(&String::from_utf8_lossy(id)).into())),
        }
    }

    fn started(&mut self, cell: &[u8]) -> Option<Timestamp> {
        time(cell, &mut self.started)
    }

    /// The end of the run. Traces made elsewhere may have only its start.
    fn ended(&mut self, cell: &[u8], started: Timestamp) -> Option<Timestamp> {
        if cell.is_empty() {
            return Some(started);
        }
        time(cell, &mut self.ended).map(|ended| ended.max(started))
    }
}

fn time(cell: &[u8], last: &mut (Vec<u8>, Timestamp)) -> Option<Timestamp> {
    if last.0 != cell || cell.is_empty() {
        let at = text(cell)?.parse().ok()?;
        last.0.clear();
        last.0.extend_from_slice(cell);
        last.1 = at;
    }
    Some(last.1)
}

/// A number of digits alone. Most cells of a history are such, so this is fast.
fn number(cell: &[u8]) -> Option<u32> {
    let digit = |number: u32, byte: &u8| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    };
    if cell.is_empty() { None } else { cell.iter().try_fold(0, digit) }
}

fn text(cell: &[u8]) -> Option<&str> {
    std::str::from_utf8(cell).ok()
}

/// A spreadsheet may put a byte order mark before the first column.
fn without_mark(cell: &[u8]) -> &[u8] {
    cell.strip_prefix("\u{feff}".as_bytes()).unwrap_or(cell)
}

/// The first carrier, its count, and what comes behind it.
fn first_carrier(text: &str) -> Option<(&str, u32, &str)> {
    let mut from = 0;
    loop {
        let equals = from + text.get(from..)?.find('=')?;
        let rest = text.get(equals + 1..)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at(digits);
        let after = if behind.is_empty() { Some("") } else { behind.strip_prefix(';') };
        if let (Ok(count), Some(after)) = (number.parse(), after) {
            return Some((text.get(..equals)?, count, after));
        }
        from = equals + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carrier_may_be_named_anything() {
        assert_eq!(
            first_carrier("TransTeleCom=10;Cenbong=6"),
            Some(("TransTeleCom", 10, "Cenbong=6"))
        );
        assert_eq!(first_carrier("a=b;c=1"), Some(("a=b;c", 1, "")));
        assert_eq!(first_carrier("x=1=2"), Some(("x=1", 2, "")));
        assert_eq!(first_carrier("none"), None);
        assert_eq!(first_carrier("x=1;"), Some(("x", 1, "")));
    }
}
