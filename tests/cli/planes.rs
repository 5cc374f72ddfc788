//! `lasthop report` on rows of BGP and of traces together.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::columns::SUMMARY;
use super::outcome::Outcome;
use super::program;
use super::sheet::Sheet;

/// Who carries a prefix: China Unicom, TransTeleCom beside it, or nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Unicom,
    Both,
    Nobody,
}

use By::{Both, Nobody, Unicom};

const PREFIXES: [&str; 4] =
    ["175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24"];

/// Rows of a collector or a vantage.
struct Rows {
    text: String,
    vantage: &'static str,
    method: &'static str,
    doubts: &'static str,
}

impl Rows {
    fn new(vantage: &'static str, method: &'static str) -> Self {
        Self { text: format!("{SUMMARY}\n"), vantage, method, doubts: "" }
    }

    /// Peers: a table, or from `clock` on what messages show.
    fn announced(&mut self, clock: &str, is_table: bool, prefixes: [By; 4]) {
        let at = at(clock);
        self.doubts = if is_table { "no-message" } else { "" };
        self.run(&format!("bgp-{}-{at}", self.vantage), at, 20, prefixes);
    }

    /// Traces: a run.
    fn traced(&mut self, at: Timestamp, prefixes: [By; 4]) {
        self.run(&format!("run-{at}"), at, 16, prefixes);
    }

    fn run(&mut self, run: &str, at: Timestamp, of: u32, prefixes: [By; 4]) {
        let count = |by: By| match by {
            Unicom => [of, 0, 0],
            Both => [of - of / 4, of / 4, 0],
            Nobody => [0, 0, of],
        };
        // Traces add up; a peer counts a quarter for each of four prefixes.
        let mut block = [0, 0, 0];
        for counts in prefixes.map(count) {
            block.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        if self.method == "bgp" {
            block = block.map(|sum| sum / 4);
        }
        self.row(run, at, "175.45.176.0/22", block);
        for (scope, by) in PREFIXES.into_iter().zip(prefixes) {
            self.row(run, at, scope, count(by));
        }
    }

    fn row(&mut self, run: &str, at: Timestamp, scope: &str, [china, russia, unreached]: [u32; 3]) {
        let carriers = [("China Unicom", china), ("TransTeleCom", russia)];
        let carriers: Vec<String> = (carriers.iter().filter(|(_, count)| *count > 0))
            .map(|(name, count)| format!("{name}={count}"))
            .collect();
        let verdict = match (china, russia) {
            (0, 0) => "unreached",
            (_, 0) => "china",
            _ => "mixed",
        };
        let classified = china + russia;
        let share = |count: u32| match classified {
            0 => ",,".into(),
            _ => format!("{0:.4},{0:.4},{0:.4}", f64::from(count) / f64::from(classified)),
        };
        let is_bgp = self.method == "bgp";
        let ended = if is_bgp { at } else { at + SignedDuration::from_secs(4) };
        let rtt = if is_bgp || classified == 0 { "" } else { "221.000" };
        let (way_out, peers) = if is_bgp { ("", "22,20,1.0000,131279,") } else { ("true", ",,,,") };
        writeln!(
            self.text,
            "3,{run},{at:.6},{ended:.6},{},{},{scope},{},{china},{russia},0,0,{unreached},{},{},{verdict},{},0,{rtt},0,\
             true,,,,,{way_out},,{},{peers}",
            self.vantage,
            self.method,
            classified + unreached,
            share(china),
            share(russia),
            carriers.join(";"),
            self.doubts,
        )
        .expect("text");
    }
}

fn at(clock: &str) -> Timestamp {
    format!("2017-10-01T{clock}Z").parse().expect("a time")
}

/// TransTeleCom is announced for 176 and 178, and traces see it in 178 alone; 177 is withdrawn, and is reached all the
/// same; 179 stays announced, and no trace gets there any more.
fn story() -> (Rows, Rows) {
    let mut announced = Rows::new("rrc00", "bgp");
    announced.announced("08:00:00", true, [Unicom; 4]);
    announced.announced("09:07:51", false, [Both, Unicom, Both, Unicom]);
    announced.announced("10:00:10", false, [Both, Nobody, Both, Unicom]);
    let mut traced = Rows::new("tokyo-1", "icmp");
    for run in 0..24 {
        let now = at("08:00:00") + SignedDuration::from_mins(10 * run);
        let third = if now > at("09:07:51") { Both } else { Unicom };
        let fourth = if now > at("10:25:00") { Nobody } else { Unicom };
        traced.traced(now, [Unicom, Unicom, third, fourth]);
    }
    (announced, traced)
}

struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        Self(folder)
    }

    /// What `lasthop report` writes where the terminal has so many columns.
    fn report(&self, columns: usize, arguments: &[&str]) -> String {
        let arguments: Vec<&OsStr> = ["report"].iter().chain(arguments).map(OsStr::new).collect();
        let mut command = program::outside(self.0.path(), &arguments);
        command.env("COLUMNS", columns.to_string());
        Outcome::of(command).ended(0).out
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).expect(name)
    }
}

