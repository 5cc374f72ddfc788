//! Where a header has what, and rows by that: columns are known by their names, so that every schema
//! and every configuration's classes are read alike.

use std::sync::Arc;

use jiff::Timestamp;

use super::cells::Cells;
use super::names::plain;
use super::{ClassCount, Hosts, Interval, Name, Names, Row};

/// Why a line is no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A quote is not closed.
    #[error("a quote is not closed")]
    Quote,
    /// It has more or fewer cells than the header.
    #[error("{found} of {expected} columns")]
    Columns {
        /// Its cells.
        found: usize,
        /// Those of the header.
        expected: usize,
    },
    /// A cell is empty, or has what does not belong there.
    #[error("{column}: `{found}` is not {expected}")]
    Cell {
        /// The column.
        column: String,
        /// The cell.
        found: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// It is no line of text at all.
    #[error("longer than any row")]
    Long,
    /// It is a header that lacks columns.
    #[error("a header without `{0}`")]
    Header(&'static str),
}

/// Where a header has what.
#[derive(Debug)]
pub(super) struct Columns {
    names: Vec<String>,
    run: usize,
    started: usize,
    ended: usize,
    vantage: usize,
    method: usize,
    scope: usize,
    classes: Vec<ClassColumns>,
    other: usize,
    unknown: usize,
    unreached: usize,
    carriers: usize,
    rtt: Option<usize>,
    hosts: Option<(usize, usize)>,
    complete: usize,
}

#[derive(Debug)]
struct ClassColumns {
    class: Name,
    count: usize,
    /// The share and its limits.
    share: Option<[usize; 3]>,
}

/// What rows beside each other share, so that it is not read again.
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

    pub(super) fn of(cells: &Cells, words: &mut Names) -> Result<Self, Broken> {
        let names: Vec<String> =
            cells.iter().map(|cell| String::from_utf8_lossy(without_mark(cell)).into()).collect();
        let maybe = |name: &str| names.iter().position(|column| column == name);
        let place = |name: &'static str| maybe(name).ok_or(Broken::Header(name));
        let share = |class: &str| {
            let limit = |end| maybe(&format!("{class}_{end}"));
            Some([limit("share")?, limit("low")?, limit("high")?])
        };
        // The classes are what stands between these two.
        let (before, other) = (place("targets")?, place("other")?);
        let between = names.iter().enumerate().take(other).skip(before + 1);
        let classes = between.map(|(count, name)| ClassColumns {
            class: words.of(name),
            count,
            share: share(name),
        });
        Ok(Self {
            run: place("run_id")?,
            started: place("started_at")?,
            ended: place("ended_at")?,
            vantage: place("vantage")?,
            method: place("method")?,
            scope: place("scope")?,
            classes: classes.collect(),
            other,
            unknown: place("unknown")?,
            unreached: place("unreached")?,
            carriers: place("carriers")?,
            rtt: maybe("rtt_ms"),
            hosts: maybe("pinged").zip(maybe("alive")),
            complete: place("complete")?,
            names,
        })
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads a row.
    pub(super) fn row(
        &self,
        cells: &Cells,
        words: &mut Names,
        last: &mut Last,
    ) -> Result<Row, Broken> {
        if cells.len() != self.names.len() {
            return Err(Broken::Columns { found: cells.len(), expected: self.names.len() });
        }
        let started = last.started(cells.get(self.started));
        let started = started.ok_or_else(|| self.broken(cells, self.started, TIME))?;
        let ended = last.ended(cells.get(self.ended), started);
        let scope = text(cells.get(self.scope)).and_then(|text| text.parse().ok());
        Ok(Row {
            run: last.run(cells.get(self.run)),
            started,
            ended: ended.ok_or_else(|| self.broken(cells, self.ended, TIME))?,
            vantage: words.of(&String::from_utf8_lossy(cells.get(self.vantage))),
            method: words.of(&String::from_utf8_lossy(cells.get(self.method))),
            scope: scope.ok_or_else(|| self.broken(cells, self.scope, "a prefix"))?,
            classes: self.classes(cells)?,
            other: self.number(cells, self.other)?,
            unknown: self.number(cells, self.unknown)?,
            unreached: self.number(cells, self.unreached)?,
            carriers: self.carriers(cells, words)?,
            rtt_ms: self.decimal(cells, self.rtt)?,
            hosts: self.hosts(cells)?,
            complete: match cells.get(self.complete) {
                b"true" => true,
                b"false" => false,
                _ => return Err(self.broken(cells, self.complete, "true or false")),
            },
        })
    }

    fn classes(&self, cells: &Cells) -> Result<Vec<ClassCount>, Broken> {
        let mut classes = Vec::with_capacity(self.classes.len());
        for columns in &self.classes {
            let [share, low, high] = match columns.share {
                Some(places) => [
                    self.decimal(cells, Some(places[0]))?,
                    self.decimal(cells, Some(places[1]))?,
                    self.decimal(cells, Some(places[2]))?,
                ],
                None => [None; 3],
            };
            let interval = |((share, low), high)| Interval { share, low, high };
            let share = share.zip(low).zip(high).map(interval);
            let count = self.number(cells, columns.count)?;
            classes.push(ClassCount { class: columns.class, count, share });
        }
        Ok(classes)
    }

    /// `name=count`, `;` between. A name may have any of these signs in it, a count has none.
    fn carriers(&self, cells: &Cells, words: &mut Names) -> Result<Vec<(Name, u32)>, Broken> {
        let wrong = || self.broken(cells, self.carriers, "name=count;name=count");
        let all = text(cells.get(self.carriers)).ok_or_else(wrong)?;
        let mut carriers = Vec::new();
        let mut rest = all;
        while !rest.is_empty() {
            let (name, count, after) = first_carrier(rest).ok_or_else(wrong)?;
            carriers.push((words.of(name), count));
            rest = after;
        }
        Ok(carriers)
    }

    fn hosts(&self, cells: &Cells) -> Result<Option<Hosts>, Broken> {
        let Some((pinged, alive)) = self.hosts else { return Ok(None) };
        if cells.get(pinged).is_empty() {
            return Ok(None);
        }
        let (pinged, alive) = (self.number(cells, pinged)?, self.number(cells, alive)?);
        Ok(Some(Hosts { pinged, alive: alive.min(pinged) }).filter(|hosts| hosts.pinged > 0))
    }

    fn number(&self, cells: &Cells, place: usize) -> Result<u32, Broken> {
        number(cells.get(place)).ok_or_else(|| self.broken(cells, place, "a count"))
    }

    fn decimal(&self, cells: &Cells, place: Option<usize>) -> Result<Option<f32>, Broken> {
        let Some(place) = place.filter(|place| !cells.get(*place).is_empty()) else {
            return Ok(None);
        };
        let number = text(cells.get(place)).and_then(|text| text.parse::<f32>().ok());
        let number = number.filter(|number| number.is_finite() && *number >= 0.0);
        number.map(Some).ok_or_else(|| self.broken(cells, place, "a number"))
    }

    fn broken(&self, cells: &Cells, place: usize, expected: &'static str) -> Broken {
        let found: String = String::from_utf8_lossy(cells.get(place)).chars().take(40).collect();
        let column = self.names.get(place).cloned().unwrap_or_default();
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

    /// Traces made elsewhere may say only when they began.
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

/// Digits; most of a history is that.
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
