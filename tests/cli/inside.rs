//! `lasthop lab`: a command's exit code is handed on, and nothing inside can leave.

use super::lab::{Lab, outside};
use super::sheet::Sheet;

#[test]
fn the_exit_code_is_the_commands() {
    let Some(lab) = Lab::near() else { return };
    for code in [0, 1, 7, 130, 255] {
        lab.shell(&format!("exit {code}")).ended(code);
    }
    lab.shell("kill -TERM $$").ended(128 + 15);
}

#[test]
fn the_commands_streams_are_its_own() {
    let Some(lab) = Lab::near() else { return };
    let run = lab.shell("echo data; echo words >&2").ended(0);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("data\n", "words\n"));
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let Some(lab) = Lab::near() else { return };
    for program in ["no-such-program", "./near.toml/x", "."] {
        let mut command = lab.command(program);
        command.arg("--help");
        super::outcome::Outcome::of(command).refused(2, &[&format!("cannot run {program}: ")]);
    }
}

#[test]
fn there_is_one_way_and_it_leads_nowhere_else() {
    let Some(lab) = Lab::near() else { return };
    let here = std::fs::read_link("/proc/self/ns/net").unwrap_or_default();
    let there = lab.shell("readlink /proc/self/ns/net").ended(0).out;
    assert_ne!(there.trim(), here.to_string_lossy(), "a network of its own");
    let devices =
        lab.shell("cut -sd: -f1 /proc/net/dev | tr -d ' ' | sort | tr -d '\\n'").ended(0).out;
    assert_eq!(devices, "lasthop0lasthop1lo", "the loopback and one pair");
    let routes = lab.shell("cat /proc/net/route").ended(0).out;
    let routes: Vec<&str> = routes.lines().skip(1).collect();
    assert_eq!(routes.len(), 1, "{routes:?}");
    assert!(routes[0].starts_with("lasthop0\t00000000\t"), "{routes:?}");
    let v6 = lab.shell("cat /proc/net/if_inet6 | grep -v ' lo$'; true").ended(0).out;
    assert_eq!(v6, "", "no IPv6");
}

#[test]
fn the_processes_of_the_lab_are_those_of_the_user() {
    let Some(lab) = Lab::near() else { return };
    assert_eq!(lab.shell("id -u").ended(0).out, "0\n", "root inside, over this network alone");
}

/// Without a command the lab runs the main job: the whole block of `today`.
#[test]
fn without_a_command_it_shows_the_whole_job() {
    if Lab::near().is_none() {
        return;
    }
    let run = outside(&["lab", "--scenario", "prohibited", "-q"]).ended(0);
    let summary = Sheet::read(&run.out);
    assert_eq!(run.err, "");
    assert_eq!(summary.numbers("targets")[0], 1024);
    assert_eq!(summary.column("vantage")[0], "lab:prohibited");
    assert_eq!(summary.column("verdict"), ["mixed", "china", "russia", "china", "unreached"]);
}

/// An answer that no frame holds is lost, and nothing else with it.
#[test]
fn the_lab_outlives_an_answer_that_is_too_long() {
    let Some(lab) = Lab::near() else { return };
    let labels: Vec<String> = (0..500).map(|label| label.to_string()).collect();
    let long = format!("[router.\"62.115.136.200\"]\nmpls = [{}]\n", labels.join(", "));
    let near = include_str!("near.toml");
    lab.write("near.toml", format!("{near}\n{long}"));
    let run = lab.probe(&["175.45.177.10", "--traces", "t.csv"]).ended(0);
    assert_eq!(Sheet::read(&run.out).column("verdict"), ["russia", "russia"]);
}
