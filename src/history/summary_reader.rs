//! Reads one summary, line after line, as rows. Cells are found by the names in the header, so that every
//! schema, every configuration's classes and every order of columns are read alike; a header may come again at
//! any line. Each line is read by itself, so that a malformed one spoils no other. A value that another program
//! has written in its own spelling is the same value (`spelling`).

use std::io::{self, BufRead, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::columns::{Kind, Row as _, SUMMARY, SummaryRow};
use crate::input;
use crate::output::{BGP_METHOD, NO_MESSAGE};
use crate::plain_text::plain;

use super::csv_line::Cells;
use super::error::{HistoryError, Malformed};
use super::row::{ClassCount, Hosts, Interval, Name, Names, Plane, Row, VantageState};
use super::spelling::{count, decimal, flag, instant, is_missing};

/// The longest line that may be a row: far longer than any.
const LONGEST: u64 = 1 << 20;

/// A file of rows, opened, with its header read.
pub(super) struct SummaryReader {
    input: Box<dyn BufRead + Send>,
    path: PathBuf,
    line: u64,
    text: Vec<u8>,
    cells: Cells,
    columns: Columns,
    last: Last,
}

/// What a line is.
pub(super) enum Line {
    Row(Row),
    Malformed(Malformed),
}

impl SummaryReader {
    /// Opens `path`, plain or compressed; stdin for `-`.
    pub(super) fn open(path: &Path, names: &mut Names) -> Result<Self, HistoryError> {
        let failed = |source| HistoryError::Io { path: path.into(), source };
        let file = (path.as_os_str() != "-").then_some(path);
        let input = input::open(file).map_err(failed)?.input;
        Self::of(path, input, names)
    }

    /// The same of anything that can be read.
    pub(super) fn of(
        path: &Path,
        mut input: Box<dyn BufRead + Send>,
        names: &mut Names,
    ) -> Result<Self, HistoryError> {
        let failed = |source| HistoryError::Io { path: path.into(), source };
        let (mut text, mut cells) = (Vec::new(), Cells::new());
        let read = next_line(&mut input, &mut text).map_err(failed)?;
        let header = |why: String| HistoryError::NoSummary { path: path.into(), why };
        if !read {
            return Err(header("it is empty".into()));
        }
        if !cells.take(&text) || !is_header(&cells) {
            return Err(header("its first line is no header with a column `schema`".into()));
        }
        let columns =
            Columns::of(&cells, names).map_err(|malformed| header(malformed.to_string()))?;
        Ok(Self { input, path: path.into(), line: 1, text, cells, columns, last: Last::default() })
    }

    /// The line that was read last, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The names of the present columns, and the cells of the line that was read last.
    pub(super) fn cells(&self) -> (&[String], &Cells) {
        (self.columns.names(), &self.cells)
    }

    /// The next line that has something to say; a header that comes again is followed.
    pub(super) fn next(&mut self, names: &mut Names) -> Result<Option<Line>, HistoryError> {
        loop {
            let read = next_line(&mut self.input, &mut self.text);
            let path = || self.path.clone();
            if !read.map_err(|source| HistoryError::Io { path: path(), source })? {
                return Ok(None);
            }
            self.line += 1;
            if self.text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match self.take(names) {
                Ok(Some(row)) => return Ok(Some(Line::Row(row))),
                Ok(None) => {}
                Err(malformed) => return Ok(Some(Line::Malformed(malformed))),
            }
        }
    }

    fn take(&mut self, names: &mut Names) -> Result<Option<Row>, Malformed> {
        if too_long(&self.text) {
            return Err(Malformed::Long);
        }
        if !self.cells.take(&self.text) {
            return Err(Malformed::Quote);
        }
        match self.columns.row(&self.cells, names, &mut self.last) {
            // Looked for last, since next to no line is a header.
            Err(_) if is_header(&self.cells) => {
                self.columns = Columns::of(&self.cells, names)?;
                Ok(None)
            }
            row => row.map(Some),
        }
    }
}

/// Whether a line is a header, in whatever order its columns are.
fn is_header(cells: &Cells) -> bool {
    cells.iter().any(|cell| without_mark(cell) == b"schema")
        && cells.iter().any(|cell| without_mark(cell) == b"run_id")
}

/// Reads a line with its newline, which is added where the last one has none. Of a line that is too
/// long only the beginning is kept. False at the end.
fn next_line(input: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<bool> {
    text.clear();
    if input.by_ref().take(LONGEST).read_until(b'\n', text)? == 0 {
        return Ok(false);
    }
    if !text.ends_with(b"\n") {
        if too_long(text) {
            input.skip_until(b'\n')?;
        }
        text.push(b'\n');
    }
    Ok(true)
}

fn too_long(text: &[u8]) -> bool {
    u64::try_from(text.len()).is_ok_and(|length| length >= LONGEST)
}

/// The columns of a header that was read.
struct Columns {
    header: Vec<String>,
    /// The place of each column that the program knows, or [`ABSENT`].
    places: SummaryRow<usize>,
    classes: Vec<Name>,
    /// How many cells a line must have: what comes behind may be empty.
    least: usize,
}

/// The place of a column that a header lacks: every line is empty there.
const ABSENT: usize = usize::MAX;

/// The values of the row before, which most rows share, so that they are not parsed again.
#[derive(Debug, Default)]
struct Last {
    run: Option<Arc<str>>,
    started: (Vec<u8>, Timestamp),
    ended: (Vec<u8>, Timestamp),
}

impl Columns {
    fn of(cells: &Cells, names: &mut Names) -> Result<Self, Malformed> {
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
            return Err(Malformed::Header(name));
        }
        // A class is what has a share, whatever stands between.
        let shared = header.iter().filter_map(|column| column.strip_suffix("_share"));
        let classes: Vec<String> = shared.map(str::to_owned).collect();
        let counted = |class: &&String| place(class) == ABSENT;
        if let Some(class) = classes.iter().find(counted) {
            return Err(Malformed::Header(class.clone()));
        }
        Ok(Self {
            places: SummaryRow::by_name(&classes, place),
            least: least(&header, &classes),
            classes: classes.iter().map(|class| names.of(class)).collect(),
            header,
        })
    }

    /// The names of the columns.
    fn names(&self) -> &[String] {
        &self.header
    }

    /// Reads a row.
    fn row(&self, cells: &Cells, names: &mut Names, last: &mut Last) -> Result<Row, Malformed> {
        self.check_length(cells)?;
        let places = &self.places;
        let started = last.started(cells.get(places.started_at));
        let started = started.ok_or_else(|| self.malformed(cells, places.started_at, TIME))?;
        let ended = last.ended(cells.get(places.ended_at), started);
        let scope = text(cells.get(places.scope)).and_then(|text| text.trim().parse().ok());
        let is_announced =
            text(cells.get(places.method)).is_some_and(|method| method == BGP_METHOD);
        let row = Row {
            run: last.run(cells.get(places.run_id)),
            started,
            ended: ended.ok_or_else(|| self.malformed(cells, places.ended_at, TIME))?,
            vantage: names.of(&String::from_utf8_lossy(cells.get(places.vantage))),
            method: names.of(&String::from_utf8_lossy(cells.get(places.method))),
            scope: scope.ok_or_else(|| self.malformed(cells, places.scope, "a prefix"))?,
            classes: self.classes(cells)?,
            other: self.number(cells, places.other)?,
            unknown: self.number(cells, places.unknown)?,
            unreached: self.number(cells, places.unreached)?,
            carriers: self.carriers(cells, names)?,
            rtt_ms: self.decimal(cells, places.rtt_ms)?,
            hosts: self.hosts(cells)?,
            complete: flag(cells.get(places.complete))
                .ok_or_else(|| self.malformed(cells, places.complete, "true or false"))?,
            vantage_is: self.vantage_state(cells)?,
            plane: if is_announced { Plane::Control } else { Plane::Data },
            is_change: is_announced
                && !self.doubts(cells).any(|mark| mark == NO_MESSAGE.as_bytes()),
            full_peers: self.maybe(cells, places.full_peers)?,
            proven: self.maybe(cells, places.proven)?,
        };
        self.check_verdict(cells, names, &row)?;
        Ok(row)
    }

    /// A spreadsheet leaves empty cells at a line's end away, or adds some. What a torn row lacks are other
    /// cells, too.
    fn check_length(&self, cells: &Cells) -> Result<(), Malformed> {
        let (found, expected) = (cells.len(), self.header.len());
        if found == expected {
            return Ok(());
        }
        let places = &self.places;
        let spare = (expected..found).all(|place| cells.get(place).is_empty());
        let is_there = |place: usize| place == ABSENT || place < found;
        let pinged = is_missing(cells.get(places.pinged))
            || is_there(places.alive) && is_there(places.suspect);
        if spare && found >= self.least && pinged {
            return Ok(());
        }
        Err(Malformed::Columns { found, expected })
    }

    /// The verdict follows from the counts, so one that does not shows that cells were moved or lost.
    fn check_verdict(&self, cells: &Cells, names: &Names, row: &Row) -> Result<(), Malformed> {
        let verdict = text(cells.get(self.places.verdict)).unwrap_or_default().trim();
        let agrees = |is_there: &dyn Fn(&&ClassCount) -> bool, has_others: bool| {
            let mut there = row.classes.iter().filter(is_there);
            match (verdict, there.next(), there.next()) {
                ("", ..) => true,
                ("unknown" | "unreached", only, _) => only.is_none(),
                ("other", only, _) => only.is_none() && has_others,
                ("mixed", Some(_), other) => other.is_some() || has_others,
                // What is `other` with little confidence is in no share and no verdict.
                (class, Some(only), None) => names.text(only.class) == class,
                _ => false,
            }
        };
        // Of BGP it follows from the shares: the counts of peers are rounded.
        let shares: Vec<f32> =
            row.classes.iter().filter_map(|class| Some(class.share?.share)).collect();
        let has_share = |class: &&ClassCount| class.share.is_some_and(|of| of.share > 0.0);
        let is_rest = !shares.is_empty() && shares.iter().sum::<f32>() < 0.9998;
        let agrees = agrees(&|class| class.count > 0, row.other > 0)
            || row.is_exact() && agrees(&has_share, is_rest);
        let verdict = || plain(&verdict.chars().take(40).collect::<String>()).into_owned();
        if agrees { Ok(()) } else { Err(Malformed::Verdict { verdict: verdict() }) }
    }

    fn classes(&self, cells: &Cells) -> Result<Vec<ClassCount>, Malformed> {
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
    fn carriers(&self, cells: &Cells, names: &mut Names) -> Result<Vec<(Name, u32)>, Malformed> {
        let wrong = || self.malformed(cells, self.places.carriers, "name=count;name=count");
        let cell = cells.get(self.places.carriers);
        if is_missing(cell) {
            return Ok(Vec::new());
        }
        let all = text(cell).ok_or_else(wrong)?;
        let mut carriers = Vec::new();
        let mut rest = all;
        while !rest.is_empty() {
            let (name, count, after) = first_carrier(rest).ok_or_else(wrong)?;
            carriers.push((names.of(name), count));
            rest = after;
        }
        Ok(carriers)
    }

    fn hosts(&self, cells: &Cells) -> Result<Option<Hosts>, Malformed> {
        if is_missing(cells.get(self.places.pinged)) {
            return Ok(None);
        }
        let pinged = self.number(cells, self.places.pinged)?;
        let alive = self.number(cells, self.places.alive)?.min(pinged);
        Ok(Some(Hosts { pinged, alive }).filter(|hosts| hosts.pinged > 0))
    }

    fn maybe(&self, cells: &Cells, place: usize) -> Result<Option<u32>, Malformed> {
        if is_missing(cells.get(place)) { Ok(None) } else { self.number(cells, place).map(Some) }
    }

    fn doubts<'c>(&self, cells: &'c Cells) -> impl Iterator<Item = &'c [u8]> {
        cells.get(self.places.doubts).split(|byte| *byte == b';')
    }

    /// What the run says of its vantage; marks that are not known are others' business.
    fn vantage_state(&self, cells: &Cells) -> Result<VantageState, Malformed> {
        let way_out = cells.get(self.places.way_out);
        if !is_missing(way_out) {
            let expected = || self.malformed(cells, self.places.way_out, "true or false");
            if !flag(way_out).ok_or_else(expected)? {
                return Ok(VantageState::NoWayOut);
            }
        }
        let is_doubtful =
            self.doubts(cells).any(|mark| matches!(mark, b"near" | b"uplink" | b"gateway"));
        Ok(if is_doubtful { VantageState::Doubtful } else { VantageState::Sound })
    }

    fn number(&self, cells: &Cells, place: usize) -> Result<u32, Malformed> {
        count(cells.get(place)).ok_or_else(|| self.malformed(cells, place, "a count"))
    }

    fn decimal(&self, cells: &Cells, place: usize) -> Result<Option<f32>, Malformed> {
        let cell = cells.get(place);
        if is_missing(cell) {
            return Ok(None);
        }
        decimal(cell).map(Some).ok_or_else(|| self.malformed(cells, place, "a number"))
    }

    fn malformed(&self, cells: &Cells, place: usize, expected: &'static str) -> Malformed {
        let found: String = String::from_utf8_lossy(cells.get(place)).chars().take(40).collect();
        let column = self.header.get(place).cloned().unwrap_or_default();
        Malformed::Cell { column, found: found.escape_debug().to_string(), expected }
    }
}

const TIME: &str = "a time such as 2017-10-01T09:07:51Z";

/// How many cells of a header no line may lack.
fn least(header: &[String], classes: &[String]) -> usize {
    let known = SUMMARY.columns(SUMMARY.schema(), classes);
    let is_needed = |name: &String| {
        let column = known.iter().find(|(known, _)| known == name);
        column.is_some_and(|(_, column)| !matches!(column.kind, Kind::Maybe(_)))
    };
    header.iter().rposition(is_needed).map_or(0, |place| place + 1)
}

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
        if is_missing(cell) {
            return Some(started);
        }
        time(cell, &mut self.ended).map(|ended| ended.max(started))
    }
}

fn time(cell: &[u8], last: &mut (Vec<u8>, Timestamp)) -> Option<Timestamp> {
    if last.0 != cell || cell.is_empty() {
        let at = instant(text(cell)?)?;
        last.0.clear();
        last.0.extend_from_slice(cell);
        last.1 = at;
    }
    Some(last.1)
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
