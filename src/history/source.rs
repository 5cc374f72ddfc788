//! One file of a history: its lines, one after the other, as rows.

use std::io::{self, BufRead, Read as _};
use std::path::{Path, PathBuf};

use crate::input;

use super::cells::Cells;
use super::columns::{Broken, Columns, Last};
use super::{HistoryError, Names, Row};

/// The longest line that may be a row: far longer than any.
const LONGEST: u64 = 1 << 20;

/// A file of rows, opened, with its header read.
pub(super) struct Source {
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
    Row(Box<Row>),
    Broken(Broken),
}

impl Source {
    /// Opens `path`, plain or compressed; stdin for `-`.
    pub(super) fn open(path: &Path, words: &mut Names) -> Result<Self, HistoryError> {
        let failed = |source| HistoryError::Io { path: path.into(), source };
        let file = (path.as_os_str() != "-").then_some(path);
        let input = input::open(file).map_err(failed)?.input;
        Self::of(path, input, words)
    }

    /// The same of anything that can be read.
    pub(super) fn of(
        path: &Path,
        mut input: Box<dyn BufRead + Send>,
        words: &mut Names,
    ) -> Result<Self, HistoryError> {
        let failed = |source| HistoryError::Io { path: path.into(), source };
        let (mut text, mut cells) = (Vec::new(), Cells::new());
        let read = next_line(&mut input, &mut text).map_err(failed)?;
        let header = |why: String| HistoryError::NoSummary { path: path.into(), why };
        if !read {
            return Err(header("it is empty".into()));
        }
        if !cells.take(&text) || !Columns::is_header(&cells) {
            return Err(header("its first line is no header that begins with `schema`".into()));
        }
        let columns = Columns::of(&cells, words).map_err(|broken| header(broken.to_string()))?;
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

    /// The next line that has something to say; headers that come again are obeyed.
    pub(super) fn next(&mut self, words: &mut Names) -> Result<Option<Line>, HistoryError> {
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
            match self.take(words) {
                Ok(Some(row)) => return Ok(Some(Line::Row(Box::new(row)))),
                Ok(None) => {}
                Err(broken) => return Ok(Some(Line::Broken(broken))),
            }
        }
    }

    fn take(&mut self, words: &mut Names) -> Result<Option<Row>, Broken> {
        if too_long(&self.text) {
            return Err(Broken::Long);
        }
        if !self.cells.take(&self.text) {
            return Err(Broken::Quote);
        }
        if Columns::is_header(&self.cells) {
            self.columns = Columns::of(&self.cells, words)?;
            return Ok(None);
        }
        self.columns.row(&self.cells, words, &mut self.last).map(Some)
    }
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
