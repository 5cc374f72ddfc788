//! A file of rows that a user names: CSV, or JSON lines where the name ends in .jsonl.

use std::cell::Cell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;

use crate::columns::Header;
use crate::output::{Appender, LastRows, OutputError, Rows, is_simulated, write_csv, write_jsonl};

use super::common::Common;
use super::outputs::is_stdout;

/// Opens a history for appending. What had to be put aside is reported even with `--quiet`.
pub(super) fn open_history(
    path: &Path,
    header: Header,
    wait: Duration,
    common: &Common,
) -> Result<Appender, OutputError> {
    let appender = Appender::open(path, header, wait)?;
    for torn in appender.set_aside() {
        let (path, to) = (torn.path.display(), torn.to.display());
        let line = torn.line;
        common.error(&format!("{path}:{line}: the last row was torn; it is in {to} now"));
    }
    if let Some((schema, lacks)) = appender.earlier() {
        common.warn(&format!(
            "{path}: an earlier version began it, so rows go on in its columns (schema {schema}), without {lacks}; \
             `lasthop report --migrate {path} --in-place` brings it up to date",
            path = path.display(),
            lacks = lacks.join(","),
        ));
    }
    Ok(appender)
}

/// Appends the rows of a run. Where they are, if not where they were meant to be, is reported even with `--quiet`.
pub(super) fn append_rows(
    history: &mut Appender,
    rows: &Rows,
    common: &Common,
) -> Result<(), OutputError> {
    history.append(rows)?;
    if let Some(to) = history.moved_to() {
        let (path, to) = (history.path().display(), to.display());
        common.error(&format!(
            "{path}: it was moved away during the run, and without privileges the name cannot be opened again: the \
             rows are in {to}"
        ));
    }
    Ok(())
}

/// Refuses rows of the lab for a history that has rows and none of the lab, and warns where a run that begins `now`
/// would stand before the newest one.
pub(super) fn check_history(
    path: &Path,
    header: &Header,
    vantage: &str,
    now: Option<Timestamp>,
    common: &Common,
) -> anyhow::Result<()> {
    let last = LastRows::of(path, header).with_context(|| path.display().to_string())?;
    let path = path.display();
    anyhow::ensure!(
        last.rows == 0 || last.simulated || !is_simulated(vantage),
        "{path}: its rows are of a real network, and those of {vantage} would be of a simulated one; append to \
         another file"
    );
    if let Some((newest, now)) = last.newest.zip(now).filter(|(newest, now)| newest > now) {
        common.warn(&format!(
            "{path}: its newest run began at {newest:.0}, and by this machine's clock it is {now:.0}: one of the \
             clocks is wrong, and `lasthop report` puts this run before that one"
        ));
    }
    Ok(())
}

/// A file that can be written, checked before the measurement and filled after it.
pub(super) struct RowFile {
    out: BufWriter<Box<dyn Write>>,
    /// What is written to, unless it is stdout.
    file: Option<File>,
    /// How many bytes of it are whole lines of this run.
    whole: Rc<Cell<u64>>,
    path: PathBuf,
    /// Whether it was not there before.
    is_new: bool,
    begun: bool,
    failed: Option<io::Error>,
}

impl RowFile {
    /// Opens the file; what is in it stays until [`Self::add`]. `-` is stdout.
    pub(super) fn open(path: &Path) -> Result<Self, OutputError> {
        let is_new = !is_stdout(path) && path.symlink_metadata().is_err();
        let whole: Rc<Cell<u64>> = Rc::default();
        let (out, file): (Box<dyn Write>, _) = if is_stdout(path) {
            (Box::new(io::stdout()), None)
        } else {
            let file = open_file(path);
            let both = file.and_then(|file| Ok((file.try_clone()?, file)));
            let (one, file) =
                both.map_err(|source| OutputError::Io { path: path.into(), source })?;
            (Box::new(WholeLines { file: one, written: 0, whole: whole.clone() }), Some(file))
        };
        let (out, path) = (BufWriter::new(out), path.into());
        Ok(Self { out, file, whole, path, is_new, begun: false, failed: None })
    }

    /// Adds rows; the first ones replace what is in the file. After a failure nothing more is
    /// written, and [`Self::finish`] returns its error.
    pub(super) fn add(&mut self, rows: &Rows) {
        if self.failed.is_none() {
            self.failed = self.write(rows).err();
        }
    }

    /// Writes what is left. All rows have been added.
    pub(super) fn finish(mut self) -> Result<(), OutputError> {
        let ended = self.failed.take().map_or_else(|| self.out.flush(), Err);
        if ended.is_err() {
            self.cut_to_whole_rows();
        }
        // A reader of stdout that has left, as `head -1` does, is no failure.
        let has_left = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        if self.file.is_none() && ended.as_ref().is_err_and(has_left) {
            return Ok(());
        }
        ended.map_err(|source| OutputError::Io { path: self.path.clone(), source })
    }

    /// What a full disk or a limit has left of the last row would be read as a row that is broken.
    fn cut_to_whole_rows(&mut self) {
        let out = std::mem::replace(&mut self.out, BufWriter::new(Box::new(io::sink())));
        // What is left in the buffer has no place.
        let _ = out.into_parts();
        let file = self.file.as_ref().filter(|_| self.begun);
        if let Some(file) = file.filter(|it| it.metadata().is_ok_and(|about| about.is_file())) {
            // Best effort: the error that led here is what is reported.
            let _ = file.set_len(self.whole.get());
        }
    }

    fn write(&mut self, rows: &Rows) -> io::Result<()> {
        let first = !std::mem::replace(&mut self.begun, true);
        // A pipe or a device cannot be cut, and needs not be.
        if let Some(file) = self.file.as_ref().filter(|_| first)
            && file.metadata().is_ok_and(|about| about.is_file())
        {
            file.set_len(0)?;
        }
        if self.path.extension().is_some_and(|end| end.eq_ignore_ascii_case("jsonl")) {
            write_jsonl(rows, &mut self.out)
        } else {
            write_csv(rows, first, &mut self.out)
        }
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path)
}

/// A file that knows how much of what was written to it are whole lines: it may not be read back.
struct WholeLines {
    file: File,
    written: u64,
    whole: Rc<Cell<u64>>,
}

impl Write for WholeLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let written = self.file.write(bytes)?;
        if let Some(place) = bytes.iter().take(written).rposition(|byte| *byte == b'\n') {
            self.whole.set(self.written + length(place) + 1);
        }
        self.written += length(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A run that did not begin leaves no empty file behind.
impl Drop for RowFile {
    fn drop(&mut self) {
        let is_empty = || {
            self.file
                .as_ref()
                .and_then(|file| file.metadata().ok())
                .is_some_and(|about| about.len() == 0)
        };
        if self.is_new && !self.begun && is_empty() {
            // Best effort: an empty file harms nobody.
            let _ = fs::remove_file(&self.path);
        }
    }
}
