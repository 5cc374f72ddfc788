//! All rows, one after the other, to their series: one thread reads, the other follows.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::mpsc::sync_channel;
use std::thread;

use ipnet::Ipv4Net;

use super::merge::{Ended, Found, Merge};
use super::series::Following;
use super::told_twice;
use super::{Counts, Event, History, HistoryError, Name, Names, Remark, Row, Series, Wanted};

/// How many batches may wait to be followed.
const WAITING: usize = 64;

/// Everything while rows go by.
#[derive(Default)]
struct Follow {
    series: HashMap<(Name, Name, Ipv4Net), Following>,
    events: Vec<Event>,
    counts: Counts,
}

pub(super) fn read(
    files: &[PathBuf],
    wanted: &Wanted,
    remark: &mut dyn FnMut(&Remark<'_>),
) -> Result<History, HistoryError> {
    // Up to which line each file's broken lines were told: they are told once.
    let mut told = vec![0; files.len()];
    let (follow, ended) = attempt(files, wanted, Merge::straight, &mut told, remark)?;
    let (place, line) = match ended {
        Ended::Whole(names) => return Ok(follow.end(names)),
        Ended::Disorder(place, line) => (place, line),
    };
    if let Some(path) = files.iter().find(|path| !path.is_file()) {
        let (path, disordered) = (path.clone(), files.get(place).cloned().unwrap_or_default());
        return Err(HistoryError::Disorder { path, disordered, line });
    }
    let (follow, ended) = attempt(files, wanted, Merge::sorted, &mut told, remark)?;
    match ended {
        Ended::Whole(names) => Ok(follow.end(names)),
        Ended::Disorder(..) => Ok(follow.end(Names::default())),
    }
}

fn attempt<'a>(
    files: &'a [PathBuf],
    wanted: &'a Wanted,
    how: fn(Merge<'a>) -> Result<Ended, HistoryError>,
    told: &mut [u64],
    remark: &mut dyn FnMut(&Remark<'_>),
) -> Result<(Follow, Ended), HistoryError> {
    let mut follow = Follow::default();
    let ended = thread::scope(|scope| {
        let (out, found) = sync_channel(WAITING);
        let reading = scope.spawn(move || how(Merge::new(files, wanted, out)));
        for found in found {
            match found {
                Found::Rows(rows) => rows.into_iter().for_each(|row| follow.row(row, wanted)),
                Found::Unwanted => follow.counts.unwanted += 1,
                Found::Broken(place, line, broken) => {
                    follow.counts.broken += 1;
                    if let Some(told) = told.get_mut(place).filter(|told| **told < line) {
                        *told = line;
                        let path = files.get(place).map_or(Path::new(""), PathBuf::as_path);
                        remark(&Remark { path, line, broken: &broken });
                    }
                }
            }
        }
        reading.join().unwrap_or_else(|panic| resume_unwind(panic))
    })?;
    Ok((follow, ended))
}

impl Follow {
    fn row(&mut self, row: Row, wanted: &Wanted) {
        let row = Rc::new(row);
        let key = (row.vantage, row.method, row.scope);
        let new = || Following::new(&row, wanted.buckets);
        let series = self.series.entry(key).or_insert_with(new);
        if series.has(&row) {
            self.counts.doubled += 1;
            return;
        }
        self.counts.used += 1;
        series.follow(&row, wanted.from, &mut self.events);
    }

    fn end(self, names: Names) -> History {
        let mut series: Vec<Series> = self.series.into_values().map(Following::end).collect();
        series.sort_by(|one, other| order(one, &names).cmp(&order(other, &names)));
        let mut events = self.events;
        told_twice::leave_out(&mut events);
        events.sort_by_key(|event| {
            let Event { vantage, method, scope, kind, subject, .. } = *event;
            (event.after.at, Reverse(event.before.at), vantage, method, scope, kind, subject)
        });
        History { names, series, events, counts: self.counts }
    }
}

/// By vantage, method, address; a block before its prefixes.
fn order<'n>(series: &Series, names: &'n Names) -> (&'n str, &'n str, Ipv4Net) {
    (names.text(series.vantage), names.text(series.method), series.scope)
}
