//! What a process may still do while it reads what strangers wrote: `/proc` shows it.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::{User, geteuid};
use seccompiler::{SeccompAction, SeccompFilter, apply_filter};
use tempfile::TempDir;

use super::counters::watched;
use super::lab::{Lab, QUICK};
use super::outcome::Outcome;
use super::program;
use super::running::{Running, await_some};
use super::sheet::Sheet;
use super::skip::{has, skip};

/// Whoever is neither root nor a user of the tests.
const OTHER: u32 = 65_533;

/// What `/proc/PID/status` shows of a process.
struct Status(String);

impl Status {
    /// That of a process once it is confined, and nothing before.
    fn confined(process: u32) -> Option<Self> {
        let status = Self(fs::read_to_string(format!("/proc/{process}/status")).ok()?);
        (status.of("Seccomp") == "2").then_some(status)
    }

    fn of(&self, name: &str) -> String {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Neither has capabilities nor gets any.
    #[track_caller]
    fn has_nothing(&self) {
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(self.of(set), "0000000000000000", "{set}");
        }
        assert_eq!(self.of("NoNewPrivs"), "1");
        assert_eq!(self.of("Seccomp"), "2");
    }
}

/// The near internet, for root.
fn of_root() -> Option<Lab> {
    if !geteuid().is_root() {
        // What an ordinary user can give up is shown elsewhere.
        return None;
    }
    Lab::near()
}

/// The real, effective, saved and file system's number, all the same.
fn four(number: u32) -> String {
    format!("{number} {number} {number} {number}")
}

fn status_of(lab: &Lab, arguments: &[&str]) -> Status {
    let running = Running::start(lab, "20", arguments);
    running.await_packets(3);
    let process = u32::try_from(running.process().as_raw()).expect("a process");
    let status = await_some(|| Status::confined(process));
    running.signal(Signal::SIGINT);
    running.end().ended(130);
    status
}

#[test]
fn root_goes_on_as_nobody() {
    let Some(lab) = of_root() else { return };
    let nobody = User::from_name("nobody").expect("users").expect("nobody");
    for wire in ["raw", "user"] {
        let status = status_of(&lab, &["--wire", wire]);
        status.has_nothing();
        assert_eq!(status.of("Uid"), four(nobody.uid.as_raw()));
        assert_eq!(status.of("Gid"), four(nobody.gid.as_raw()));
        assert_eq!(status.of("Groups"), "");
        assert_eq!(status.of("CapBnd"), "0000000000000000");
    }
}

#[test]
fn another_user_may_be_named() {
    let Some(lab) = of_root() else { return };
    let daemon = User::from_name("daemon").expect("users").expect("daemon");
    let status = status_of(&lab, &["--user", "daemon"]);
    status.has_nothing();
    assert_eq!(status.of("Uid"), four(daemon.uid.as_raw()));
    let status = status_of(&lab, &["--user", "root"]);
    status.has_nothing();
    assert_eq!(status.of("Uid"), "0 0 0 0");
}

#[test]
fn a_user_that_cannot_be_is_refused_before_the_first_packet() {
    let Some(lab) = Lab::near() else { return };
    let (run, packets) = watched(&lab, &["175.45.177.10", "--user", "no-such-user"]);
    run.refused(2, &["no-such-user", "--user"]);
    assert_eq!(packets, 0);
    if has("setpriv") && geteuid().is_root() {
        let mut command = lab.command_for_nobody("probe");
        command.args(["175.45.177.10", "--user", "daemon"]);
        Outcome::of(command).refused(2, &["user daemon", "--user"]);
    }
}

