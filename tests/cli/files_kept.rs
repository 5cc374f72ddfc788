//! Files are never lost: what a command reads, or what holds another table, is not written over, however it is named.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::columns::SUMMARY;
use super::counters::watched;
use super::lab::Lab;
use super::outcome::Outcome;
use super::program;
use super::report::story;
use super::sheet::Sheet;
use super::skip::{has, skip};

/// A trace as Debian's traceroute prints it.
const TRACE: &str = "traceroute to 175.45.177.10 (175.45.177.10), 30 hops max, 60 byte packets\n \
    1  192.168.1.1  0.5 ms\n 2  188.43.225.153  180.1 ms\n 3  175.45.177.10  181.0 ms\n";

/// A folder with a history and a trace, each under several names.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("h.csv"), story("here")).expect("written");
        fs::write(path("t.txt"), TRACE).expect("written");
        for (file, link, hard) in [("h.csv", "link.csv", "hard.csv"), ("t.txt", "link", "hard")] {
            symlink(file, path(link)).expect("a link");
            fs::hard_link(path(file), path(hard)).expect("a link");
        }
        Self(folder)
    }

    /// The same, where a script may have a namespace without a network.
    fn for_scripts() -> Option<Self> {
        let folder = Self::new();
        let made = folder.shell("true");
        if made.code == Some(0) {
            return Some(folder);
        }
        skip(&made.err);
        None
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).expect(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), text).expect("written");
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        Outcome::of(program::outside(self.0.path(), &arguments))
    }

    /// What a shell does there; `$LASTHOP` is the program.
    fn shell(&self, script: &str) -> Outcome {
        assert!(!script.contains("probe") && !script.contains("ping"), "outside the lab");
        let mut command = program::shell(self.0.path());
        command.args(["bash", "-c", script]);
        Outcome::of(command)
    }

    fn is_as_it_was(&self) {
        assert_eq!(self.read("h.csv"), story("here"));
        assert_eq!(self.read("t.txt"), TRACE);
        let links = ["link.csv", "link"].map(|name| self.0.path().join(name).is_symlink());
        assert_eq!(links, [true, true]);
    }
}

#[test]
fn what_is_read_is_not_written_over() {
    let folder = Folder::new();
    for option in ["--svg", "--html", "--prometheus"] {
        for name in ["h.csv", "./h.csv", "../../proc/self/cwd/h.csv", "link.csv", "hard.csv"] {
            let name = if name.starts_with("..") { "/proc/self/cwd/h.csv" } else { name };
            folder.run(&["report", "h.csv", option, name]).refused(2, &[name, option, "input"]);
        }
        folder.run(&["report", "link.csv", option, "hard.csv"]).refused(2, &["hard.csv", option]);
    }
    for name in ["t.txt", "link", "hard"] {
        folder.run(&["classify", "t.txt", "--traces", name]).refused(2, &[name, "--traces"]);
        folder.run(&["classify", name, "--append", "t.txt"]).refused(2, &["t.txt", "--append"]);
    }
    folder.write("targets.toml", include_str!("../../targets.toml"));
    let own = ["classify", "t.txt", "-c", "targets.toml", "--traces", "targets.toml"];
    folder.run(&own).refused(2, &["targets.toml", "--config", "--traces"]);
    assert_eq!(folder.read("targets.toml"), include_str!("../../targets.toml"));
    folder.is_as_it_was();
}

#[test]
fn stdin_and_stdout_are_files_too() {
    let Some(folder) = Folder::for_scripts() else { return };
    for script in [
        "$LASTHOP report --svg h.csv < h.csv",
        "$LASTHOP report - --html hard.csv < link.csv",
        "$LASTHOP classify --traces t.txt < t.txt",
        "$LASTHOP report h.csv >> h.csv",
        "$LASTHOP report h.csv 1<> link.csv",
        "$LASTHOP report --migrate h.csv >> hard.csv",
        "$LASTHOP classify t.txt >> t.txt",
    ] {
        let run = folder.shell(script).ended(2);
        assert!(run.err.contains("is read as"), "{script}: {}", run.err);
        folder.is_as_it_was();
    }
    // What the shell has emptied is lost before the program begins; it is said at least.
    folder.write("x.csv", story("here"));
    let run = folder.shell("$LASTHOP report --migrate x.csv > x.csv").ended(2);
    assert!(run.err.contains("a shell empties such a file") && run.err.contains("--in-place"));
    let both = folder.shell("$LASTHOP classify t.txt --traces new.csv > new.csv").ended(2);
    assert!(both.err.contains("--traces and stdout"), "{}", both.err);
}

