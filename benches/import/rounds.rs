//! How files are read as the program reads them, and how long that takes.

use std::path::Path;
use std::time::Instant;

use lasthop::import::{self, Finding};
use lasthop::input;

const ROUNDS: usize = 7;

/// The median of the seconds that `round` takes.
pub(crate) fn median(mut round: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            round();
            began.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

/// How many traces are in `path`. What else is found there goes to `other`.
pub(crate) fn traces(path: &Path, other: fn(u64, &Finding)) -> u64 {
    let mut opened = input::open(Some(path)).expect("opened");
    let format = import::recognise(&opened.head).expect("recognised");
    let mut traces = 0;
    let mut sink = |line: u64, finding: Finding| match finding {
        Finding::Trace(_) => traces += 1,
        finding => other(line, &finding),
    };
    format.read(&mut opened.input, &mut sink).expect("read");
    traces
}
