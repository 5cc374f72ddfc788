//! How quickly tables and updates of route collectors are read, against unpacking them alone. Prints a Markdown table;
//! `cargo bench --bench bgp`, with `-- --prefixes 1000000` for a table of today's size.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run has failed")]

mod options;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lasthop::bgp::{ReadOptions, Wanted, read_files};
use lasthop::targets::Targets;
use nix::sys::resource::{UsageWho, getrusage};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const AT: u32 = 1_506_844_800;
const PEERS: u16 = 40;
/// The fastest of so many.
const TIMES: usize = 5;

fn record(out: &mut impl Write, kind: u16, subtype: u16, body: &[u8]) -> io::Result<()> {
    out.write_all(&AT.to_be_bytes())?;
    out.write_all(&kind.to_be_bytes())?;
    out.write_all(&subtype.to_be_bytes())?;
    out.write_all(&u32::try_from(body.len()).expect("short").to_be_bytes())?;
    out.write_all(body)
}

/// A path of some AS, as many collectors see it: few begin it, many end it.
fn path(random: &mut StdRng, peer: u16, origin: u32) -> Vec<u8> {
    let mut asns = vec![u32::from(peer) + 1000, 3356 + random.random_range(0..20)];
    asns.extend((0..random.random_range(0..3)).map(|_| random.random_range(1000..60_000_u32)));
    asns.push(origin);
    let mut bytes =
        vec![0x40, 1, 1, 0, 0x40, 2, u8::try_from(2 + asns.len() * 4).expect("short"), 2];
    bytes.push(u8::try_from(asns.len()).expect("short"));
    bytes.extend(asns.iter().flat_map(|asn| asn.to_be_bytes()));
    bytes.extend([0x40, 3, 4, 198, 51, 100, 1]);
    // Communities.
    let count = random.random_range(0..6_u8);
    bytes.extend([0xc0, 8, count * 4]);
    bytes.extend((0..count).flat_map(|_| [0x0d, 0x1c, 0, random.random_range(0..40_u8)]));
    bytes
}

/// TABLE_DUMP_V2 of so many prefixes, each by all peers, and the block's four.
fn table(out: &mut impl Write, prefixes: u32) -> io::Result<()> {
    let mut random = StdRng::seed_from_u64(1);
    let mut body = vec![198, 51, 100, 254, 0, 0];
    body.extend(PEERS.to_be_bytes());
    for peer in 0..PEERS {
        let last = u8::try_from(peer).expect("few");
        body.extend([2, 10, 0, 0, last, 10, 0, 0, last]);
        body.extend((u32::from(peer) + 1000).to_be_bytes());
    }
    record(out, 13, 1, &body)?;
    let ours = (0..4).map(|place| (0xaf2d_b000 + place * 256, 131_279));
    let all =
        (0..prefixes).map(|place| (0x0100_0000 + place * 256, 1000 + place % 60_000)).chain(ours);
    for (sequence, (network, origin)) in (0_u32..).zip(all) {
        body.clear();
        body.extend(sequence.to_be_bytes());
        body.push(24);
        body.extend(&network.to_be_bytes()[..3]);
        body.extend(PEERS.to_be_bytes());
        for peer in 0..PEERS {
            let attributes = path(&mut random, peer, origin);
            body.extend(peer.to_be_bytes());
            body.extend((AT - 1000).to_be_bytes());
            body.extend(u16::try_from(attributes.len()).expect("short").to_be_bytes());
            body.extend(attributes);
        }
        record(out, 13, 2, &body)?;
    }
    Ok(())
}

fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("usage");
    let of = |time: nix::sys::time::TimeVal| {
        Duration::from_micros(
            u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).expect("some"),
        )
    };
    of(usage.user_time()) + of(usage.system_time())
}

/// The fastest: by the clock, and what it took of the processors.
fn fastest(run: impl Fn()) -> (Duration, Duration) {
    let once = |_| {
        let (began, used) = (Instant::now(), cpu());
        run();
        (began.elapsed(), cpu().saturating_sub(used))
    };
    (0..TIMES).map(once).min().expect("some")
}

fn read(path: &Path) {
    let targets = Targets::built_in().expect("targets");
    let options = ReadOptions { from: None, collector: None, wanted: Wanted::of(&targets) };
    let mut records = 0;
    read_files(&[path.to_owned()], &options, &mut |_, _| records += 1, &mut |_| {}).expect("read");
    assert_eq!(records, 1);
}

fn main() {
    let prefixes = options::number("--prefixes", 100_000);
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    let file = |name: &str| BufWriter::new(File::create(at(name)).expect("a file"));
    table(&mut file("plain"), prefixes).expect("written");
    let mut gzip = flate2::write::GzEncoder::new(file("bview.gz"), flate2::Compression::default());
    table(&mut gzip, prefixes).expect("written");
    gzip.finish().expect("written");
    let mut packed = bzip2::write::BzEncoder::new(file("rib.bz2"), bzip2::Compression::best());
    table(&mut packed, prefixes).expect("written");
    packed.finish().expect("written");
    let size = at("plain").metadata().expect("a file").len() / 1_000_000;
    println!("A table of {} prefixes by {PEERS} peers, {size} MB:\n", prefixes + 4);
    println!("| | clock | CPU |\n|---|---:|---:|");
    let row = |what: &str, (clock, cpu): (Duration, Duration)| {
        println!("| {what} | {:.2} s | {:.2} s |", clock.as_secs_f64(), cpu.as_secs_f64());
    };
    let open = |name: &str| File::open(at(name)).expect("a file");
    row("plain, read", fastest(|| read(&at("plain"))));
    let inflate = || {
        io::copy(&mut flate2::read::MultiGzDecoder::new(open("bview.gz")), &mut io::sink())
            .expect("unpacked");
    };
    row("gzip, unpacked alone", fastest(inflate));
    row("gzip, read", fastest(|| read(&at("bview.gz"))));
    let inflate = || {
        io::copy(&mut bzip2::read::MultiBzDecoder::new(open("rib.bz2")), &mut io::sink())
            .expect("unpacked");
    };
    row("bzip2, unpacked alone by one core", fastest(inflate));
    row("bzip2, read", fastest(|| read(&at("rib.bz2"))));
    let peak = getrusage(UsageWho::RUSAGE_SELF).expect("usage").max_rss() / 1024;
    println!("\nMemory at most: {peak} MiB, with what made the files.");
}
