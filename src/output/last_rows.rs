//! What the last rows of a history say of it, before rows are added: when its newest run began, and whether it is the
//! lab's.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;

use crate::columns::Header;

use crate::trace::is_simulated;

use super::formats::io_error;

/// How much of a file's end is looked at: some hundred rows.
const LOOKED: u64 = 64 << 10;

/// The identifiers of all runs in the history at `path` that begin with `beginning`. A file that is not there has none.
///
/// # Errors
/// When it cannot be read.
pub fn runs_in(path: &Path, beginning: &str) -> io::Result<HashSet<String>> {
    let mut runs = HashSet::new();
    if !path.metadata().is_ok_and(|about| about.is_file() && about.len() > 0) {
        return Ok(runs);
    }
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.flexible(true).from_reader(BufReader::new(File::open(path)?));
    let headers = reader.headers().map_err(io_error)?;
    let Some(place) = headers.iter().position(|name| name == "run_id") else { return Ok(runs) };
    let mut row = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut row) {
            Ok(false) => return Ok(runs),
            Ok(true) => {
                let run = row.get(place).filter(|run| run.starts_with(beginning));
                if let Some(run) = run.filter(|run| !runs.contains(*run)) {
                    runs.insert(run.to_owned());
                }
            }
            // A row that other programs have damaged is `report`'s to name.
            Err(error) if !error.is_io_error() => {}
            Err(error) => return Err(io_error(error)),
        }
    }
}

/// The last rows of a history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LastRows {
    /// How many were looked at.
    pub rows: usize,
    /// When the newest of their runs began.
    pub newest: Option<Timestamp>,
    /// Whether one of them is of the lab.
    pub simulated: bool,
}

impl LastRows {
    /// Looks at the end of the history at `path`, whose columns are those of `header` or the first of them. A file
    /// that is not there has none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(path: &Path, header: &Header) -> io::Result<Self> {
        let Ok(about) = path.metadata() else { return Ok(Self::default()) };
        if !about.is_file() || about.len() == 0 {
            return Ok(Self::default());
        }
        let mut file = File::open(path)?;
        let from = about.len().saturating_sub(LOOKED);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(LOOKED).read_to_end(&mut bytes)?;
        let place = |name: &str| header.names().iter().position(|column| column == name);
        let (started, vantage) = (place("started_at"), place("vantage"));
        let mut last = Self::default();
        // The first line is the header, or cut.
        for line in bytes.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty()) {
            let mut reader = csv::ReaderBuilder::new();
            let mut reader = reader.has_headers(false).flexible(true).from_reader(line);
            let Some(Ok(row)) = reader.records().next() else { continue };
            let cell = |place: Option<usize>| place.and_then(|place| row.get(place));
            last.rows += 1;
            last.newest = last.newest.max(cell(started).and_then(|cell| cell.parse().ok()));
            last.simulated |= cell(vantage).is_some_and(is_simulated);
        }
        Ok(last)
    }
}
