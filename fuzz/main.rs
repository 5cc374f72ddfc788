//! Inputs that nobody would write, for everything that reads what strangers wrote.
//!
//! `cargo run --profile fuzz --example fuzz -- --seconds 3600` works for an hour; `cargo run --example fuzz` for a minute. Names
//! behind `--` choose targets, `--seed N` repeats. Each target returns a number for what it made of an input; an input
//! with a new number is kept and changed further. It needs no nightly compiler: what an instrumented build would
//! show of coverage, these numbers show in the large. An input that fails is left in `target/fuzz/`, and the program ends with 1.
#![expect(clippy::expect_used, reason = "a fuzzer that cannot begin has failed")]
#![expect(clippy::panic, reason = "what a target finds is a panic")]

mod mutate;
mod targets;

use std::collections::HashSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use mutate::mutated;
use targets::Target;

/// How long all targets take together, unless somebody says otherwise.
const SECONDS: u64 = 45;
/// The most inputs of a target that are changed further.
const MOST_KEPT: usize = 4096;
/// No input of 64 KiB takes so long, even without optimisation and beside other work.
const SLOW: Duration = Duration::from_secs(10);

struct Arguments {
    seconds: u64,
    seed: u64,
    targets: Vec<String>,
}

impl Arguments {
    fn read() -> Self {
        let mut read = Self { seconds: SECONDS, seed: 0, targets: Vec::new() };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut number = || words.next().and_then(|it| it.parse().ok()).expect("a number");
            match word.as_str() {
                "--seconds" => read.seconds = number(),
                "--seed" => read.seed = number(),
                _ => read.targets.push(word),
            }
        }
        read
    }
}

/// What one target came to.
struct Done {
    executions: u64,
    kept: usize,
    failed: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::read();
    let chosen = |target: &Target| {
        arguments.targets.is_empty() || arguments.targets.iter().any(|name| name == target.name)
    };
    let all: Vec<Target> = targets::all().into_iter().filter(chosen).collect();
    assert!(!all.is_empty(), "no such target");
    let each = Duration::from_secs(arguments.seconds) / u32::try_from(all.len()).expect("few");
    let mut failed = false;
    let mut executions = 0;
    for target in all {
        let name = target.name;
        let done = run(target, each, arguments.seed);
        println!("{name}: {} executions, {} inputs kept", done.executions, done.kept);
        executions += done.executions;
        failed |= done.failed;
    }
    println!("{executions} executions");
    ExitCode::from(u8::from(failed))
}

/// Works at one target for so long.
fn run(mut target: Target, time: Duration, seed: u64) -> Done {
    let began = Instant::now();
    let mut random = StdRng::seed_from_u64(seed);
    let mut kept: Vec<Vec<u8>> = Vec::new();
    assert!(!target.seeds.is_empty(), "{}: no seeds", target.name);
    let (mut known, mut executions) = (HashSet::new(), 0);
    let mut next_seed = 0;
    while began.elapsed() < time || next_seed < target.seeds.len() {
        let input = if let Some(seed) = target.seeds.get(next_seed) {
            next_seed += 1;
            seed.clone()
        } else {
            let one = &kept[random.random_range(0..kept.len())];
            let other = &kept[random.random_range(0..kept.len())];
            mutated(one, other, &mut random)
        };
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(&input)));
        executions += 1;
        let slow = start.elapsed() > SLOW;
        match outcome {
            Ok(what) if !slow => {
                if kept.is_empty() || known.insert(what) && kept.len() < MOST_KEPT {
                    kept.push(input);
                }
            }
            outcome => {
                let why = if outcome.is_err() { "failed" } else { "slow" };
                println!(
                    "{}: {why} in execution {executions}: {}",
                    target.name,
                    keep(target.name, &input)
                );
                return Done { executions, kept: kept.len(), failed: true };
            }
        }
    }
    Done { executions, kept: kept.len(), failed: false }
}

/// Leaves an input where somebody may look at it.
fn keep(target: &str, input: &[u8]) -> String {
    let program = std::env::current_exe().expect("this program");
    let folder = program.ancestors().nth(3).unwrap_or(Path::new(".")).join("fuzz");
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(format!("{target}-{:016x}", targets::number_of(input)));
    fs::write(&path, input).expect("written");
    path.display().to_string()
}
