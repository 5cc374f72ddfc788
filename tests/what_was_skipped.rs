//! The last test program by its name: what this `cargo test` has skipped, in one place at its end.

#[expect(dead_code, reason = "it skips nothing itself")]
mod skipping;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Write as _, stderr};

#[test]
fn what_was_skipped_is_said_at_the_end() -> std::io::Result<()> {
    let record = skipping::record();
    let Ok(lines) = fs::read_to_string(&record) else { return Ok(()) };
    fs::remove_file(&record)?;
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lines.lines().filter_map(|line| line.strip_prefix("SKIPPED: ")) {
        let (test, why) = line.split_once(": ").unwrap_or((line, ""));
        reasons.entry(why).or_default().push(test);
    }
    let mut out = stderr();
    for (why, mut tests) in reasons {
        tests.sort_unstable();
        tests.dedup();
        writeln!(out, "\n{} tests were skipped: {why}", tests.len())?;
        for test in tests {
            writeln!(out, "    {test}")?;
        }
    }
    Ok(())
}
