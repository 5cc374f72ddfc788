//! `lasthop report`: formats, windows, exit codes, bad input.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::columns::SUMMARY;
use super::outcome::Outcome;
use super::program;
use super::sheet::Sheet;

/// A history that is read in a folder of its own.
struct Files(TempDir);

impl Files {
    fn new(text: &str) -> Self {
        let files = Self(TempDir::new().expect("a folder"));
        files.write("h.csv", text);
        files
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).expect(name)
    }

    /// `lasthop report` with these arguments.
    fn report(&self, arguments: &[&str]) -> Outcome {
        let arguments: Vec<&OsStr> = ["report"].iter().chain(arguments).map(OsStr::new).collect();
        Outcome::of(program::outside(self.path(), &arguments))
    }
}

/// What a run sees of 175.45.178.0/24; the rest of the block is Chinese.
#[derive(Clone, Copy)]
enum Path178 {
    China,
    Russia,
    Both,
    None,
}

/// A story of eleven runs, an hour apart, of a vantage.
pub(super) fn story(vantage: &str) -> String {
    use Path178::{Both, China, None, Russia};
    let runs = [China, China, China, Russia, Russia, None, None, Both, Both, Both, Both];
    let mut text = format!("{SUMMARY}\n");
    for (number, path) in (0..).zip(runs) {
        text += &run(vantage, number, path);
    }
    text
}

fn run(vantage: &str, number: i64, path: Path178) -> String {
    let [china, russia, unreached] = match path {
        Path178::China => [64, 0, 0],
        Path178::Russia => [0, 64, 0],
        Path178::Both => [32, 32, 0],
        Path178::None => [0, 0, 64],
    };
    row(vantage, number, "175.45.176.0/22", [china + 192, russia, unreached])
        + &row(vantage, number, "175.45.178.0/24", [china, russia, unreached])
}

fn row(vantage: &str, number: i64, scope: &str, [china, russia, unreached]: [u32; 3]) -> String {
    let began: Timestamp = "2017-10-01T00:00:00Z".parse().expect("a time");
    let start = began + SignedDuration::from_hours(number);
    let end = start + SignedDuration::from_secs(14);
    let of = f64::from(china + russia);
    let share = |count: u32| match china + russia {
        0 => ",,".into(),
        _ => format!("{0:.4},{0:.4},{0:.4}", f64::from(count) / of),
    };
    let carriers = [("China Unicom", china), ("TransTeleCom", russia)];
    let carriers: Vec<String> = carriers
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name}={count}"))
        .collect();
    let verdict = match (china, russia) {
        (0, 0) => "unreached",
        (_, 0) => "china",
        (0, _) => "russia",
        _ => "mixed",
    };
    let pinged = match (number, china + russia) {
        (..4, _) => ",,",
        (_, 0) => "256,0,0",
        _ => "256,12,0",
    };
    let mut text = String::new();
    writeln!(
        text,
        "3,run-{number},{start:.6},{end:.6},\"{vantage}\",icmp,{scope},{},{china},{russia},0,0,{unreached},\
         {},{},{verdict},{},1,{},512,true,{pinged},,true,,,,,,,",
        china + russia + unreached,
        share(china),
        share(russia),
        carriers.join(";"),
        if of > 0.0 { "236.400" } else { "" },
    )
    .expect("text");
    text
}

#[test]
fn every_format() {
    let files = Files::new(&story("here, or there"));
    assert_snapshot!("report.table", files.report(&["h.csv", "--format", "table"]).ended(0).out);
    assert_snapshot!("report.events.csv", files.report(&["h.csv"]).ended(0).out);
    let json = files.report(&["h.csv", "--format", "json"]).ended(0).out;
    assert_snapshot!("report.events.json", json);
    let state = ["h.csv", "--show", "state"];
    assert_snapshot!("report.state.csv", files.report(&state).ended(0).out);
    let state = [&state[..], &["--format", "json"]].concat();
    assert_snapshot!("report.state.json", files.report(&state).ended(0).out);
}

