//! A CSV file that grows by whole rows, run after run, for years.
//!
//! Whoever appends holds the file's lock from before the measurement to the end. All rows of a run are one
//! write at the file's end, followed by a sync; what a full disk leaves of it is cut off again. So a last
//! line without its newline is what a killed process, a power loss or another program left. A whole row
//! gets its newline; a torn one is moved to a file beside this one, where somebody may look at it, and rows
//! go on after the last whole one. Rows of other runs are never touched.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::columns::{Header, Kind};

use super::file::{
    OutputError, folder_of, is_at, open_locked, open_own, sync, sync_folder, sync_folder_of,
};
use super::formats::write_csv;
use super::rows::Rows;

/// How long measured rows wait for a file that was replaced meanwhile and is locked.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// The longest last line that may be a torn row, in bytes.
const LONGEST_ROW: u64 = 1 << 16;

/// A history, locked by this process until it is dropped.
#[derive(Debug)]
pub struct Appender {
    file: File,
    /// Its folder, unless that is closed to readers.
    folder: Option<File>,
    path: PathBuf,
    /// The columns of this version.
    present: Header,
    /// Those of the file.
    header: Header,
    set_aside: Vec<SetAside>,
    /// Whether the file was not there before.
    is_new: bool,
    /// Where it was when it was opened, as the system names it.
    place: Option<PathBuf>,
}

/// A run that did not begin leaves no empty file behind.
impl Drop for Appender {
    fn drop(&mut self) {
        let is_empty =
            || self.file.metadata().is_ok_and(|about| about.is_file() && about.len() == 0);
        if self.is_new && is_empty() && is_at(&self.file, &self.path) {
            // Best effort: an empty file harms nobody. Whoever waits for its lock looks where the name leads.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A torn last row, which was moved to another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The history.
    pub path: PathBuf,
    /// The line of the history in which the row was, from 1.
    pub line: usize,
    /// The file in which it is now.
    pub to: PathBuf,
}

/// How a history ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// The file is empty.
    Empty,
    /// With whole rows.
    Rows,
    /// With a whole row that lacks its newline, as an editor may leave it.
    NoNewline,
}

impl Appender {
    /// Opens the history, takes its lock, waiting up to `wait` for others, and checks that rows under
    /// `header` fit it, or under the columns of an earlier version. Nothing is written yet, but a torn last
    /// row is moved away.
    ///
    /// # Errors
    /// When it cannot be opened, another run holds the lock, or it has another header.
    pub fn open(path: &Path, header: Header, wait: Duration) -> Result<Self, OutputError> {
        let is_new = path.symlink_metadata().is_err();
        let file = open_locked(path, wait)?;
        // Before privileges are given up: a folder may be open to root alone.
        let folder = folder_of(path).ok();
        let (present, set_aside) = (header.clone(), Vec::new());
        let place = place_of(&file);
        let path = path.into();
        let mut appender = Self { file, folder, path, present, header, set_aside, is_new, place };
        appender.check()?;
        Ok(appender)
    }

    /// The history.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The torn rows that were moved away.
    #[must_use]
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// The schema of the file and the names of the columns that it lacks, where an earlier version began it.
    #[must_use]
    pub fn earlier(&self) -> Option<(u64, &[String])> {
        let lacks = self.present.names().get(self.header.names().len()..)?;
        (!lacks.is_empty()).then_some((self.header.schema(), lacks))
    }

