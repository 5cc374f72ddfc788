//! Writing data to stdout, where a reader may leave at any time.

use std::io::{self, BufWriter, Write};

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