/// Wide intervals, as of few traces: they overlap in one prefix and not in the other.
fn differing() -> String {
    let of = |run: &str, began: &str, vantage: &str, rows: &[&str]| -> String {
        let row = |row: &&str| {
            format!("3,{run},{began},{began},{vantage},icmp,{row},,512,true,,,,,true,,,,,,,\n")
        };
        rows.iter().map(row).collect()
    };
    let few = [
        "175.45.176.0/22,32,24,8,0,0,0,0.7500,0.5789,0.8675,0.2500,0.1325,0.4211,mixed,\
         China Unicom=24;TransTeleCom=8,3",
        "175.45.178.0/24,16,9,7,0,0,0,0.5625,0.3318,0.7690,0.4375,0.2310,0.6682,mixed,\
         China Unicom=9;TransTeleCom=7,2",
        "175.45.179.0/24,16,15,1,0,0,0,0.9375,0.7167,0.9889,0.0625,0.0111,0.2833,mixed,\
         China Unicom=15;TransTeleCom=1,2",
    ];
    let others = [
        "175.45.176.0/22,32,7,17,0,0,8,0.2917,0.1491,0.4917,0.7083,0.5083,0.8509,mixed,\
         TransTeleCom=17;China Unicom=7,4",
        "175.45.178.0/24,16,7,9,0,0,0,0.4375,0.2310,0.6682,0.5625,0.3318,0.7690,mixed,\
         TransTeleCom=9;China Unicom=7,2",
        "175.45.179.0/24,16,0,8,0,0,8,0.0000,0.0000,0.3244,1.0000,0.6756,1.0000,russia,TransTeleCom=8,2",
    ];
    format!("{SUMMARY}\n")
        + &of("20171001T000000Z-0a", "2017-10-01T00:00:00.5Z", "here", &few)
        + &of("20171001T060000Z-0b", "2017-10-01T06:00:00.25Z", "here", &others)
        + &of("20171001T060000Z-0c", "2017-10-01T06:00:03Z", "there", &few[..2])
}

#[test]
fn two_runs_side_by_side() {
    let files = Files::new(&differing());
    let diff = |runs: [&str; 2], more: &[&str]| {
        files.report(&[&["h.csv", "--diff"], &runs[..], more].concat())
    };
    let ids = ["20171001T000000Z-0a", "20171001T060000Z-0b"];
    assert_snapshot!("report.diff.table", diff(ids, &["--format", "table"]).ended(0).out);
    assert_snapshot!("report.diff.csv", diff(ids, &[]).ended(0).out);
    assert_snapshot!("report.diff.json", diff(ids, &["--json"]).ended(0).out);
    let by_id = diff(ids, &[]).ended(0).out;
    let differs = Sheet::read(&by_id);
    assert_eq!(
        differs.column("differs"),
        [
            "china;russia;unreached;carrier:China Unicom;carrier:TransTeleCom",
            "",
            "china;russia;unreached;verdict;carrier:China Unicom;carrier:TransTeleCom",
        ]
    );
    // The same two by their times, with a vantage, and the newest of that.
    assert_eq!(diff(["2017-10-01T00", "2017-10-01T06:00:00.25Z"], &[]).ended(0).out, by_id);
    assert_eq!(
        diff(["2017-10-01T00", "2017-10-01T06"], &["--vantage", "here"]).ended(0).out,
        by_id
    );
    assert_eq!(diff(["2017-10-01T00:00:00Z", "here"], &[]).ended(0).out, by_id);
    let vantages = diff(["here", "there"], &[]).ended(0);
    assert_eq!(Sheet::read(&vantages.out).column("run_second"), ["20171001T060000Z-0c"; 3]);
    assert!(vantages.err.contains("did not trace all that the other one did"), "{}", vantages.err);
    let newest = diff(["newest", "here"], &["--scope", "175.45.178.0/24"]).ended(0).out;
    assert_eq!(Sheet::read(&newest).column("vantage_first"), ["there"]);
    diff(ids, &["--fail-on-change"]).ended(5);
    diff(ids, &["--fail-on-change", "--scope", "175.45.178.0/24"]).ended(0);
}

#[test]
fn a_run_that_is_not_there_names_the_nearest() {
    let files = Files::new(&differing());
    let diff = |runs: [&str; 2]| files.report(&["h.csv", "--diff", runs[0], runs[1]]);
    diff(["20171001T000000Z-0x", "here"]).refused(
        2,
        &["no run is called \"20171001T000000Z-0x\"", "are: 20171001T000000Z-0a (2017"],
    );
    diff(["here", "2017-10-01T07"]).refused(2, &["are: 20171001T060000Z-0c (2017-10-01T06:00:03Z"]);
    diff(["2017-10-01T06:00", "here"]).refused(
        2,
        &["several runs are called", "20171001T060000Z-0b  ", "; 20171001T060000Z-0c  "],
    );
    files.report(&["h.csv", "--diff", "here"]).refused(2, &["--diff", "2 values required"]);
    files.report(&["h.csv", "--diff", "a", "b", "--show", "state"]).refused(2, &["cannot be used"]);
}

