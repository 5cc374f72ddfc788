//! Advice: what to do about an error of the system.

use std::io::{Error, ErrorKind};

use nix::errno::Errno;

use crate::lab::LabError;
use crate::probe::transport::TransportError;

/// What to do about the system's error behind `error`, if there is one and something helps.
pub(super) fn of(error: &anyhow::Error) -> Option<&'static str> {
    let refusal = error.chain().find_map(|cause| cause.downcast_ref::<Error>())?.kind();
    if error.downcast_ref::<LabError>().is_some() {
        None
    } else if error.downcast_ref::<TransportError>().is_some() {
        let errno = error.chain().find_map(|cause| cause.downcast_ref::<Error>()?.raw_os_error());
        match errno.map(Errno::from_raw) {
            Some(Errno::EMFILE | Errno::ENFILE) => Some(
                "raise the limit on open files (ulimit -n), or end programs that have many open",
            ),
            _ => of_network(refusal),
        }
    } else {
        of_file(refusal)
    }
}

fn of_network(refusal: ErrorKind) -> Option<&'static str> {
    match refusal {
        ErrorKind::AddrNotAvailable => Some("use an address of this machine (ip addr lists them)"),
        ErrorKind::NetworkUnreachable => Some("connect to a network (ip route lists the routes)"),
        _ => None,
    }
}

fn of_file(refusal: ErrorKind) -> Option<&'static str> {
    Some(match refusal {
        ErrorKind::NotFound => "check the name, and that its folder is there",
        ErrorKind::NotADirectory => "check the name: a part of it is a file",
        ErrorKind::IsADirectory => "name a file, not a folder",
        ErrorKind::PermissionDenied => "name a file that you may use",
        ErrorKind::ReadOnlyFilesystem => "name a file elsewhere",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room, or name a file elsewhere",
        ErrorKind::FileTooLarge => "raise the limit (ulimit -f), or name a file elsewhere",
        ErrorKind::InvalidData => "expected text in UTF-8",
        _ => return None,
    })
}
