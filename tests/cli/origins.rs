//! Rows say where they come from: the lab's are the lab's, and whose configuration led to them is said.

use nix::unistd::geteuid;

use super::columns::SUMMARY;
use super::counters::watched;
use super::lab::Lab;
use super::outcome::Outcome;
use super::report::story;
use super::sheet::Sheet;

const TRACE: &str = "traceroute to 175.45.177.10 (175.45.177.10), 30 hops max, 60 byte packets\n \
    1  192.168.1.1  0.5 ms\n 2  188.43.225.153  180.1 ms\n 3  175.45.177.10  181.0 ms\n";

#[test]
fn a_command_in_the_lab_measures_the_lab() {
    let Some(lab) = Lab::near() else { return };
    let run = lab.probe(&["175.45.177.10", "--append", "a.csv"]).ended(0);
    assert_eq!(Sheet::read(&run.out).column("vantage")[0], "lab:near.toml");
    let mut real = format!("{SUMMARY}\n");
    real.extend(run.out.lines().skip(1).flat_map(|row| [row, "\n"]));
    let real = real.replace("lab:near.toml", "tokyo-1");
    lab.write("real.csv", &real);
    let (refused, packets) = watched(&lab, &["175.45.177.10", "--append", "real.csv"]);
    refused.refused(2, &["real.csv", "lab:near.toml", "simulated", "another file"]);
    assert_eq!((packets, lab.read("real.csv")), (0, real));
    lab.probe(&["175.45.177.10", "--append", "real.csv", "--vantage", "tokyo-1"]).ended(0);
    lab.probe(&["175.45.177.10", "--append", "a.csv"]).ended(0);
}

#[test]
fn what_is_drawn_of_the_lab_says_so() {
    let Some(lab) = Lab::near() else { return };
    lab.write("h.csv", story("lab:x"));
    let files = ["report", "h.csv", "--svg", "h.svg", "--html", "h.html", "--format", "table"];
    let run = lab.lasthop(&files).ended(0);
    for text in [run.out, lab.read("h.svg"), lab.read("h.html")] {
        assert!(text.contains("SIMULATED"), "{text}");
    }
    lab.write("h.csv", story("here"));
    assert!(!lab.lasthop(&files).ended(0).out.contains("SIMULATED"));
}

#[test]
fn tables_of_the_lab_say_so_and_rows_do_not() {
    let Some(lab) = Lab::near() else { return };
    let ask =
        |arguments: &[&str]| lab.probe(&[&["175.45.177.10"], arguments].concat()).ended(0).out;
    assert!(ask(&["--format", "table"]).starts_with("SIMULATED: "));
    assert!(!ask(&["--format", "table", "--vantage", "here"]).contains("SIMULATED"));
    for format in ["csv", "json"] {
        assert!(!ask(&["--format", format]).contains("SIMULATED"), "{format}");
    }
    let pinged = lab.lasthop(&["ping", "175.45.177.10", "--format", "table"]).ended(0);
    assert!(pinged.out.starts_with("SIMULATED: "), "{}", pinged.out);
    ask(&["--hops", "h.csv"]);
    let judged = lab.lasthop(&["classify", "h.csv", "--format", "table"]).ended(0);
    assert!(judged.out.starts_with("SIMULATED: "), "{}", judged.out);
}

#[test]
fn a_clock_that_is_behind_the_history_is_said() {
    let Some(lab) = Lab::near() else { return };
    let run = lab.probe(&["175.45.177.10", "--append", "a.csv"]).ended(0);
    let year = run.out.lines().nth(1).and_then(|row| row.get(2..6)).unwrap_or_default().to_owned();
    lab.write("a.csv", run.out.replace(&format!("{year}-"), "2917-"));
    let run = lab.probe(&["175.45.177.10", "--append", "a.csv"]).ended(0);
    assert!(run.err.contains("a.csv: its newest run began at 2917-"), "{}", run.err);
}

#[test]
fn a_configuration_that_others_may_write_is_passed_over() {
    let Some(lab) = Lab::near() else { return };
    lab.write("targets.toml", include_str!("../../targets.toml"));
    let ask = |mode: &str, more: &str| {
        lab.shell(&format!("chmod {mode} targets.toml; $LASTHOP owner 8.8.8.8 {more}")).err
    };
    assert!(ask("644", "").contains("configuration: targets.toml"));
    assert_eq!(ask("644", "-q"), "");
    let passed_over = ask("666", "");
    assert!(
        passed_over.contains("./targets.toml is passed over")
            && !passed_over.contains("configuration:")
    );
    assert!(ask("666", "-c targets.toml").contains("configuration: targets.toml"));
}

/// A folder in which others may replace files; one as /tmp is; and somebody else's file, for root and for
/// others.
#[test]
fn a_configuration_among_others_files_is_passed_over() {
    let Some(lab) = Lab::near() else { return };
    lab.write("targets.toml", include_str!("../../targets.toml"));
    let ask = |prepare: &str, more: &str| {
        lab.shell(&format!("{prepare}; $LASTHOP owner 8.8.8.8 {more}")).err
    };
    let passed_over = |said: &str, why: &str| {
        let words =
            [format!("./targets.toml is passed over, since {why}"), "-c targets.toml".into()];
        let is_said = words.iter().all(|word| said.contains(word));
        assert!(is_said && !said.contains("configuration:"), "{said}");
    };
    passed_over(&ask("chmod 777 .", ""), "others may write to its folder");
    assert!(ask("chmod 777 .", "-c targets.toml").contains("configuration: targets.toml"));
    assert!(ask("chmod 1777 .", "").contains("configuration: targets.toml"));
    // Root alone gives files to others.
    if !geteuid().is_root() {
        return;
    }
    passed_over(&ask("chmod 755 .; chown 65534 targets.toml", ""), "it belongs to somebody else");
    assert!(ask("true", "-c targets.toml").contains("configuration: targets.toml"));
    lab.shell("chown 0 targets.toml; chmod 644 targets.toml").ended(0);
    let mut nobody = lab.command_for_nobody("owner");
    nobody.arg("8.8.8.8");
    passed_over(&Outcome::of(nobody).err, "it belongs to somebody else");
}

#[test]
fn a_block_that_is_larger_than_a_16_needs_a_word() {
    let Some(lab) = Lab::near() else { return };
    lab.write("big.toml", "[block]\nprefix = \"8.0.0.0/8\"\nrouted_length = 24\nasn = 1\n");
    let big = ["8.8.8.8", "-c", "big.toml"];
    for command in ["probe", "ping"] {
        let run = lab.lasthop(&[&[command], &big[..]].concat());
        run.refused(2, &["8.0.0.0/8", "16777216", "--yes"]);
    }
    lab.lasthop(&[&["probe"], &big[..], &["--dry-run"]].concat()).ended(0);
}

#[test]
fn traces_without_a_time_enter_no_history_without_one() {
    let Some(lab) = Lab::near() else { return };
    lab.write("t.txt", TRACE);
    let append = ["classify", "t.txt", "--append", "a.csv"];
    let run = lab.lasthop(&append).ended(2);
    assert!(run.err.contains("no times") && run.err.contains("--at"), "{}", run.err);
    assert_eq!(Sheet::read(&run.out).rows.len(), 2, "stdout has them");
    lab.lasthop(&[&append[..], &["--at", "2017-10-01T09:05"]].concat()).ended(0);
    let rows = Sheet::read(&lab.read("a.csv"));
    assert_eq!(rows.column("started_at"), ["2017-10-01T09:05:00.000000Z"; 2]);
    lab.lasthop(&["report", "a.csv"]).ended(0);
}
