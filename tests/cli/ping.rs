//! `lasthop ping` and `probe --ping`: who is found to live, by what, and how that is told.

use insta::assert_snapshot;
use nix::sys::signal::Signal::SIGINT;

use super::columns::SUMMARY;
use super::lab::{Lab, NEAR};
use super::normal;
use super::outcome::Outcome;
use super::program;
use super::running::Running;
use super::sheet::Sheet;
use super::skip::{has, skip};

const COUNTS: &str = "schema,run_id,started_at,ended_at,vantage,method,scope,targets,alive,icmp,tcp,\
    udp,suspect,rtt_ms,probes,complete";
const CENSUS: &str = "schema,run_id,at,vantage,target,scope,alive,by,sent,received,min_ms,median_ms,\
    max_ms,jitter_ms,reply_ttl,suspect";
/// What makes a run short.
const QUICK: [&str; 6] = ["--rate", "2000", "--timeout", "0.2", "--seed", "1"];
/// Runs a program without any capability, and unable to get one.
const BARE: &str = "setpriv --bounding-set=-all --inh-caps=-all";

/// Hosts that answer each means alone, one that answers none, a router that refuses with "port
/// unreachable", and a box that answers for a /24.
const MANNERS: &str = r#"
about = "Hosts with manners"
vantage = "192.168.1.77"

[[route]]
to = "175.45.176.0/24"
hosts = ["175.45.176.1", "175.45.176.2", "175.45.176.3", "175.45.176.4", "175.45.176.5", "175.45.176.6"]
  [[route.path]]
  hops = ["192.168.1.1 2", "103.35.255.254 14"]
  end = "hosts 20"
  class = "china"

[[route]]
to = "175.45.177.0/24"
  [[route.path]]
  hops = ["192.168.1.1 2", "188.43.225.153 14"]
  end = "refusal 3"
  class = "russia"

[[route]]
to = "175.45.178.0/24"
middlebox = { behind = 1, echo = true }
  [[route.path]]
  hops = ["192.168.1.1 2", "188.43.225.153 14"]
  end = "blackhole"
  class = "russia"

[[route]]
to = "175.45.179.0/24"
hosts = ["175.45.179.9"]
middlebox = { behind = 1, open = [80] }
  [[route.path]]
  hops = ["192.168.1.1 2", "188.43.225.153 14"]
  end = "hosts 20"
  class = "russia"

[host."175.45.176.2"]
echo = false
udp = false
open = [80]
filtered = [443]

[host."175.45.176.3"]
echo = false
udp = false
filtered = [80]

[host."175.45.176.4"]
echo = false
udp = false
rejects = true

[host."175.45.176.5"]
echo = false
filtered = [80, 443]

[host."175.45.176.6"]
echo = false
udp = false
filtered = [80, 443]
"#;

fn manners() -> Option<Lab> {
    let lab = Lab::scenario("manners.toml")?;
    lab.write("manners.toml", MANNERS);
    Some(lab)
}

fn ping(lab: &Lab, arguments: &[&str]) -> Outcome {
    let mut command = lab.command(program::name());
    command.arg("ping").args(QUICK).args(arguments);
    Outcome::of(command)
}

/// The targets that answered, with how, and whether that is doubted.
fn found(census: &Sheet) -> Vec<(&str, &str, &str)> {
    let columns = ["target", "by", "suspect"].map(|name| census.column(name));
    let [targets, by, suspect] = &columns;
    let rows = (0..census.rows.len()).map(|row| (targets[row], by[row], suspect[row]));
    rows.filter(|(_, by, _)| !by.is_empty()).collect()
}

/// What other systems than Linux have finds the same hosts by ICMP.
#[test]
fn portable_sockets_find_the_same_hosts() {
    let Some(lab) = manners() else { return };
    let census = |wire: &str| {
        let how = ["175.45.176.0/28", "175.45.178.0/28", "--wire", wire, "--census", "c.csv", "-v"];
        let run = ping(&lab, &how).ended(0);
        (Sheet::read(&run.out), Sheet::read(&lab.read("c.csv")), run.err)
    };
    let ((counts, hosts, _), (other_counts, other_hosts, said)) =
        (census("user"), census("portable"));
    assert!(said.contains("portable sockets"), "{said}");
    // Of an ordinary user it is the capabilities.
    assert!(
        said.contains("no privilege is left") || said.contains("no capability is left"),
        "{said}"
    );
    assert_eq!(found(&hosts), found(&other_hosts));
    for column in ["alive", "icmp", "suspect"] {
        assert_eq!(counts.column(column), other_counts.column(column), "{column}");
    }
    // The way takes 20 ms; without the kernel's stamps a busy machine is in it.
    let rtt: f64 = other_counts.column("rtt_ms")[0].parse().expect("a number");
    assert!((19.0..200.0).contains(&rtt), "{rtt} ms");
}