fn both() -> Folder {
    let (announced, traced) = story();
    let (_, rows) = traced.text.split_once('\n').expect("a header");
    let one = format!("{}{rows}", announced.text);
    Folder::new(&[("bgp.csv", &announced.text), ("traces.csv", &traced.text), ("one.csv", &one)])
}

#[test]
fn the_terminal_shows_what_is_announced_above_what_traces_show() {
    let folder = both();
    let files = ["bgp.csv", "traces.csv", "--format", "table"];
    assert_snapshot!("planes.table", folder.report(100, &files));
    let narrow = folder.report(80, &files);
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    // In one history, in any order.
    assert_eq!(folder.report(100, &["one.csv", "--format", "table"]), folder.report(100, &files));
    let turned = ["traces.csv", "bgp.csv", "--format", "table"];
    assert_eq!(folder.report(100, &turned), folder.report(100, &files));
}

/// What each scope's sentence says.
#[test]
fn three_situations_are_told_apart() {
    let folder = both();
    let text = folder.report(500, &["one.csv", "--show", "state", "--format", "table"]);
    let page = {
        folder.report(80, &["one.csv", "--html", "h.html"]);
        folder.read("h.html").replace('\n', "")
    };
    for (prefix, sentence, counts) in [
        (
            "175.45.176.0/24",
            "two upstreams are announced, one is seen from tokyo-1 by icmp",
            ["2 upstreams (China Unicom, TransTeleCom)", "1 carrier (China Unicom)"],
        ),
        (
            "175.45.177.0/24",
            "withdrawn at rrc00, and traces still get there",
            ["0 upstreams", "1 carrier (China Unicom)"],
        ),
        (
            "175.45.179.0/24",
            "announced, and no trace gets there",
            ["1 upstream (China Unicom)", "0 carriers"],
        ),
    ] {
        let line = text.lines().find(|line| line.starts_with(&format!("{prefix}: "))).expect(&text);
        assert!(line.contains(&format!("{prefix}: {sentence}. ")), "{line}");
        assert!(counts.iter().all(|count| line.contains(count)), "{line}");
        let row =
            page.split("<tr>").find(|row| row.contains(&format!(">{prefix}</th><td>{sentence}")));
        let row = row.unwrap_or_else(|| panic!("{prefix} {sentence}: {page}"));
        assert!(counts.iter().all(|count| row.contains(count)), "{row}");
    }
}

#[test]
fn a_carrier_that_is_not_announced_is_named() {
    let mut announced = Rows::new("rrc00", "bgp");
    announced.announced("08:00:00", true, [Unicom; 4]);
    let mut traced = Rows::new("tokyo-1", "icmp");
    traced.traced(at("08:00:00"), [Unicom, Unicom, Unicom, Both]);
    let folder = Folder::new(&[("b.csv", &announced.text), ("t.csv", &traced.text)]);
    let text = folder.report(500, &["b.csv", "t.csv", "--show", "state", "--format", "table"]);
    let sentence = "175.45.179.0/24, 175.45.176.0/22: TransTeleCom is seen by traces and not announced at rrc00. ";
    assert!(text.contains(sentence), "{text}");
    assert!(text.contains("175.45.178.0/24: announced and traced alike. "), "{text}");
}

