//! Texts of several programs that nobody ran, with words between them, the same every time: what a folder
//! of mails, notes and forum pages has, for as long as one likes. What must be found in them is counted.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::Ipv4Addr;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const SEED: u64 = 11;

/// What was written: the traces, and how many of those to the block enter it from whom.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Truth {
    pub(crate) traces: u64,
    pub(crate) china: u64,
    pub(crate) russia: u64,
    /// Those that go elsewhere.
    pub(crate) elsewhere: u64,
}

/// Which texts are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// At least this many bytes.
    pub(crate) bytes: u64,
    /// How many of 100 traces go to the block.
    pub(crate) home: u32,
    /// Whether words stand between traces and something before lines; else there is nothing but what
    /// Linux's traceroute prints.
    pub(crate) is_mixed: bool,
}

/// Writes texts; tells what is in them.
pub(crate) fn write(plan: &Plan, to: &mut impl Write) -> io::Result<Truth> {
    let mut random = StdRng::seed_from_u64(SEED);
    let (mut truth, mut written) = (Truth::default(), 0);
    let mut run = String::new();
    while written < plan.bytes {
        let path = Path::new(&mut random, plan.home, &mut truth);
        run.clear();
        if plan.is_mixed {
            put_words(&mut run, &mut random);
            put_mixed(&mut run, &mut random, &path);
        } else {
            put_linux(&mut run, &mut random, &path);
        }
        to.write_all(run.as_bytes())?;
        written += run.len() as u64;
    }
    to.flush()?;
    Ok(truth)
}

/// The routers to a target, each with its name and its round trip time in microseconds; those without a
/// name are silent.
struct Path {
    target: Ipv4Addr,
    hops: Vec<Option<(String, Ipv4Addr, u32)>>,
}

impl Path {
    fn new(random: &mut StdRng, home: u32, truth: &mut Truth) -> Self {
        truth.traces += 1;
        let is_home = random.random_range(0..100) < home;
        let third = random.random_range(176..180);
        let target = if is_home {
            Ipv4Addr::new(175, 45, third, random.random())
        } else {
            Ipv4Addr::new(random.random_range(64..100), random.random(), random.random(), 1)
        };
        let mut routers = vec![("gateway".to_owned(), Ipv4Addr::new(192, 168, 1, 1))];
        for hop in 0..random.random_range(5..11) {
            let address =
                Ipv4Addr::new(62, 115, random.random_range(0..16), random.random_range(1..255));
            let [_, _, city, port] = address.octets();
            routers.push((format!("ae-{hop}-{port}.cr{city}.example.net"), address));
        }
        let near: &[(&str, [u8; 4])] = if !is_home {
            truth.elsewhere += 1;
            &[]
        } else if random.random_bool(0.3) {
            truth.russia += 1;
            &[("mskn17ra.transtelecom.net", [188, 43, 225, 153])]
        } else {
            truth.china += 1;
            &[("219.158.39.42", [219, 158, 39, 42]), ("103.35.255.254", [103, 35, 255, 254])]
        };
        routers.extend(near.iter().map(|(name, address)| ((*name).to_owned(), (*address).into())));
        if is_home {
            let router = Ipv4Addr::new(175, 45, third, 1);
            routers.push((router.to_string(), router));
        }
        let mut rtt = 400;
        let hops = routers.into_iter().enumerate().map(|(place, (name, address))| {
            rtt += random.random_range(100..30_000);
            let is_silent = (2..6).contains(&place) && random.random_bool(0.1);
            (!is_silent).then_some((name, address, rtt))
        });
        Self { target, hops: hops.collect() }
    }

    /// How many TTLs the routers take.
    fn len(&self) -> usize {
        self.hops.len()
    }

    /// TTLs from 1, and who answers there; some behind the last router, where nobody does.
    fn ttls(&self) -> impl Iterator<Item = (usize, Option<(&str, Ipv4Addr, u32)>)> {
        let hops = self
            .hops
            .iter()
            .map(|hop| hop.as_ref().map(|(name, address, rtt)| (name.as_str(), *address, *rtt)));
        (1..).zip(hops.chain([None; 4]))
    }
}

