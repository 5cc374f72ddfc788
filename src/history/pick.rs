//! Chooses two runs of a history by what a user calls them. All rows go by once, and only those of runs that may be
//! meant are kept.

use std::path::PathBuf;
use std::sync::Arc;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::plain_text::plain;

use super::error::{HistoryError, LeftOut, Remark};
use super::read::Wanted;
use super::row::{Name, Names, Row};
use super::spelling::{count, is_missing};
use super::summary_reader::{Line, SummaryReader};

/// How many runs are named where several may be meant, or none is.
const NAMED: usize = 4;
/// What an RFC 3339 time goes on with that is cut short.
const REST: &str = "0000-01-01T00:00:00Z";
/// What stands for the newest run.
const NEWEST: &str = "newest";

/// A run, with its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct PickedRun {
    /// Its identifier.
    pub run: Arc<str>,
    /// When it began.
    pub started: Timestamp,
    /// Where the probes left from.
    pub vantage: Name,
    /// `icmp`, `udp`, ...
    pub method: Name,
    /// What it saw, one row for each scope.
    pub rows: Vec<PickedRow>,
}

/// A row, with what the file says of it in words.
#[derive(Debug, Clone, PartialEq)]
pub struct PickedRow {
    /// The row.
    pub row: Row,
    /// Its verdict.
    pub verdict: String,
    /// How many different last foreign hops there are.
    pub last_hops: Option<u32>,
}

/// Two runs, and the words behind their names.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked {
    /// The words.
    pub names: Names,
    /// The runs.
    pub runs: [PickedRun; 2],
}

/// The two runs that `calls` name: by an identifier, a vantage (its newest run), the beginning of the time at which a
/// run began, or `newest`. `remark` is called with every line that is left out.
///
/// # Errors
/// When a file cannot be read, and where none or several runs are meant: the error names some.
pub fn pick(
    files: &[PathBuf],
    wanted: &Wanted,
    calls: [&str; 2],
    remark: &mut dyn FnMut(&Remark<'_>),
) -> Result<Picked, HistoryError> {
    let mut names = Names::default();
    let mut searches = calls.map(Search::new);
    for path in files {
        let mut reader = SummaryReader::open(path, &mut names)?;
        while let Some(line) = reader.next(&mut names)? {
            let row = match line {
                Line::Row(row) => row,
                Line::Malformed(malformed) => {
                    let why = LeftOut::from(malformed);
                    remark(&Remark { path: path.as_path(), line: reader.line(), why: &why });
                    continue;
                }
            };
            let vantage = names.text(row.vantage);
            let is_wanted = (wanted.vantages.is_empty()
                || wanted.vantages.iter().any(|label| label == vantage))
                && (wanted.scopes.is_empty() || wanted.scopes.contains(&row.scope))
                && wanted.until.is_none_or(|until| row.started <= until);
            if is_wanted {
                let (columns, line) = reader.cells();
                let cell = |name: &str| {
                    let place = columns.iter().position(|column| column == name);
                    place.map_or(&b""[..], |place| line.get(place))
                };
                let verdict = String::from_utf8_lossy(cell("verdict"));
                let row = PickedRow {
                    verdict: plain(verdict.trim()).into_owned(),
                    last_hops: Some(cell("last_hops")).filter(|it| !is_missing(it)).and_then(count),
                    row,
                };
                for search in &mut searches {
                    search.row(&row, vantage);
                }
            }
        }
    }
    let [first, second] = searches.map(|search| search.end(&names));
    Ok(Picked { runs: [first?, second?], names })
}

/// The runs that a user may mean.
struct Search<'c> {
    call: &'c str,
    /// The time that the call begins, where it is one.
    time: Option<Timestamp>,
    /// The run of the row before, which most rows share, and whether its time is meant.
    last: Option<(Arc<str>, Name, Name, bool)>,
    by_id: Several,
    by_time: Several,
    /// The newest run of the vantage that is called so, or of all.
    newest: Option<PickedRun>,
    /// Those that are nearest to the call, with their distances.
    nearest: Vec<(u128, String)>,
}

/// Runs that are called by one name: some of them, and whether there are more.
#[derive(Default)]
struct Several {
    runs: Vec<PickedRun>,
    more: bool,
}

