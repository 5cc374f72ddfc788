//! A CSV file that grows by whole rows, run after run, for years.
//!
//! Whoever appends holds the file's lock from before the measurement to the end. All rows of a run are one
//! write at the file's end, followed by a sync; what a full disk leaves of it is cut off again. What a
//! killed process or a power loss leaves is a last line without its newline: the next run finds it and
//! puts it aside (`tail`). Nobody else's row is ever touched.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::tail::{SetAside, Tail};
use super::{OutputError, Rows, csv, lock, tail};

/// How often a file is opened anew that others keep replacing.
const TRIES: usize = 8;
/// How long rows that were measured wait for a file that was replaced meanwhile and is in use.
const PATIENCE: Duration = Duration::from_mins(1);

/// A history, held by this process alone until it is dropped.
#[derive(Debug)]
pub struct Appender {
    file: File,
    path: PathBuf,
    header: Vec<String>,
    set_aside: Vec<SetAside>,
}

impl Appender {
    /// Opens the history, takes its lock, waiting for others for so long, and checks that rows under
    /// `header` fit it. Nothing is written yet, but a last line that is no whole row is put aside.
    ///
    /// # Errors
    /// When it cannot be opened, another run holds it, or it has another header.
    pub fn open(path: &Path, header: Vec<String>, wait: Duration) -> Result<Self, OutputError> {
        let file = held(path, wait)?;
        let mut appender = Self { file, path: path.into(), header, set_aside: Vec::new() };
        appender.ending()?;
        Ok(appender)
    }

    /// What was put aside because it was no whole row.
    #[must_use]
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// Adds the rows, under their header when the file is empty; all of them, or on failure none.
    ///
    /// # Errors
    /// When they cannot be written, or the file is not any more what it was.
    pub fn append(&mut self, rows: &Rows) -> Result<(), OutputError> {
        debug_assert_eq!(rows.header, self.header);
        // A file that was moved away during the measurement would take the rows with it.
        if !is_at(&self.file, &self.path) {
            self.file = held(&self.path, PATIENCE)?;
        }
        let ending = self.ending()?;
        let mut bytes = Vec::new();
        if ending == Tail::NoNewline {
            bytes.push(b'\n');
        }
        let written = csv::write(rows, ending == Tail::Empty, &mut bytes)
            .and_then(|()| self.write_whole(&bytes))
            .and_then(|()| if ending == Tail::Empty { self.sync_folder() } else { Ok(()) });
        written.map_err(|source| OutputError::Io { path: self.path.clone(), source })
    }

    fn ending(&mut self) -> Result<Tail, OutputError> {
        let (ending, set_aside) = tail::check(&self.file, &self.path, &self.header)?;
        self.set_aside.extend(set_aside);
        Ok(ending)
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

    /// A new file is safe once its folder knows it.
    fn sync_folder(&self) -> io::Result<()> {
        if !self.file.metadata()?.is_file() {
            return Ok(());
        }
        tail::sync_folder_of(&self.path)
    }
}

/// Opens a file and takes its lock. Who had the lock before may have put another file in its place.
fn held(path: &Path, wait: Duration) -> Result<File, OutputError> {
    let failed = |source| OutputError::Io { path: path.into(), source };
    for _ in 0..TRIES {
        let file =
            OpenOptions::new().create(true).read(true).append(true).open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            // A device such as /dev/null is everybody's.
            return Ok(file);
        }
        lock::wait(&file, path, wait)?;
        if is_at(&file, path) {
            return Ok(file);
        }
    }
    Err(failed(io::Error::other("replaced again and again by others")))
}

/// Whether `path` still leads to this file.
fn is_at(file: &File, path: &Path) -> bool {
    let place = |about: Metadata| (about.dev(), about.ino());
    file.metadata().map(place).ok() == path.metadata().map(place).ok()
}

/// Pipes and devices cannot be synchronized; that is no failure to write.
pub(super) fn not_synced(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::InvalidInput { Ok(()) } else { Err(error) }
}
