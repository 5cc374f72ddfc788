//! One run at a time: a lock that ends with the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::OutputError;

/// How soon a lock that others hold is tried again.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Takes the lock on a file that is open, or says who is in the way.
///
/// # Errors
/// When another process holds it, or the file cannot be locked at all.
pub fn take(file: &File, path: &Path) -> Result<(), OutputError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => OutputError::Locked { path: path.into() },
        TryLockError::Error(source) => OutputError::Io { path: path.into(), source },
    })
}

/// The same, but waits for others to end for so long.
///
/// # Errors
/// When another process holds it all that time, or the file cannot be locked at all.
pub fn wait(file: &File, path: &Path, longest: Duration) -> Result<(), OutputError> {
    let began = Instant::now();
    loop {
        match take(file, path) {
            Err(OutputError::Locked { .. }) if began.elapsed() < longest => sleep(LOOK_AGAIN),
            other => return other,
        }
    }
}

/// A file that exists to be locked.
#[derive(Debug)]
pub struct LockFile {
    _file: File,
}

impl LockFile {
    /// Takes the lock on `path`, which is made if it is not there. It is given back when the value
    /// is dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// When another process holds it, or the file cannot be made.
    pub fn take(path: &Path) -> Result<Self, OutputError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(|source| OutputError::Io { path: path.into(), source })?;
        take(&file, path)?;
        Ok(Self { _file: file })
    }
}
