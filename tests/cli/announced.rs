//! `--bgp`: what BGP showed next to the block, as evidence for traces.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::outcome::Outcome;
use super::program;
use super::sheet::Sheet;

const HEADER: &str = "schema,run_id,at,collector,peer_as,peer,kind,table,prefix,path_id,as_path,origin,upstream,carrier,class,rpki,since";

/// Three traces that end in silence behind China Unicom.
fn traces() -> String {
    let one = |last: u8| {
        format!(
            "traceroute to 175.45.176.{last} (175.45.176.{last}), 30 hops max\n 1  192.168.1.1  1 ms\n 2  4.69.140.30  9 ms\n \
             3  219.158.3.1  120 ms\n 4  219.158.39.42  125 ms\n 5  *\n 6  *\n 7  *\n 8  *\n 9  *\n\n"
        )
    };
    (1..=3).map(one).collect()
}

/// A row of a peer.
fn row(at: &str, collector: &str, peer: u32, kind: &str, upstream: &str, class: &str) -> String {
    format!(
        "1,bgp-{collector},{at},{collector},{peer},198.51.100.{peer},{kind},900000,175.45.176.0/24,,{peer} {upstream} 131279,131279,\
         {upstream},AS{upstream},{class},,{at}\n"
    )
}

const AT: &str = "2017-10-01T09:07:51.000000Z";

/// What three peers with whole tables showed.
fn file(upstream: &str, class: &str) -> String {
    let rows = (1..=3).map(|peer| row(AT, "rrc00", peer, "full", upstream, class));
    format!("{HEADER}\n{}", rows.collect::<String>())
}

fn folder(peers: &str) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("t.txt"), traces()).expect("written");
    fs::write(folder.path().join("p.csv"), peers).expect("written");
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    Outcome::of(program::outside(folder, &arguments))
}

fn classify(folder: &TempDir, more: &[&str]) -> Outcome {
    let asked = ["classify", "t.txt", "--traces", "out.csv", "--bgp", "p.csv"];
    run(folder.path(), &[&asked, more].concat())
}

/// Class, confidence and reason of the first trace.
fn first(folder: &TempDir) -> [String; 3] {
    let traces = fs::read_to_string(folder.path().join("out.csv")).expect("written");
    let traces = Sheet::read(&traces);
    ["class", "confidence", "reason"].map(|name| traces.column(name)[0].to_owned())
}

const DOUBTED: &str =
    "BGP shows AS20485 (TransTeleCom) only; a silent TransTeleCom may stand behind";

#[test]
fn classify_doubts_by_name_whom_bgp_does_not_show() {
    let folder = folder(&file("20485", "russia"));
    let run = classify(&folder, &["--at", "2017-10-01T10:00", "-v"]).ended(0);
    assert!(run.err.contains("p.csv: 3 rows of peers, 1 upstreams"), "{}", run.err);
    assert!(!run.err.contains("within a day"), "{}", run.err);
    let [class, confidence, reason] = first(&folder);
    assert_eq!([class.as_str(), confidence.as_str()], ["china", "low"]);
    assert!(reason.ends_with(DOUBTED), "{reason}");
    // Nothing is counted otherwise.
    let sheet = Sheet::read(&run.out);
    assert_eq!(sheet.numbers("china"), [3, 3]);
    // Without a time the newest view holds.
    classify(&folder, &[]).ended(0);
    assert!(first(&folder)[2].ends_with(DOUBTED));
}

#[test]
fn classify_believes_whom_bgp_shows() {
    let folder = folder(&file("4837", "china"));
    classify(&folder, &["--at", "2017-10-01T10:00"]).ended(0);
    let [class, confidence, reason] = first(&folder);
    assert_eq!([class.as_str(), confidence.as_str()], ["china", "medium"]);
    assert!(
        reason.ends_with("BGP shows AS4837 (China Unicom) next to the block, by 3 peer AS"),
        "{reason}"
    );
}

#[test]
fn a_day_away_nothing_is_concluded_which_is_said_once() {
    let folder = folder(&file("20485", "russia"));
    let run = classify(&folder, &["--at", "2017-10-03T10:00"]).ended(0);
    let note = "p.csv: no upstream within a day of 3 of 3 traces; BGP says nothing about them";
    assert_eq!(run.err.matches(note).count(), 1, "{}", run.err);
    assert!(!first(&folder)[2].contains("BGP"));
}

/// A peer that sends a default route alone, an unknown table, a path that does not say who carries it, and one without a
/// route; of those that count one is alone.
#[test]
fn only_peers_with_tables_and_usable_paths_count() {
    let mut text = format!("{HEADER}\n{}", row(AT, "rrc00", 1, "partial", "20485", "russia"));
    text += &row(AT, "rrc00", 2, "default", "20485", "russia");
    text += &row(AT, "rrc00", 3, "unknown", "20485", "russia");
    text += &row(AT, "rrc00", 4, "full", "20485", "unknown");
    let _ = writeln!(text, "1,x,{AT},rrc00,5,198.51.100.5,full,900000,,,,,,,unreached,,");
    let folder = folder(&text);
    classify(&folder, &[]).ended(0);
    let [_, confidence, reason] = first(&folder);
    assert_eq!(confidence, "medium");
    assert!(
        reason.contains("BGP shows AS20485 (TransTeleCom) only, by one peer AS alone;"),
        "{reason}"
    );
}