impl<'c> Search<'c> {
    fn new(call: &'c str) -> Self {
        let rest = REST.get(call.len()..).unwrap_or_default();
        let is_time = call.len() >= "2017".len();
        let time = is_time.then(|| format!("{call}{rest}").parse().ok()).flatten();
        Self {
            call,
            time,
            last: None,
            by_id: Several::default(),
            by_time: Several::default(),
            newest: None,
            nearest: Vec::new(),
        }
    }

    fn row(&mut self, row: &PickedRow, vantage: &str) {
        let Row { run, started, vantage: from, method, .. } = &row.row;
        let is_last = matches!(
            &self.last,
            Some((id, at, by, _)) if id == run && at == from && by == method
        );
        if !is_last {
            let begins = format!("{started:.6}").starts_with(self.call.trim_end_matches('Z'));
            let is_meant = self.time.is_some() && begins;
            self.last = Some((Arc::clone(run), *from, *method, is_meant));
            self.compare(run, *started, vantage);
        }
        let time_is_meant = self.last.as_ref().is_some_and(|(.., is_meant)| *is_meant);
        if **run == *self.call {
            self.by_id.add(row);
        }
        if time_is_meant {
            self.by_time.add(row);
        }
        if self.call == vantage || self.call == NEWEST {
            match &mut self.newest {
                Some(newest) if newest.is_of(row) => newest.add(row),
                Some(newest) if newest.started >= *started => {}
                newest => *newest = Some(PickedRun::of(row)),
            }
        }
    }

    /// Remembers a run where it is nearer to the call than others.
    fn compare(&mut self, run: &str, started: Timestamp, vantage: &str) {
        let alike = |text: &str| {
            let both = text.chars().zip(self.call.chars());
            both.take_while(|(one, other)| one == other).count() as u128
        };
        let distance = self.time.map_or_else(
            || u128::MAX - alike(run).max(alike(vantage)),
            |time| started.duration_since(time).unsigned_abs().as_micros(),
        );
        let place = self.nearest.partition_point(|(other, _)| *other <= distance);
        if place < NAMED {
            let name = format!("{} ({started:.0} from {vantage:?})", plain(run));
            if self.nearest.iter().all(|(_, other)| *other != name) {
                self.nearest.insert(place, (distance, name));
                self.nearest.truncate(NAMED);
            }
        }
    }

    fn end(self, names: &Names) -> Result<PickedRun, HistoryError> {
        let Self { call, by_id, by_time, newest, nearest, .. } = self;
        let newest = Several { runs: newest.into_iter().collect(), more: false };
        let found = [by_id, newest, by_time].into_iter().find(|it| !it.runs.is_empty());
        let Some(Several { mut runs, more }) = found else {
            let nearest = nearest.into_iter().map(|(_, name)| name).collect();
            return Err(HistoryError::NoRun { call: call.to_owned(), nearest });
        };
        match runs.pop() {
            Some(run) if runs.is_empty() => Ok(run),
            last => {
                let runs = runs.iter().chain(&last).map(|run| run.describe(names)).collect();
                Err(HistoryError::SeveralRuns { call: call.to_owned(), runs, more })
            }
        }
    }
}

impl Several {
    fn add(&mut self, row: &PickedRow) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.is_of(row)) {
            run.add(row);
        } else if self.runs.len() < NAMED {
            self.runs.push(PickedRun::of(row));
        } else {
            self.more = true;
        }
    }
}

impl PickedRun {
    fn of(row: &PickedRow) -> Self {
        let Row { run, started, vantage, method, .. } = &row.row;
        let run = Arc::clone(run);
        Self { run, started: *started, vantage: *vantage, method: *method, rows: vec![row.clone()] }
    }

    fn is_of(&self, row: &PickedRow) -> bool {
        let Row { run, vantage, method, .. } = &row.row;
        (&self.run, &self.vantage, &self.method) == (run, vantage, method)
    }

    /// Adds a row, unless it is there.
    fn add(&mut self, row: &PickedRow) {
        if self.row(row.row.scope).is_none() {
            self.rows.push(row.clone());
        }
    }

    /// What it saw of a scope.
    #[must_use]
    pub fn row(&self, scope: Ipv4Net) -> Option<&PickedRow> {
        self.rows.iter().find(|row| row.row.scope == scope)
    }

    /// The run in a few words.
    #[must_use]
    pub fn describe(&self, names: &Names) -> String {
        let [vantage, method] = [self.vantage, self.method].map(|name| names.text(name));
        let from = if vantage.is_empty() { String::new() } else { format!(" from {vantage}") };
        format!("{}  {:.0}  {method}{from}", plain(&self.run), self.started)
    }
}