/// Traces need to know which router answered, and connections who refused them.
#[test]
fn portable_sockets_do_nothing_else() {
    let Some(lab) = manners() else { return };
    let commands =
        [&["probe"][..], &["probe", "--method", "udp"], &["ping", "--method", "icmp,udp"]];
    for command in commands {
        let mut program = lab.command(program::name());
        program.args(command).args(["175.45.176.1", "--wire", "portable", "--append", "none.csv"]);
        let run = Outcome::of(program).ended(2);
        assert!(run.err.contains("need Linux's own"), "{command:?}: {}", run.err);
        assert!(run.err.contains("lasthop ping --method icmp"), "{command:?}: {}", run.err);
        assert!(run.out.is_empty(), "{command:?}: {}", run.out);
    }
}

#[test]
fn each_host_is_found_by_what_it_answers() {
    let Some(lab) = manners() else { return };
    for wire in ["raw", "user"] {
        let how = ["--wire", wire, "--method", "icmp,tcp,udp", "--census", "c.csv"];
        let run =
            ping(&lab, &[&["175.45.176.0/28", "175.45.177.0/29"], &how[..]].concat()).ended(0);
        let expected = [
            ("175.45.176.1", "icmp", ""),
            ("175.45.176.2", "tcp-80-open", ""),
            ("175.45.176.3", "tcp-443-refused", ""),
            ("175.45.176.4", "tcp-80-refused", ""),
            ("175.45.176.5", "udp", ""),
        ];
        let census = Sheet::read(&lab.read("c.csv"));
        assert_eq!(found(&census), expected, "{wire}");
        assert_eq!(census.rows.len(), 16 + 8, "all targets have a row");
        let counts = Sheet::read(&run.out);
        let row = |name: &str| counts.column(name)[0].to_owned();
        assert_eq!(["alive", "icmp", "tcp", "udp", "suspect"].map(row), ["5", "1", "3", "1", "0"]);
        assert_eq!(counts.column("alive"), ["5", "5", "0"], "the refusing router is no host");
    }
}

/// Opening connections is the user's decision.
#[test]
fn nothing_but_echo_requests_is_sent_unasked() {
    let Some(lab) = manners() else { return };
    let run = ping(&lab, &["175.45.176.0/28"]).ended(0);
    let counts = Sheet::read(&run.out);
    assert_eq!(counts.column("method"), ["icmp", "icmp"]);
    assert_eq!(counts.column("alive"), ["1", "1"]);
    assert_eq!((counts.column("tcp"), counts.column("udp")), (vec!["", ""], vec!["", ""]));
}

#[test]
fn a_box_that_answers_for_all_is_suspect() {
    let Some(lab) = manners() else { return };
    let targets = ["175.45.178.0/27", "175.45.179.0/27"];
    let how = ["--method", "icmp,tcp", "--census", "c.csv"];
    let run = ping(&lab, &[&targets[..], &how].concat()).ended(0);
    let counts = Sheet::read(&run.out);
    assert_eq!(counts.column("alive"), ["1", "0", "1"]);
    assert_eq!(counts.column("suspect"), ["63", "32", "31"]);
    assert!(run.err.contains("63 targets answer in a way that cannot be their own"), "{}", run.err);
    let census = Sheet::read(&lab.read("c.csv"));
    let suspects = found(&census).into_iter().filter(|(.., why)| *why == "alike").count();
    assert_eq!(suspects, 63);
    assert_eq!(census.with("alive", "true").column("target"), ["175.45.179.9"]);
}

#[test]
fn nobody_is_an_answer_too() {
    let Some(lab) = manners() else { return };
    let run = ping(&lab, &["175.45.177.0/29"]).ended(1);
    assert_eq!(Sheet::read(&run.out).column("alive"), ["0", "0"]);
    assert_eq!(Sheet::read(&run.out).column("rtt_ms"), ["", ""], "nothing was measured");
}

