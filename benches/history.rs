//! How often a quiet history is said to have changed, how soon a change is found, and how quickly a
//! long history is read. Prints Markdown tables; `cargo bench --bench history`.
//!
//! `-- --write FILE` only writes a history of `--rows N`, for the program itself to read.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run has failed")]
#![expect(clippy::cast_precision_loss, reason = "rates are printed with a few decimals")]

mod options;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use lasthop::history::{self, Event, Wanted};
use nix::sys::resource::{UsageWho, getrusage};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use options::{number, value};

const HEADER: &str = "schema,run_id,started_at,ended_at,vantage,method,scope,targets,china,russia,other,unknown,\
    unreached,china_share,china_low,china_high,russia_share,russia_low,russia_high,verdict,carriers,\
    last_hops,rtt_ms,probes,complete\n";

/// A block whose four prefixes are traced by so many traces each.
#[derive(Clone, Copy)]
struct World {
    traces: u32,
    /// The share of Russian traces in each prefix.
    russia: [f64; 4],
    /// How likely it is that a trace shows a stranger.
    stray: f64,
    /// By how much the shares of a run scatter, beside the scatter of its traces.
    scatter: f64,
}

impl World {
    /// A run's rows.
    fn run(&self, number: i64, random: &mut StdRng, text: &mut String) {
        let mut all = [0; 3];
        let mut prefixes = String::new();
        for (place, russia) in self.russia.iter().enumerate() {
            let russia = match russia {
                0.0 | 1.0 => *russia,
                some => (some + self.scatter * (random.random::<f64>() - 0.5)).clamp(0.0, 1.0),
            };
            let mut counts = [0; 3];
            for _ in 0..self.traces {
                let class = if self.stray > 0.0 && random.random_bool(self.stray) {
                    2
                } else {
                    usize::from(random.random_bool(russia))
                };
                counts[class] += 1;
            }
            let scope = format!("175.45.{}.0/24", 176 + place);
            put(&mut prefixes, number, &scope, counts);
            all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
        }
        put(text, number, "175.45.176.0/22", all);
        text.push_str(&prefixes);
    }
}

/// A row as `--append` writes it.
fn put(text: &mut String, number: i64, scope: &str, [china, russia, other]: [u32; 3]) {
    let began: Timestamp = "2017-10-01T00:00:00Z".parse().expect("a time");
    let start = began + SignedDuration::from_mins(5 * number);
    let end = start + SignedDuration::from_secs(14);
    let of = f64::from(china + russia + other);
    let share = |count: u32| f64::from(count) / of;
    let named = [("China Unicom", china), ("TransTeleCom", russia), ("Stranger", other)];
    let carriers: Vec<String> = named
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name}={count}"))
        .collect();
    let verdict = match named.map(|(_, count)| count > 0) {
        [true, false, false] => "china",
        [false, true, false] => "russia",
        [false, false, true] => "other",
        _ => "mixed",
    };
    let (one, two) = (share(china), share(russia));
    writeln!(
        text,
        "1,run-{number},{start:.6},{end:.6},tokyo-1,icmp,{scope},{0},{china},{russia},{other},0,0,\
         {one:.4},{one:.4},{one:.4},{two:.4},{two:.4},{two:.4},{verdict},{1},2,188.431,{2},true",
        china + russia + other,
        carriers.join(";"),
        (china + russia + other) * 2,
    )
    .expect("text");
}

fn read(text: &str) -> Vec<Event> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.csv");
    std::fs::write(&path, text).expect("written");
    let history =
        history::read(&[path], &Wanted::default(), &mut |broken| unreachable!("{broken:?}"));
    history.expect("read").events
}

/// Events of quiet histories, for 1,000 runs of five scopes.
fn quiet(world: World, runs: i64, seed: u64) -> f64 {
    let mut random = StdRng::seed_from_u64(seed);
    let mut text = HEADER.to_owned();
    (0..runs).for_each(|run| world.run(run, &mut random, &mut text));
    read(&text).len() as f64 * 1000.0 / runs as f64
}

