//! A file of rows that a user names: CSV, or JSON lines where the name ends in .jsonl.

use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use crate::output::{OutputError, Rows, csv, jsonl};

/// A file that can be written, checked before the measurement and filled after it.
#[derive(Debug)]
pub(super) struct Sheet {
    file: File,
    path: PathBuf,
}

impl Sheet {
    /// Opens the file; what is in it stays until [`Self::fill`].
    pub(super) fn open(path: &Path) -> Result<Self, OutputError> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(|source| OutputError::Io { path: path.into(), source })?;
        Ok(Self { file, path: path.into() })
    }

    /// Replaces what is in the file.
    pub(super) fn fill(self, rows: &Rows) -> Result<(), OutputError> {
        let json = self.path.extension().is_some_and(|end| end.eq_ignore_ascii_case("jsonl"));
        // A pipe or a device cannot be cut, and needs not be.
        let regular = self.file.metadata().is_ok_and(|about| about.is_file());
        let cut = if regular { self.file.set_len(0) } else { Ok(()) };
        let out = BufWriter::new(&self.file);
        cut.and_then(|()| if json { jsonl::write(rows, out) } else { csv::write(rows, true, out) })
            .map_err(|source| OutputError::Io { path: self.path.clone(), source })
    }
}
