//! How quickly results of RIPE Atlas become traces in the library, without judgement: all of them
//! traceroutes to the block. Prints Markdown rows; `cargo bench --bench import_atlas`.
//!
//! `benches/import.sh` measures the whole program. `-- --write FILE --mib N --home PERCENT` makes the
//! results that it reads.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run has failed")]
#![expect(clippy::cast_precision_loss, reason = "rates are printed without decimals")]

mod options;
#[path = "atlas/results.rs"]
mod results;
#[path = "import/rounds.rs"]
mod rounds;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use nix::sys::resource::{UsageWho, getrusage};

use options::{number, value};
use results::{ARRAY, LINES, Plan};

fn main() {
    let plan = |home, around| Plan { bytes: number("--mib", 512_u64) << 20, home, around };
    if let Some(path) = value("--write") {
        let results = write(Path::new(&path), &plan(number("--home", 100), LINES));
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

/// Reads `path` again and again. Everything must be a trace.
fn measure(shape: &str, path: &Path) {
    let bytes = path.metadata().expect("a file").len();
    let mut traces = 0;
    let median = rounds::median(|| {
        traces = rounds::traces(path, |line, finding| unreachable!("line {line}: {finding:?}"));
    });
    let rss = getrusage(UsageWho::RUSAGE_SELF).expect("usage").max_rss() / 1024;
    let (rate, results) = (bytes as f64 / 1e6 / median, traces as f64 / median);
    println!("| {shape} | {rate:.0} | {results:.0} | {traces} | {rss} |");
}

fn write(path: &Path, plan: &Plan) -> u64 {
    let mut file = BufWriter::new(File::create(path).expect("created"));
    results::write(plan, &mut file).expect("written")
}
