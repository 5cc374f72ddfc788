//! A history as `--append` would write it, of what is true at each time: the rest is drawn by chance from a
//! seed.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use lasthop::history::{History, Wanted, read};
use lasthop::picture::BUCKETS;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tempfile::TempDir;

const HEADER: &str = "schema,run_id,started_at,ended_at,vantage,method,scope,targets,china,russia,other,unknown,unreached,china_share,china_low,china_high,russia_share,russia_low,russia_high,verdict,carriers,last_hops,rtt_ms,probes,complete,pinged,alive,suspect,alive_rtt_ms";

/// A way in: its carrier, the place of its class among china, russia and other, and its RTT.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) carrier: &'static str,
    pub(crate) class: usize,
    pub(crate) rtt: f64,
}

pub(crate) const UNICOM: Way = Way { carrier: "China Unicom", class: 0, rtt: 221.0 };
pub(crate) const CENBONG: Way = Way { carrier: "Cenbong", class: 0, rtt: 236.0 };
pub(crate) const TTK: Way = Way { carrier: "TransTeleCom", class: 1, rtt: 186.0 };
pub(crate) const INTELSAT: Way = Way { carrier: "Intelsat", class: 2, rtt: 540.0 };

/// What is true of a prefix: the part of each way, and hosts that answer. What is left is an outage.
pub(crate) type Truth = Vec<(Way, f64)>;

/// A history that grows run by run.
pub(crate) struct Story {
    pub(crate) text: String,
    pub(crate) vantage: &'static str,
    pub(crate) method: &'static str,
    /// Traces of each prefix.
    pub(crate) traces: u32,
    pub(crate) pings: bool,
    chance: StdRng,
    runs: u32,
}

/// What a run saw of a scope.
#[derive(Debug, Clone, Default)]
struct Seen {
    classes: [u32; 3],
    unreached: u32,
    carriers: Vec<(&'static str, u32)>,
    shares: Option<[f64; 3]>,
    rtt: Option<f64>,
    alive: u32,
}

impl Story {
    pub(crate) fn new(vantage: &'static str) -> Self {
        Self {
            text: format!("{HEADER}\n"),
            vantage,
            method: "icmp",
            traces: 64,
            pings: false,
            chance: StdRng::seed_from_u64(2017),
            runs: 0,
        }
    }

    /// A run of the four /24 and their block.
    pub(crate) fn run(&mut self, at: Timestamp, truths: &[Truth; 4]) {
        let seen: Vec<Seen> = truths.iter().map(|truth| self.see(truth)).collect();
        let mut block = block(&seen);
        if self.is_announced() {
            // A peer counts a quarter for each prefix.
            block.classes = block.classes.map(|count| count / 4);
            block.unreached /= 4;
            block.carriers.iter_mut().for_each(|(_, count)| *count /= 4);
        }
        self.row(at, "175.45.176.0/22", if self.is_announced() { 1 } else { 4 }, &block);
        for (place, seen) in seen.iter().enumerate() {
            self.row(at, &format!("175.45.{}.0/24", 176 + place), 1, seen);
        }
        self.runs += 1;
    }

    /// Whether it is of a collector's peers.
    fn is_announced(&self) -> bool {
        self.method == "bgp"
    }

    fn see(&mut self, truth: &Truth) -> Seen {
        let mut seen = Seen::default();
        for _ in 0..self.traces {
            let mut place: f64 = self.chance.random();
            let way = truth.iter().find(|(_, part)| {
                place -= part;
                place < 0.0
            });
            let Some((way, _)) = way else {
                seen.unreached += 1;
                continue;
            };
            seen.classes[way.class] += 1;
            match seen.carriers.iter_mut().find(|(carrier, _)| *carrier == way.carrier) {
                Some((_, count)) => *count += 1,
                None => seen.carriers.push((way.carrier, 1)),
            }
        }
        seen.carriers.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let first = truth.iter().max_by(|one, other| one.1.total_cmp(&other.1));
        let noise: f64 = self.chance.random();
        let timed = first.filter(|_| !self.is_announced());
        seen.rtt = timed.map(|(way, _)| way.rtt + noise * noise * 9.0);
        seen.alive = if first.is_some() { self.chance.random_range(3..6) } else { 0 };
        let all = f64::from(seen.classes.iter().sum::<u32>());
        seen.shares = (all > 0.0).then(|| seen.classes.map(|count| f64::from(count) / all));
        seen
    }