#[test]
fn what_is_no_file_of_peers_is_refused_with_its_line() {
    let right = file("20485", "russia");
    for (text, words) in [
        (String::new(), "p.csv:1: not what the peers of a collector sent; `lasthop bgp FILE..."),
        (traces(), "p.csv:1: not what the peers of a collector sent;"),
        (
            right.replace(",upstream,", ",uphill,"),
            "p.csv:1: not what the peers of a collector sent",
        ),
        (right[..right.len() - 30].to_owned(), "p.csv:4: 15 of 17 columns; was the file cut off"),
        (right.replacen("russia,,2017", "russia,\"2017", 1), "p.csv:2: "),
        (
            right.replacen(",20485,AS", ",TTK,AS", 1),
            "p.csv:2: upstream: `TTK` is not the number of an AS",
        ),
        (right.replacen(",full,", ",fullish,", 1), "p.csv:2: kind: `fullish` is not full, partial"),
        (right.replacen(AT, "today", 1), "p.csv:2: at: `today` is not a time"),
        (format!("{{\"schema\":1}}\n{right}"), "p.csv:1: not what the peers of a collector sent"),
    ] {
        classify(&folder(&text), &[]).refused(2, &[words]);
    }
    // Another table of ours.
    let other = folder(&right);
    run(other.path(), &["classify", "t.txt", "--traces", "p.csv"]).ended(2);
    fs::remove_file(other.path().join("p.csv")).expect("there");
    run(other.path(), &["classify", "t.txt", "--traces", "p.csv"]).ended(0);
    classify(&other, &[])
        .refused(2, &["p.csv:1: ", "(it is a table of traces)", "--peers PEERS.csv"]);
    let nowhere = ["classify", "t.txt", "--bgp", "nowhere.csv"];
    run(other.path(), &nowhere).refused(2, &["nowhere.csv: No such file"]);
    // What is read is not written over.
    fs::write(other.path().join("out.csv"), &right).expect("written");
    let same = ["classify", "t.txt", "--bgp", "out.csv", "--traces", "out.csv"];
    run(other.path(), &same).refused(2, &["--bgp", "--traces"]);
}

/// What `bgp` writes is read, as CSV and as JSON lines, plain and compressed.
#[test]
fn what_bgp_writes_is_read() {
    let folder = folder("");
    let mut dump = String::new();
    for (peer, asn) in [(1, 1299), (2, 3356), (3, 2914)] {
        for prefix in ["10.0.0.0/16", "10.1.0.0/16", "175.45.176.0/24"] {
            let upstream = if prefix.starts_with("175") { "20485 131279" } else { "64511" };
            let _ = writeln!(
                dump,
                "TABLE_DUMP2|1506848400|B|198.51.100.{peer}|{asn}|{prefix}|{asn} {upstream}|IGP|x|0|0||NAG||"
            );
        }
    }
    fs::write(folder.path().join("rrc00.rib.txt"), dump).expect("written");
    for name in ["peers.csv", "peers.jsonl"] {
        run(folder.path(), &["bgp", "rrc00.rib.txt", "--peers", name]).ended(0);
        let asked = ["classify", "t.txt", "--traces", "out.csv", "--bgp", name];
        run(folder.path(), &asked).ended(0);
        assert!(first(&folder)[2].ends_with(DOUBTED), "{name}: {}", first(&folder)[2]);
    }
}

/// Rows of the lab are evidence for the lab alone.
#[test]
fn probe_takes_it_too_and_the_lab_keeps_to_itself() {
    let at = Timestamp::now().checked_sub(SignedDuration::from_hours(1)).expect("a time");
    let at = format!("{at:.6}");
    for (collector, is_taken) in [("lab:rrc", true), ("rrc00", false)] {
        let rows = (1..=3).map(|peer| {
            row(&at, collector, peer, "full", "20485", "russia")
                .replace("175.45.176.0/24", "175.45.176.0/22")
        });
        let folder = folder(&format!("{HEADER}\n{}", rows.collect::<String>()));
        let asked = ["175.45.179.77", "--seed", "7", "--traces", "out.csv", "--bgp", "p.csv"];
        let lab = ["--virtual", "--scenario", "census", "probe"];
        let run = Outcome::of(program::lab(folder.path(), &[&lab[..], &asked].concat())).ended(0);
        let [class, _, reason] = first(&folder);
        assert_eq!(class, "china");
        assert_eq!(reason.contains(DOUBTED), is_taken, "{collector}: {reason}");
        assert_eq!(
            run.err.contains("no upstream within a day of 1 of 1 traces"),
            !is_taken,
            "{}",
            run.err
        );
    }
}
