//! The files in `examples/`: each is run, on what the lab makes, where the tool it is for is installed.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

use super::lab::{Lab, QUICK, outside};
use super::outcome::Outcome;
use super::program;
use super::sheet::Sheet;
use super::skip::{has, skip};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(example(name)).expect(name)
}

/// A folder with `history.csv`, the runs of October 2017.
fn folder() -> TempDir {
    static HISTORY: OnceLock<String> = OnceLock::new();
    let runs = || outside(&["lab", "--story", "october-2017"]).ended(0).out;
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("history.csv"), HISTORY.get_or_init(runs)).expect("written");
    folder
}

/// What a tool does there.
fn run(folder: &TempDir, tool: &str, arguments: &[&str]) -> Outcome {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", "100", tool]).args(arguments);
    command.current_dir(folder.path()).env("PATH", program::path()).env("HOME", folder.path());
    Outcome::of(command)
}

/// Whether Python has these modules; says that a test is skipped when it has not.
fn has_modules(modules: &str) -> bool {
    if !has("python3") {
        return false;
    }
    let folder = TempDir::new().expect("a folder");
    let known = run(&folder, "python3", &["-c", &format!("import {modules}")]).code == Some(0);
    if !known {
        skip(&format!("python3 has no {modules} here"));
    }
    known
}

/// A command line of an example inside the lab, by the program that is built: quick, and to these targets.
fn inside(lab: &Lab, line: &str, targets: &str) -> Outcome {
    let words = format!("\"$LASTHOP\" probe {} {targets} ", QUICK.join(" "));
    let ours = line.replace("/usr/local/bin/lasthop", "lasthop");
    let ours = ours.replace("lasthop probe ", &words);
    let ours = ours.replace("lasthop report ", "\"$LASTHOP\" report ");
    assert_ne!(ours, line, "the line runs another program");
    let mut command = lab.command("sh");
    command.args(["-c", &ours]).env("STATE_DIRECTORY", ".").env("RUNTIME_DIRECTORY", ".");
    Outcome::of(command)
}

/// The lines of a crontab that are neither empty nor a remark: five fields and a command.
fn entries(crontab: &str) -> Vec<(Vec<&str>, &str)> {
    // The others are remarks and variables.
    let is_entry = |line: &&str| line.starts_with(|first: char| first.is_ascii_digit());
    let lines = crontab.lines().filter(is_entry);
    lines
        .map(|line| {
            let mut rest = line;
            let mut field = || {
                let (field, after) = rest.split_once(' ').expect("five fields and a command");
                rest = after.trim_start();
                field
            };
            let fields = (0..5).map(|_| field()).collect();
            (fields, rest)
        })
        .collect()
}

/// Whether a field of a crontab is a number in its range, or every so many.
fn is_time(field: &str, range: std::ops::RangeInclusive<u32>) -> bool {
    let number = |text: &str| text.parse().is_ok_and(|number| range.contains(&number));
    field == "*" || number(field) || field.strip_prefix("*/").is_some_and(number)
}

/// Neither data nor messages: nothing that cron would mail.
fn silent(outcome: Outcome) {
    let outcome = outcome.ended(0);
    assert_eq!((outcome.out.as_str(), outcome.err.as_str()), ("", ""));
}

#[test]
fn crontab_is_one_that_cron_takes() {
    let text = text("crontab");
    assert_eq!(entries(&text).len(), 2);
    for (fields, command) in entries(&text) {
        let ranges = [0..=59, 0..=23, 1..=31, 1..=12, 0..=7];
        assert!(
            fields.iter().zip(ranges).all(|(field, range)| is_time(field, range)),
            "{fields:?}"
        );
        assert!(!command.contains('%'), "cron takes % for the end of a line: {command}");
    }
}

