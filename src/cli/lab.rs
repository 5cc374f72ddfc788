//! `lasthop lab`: a measurement of a simulated internet, or any program inside it.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;

use crate::input::read_text;
use crate::lab::{self, Scenario};
use crate::output::{LAB, TextTable};

use super::common::Common;
use super::exit::Exit;
use super::medium::Medium;
use super::ping::Ping;
use super::probe::{self, Probe};
use super::run::IN_LAB;
use super::{stdout, story};

/// Measure a simulated internet, or run a command inside it
///
/// Without a command it is `lasthop lab probe`: the whole job, on the block that a scenario describes, with
/// its routers and their delays, losses and rate limits, and with what a measurement should find. It runs
/// in a network namespace of its own without an uplink, so nothing that is sent can reach the internet.
/// Where namespaces are refused, and with --virtual, the same model runs in virtual time, which needs
/// nothing and gives the same rows. Only a command behind -- needs a namespace. It needs root only
/// where users may make none.
#[derive(Debug, Args)]
#[command(allow_negative_numbers = true, disable_help_subcommand = true)]
pub(super) struct Lab {
    /// What to measure [default: probe]
    #[command(subcommand)]
    measurement: Option<Measurement>,
    /// The scenario: a name (see --list), or a file
    #[arg(short, long, value_name = "NAME|FILE.toml", default_value = lab::DEFAULT)]
    scenario: String,
    /// Measure in virtual time: no namespace, no socket, no waiting
    #[arg(long = "virtual", conflicts_with = "command")]
    virtually: bool,
    /// Instead, measure a story and write its history for lasthop report: a name (see --list), or a file
    ///
    /// A story is a simulated internet over months. All of its runs are measured in virtual time, which
    /// takes seconds and needs no namespace. Their summaries go to stdout.
    #[arg(long, value_name = "NAME|FILE.toml", conflicts_with_all = ["scenario", "command"])]
    story: Option<String>,
    /// With --story, also write what a route collector would have recorded, as MRT, for lasthop bgp
    #[arg(long, value_name = "FILE", requires = "story", help_heading = "Files")]
    mrt: Option<PathBuf>,
    /// List the scenarios and stories
    #[arg(long)]
    list: bool,
    /// Random seed for loss and jitter
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Find out whether there may be a namespace, and write why not
    #[arg(long, hide = true, conflicts_with = "command")]
    trial: bool,
    /// A command and its arguments, to be run inside
    #[arg(last = true, value_name = "COMMAND", conflicts_with_all = ["append", "traces", "hops"])]
    command: Vec<OsString>,
    #[command(flatten)]
    files: probe::FileArgs,
}

/// What the lab measures by itself.
#[derive(Debug, Subcommand)]
enum Measurement {
    Probe(Box<Probe>),
    Ping(Box<Ping>),
}

/// `lasthop probe` without an argument.
#[derive(Debug, Parser)]
struct DefaultProbe {
    #[command(flatten)]
    probe: Probe,
}

/// The rate of a measurement here, where it disturbs nobody.
const RATE: u32 = 2000;

impl Lab {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<Exit> {
        if self.list {
            return list();
        }
        if let Some(name) = &self.story {
            return story::write(name, self.mrt.as_deref(), self.seed, common);
        }
        let scenario = self.scenario()?;
        common.info(|| format!("scenario {}: {}", self.scenario, scenario.about));
        if self.trial {
            return self.try_out(scenario);
        }
        if self.command.is_empty() {
            return self.measure(scenario, common);
        }
        // Before the lab has a thread that could get a signal instead of us.
        let signals = watched();
        signals.thread_block().context("sigprocmask")?;
        lab::enter(scenario, self.seed).context("the lab")?;
        let mut command = self.command()?;
        // A command inherits what is blocked.
        signals.thread_unblock().context("sigprocmask")?;
        let child = command.spawn();
        signals.thread_block().context("sigprocmask")?;
        let child = child.with_context(|| {
            format!("cannot run {}", Path::new(command.get_program()).display())
        })?;
        Ok(Exit::Theirs(code(wait(child, &signals).context("waiting for the command")?)))
    }

