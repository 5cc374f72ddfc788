//! What a command may still do that asks a service: it opens sockets, and neither other files nor programs.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::program::{Outcome, alone, command, owner};
use super::server::{Reply, Server};
use super::skipping::skipped;

const KEY: &str = "0f0f0f0f-aaaa-bbbb-cccc-0123456789ab";

fn is_confined(outcome: &Outcome, what: &[&str]) {
    let line = outcome.err.lines().find(|line| line.contains("confined: "));
    let line = line.expect("a line that says so");
    assert!(line.ends_with("seccomp refuses programs"), "{what:?}: {line}");
    if line.contains("has no Landlock") {
        return skipped("remote", "this kernel has no Landlock");
    }
    assert!(line.contains("Landlock confines which files are opened"), "{what:?}: {line}");
}

/// Whatever comes of it.
#[test]
fn whatever_asks_a_service_is_confined() {
    let server = Server::start((), |(), _| Reply::json(404, "{}"));
    for arguments in [
        &["atlas", "find"][..],
        &["atlas", "fetch", "12016236"],
        &["atlas", "measure", "--yes"],
        &["atlas", "measure", "--dry-run"],
        &["atlas", "stop", "12016236"],
        &["globalping", "measure", "--yes"],
        &["bgp", "--now"],
    ] {
        let folder = TempDir::new().expect("a folder");
        let all = [arguments, &["-v"]].concat();
        let mut asking = command(folder.path(), server.port, &all);
        let output = asking.env("RIPE_ATLAS_KEY", KEY).output().expect("timeout (coreutils)");
        is_confined(&Outcome::of(output), arguments);
    }
    let folder = TempDir::new().expect("a folder");
    is_confined(&owner(folder.path(), Some(server.port), &["-v"]), &["owner", "--update"]);
}

/// While an answer is awaited.
#[test]
fn whoever_waits_for_an_answer_has_no_capability_to_send_and_gets_none() {
    let server = Server::start((), |(), _| {
        sleep(Duration::from_secs(3));
        Reply::json(404, "{}")
    });
    let folder = TempDir::new().expect("a folder");
    let mut asking = alone(folder.path(), server.port, &["atlas", "find"]);
    let mut child = asking.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("begun");
    let began = Instant::now();
    let status = loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("a process");
        if status.contains("Seccomp:\t2") || began.elapsed() > Duration::from_secs(20) {
            break status;
        }
        std::thread::yield_now();
    };
    child.kill().expect("ended");
    child.wait().expect("ended");
    assert!(status.contains("Seccomp:\t2") && status.contains("NoNewPrivs:\t1"), "{status}");
    // CAP_NET_RAW is the bit of 2000.
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = u64::from_str_radix(capabilities.expect("a line").trim(), 16).expect("a number");
    assert_eq!(bits & 0x2000, 0, "{status}");
}
