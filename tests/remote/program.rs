//! The only way to the executable: with a stand-in on loopback as the service.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_lasthop");
/// Far longer than anything here takes.
const SECONDS: &str = "100";
/// The commands that ask a service.
const ASK: [&str; 3] = ["atlas", "globalping", "bgp"];
/// A port of loopback where nobody listens: whatever would go further ends there.
const NOWHERE: &str = "http://127.0.0.1:9";

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It ended with this code.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.err, self.out);
        self
    }

    /// stderr has all of these.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "{word} is not in\n{}", self.err);
        }
        self
    }

    /// The cells of a column of stdout.
    pub(crate) fn column(&self, name: &str) -> Vec<String> {
        let mut lines = self.out.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().expect("a header");
        let at = header.iter().position(|one| *one == name).expect("a column");
        lines.map(|cells| cells[at].to_owned()).collect()
    }

    /// A cell of the block's row.
    pub(crate) fn block(&self, name: &str) -> String {
        self.column(name).remove(0)
    }
}

/// The program, asking the service on `port` of loopback, with `folder` as its home.
pub(crate) fn command(folder: &Path, port: u16, arguments: &[&str]) -> Command {
    assert!(arguments.first().is_some_and(|first| ASK.contains(first)), "{arguments:?}");
    assert!(!arguments.iter().any(|one| one.starts_with("--api")), "{arguments:?}");
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", SECONDS, EXECUTABLE]).args(arguments);
    command.args(["--api", &format!("http://127.0.0.1:{port}")]);
    environment(&mut command, folder);
    command
}

/// The program, asking over TLS; `trusted` is the file with the certificates that it trusts.
pub(crate) fn over_tls(folder: &Path, port: u16, trusted: &Path, arguments: &[&str]) -> Outcome {
    let plain = command(folder, port, arguments);
    let secure = |argument: &OsStr| argument.to_string_lossy().replace("http://", "https://");
    let mut command = Command::new("timeout");
    command.args(plain.get_args().map(secure));
    environment(&mut command, folder);
    command.env("SSL_CERT_FILE", trusted);
    Outcome::of(command.output().expect("timeout (coreutils)"))
}

/// The same without anything around it, so that whoever kills it kills the program itself.
pub(crate) fn alone(folder: &Path, port: u16, arguments: &[&str]) -> Command {
    let bounded = command(folder, port, arguments);
    let mut command = Command::new(EXECUTABLE);
    command.args(bounded.get_args().skip(3));
    environment(&mut command, folder);
    command
}

/// Fetches the table of origin AS from `port` of loopback, and looks up `addresses`.
pub(crate) fn owner(folder: &Path, port: Option<u16>, addresses: &[&str]) -> Outcome {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", SECONDS, EXECUTABLE, "owner"]).args(addresses);
    if let Some(port) = port {
        command.args(["--update", "--url", &format!("http://127.0.0.1:{port}/data/table.tsv.gz")]);
    }
    environment(&mut command, folder);
    Outcome::of(command.output().expect("timeout (coreutils)"))
}

/// The program with a command that asks nobody.
pub(crate) fn local(folder: &Path, arguments: &[&str]) -> Command {
    assert_eq!(arguments, ["atlas", "runs"]);
    let mut command = Command::new(EXECUTABLE);
    command.args(arguments);
    environment(&mut command, folder);
    command
}

fn environment(command: &mut Command, folder: &Path) {
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", folder).env("XDG_STATE_HOME", folder.join("state"));
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
    {
        command.env(name, NOWHERE);
    }
    command.env("NO_PROXY", "127.0.0.1").current_dir(folder).stdin(Stdio::null());
}

/// Runs it to its end.
pub(crate) fn run(folder: &Path, port: u16, arguments: &[&str]) -> Outcome {
    Outcome::of(command(folder, port, arguments).output().expect("timeout (coreutils)"))
}

#[test]
#[should_panic(expected = "--api")]
fn no_other_service_can_be_named() {
    command(Path::new("."), 1, &["atlas", "find", "--api=https://atlas.example/"]);
}

#[test]
#[should_panic(expected = "probe")]
fn no_other_command_can_be_run() {
    command(Path::new("."), 1, &["probe"]);
}
