//! How quickly texts of several programs become traces in the library, without judgement, and whether all of
//! them are found. Prints Markdown rows; `cargo bench --bench import_text`.
//!
//! `benches/import.sh` measures the whole program. `-- --write FILE --mib N --home PERCENT` makes the texts that
//! it reads and prints what is in them; with `--plain` there is nothing but what Linux's traceroute prints.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run has failed")]
#![expect(clippy::cast_precision_loss, reason = "rates are printed without decimals")]

mod options;
#[path = "import/rounds.rs"]
mod rounds;
#[path = "text/runs.rs"]
mod runs;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use lasthop::import::Finding;

use options::{number, value};
use runs::{Plan, Truth};

fn main() {
    let is_mixed = !std::env::args().any(|argument| argument == "--plain");
    let plan = |is_mixed| Plan {
        bytes: number("--mib", 256_u64) << 20,
        home: number("--home", 100),
        is_mixed,
    };
    if let Some(path) = value("--write") {
        let Truth { traces, china, russia, elsewhere } = write(Path::new(&path), &plan(is_mixed));
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

/// Reads `path` again and again. All that is no trace must be prose.
fn measure(name: &str, path: &Path, truth: Truth) {
    let bytes = path.metadata().expect("a file").len();
    let is_prose = |line, finding: &Finding| {
        assert!(matches!(finding, Finding::OtherLines(_)), "line {line}: {finding:?}");
    };
    let median =
        rounds::median(|| assert_eq!(rounds::traces(path, is_prose), truth.traces, "{name}"));
    let (rate, traces) = (bytes as f64 / 1e6 / median, truth.traces as f64 / median);
    println!("| {name} | {rate:.0} | {traces:.0} | {} |", truth.traces);
}

fn write(path: &Path, plan: &Plan) -> Truth {
    let mut file = BufWriter::new(File::create(path).expect("created"));
    runs::write(plan, &mut file).expect("written")
}