    fn row(&mut self, at: Timestamp, scope: &str, prefixes: u32, seen: &Seen) {
        let [china, russia, other] = seen.classes;
        let share = |place: usize| {
            let text = |shares: [f64; 3]| {
                let share = shares[place];
                let (low, high) = ((share - 0.05).max(0.0), (share + 0.05).min(1.0));
                format!("{share:.4},{low:.4},{high:.4}")
            };
            seen.shares.map_or(",,".into(), text)
        };
        let carriers: Vec<String> =
            seen.carriers.iter().map(|(name, count)| format!("{name}={count}")).collect();
        let rtt = seen.rtt.map_or(String::new(), |ms| format!("{ms:.3}"));
        let all = self.traces * prefixes;
        let pings = if self.pings { format!("{all},{},0,", seen.alive) } else { ",,,".into() };
        let end = at + SignedDuration::from_secs(40);
        let (run, vantage, method) = (self.runs, self.vantage, self.method);
        writeln!(
            self.text,
            "2,{vantage}-{method}-{run},{at:.6},{end:.6},{vantage},{method},{scope},{all},{china},{russia},\
             {other},0,{},{},{},{},{},1,{rtt},500,true,{pings}",
            seen.unreached,
            share(0),
            share(1),
            verdict(seen.classes),
            carriers.join(";"),
        )
        .expect("text");
    }
}

/// What the counts say together.
fn verdict(classes: [u32; 3]) -> &'static str {
    match classes.map(|count| count > 0) {
        [true, false, false] => "china",
        [false, true, false] => "russia",
        [false, false, true] => "other",
        [false, false, false] => "unknown",
        _ => "mixed",
    }
}

/// The block of prefixes, which weigh equally.
fn block(prefixes: &[Seen]) -> Seen {
    let mut block = Seen::default();
    for seen in prefixes {
        block.unreached += seen.unreached;
        block.alive += seen.alive;
        (0..3).for_each(|class| block.classes[class] += seen.classes[class]);
        for (carrier, count) in &seen.carriers {
            match block.carriers.iter_mut().find(|(other, _)| other == carrier) {
                Some((_, sum)) => *sum += count,
                None => block.carriers.push((*carrier, *count)),
            }
        }
    }
    let shares: Vec<[f64; 3]> = prefixes.iter().filter_map(|seen| seen.shares).collect();
    let count = f64::from(u32::try_from(shares.len()).expect("few"));
    let mean = |class: usize| shares.iter().map(|shares| shares[class]).sum::<f64>() / count;
    block.shares = (count > 0.0).then(|| [mean(0), mean(1), mean(2)]);
    let mut rtts: Vec<f64> = prefixes.iter().filter_map(|seen| seen.rtt).collect();
    rtts.sort_by(f64::total_cmp);
    block.rtt = rtts.get(rtts.len() / 2).copied();
    block
}

/// What files with these texts say, with as many buckets as pictures want.
pub(crate) fn history(texts: &[&str]) -> History {
    let folder = TempDir::new().expect("a folder");
    let mut files = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        let path = folder.path().join(format!("{place}.csv"));
        std::fs::write(&path, text).expect("written");
        files.push(path);
    }
    let wanted = Wanted { buckets: BUCKETS, ..Wanted::default() };
    read(&files, &wanted, &mut |remark| panic!("{remark:?}")).expect("read")
}
