//! How quickly tables and updates of route collectors are read, against unpacking them alone, and against `bgpdump -m` where
//! that is installed. Prints a Markdown table; `cargo bench --bench bgp`, with `-- --prefixes 1000000` for a table of
//! today's size. `-- --write FOLDER` writes the files and a day of twenty collectors, and reads nothing.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run has failed")]

mod options;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lasthop::bgp::{ReadOptions, Wanted, read_files};
use lasthop::targets::Targets;
use nix::sys::resource::{UsageWho, getrusage};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const AT: u32 = 1_506_844_800;
const PEERS: u16 = 40;
/// How many messages a file of updates has.
const MESSAGES: u32 = 100_000;
/// The fastest of so many.
const TIMES: usize = 5;

fn record(
    out: &mut impl Write,
    at: u32,
    (kind, subtype): (u16, u16),
    body: &[u8],
) -> io::Result<()> {
    out.write_all(&at.to_be_bytes())?;
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
    record(out, AT, (13, 1), &body)?;
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
        record(out, AT, (13, 2), &body)?;
    }
    Ok(())
}

/// Messages from a time on, `spread` over so many seconds: half of them withdraw a few prefixes, half announce some; one
/// of a thousand is of the block.
fn updates(out: &mut impl Write, from: u32, (count, spread): (u32, u32)) -> io::Result<()> {
    let mut random = StdRng::seed_from_u64(u64::from(from));
    let network =
        |random: &mut StdRng| [24, random.random_range(1..170), random.random(), random.random()];
    for number in 0..count {
        let at = from
            + u32::try_from(u64::from(number) * u64::from(spread) / u64::from(count))
                .expect("short");
        let peer = random.random_range(0..PEERS);
        let last = u8::try_from(peer).expect("few");
        let is_ours = number % 1000 == 500;
        let mut prefixes: Vec<u8> = Vec::new();
        if is_ours {
            prefixes.extend([24, 175, 45, 176 + random.random_range(0..4_u8)]);
        }
        for _ in 0..random.random_range(1..6_u8) {
            prefixes.extend(network(&mut random));
        }
        let (withdrawn, attributes, announced) = if !is_ours && number % 4 == 0 {
            (prefixes, Vec::new(), Vec::new())
        } else {
            let origin = if is_ours { 131_279 } else { random.random_range(1000..60_000) };
            (Vec::new(), path(&mut random, peer, origin), prefixes)
        };
        let length = |bytes: &[u8]| u16::try_from(bytes.len()).expect("short").to_be_bytes();
        let message =
            [&length(&withdrawn)[..], &withdrawn, &length(&attributes), &attributes, &announced]
                .concat();
        let mut body = (u32::from(peer) + 1000).to_be_bytes().to_vec();
        body.extend(64_512_u32.to_be_bytes());
        body.extend([0, 0, 0, 1, 10, 0, 0, last, 198, 51, 100, 254]);
        body.extend([0xff; 16]);
        body.extend(u16::try_from(message.len() + 19).expect("short").to_be_bytes());
        body.push(2);
        body.extend(message);
        record(out, at, (16, 4), &body)?;
    }
    Ok(())
}

fn gzip(path: &Path) -> flate2::write::GzEncoder<BufWriter<File>> {
    flate2::write::GzEncoder::new(create(path), flate2::Compression::default())
}

fn create(path: &Path) -> BufWriter<File> {
    BufWriter::new(File::create(path).expect("a file"))
}

/// A table, plain and packed, and updates.
fn write(folder: &Path, prefixes: u32) {
    table(&mut create(&folder.join("plain")), prefixes).expect("written");
    let mut packed = gzip(&folder.join("bview.gz"));
    table(&mut packed, prefixes).expect("written");
    packed.finish().expect("written");
    let file = create(&folder.join("rib.bz2"));
    let mut packed = bzip2::write::BzEncoder::new(file, bzip2::Compression::best());
    table(&mut packed, prefixes).expect("written");
    packed.finish().expect("written");
    updates(&mut create(&folder.join("updates")), AT, (MESSAGES, 300)).expect("written");
}