#[test]
fn crontab_adds_runs_and_mails_changes_and_failures() {
    let Some(lab) = Lab::near() else { return };
    let text = text("crontab");
    let [(_, measure), (_, report)] = entries(&text)[..] else { panic!("two entries") };
    let one = "--sample 4 175.45.177.0/24";
    for _ in 0..3 {
        silent(inside(&lab, measure, one));
        silent(inside(&lab, report, ""));
    }
    // Nothing can be classified there: a row, and no mail.
    silent(inside(&lab, measure, "175.45.179.1"));
    assert_eq!(Sheet::read(&lab.read("history.csv")).rows.len(), 4 * 2);
    let wrong = inside(&lab, measure, "8.8.8.8");
    assert!(wrong.code != Some(0) && wrong.err.contains("8.8.8.8"), "{wrong:?}");
    let lines = lab.read("history.csv");
    let until_ttk = outside(&["lab", "--story", "october-2017"]).ended(0).out;
    let rows: Vec<&str> = until_ttk.lines().take(1 + 5 * 15).collect();
    lab.write("history.csv", rows.join("\n") + "\n");
    let mail = inside(&lab, report, "").ended(0);
    assert!(mail.out.contains("TransTeleCom appeared") && mail.err.is_empty(), "{mail:?}");
    lab.write("history.csv", lines.replacen("schema", "scheme", 1));
    let wrong = inside(&lab, report, "").ended(0);
    assert!(wrong.err.contains("history.csv"), "{wrong:?}");
}

/// Nothing of a login is there, and the PATH is what the crontab says; neither a lock nor an outage makes mail.
#[test]
fn crontab_and_script_run_in_the_environment_of_cron() {
    let Some(lab) = Lab::near() else { return };
    let text = text("crontab");
    let path = text.lines().find_map(|line| line.strip_prefix("PATH=")).expect("a PATH");
    fs::create_dir(lab.path("bin")).expect("a folder");
    let program = program::name().to_string_lossy();
    let quick = QUICK.join(" ");
    lab.write(
        "bin/lasthop",
        format!(
            "#!/bin/sh\n[ \"$1\" = probe ] || exec {program} \"$@\"\nshift\n\
             exec {program} probe {quick} 175.45.177.10 \"$@\"\n"
        ),
    );
    lab.write("cron.sh", self::text("cron.sh").replace("/usr/local/bin", "$HOME/bin"));
    let cron = "chmod +x bin/lasthop; env -i HOME=\"$PWD\" LOGNAME=me SHELL=/bin/sh \
                PATH=\"${2/\\/usr\\/local\\/bin/$PWD/bin}\" /bin/sh -c \"$1\"";
    for (_, command) in entries(&text) {
        silent(lab.shell_with(cron, &[command, path]));
    }
    assert_eq!(Sheet::read(&lab.read("history.csv")).rows.len(), 2);
    let locked =
        format!("flock lasthop.lock bash -c '{}' bash \"$1\" \"$2\"", cron.replace('\'', ""));
    let (_, measure) = entries(&text)[0];
    if has("flock") {
        silent(lab.shell_with(&locked, &[measure, path]));
        assert_eq!(Sheet::read(&lab.read("history.csv")).rows.len(), 2);
    }
    silent(lab.shell_with(cron, &["sh cron.sh script.csv", "/usr/bin:/bin"]));
    assert_eq!(Sheet::read(&lab.read("script.csv")).rows.len(), 2);
}

#[test]
fn shell_script_adds_runs() {
    let Some(lab) = Lab::near() else { return };
    let script = text("cron.sh");
    inside(&lab, &script, "--sample 4").ended(0);
    inside(&lab, &script, "175.45.179.1").ended(0);
    assert_eq!(Sheet::read(&lab.read("history.csv")).rows.len(), 5 + 2);
}

/// The calls of `notify.sh` in the document that has them, in their order.
fn notifications() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/automation.md");
    let page = fs::read_to_string(page).expect("a page");
    let calls = page.lines().filter_map(|line| line.strip_prefix("    ")).map(str::trim);
    calls.filter(|line| line.starts_with("examples/notify.sh ")).map(str::to_owned).collect()
}