/// How many shifts of 30 points are found by the first, second and third run that shows them, and how
/// many of the intervals have the moment in them.
fn shifts(traces: u32, times: u64) -> [f64; 4] {
    let before = World { traces, russia: [0.35, 0.0, 0.0, 0.0], stray: 0.0, scatter: 0.0 };
    let after = World { russia: [0.65, 0.0, 0.0, 0.0], ..before };
    let mut found = [0.0; 4];
    for seed in 0..times {
        let mut random = StdRng::seed_from_u64(seed);
        let mut text = HEADER.to_owned();
        (0..60).for_each(|run| before.run(run, &mut random, &mut text));
        (60..63).for_each(|run| after.run(run, &mut random, &mut text));
        let run = |run: &str| run.trim_start_matches("run-").parse::<i64>().expect("a run");
        let events = read(&text);
        let began: Timestamp = "2017-10-01T00:00:00Z".parse().expect("a time");
        let late = |event: &Event| event.found.duration_since(began).as_mins() / 5 - 60;
        let prefix = |event: &&Event| event.scope.prefix_len() == 24 && late(event) >= 0;
        if let Some(event) = events.iter().find(prefix) {
            (late(event)..3).for_each(|within| {
                found[usize::try_from(within).expect("small")] += 1.0;
            });
            let holds = run(&event.before.run) <= 59 && run(&event.after.run) >= 60;
            found[3] += f64::from(u8::from(holds));
        }
    }
    let all = found[2];
    found[3] /= f64::max(all, 1.0);
    found[..3].iter_mut().for_each(|count| *count /= times as f64);
    found
}

fn rates(scale: i64) {
    println!("| quiet history | traces/prefix | events in 1,000 runs |\n|---|---:|---:|");
    let worlds = [
        ("one carrier for each prefix", [0.0, 1.0, 0.0, 1.0], 0.0, 0.0),
        ("one prefix balanced", [0.0, 1.0, 0.5, 0.0], 0.0, 0.0),
        ("all prefixes balanced", [0.5, 0.6, 0.3, 0.1], 0.0, 0.0),
        ("the same, one trace in 500 strays", [0.5, 0.6, 0.3, 0.1], 0.002, 0.0),
        ("balanced, strays, shares scatter by 10 points", [0.5, 0.6, 0.3, 0.3], 0.002, 0.2),
    ];
    for (name, russia, stray, scatter) in worlds {
        for traces in [4, 16, 64, 256] {
            let world = World { traces, russia, stray, scatter };
            let rate = quiet(world, scale * 16 / i64::from(traces.min(64)), 7);
            println!("| {name} | {traces} | {rate:.2} |");
        }
    }
    println!("\n| traces/prefix | found by the 1st run | 2nd | 3rd | in the right interval |");
    println!("|---:|---:|---:|---:|---:|");
    for traces in [4, 8, 16, 24, 32, 64, 256] {
        let [first, second, third, right] = shifts(traces, 500).map(|part| part * 100.0);
        println!("| {traces} | {first:.1} % | {second:.1} % | {third:.1} % | {right:.1} % |");
    }
}

fn write(path: &Path, rows: i64) {
    let world = World { traces: 64, russia: [0.0, 1.0, 0.5, 0.02], stray: 0.002, scatter: 0.0 };
    let mut random = StdRng::seed_from_u64(7);
    let mut file = BufWriter::new(File::create(path).expect("created"));
    let mut text = HEADER.to_owned();
    for run in 0..rows / 5 {
        world.run(run, &mut random, &mut text);
        file.write_all(text.as_bytes()).expect("written");
        text.clear();
    }
    file.flush().expect("written");
}

fn speed(rows: i64) {
    let folder = tempfile::tempdir().expect("a folder");
    let path: PathBuf = folder.path().join("history.csv");
    write(&path, rows);
    let bytes = path.metadata().expect("a file").len();
    let (began, cpu) = (Instant::now(), cpu_seconds());
    let wanted = Wanted { buckets: 512, ..Wanted::default() };
    let history = history::read(&[path], &wanted, &mut |_| {}).expect("read");
    let took = began.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - cpu;
    let rss = getrusage(UsageWho::RUSAGE_SELF).expect("usage").max_rss() / 1024;
    println!("\n| rows | MB | time | CPU | events | peak RSS |\n|---:|---:|---:|---:|---:|---:|");
    let (used, events) = (history.counts.used, history.events.len());
    println!(
        "| {used} | {:.0} | {took:.1} s | {cpu:.1} s | {events} | {rss} MiB |",
        bytes as f64 / 1e6
    );
}

/// User and system time of this process.
fn cpu_seconds() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("usage");
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(usage.user_time()) + seconds(usage.system_time())
}

fn main() {
    let rows = number("--rows", 10_000_000);
    if let Some(path) = value("--write") {
        return write(Path::new(&path), rows);
    }
    speed(rows);
    rates(number("--runs", 40_000));
}
