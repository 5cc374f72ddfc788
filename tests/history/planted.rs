//! Histories as `--append` writes them, with what is planted in them.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::fmt::Write as _;
use std::path::PathBuf;

use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};
use lasthop::history::{History, Wanted, read};
use tempfile::TempDir;

pub(crate) const HEADER: &str = "schema,run_id,started_at,ended_at,vantage,method,scope,targets,china,russia,other,unknown,unreached,china_share,china_low,china_high,russia_share,russia_low,russia_high,verdict,carriers,last_hops,rtt_ms,probes,complete";

/// What was measured since the second schema.
const HOSTS: &str = ",pinged,alive,suspect,alive_rtt_ms";

/// What a run saw of a scope; the rest of its row follows from that.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) china: u32,
    pub(crate) russia: u32,
    pub(crate) other: u32,
    pub(crate) unknown: u32,
    pub(crate) unreached: u32,
    pub(crate) carriers: Vec<(&'static str, u32)>,
    pub(crate) cut_short: bool,
    /// Targets that were pinged, and that answered.
    pub(crate) hosts: Option<(u32, u32)>,
}

/// A file that grows run by run, every five minutes from midnight.
#[derive(Debug)]
pub(crate) struct Planted {
    pub(crate) text: String,
    vantage: &'static str,
    began: Timestamp,
    runs: i64,
}

impl Planted {
    pub(crate) fn new() -> Self {
        Self::from("here")
    }

    pub(crate) fn from(vantage: &'static str) -> Self {
        let began = "2017-10-01T00:00:00Z".parse().expect("a time");
        Self { text: format!("{HEADER}{HOSTS}\n"), vantage, began, runs: 0 }
    }

    /// When run `n` begins, counted from 0; each takes one minute.
    pub(crate) fn at(&self, run: i64) -> Timestamp {
        self.began + SignedDuration::from_mins(5 * run)
    }

    /// A run that saw this of these scopes.
    pub(crate) fn run(&mut self, seen: &[(&str, Seen)]) {
        for (scope, seen) in seen {
            let row = self.row(self.runs, scope, seen);
            self.text += &row;
        }
        self.runs += 1;
    }

    /// Time goes by without a run.
    pub(crate) fn pause(&mut self, runs: i64) {
        self.runs += runs;
    }

    fn row(&self, run: i64, scope: &str, seen: &Seen) -> String {
        let Seen { china, russia, other, unknown, unreached, .. } = *seen;
        let (start, classified) = (self.at(run), china + russia + other);
        let end = start + SignedDuration::from_mins(1);
        let share = |count: u32| match classified {
            0 => ",,".into(),
            _ => format!("{0:.4},{0:.4},{0:.4}", f64::from(count) / f64::from(classified)),
        };
        let carriers: Vec<String> =
            seen.carriers.iter().map(|(name, count)| format!("{name}={count}")).collect();
        let hosts = match seen.hosts {
            Some((pinged, alive)) => format!("{pinged},{alive},0,"),
            None => ",,,".into(),
        };
        let mut row = String::new();
        writeln!(
            row,
            "1,run-{}-{run},{start:.6},{end:.6},{},icmp,{scope},{},{china},{russia},{other},{unknown},\
             {unreached},{},{},{},{},1,200.000,99,{},{hosts}",
            self.vantage,
            self.vantage,
            classified + unknown + unreached,
            share(china),
            share(russia),
            verdict([china, russia, other]),
            carriers.join(";"),
            !seen.cut_short,
        )
        .expect("text");
        row
    }

    pub(crate) fn history(&self) -> History {
        history(&[&self.text], &Wanted { buckets: 100, ..Wanted::default() })
    }
}

/// What the counts say together.
fn verdict([china, russia, other]: [u32; 3]) -> &'static str {
    match [china > 0, russia > 0, other > 0] {
        [true, false, false] => "china",
        [false, true, false] => "russia",
        [false, false, true] => "other",
        [false, false, false] => "unknown",
        _ => "mixed",
    }
}

/// What files with these contents say.
pub(crate) fn history(texts: &[&str], wanted: &Wanted) -> History {
    let folder = TempDir::new().expect("a folder");
    let file = |(place, text): (usize, &&str)| -> PathBuf {
        let path = folder.path().join(format!("{place}.csv"));
        std::fs::write(&path, text).expect("written");
        path
    };
    let files: Vec<PathBuf> = texts.iter().enumerate().map(file).collect();
    let history = read(&files, wanted, &mut |_| {}).expect("read");
    assert_eq!(history.counts.malformed, 0);
    history
}

pub(crate) fn prefix(text: &str) -> Ipv4Net {
    text.parse().expect("a prefix")
}

/// All traces through China Unicom.
pub(crate) fn china(count: u32) -> Seen {
    Seen { china: count, carriers: vec![("China Unicom", count)], ..Seen::default() }
}

/// All traces through TransTeleCom.
pub(crate) fn russia(count: u32) -> Seen {
    Seen { russia: count, carriers: vec![("TransTeleCom", count)], ..Seen::default() }
}

/// Traces through both.
pub(crate) fn both(china: u32, russia: u32) -> Seen {
    let carriers = vec![("China Unicom", china), ("TransTeleCom", russia)];
    let carriers = carriers.into_iter().filter(|(_, count)| *count > 0).collect();
    Seen { china, russia, carriers, ..Seen::default() }
}

/// No trace arrives.
pub(crate) fn outage(count: u32) -> Seen {
    Seen { unreached: count, ..Seen::default() }
}
