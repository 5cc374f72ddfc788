//! The control plane of the lab's story: the whole walk, from what a route collector recorded and from traces to one report
//! with pictures, without a network.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use lasthop::lab;
use tempfile::TempDir;

use super::outcome::Outcome;
use super::program;
use super::sheet::Sheet;

fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    Outcome::of(program::outside(folder, &arguments))
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).expect("written")
}

/// The story's history and what its collector recorded.
fn told() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let story = ["lab", "--story", "october-2017", "--mrt", "october.mrt"];
    let history = run(folder.path(), &story).ended(0).out;
    fs::write(folder.path().join("october.csv"), history).expect("written");
    folder
}

#[test]
fn the_whole_walk_of_october_2017() {
    let folder = told();
    // Every event of the story, to the second, and nothing else.
    let events = run(folder.path(), &["bgp", "october.mrt", "--events"]).ended(0);
    let events = Sheet::read(&events.out);
    let columns = ["first_at", "event", "subject", "scope"].map(|name| events.column(name));
    let row =
        |place: usize| columns.iter().map(|column| column[place]).collect::<Vec<_>>().join(" ");
    let mut found: Vec<String> = (0..events.rows.len()).map(row).collect();
    let story = lab::story("october-2017").expect("a story").expect("a right one");
    let planned = story.events.iter().flat_map(|event| {
        let (at, subject) = (event.at, event.subject.as_deref().unwrap_or_default());
        event.scopes.iter().map(move |scope| format!("{at:.6} {} {subject} {scope}", event.kind))
    });
    let mut planned: Vec<String> = planned.collect();
    found.sort();
    planned.sort();
    assert_eq!(found, planned);
    assert!(events.column("vantage").iter().all(|one| *one == "lab:october-2017"));

    // Its rows join the history of the traces, once.
    let append = ["bgp", "october.mrt", "--append", "october.csv", "--peers", "peers.csv"];
    run(folder.path(), &append).ended(0);
    let joined = read(&folder, "october.csv");
    run(folder.path(), &append).ended(0);
    assert_eq!(read(&folder, "october.csv"), joined);
    let rows = Sheet::read(&joined).with("method", "bgp");
    assert!(rows.column("full_peers").iter().all(|peers| *peers == "12"), "{:?}", rows.rows);
    let shares = rows.with("scope", "175.45.178.0/24");
    let shares: Vec<(&str, &str)> =
        shares.column("china").into_iter().zip(shares.column("russia")).collect();
    assert!(shares.contains(&("5", "7")) && shares.contains(&("12", "0")), "{shares:?}");
    assert!(shares.contains(&("0", "0")), "all are withdrawn in the spells: {shares:?}");

    // One report and its pictures have both.
    let report = ["report", "october.csv", "--svg", "october.svg", "--html", "october.html"];
    let report = run(folder.path(), &[&report[..], &["--format", "csv"]].concat()).ended(0);
    let report = Sheet::read(&report.out).with("event", "carrier-appeared");
    for method in ["icmp", "bgp"] {
        let scopes = report.with("method", method);
        assert!(scopes.column("scope").contains(&"175.45.178.0/24"), "{method}");
    }
    assert!(read(&folder, "october.svg").contains("SIMULATED"));
    assert!(read(&folder, "october.html").contains("TransTeleCom"));
    is_evidence_for_traces(&folder);
}

/// A trace of the hour in which BGP showed TransTeleCom for 178, and one of the hour before.
fn is_evidence_for_traces(folder: &TempDir) {
    let trace = "traceroute to 175.45.178.9 (175.45.178.9), 30 hops max\n 1  192.168.1.1  1 ms\n 2  62.115.140.213  9 ms\n \
                 3  217.150.55.21  90 ms\n 4  188.43.28.9  120 ms\n 5  *\n 6  *\n 7  *\n 8  *\n 9  *\n";
    fs::write(folder.path().join("trace.txt"), trace).expect("written");
    let classify = |at: &str| {
        let asked =
            ["classify", "trace.txt", "--bgp", "peers.csv", "--traces", "t.csv", "--at", at];
        // Without the lab's name it is a trace of the real internet.
        let real = run(folder.path(), &asked).ended(0);
        assert!(real.err.contains("no upstream within a day of 1 of 1"), "{}", real.err);
        run(folder.path(), &[&asked[..], &["--vantage", "lab:october-2017"]].concat()).ended(0);
        let traces = Sheet::read(&read(folder, "t.csv"));
        ["class", "confidence", "reason"].map(|name| traces.column(name)[0].to_owned())
    };
    let [class, confidence, reason] = classify("2017-10-01T09:30");
    assert_eq!([class.as_str(), confidence.as_str()], ["russia", "medium"]);
    assert!(
        reason.ends_with("BGP shows AS20485 (TransTeleCom) next to the block, by 7 peer AS"),
        "{reason}"
    );
    let [class, confidence, reason] = classify("2017-10-01T08:30");
    assert_eq!([class.as_str(), confidence.as_str()], ["russia", "low"]);
    assert!(
        reason.contains("BGP shows AS4837 (China Unicom) only; a silent China Unicom may"),
        "{reason}"
    );
}

#[test]
fn what_has_no_collector_and_what_is_no_file_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let refused = |arguments: &[&str], words: &[&str]| {
        run(folder.path(), &[&["lab"], arguments].concat()).refused(2, words);
    };
    refused(
        &["--story", "year-2025", "--mrt", "y.mrt"],
        &["year-2025 has no route collector", "[[peer]]"],
    );
    refused(&["--mrt", "y.mrt"], &["--story"]);
    refused(&["--story", "october-2017", "--mrt", "nowhere/y.mrt"], &["nowhere/y.mrt: No such"]);
    refused(&["--story", "october-2017", "--mrt", "-"], &["--mrt: stdout gets the history"]);
    let story = super::stories::STORY.replace("[way.china]", "[way.china]\nupstream = 4837");
    let peer = "\n[[peer]]\nasn = 1\naddress = \"198.51.100.1\"\nprefers = [4837]\n";
    let write = |text: &str| fs::write(folder.path().join("s.toml"), text).expect("written");
    write(&format!("{story}{peer}").replace("prefers = [4837]", "prefers = [20485]"));
    refused(&["--story", "s.toml", "--mrt", "y.mrt"], &["s.toml:", "prefers AS20485"]);
    write(&format!("{story}{peer}"));
    run(folder.path(), &["lab", "--story", "s.toml", "--mrt", "y.mrt"]).ended(0);
    let rows = run(folder.path(), &["bgp", "y.mrt"]).ended(0).out;
    assert_eq!(
        Sheet::read(&rows).with("scope", "175.45.178.0/24").column("verdict"),
        ["china", "unreached"]
    );
}
