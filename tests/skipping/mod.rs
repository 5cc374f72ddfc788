//! What a run of the tests could not make here: written aloud at once, past the capture of the test
//! harness, and remembered for the end of `cargo test`.
//!
//! All test programs of one `cargo test` have the same parent. What they skip stands in a file of its
//! number, and `what_was_skipped`, the last of them by name, writes it out.

use std::env;
use std::fs::OpenOptions;
use std::io::{Write as _, stderr};
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};

/// Remembers that a test was not made. Under continuous integration that is a failure.
pub(crate) fn skipped(test: &str, why: &str) {
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(env::var_os("CI").is_none(), "not skipped under CI: {why}");
    let line = format!("SKIPPED: {test}: {why}\n");
    let said = stderr().write_all(line.as_bytes());
    assert!(said.is_ok(), "skipped, and unable to say so: {why}");
    // In a process namespace of its own a test has no parent: the one outside passes its line on.
    if parent_id() == 0 {
        return;
    }
    // Whoever may not write here has been told.
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(record()) {
        let _ = file.write_all(line.as_bytes());
    }
}

/// The file of this `cargo test`.
pub(crate) fn record() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("skipped-{}", parent_id()))
}
