//! Runs a test where nothing can leave: its own executable again, alone in new network and process
//! namespaces, as root or as an ordinary user.
//!
//! The process namespace ends every process inside when the test ends, even when it is killed.
//! Where namespaces cannot be had, the test says so aloud and is skipped; under continuous
//! integration it fails.

use std::env;
use std::fs;
use std::io::{Read as _, stdin};
use std::process::{Command, Stdio, exit};
use std::thread;

use anyhow::{Context, Result, bail, ensure};

use super::tool::tool;
use crate::skipping::skipped;

/// Holds, inside, the name of the network namespace outside.
const OUTSIDE: &str = "LASTHOP_KERNEL_LAB_OUTSIDE";

/// The ways in: with privilege, and without.
const WAYS: &[&[&str]] = &[&["--net"], &["--user", "--map-root-user", "--net"]];

/// What a way in must allow.
const ATTEMPT: &str = "ip link add name up type veth peer name down && \
    unshare --net ip link set dev lo up && echo 0 > /proc/sys/net/ipv4/icmp_ratemask";

/// Runs `body` inside. `test` is the test's own full name.
pub(crate) fn caged(test: &str, body: impl FnOnce() -> Result<()>) -> Result<()> {
    let here = namespace()?;
    if let Some(outside) = env::var_os(OUTSIDE) {
        ensure!(outside != here.as_str(), "this is not inside");
        thread::spawn(end_with_the_outer_test);
        return body();
    }
    match way_in() {
        Ok(way) => again(test, way, &here),
        Err(why) => {
            skipped(test, &format!("{why:#}"));
            Ok(())
        }
    }
}

fn end_with_the_outer_test() {
    let _ = stdin().read(&mut [0]);
    exit(1);
}

fn namespace() -> Result<String> {
    let link = fs::read_link("/proc/thread-self/ns/net")?;
    Ok(link.display().to_string())
}

fn way_in() -> Result<&'static [&'static str]> {
    let mut refusals = Vec::new();
    for way in WAYS {
        let output = through(way).args(["sh", "-ec", ATTEMPT]).output();
        let output = output.context("unshare (util-linux)")?;
        if output.status.success() {
            return Ok(way);
        }
        refusals.push(text(&output.stderr));
    }
    bail!("this needs root or user namespaces, and `ip`: {}", refusals.join("; "))
}

fn through(way: &[&str]) -> Command {
    let mut command = tool("unshare");
    command.args(way).args(["--pid", "--fork", "--kill-child", "--"]);
    command
}

/// The pipe to the inner test is its leash: it is written to by nobody, and closed when the outer
/// test ends.
fn again(test: &str, way: &[&str], here: &str) -> Result<()> {
    let mut inner = through(way)
        .arg(env::current_exe()?)
        .args(["--exact", test, "--nocapture", "--include-ignored"])
        .env(OUTSIDE, here)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let leash = inner.stdin.take();
    let output = inner.wait_with_output()?;
    drop(leash);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    for line in err.lines().filter_map(|line| line.strip_prefix("SKIPPED: ")) {
        let (part, why) = line.split_once(": ").unwrap_or((test, line));
        skipped(part, why);
    }
    ensure!(
        output.status.success() && out.contains("test result: ok. 1 passed"),
        "{test}, inside, {}:\n{out}\n{err}",
        output.status
    );
    Ok(())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