#[test]
fn metrics() {
    let files = Files::new(&story("a \\ \"b\""));
    files.report(&["h.csv", "--prometheus", "lasthop.prom"]).ended(0);
    assert_snapshot!("report.prometheus", files.read("lasthop.prom"));
    let left: Vec<_> = std::fs::read_dir(files.path()).expect("a folder").collect();
    assert_eq!(left.len(), 2, "no other file is left");
    files
        .report(&["h.csv", "--prometheus", "no/such.prom"])
        .refused(2, &["no/such.prom", "folder"]);
}

#[test]
fn pictures_in_files() {
    let files = Files::new(&story("<here> & there"));
    files.report(&["h.csv", "--svg", "h.svg", "--html", "h.html", "--show", "events"]).ended(0);
    let (svg, html) = (files.read("h.svg"), files.read("h.html"));
    assert!(
        svg.starts_with("<svg ")
            && svg.contains("From &lt;here&gt; &amp; there, by icmp (11 runs)")
    );
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("TransTeleCom took over"));
    files.report(&["h.csv", "--svg", "late.svg", "--since", "2017-10-01T08:00"]).ended(0);
    assert!(files.read("late.svg").contains("2017-10-01 08:00 to"), "from where it was asked for");
    files.report(&["h.csv", "--html", "no/such.html"]).refused(2, &["no/such.html", "folder"]);
}

#[test]
fn two_vantages_are_told_apart() {
    let files = Files::new(&format!("{}{}", story("here"), story("there")));
    assert_snapshot!(
        "report.two.table",
        files.report(&["h.csv", "--format", "table"]).ended(0).out
    );
    let one = files.report(&["h.csv", "--vantage", "there"]).ended(0);
    assert!(Sheet::read(&one.out).column("vantage").iter().all(|vantage| *vantage == "there"));
}

#[test]
fn a_window_tells_what_its_runs_found() {
    let files = Files::new(&story("here"));
    let events = |arguments: &[&str]| {
        let run = files.report(&[&["h.csv"], arguments].concat()).ended(0);
        let sheet = Sheet::read(&run.out);
        let found = sheet.column("found_at").into_iter().map(str::to_owned).collect::<Vec<_>>();
        (sheet.rows.len(), found.first().cloned().unwrap_or_default())
    };
    let all = events(&[]).0;
    let (late, first) = events(&["--since", "2017-10-01T06:00"]);
    assert!(0 < late && late < all, "{late} of {all}");
    assert_eq!(first, "2017-10-01T07:00:00.000000Z");
    assert_eq!(events(&["--until", "2017-10-01T02:00:00Z"]).0, 0);
    assert_eq!(events(&["--since", "newest"]).0, 0);
    let (block, _) = events(&["--scope", "175.45.176.0/22"]);
    assert!(block > 0 && block < all);
}

/// As cron does it, after each run.
#[test]
fn a_change_ends_with_its_own_code() {
    let story = story("here");
    let lines: Vec<&str> = story.lines().collect();
    for (runs, code) in [(3, 0), (4, 5), (5, 0), (6, 5), (7, 0), (8, 5), (9, 0), (11, 0)] {
        let files = Files::new(&format!("{}\n", lines[..=runs * 2].join("\n")));
        let run = files.report(&["h.csv", "--since", "newest", "--fail-on-change"]).ended(code);
        assert_eq!(Sheet::read(&run.out).rows.is_empty(), code == 0, "{}", run.out);
    }
    let files = Files::new(&story);
    files.report(&["h.csv", "--fail-on-change"]).ended(5);
}

#[test]
fn nothing_in_the_window_is_code_1() {
    let files = Files::new(&story("here"));
    for arguments in
        [["--since", "2020-01-01"], ["--until", "2001-01-01"], ["--vantage", "elsewhere"]]
    {
        let run = files.report(&[&["h.csv"], &arguments[..]].concat()).ended(1);
        assert!(run.err.contains("no run"), "{}", run.err);
    }
    files.write("empty.csv", format!("{SUMMARY}\n"));
    files.report(&["empty.csv"]).ended(1);
}

