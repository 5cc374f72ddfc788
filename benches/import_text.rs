//! How quickly texts of several programs become traces in the library, without judgement, and whether all of
//! them are found. Prints Markdown rows; `cargo bench --bench import_text`.
//!
//! `benches/import.sh` measures the whole program. `-- --write FILE --mib N --home PERCENT` makes the texts that
//! it reads and prints what is in them; with `--plain` there is nothing but what Linux's traceroute prints.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run has failed")]
#![expect(clippy::cast_precision_loss, reason = "rates are printed without decimals")]

#[path = "text/runs.rs"]
mod runs;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::Instant;

use lasthop::import::{self, Finding};
use lasthop::input;

use runs::{Plan, Truth};

const RUNS: usize = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).map(String::as_str)
    };
    let number = |name, otherwise| value(name).map_or(otherwise, |n| n.parse().expect("a number"));
    let is_mixed = !arguments.iter().any(|argument| argument == "--plain");
    let plan = |is_mixed| Plan {
        bytes: u64::from(number("--mib", 256)) << 20,
        home: number("--home", 100),
        is_mixed,
    };
    if let Some(path) = value("--write") {
        let Truth { traces, china, russia, elsewhere } = write(Path::new(path), &plan(is_mixed));
        return println!("{traces} traces: china {china}, russia {russia}, elsewhere {elsewhere}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    println!("| text | MB/s | traces/s | traces |\n|---|---:|---:|---:|");
    for (name, is_mixed) in [("mixed", true), ("traceroute alone", false)] {
        let path = folder.path().join(name);
        let truth = write(&path, &plan(is_mixed));
        measure(name, &path, truth);
    }
}

/// Reads `path` again and again; prints the median.
fn measure(name: &str, path: &Path, truth: Truth) {
    let bytes = path.metadata().expect("a file").len();
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            assert_eq!(read(path), truth.traces, "{name}");
            began.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let median = times[RUNS / 2];
    let (rate, traces) = (bytes as f64 / 1e6 / median, truth.traces as f64 / median);
    println!("| {name} | {rate:.0} | {traces:.0} | {} |", truth.traces);
}

/// How many traces are in `path`. All else must be prose.
fn read(path: &Path) -> u64 {
    let mut opened = input::open(Some(path)).expect("opened");
    let format = import::recognise(&opened.head).expect("recognised");
    let mut traces = 0;
    let mut sink = |line: u64, finding: Finding| match finding {
        Finding::Trace(_) => traces += 1,
        Finding::OtherLines(_) => {}
        other => unreachable!("line {line}: {other:?}"),
    };
    format.read(&mut opened.input, &mut sink).expect("read");
    traces
}

fn write(path: &Path, plan: &Plan) -> Truth {
    let mut file = BufWriter::new(File::create(path).expect("created"));
    runs::write(plan, &mut file).expect("written")
}