/// A program's text, as it stands in a shell, a mail or a log.
fn put_mixed(text: &mut String, random: &mut StdRng, path: &Path) {
    let target = path.target;
    let mut run = String::new();
    match random.random_range(0..100) {
        0..35 => {
            let _ = writeln!(run, "$ traceroute {target}");
            put_linux(&mut run, random, path);
        }
        35..45 => put_named(&mut run, random, path),
        45..65 => put_tracert(&mut run, random, path),
        65..70 => put_tracert_in_german(&mut run, random, path),
        70..85 => {
            let _ = writeln!(run, "$ mtr -r -n {target}");
            put_mtr(&mut run, random, path);
        }
        85..92 => {
            let _ = writeln!(run, "$ tracepath -n {target}");
            put_tracepath(&mut run, path);
        }
        _ => put_cisco(&mut run, random, path),
    }
    match random.random_range(0..20) {
        0..13 => text.push_str(&run),
        13..15 => put_fenced(text, &run),
        15..17 => put_lines(text, &run, |_| "> ".to_owned()),
        17..19 => put_lines(text, &run, |number| {
            format!("Nov 28 10:{:02}:{:02} web1 cron[77]: ", number / 60 % 60, number % 60)
        }),
        _ => put_lines(text, &run, |number| format!("{number:6}\t")),
    }
}

fn put_fenced(text: &mut String, run: &str) {
    let _ = write!(text, "```\n{run}```\n");
}

fn put_lines(text: &mut String, run: &str, before: impl Fn(usize) -> String) {
    for (number, line) in (1..).zip(run.lines()) {
        let _ = writeln!(text, "{}{line}", before(number));
    }
}

/// Linux, with `-n`.
fn put_linux(text: &mut String, random: &mut StdRng, path: &Path) {
    let target = path.target;
    let _ = writeln!(text, "traceroute to {target} ({target}), 30 hops max, 60 byte packets");
    for (ttl, hop) in path.ttls() {
        let _ = write!(text, "{ttl:2} ");
        if let Some((_, address, _)) = hop {
            let _ = write!(text, " {address}");
        }
        put_times(text, random, hop.map(|(_, _, rtt)| rtt), " ms");
    }
}

/// BSD, and Linux without `-n`.
fn put_named(text: &mut String, random: &mut StdRng, path: &Path) {
    let target = path.target;
    let _ = writeln!(text, "traceroute to host.kp ({target}), 64 hops max, 40 byte packets");
    for (ttl, hop) in path.ttls() {
        let _ = write!(text, "{ttl:2} ");
        if let Some((name, address, _)) = hop {
            let _ = write!(text, " {name} ({address})");
        }
        put_times(text, random, hop.map(|(_, _, rtt)| rtt), " ms");
    }
}

/// The three times of a line, or stars.
fn put_times(text: &mut String, random: &mut StdRng, rtt: Option<u32>, unit: &str) {
    for attempt in 0..3 {
        // The first one answers, so that nobody is missing by chance.
        match rtt.filter(|_| attempt == 0 || random.random_bool(0.97)) {
            Some(rtt) => {
                let rtt = rtt + random.random_range(0..3000);
                let _ = write!(text, "  {}.{:03}{unit}", rtt / 1000, rtt % 1000);
            }
            None => text.push_str(" *"),
        }
    }
    text.push('\n');
}

fn put_tracert(text: &mut String, random: &mut StdRng, path: &Path) {
    let _ = write!(text, "Tracing route to {} over a maximum of 30 hops\n\n", path.target);
    put_rows_of_tracert(text, random, path, "ms", "Request timed out.");
    text.push_str("\nTrace complete.\n");
}

fn put_tracert_in_german(text: &mut String, random: &mut StdRng, path: &Path) {
    let _ = write!(text, "Routenverfolgung zu {} über maximal 30 Hops\n\n", path.target);
    put_rows_of_tracert(text, random, path, "ms", "Zeitüberschreitung der Anforderung.");
    text.push_str("\nAblaufverfolgung beendet.\n");
}

