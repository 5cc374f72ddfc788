//! Tests that cannot be made here say so.

use std::env;
use std::io::{Write as _, stderr};
use std::process::Command;
use std::thread;

/// Says aloud that a test is not made, past the capture of the test harness.
pub(crate) fn skip(why: &str) {
    let test = thread::current().name().unwrap_or_default().to_owned();
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(env::var_os("CI").is_none(), "not skipped under CI: {why}");
    let said = writeln!(stderr(), "SKIPPED: {test}: {why}");
    assert!(said.is_ok(), "skipped, and unable to say so: {why}");
}

/// Whether the system has a tool; says that a test is skipped when it has not.
pub(crate) fn has(tool: &str) -> bool {
    let mut look = Command::new("sh");
    look.args(["-c", "command -v \"$0\" > /dev/null", tool]).env("PATH", super::program::path());
    let known = look.status().is_ok_and(|status| status.success());
    if !known {
        skip(&format!("no {tool} here"));
    }
    known
}
