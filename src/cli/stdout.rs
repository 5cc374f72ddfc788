//! Writing data to stdout, where a reader may leave at any time.

use std::env;
use std::io::{self, BufWriter, IsTerminal, Write};

use anyhow::Context;

/// Writes by `write`. A reader that has left, as `head -1` does, is no failure.
pub(super) fn write(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write(&mut out).and_then(|()| out.flush());
    // What is still buffered for a reader that left must not be tried again on drop.
    let _ = out.into_parts();
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to stdout"),
    }
}

/// How many characters a line of a table may have: those of the terminal, else what `COLUMNS` says;
/// without either, any number.
pub(super) fn width() -> Option<usize> {
    let named = || env::var("COLUMNS").ok()?.trim().parse().ok();
    let size = terminal_size::terminal_size().filter(|_| io::stdout().is_terminal());
    let width =
        size.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0).or_else(named);
    width.filter(|width| *width > 0)
}
