//! Every message names what is wrong and says what to do; nothing is sent before.

use std::os::unix::ffi::OsStrExt as _;

use super::counters::watched;
use super::lab::{Lab, outside};
use super::outcome::Outcome;
use super::program;

fn refused(lab: &Lab, arguments: &[&str], words: &[&str]) {
    let (run, packets) = watched(lab, arguments);
    run.refused(2, words);
    assert_eq!(packets, 0, "packets before {arguments:?} was refused");
}

#[test]
fn targets() {
    let Some(lab) = Lab::near() else { return };
    let inside = "give addresses or prefixes inside it, or another --config";
    refused(&lab, &["8.8.8.8"], &["8.8.8.8", "outside 175.45.176.0/22", inside]);
    refused(&lab, &["175.45.176.1", "175.45.180.0"], &["175.45.180.0", "outside", inside]);
    refused(&lab, &["175.45.176.0/20"], &["175.45.176.0/20 is outside", inside]);
    let expected = "expected an IPv4 address or prefix such as 175.45.177.0/24";
    for wrong in ["175.45.177.300", "175.45.177", "star-co.net.kp", "::1", "175.45.176.0/33", "-1"]
    {
        refused(&lab, &[wrong], &[&format!("'{wrong}'"), expected]);
    }
}

#[test]
fn numbers() {
    let Some(lab) = Lab::near() else { return };
    let seconds = "expected a number of seconds above 0";
    for (option, value, expected) in [
        ("--rate", "-1", "or 0 for no limit"),
        ("--rate", "fast", "expected packets a second, such as 200"),
        ("--rate", "4294967296", "expected packets a second"),
        ("--attempts", "9", "expected a number from 1 to 8"),
        ("--attempts", "0", "expected a number from 1 to 8"),
        ("--attempts", "x", "expected a number from 1 to 8"),
        ("--timeout", "0", seconds),
        ("--timeout", "-1", seconds),
        ("--timeout", "inf", seconds),
        ("--timeout", "NaN", seconds),
        ("--timeout", "1e-12", seconds),
        ("--deadline", "soon", seconds),
        ("--max-ttl", "33", "expected a number from 1 to 32"),
        ("--gap-limit", "0", "expected a number from 1 to 32"),
        ("--flows", "33", "expected a number from 1 to 32"),
        ("--sample", "0", "expected a number from 1"),
    ] {
        refused(
            &lab,
            &["175.45.177.10", option, value],
            &[option, &format!("'{value}'"), expected],
        );
    }
}

#[test]
fn words() {
    let Some(lab) = Lab::near() else { return };
    refused(&lab, &["--method", "sctp"], &["'sctp'", "--method", "icmp, udp, tcp, both, all"]);
    refused(&lab, &["--format", "xml"], &["'xml'", "--format", "table, csv, json"]);
    refused(&lab, &["--fast"], &["'--fast'", "--help"]);
    refused(&lab, &["--dns-server", "127.0.0.1:53"], &["--dns"]);
    refused(&lab, &["--source", "192.0.2.1"], &["192.0.2.1", "an address of this machine"]);
    let wrong = "expected an IPv4 address such as 103.35.255.254";
    for address in ["x", "1.2.3", "::1", "1.2.3.4/24"] {
        outside(&["owner", address]).refused(2, &[&format!("'{address}'"), wrong]);
    }
}

#[test]
fn text_that_is_not_utf_8() {
    let Some(lab) = Lab::near() else { return };
    for option in ["175.45.177.10", "--vantage"] {
        let mut command = lab.command(program::name());
        command.args(["probe", option]).arg(std::ffi::OsStr::from_bytes(&[0xff]));
        Outcome::of(command).refused(2, &["invalid UTF-8", "--help"]);
    }
}

#[test]
fn a_file_may_have_any_name() {
    let Some(lab) = Lab::near() else { return };
    let name = std::ffi::OsStr::from_bytes(b"\xff.csv");
    let mut command = lab.probing(&["175.45.177.10", "--traces"]);
    command.arg(name);
    Outcome::of(command).ended(0);
    assert!(lab.folder().join(name).is_file());
}

