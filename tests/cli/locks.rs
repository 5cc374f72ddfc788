//! One run at a time where a lock is asked for: the other ends at once with code 4.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

use nix::unistd::geteuid;

use super::counters::watched;
use super::lab::Lab;
use super::running::Running;
use super::sheet::Sheet;

#[test]
fn a_locked_history_is_left_alone() {
    let Some(lab) = Lab::near() else { return };
    let file = File::create(lab.path("a.csv")).expect("a file");
    file.lock().expect("a lock");
    let (run, packets) = watched(&lab, &["175.45.177.10", "--append", "a.csv"]);
    run.refused(4, &["a.csv: another run holds the lock", "wait for it to end"]);
    assert_eq!((packets, lab.read("a.csv").as_str()), (0, ""));
    file.unlock().expect("unlocked");
    lab.probe(&["175.45.177.10", "--append", "a.csv"]).ended(0);
}

#[test]
fn so_is_a_lock_file() {
    let Some(lab) = Lab::near() else { return };
    let file = File::create(lab.path("lock")).expect("a file");
    file.lock().expect("a lock");
    let (run, packets) = watched(&lab, &["175.45.177.10", "--lock", "lock", "--append", "a.csv"]);
    run.refused(4, &["lock: another run holds the lock"]);
    assert_eq!(packets, 0);
    assert!(!lab.path("a.csv").exists(), "nothing is made before the lock is held");
}

/// As cron does it: `flock` of util-linux and `--lock` are the same lock.
#[test]
fn the_lock_is_that_of_flock() {
    let Some(lab) = Lab::near() else { return };
    let run = lab.shell("flock lock $LASTHOP probe 175.45.177.10 --lock lock");
    run.refused(4, &["lock: another run holds the lock"]);
}

#[test]
fn of_two_runs_at_once_one_is_made() {
    let Some(lab) = Lab::near() else { return };
    let run = ["175.45.177.0/28", "--append", "a.csv"];
    let first = Running::start(&lab, "200", &run);
    first.await_packets(1);
    lab.probe(&run).refused(4, &["a.csv: another run holds the lock"]);
    let first = first.end().ended(0);
    assert_eq!(lab.read("a.csv"), first.out);
    assert_eq!(Sheet::read(&first.out).rows.len(), 2);
}

#[test]
fn a_lock_ends_with_its_run_however_that_ends() {
    let Some(lab) = Lab::near() else { return };
    let run = ["175.45.177.0/28", "--lock", "lock"];
    let first = Running::start(&lab, "200", &run);
    first.await_packets(1);
    first.signal(nix::sys::signal::Signal::SIGKILL);
    assert_eq!(first.end().code, Some(137), "as a shell has it");
    lab.probe(&["175.45.177.10", "--lock", "lock"]).ended(0);
}

/// A device is everybody's: a run of somebody else must not be in the way.
#[test]
fn a_device_is_not_locked() {
    let Some(lab) = Lab::near() else { return };
    let run = lab.shell("flock /dev/null $LASTHOP probe $QUICK 175.45.177.10 --append /dev/null");
    run.ended(0);
}

/// In a folder where others may write, the name of a lock may be anything.
#[test]
fn a_lock_is_no_link_no_pipe_and_nobody_elses() {
    let Some(lab) = Lab::near() else { return };
    symlink("elsewhere", lab.path("link")).expect("a link");
    lab.probe(&["175.45.177.10", "--lock", "link"]).refused(2, &["link: it is a link"]);
    assert!(!lab.path("elsewhere").exists());
    lab.shell("mkfifo pipe && chmod 600 pipe").ended(0);
    lab.probe(&["175.45.177.10", "--lock", "pipe"]).refused(2, &["pipe: it is a pipe"]);
    if geteuid().is_root() {
        lab.write("theirs", "");
        chown(lab.path("theirs"), Some(65534), None).expect("another owner");
        let run = lab.probe(&["175.45.177.10", "--lock", "theirs"]);
        run.refused(2, &["theirs: it belongs to user 65534"]);
    }
    lab.probe(&["175.45.177.10", "--lock", "new"]).ended(0);
    let mode = fs::metadata(lab.path("new")).expect("a lock").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
