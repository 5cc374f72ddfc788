//! How quickly results of RIPE Atlas become traces in the library, without judgement: all of them
//! traceroutes to the block. Prints Markdown rows; `cargo bench --bench import_atlas`.
//!
//! `benches/import.sh` measures the whole program. `-- --write FILE --mib N --home PERCENT` makes the
//! results that it reads.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run has failed")]
#![expect(clippy::cast_precision_loss, reason = "rates are printed without decimals")]

#[path = "atlas/results.rs"]
mod results;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

use lasthop::import::{self, Finding};
use lasthop::input;
use nix::sys::resource::{UsageWho, getrusage};

use results::{ARRAY, LINES, Plan};

const RUNS: usize = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).map(String::as_str)
    };
    let number = |name, otherwise| value(name).map_or(otherwise, |n| n.parse().expect("a number"));
    let mib = number("--mib", 512);
    let plan = |home, around| Plan { bytes: u64::from(mib) << 20, home, around };
    if let Some(path) = value("--write") {
        let results = write(Path::new(path), &plan(number("--home", 100), LINES));
        return println!("{results}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    println!("| shape | MB/s | results/s | traces | peak RSS, MiB |\n|---|---:|---:|---:|---:|");
    for (shape, around) in [("lines", LINES), ("array", ARRAY)] {
        let path = folder.path().join(shape);
        write(&path, &plan(100, around));
        measure(shape, &path);
    }
}

/// Reads `path` again and again; prints the median.
fn measure(shape: &str, path: &Path) {
    let bytes = path.metadata().expect("a file").len();
    let mut traces = 0;
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            traces = read(path);
            began.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let median = times[RUNS / 2];
    let rss = getrusage(UsageWho::RUSAGE_SELF).expect("usage").max_rss() / 1024;
    let (rate, results) = (bytes as f64 / 1e6 / median, f64::from(traces) / median);
    println!("| {shape} | {rate:.0} | {results:.0} | {traces} | {rss} |");
}

/// How many traces are in `path`. Everything must be one.
fn read(path: &Path) -> u32 {
    let mut opened = input::open(Some(path)).expect("opened");
    let format = import::recognise(&opened.head).expect("recognised");
    let mut traces = 0;
    let mut sink = |line: u64, finding: Finding| match finding {
        Finding::Trace(_) => traces += 1,
        other => unreachable!("line {line}: {other:?}"),
    };
    format.read(&mut opened.input, &mut sink).expect("read");
    traces
}

fn write(path: &Path, plan: &Plan) -> u64 {
    let mut file = BufWriter::new(File::create(path).expect("created"));
    results::write(plan, &mut file).expect("written")
}
