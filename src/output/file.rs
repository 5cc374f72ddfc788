//! Files that runs share: opening them, locking them, making sure that what was written is on the disk, and
//! what can go wrong.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::geteuid;

/// The time between two attempts to take a lock that another process holds.
const RETRY: Duration = Duration::from_millis(5);
/// How often a file is opened again because others have replaced it.
const MOST_OPENED: usize = 8;

/// Why a result could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// A file cannot be opened or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Another run holds the lock.
    #[error(
        "{path}: another run holds the lock; wait for it to end, or use another file",
        path = path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file system has no locks, as some network file systems and mounts of other systems have none.
    #[error(
        "{path}: this file system has no locks (flock: {source}), and without one two runs could mix their rows; \
         name a file on a local disk, or mount this one with locks (NFS: start lockd, or mount with \
         local_lock=flock)",
        path = path.display()
    )]
    NoLocks {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The history has other columns.
    #[error(
        "{path}:1: the header is not that of this program and configuration; \
         append to another file, or move this one away; expected\n{expected}",
        path = path.display()
    )]
    OtherHeader {
        /// The file.
        path: PathBuf,
        /// The header it should have.
        expected: String,
    },
    /// The history ends in the middle of a row, which cannot be moved to another file.
    #[error(
        "{path}:{line}: the last row has {found} of {expected} columns and no newline, and cannot be \
         moved to {path}.torn; delete or complete it",
        path = path.display()
    )]
    TornRow {
        /// The file.
        path: PathBuf,
        /// Its last line, from 1.
        line: usize,
        /// The columns of the last row.
        found: usize,
        /// The columns of a whole one.
        expected: usize,
    },
}

impl OutputError {
    /// Whether the system does not permit it.
    pub(super) fn is_no_permission(&self) -> bool {
        let denied = io::ErrorKind::PermissionDenied;
        matches!(self, Self::Io { source, .. } if source.kind() == denied)
    }

    /// For `map_err` on what is done with the file at `path`.
    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> Self + Copy {
        move |source| Self::Io { path: path.into(), source }
    }
}

/// A file that exists to be locked.
#[derive(Debug)]
pub struct LockFile {
    _file: File,
}

impl LockFile {
    /// Takes the lock on `path`, which is created if it does not exist. The lock ends when the value is
    /// dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// When another process holds the lock, or the file cannot be created.
    pub fn take(path: &Path) -> Result<Self, OutputError> {
        let file = open_own(path, OpenOptions::new().write(true)).map_err(OutputError::io(path))?;
        lock(&file, path)?;
        Ok(Self { _file: file })
    }
}

/// Opens or creates a file that is this user's or root's. In a folder where others may write, such as /tmp, its name may
/// already be a link, a pipe or somebody else's file: these are refused, before anything is written or waited for.
pub(super) fn open_own(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let opened = options.create(true).truncate(false).mode(0o600).custom_flags(flags).open(path);
    let file = opened.map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ELOOP) => io::Error::other("it is a link; name a file"),
        Some(Errno::ENXIO) => io::Error::other("it is a pipe; name a file"),
        _ => error,
    })?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::other("it is no regular file; name one"));
    }
    let owner = about.uid();
    if owner != geteuid().as_raw() && owner != 0 {
        let text = format!("it belongs to user {owner}; name a file of your own");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    Ok(file)
}

fn lock(file: &File, path: &Path) -> Result<(), OutputError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => OutputError::Locked { path: path.into() },
        TryLockError::Error(source) if has_no_locks(&source) => {
            OutputError::NoLocks { path: path.into(), source }
        }
        TryLockError::Error(source) => OutputError::Io { path: path.into(), source },
    })
}

fn has_no_locks(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::ENOLCK | Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL))
}

/// Opens `path` for appending and takes its lock, waiting up to `longest` for other processes.
pub(super) fn open_locked(path: &Path, longest: Duration) -> Result<File, OutputError> {
    let failed = OutputError::io(path);
    for _ in 0..MOST_OPENED {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        // Where nothing in the folder may be read, a file that is not there may be made all the same.
        let (file, unreadable) = match options.clone().read(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                match options.open(path) {
                    Ok(file) => (file, Some(error)),
                    Err(_) => return Err(failed(error)),
                }
            }
            opened => (opened.map_err(failed)?, None),
        };
        // A device such as /dev/null cannot be locked and need not be.
        if !file.metadata().map_err(failed)?.is_file() {
            return Ok(file);
        }
        let began = Instant::now();
        loop {
            match lock(&file, path) {
                Err(OutputError::Locked { .. }) if began.elapsed() < longest => sleep(RETRY),
                locked => break locked?,
            }
        }
        // The process that held the lock may have put another file in the place of this one.
        if is_at(&file, path) {
            return match unreadable {
                Some(error) if file.metadata().map_err(failed)?.len() > 0 => Err(failed(error)),
                _ => Ok(file),
            };
        }
    }
    Err(failed(io::Error::other("replaced again and again by others")))
}

/// Whether `path` still leads to this file.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let place = |about: &Metadata| (about.dev(), about.ino());
    let Ok(about) = file.metadata() else { return false };
    match path.metadata() {
        Ok(there) => place(&there) == place(&about),
        // A folder that is closed to us since privileges were given up. A file that another one replaced has no name.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => about.nlink() > 0,
        Err(_) => false,
    }
}

/// Makes sure that what was written is on the disk. Pipes and devices have none.
pub(super) fn sync(file: &File) -> io::Result<()> {
    file.sync_data().or_else(unless_unsupported)
}

/// Makes sure that the folder of `path` knows its files. Some file systems cannot do that.
///
/// # Errors
/// When the folder cannot be opened or synced.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    match folder_of(path) {
        // A folder may be written but not read.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        folder => sync_folder(&folder?),
    }
}

/// The folder of `path`.
pub(super) fn folder_of(path: &Path) -> io::Result<File> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
}

/// [`sync_folder_of`] for a folder that is open.
pub(super) fn sync_folder(folder: &File) -> io::Result<()> {
    folder.sync_all().or_else(unless_unsupported)
}

fn unless_unsupported(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::InvalidInput { Ok(()) } else { Err(error) }
}