    /// Adds the rows, under their header when the file is empty; all of them, or on failure none. A file that
    /// an earlier version began gets the columns that it has.
    ///
    /// # Errors
    /// When they cannot be written, or the file is no longer what it was.
    pub fn append(&mut self, rows: &Rows) -> Result<(), OutputError> {
        debug_assert_eq!(rows.header, self.present);
        // A file that was moved away during the measurement would take the rows with it.
        if !is_at(&self.file, &self.path) {
            match open_locked(&self.path, LONGEST_WAIT) {
                Ok(file) => {
                    (self.file, self.place) = (file, None);
                }
                // The name is closed to us since privileges were given up. Rows beside it are better than none.
                Err(error)
                    if error.is_no_permission()
                        && self.file.metadata().is_ok_and(|it| it.nlink() > 0) => {}
                Err(error) => return Err(error),
            }
        }
        let ending = self.check()?;
        let mut bytes = Vec::new();
        if ending == Ending::NoNewline {
            bytes.push(b'\n');
        }
        write_csv(&rows.under(&self.header), ending == Ending::Empty, &mut bytes)
            .and_then(|()| self.write_whole(&bytes))
            .and_then(|()| {
                // A new file is safe once its folder knows it.
                let is_new = ending == Ending::Empty && self.file.metadata()?.is_file();
                match &self.folder {
                    _ if !is_new => Ok(()),
                    Some(folder) => sync_folder(folder),
                    // It may be written but not read: its own system has to keep it.
                    None => Ok(()),
                }
            })
            .map_err(OutputError::io(&self.path))
    }

    /// Where the file is now, if it was moved away and its name may not be opened any more.
    #[must_use]
    pub fn moved_to(&self) -> Option<PathBuf> {
        let leads_to_it = |there: fs::Metadata| {
            let here = self.file.metadata();
            here.is_ok_and(|here| (here.dev(), here.ino()) == (there.dev(), there.ino()))
        };
        if self.path.metadata().is_ok_and(leads_to_it) {
            return None;
        }
        let before = self.place.as_ref()?;
        place_of(&self.file).filter(|now| now != before)
    }

    fn write_whole(&mut self, bytes: &[u8]) -> io::Result<()> {
        let before = self.file.metadata()?.len();
        let written = self.file.write_all(bytes).and_then(|()| sync(&self.file));
        if written.is_err() {
            // Best effort: a device has no length to go back to.
            let _ = self.file.set_len(before);
        }
        written
    }

    /// Checks the header and the last line; a torn row is moved away.
    fn check(&mut self) -> Result<Ending, OutputError> {
        let failed = OutputError::io(&self.path);
        let about = self.file.metadata().map_err(failed)?;
        if !about.is_file() || about.len() == 0 {
            self.header = self.present.clone();
            return Ok(Ending::Empty);
        }
        if self.is_torn_header().map_err(failed)? {
            // This program began to write it, and there are no rows.
            self.file.set_len(0).map_err(failed)?;
            self.header = self.present.clone();
            return Ok(Ending::Empty);
        }
        self.header = self.find_header()?;
        let Some(last) = last_line(&self.file).map_err(failed)? else {
            return Err(self.torn_row(1));
        };
        if last.is_empty() {
            Ok(Ending::Rows)
        } else if is_whole(&last, &self.header) {
            Ok(Ending::NoNewline)
        } else {
            self.set_torn_row_aside(&last)
        }
    }

    /// Whether the file is the beginning of its header and nothing else.
    fn is_torn_header(&self) -> io::Result<bool> {
        let mut bytes = Vec::new();
        let mut file = &self.file;
        file.rewind()?;
        file.take(self.longest_header()).read_to_end(&mut bytes)?;
        let expected = self.present.line();
        let is_whole = |header: Header| header.line().as_bytes() == bytes;
        let is_beginning = bytes.len() < expected.len() && expected.as_bytes().starts_with(&bytes);
        Ok(is_beginning && !self.present.earlier().any(is_whole))
    }

    /// The number of bytes after which no header can end, whatever the file is.
    fn longest_header(&self) -> u64 {
        u64::try_from(self.present.line().len()).unwrap_or(u64::MAX).saturating_add(16)
    }

