//! All rows of all files, by time, to their series. One thread reads, another one sorts; then one merges what was
//! sorted, and another one follows.

use foldhash::{HashMap, HashMapExt as _};
use std::cmp::Reverse;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};

use super::coverage::{Comparable, Coverage};
use super::dedup::dedup;
use super::error::{HistoryError, LeftOut, Remark};
use super::event::Event;
use super::join::number_incidents;
use super::row::{Name, Names, Plane, Row};
use super::series::{Following, Series};
use super::sort::{Sorted, Sorter};
use super::summary_reader::{Line, SummaryReader};

/// How many rows are handed on at once.
const BATCH: usize = 256;
/// How many batches may wait.
const WAITING: usize = 64;
/// How many rows of runs that began at the same time are looked at together.
const TOGETHER: usize = 1 << 16;
/// How much a clock may be ahead of another one.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

/// What is wanted of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The time now. Rows of runs that began later are left out, with a remark; without it there are none.
    pub now: Option<Timestamp>,
    /// Rows of later runs are left out.
    pub until: Option<Timestamp>,
    /// Timelines begin here; states and events know what was before.
    pub from: Option<Timestamp>,
    /// Only these scopes; all when empty.
    pub scopes: Vec<Ipv4Net>,
    /// Only these vantages; all when empty.
    pub vantages: Vec<String>,
    /// How many buckets a timeline may have; none are kept for 0.
    pub buckets: usize,
}

/// What the files say.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The words behind every [`Name`].
    pub names: Names,
    /// Each vantage, method and scope, in this order; a block stands before its prefixes.
    pub series: Vec<Series>,
    /// What changed, oldest first.
    pub events: Vec<Event>,
    /// What became of the lines.
    pub counts: Counts,
}

impl History {
    /// Whether there are rows of what is announced and of traces.
    #[must_use]
    pub fn has_both_planes(&self) -> bool {
        let has = |plane| self.series.iter().any(|series| series.plane == plane);
        has(Plane::Control) && has(Plane::Data)
    }

    /// The series of each vantage and method, those of collectors first.
    #[must_use]
    pub fn groups(&self) -> Vec<&[Series]> {
        let of = |series: &Series| (series.vantage, series.method);
        let mut groups: Vec<&[Series]> =
            self.series.chunk_by(|one, other| of(one) == of(other)).collect();
        groups.sort_by_key(|group| group.first().map(|series| series.plane));
        groups
    }
}

/// What became of the lines of all files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that were used.
    pub used: u64,
    /// Rows that were there before: the same run, vantage, method and scope.
    pub doubled: u64,
    /// Rows that were not asked for.
    pub unwanted: u64,
    /// Lines that are no rows.
    pub malformed: u64,
    /// Rows of runs from the future.
    pub future: u64,
    /// Rows of a block that are not of the same prefixes as its others; the rows of their prefixes are used.
    pub partial: u64,
}

/// What lines are.
enum Found {
    Rows(Vec<Row>),
    /// A line of a file, by the file's place, that is left out.
    LeftOut(usize, u64, LeftOut),
    /// A row that was not asked for.
    Unwanted,
}

