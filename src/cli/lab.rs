//! `lasthop lab`: any program inside a simulated internet.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};

use anyhow::Context;
use clap::Args;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;

use crate::lab::{self, Scenario};

use super::common::Common;
use super::exit::Exit;
use super::{stdout, story};

/// Run a command (default: lasthop probe) inside a simulated internet
///
/// The command runs in a network namespace of its own without an uplink: nothing it sends can reach
/// the internet. It needs no root where user namespaces are allowed. A scenario describes the paths to
/// the block, the routers and their delays, losses and rate limits, and what a measurement should find.
#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(super) struct Lab {
    /// The scenario: a name (see --list), or a file
    #[arg(short, long, value_name = "NAME|FILE.toml", default_value = lab::DEFAULT)]
    scenario: String,
    /// Instead, measure a story and write its history for lasthop report: a name (see --list), or a file
    ///
    /// A story is a simulated internet over months. All of its runs are measured in virtual time, which
    /// takes seconds and needs no namespace. Their summaries go to stdout.
    #[arg(long, value_name = "NAME|FILE.toml", conflicts_with_all = ["scenario", "command"])]
    story: Option<String>,
    /// List the scenarios and stories
    #[arg(long)]
    list: bool,
    /// Random seed for loss and jitter
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The command and its arguments [default: lasthop probe --rate 2000 --vantage lab:NAME]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// The rate of the default command: in the lab it disturbs nobody.
const RATE: &str = "2000";

impl Lab {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        if self.list {
            return list();
        }
        if let Some(name) = &self.story {
            return story::write(name, self.seed, common);
        }
        let scenario = self.scenario()?;
        common.info(|| format!("scenario {}: {}", self.scenario, scenario.about));
        // Before the lab has a thread that could get a signal instead of us.
        let signals = watched();
        signals.thread_block().context("sigprocmask")?;
        lab::enter(scenario, self.seed).context("the lab")?;
        let mut command = self.command(common)?;
        // A command inherits what is blocked.
        signals.thread_unblock().context("sigprocmask")?;
        let child = command.spawn();
        signals.thread_block().context("sigprocmask")?;
        let child = child.with_context(|| {
            format!("cannot run {}", Path::new(command.get_program()).display())
        })?;
        Ok(Exit::Theirs(code(wait(child, &signals).context("waiting for the command")?)))
    }

    fn scenario(&self) -> anyhow::Result<Scenario> {
        if let Some(scenario) = lab::built_in(&self.scenario) {
            return Ok(scenario?);
        }
        let path = Path::new(&self.scenario);
        if path.extension().is_none_or(|end| end != "toml") {
            let names = lab::NAMES.join(", ");
            anyhow::bail!(
                "no scenario `{}`: expected a file.toml, or one of {names}",
                self.scenario
            );
        }
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Ok(Scenario::parse(&self.scenario, &text)?)
    }

    /// The command that was given, or `lasthop probe`.
    fn command(&self, common: &Common) -> anyhow::Result<Command> {
        if let Some((program, arguments)) = self.command.split_first() {
            let mut command = Command::new(program);
            command.args(arguments);
            return Ok(command);
        }
        let mut command = Command::new(std::env::current_exe().context("finding this program")?);
        let vantage = format!("lab:{}", self.scenario);
        command.args(["probe", "--rate", RATE, "--vantage", &vantage]);
        command.args(common.quiet.then_some("-q"));
        command.args((0..common.verbose).map(|_| "-v"));
        if let Some(config) = &common.config {
            command.arg("--config").arg(config);
        }
        if let Some(format) = common.format {
            command.args(["--format", format.name()]);
        }
        Ok(command)
    }
}

fn list() -> anyhow::Result<Exit> {
    let mut text = String::new();
    for name in lab::NAMES {
        if let Some(Ok(scenario)) = lab::built_in(name) {
            let _ = writeln!(text, "{name:18} {}", scenario.about);
        }
    }
    text.push_str("\nStories, for --story:\n");
    for name in lab::STORIES {
        if let Some(Ok(story)) = lab::story(name) {
            let _ = writeln!(text, "{name:18} {}", story.about);
        }
    }
    stdout::write(|out| out.write_all(text.as_bytes()))?;
    Ok(Exit::Measured)
}

/// The signals to wait for.
fn watched() -> SigSet {
    [Signal::SIGCHLD, Signal::SIGINT, Signal::SIGTERM].into_iter().collect()
}

/// Waits until the command has ended. The terminal's Ctrl-C reaches the command by itself; a SIGTERM
/// to this process is passed on.
fn wait(mut child: Child, signals: &SigSet) -> anyhow::Result<ExitStatus> {
    let process = Pid::from_raw(i32::try_from(child.id())?);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if signals.wait()? == Signal::SIGTERM {
            kill(process, Signal::SIGTERM)?;
        }
    }
}

/// The exit code as a shell has it: 128 plus the number of a signal.
fn code(status: ExitStatus) -> u8 {
    let signal = status.signal().map(|signal| 128 + signal);
    status.code().or(signal).and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
