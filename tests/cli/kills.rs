//! Many processes append to one file and are killed at random moments: rows are whole, together and
//! there once, and those of a process that ended well are there.
//!
//! `LASTHOP_KILLS=1000` kills that many.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

use super::columns::SUMMARY;
use super::outcome::Outcome;
use super::program;
use super::sheet::Sheet;
use super::skip::skip;

const WRITERS: u32 = 20;

/// A traceroute to each prefix.
fn traces() -> String {
    let trace = |prefix: u32| {
        format!(
            "{{\"fw\":5020,\"type\":\"traceroute\",\"af\":4,\"proto\":\"ICMP\",\"paris_id\":1,\"prb_id\":{prefix},\
             \"timestamp\":1764500000,\"from\":\"193.0.0.1\",\"dst_addr\":\"175.45.{prefix}.10\",\"result\":[\
             {{\"hop\":1,\"result\":[{{\"from\":\"4.69.140.30\",\"ttl\":62,\"size\":76,\"rtt\":9.5}}]}},\
             {{\"hop\":2,\"result\":[{{\"from\":\"188.43.225.153\",\"ttl\":60,\"size\":76,\"rtt\":120.25}}]}},\
             {{\"hop\":3,\"result\":[{{\"x\":\"*\"}}]}}]}}\n"
        )
    };
    (176..180).map(trace).collect()
}

/// An import that adds five rows. A long label makes them longer than a page, so that a kill may fall
/// into the middle of a write.
fn import(folder: &Path, label: &str) -> Command {
    let long = format!("{label}-{}", "x".repeat(1500));
    let arguments = ["classify", "a.json", "--append", "h.csv", "-q", "--vantage", &long];
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    let mut command = program::outside_alone(folder, &arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Lets it run for so long at most, then kills it. How it ended, and whether it was killed.
fn run_for(mut command: Command, time: Duration) -> (ExitStatus, bool) {
    let mut child = command.spawn().expect("begun");
    let began = Instant::now();
    while began.elapsed() < time {
        if let Some(status) = child.try_wait().expect("waited for") {
            return (status, false);
        }
        thread::sleep(Duration::from_micros(200));
    }
    child.kill().expect("killed");
    (child.wait().expect("waited for"), true)
}

#[test]
fn of_many_killed_writers_every_row_is_whole() {
    let kills: u32 = std::env::var("LASTHOP_KILLS").map_or(120, |it| it.parse().expect("a number"));
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("a.json"), traces()).expect("written");
    let killed = AtomicU32::new(0);
    let write = |writer: u32| {
        let mut random = StdRng::seed_from_u64(writer.into());
        let mut ended = BTreeMap::new();
        for number in 0.. {
            if killed.load(Ordering::Relaxed) >= kills {
                break;
            }
            let label = format!("{writer}-{number}");
            let time = Duration::from_micros(random.random_range(1_000..400_000));
            let (status, was_killed) = run_for(import(folder.path(), &label), time);
            killed.fetch_add(u32::from(was_killed), Ordering::Relaxed);
            assert!(was_killed || matches!(status.code(), Some(0 | 4)), "{label}: {status}");
            ended.insert(label, status.success());
        }
        ended
    };
    let mut ended = BTreeMap::new();
    thread::scope(|scope| {
        let write = &write;
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        for writer in writers {
            ended.extend(writer.join().expect("a writer"));
        }
    });
    // The last one mends what the last kill may have left.
    Outcome::of(import(folder.path(), "last")).ended(0);
    ended.insert("last".into(), true);
    let well = ended.values().filter(|well| **well).count();
    let torn = std::fs::read(folder.path().join("h.csv.torn")).map_or(0, |bytes| bytes.len());
    println!("{} imports, {well} ended well, {torn} bytes were torn", ended.len());
    check(&std::fs::read_to_string(folder.path().join("h.csv")).expect("UTF-8"), &ended);
}

fn check(text: &str, ended: &BTreeMap<String, bool>) {
    assert!(text.ends_with('\n'));
    assert_eq!(text.matches("schema,").count(), 1, "headers");
    let sheet = Sheet::read(text);
    assert_eq!(sheet.header.join(","), SUMMARY);
    let labels: Vec<String> = sheet
        .column("vantage")
        .iter()
        .map(|long| {
            let (label, rest) = long.rsplit_once('-').expect("a label");
            assert_eq!(rest.len(), 1500, "a torn label");
            label.to_owned()
        })
        .collect();
    let scopes = sheet.column("scope");
    let all = [
        "175.45.176.0/22",
        "175.45.176.0/24",
        "175.45.177.0/24",
        "175.45.178.0/24",
        "175.45.179.0/24",
    ];
    let mut seen = BTreeMap::new();
    for run in labels.chunk_by(|one, other| one == other) {
        let place: usize = seen.values().sum();
        let rows = &scopes[place..place + run.len()];
        assert!(all.starts_with(rows), "{}: {rows:?}", run[0]);
        assert!(seen.insert(run[0].clone(), run.len()).is_none(), "{} twice", run[0]);
    }
    for (label, well) in ended {
        let rows = seen.get(label).copied().unwrap_or(0);
        assert!(!well || rows == all.len(), "{label} ended well and has {rows} rows");
    }
}

/// A file system with room for so many bytes, in a namespace of its own.
fn in_small_folder(folder: &Path, kib: u32, script: &str) -> Option<Outcome> {
    let mount = format!("mount -t tmpfs -o size={kib}k none small && cp a.json small/ && cd small");
    let mut command = program::shell(folder);
    command.args(["-rm", "bash", "-c", &format!("mkdir -p small && {mount} && {script}")]);
    let run = Outcome::of(command);
    if run.err.contains("unshare failed") || run.err.contains("mount:") {
        skip(&format!("no file system can be mounted: {}", run.err));
        return None;
    }
    Some(run)
}

/// Run after run until nothing fits any more, and a few times after that.
#[test]
fn a_disk_that_fills_keeps_whole_runs() {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("a.json"), traces()).expect("written");
    let script = "for n in $(seq 40); do \
        $LASTHOP classify a.json -q --vantage run-$n --append h.csv >/dev/null 2>../said; \
        code=$?; echo \"$n $code\" >> ../codes; \
        [ $code = 0 ] || cp ../said ../err; done; cp h.csv ../h.csv";
    let Some(run) = in_small_folder(folder.path(), 24, script) else { return };
    run.ended(0);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect(name);
    let codes = read("codes");
    let well: Vec<&str> = codes.lines().filter_map(|line| line.strip_suffix(" 0")).collect();
    assert!(well.len() > 3 && well.len() < 40, "{codes}");
    assert!(read("err").contains("h.csv: No space left on device"), "{}", read("err"));
    let sheet = Sheet::read(&read("h.csv"));
    let expected: Vec<String> = well.iter().flat_map(|n| vec![format!("run-{n}"); 5]).collect();
    assert_eq!(sheet.column("vantage"), expected, "whole runs, and all that ended well");
}

/// Others wait for their turn.
#[test]
fn imports_at_once_all_get_their_rows_in() {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("a.json"), traces()).expect("written");
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let folder = folder.path();
            scope.spawn(move || Outcome::of(import(folder, &writer.to_string())).ended(0));
        }
    });
    let text = std::fs::read_to_string(folder.path().join("h.csv")).expect("UTF-8");
    check(&text, &(0..WRITERS).map(|writer| (writer.to_string(), true)).collect());
}
