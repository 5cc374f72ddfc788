//! `lasthop lab` without a command, in virtual time: where namespaces are refused, and where it is asked for.

use std::fs;

use tempfile::TempDir;

use super::lab::Lab;
use super::outcome::Outcome;
use super::program;
use super::sheet::Sheet;

fn virtually(folder: &TempDir, arguments: &[&str]) -> Outcome {
    Outcome::of(program::lab(folder.path(), &[&["--virtual"], arguments].concat()))
}

fn refused(folder: &TempDir, arguments: &[&str]) -> Outcome {
    Outcome::of(program::lab_without_namespaces(folder.path(), arguments))
}

#[test]
fn where_namespaces_are_refused_the_first_command_works() {
    let folder = TempDir::new().expect("a folder");
    let run = refused(&folder, &["--traces", "t.csv", "--append", "a.csv"]).ended(0);
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    assert!(run.err.contains("in virtual time instead"), "{}", run.err);
    let summary = Sheet::read(&run.out);
    assert_eq!(summary.column("verdict"), ["mixed", "china", "russia", "mixed", "china"]);
    assert_eq!(summary.column("vantage")[0], "lab:today");
    assert_eq!(summary.column("complete")[0], "true");
    let read = |name| fs::read_to_string(folder.path().join(name)).expect("written");
    assert_eq!(read("a.csv"), run.out);
    assert_eq!(Sheet::read(&read("t.csv")).column("class").len(), 1024);
    assert_eq!(refused(&folder, &["-q", "--scenario", "prohibited"]).ended(0).err, "");
}

#[test]
fn where_namespaces_are_refused_targets_are_pinged_by_every_method() {
    let folder = TempDir::new().expect("a folder");
    let arguments = ["-q", "-s", "census", "ping", "--method", "icmp,tcp,udp"];
    let counts = Sheet::read(&refused(&folder, &arguments).ended(0).out);
    assert_eq!(counts.numbers("alive"), [12, 8, 2, 1, 1]);
    assert_eq!((counts.numbers("tcp")[0], counts.numbers("suspect")[0]), (4, 255));
}

#[test]
fn a_command_needs_a_namespace() {
    let folder = TempDir::new().expect("a folder");
    let run = refused(&folder, &["--", "touch", "ran"]);
    run.refused(3, &["a network namespace is not allowed here"]);
    assert!(!folder.path().join("ran").exists());
}

#[test]
fn the_rows_are_those_of_a_namespace() {
    if Lab::near().is_none() {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    for scenario in ["today", "prohibited", "loop"] {
        let real = Outcome::of(program::lab(folder.path(), &["-q", "--scenario", scenario]));
        let model = virtually(&folder, &["-q", "--scenario", scenario]);
        let (real, model) = (Sheet::read(&real.ended(0).out), Sheet::read(&model.ended(0).out));
        for column in ["scope", "vantage", "china", "russia", "unreached", "verdict", "last_hops"] {
            assert_eq!(real.column(column), model.column(column), "{scenario}: {column}");
        }
    }
}

#[test]
fn everything_that_probe_takes_is_taken() {
    let folder = TempDir::new().expect("a folder");
    let run = virtually(
        &folder,
        &["probe", "175.45.177.0/28", "--method", "both", "--ping", "--format", "json"],
    );
    let row = run.ended(0).out;
    let row = row.lines().next().expect("a row");
    assert!(row.contains("\"method\":\"both\"") && row.contains("\"pinged\":16"), "{row}");
    virtually(&folder, &["probe", "--dns"]).refused(2, &["no name server", "--dns"]);
    let elsewhere = ["probe", "--source", "192.0.2.1"];
    virtually(&folder, &elsewhere).refused(2, &["no address to choose", "--source"]);
    virtually(&folder, &["--traces", "t.csv", "probe"]).refused(2, &["behind probe"]);
}

/// With loss it is chance which port finds a host that a box answers for.
#[test]
fn loss_makes_no_hosts_of_a_box() {
    let folder = TempDir::new().expect("a folder");
    let scenario = include_str!("../../src/lab/scenarios/census.toml");
    for loss in ["0.05", "0.15"] {
        let (about, rest) = scenario.split_once('\n').expect("lines");
        let text = format!("{about}\nloss = {loss}\n{rest}");
        fs::write(folder.path().join("loss.toml"), text).expect("written");
        let run = virtually(&folder, &["-q", "-s", "loss.toml", "ping", "--method", "tcp"]);
        let counts = Sheet::read(&run.ended(0).out);
        let (alive, suspect) = (counts.numbers("alive"), counts.numbers("suspect"));
        assert_eq!((alive[4], suspect[4]), (0, suspect[0]), "{loss}");
        assert!(suspect[4] >= 250, "{loss}: {suspect:?}");
    }
}

/// The picture says for how many traces a home answer proves that packets arrive, as the summary counts them.
#[test]
fn pictures_say_how_much_is_proven() {
    let folder = TempDir::new().expect("a folder");
    let run = virtually(&folder, &["-q", "--scenario", "census", "--append", "a.csv"]).ended(0);
    let summary = Sheet::read(&run.out);
    let classified: usize =
        ["china", "russia", "other"].iter().map(|class| summary.numbers(class)[0]).sum();
    let proven = summary.numbers("proven")[0];
    assert!(proven > 0 && proven < classified, "{proven} of {classified}");
    let words = format!("newest: arrival proven for {proven} of {classified} traces");
    let report = |option: &str| {
        let arguments = ["report", "-q", "a.csv", option, "-"].map(std::ffi::OsStr::new);
        Outcome::of(program::outside(folder.path(), &arguments)).ended(0).out
    };
    for option in ["--svg", "--html"] {
        assert!(report(option).contains(&words), "{option}: {words}");
    }
}