#[test]
fn two_outputs_are_two_files() {
    let folder = Folder::new();
    symlink("new.svg", folder.0.path().join("leads-to-new")).expect("a link");
    for other in ["new.svg", "./new.svg", "leads-to-new"] {
        let run = folder.run(&["report", "h.csv", "--svg", "new.svg", "--html", other]);
        run.refused(2, &["--svg", "--html", "a file of its own"]);
    }
    let run = folder.run(&["report", "h.csv", "--svg", "-", "--html", "/dev/stdout"]);
    run.refused(2, &["--svg and --html", "stdout"]);
    let torn = ["classify", "t.txt", "--append", "a.csv", "--traces", "a.csv.torn"];
    folder.run(&torn).refused(2, &["a.csv.torn"]);
    assert!(!folder.0.path().join("new.svg").exists());
}

/// As with `--traces` for `--append`.
#[test]
fn a_file_that_holds_another_table_is_not_replaced() {
    let folder = Folder::new();
    folder.run(&["classify", "t.txt", "--traces", "traces.csv"]).ended(0);
    folder.run(&["classify", "t.txt", "--traces", "traces.jsonl"]).ended(0);
    let summary = folder.run(&["classify", "t.txt", "--format", "json"]).ended(0).out;
    folder.write("summary.jsonl", &summary);
    folder.run(&["classify", "t.txt", "--traces", "traces.csv"]).ended(0);
    for (option, name, held) in
        [("--traces", "h.csv", "summary"), ("--traces", "summary.jsonl", "summary")]
    {
        let run = folder.run(&["classify", "t.txt", option, name]);
        run.refused(2, &[name, option, held, "--append"]);
    }
    for (option, name) in [("--svg", "traces.csv"), ("--html", "traces.jsonl"), ("--svg", "h.csv")]
    {
        let before = folder.read(name);
        let other = folder.0.path().join("other.csv");
        fs::write(other, story("there")).expect("written");
        let run = folder.run(&["report", "other.csv", option, name]);
        run.refused(2, &[name, option, "name another file"]);
        assert_eq!(folder.read(name), before);
    }
    assert_eq!(folder.read("summary.jsonl"), summary);
    folder.is_as_it_was();
}

#[test]
fn nothing_is_sent_before_a_file_is_refused() {
    let Some(lab) = Lab::near() else { return };
    let history = format!("{SUMMARY}\n{}", story("lab:x").split_once('\n').expect("a header").1);
    lab.write("split.csv", &history);
    for option in ["--traces", "--hops"] {
        let (run, packets) = watched(&lab, &["175.45.177.10", option, "split.csv"]);
        run.refused(2, &["split.csv", option, "summary", "--append"]);
        assert_eq!(packets, 0);
    }
    assert_eq!(lab.read("split.csv"), history);
    lab.probe(&["175.45.177.10", "--traces", "t.csv", "--hops", "h.csv"]).ended(0);
    lab.probe(&["175.45.177.10", "--hops", "t.csv"]).refused(2, &["t.csv", "traces"]);
    lab.probe(&["175.45.177.10", "--traces", "t.csv", "--hops", "h.csv"]).ended(0);
    let scenario = ["lab", "-s", "near.toml", "--virtual", "--traces", "near.toml"];
    lab.lasthop(&scenario).refused(2, &["near.toml", "--scenario"]);
}