/// Reads summaries, of several vantages or years in any order, plain or compressed; `-` is stdin.
/// `remark` is called with every line that is left out because it is malformed or from the future.
///
/// # Errors
/// When a file cannot be read or is no summary, or there is no room for a temporary file.
pub fn read(
    files: &[PathBuf],
    wanted: &Wanted,
    remark: &mut dyn FnMut(&Remark<'_>),
) -> Result<History, HistoryError> {
    let mut counts = Counts::default();
    let (names, sorted) = sort(files, wanted, &mut counts, remark)?;
    let (series, together) = (HashMap::new(), Vec::new());
    let mut follow = Follow { series, together, events: Vec::new(), counts };
    in_two_threads(
        |out| merge(sorted, &out),
        |rows| {
            for row in rows {
                follow.row(row, wanted);
            }
            Ok(())
        },
    )?;
    follow.flush(wanted);
    Ok(follow.end(names))
}

/// Reads all files, and sorts their rows.
fn sort(
    files: &[PathBuf],
    wanted: &Wanted,
    counts: &mut Counts,
    remark: &mut dyn FnMut(&Remark<'_>),
) -> Result<(Names, Sorted), HistoryError> {
    let mut sorter = Sorter::default();
    let take = |found| {
        match found {
            Found::Rows(rows) => rows.into_iter().try_for_each(|row| sorter.push(row))?,
            Found::Unwanted => counts.unwanted += 1,
            Found::LeftOut(place, line, why) => {
                match why {
                    LeftOut::Malformed(_) => counts.malformed += 1,
                    LeftOut::Future { .. } => counts.future += 1,
                }
                let path = files.get(place).map_or(Path::new(""), PathBuf::as_path);
                remark(&Remark { path, line, why: &why });
            }
        }
        Ok(())
    };
    let names = in_two_threads(|out| read_files(files, wanted, &out), take)?;
    Ok((names, sorter.sorted()?))
}

/// Lets `make` run in a thread of its own, and `take` what it sends.
fn in_two_threads<T: Send, R: Send>(
    make: impl FnOnce(SyncSender<T>) -> Result<R, HistoryError> + Send,
    take: impl FnMut(T) -> Result<(), HistoryError>,
) -> Result<R, HistoryError> {
    thread::scope(|scope| {
        let (out, all) = sync_channel(WAITING);
        let maker = thread::Builder::new()
            .spawn_scoped(scope, move || make(out))
            .map_err(HistoryError::Thread)?;
        let taken = all.into_iter().try_for_each(take);
        let result = maker.join().unwrap_or_else(|panic| resume_unwind(panic));
        taken.and(result)
    })
}

/// Sends what the lines of all files are.
fn read_files(
    files: &[PathBuf],
    wanted: &Wanted,
    out: &SyncSender<Found>,
) -> Result<Names, HistoryError> {
    let mut names = Names::default();
    let vantages: Vec<Name> = wanted.vantages.iter().map(|vantage| names.of(vantage)).collect();
    // Of which prefixes a block's row is show the rows of those, so scopes are chosen later.
    let is_wanted = |row: &Row| {
        (vantages.is_empty() || vantages.contains(&row.vantage))
            && wanted.until.is_none_or(|until| row.started <= until)
    };
    let latest = wanted.now.map(|now| now.saturating_add(AHEAD).unwrap_or(now));
    let is_future = |row: &Row| latest.is_some_and(|latest| row.started > latest);
    for (place, path) in files.iter().enumerate() {
        let mut reader = SummaryReader::open(path, &mut names)?;
        let mut rows = Vec::with_capacity(BATCH);
        while let Some(line) = reader.next(&mut names)? {
            let sent = match line {
                Line::Row(row) if !is_wanted(&row) => out.send(Found::Unwanted),
                Line::Row(row) if is_future(&row) => {
                    let (run, began) = (row.run.to_string(), row.started);
                    let why =
                        LeftOut::Future { run, began, vantage: names.text(row.vantage).into() };
                    out.send(Found::LeftOut(place, reader.line(), why))
                }
                Line::Row(row) => {
                    rows.push(row);
                    if rows.len() < BATCH {
                        continue;
                    }
                    out.send(Found::Rows(std::mem::replace(&mut rows, Vec::with_capacity(BATCH))))
                }
                Line::Malformed(malformed) => {
                    out.send(Found::LeftOut(place, reader.line(), malformed.into()))
                }
            };
            // Who does not receive any more has failed, and says why.
            if sent.is_err() {
                return Ok(names);
            }
        }
        let _ = out.send(Found::Rows(rows));
    }
    Ok(names)
}

/// Sends all rows in their order.
fn merge(mut sorted: Sorted, out: &SyncSender<Vec<Row>>) -> Result<(), HistoryError> {
    loop {
        let rows = sorted.next()?;
        if rows.is_empty() || out.send(rows).is_err() {
            return Ok(());
        }
    }
}

/// Everything while rows go by.
struct Follow {
    series: HashMap<(Name, Name, Ipv4Net), (Following, Coverage)>,
    /// Rows of runs that began at the same time.
    together: Vec<Rc<Row>>,
    events: Vec<Event>,
    counts: Counts,
}

impl Follow {
    fn row(&mut self, row: Row, wanted: &Wanted) {
        let is_other = |first: &Rc<Row>| first.started != row.started;
        if self.together.first().is_some_and(is_other) || self.together.len() >= TOGETHER {
            self.flush(wanted);
        }
        self.together.push(Rc::new(row));
    }

    /// Follows the rows that wait, run by run.
    fn flush(&mut self, wanted: &Wanted) {
        let mut rows = std::mem::take(&mut self.together);
        let run = |row: &Row| (row.vantage, row.method, Rc::from(&*row.run));
        let is_same = |one: &Rc<Row>, other: &Rc<Row>| {
            (one.vantage, one.method, &one.run) == (other.vantage, other.method, &other.run)
        };
        if !rows.is_sorted_by(is_same) {
            rows.sort_by_cached_key(|row| -> (Name, Name, Rc<str>) { run(row) });
        }
        for run in rows.chunk_by(is_same) {
            for row in run {
                let inside = |scope: &Ipv4Net| row.scope != *scope && row.scope.contains(scope);
                let mut covered: Vec<Ipv4Net> =
                    run.iter().map(|row| row.scope).filter(inside).collect();
                covered.sort_unstable();
                covered.dedup();
                self.follow(row, &covered, wanted);
            }
        }
        rows.clear();
        self.together = rows;
    }

    fn follow(&mut self, row: &Rc<Row>, covered: &[Ipv4Net], wanted: &Wanted) {
        if !(wanted.scopes.is_empty() || wanted.scopes.contains(&row.scope)) {
            self.counts.unwanted += 1;
            return;
        }
        let key = (row.vantage, row.method, row.scope);
        let new = || (Following::new(row, wanted.buckets), Coverage::default());
        let (series, coverage) = self.series.entry(key).or_insert_with(new);
        if series.has(row) {
            self.counts.doubled += 1;
            return;
        }
        match coverage.take(covered) {
            Comparable::Yes => {}
            Comparable::Anew => series.begin_anew(row),
            Comparable::No => {
                self.counts.partial += 1;
                return;
            }
        }
        self.counts.used += 1;
        series.follow(row, wanted.from, &mut self.events);
    }

    fn end(self, names: Names) -> History {
        let ended = |(series, _): (Following, Coverage)| series.end();
        let mut series: Vec<Series> = self.series.into_values().map(ended).collect();
        series.sort_by(|one, other| order(one, &names).cmp(&order(other, &names)));
        if let Some(end) = series.iter().map(|series| series.state.ended).max() {
            for series in &mut series {
                series.timeline.end_at(end);
            }
        }
        let mut events = self.events;
        dedup(&mut events);
        events.sort_by_key(|event| {
            let Event { vantage, method, scope, kind, subject, .. } = *event;
            (event.after.at, Reverse(event.before.at), vantage, method, scope, kind, subject)
        });
        let pauses: HashMap<_, SignedDuration> = series
            .iter()
            .map(|it| ((it.vantage, it.method, it.scope), it.timeline.usual_pause()))
            .collect();
        let mut history = History { names, series, events: Vec::new(), counts: self.counts };
        number_incidents(&mut events, history.has_both_planes(), |event| {
            let place = (event.vantage, event.method, event.scope);
            // Between two runs in a row is one pause; the usual one is known within a factor of 2.
            let (from, to) = event.span();
            pauses.get(&place).map_or(SignedDuration::ZERO, |it| *it).min(to.duration_since(from))
        });
        history.events = events;
        history
    }
}

/// By vantage, method, address; a block before its prefixes.
fn order<'n>(series: &Series, names: &'n Names) -> (&'n str, &'n str, Ipv4Net) {
    (names.text(series.vantage), names.text(series.method), series.scope)
}
