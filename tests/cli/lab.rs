//! A simulated internet, a folder, and what runs in them.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use super::outcome::Outcome;
use super::program;
use super::skip::skip;

/// Its routers are near, so that little time passes.
pub(crate) const NEAR: &str = include_str!("near.toml");
/// What makes a run short there, and the same every time.
pub(crate) const QUICK: [&str; 6] = ["--rate", "2000", "--timeout", "0.1", "--seed", "1"];

/// Everything in it is gone with it.
#[derive(Debug)]
pub(crate) struct Lab {
    scenario: String,
    folder: TempDir,
}

impl Lab {
    /// The near internet; nothing, said aloud, where namespaces are forbidden.
    pub(crate) fn near() -> Option<Self> {
        let lab = Self::scenario("near.toml")?;
        lab.write("near.toml", NEAR);
        Some(lab)
    }

    /// The internet of a scenario, by name or by file in the folder.
    pub(crate) fn scenario(scenario: &str) -> Option<Self> {
        let folder = TempDir::new().expect("a folder");
        match forbidden() {
            Some(why) => skip(why),
            None => return Some(Self { scenario: scenario.into(), folder }),
        }
        None
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect(name)
    }

    /// A program inside, to which arguments may be added.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        program::inside(self.folder(), &self.scenario, program.as_ref())
    }

    /// `lasthop` with these arguments, inside.
    pub(crate) fn lasthop(&self, arguments: &[&str]) -> Outcome {
        let mut command = self.command(program::name());
        command.args(arguments);
        Outcome::of(command)
    }

    /// A quick `lasthop probe`, inside.
    pub(crate) fn probe(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.probing(arguments))
    }

    /// A quick `lasthop probe`, inside, by an ordinary user.
    pub(crate) fn probe_for_nobody(&self, arguments: &[&str]) -> Outcome {
        let mut command = self.command_for_nobody("probe");
        command.args(QUICK).args(arguments);
        Outcome::of(command)
    }

    /// One of the program's commands, inside, by an ordinary user.
    pub(crate) fn command_for_nobody(&self, name: &str) -> Command {
        let mut command = program::inside_for_nobody(self.folder(), &self.scenario);
        command.arg(name);
        command
    }

    /// A quick `lasthop probe`, inside, not yet begun.
    pub(crate) fn probing(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(program::name());
        command.arg("probe").args(QUICK).args(arguments);
        command
    }

    /// A shell's script, inside; `$LASTHOP` is the program and `$QUICK` what makes it so.
    pub(crate) fn shell(&self, script: &str) -> Outcome {
        self.shell_with(script, &[])
    }

    /// The same, with arguments to the script.
    pub(crate) fn shell_with(&self, script: &str, arguments: &[&str]) -> Outcome {
        let mut command = self.command("bash");
        command.args(["-c", script, "bash"]).args(arguments).env("QUICK", QUICK.join(" "));
        Outcome::of(command)
    }
}

/// Runs the program where it sends nothing: every command but the one that does.
pub(crate) fn outside(arguments: &[&str]) -> Outcome {
    let folder = TempDir::new().expect("a folder");
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    Outcome::of(program::outside(folder.path(), &arguments))
}

/// Why there is no lab here.
fn forbidden() -> Option<&'static str> {
    static WHY: OnceLock<Option<String>> = OnceLock::new();
    let why = WHY.get_or_init(|| {
        let folder = TempDir::new().expect("a folder");
        let tried = Outcome::of(program::inside(folder.path(), "today", "true".as_ref()));
        (tried.code != Some(0)).then_some(tried.err)
    });
    why.as_deref()
}
