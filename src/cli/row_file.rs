//! A file of rows that a user names: CSV, or JSON lines where the name ends in .jsonl.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::columns::Header;
use crate::output::{Appender, OutputError, Rows, write_csv, write_jsonl};

use super::common::Common;

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
             `lasthop report --migrate {path}` writes it under today's header",
            path = path.display(),
            lacks = lacks.join(","),
        ));
    }
    Ok(appender)
}

/// A file that can be written, checked before the measurement and filled after it.
#[derive(Debug)]
pub(super) struct RowFile {
    out: BufWriter<File>,
    path: PathBuf,
    /// Whether it was not there before.
    is_new: bool,
    begun: bool,
    failed: Option<io::Error>,
}

impl RowFile {
    /// Opens the file; what is in it stays until [`Self::add`].
    pub(super) fn open(path: &Path) -> Result<Self, OutputError> {
        let is_new = path.symlink_metadata().is_err();
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(|source| OutputError::Io { path: path.into(), source })?;
        let (out, path) = (BufWriter::new(file), path.into());
        Ok(Self { out, path, is_new, begun: false, failed: None })
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
        ended.map_err(|source| OutputError::Io { path: self.path.clone(), source })
    }

    fn write(&mut self, rows: &Rows) -> io::Result<()> {
        let first = !std::mem::replace(&mut self.begun, true);
        // A pipe or a device cannot be cut, and needs not be.
        if first && self.out.get_ref().metadata().is_ok_and(|about| about.is_file()) {
            self.out.get_ref().set_len(0)?;
        }
        if self.path.extension().is_some_and(|end| end.eq_ignore_ascii_case("jsonl")) {
            write_jsonl(rows, &mut self.out)
        } else {
            write_csv(rows, first, &mut self.out)
        }
    }
}

/// A run that did not begin leaves no empty file behind.
impl Drop for RowFile {
    fn drop(&mut self) {
        let is_empty = || self.out.get_ref().metadata().is_ok_and(|about| about.len() == 0);
        if self.is_new && !self.begun && is_empty() {
            // Best effort: an empty file harms nobody.
            let _ = fs::remove_file(&self.path);
        }
    }
}