/// Half of the reference for latency is the scenario: 20 ms, and up to two in a hundred more.
#[test]
fn latency_is_that_of_the_path() {
    let Some(lab) = manners() else { return };
    ping(&lab, &["175.45.176.0/29", "--count", "8", "--census", "c.csv"]).ended(0);
    let census = Sheet::read(&lab.read("c.csv")).with("by", "icmp");
    let number = |name: &str| census.column(name)[0].parse::<f64>().expect(name);
    assert_eq!((census.numbers("sent")[0], census.numbers("received")[0]), (8, 8));
    let (min, median, max) = (number("min_ms"), number("median_ms"), number("max_ms"));
    assert!(20.0 <= min && min <= median && median <= max, "{min} {median} {max}");
    assert!(median < 60.0 && number("jitter_ms") <= max - min, "{median}");
    assert_eq!(census.numbers("reply_ttl"), [255 - 3]);
}

#[test]
fn the_formats() {
    let Some(lab) = manners() else { return };
    let how = ["175.45.176.0/29", "--method", "tcp,icmp", "--vantage", "here, or there"];
    let run = |more: &[&str]| ping(&lab, &[&how[..], more].concat()).ended(0).out;
    let csv = run(&["--census", "c.csv"]);
    assert_eq!(csv.lines().next(), Some(COUNTS));
    assert_eq!(lab.read("c.csv").lines().next(), Some(CENSUS));
    assert_snapshot!("ping.csv", normal::csv(&csv));
    assert_snapshot!("census.csv", normal::csv(&lab.read("c.csv")));
    assert_snapshot!("ping.json", normal::json(&run(&["--format", "json", "--census", "c.jsonl"])));
    // On a busy machine a reply may come without a time, and then there is no jitter.
    let census = normal::json(&lab.read("c.jsonl"));
    let census =
        census.replace("\"max_ms\":RTT,\"jitter_ms\":null", "\"max_ms\":RTT,\"jitter_ms\":RTT");
    assert_snapshot!("census.jsonl", census);
    assert_snapshot!("ping.table", normal::millis(&normal::table(&run(&["--format", "table"]))));
}

#[test]
fn the_help() {
    let Some(lab) = Lab::near() else { return };
    assert_snapshot!("help_ping", lab.lasthop(&["ping", "--help"]).ended(0).out);
    assert_snapshot!("help_ping_short", lab.lasthop(&["ping", "-h"]).ended(0).out);
}

#[test]
fn dry_run() {
    let Some(lab) = Lab::near() else { return };
    let told = |more: &[&str]| lab.lasthop(&[&["ping", "--dry-run"], more].concat()).ended(0).out;
    assert_snapshot!(told(&[]), @"would ask 1024 addresses of 175.45.176.0/22 by icmp: 3072 to 4096 packets, at most 200 packets/s");
    let more = ["--method", "udp,tcp", "--sample", "2", "--rate", "0"];
    assert_snapshot!(told(&more), @"would ask 8 addresses of 175.45.176.0/22 by tcp+udp: 24 to 96 packets, without a limit");
}

#[test]
fn rows_are_appended_under_one_header() {
    let Some(lab) = manners() else { return };
    let how = ["175.45.176.0/29", "--append", "a.csv"];
    let first = ping(&lab, &how).ended(0).out;
    ping(&lab, &how).ended(0);
    let text = lab.read("a.csv");
    assert!(text.starts_with(&first) && Sheet::read(&text).rows.len() == 4, "{text}");
    lab.write("other.csv", format!("{SUMMARY}\n"));
    ping(&lab, &["--append", "other.csv"]).refused(2, &["other.csv:1:", "header"]);
}

#[test]
fn a_file_is_named_once_and_a_lock_is_kept() {
    let Some(lab) = manners() else { return };
    ping(&lab, &["--append", "a.csv", "--census", "./a.csv"])
        .refused(2, &["--append", "--census", "give each a file of its own"]);
    let run = lab.shell("flock lock $LASTHOP ping 175.45.176.1 --lock lock");
    run.refused(4, &["lock: another run holds the lock"]);
}

#[test]
fn an_interruption_keeps_what_was_found() {
    let Some(lab) = Lab::near() else { return };
    let files = ["--append", "a.csv", "--census", "c.csv"];
    let run = Running::command(&lab, "ping", "200", &files);
    run.await_packets(60);
    run.signal(SIGINT);
    let ended = run.end().ended(130);
    assert_eq!((ended.err.as_str(), &ended.out), ("", &lab.read("a.csv")));
    let counts = Sheet::read(&ended.out);
    assert!(counts.column("complete").iter().all(|complete| *complete == "false"));
    let rows = Sheet::read(&lab.read("c.csv")).rows.len();
    assert!((1..1024).contains(&rows) && rows == counts.numbers("targets")[0], "{rows}");
}