fn put_rows_of_tracert(
    text: &mut String,
    random: &mut StdRng,
    path: &Path,
    unit: &str,
    silence: &str,
) {
    for (ttl, hop) in path.ttls() {
        let _ = write!(text, "{ttl:3} ");
        match hop {
            Some((_, address, rtt)) => {
                for _ in 0..3 {
                    let rtt = (rtt + random.random_range(0..3000)) / 1000;
                    let _ = write!(text, "{rtt:5} {unit} ");
                }
                let _ = writeln!(text, " {address}");
            }
            None => {
                let _ = writeln!(text, "    *        *        *     {silence}");
            }
        }
    }
}

fn put_mtr(text: &mut String, random: &mut StdRng, path: &Path) {
    text.push_str("Start: 2025-12-08T10:00:00+0000\n");
    text.push_str("HOST: box                         Loss%   Snt   Last   Avg  Best  Wrst StDev\n");
    for (ttl, hop) in path.ttls().take(path.len()) {
        match hop {
            Some((_, address, rtt)) => {
                let [last, average, worst] = [0, 300, 2000]
                    .map(|more| f64::from(rtt + more + random.random_range(0..100)) / 1000.0);
                let _ = writeln!(
                    text,
                    "{ttl:3}.|-- {address:<28} 0.0%    10 {last:6.1} {average:5.1} {last:5.1} {worst:5.1}   0.1"
                );
            }
            None => {
                let _ = writeln!(
                    text,
                    "{ttl:3}.|-- ???                         100.0    10    0.0   0.0   0.0   0.0   0.0"
                );
            }
        }
    }
}

fn put_tracepath(text: &mut String, path: &Path) {
    text.push_str(" 1?: [LOCALHOST]                      pmtu 1500\n");
    for (ttl, hop) in path.ttls() {
        match hop {
            Some((_, address, rtt)) => {
                let rtt = format!("{}.{:03}ms", rtt / 1000, rtt % 1000);
                let _ = writeln!(text, "{ttl:2}:  {address:<40} {rtt:>10} ");
            }
            None => {
                let _ = writeln!(text, "{ttl:2}:  no reply");
            }
        }
    }
    text.push_str("     Too many hops: pmtu 1500\n     Resume: pmtu 1500 \n");
}

fn put_cisco(text: &mut String, random: &mut StdRng, path: &Path) {
    let target = path.target;
    let _ = write!(
        text,
        "router#traceroute {target}\nType escape sequence to abort.\nTracing the route to {target}\n\
         VRF info: (vrf in name/id, vrf out name/id)\n"
    );
    for (ttl, hop) in path.ttls() {
        let _ = write!(text, "{ttl:3}");
        match hop {
            Some((_, address, rtt)) => {
                let _ = write!(text, " {address}");
                for _ in 0..3 {
                    let _ = write!(text, " {} msec", (rtt + random.random_range(0..3000)) / 1000);
                }
                text.push('\n');
            }
            None => text.push_str("  *  *  * \n"),
        }
    }
}

/// What people write before a trace.
fn put_words(text: &mut String, random: &mut StdRng) {
    const WORDS: [&str; 12] = [
        "Hi all,",
        "This morning the path through the second provider came back, but only for two of the four prefixes.",
        "Below is what I see from the office; the other site looks the same with some 40 ms more.",
        "## From the second vantage",
        "64 bytes from 8.8.8.8: icmp_seq=1 ttl=128 time=17.6 ms",
        "10 packets transmitted, 0 received, 100% packet loss, time 9200ms",
        ";; Query time: 23 msec",
        "The last router did not change since 12:30, as far as we know.",
        "| site | share |",
        "Has anybody else seen this? We have asked the provider and got no answer so far.",
        "1. The number of devices on the route is 5",
        "Kind regards",
    ];
    text.push('\n');
    for _ in 0..random.random_range(0..5) {
        text.push_str(WORDS[random.random_range(0..WORDS.len())]);
        text.push('\n');
    }
    text.push('\n');
}