#[test]
fn what_is_broken_is_told_with_its_line_and_left_out() {
    let story = story("here");
    let torn = "2,run-1,2017-10-01T00:00:00Z,,here,icmp,175.45.176.0/24,\"4\n";
    let wrong = story.lines().nth(1).expect("a row").replace("175.45.176.0/22", "elsewhere");
    let text = format!("{story}{torn}2,2026\n{wrong}\n\u{1b}[2J\n");
    let files = Files::new(&text);
    for quiet in ["--quiet", "--verbose"] {
        let run = files.report(&["h.csv", quiet]).ended(2);
        for words in [
            "h.csv:24: left out: a quote is not closed\n",
            "h.csv:25: left out: 2 of 37 columns; and so is line 27\n",
            "h.csv:26: left out: scope: `elsewhere` is not a prefix\n",
            "22 rows used, 0 doubled, 0 not asked for, 4 broken; repair or delete those lines",
        ] {
            assert!(run.err.contains(words), "no `{words}` in {}", run.err);
        }
        assert_eq!(run.out, Files::new(&story).report(&["h.csv"]).out);
    }
}

/// The cells of a history, each as another program writes it.
fn rewritten(text: &str, cell: impl Fn(&str, &str) -> String) -> String {
    let (header, rows) = text.split_once('\n').expect("a header");
    let names: Vec<&str> = header.split(',').collect();
    let mut written = format!("{header}\n");
    for row in rows.lines() {
        let cells = names.iter().zip(row.split(','));
        let cells: Vec<String> = cells.map(|(name, it)| cell(name, it)).collect();
        written += &(cells.join(",") + "\n");
    }
    written
}