#[test]
fn a_dash_is_stdout_and_takes_it_alone() {
    let Some(lab) = Lab::near() else { return };
    for name in ["-", "/dev/stdout"] {
        let run = lab.probe(&["175.45.177.10", "--traces", name]).ended(0);
        assert_eq!(Sheet::read(&run.out).column("target"), ["175.45.177.10"]);
    }
    let run = lab.probe(&["175.45.177.10", "--append", "-", "--format", "table"]).ended(0);
    assert_eq!(Sheet::read(&run.out).rows.len(), 2);
    lab.probe(&["175.45.177.10", "--traces", "-", "--hops", "-"]).refused(2, &["stdout"]);
    let run = lab.shell("$LASTHOP probe $QUICK 175.45.177.10 --hops - | head -1").ended(0);
    assert_eq!((run.out.lines().count(), run.err.as_str()), (1, ""));
}

#[test]
fn pictures_go_to_stdout_and_histories_come_through_a_pipe() {
    let Some(folder) = Folder::for_scripts() else { return };
    folder.run(&["report", "h.csv", "--svg", "h.svg"]).ended(0);
    let svg = folder.read("h.svg");
    for script in [
        "$LASTHOP report h.csv --svg /dev/stdout",
        "$LASTHOP report h.csv --svg - | cat",
        "cat h.csv | $LASTHOP report --svg /dev/stdout",
        "$LASTHOP report --svg - < h.csv",
        "$LASTHOP report h.csv --svg /dev/stdout > out.svg && cat out.svg",
        "$LASTHOP report h.csv --svg >(cat > out2.svg; touch done) > events.csv; \
         until [ -e done ]; do sleep 0.01; done; cat out2.svg",
    ] {
        let run = folder.shell(script).ended(0);
        assert!(run.out == svg, "{script}: {}", run.out.get(..200).unwrap_or(&run.out));
    }
    let rows = folder.run(&["report", "h.csv"]).ended(0).out;
    assert_eq!(folder.read("events.csv"), rows);
    for script in ["cat h.csv | $LASTHOP report", "$LASTHOP report < h.csv"] {
        assert_eq!(folder.shell(script).ended(0).out, rows);
    }
    folder.shell("$LASTHOP report < /dev/null").refused(2, &["<FILE>"]);
}

/// A picture keeps its link, and the mode that somebody gave it.
#[test]
fn a_link_to_a_picture_stays() {
    let Some(folder) = Folder::for_scripts() else { return };
    folder.write("real.svg", "old");
    symlink("real.svg", folder.0.path().join("now.svg")).expect("a link");
    folder.shell("chmod 640 real.svg && $LASTHOP report h.csv --svg now.svg").ended(0);
    assert!(folder.read("real.svg").starts_with("<svg "));
    assert!(folder.0.path().join("now.svg").is_symlink());
    assert_eq!(folder.shell("stat -c %a real.svg").ended(0).out, "640\n");
}