/// Without any capability: ping sockets where those are allowed, and connections everywhere.
#[test]
fn an_ordinary_user_finds_the_same() {
    let Some(lab) = manners().filter(|_| has("setpriv")) else { return };
    let quick = QUICK.join(" ");
    let run = format!("{BARE} $LASTHOP ping 175.45.176.0/28 {quick} --method icmp,tcp,udp -v");
    let run = lab.shell(&run).ended(0);
    assert!(run.err.contains("datagram sockets, since raw ones cannot be opened"), "{}", run.err);
    assert_eq!(Sheet::read(&run.out).column("alive"), ["5", "5"]);
    let Some(lab) = Lab::scenario("off.toml") else { return };
    lab.write("off.toml", format!("ping_sockets = false\n{MANNERS}"));
    let run =
        |method: &str| lab.shell(&format!("{BARE} $LASTHOP ping 175.45.176.0/28 {quick} {method}"));
    run("").refused(3, &["sudo sysctl -w net.ipv4.ping_group_range=", "--method tcp"]);
    assert_eq!(Sheet::read(&run("--method tcp").ended(0).out).column("alive"), ["4", "4"]);
    assert_eq!(Sheet::read(&run("--method udp").ended(0).out).column("alive"), ["2", "2"]);
}

/// An ordinary user's own lab, where that user is root and has raw sockets.
#[test]
fn nobody_counts_them_too() {
    let Some(lab) = manners().filter(|_| has("setpriv")) else { return };
    if !nix::unistd::geteuid().is_root() {
        // Then every other test here is this one.
        return;
    }
    let mut command = lab.command_for_nobody("ping");
    command.args(QUICK).args(["175.45.176.0/28", "--method", "icmp,tcp,udp"]);
    let run = Outcome::of(command);
    if run.code == Some(3) {
        return skip(&format!("an ordinary user has no namespaces here: {}", run.err));
    }
    assert_eq!(Sheet::read(&run.ended(0).out).column("alive"), ["5", "5"]);
}

#[test]
fn what_is_counted_is_said() {
    let Some(lab) = manners() else { return };
    let run = ping(&lab, &["175.45.177.0/31", "-v"]).ended(1);
    assert!(run.err.contains("2 targets, 8 packets, 0 answer"), "{}", run.err);
    assert!(run.err.contains("; 8 ICMP errors"), "{}", run.err);
    assert_eq!(ping(&lab, &["175.45.177.0/31", "-q", "-v"]).ended(1).err, "");
}

#[test]
fn probe_pings_in_the_same_run() {
    let Some(lab) = Lab::near() else { return };
    let how = ["--sample", "12", "--ping"];
    let run = lab.probe(&how).ended(0);
    let summary = Sheet::read(&run.out);
    assert_eq!(summary.numbers("pinged"), summary.numbers("targets"));
    let alive = summary.numbers("alive");
    assert_eq!(alive[0], alive[1..].iter().sum::<usize>());
    assert_eq!(summary.column("suspect"), ["0"; 5]);
    for (alive, rtt) in alive.iter().zip(summary.column("alive_rtt_ms")) {
        assert_eq!(*alive == 0, rtt.is_empty(), "no host, no round trip");
    }
    let hosts = ["175.45.176.8", "175.45.176.10", "175.45.177.10", "175.45.179.1"];
    let run = lab.probe(&[&hosts[..], &["--ping"]].concat()).ended(0);
    assert_eq!(Sheet::read(&run.out).column("alive"), ["2", "1", "1", "0"]);
    let how = ["--ping", "--format", "table", "--vantage", "here"];
    let table = lab.probe(&[&hosts[..], &how].concat()).ended(0).out;
    assert_snapshot!("probe_ping.table", normal::table(&table));
}

/// By UDP alone the traces need no ICMP, but the question does.
#[test]
fn probe_pings_by_icmp_whatever_it_traces_by() {
    let Some(lab) = Lab::near().filter(|_| has("setpriv")) else { return };
    for wire in ["raw", "user"] {
        let run = lab.probe(&["175.45.177.8/30", "--ping", "--method", "udp", "--wire", wire]);
        assert_eq!(Sheet::read(&run.ended(0).out).column("alive"), ["1", "1"], "{wire}");
    }
    let Some(lab) = Lab::scenario("off.toml") else { return };
    lab.write("off.toml", format!("ping_sockets = false\n{NEAR}"));
    let run = lab.shell(&format!("{BARE} $LASTHOP probe $QUICK 175.45.177.10 --ping"));
    run.refused(3, &["sudo sysctl -w net.ipv4.ping_group_range="]);
}
