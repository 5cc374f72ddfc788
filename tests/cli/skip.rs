//! Tests that cannot be made here say so.

use std::process::Command;
use std::thread;

use super::skipping::skipped;

/// Says aloud that a test is not made.
pub(crate) fn skip(why: &str) {
    skipped(thread::current().name().unwrap_or_default(), why);
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