    /// The header of the file: the present one, or that of an earlier version.
    fn find_header(&self) -> Result<Header, OutputError> {
        let failed = OutputError::io(&self.path);
        let mut first = String::new();
        let mut file = &self.file;
        file.rewind().map_err(failed)?;
        match BufReader::new(file.take(self.longest_header())).read_line(&mut first) {
            Err(error) if error.kind() != io::ErrorKind::InvalidData => return Err(failed(error)),
            _ => {}
        }
        let found = first.trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}');
        let mut known = std::iter::once(self.present.clone()).chain(self.present.earlier());
        known.find(|header| header.line() == found).ok_or_else(|| OutputError::OtherHeader {
            path: self.path.clone(),
            expected: self.present.line(),
        })
    }

    fn set_torn_row_aside(&mut self, row: &[u8]) -> Result<Ending, OutputError> {
        let failed = OutputError::io(&self.path);
        let line = last_line_number(&self.file).map_err(failed)?;
        let to = torn(&self.path);
        // The row is cut off only once it is safe elsewhere.
        if keep(&to, row).is_err() {
            return Err(self.torn_row(row.split(|byte| *byte == b',').count()));
        }
        let length = self.file.metadata().map_err(failed)?.len();
        let rest = u64::try_from(row.len()).map_or(0, |row| length.saturating_sub(row));
        self.file.set_len(rest).and_then(|()| self.file.sync_data()).map_err(failed)?;
        self.set_aside.push(SetAside { path: self.path.clone(), line, to });
        Ok(if rest == 0 { Ending::Empty } else { Ending::Rows })
    }

    fn torn_row(&self, found: usize) -> OutputError {
        let (path, expected) = (self.path.clone(), self.header.names().len());
        match last_line_number(&self.file) {
            Ok(line) => OutputError::TornRow { path, line, found, expected },
            Err(source) => OutputError::Io { path, source },
        }
    }
}

/// Where a file is, as the system names it.
fn place_of(file: &File) -> Option<PathBuf> {
    fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()
}

/// The bytes behind the last newline; `None` when they are more than any row has.
fn last_line(mut file: &File) -> io::Result<Option<Vec<u8>>> {
    let length = file.metadata()?.len();
    let looked = length.min(LONGEST_ROW);
    file.seek(SeekFrom::Start(length - looked))?;
    let mut bytes = Vec::new();
    file.take(looked).read_to_end(&mut bytes)?;
    match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(newline) => Ok(Some(bytes.split_off(newline + 1))),
        None => Ok((looked == length).then_some(bytes)),
    }
}

fn last_line_number(mut file: &File) -> io::Result<usize> {
    file.rewind()?;
    BufReader::new(file).split(b'\n').map(|line| line.map(|_| 1)).sum()
}

/// Whether all columns are there, the last one to its end.
fn is_whole(line: &[u8], header: &Header) -> bool {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line);
    let Some(Ok(row)) = reader.byte_records().next() else { return false };
    let last = row.iter().next_back().unwrap_or_default();
    let is_cut = match header.last_kind() {
        Some(Kind::Flag) => {
            [&b"true"[..], b"false"].iter().any(|word| word.starts_with(last) && *word != last)
        }
        Some(Kind::Maybe(Kind::Millis)) => lacks_decimals(last),
        Some(Kind::Maybe(Kind::OneOf(words))) => {
            !last.is_empty() && !words.iter().any(|word| word.as_bytes() == last)
        }
        _ => false,
    };
    row.len() == header.names().len() && !is_cut
}

/// Whether a cell is a number without the three decimals that all milliseconds have.
fn lacks_decimals(cell: &[u8]) -> bool {
    let number = !cell.is_empty() && cell.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    number && cell.iter().rposition(|byte| *byte == b'.') != cell.len().checked_sub(4)
}

/// Adds a torn row to the file of such rows.
fn keep(to: &Path, row: &[u8]) -> io::Result<()> {
    let mut file = open_own(to, OpenOptions::new().append(true))?;
    file.write_all(&[row, b"\n"].concat())?;
    sync(&file)?;
    sync_folder_of(to)
}

/// The file beside `path` to which a torn last row is moved.
#[must_use]
pub fn torn(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".torn");
    name.into()
}