/// A folder that is closed to whom root goes on as, and, without capabilities, to root itself.
#[test]
fn no_row_is_lost_in_a_folder_of_somebody_else() {
    let Some(lab) = of_root() else { return };
    for owner in [0, OTHER] {
        let _ = fs::remove_dir_all(lab.path("shut"));
        fs::create_dir(lab.path("shut")).expect("a folder");
        chown(lab.path("shut"), Some(owner), Some(owner)).expect("its owner");
        fs::set_permissions(lab.path("shut"), Permissions::from_mode(0o700)).expect("its mode");
        let files = ["--append", "shut/a.csv", "--traces", "shut/t.csv", "--lock", "shut/lock"];
        let run = lab.probe(&[&["175.45.177.10"][..], &files].concat()).ended(0);
        assert_eq!(lab.read("shut/a.csv"), run.out);
        assert_eq!(Sheet::read(&lab.read("shut/t.csv")).rows.len(), 1);
    }
}

#[test]
fn a_history_that_is_moved_out_of_reach_takes_its_rows_along() {
    let Some(lab) = of_root() else { return };
    fs::create_dir(lab.path("shut")).expect("a folder");
    fs::set_permissions(lab.path("shut"), Permissions::from_mode(0o700)).expect("its mode");
    let running = Running::start(&lab, "200", &["175.45.177.0/28", "--append", "shut/a.csv"]);
    running.await_packets(1);
    fs::rename(lab.path("shut/a.csv"), lab.path("shut/old.csv")).expect("moved");
    let run = running.end().ended(0);
    assert_eq!(lab.read("shut/old.csv"), run.out);
    assert!(run.err.contains("shut/old.csv"), "{}", run.err);
}

/// A folder for temporary files that is root's alone is passed over for one that is not.
#[test]
fn roots_own_folder_for_temporary_files_is_no_obstacle() {
    let Some(lab) = of_root() else { return };
    let quick = QUICK.join(" ");
    let script = format!(
        "mkdir -m 700 own && TMPDIR=$PWD/own $LASTHOP probe 175.45.177.10 {quick} --hops h.csv"
    );
    lab.shell(&script).ended(0);
}

/// A command that reads from a pipe in which nothing is.
fn waiting(folder: &Path, program: Command, arguments: &[&str]) -> (Child, Status) {
    let mut command = program;
    command.args(arguments).current_dir(folder).stdin(Stdio::piped());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().expect("the program");
    let status = await_some(|| Status::confined(child.id()));
    (child, status)
}

/// The commands that only read, each reading a pipe.
const READERS: [&[&str]; 4] =
    [&["classify"], &["report", "-"], &["bgp"], &["owner", "8.8.8.8", "--as-table", "/dev/stdin"]];

#[test]
fn what_sends_nothing_has_no_capability_to_send() {
    let folder = TempDir::new().expect("a folder");
    for arguments in READERS {
        let words: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        // Refuses what sends.
        drop(program::outside(folder.path(), &words));
        let (mut child, status) =
            waiting(folder.path(), Command::new(env!("CARGO_BIN_EXE_lasthop")), arguments);
        if geteuid().is_root() {
            // Files of others: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH.
            for set in ["CapPrm", "CapEff"] {
                assert_eq!(status.of(set), "0000000000000006", "{set} of {arguments:?}");
            }
            assert_eq!(status.of("CapBnd"), "0000000000000000");
        } else {
            status.has_nothing();
        }
        assert_eq!(status.of("NoNewPrivs"), "1");
        child.kill().expect("ended");
        child.wait().expect("ended");
    }
}

/// A copy of the program with a capability, for all.
fn with_capability(folder: &Path) -> Option<std::path::PathBuf> {
    // Root of a user namespace has nobody to run it as.
    let users = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    if !geteuid().is_root() || !users.contains("4294967295") || !has("setcap") {
        return None;
    }
    fs::set_permissions(folder, Permissions::from_mode(0o777)).expect("a folder for all");
    let copy = folder.join("lasthop");
    fs::copy(env!("CARGO_BIN_EXE_lasthop"), &copy).expect("a copy");
    let set = Command::new("setcap").arg("cap_net_raw+ep").arg(&copy).status().expect("setcap");
    if !set.success() {
        skip("no capabilities of files in this file system");
        return None;
    }
    Some(copy)
}

