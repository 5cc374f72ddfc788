//! Data on stdout, everything else on stderr; CSV in a pipe; no progress where nobody looks.

use super::lab::{Lab, outside};
use super::sheet::Sheet;

#[test]
fn a_run_that_goes_well_says_nothing_else() {
    let Some(lab) = Lab::near() else { return };
    let run = lab.probe(&["175.45.177.10"]).ended(0);
    assert_eq!(run.err, "", "no progress and no remarks off a terminal");
    assert_eq!(Sheet::read(&run.out).rows.len(), 2, "a pipe gets CSV");
}

#[test]
fn what_is_said_is_said_on_stderr() {
    let Some(lab) = Lab::near() else { return };
    let run = lab.probe(&["175.45.177.10", "-v"]).ended(0);
    assert!(run.err.contains("; from 192.168.1.77, 1 traces"), "{}", run.err);
    assert!(run.err.contains("1 traces, "), "{}", run.err);
    assert!(run.err.lines().all(|line| line.starts_with("lasthop: ")), "{}", run.err);
    assert_eq!(Sheet::read(&run.out).rows.len(), 2);
}

#[test]
fn quiet_is_quiet_even_beside_verbose() {
    let Some(lab) = Lab::near() else { return };
    assert_eq!(lab.probe(&["175.45.177.10", "-q", "-v"]).ended(0).err, "");
    assert_eq!(outside(&["-q", "-v", "owner", "8.8.8.8"]).ended(0).err, "");
}

#[test]
fn quiet_hides_no_error() {
    outside(&["-q", "owner", "8.8.8.8", "-c", "missing.toml"]).refused(2, &["missing.toml"]);
}

#[test]
fn the_format_is_as_asked_in_any_place() {
    for format in ["csv", "json", "table"] {
        let after = outside(&["owner", "8.8.8.8", "--format", format]).ended(0);
        let before = outside(&["--format", format, "owner", "8.8.8.8"]).ended(0);
        assert_eq!((&*after.out, &*after.err), (&*before.out, ""));
    }
}