    /// Whether there may be a lab here: writes why not, on stdout.
    fn try_out(&self, scenario: Scenario) -> anyhow::Result<Exit> {
        let Err(error) = lab::enter(scenario, self.seed) else { return Ok(Exit::Measured) };
        stdout::write(|out| out.write_all(error.reason().as_bytes()))?;
        Ok(Exit::NoPermission)
    }

    /// Runs `probe` or `ping`, in a namespace where there may be one, else in virtual time.
    fn measure(self, scenario: Scenario, common: &Common) -> anyhow::Result<Exit> {
        let measurement = if let Some(measurement) = self.measurement {
            let behind = "give the files' options behind probe or ping";
            anyhow::ensure!(self.files.is_empty(), behind);
            measurement
        } else {
            let DefaultProbe { mut probe } = DefaultProbe::try_parse_from(["lasthop"])?;
            probe.files = self.files;
            Measurement::Probe(Box::new(probe))
        };
        let refused = if self.virtually { None } else { refusal(&self.scenario) };
        if let Some(why) = &refused {
            common.warn(&format!("{why}: measuring in virtual time instead"));
        }
        let medium = if self.virtually || refused.is_some() {
            Medium::Model(Box::new(scenario), self.seed)
        } else {
            lab::enter(scenario, self.seed).context("the lab")?;
            Medium::Sockets
        };
        let vantage = format!("{LAB}{}", self.scenario);
        let file = Path::new(&self.scenario);
        let file = file.is_file().then(|| file.to_owned());
        match measurement {
            Measurement::Probe(mut probe) => {
                probe.run.scenario = file;
                probe.run.vantage.get_or_insert(vantage);
                probe.send.rate.get_or_insert(RATE);
                probe.run(&medium, common)
            }
            Measurement::Ping(mut ping) => {
                ping.run.scenario = file;
                ping.run.vantage.get_or_insert(vantage);
                ping.send.rate.get_or_insert(RATE);
                ping.run(&medium, common)
            }
        }
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
        let text = read_text(path).with_context(|| path.display().to_string())?;
        Ok(Scenario::parse(&self.scenario, &text)?)
    }

    /// The command that was given.
    fn command(&self) -> anyhow::Result<Command> {
        let (program, arguments) = self.command.split_first().context("no command")?;
        let mut command = Command::new(program);
        command.args(arguments).env(IN_LAB, &self.scenario);
        Ok(command)
    }
}

/// Why this machine has no lab of its own; nothing where it has one. Another process finds out: one that
/// has got half of the way could go neither on nor back.
fn refusal(scenario: &str) -> Option<String> {
    let trial = std::env::current_exe().and_then(|program| {
        let mut trial = Command::new(&program);
        trial.args(["-q", "lab", "--trial", "--scenario", scenario]);
        trial.stdin(Stdio::null()).output()
    });
    match trial {
        Ok(trial) if trial.status.success() => None,
        Ok(trial) if trial.stdout.is_empty() => Some(trial.status.to_string()),
        Ok(trial) => Some(String::from_utf8_lossy(&trial.stdout).into_owned()),
        Err(error) => Some(error.to_string()),
    }
}

fn list() -> anyhow::Result<Exit> {
    let mut scenarios = TextTable::new(["scenario", "what it shows"]);
    for name in lab::NAMES {
        if let Some(Ok(scenario)) = lab::built_in(name) {
            scenarios.add_row(vec![name.to_owned(), scenario.about]);
        }
    }
    let mut stories = TextTable::new(["story", "what it shows"]);
    for name in lab::STORIES {
        if let Some(Ok(story)) = lab::story(name) {
            stories.add_row(vec![name.to_owned(), story.about]);
        }
    }
    let width = stdout::width();
    let [scenarios, stories] =
        [scenarios, stories].map(|table| table.wrapping_last().text(width, &[]));
    let text = format!("{scenarios}\n{stories}");
    stdout::write(|out| out.write_all(text.as_bytes()))?;
    Ok(Exit::Measured)
}

/// The signals to wait for.
fn watched() -> SigSet {
    [Signal::SIGCHLD, Signal::SIGINT, Signal::SIGHUP, Signal::SIGTERM].into_iter().collect()
}

/// Waits until the command has ended. The terminal's Ctrl-C, and its end, reach the command by themselves;
/// a SIGTERM to this process is passed on.
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
