//! How quickly results of RIPE Atlas become traces: every one is a traceroute to the block, and all
//! of it is read. Prints Markdown rows; `cargo bench --bench import_atlas`.
//!
//! `-- --write FILE` only writes the results, one to a line, for others to read; `-- --read FILE`
//! only reads such a file. `--mib N` says how much is written.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run has failed")]
#![expect(clippy::cast_precision_loss, reason = "rates are printed without decimals")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use lasthop::import::{self, Finding};
use nix::sys::resource::{UsageWho, getrusage};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const RUNS: usize = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).map(String::as_str)
    };
    let mib: usize = value("--mib").map_or(512, |mib| mib.parse().expect("a number"));
    if let Some(path) = value("--write") {
        return write(Path::new(path), mib, ["", "\n", "\n"]);
    }
    if let Some(path) = value("--read") {
        return measure("lines", Path::new(path));
    }
    let folder = tempfile::tempdir().expect("a folder");
    println!("| shape | MB/s | results/s | traces | peak RSS, MiB |\n|---|---:|---:|---:|---:|");
    for (shape, around) in [("lines", ["", "\n", "\n"]), ("array", ["[", ",", "]\n"])] {
        let path = folder.path().join(shape);
        write(&path, mib, around);
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
    let mut opened = import::open(Some(path)).expect("opened");
    let format = import::recognise(&opened.head).expect("recognised");
    let mut traces = 0;
    let mut sink = |line: u64, finding: Finding| match finding {
        Finding::Trace(_) => traces += 1,
        other => unreachable!("line {line}: {other:?}"),
    };
    format.read(&mut opened.input, &mut sink).expect("read");
    traces
}

/// Writes `mib` of results: something before all of them, between them, behind them.
fn write(path: &Path, mib: usize, [before, between, behind]: [&str; 3]) {
    let mut random = StdRng::seed_from_u64(7);
    let mut file = BufWriter::new(File::create(path).expect("created"));
    let mut text = before.to_owned();
    let mut left = mib << 20;
    while left > 0 {
        text += &result(&mut random);
        left = left.saturating_sub(text.len());
        text += if left > 0 { between } else { behind };
        file.write_all(text.as_bytes()).expect("written");
        text.clear();
    }
    file.flush().expect("written");
}

/// A result as today's firmware sends it: a dozen routers, some with labels, the way into the block,
/// and silence.
fn result(random: &mut StdRng) -> String {
    let probe: u32 = random.random_range(1..60_000);
    let target = format!("175.45.{}.{}", random.random_range(176..180), random.random::<u8>());
    let began: u32 = random.random_range(1_700_000_000..1_760_000_000);
    let hops = random.random_range(9..17);
    let mut text = format!(
        "{{\"fw\":5080,\"mver\":\"2.6.2\",\"lts\":{},\"endtime\":{},\"dst_name\":\"{target}\",\
         \"dst_addr\":\"{target}\",\"src_addr\":\"192.168.1.{}\",\"proto\":\"ICMP\",\"af\":4,\
         \"size\":48,\"paris_id\":{},\"result\":[",
        random.random_range(1..300),
        began + 40,
        random.random_range(2..250),
        random.random_range(1..17),
    );
    let mut rtt = 0.4;
    for hop in 1..=hops {
        rtt += random.random_range(0.1..30.0);
        put_hop(&mut text, random, hop, rtt);
    }
    for hop in (hops + 1..=hops + 5).chain([255]) {
        let _ = write!(
            text,
            "{{\"hop\":{hop},\"result\":[{{\"x\":\"*\"}},{{\"x\":\"*\"}},{{\"x\":\"*\"}}]}},"
        );
    }
    text.pop();
    let _ = write!(
        text,
        "],\"msm_id\":{},\"prb_id\":{probe},\"timestamp\":{began},\"msm_name\":\"Traceroute\",\
         \"from\":\"203.0.113.{}\",\"type\":\"traceroute\",\"group_id\":1,\"stored_timestamp\":{}}}",
        random.random_range(1_000_000..90_000_000),
        random.random_range(1..255),
        began + 60,
    );
    text
}

/// One hop of three replies, with a comma behind it.
fn put_hop(text: &mut String, random: &mut StdRng, hop: u32, rtt: f64) {
    let from = format!("198.51.{}.{}", random.random::<u8>(), random.random::<u8>());
    let labels = if random.random_bool(0.15) {
        let label = random.random_range(16..1_048_576);
        format!(
            ",\"icmpext\":{{\"version\":2,\"rfc4884\":1,\"obj\":[{{\"class\":1,\"type\":1,\
             \"mpls\":[{{\"exp\":0,\"label\":{label},\"s\":1,\"ttl\":1}}]}}]}}"
        )
    } else {
        String::new()
    };
    let replies: Vec<String> = (0..3)
        .map(|_| {
            if random.random_bool(0.1) {
                "{\"x\":\"*\"}".to_owned()
            } else {
                format!(
                    "{{\"from\":\"{from}\",\"ttl\":{},\"size\":76,\"rtt\":{:.3}{labels}}}",
                    255 - hop,
                    rtt + random.random_range(0.0..3.0)
                )
            }
        })
        .collect();
    let _ = write!(text, "{{\"hop\":{hop},\"result\":[{}]}},", replies.join(","));
}
