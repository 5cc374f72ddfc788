//! How long it takes to tell who holds an address, with a table of as many ranges as the internet's.
//! Prints Markdown rows; `cargo bench --bench owners`, or `-- TABLE` for a table of your own (an
//! iptoasn.com TSV or an MMDB).
#![expect(clippy::expect_used, reason = "a benchmark that cannot run has failed")]
#![expect(clippy::cast_precision_loss, reason = "nanoseconds are printed with one decimal")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, Instant};

use lasthop::owner::{AsTable, Owners};
use lasthop::targets::Targets;
use nix::time::{ClockId, clock_gettime};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const RANGES: u32 = 400_000;
const HOLDERS: u32 = 60_000;
const ADDRESSES: usize = 1 << 20;
const RUNS: usize = 9;

fn main() {
    let mut random = StdRng::seed_from_u64(7);
    let folder = tempfile::tempdir().expect("a folder");
    let made = folder.path().join("ip2asn-v4.tsv");
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if given.is_none() {
        std::fs::write(&made, table(&mut random)).expect("written");
    }
    let path = given.as_deref().map_or(made.as_path(), Path::new);
    let began = Instant::now();
    let table = AsTable::open(path).expect("a table");
    let (opened, ranges) = (began.elapsed(), table.ranges());
    let targets = Targets::built_in().expect("targets");
    let owners = Owners::new(&targets).with_table(table.clone());
    let everywhere: Vec<Ipv4Addr> = (0..ADDRESSES).map(|_| random.random::<u32>().into()).collect();
    println!("{ranges} ranges, read in {} ms\n", opened.as_millis());
    println!("| what | ns |\n|---|---:|");
    let lookup = |address| table.of(address).is_some();
    row("range and AS of an address, anywhere in IPv4", &everywhere, lookup);
    let owner = |address| owners.of(address).is_known();
    row("the whole answer: carrier, AS, country, source, class", &everywhere, owner);
}

/// The fastest of some runs over all addresses, which come in no order, by the time of the processor.
fn row(what: &str, addresses: &[Ipv4Addr], mut tell: impl FnMut(Ipv4Addr) -> bool) {
    let now = || Duration::from(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("a clock"));
    let run = |_| {
        let began = now();
        for address in addresses {
            black_box(tell(black_box(*address)));
        }
        now().saturating_sub(began)
    };
    let fastest = (0..RUNS).map(run).min().unwrap_or(Duration::ZERO);
    println!("| {what} | {:.1} |", fastest.as_nanos() as f64 / addresses.len() as f64);
}

/// Ranges of many sizes over all of IPv4, with gaps.
fn table(random: &mut StdRng) -> String {
    let mut text = String::new();
    let step = u32::MAX / RANGES;
    for range in 0..RANGES {
        let first = range * step;
        let last = first + random.random_range(step / 2..step);
        let asn = random.random_range(1..HOLDERS);
        let (first, last) = (Ipv4Addr::from(first), Ipv4Addr::from(last));
        let _ =
            writeln!(text, "{first}\t{last}\t{asn}\tUS\tNETWORK-{asn} Network number {asn}, Inc.");
    }
    text
}