/// Twenty collectors, each with a file for every five minutes of a day.
fn write_day(folder: &Path) {
    for collector in 0..20 {
        let within = folder.join(format!("day/rrc{collector:02}"));
        std::fs::create_dir_all(&within).expect("a folder");
        for file in 0..288 {
            let (hour, minute) = (file / 12, file % 12 * 5);
            let name = format!("updates.20171001.{hour:02}{minute:02}.gz");
            let mut packed = gzip(&within.join(name));
            let from = AT - AT % 86_400 + file * 300;
            updates(&mut packed, from, (options::number("--messages", 3000), 300))
                .expect("written");
            packed.finish().expect("written");
        }
    }
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
    assert!(records > 0);
}

/// How long `bgpdump -m` takes, once; nothing where it is not installed.
fn bgpdump(path: &Path) -> Option<(Duration, Duration)> {
    let before = getrusage(UsageWho::RUSAGE_CHILDREN).expect("usage").user_time();
    let began = Instant::now();
    let mut command = std::process::Command::new("bgpdump");
    let silent = std::process::Stdio::null;
    command.arg("-m").arg(path).stdout(silent()).stderr(silent());
    assert!(command.status().ok()?.success(), "bgpdump has failed");
    let clock = began.elapsed();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).expect("usage").user_time() - before;
    let micros = used.tv_sec() * 1_000_000 + used.tv_usec();
    Some((clock, Duration::from_micros(u64::try_from(micros).expect("some"))))
}

fn main() {
    let prefixes = options::number("--prefixes", 100_000);
    if let Some(folder) = options::value("--write") {
        write(Path::new(&folder), prefixes);
        write_day(Path::new(&folder));
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), prefixes);
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    let size = |name: &str| at(name).metadata().expect("a file").len() / 1_000_000;
    println!(
        "A table of {} prefixes by {PEERS} peers, {} MB (gzip {}, bzip2 {}); {MESSAGES} messages, {} MB:\n",
        prefixes + 4,
        size("plain"),
        size("bview.gz"),
        size("rib.bz2"),
        size("updates")
    );
    println!("| | clock | CPU |\n|---|---:|---:|");
    let row = |what: &str, (clock, cpu): (Duration, Duration)| {
        println!("| {what} | {:.3} s | {:.3} s |", clock.as_secs_f64(), cpu.as_secs_f64());
    };
    // As the program reads: in pieces of 1 MiB.
    let open =
        |name: &str| BufReader::with_capacity(1 << 20, File::open(at(name)).expect("a file"));
    let drain = |mut unpacked: Box<dyn Read>| {
        let mut piece = vec![0; 1 << 20];
        while unpacked.read(&mut piece).expect("unpacked") > 0 {}
    };
    row("plain, read", fastest(|| read(&at("plain"))));
    let inflate = || drain(Box::new(flate2::bufread::MultiGzDecoder::new(open("bview.gz"))));
    row("gzip, unpacked alone", fastest(inflate));
    row("gzip, read", fastest(|| read(&at("bview.gz"))));
    let inflate = || drain(Box::new(bzip2::bufread::MultiBzDecoder::new(open("rib.bz2"))));
    row("bzip2, unpacked alone by one core", fastest(inflate));
    // What two cores can do at most: two copies at once, half the time for each.
    let both = || {
        std::thread::scope(|scope| {
            scope.spawn(inflate);
            inflate();
        });
    };
    let (clock, used) = fastest(both);
    row("bzip2, two copies at once by two cores, for each", (clock / 2, used / 2));
    row("bzip2, read", fastest(|| read(&at("rib.bz2"))));
    if let Some(took) = bgpdump(&at("plain")) {
        row("plain, `bgpdump -m`, once", took);
    }
    row("updates, read", fastest(|| read(&at("updates"))));
    if let Some(took) = bgpdump(&at("updates")) {
        row("updates, `bgpdump -m`, once", took);
    }
}
