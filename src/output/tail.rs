//! How a growing file begins and ends: its header, and whether its last line is a whole row.
//!
//! Rows are written with their newlines, in one go. So a last line without one is what a kill, a power
//! loss or another program left. As a whole row it gets its newline; else it is moved to a file
//! beside this one, where somebody may look at it, and rows go on after the last whole one.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::append::not_synced;
use super::{OutputError, csv, summary};

/// The longest last line that may be a torn row.
const LONGEST: u64 = 1 << 16;

/// What a history ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing is in it yet.
    Empty,
    /// Whole rows.
    Rows,
    /// A whole row that lacks its newline, as an editor may leave it.
    NoNewline,
}

/// A last line that was no whole row, and was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The history.
    pub path: PathBuf,
    /// Where in it the line was, from 1.
    pub line: usize,
    /// Where it is now.
    pub to: PathBuf,
}

/// Checks a file that this process holds; a torn last line is put aside.
pub(super) fn check(
    file: &File,
    path: &Path,
    header: &[String],
) -> Result<(Tail, Option<SetAside>), OutputError> {
    let failed = |source| OutputError::Io { path: path.into(), source };
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() || about.len() == 0 {
        return Ok((Tail::Empty, None));
    }
    if torn_header(file, header).map_err(failed)? {
        // It is this program's own, and nothing is in it.
        file.set_len(0).map_err(failed)?;
        return Ok((Tail::Empty, None));
    }
    first_line(file, path, header)?;
    let last = last_line(file).map_err(failed)?;
    match last.as_deref() {
        Some([]) => Ok((Tail::Rows, None)),
        Some(last) if is_whole(last, header) => Ok((Tail::NoNewline, None)),
        Some(last) => set_aside(file, path, last, header),
        None => Err(torn(file, path, 1, header)),
    }
}

/// Whether the file is the beginning of its header and no more.
fn torn_header(mut file: &File, header: &[String]) -> io::Result<bool> {
    let expected = csv::header_line(header);
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(longest_header(&expected)).read_to_end(&mut bytes)?;
    let earlier = |bytes| summary::missing(bytes, &expected).is_some();
    let earlier = std::str::from_utf8(&bytes).is_ok_and(earlier);
    Ok(bytes.len() < expected.len() && expected.as_bytes().starts_with(&bytes) && !earlier)
}

/// Whatever the file is, its first line is read no further than a header goes.
fn longest_header(expected: &str) -> u64 {
    u64::try_from(expected.len()).unwrap_or(u64::MAX).saturating_add(16)
}

fn first_line(mut file: &File, path: &Path, header: &[String]) -> Result<(), OutputError> {
    let failed = |source| OutputError::Io { path: path.into(), source };
    let expected = csv::header_line(header);
    let mut first = String::new();
    file.rewind().map_err(failed)?;
    match BufReader::new(file.take(longest_header(&expected))).read_line(&mut first) {
        Err(error) if error.kind() != io::ErrorKind::InvalidData => return Err(failed(error)),
        _ => {}
    }
    let found = first.trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}');
    if found == expected {
        return Ok(());
    }
    let path = path.to_owned();
    let ours = |name: &str| header.iter().any(|column| column == name);
    let older = found.starts_with("schema,") && found.split(',').all(ours);
    Err(if older {
        let known = |column: &&String| found.split(',').any(|name| name == column.as_str());
        let missing: Vec<&str> =
            header.iter().filter(|it| !known(it)).map(String::as_str).collect();
        OutputError::EarlierHeader { path, missing: missing.join(",") }
    } else {
        OutputError::OtherHeader { path, expected }
    })
}

/// What stands behind the last newline; nothing when that is longer than any row.
fn last_line(mut file: &File) -> io::Result<Option<Vec<u8>>> {
    let length = file.metadata()?.len();
    let looked = length.min(LONGEST);
    file.seek(SeekFrom::Start(length - looked))?;
    let mut bytes = Vec::new();
    file.take(looked).read_to_end(&mut bytes)?;
    match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(newline) => Ok(Some(bytes.split_off(newline + 1))),
        None => Ok((looked == length).then_some(bytes)),
    }
}

/// Whether all columns are there, the last one to its end.
fn is_whole(line: &[u8], header: &[String]) -> bool {
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line);
    let Some(Ok(row)) = reader.byte_records().next() else { return false };
    let last = row.iter().next_back().unwrap_or_default();
    let is_complete = header.last().is_some_and(|name| name == "complete");
    let torn = if is_complete { is_beginning(last) } else { lacks_decimals(last) };
    row.len() == header.len() && !torn
}

/// Whether a cell is the beginning of true or false.
fn is_beginning(cell: &[u8]) -> bool {
    let of = |word: &[u8]| word.starts_with(cell) && word != cell;
    of(b"true") || of(b"false")
}

/// Whether a cell is a number without the three decimals that all have.
fn lacks_decimals(cell: &[u8]) -> bool {
    let number = !cell.is_empty() && cell.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    number && cell.iter().rposition(|byte| *byte == b'.') != cell.len().checked_sub(4)
}

fn set_aside(
    file: &File,
    path: &Path,
    last: &[u8],
    header: &[String],
) -> Result<(Tail, Option<SetAside>), OutputError> {
    let failed = |source| OutputError::Io { path: path.into(), source };
    let line = lines(file).map_err(failed)?;
    let mut to = OsString::from(path);
    to.push(".torn");
    let to = PathBuf::from(to);
    // Only what is safe elsewhere is cut off.
    if keep(&to, last).is_err() {
        return Err(torn(file, path, fields(last), header));
    }
    let length = file.metadata().map_err(failed)?.len();
    let rest = u64::try_from(last.len()).map_or(0, |last| length.saturating_sub(last));
    file.set_len(rest).and_then(|()| file.sync_data()).map_err(failed)?;
    let tail = if rest == 0 { Tail::Empty } else { Tail::Rows };
    Ok((tail, Some(SetAside { path: path.into(), line, to })))
}

fn keep(to: &Path, last: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(to)?;
    file.write_all(&[last, b"\n"].concat())?;
    file.sync_data().or_else(not_synced)?;
    sync_folder_of(to)
}

/// Makes sure that the folder of `path` knows its files. Some file systems have no such thing.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all().or_else(not_synced)
}

fn torn(file: &File, path: &Path, found: usize, header: &[String]) -> OutputError {
    let path = path.to_owned();
    match lines(file) {
        Ok(line) => OutputError::TornRow { path, line, found, expected: header.len() },
        Err(source) => OutputError::Io { path, source },
    }
}

fn fields(line: &[u8]) -> usize {
    line.split(|byte| *byte == b',').count()
}

/// The number of the last line.
fn lines(mut file: &File) -> io::Result<usize> {
    file.rewind()?;
    BufReader::new(file).split(b'\n').map(|line| line.map(|_| 1)).sum()
}