/// Every row stays, and what both planes show has one number.
#[test]
fn an_event_that_both_show_has_one_number() {
    let folder = both();
    let sheet = Sheet::read(&folder.report(80, &["bgp.csv", "traces.csv"]));
    let column = |name| sheet.column(name);
    let mut incidents: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for place in 0..sheet.rows.len() {
        let [event, method, scope, first] =
            ["event", "method", "scope", "first_at"].map(|name| column(name)[place]);
        assert_eq!(first.is_empty(), method == "icmp", "{event} {method}");
        if scope.ends_with("/24") && event != "verdict-changed" {
            let clock = first.get(11..19).unwrap_or_default();
            incidents
                .entry(column("incident")[place])
                .or_default()
                .push(format!("{event} {scope} {method} {clock}").trim_end().to_owned());
        }
    }
    let expected = [
        vec![
            "carrier-appeared 175.45.176.0/24 bgp 09:07:51",
            "carrier-appeared 175.45.178.0/24 bgp 09:07:51",
            "carrier-appeared 175.45.178.0/24 icmp",
        ],
        vec!["outage-began 175.45.177.0/24 bgp 10:00:10"],
        vec!["outage-began 175.45.179.0/24 icmp"],
    ];
    assert_eq!(incidents.values().cloned().collect::<Vec<_>>(), expected);
    // In the list of the terminal it is one line.
    let table = folder.report(200, &["one.csv", "--show", "events", "--format", "table"]);
    let appeared: Vec<&str> = table.lines().filter(|it| it.contains("TransTeleCom")).collect();
    assert_eq!(appeared.len(), 1, "{table}");
    assert!(
        appeared[0].starts_with("2017-10-01 09:07:51; traces 09:00 to 09:10:04  both "),
        "{table}"
    );
}

/// Shares of peers and of traces are never added up: each plane's rows are the same as without the other.
#[test]
fn planes_are_not_pooled() {
    let folder = both();
    let state = |files: &[&str]| {
        let text = folder.report(80, &[files, &["--show", "state", "--format", "csv"]].concat());
        let mut lines: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let mut apart = [state(&["bgp.csv"]), state(&["traces.csv"])].concat();
    apart.sort();
    assert_eq!(state(&["bgp.csv", "traces.csv"]), apart);
}

#[test]
fn a_picture_has_a_lane_for_each_plane() {
    let folder = both();
    folder.report(80, &["one.csv", "--svg", "h.svg", "--html", "h.html"]);
    for text in [folder.read("h.svg"), folder.read("h.html")] {
        let places = [
            ">BGP at rrc00 (3 views",
            "full-feed peers by the class",
            ">From tokyo-1, by icmp (24 runs)",
        ];
        let places =
            places.map(|words| text.find(words).unwrap_or_else(|| panic!("{words}: {text}")));
        assert!(places.is_sorted(), "{places:?}");
        assert!(text.contains("not of traffic"), "{text}");
        let listed = text.matches("TransTeleCom appeared").count();
        assert_eq!(listed, 2, "one incident, of which 176 is seen in BGP alone: {text}");
        assert!(
            text.contains(">2017-10-01 09:07:51<") && text.contains(">traces 09:00 to 09:10:04<")
        );
    }
}

/// A table of each collector is no run of a new container.
#[test]
fn collectors_are_no_new_vantages() {
    let tables: Vec<String> = ["rrc00", "rrc01", "rrc03"]
        .map(|collector| {
            let mut announced = Rows::new(collector, "bgp");
            announced.announced("08:00:00", true, [Unicom; 4]);
            announced.text
        })
        .into();
    let names = ["a.csv", "b.csv", "c.csv"];
    let files: Vec<(&str, &str)> =
        names.into_iter().zip(tables.iter().map(String::as_str)).collect();
    let folder = Folder::new(&files);
    let arguments: Vec<&OsStr> = ["report"].iter().chain(&names).map(OsStr::new).collect();
    let run = Outcome::of(program::outside(folder.0.path(), &arguments)).ended(0);
    assert!(!run.err.contains("vantage"), "{}", run.err);
}