#[test]
fn configurations() {
    let Some(lab) = Lab::near() else { return };
    lab.write("empty.toml", "");
    lab.write("open.toml", "# a comment\n[block\n");
    lab.write("typo.toml", "[block]\nprefix = \"175.45.176.0/22\"\nrouted_lenght = 24\n");
    let rest = "routed_length = 24\nusual_gap = 3\nholder = \"x\"\nasn = 1\n";
    lab.write("bits.toml", format!("[block]\nprefix = \"175.45.177.0/22\"\n{rest}"));
    lab.write("bytes.toml", [0xff, 0xfe]);
    for (name, words) in [
        ("empty.toml", &["empty.toml:1: ", "`block`"][..]),
        ("open.toml", &["open.toml:2: ", "expected `]`"]),
        ("typo.toml", &["typo.toml:3: ", "routed_lenght"]),
        ("bits.toml", &["bits.toml:2: ", "expected 175.45.176.0/22"]),
        ("bytes.toml", &["bytes.toml: ", "expected text in UTF-8"]),
        ("missing.toml", &["missing.toml: No such file", "check the name"]),
        (".", &[".: Is a directory", "name a file"]),
    ] {
        refused(&lab, &["--config", name], words);
    }
}

#[test]
fn a_configuration_here_is_used_and_one_that_is_wrong_not_passed_over() {
    let Some(lab) = Lab::near() else { return };
    lab.write("targets.toml", "nonsense");
    refused(&lab, &["--dry-run"], &["targets.toml:1: "]);
}

#[test]
fn tables() {
    let Some(lab) = Lab::near() else { return };
    lab.write("empty.tsv", "");
    lab.write("words.tsv", "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\nwhat is this\n");
    for (name, words) in [
        ("empty.tsv", &["empty.tsv", "ip2asn-v4.tsv"][..]),
        ("words.tsv", &["words.tsv:2: ", "AS_number"]),
        ("missing.tsv", &["missing.tsv: No such file", "check the name"]),
        (".", &[".: Is a directory", "name a file"]),
    ] {
        refused(&lab, &["175.45.177.10", "--as-table", name], words);
    }
}

#[test]
fn scenarios() {
    outside(&["lab", "--scenario", "nope"]).refused(2, &["`nope`", "file.toml", "today, "]);
    outside(&["lab", "--scenario", "nope.toml"]).refused(2, &["nope.toml: No such", "check the"]);
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("s.toml");
    std::fs::write(&file, "about = \"x\"\nvantage = \"x\"\n").expect("written");
    let file = file.to_str().expect("UTF-8");
    outside(&["lab", "--scenario", file, "--", "true"]).refused(2, &["s.toml:2: ", "IPv4"]);
    let today = include_str!("../../src/lab/scenarios/today.toml");
    let one = "\"192.168.1.1 0.5\"";
    for (right, wrong, word) in [
        (one, "\"192.168.1.1 1e21\"", "expected an address, * or target, and milliseconds"),
        (one, "\"192.168.1.1 nan\"", "milliseconds"),
        ("vantage", "loss = nan\nvantage", "toml:2: loss: expected 0 to 1"),
        ("hops =", "share = 70000\nhops =", "70000"),
    ] {
        std::fs::write(file, today.replacen(right, wrong, 1)).expect("written");
        outside(&["lab", "--scenario", file, "--", "true"]).refused(2, &[word]);
    }
    outside(&["lab", "owner"]).refused(2, &["'owner'", "[-- <COMMAND>...]"]);
}

/// Whatever is read whole ends.
#[test]
fn a_device_is_no_configuration_and_no_table() {
    for arguments in [
        &["owner", "8.8.8.8", "-c", "/dev/zero"][..],
        &["owner", "8.8.8.8", "--as-table", "/dev/zero"],
    ] {
        outside(arguments).refused(2, &["/dev/zero: it is a device; name a file"]);
    }
}