#[test]
fn other_programs_write_the_same_values_in_their_own_way() {
    let story = story("NA");
    let plain = Files::new(&story).report(&["h.csv"]).ended(0).out;
    let time = |cell: &str, end: &str| cell.replace('T', " ").replace(".000000Z", end);
    let is_time = |name: &str| name.ends_with("_at");
    let is_count = |cell: &str| !cell.is_empty() && cell.bytes().all(|it| it.is_ascii_digit());
    let pandas = rewritten(&story, |name, cell| match cell {
        "true" => "True".into(),
        cell if is_time(name) => time(cell, "+00:00"),
        cell if is_count(cell) => format!("{cell}.0"),
        cell => cell.into(),
    });
    let spreadsheet = rewritten(&story, |name, cell| match cell {
        "true" => "TRUE".into(),
        cell if is_time(name) => time(cell, "").replace('-', "/"),
        cell => cell.into(),
    });
    let ended: String =
        spreadsheet.lines().map(|line| line.trim_end_matches(',').to_owned() + "\r\n").collect();
    let r = rewritten(&story, |name, cell| match cell {
        "true" => "TRUE".into(),
        "" if name != "vantage" => "NA".into(),
        cell => cell.into(),
    });
    let numbered: String = (0..)
        .zip(story.lines())
        .map(|(number, line)| match number {
            0 => format!(",{line}\n"),
            number => format!("{number},{line}\n"),
        })
        .collect();
    let turn = |line: &str| {
        let mut cells: Vec<&str> = line.split(',').collect();
        cells.rotate_left(5);
        cells.swap(3, 5);
        format!("{}\n", cells.join(","))
    };
    let turned: String = story.lines().map(turn).collect();
    for text in [pandas, spreadsheet, ended, r, numbered, turned] {
        let run = Files::new(&text).report(&["h.csv"]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{text}");
        assert_eq!(run.out, plain, "{text}");
    }
}

#[test]
fn one_cause_is_one_message() {
    let story = story("here");
    let files = Files::new(&rewritten(&story, |name, cell| match name {
        "complete" => "WAHR".into(),
        _ => cell.into(),
    }));
    let run = files.report(&["h.csv"]).ended(2);
    let said: Vec<&str> = run.err.lines().collect();
    let first = "lasthop: h.csv:2: left out: complete: `WAHR` is not true or false; \
                 and so are 21 more lines, up to line 23";
    assert_eq!(said[0], first);
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn counts_that_contradict_their_verdict_are_no_row() {
    let story = story("here");
    // As a column that was sorted by itself, or a header whose names were changed.
    let swapped = story.replacen("china,russia,other", "russia,china,other", 1);
    let dropped = rewritten(&story, |name, cell| match name {
        "china" => "0".into(),
        _ => cell.into(),
    });
    for text in [swapped, dropped] {
        let files = Files::new(&text);
        let run = files.report(&["h.csv", "-q"]).ended(2);
        assert!(run.err.contains("h.csv:2: left out: the counts do not give"), "{}", run.err);
        assert!(run.err.contains("verdict `china`"), "{}", run.err);
    }
}

#[test]
fn a_run_from_the_future_is_named_and_is_never_the_newest() {
    let story = story("here");
    let files = Files::new(&story);
    let future = format!("{story}{}", run("here", 24 * 365 * 200, Path178::Russia));
    files.write("future.csv", future);
    for arguments in [&["--show", "state"][..], &["--since", "newest"], &[]] {
        let plain = files.report(&[&["h.csv"], arguments].concat()).ended(0);
        let run = files.report(&[&["future.csv"], arguments].concat()).ended(0);
        assert_eq!(run.out, plain.out);
        let said = "future.csv:24: left out: run run-1752000 began at 2217-";
        assert!(run.err.contains(said) && run.err.contains("in the future"), "{}", run.err);
    }
}

/// Runs of one prefix alone, among runs of all.
#[test]
fn a_block_is_compared_over_what_both_runs_cover() {
    let mut text = format!("{SUMMARY}\n");
    for number in 0..9 {
        let part = number == 4 || number == 6;
        let (china, russia) = ([64, 0, 0], [0, 64, 0]);
        let block = if part { china } else { [64, 64, 0] };
        text += &row("here", number, "175.45.176.0/22", block);
        text += &row("here", number, "175.45.176.0/24", china);
        if !part {
            text += &row("here", number, "175.45.178.0/24", russia);
        }
    }
    let files = Files::new(&text);
    let run = files.report(&["h.csv", "-v"]).ended(0);
    assert_eq!(Sheet::read(&run.out).rows.len(), 0, "{}", run.out);
    assert!(run.err.contains("2 of a block of which only some prefixes"), "{}", run.err);
    let block = ["h.csv", "--scope", "175.45.176.0/22"];
    assert_eq!(Sheet::read(&files.report(&block).ended(0).out).rows.len(), 0);
}

#[test]
fn incomplete_runs_are_said_to_show_no_outage() {
    let files = Files::new(&story("here").replace(",512,true,", ",512,false,"));
    let run = files.report(&["h.csv"]).ended(0);
    let said = "all 11 runs from here by icmp are incomplete";
    assert!(run.err.contains(said) && run.err.contains("no outage"), "{}", run.err);
    let files = Files::new(&story("here"));
    assert_eq!(files.report(&["h.csv"]).ended(0).err, "");
    // In the middle.
    let cut_short = |(place, line): (usize, &str)| {
        let line = if (5..15).contains(&place) {
            line.replace(",512,true,", ",512,false,")
        } else {
            line.into()
        };
        format!("{line}\n")
    };
    let files = Files::new(&story("here").lines().enumerate().map(cut_short).collect::<String>());
    let run = files.report(&["h.csv"]).ended(0);
    let said = "5 runs from here by icmp, 20";
    assert!(run.err.contains(said) && run.err.contains("Z, are incomplete"), "{}", run.err);
}

#[test]
fn bad_input_is_refused() {
    let files = Files::new("time,verdict\n");
    files.report(&["h.csv"]).refused(2, &["h.csv:1: not a summary", "schema"]);
    files.report(&["none.csv"]).refused(2, &["none.csv", "check the name"]);
    files.report(&[]).refused(2, &["<FILE>"]);
    files.report(&["h.csv", "--since", "soon"]).refused(2, &["soon", "2017-10-01", "newest"]);
    files.report(&["h.csv", "--scope", "all"]).refused(2, &["all", "175.45.178.0/24"]);
    files.write("empty", "");
    files.report(&["empty"]).refused(2, &["empty:1: not a summary: it is empty"]);
    files.write("short.csv", "schema,run_id,targets,other\n");
    files.report(&["short.csv"]).refused(2, &["short.csv:1:", "started_at"]);
}

/// Three runs whose vantage had no way out, or met nothing behind the first public hop, among others: that is no
/// outage of the block, nor its end.
#[test]
fn runs_without_a_way_out_make_no_event() {
    let none = |number: i64| row("here", number, "175.45.178.0/24", [0, 0, 64]);
    let with = |says: &str| {
        let mut text = format!("{SUMMARY}\n");
        for number in 0..9 {
            text += &match number {
                4..7 => none(number).replace(",,true,,,,,,,", says),
                _ => row("here", number, "175.45.178.0/24", [64, 0, 0]),
            };
        }
        text
    };
    let outage = Files::new(&with(",,true,,,,,,,")).report(&["h.csv"]).ended(0);
    let events = Sheet::read(&outage.out);
    assert!(events.column("event").contains(&"outage-began"), "{}", outage.out);
    for says in [",,false,,,,,,,", ",,true,0,near,,,,,", ",,FALSE,0,gateway,,,,,"] {
        let run = Files::new(&with(says)).report(&["h.csv"]).ended(0);
        assert_eq!(Sheet::read(&run.out).rows.len(), 0, "{says}: {}", run.out);
        let said = "3 of 9 runs say nothing about the block";
        assert_eq!(run.err.matches(said).count(), 1, "{says}: {}", run.err);
    }
}

/// Containers have a new host name in each run.
#[test]
fn runs_that_are_vantages_of_their_own_are_said_to_need_a_name() {
    let of = |vantage: &dyn Fn(i64) -> String| {
        let mut text = format!("{SUMMARY}\n");
        for number in 0..5 {
            text += &run(&vantage(number), number, Path178::China);
        }
        Files::new(&text).report(&["h.csv"]).ended(0).err
    };
    let said = of(&|number| format!("3f2a9c0d1e{number:02}"));
    assert!(said.contains("each of the 5 runs is a vantage of its own"), "{said}");
    assert!(said.contains("--vantage LABEL"), "{said}");
    assert_eq!(of(&|_| "here".into()), "");
}

#[test]
fn files_may_be_packed_or_come_through_a_pipe() {
    let story = story("here");
    let files = Files::new(&story);
    let plain = files.report(&["h.csv"]).ended(0).out;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(story.as_bytes()).expect("packed");
    files.write("h.csv.gz", gzip.finish().expect("packed"));
    let run = files.report(&["h.csv.gz", "h.csv", "-v"]).ended(0);
    assert_eq!(run.out, plain);
    assert!(run.err.contains("22 rows used, 22 doubled"), "{}", run.err);
    let mut command = program::outside(files.path(), &["report".as_ref(), "-".as_ref()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().expect("begun");
    let mut stdin = running.stdin.take().expect("a pipe");
    stdin.write_all(story.as_bytes()).expect("written");
    drop(stdin);
    assert_eq!(Outcome::read(running.wait_with_output().expect("ended")).ended(0).out, plain);
}

#[test]
fn an_old_history_is_migrated() {
    let story = story("here, or there");
    // Without its last column but one.
    let mut old = csv::Writer::from_writer(Vec::new());
    for record in
        csv::ReaderBuilder::new().has_headers(false).from_reader(story.as_bytes()).records()
    {
        let record = record.expect("a row");
        old.write_record(
            record.iter().enumerate().filter(|(place, _)| *place != 23).map(|it| it.1),
        )
        .expect("written");
    }
    let old = String::from_utf8(old.into_inner().expect("written")).expect("text");
    let files = Files::new(&old);
    let run = files.report(&["--migrate", "h.csv"]).ended(0);
    let (was, is) = (Sheet::read(&story), Sheet::read(&run.out));
    assert_eq!(is.header, was.header);
    assert_eq!(is.column("vantage"), was.column("vantage"));
    assert_eq!(is.column("complete"), was.column("complete"));
    assert!(is.column("probes").iter().all(|cell| cell.is_empty()), "unknown is empty");
    files.write("same.csv", &run.out);
    assert_eq!(files.report(&["--migrate", "same.csv"]).ended(0).out, run.out);
    files.write("torn.csv", format!("{old}2,2026"));
    let torn = files.report(&["--migrate", "torn.csv"]).ended(2);
    assert_eq!(torn.out, run.out, "what is whole is written");
    assert!(torn.err.contains("torn.csv:24: left out: 2 of 36 columns"), "{}", torn.err);
    files.write("other.csv", story.replace("china", "asia"));
    files.report(&["--migrate", "other.csv"]).ended(2);
}