#[test]
fn a_history_is_migrated_in_place_or_to_a_new_file() {
    let Some(folder) = Folder::for_scripts() else { return };
    let old = story("NA").replace(",true,", ",True,").replace(".000000Z", "+00:00");
    folder.write("old.csv", &old);
    let said = folder.run(&["report", "--migrate", "old.csv"]).ended(0).out;
    assert_eq!(said, story("NA").replace("\"NA\"", "NA"), "as this program writes it");
    folder.run(&["report", "--migrate", "old.csv", "-o", "new.csv"]).ended(0);
    assert_eq!(folder.read("new.csv"), said);
    assert_eq!(folder.read("old.csv"), old);
    for new in ["new.csv", "h.csv"] {
        folder.run(&["report", "--migrate", "old.csv", "-o", new]).refused(2, &[new]);
    }
    folder.run(&["report", "--migrate", "old.csv", "-o", "old.csv"]).refused(2, &["--in-place"]);
    folder.run(&["report", "--migrate", "old.csv", "--in-place"]).ended(0);
    assert_eq!(folder.read("old.csv"), said);
    folder.is_as_it_was();
    folder.write("torn.csv", format!("{old}2,2026"));
    let run = folder.run(&["report", "--migrate", "torn.csv", "--in-place"]).ended(2);
    assert!(run.err.contains("torn.csv:24: left out"), "{}", run.err);
    assert_eq!(folder.read("torn.csv"), format!("{old}2,2026"));
    folder.shell("gzip -c h.csv > h.csv.gz").ended(0);
    let packed = ["report", "--migrate", "h.csv.gz", "--in-place"];
    folder.run(&packed).refused(2, &["compressed", "--output"]);
    // What `xz` makes of nothing.
    let xz = b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F\0\0\0\0\x1c\xdfD!\x1f\xb6\xf3}\x01\0\0\0\0\x04YZ";
    folder.write("h.csv.xz", xz);
    let packed = ["report", "--migrate", "h.csv.xz", "--in-place"];
    folder.run(&packed).refused(2, &["compressed", "--output"]);
    folder.run(&["report", "--migrate", "old.csv", "-o", "/dev/full"]).refused(2, &["/dev/full"]);
    let left = folder.shell("ls -A | grep lasthop-; true").ended(0).out;
    assert_eq!(left, "", "no other file is left");
}

/// The signal of a limit on the size of files would end the program between two pages of a write.
#[test]
fn a_limit_on_the_size_of_files_tears_no_row() {
    let Some(lab) = Lab::near() else { return };
    let row = story("lab:x").lines().nth(1).expect("a row").to_owned() + "\n";
    let rows = row.repeat((4000 - SUMMARY.len()) / row.len());
    let before = format!("{SUMMARY}\n{rows}");
    lab.write("a.csv", &before);
    let script = "ulimit -f 4; $LASTHOP probe $QUICK 175.45.177.10 --append a.csv";
    let run = lab.shell(script).ended(2);
    assert!(run.err.contains("a.csv: File too large") && run.err.contains("ulimit"), "{}", run.err);
    assert_eq!(lab.read("a.csv"), before);
    assert_eq!(Sheet::read(&run.out).rows.len(), 2, "stdout has the measurement");
    for name in ["h.csv", "h.jsonl"] {
        let script = format!(
            "ulimit -f 4; $LASTHOP probe $QUICK 175.45.177.0/28 --strategy full --hops {name}"
        );
        let run = lab.shell(&script).ended(2);
        assert!(run.err.contains("File too large"), "{name}: {}", run.err);
        let kept = lab.read(name);
        assert!(kept.ends_with('\n') && kept.lines().count() > 3, "{name}: {kept}");
    }
    lab.lasthop(&["classify", "h.csv"]).ended(0);
}

#[test]
fn a_file_system_without_locks_is_named() {
    if !has("cc") {
        return;
    }
    let Some(lab) = Lab::near() else { return };
    lab.write(
        "nolock.c",
        "#include <errno.h>\n#include <stdlib.h>\nint flock(int file, int how) \
         { errno = atoi(getenv(\"NOLOCK\")); return -1 + 0 * file * how; }\n",
    );
    lab.shell("cc -shared -fPIC -o nolock.so nolock.c").ended(0);
    for (errno, option) in [(37, "--append"), (95, "--append"), (38, "--lock")] {
        let run = lab.shell(&format!(
            "NOLOCK={errno} LD_PRELOAD=$PWD/nolock.so $LASTHOP probe $QUICK 175.45.177.10 {option} a.csv"
        ));
        run.refused(2, &["a.csv", "has no locks", "local disk"]);
    }
}

#[test]
fn a_pipe_may_be_both() {
    let folder = Folder::new();
    let mut command: Command = program::outside(folder.0.path(), &["classify".as_ref()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().expect("begun");
    let mut stdin = running.stdin.take().expect("a pipe");
    stdin.write_all(TRACE.as_bytes()).expect("written");
    drop(stdin);
    let run = Outcome::read(running.wait_with_output().expect("ended")).ended(0);
    assert_eq!(Sheet::read(&run.out).rows.len(), 2);
}
