//! Where stdout leads: to nothing, to a full disk, to a reader that leaves.

use super::lab::Lab;
use super::outcome::Outcome;

/// What can be told without sending anything.
const TELLING: [&str; 4] = ["owner 8.8.8.8", "owner 8.8.8.8 --format json", "lab --list", "--help"];

fn shell(lab: &Lab, script: &str) -> Outcome {
    lab.shell(&format!("set -o pipefail; {script}"))
}

#[test]
fn a_full_disk_is_bad_output() {
    let Some(lab) = Lab::near() else { return };
    for telling in TELLING {
        let run = shell(&lab, &format!("$LASTHOP {telling} > /dev/full")).ended(2);
        assert!(telling == "--help" || run.err.contains("cannot write to stdout"), "{}", run.err);
    }
    let run = shell(&lab, "$LASTHOP probe $QUICK 175.45.177.10 --append a.csv > /dev/full");
    run.refused(2, &["cannot write to stdout: No space left on device"]);
    assert_eq!(lab.read("a.csv").lines().count(), 3, "the file has the measurement");
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let Some(lab) = Lab::near() else { return };
    for telling in TELLING {
        let run = shell(&lab, &format!("$LASTHOP {telling} | head -1")).ended(0);
        assert_eq!((run.out.lines().count(), run.err.as_str()), (1, ""), "{telling}");
        shell(&lab, &format!("$LASTHOP {telling} | true")).ended(0);
    }
    let run = shell(&lab, "$LASTHOP probe $QUICK 175.45.177.10 | head -1").ended(0);
    assert_eq!((run.out.lines().count(), run.err.as_str()), (1, ""));
}

/// More than a pipe holds: the reader is gone while it is written.
#[test]
fn a_reader_that_leaves_in_the_middle_is_no_failure_either() {
    let Some(lab) = Lab::near() else { return };
    let cells = "a,2017-10-01T00:00:00Z,2017-10-01T00:00:09Z,,icmp,175.45.176.0/22,9,9,0,0,0,0,\
                 1.0000,0.7008,1.0000,0.0000,0.0000,0.2992,china,,1,200.000,20,true,,,,";
    let header = "$LASTHOP probe $QUICK 175.45.177.10 | head -1";
    let rows = format!("for n in $(seq 5000); do echo 2,$n{cells}; done");
    shell(&lab, &format!("{{ {header}; {rows}; }} > many.csv")).ended(0);
    for many in ["report --migrate many.csv", "lab --story october-2017"] {
        let run = shell(&lab, &format!("$LASTHOP {many} | head -1")).ended(0);
        assert_eq!((run.out.lines().count(), run.err.as_str()), (1, ""), "{many}");
    }
}

#[test]
fn a_reader_that_has_left_takes_no_file_with_it() {
    let Some(lab) = Lab::near() else { return };
    let run = shell(&lab, "$LASTHOP probe $QUICK 175.45.177.10 --append a.csv | true").ended(0);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""));
    assert_eq!(lab.read("a.csv").lines().count(), 3);
}

#[test]
fn no_stdout_at_all_is_survived() {
    let Some(lab) = Lab::near() else { return };
    let run = shell(&lab, "$LASTHOP probe $QUICK 175.45.177.10 --append a.csv >&-").ended(0);
    assert_eq!(run.err, "");
    assert_eq!(lab.read("a.csv").lines().count(), 3);
    shell(&lab, "$LASTHOP probe -v $QUICK 175.45.177.10 2>&-").ended(0);
}