/// A service on loopback, and what the one request that it takes says: its headers and its body.
fn service() -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let served = move || {
        let (mut stream, _) = listener.accept().expect("a request");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
        let (mut request, mut length) = (String::new(), 0);
        while !request.ends_with("\r\n\r\n") {
            let begins = request.len();
            reader.read_line(&mut request).expect("a header");
            let header = request[begins..].to_lowercase();
            if let Some(number) = header.strip_prefix("content-length:") {
                length = number.trim().parse().expect("a number");
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("answered");
        request + &String::from_utf8(body).expect("UTF-8")
    };
    (port, std::thread::spawn(served))
}

/// A folder in which `notify.sh` and what it calls are found, with the first `runs` of October 2017 as its history.
fn notifying(runs: usize) -> TempDir {
    let folder = folder();
    let history = fs::read_to_string(folder.path().join("history.csv")).expect("read");
    let rows: Vec<&str> = history.lines().take(1 + 5 * runs).collect();
    fs::write(folder.path().join("history.csv"), rows.join("\n") + "\n").expect("written");
    fs::create_dir_all(folder.path().join("examples")).expect("a folder");
    fs::copy(example("notify.sh"), folder.path().join("examples/notify.sh")).expect("copied");
    let programs = folder.path().join(".cargo/bin");
    fs::create_dir_all(&programs).expect("a folder");
    symlink(program::name(), programs.join("lasthop")).expect("a link");
    fs::write(programs.join("mail"), "#!/bin/sh\n{ echo \"$3 $2\"; cat; } > mail.txt\n")
        .expect("written");
    fs::set_permissions(programs.join("mail"), Permissions::from_mode(0o755)).expect("permitted");
    folder
}

/// A line of the document, by a shell; `elsewhere` stands in for the service's address.
fn notify(folder: &TempDir, line: &str, elsewhere: &str) -> Outcome {
    let line = ["https://ntfy.example.org", "https://hooks.example.org"]
        .iter()
        .fold(line.to_owned(), |line, service| line.replace(service, elsewhere));
    let line = format!("unset http_proxy HTTP_PROXY all_proxy ALL_PROXY; {line}");
    run(folder, "sh", &["-c", &line])
}

#[test]
fn a_change_is_posted_and_mailed() {
    const TTK: usize = 15;
    let calls = notifications();
    let [ntfy, webhook, mail] = &calls[..] else { panic!("three ways: {calls:?}") };
    for (line, tools) in [(ntfy, &["curl"][..]), (webhook, &["curl", "jq"])] {
        if !tools.iter().all(|tool| has(tool)) {
            continue;
        }
        let (port, request) = service();
        silent(notify(&notifying(TTK), line, &format!("http://127.0.0.1:{port}")));
        let request = request.join().expect("a request");
        assert!(request.starts_with("POST /") && request.contains("TransTeleCom"), "{request}");
        let (_, body) = request.split_once("\r\n\r\n").expect("a body");
        if line == webhook {
            let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
            assert!(
                body["text"].as_str().is_some_and(|text| text.contains("TransTeleCom")),
                "{body}"
            );
        }
    }
    let folder = notifying(TTK);
    silent(notify(&folder, mail, ""));
    let mailed = fs::read_to_string(folder.path().join("mail.txt")).expect("a mail");
    assert!(mailed.starts_with("you@example.org The way into North Korea changed\n"), "{mailed}");
    assert!(mailed.contains("TransTeleCom appeared"), "{mailed}");
}

#[test]
fn nothing_is_mailed_where_nothing_changed_and_errors_are_errors() {
    let calls = notifications();
    let mail = calls.last().expect("a way");
    let folder = notifying(5);
    silent(notify(&folder, mail, ""));
    let history = folder.path().join("history.csv");
    let rows = fs::read_to_string(&history).expect("read");
    fs::write(&history, rows.replacen("schema", "scheme", 1)).expect("written");
    let wrong = notify(&folder, mail, "").ended(2);
    assert!(wrong.err.contains("history.csv"), "{wrong:?}");
    assert!(!folder.path().join("mail.txt").exists());
}

#[test]
fn systemd_takes_the_units_and_finds_them_tight() {
    if !has("systemd-analyze") {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let service = text("systemd/lasthop.service");
    let service =
        service.replace("/usr/local/bin/lasthop", program::name().to_str().expect("a path"));
    fs::write(folder.path().join("lasthop.service"), service).expect("written");
    fs::copy(example("systemd/lasthop.timer"), folder.path().join("lasthop.timer"))
        .expect("copied");
    let units = ["./lasthop.service", "./lasthop.timer"];
    let verified = run(&folder, "systemd-analyze", &[&["verify", "--man=no"], &units[..]].concat());
    assert_eq!(verified.ended(0).err, "");
    let limit = ["security", "--offline=true", "--no-pager", "--threshold=15", units[0]];
    run(&folder, "systemd-analyze", &limit).ended(0);
}

#[test]
fn what_systemd_starts_adds_a_run_and_writes_metrics() {
    let Some(lab) = Lab::near() else { return };
    let service = text("systemd/lasthop.service");
    for key in ["ExecStart=", "ExecStartPost="] {
        let line = service.lines().find_map(|line| line.strip_prefix(key)).expect("a command");
        inside(&lab, &line.replace("%H", "here"), "--sample 4").ended(0);
    }
    let history = Sheet::read(&lab.read("history.csv"));
    assert_eq!(history.column("vantage"), ["here"; 5]);
    assert!(lab.read("lasthop.prom").contains("vantage=\"here\""));
}

#[test]
fn the_document_has_every_metric_and_no_other() {
    let folder = folder();
    let arguments = ["report", "--prometheus", "-", "history.csv"];
    let written = run(&folder, program::name().to_str().expect("a path"), &arguments).ended(0).out;
    let written = written.lines().filter_map(|line| line.strip_prefix("# HELP "));
    let written: BTreeSet<_> = written.filter_map(|line| line.split(' ').next()).collect();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/automation.md");
    let page = fs::read_to_string(page).expect("a page");
    let words = page.split(|letter: char| !(letter.is_ascii_lowercase() || letter == '_'));
    let known: BTreeSet<_> = words.filter(|word| word.starts_with("lasthop_")).collect();
    assert_eq!(known, written);
}

#[test]
fn duckdb_joins_runs_to_stretches() {
    if !has_modules("duckdb") {
        return;
    }
    let folder = folder();
    let ask = "import duckdb, sys\n\
               duckdb.sql(open(sys.argv[1]).read()).write_csv('stretches.csv')";
    let file = example("stretches.sql");
    run(&folder, "python3", &["-c", ask, file.to_str().expect("a path")]).ended(0);
    let stretches = fs::read_to_string(folder.path().join("stretches.csv")).expect("written");
    let of = Sheet::read(&stretches).with("scope", "175.45.177.0/24");
    let told: Vec<_> = of.column("verdict").into_iter().zip(of.numbers("runs")).collect();
    // Never TransTeleCom, and the four spells.
    let (up, down) = ("china", "unreached");
    let spells = [
        (up, 34),
        (down, 1),
        (up, 3),
        (down, 1),
        (up, 5),
        (down, 2),
        (up, 3),
        (down, 1),
        (up, 274),
    ];
    assert_eq!(told, spells);
}

#[test]
fn pandas_shares_out_the_carriers() {
    if !has_modules("pandas") {
        return;
    }
    let folder = folder();
    let file = example("carriers.py");
    let told = run(&folder, "python3", &[file.to_str().expect("a path"), "history.csv"]).ended(0);
    let of = Sheet::read(&told.out).with("scope", "175.45.179.0/24");
    let first = of.with("hour", "2017-10-01 08:00:00+00:00");
    assert_eq!(
        (first.column("carrier"), first.column("share")),
        (vec!["China Unicom"], vec!["1.0000"])
    );
    let later = of.with("hour", "2017-10-01 20:00:00+00:00");
    assert_eq!(later.column("carrier"), ["China Unicom", "TransTeleCom"]);
    assert_eq!(later.total("traces"), 12 * 16);
    // The pipe is closed before a row comes.
    let pipe = format!("python3 '{}' history.csv | :", file.display());
    let told = run(&folder, "sh", &["-c", &pipe]).ended(0);
    assert_eq!((told.out, told.err), (String::new(), String::new()));
}

/// A history of a vantage called `NA` that saw nothing but an outage: columns that are all empty, and a name that
/// many programs read as nothing.
#[test]
fn an_outage_and_a_vantage_called_na_are_read_as_they_are() {
    let folder = folder();
    let history = fs::read_to_string(folder.path().join("history.csv")).expect("read");
    let mut sheet = csv::Reader::from_reader(history.as_bytes());
    let names = sheet.headers().expect("a header").clone();
    let mut dark = csv::Writer::from_writer(Vec::new());
    dark.write_record(&names).expect("written");
    for row in sheet.records().map(|row| row.expect("a row")).take(50) {
        let of =
            |column: &str| names.iter().position(|name| name == column).and_then(|at| row.get(at));
        let traces = of("targets").unwrap_or_default();
        let cells = names.iter().zip(&row).map(|(name, cell)| match name {
            "vantage" => "NA",
            "verdict" => "unreached",
            "unreached" => traces,
            "china" | "russia" | "other" | "unknown" | "last_hops" => "0",
            "carriers" | "rtt_ms" => "",
            _ if ["_share", "_low", "_high"].iter().any(|end| name.ends_with(end)) => "",
            _ => cell,
        });
        dark.write_record(cells).expect("written");
    }
    fs::write(folder.path().join("history.csv"), dark.into_inner().expect("all")).expect("written");
    let example = |name: &str| example(name).to_str().expect("a path").to_owned();
    if has_modules("duckdb") {
        let ask = "import duckdb, sys\n\
                   duckdb.sql(open(sys.argv[1]).read()).write_csv('stretches.csv')";
        run(&folder, "python3", &["-c", ask, &example("stretches.sql")]).ended(0);
        let text = fs::read_to_string(folder.path().join("stretches.csv")).expect("written");
        let stretches = Sheet::read(&text);
        assert_eq!(stretches.column("vantage"), ["NA"; 5]);
        assert_eq!(stretches.column("verdict"), ["unreached"; 5]);
        assert_eq!(
            (stretches.numbers("runs"), stretches.column("rtt_ms")),
            (vec![10; 5], vec![""; 5])
        );
    }
    if has_modules("pandas") {
        let shares = run(&folder, "python3", &[&example("carriers.py"), "history.csv"]).ended(0);
        assert_eq!(shares.out, "vantage,method,scope,hour,carrier,traces,share\n");
    }
}

#[test]
fn gnuplot_draws_the_shares() {
    if !has("gnuplot") {
        return;
    }
    let folder = folder();
    let file = example("shares.gnuplot");
    let drawn = run(&folder, "gnuplot", &[file.to_str().expect("a path")]).ended(0);
    assert_eq!((drawn.out, drawn.err), (String::new(), String::new()));
    let picture = fs::read_to_string(folder.path().join("shares.svg")).expect("a picture");
    for word in
        ["175.45.176.0/22, last foreign hop (UTC)", "china", "russia", "unreached", "</svg>"]
    {
        assert!(picture.contains(word), "no {word}");
    }
    assert!(picture.matches("xlink:href='#gpPt").count() > 600, "few points");
}