#[test]
fn the_capability_of_the_file_is_given_up_before_a_byte_is_read() {
    let folder = TempDir::new().expect("a folder");
    let Some(copy) = with_capability(folder.path()) else { return };
    for arguments in READERS {
        let mut program = Command::new(&copy);
        program.uid(65_534).gid(65_534);
        let (mut child, status) = waiting(folder.path(), program, arguments);
        status.has_nothing();
        child.kill().expect("ended");
        child.wait().expect("ended");
    }
}

#[test]
fn the_lab_works_with_a_capability_of_the_file() {
    let Some(lab) = Lab::near().filter(|_| has("setpriv")) else { return };
    let Some(copy) = with_capability(lab.folder()) else { return };
    let mut command = Command::new("timeout");
    command.args(["100", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    command.arg(&copy).args(["-v", "lab", "--scenario", "near.toml", "--"]).arg(&copy);
    command.args(["probe", "175.45.177.10"]).args(QUICK).current_dir(lab.folder());
    let run = Outcome::of(command);
    if run.code == Some(3) {
        return skip(&format!("an ordinary user has no namespaces here: {}", run.err));
    }
    assert_eq!(Sheet::read(&run.ended(0).out).column("verdict"), ["russia", "russia"]);
}

/// Everybody on the machine may run such a program.
#[test]
fn over_raw_sockets_that_the_file_lends_a_run_sends_little() {
    let Some(lab) = of_root().filter(|_| has("setpriv")) else { return };
    if with_capability(lab.folder()).is_none() {
        return;
    }
    let script = |arguments: &str| {
        format!(
            "setpriv --reuid=65534 --regid=65534 --clear-groups ./lasthop {arguments} 175.45.177.10 --timeout 0.1"
        )
    };
    for (arguments, what) in [
        ("probe --rate 1001", ["--rate 1001", "at most --rate 1000"]),
        ("probe --rate 0", ["--rate 0", "--wire user"]),
        ("probe --wire raw --flows 9", ["--flows 9", "at most --flows 8"]),
        ("ping --rate 5000", ["--rate 5000", "at most --rate 1000"]),
    ] {
        lab.shell(&script(arguments)).refused(3, &what);
    }
    let usual = lab.shell(&script("probe --wire raw --rate 1000 --flows 8")).ended(0);
    assert_eq!(Sheet::read(&usual.out).column("verdict"), ["russia", "russia"]);
    // What needs no privilege is not lent; nor are root's own.
    lab.shell(&script("probe --wire user --method udp --rate 2000")).ended(0);
    lab.probe(&["175.45.177.10", "--wire", "raw", "--flows", "9"]).ended(0);
}

/// A kernel without Landlock, or a container that refuses both.
#[test]
fn where_nothing_can_be_confined_everything_works_and_it_is_said() {
    let Some(lab) = Lab::near() else { return };
    let calls = [
        libc::SYS_landlock_create_ruleset,
        libc::SYS_landlock_add_rule,
        libc::SYS_landlock_restrict_self,
        libc::SYS_seccomp,
    ];
    let command = lab.probing(&["175.45.177.10", "-v", "--append", "a.csv"]);
    let run = std::thread::spawn(move || {
        let refused = SeccompAction::Errno(nix::errno::Errno::ENOSYS as u32);
        let rules = calls.into_iter().map(|call| (call, Vec::new())).collect();
        let architecture = std::env::consts::ARCH.try_into().expect("an architecture");
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, architecture);
        let filter = filter.expect("a filter").try_into().expect("a program");
        let filter: seccompiler::BpfProgram = filter;
        apply_filter(&filter).expect("seccomp");
        Outcome::of(command)
    });
    let run = run.join().expect("no panic");
    if run.code == Some(3) {
        // Without new privileges setuid programs, and some systems' namespaces, are closed.
        return skip(&format!("no namespace under a filter: {}", run.err));
    }
    let run = run.ended(0);
    assert_eq!(lab.read("a.csv"), run.out);
    assert!(run.err.contains("this kernel has no Landlock"), "{}", run.err);
    assert!(run.err.contains("system calls are not confined"), "{}", run.err);
}
