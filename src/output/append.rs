//! A CSV file that grows by whole rows, run after run, for years.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{OutputError, Rows, csv, lock, summary};

/// A history, held by this process alone until it is dropped.
#[derive(Debug)]
pub struct Appender {
    file: File,
    path: PathBuf,
    header: Vec<String>,
    state: State,
}

/// What a history ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing is in it yet.
    Empty,
    /// Whole rows.
    Rows,
    /// A whole row that lacks its newline, as an editor may leave it.
    NoNewline,
}

impl Appender {
    /// Opens the history, takes its lock, and checks that rows under `header` fit it. Nothing is
    /// written yet.
    ///
    /// # Errors
    /// When it cannot be opened, another run holds it, it has another header, or its last row is
    /// not whole.
    pub fn open(path: &Path, header: Vec<String>) -> Result<Self, OutputError> {
        let failed = |source| OutputError::Io { path: path.into(), source };
        let file =
            OpenOptions::new().create(true).read(true).append(true).open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_file() {
            // A device such as /dev/null is everybody's.
            lock::take(&file, path)?;
        }
        let state = check(&file, path, &header)?;
        Ok(Self { file, path: path.into(), header, state })
    }

    /// Adds the rows, under their header when the file is empty; all of them, or on failure none.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn append(&mut self, rows: &Rows) -> Result<(), OutputError> {
        debug_assert_eq!(rows.header, self.header);
        let mut bytes = Vec::new();
        if self.state == State::NoNewline {
            bytes.push(b'\n');
        }
        let written = csv::write(rows, self.state == State::Empty, &mut bytes)
            .and_then(|()| self.write_whole(&bytes));
        self.state = State::Rows;
        written.map_err(|source| OutputError::Io { path: self.path.clone(), source })
    }

    fn write_whole(&mut self, bytes: &[u8]) -> io::Result<()> {
        let before = self.file.metadata()?.len();
        let written =
            self.file.write_all(bytes).and_then(|()| self.file.sync_data().or_else(not_synced));
        if written.is_err() {
            // Best effort: a device has no length to go back to.
            let _ = self.file.set_len(before);
        }
        written
    }
}

/// Pipes and devices cannot be synchronized; that is no failure to write.
fn not_synced(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::InvalidInput { Ok(()) } else { Err(error) }
}

fn check(file: &File, path: &Path, header: &[String]) -> Result<State, OutputError> {
    let failed = |source| OutputError::Io { path: path.into(), source };
    if !file.metadata().map_err(failed)?.is_file() {
        return Ok(State::Empty);
    }
    let expected = csv::header_line(header);
    let mut first = String::new();
    // Whatever the file is, its first line is read no further than a header goes.
    let longest = u64::try_from(expected.len()).unwrap_or(u64::MAX).saturating_add(16);
    let read = BufReader::new(file.take(longest)).read_line(&mut first);
    match read {
        Ok(0) => return Ok(State::Empty),
        Err(error) if error.kind() != io::ErrorKind::InvalidData => return Err(failed(error)),
        _ => {}
    }
    let found = first.trim_end_matches(['\n', '\r']);
    let found = found.trim_start_matches('\u{feff}');
    if let Some(missing) = summary::missing(found, &expected) {
        return Err(OutputError::EarlierHeader { path: path.into(), missing });
    }
    if found != expected {
        return Err(OutputError::OtherHeader { path: path.into(), expected });
    }
    ending(file, path, header.len()).map_err(failed)?
}

/// Whether the file ends with a whole row.
fn ending(mut file: &File, path: &Path, columns: usize) -> io::Result<Result<State, OutputError>> {
    let length = file.metadata()?.len();
    let tail = length.min(1 << 16);
    file.seek(SeekFrom::Start(length - tail))?;
    let mut bytes = Vec::new();
    file.take(tail).read_to_end(&mut bytes)?;
    if bytes.ends_with(b"\n") {
        return Ok(Ok(State::Rows));
    }
    let last = bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(last);
    let fields = reader.byte_records().next().and_then(Result::ok).map_or(0, |row| row.len());
    if fields == columns {
        return Ok(Ok(State::NoNewline));
    }
    file.rewind()?;
    let lines = BufReader::new(file).split(b'\n');
    let line = lines.map(|line| line.map(|_| 1)).sum::<io::Result<usize>>()?;
    Ok(Err(OutputError::TornRow { path: path.into(), line, found: fields, expected: columns }))
}
