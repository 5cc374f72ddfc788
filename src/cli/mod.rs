//! The command line: on top of the road, and imported by nobody.
//!
//! One file for each command; what they share is `common`, how they end is `exit`.

mod advice;
mod announced;
#[cfg(feature = "remote")]
mod atlas;
mod bgp;
mod classify;
mod common;
mod completions;
mod config;
mod confinement;
mod exit;
mod explained;
mod format;
#[cfg(feature = "remote")]
mod globalping;
mod help;
mod interrupt;
mod judging;
mod lab;
mod man;
mod medium;
mod outputs;
mod owner;
#[cfg(feature = "remote")]
mod owner_table;
mod ping;
mod probe;
mod progress;
mod report;
mod row_file;
mod run;
mod run_notes;
#[cfg(feature = "remote")]
mod service;
#[cfg(feature = "remote")]
mod service_run;
mod sockets;
mod sources;
mod stdout;
mod story;
mod values;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::sandbox::{PrivilegeError, give_up_all_but_files, regain_own_files};

use common::Common;
use exit::Exit;
use medium::Medium;

/// Which country's carrier carries the internet of North Korea, and how is that split?
///
/// Traces the addresses of 175.45.176.0/22, finds the last foreign hop of each, and names the
/// carrier that holds it. Try it without sending anything to anybody: lasthop lab
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum Command {
    Probe(Box<probe::Probe>),
    Classify(Box<classify::Classify>),
    Ping(Box<ping::Ping>),
    Bgp(Box<bgp::Bgp>),
    Report(Box<report::Report>),
    Owner(owner::OwnerArgs),
    #[cfg(feature = "remote")]
    Atlas(Box<atlas::Atlas>),
    #[cfg(feature = "remote")]
    Globalping(Box<globalping::Globalping>),
    Lab(Box<lab::Lab>),
    Completions(completions::Completions),
    Man(man::ManPages),
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let command = help::added(Cli::command());
    let parsed = command.clone().try_get_matches().and_then(|it| Cli::from_arg_matches(&it));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return exit::of_usage(&error),
    };
    let Some(common) = cli.common.resolved() else {
        let both = "the argument '--json' cannot be used with '--format <FORMAT>'\n";
        let mut command = command;
        return exit::of_usage(&command.error(clap::error::ErrorKind::ArgumentConflict, both));
    };
    let common = &common;
    // A file that may not grow any more is a write that fails, and what was written of it is cut off. The signal would
    // end the program in the middle of a row.
    let limit = Arc::default();
    let _ = signal_hook::flag::register(nix::sys::signal::Signal::SIGXFSZ as i32, limit);
    let outcome =
        cli.command.give_up().map_err(Into::into).and_then(|()| cli.command.run(common, command));
    outcome.unwrap_or_else(|error: anyhow::Error| Exit::of(&error).report(&error)).code()
}

impl Command {
    /// Gives up what the command never needs, before it reads a byte.
    fn give_up(&self) -> Result<(), PrivilegeError> {
        match self {
            // They open sockets first.
            Self::Probe(_) | Self::Ping(_) => Ok(()),
            Self::Lab(_) => regain_own_files(),
            _ => give_up_all_but_files(),
        }
    }

    fn run(self, common: &Common, program: clap::Command) -> anyhow::Result<Exit> {
        match self {
            Self::Probe(probe) => probe.run(&Medium::Sockets, common),
            Self::Classify(classify) => classify.run(common),
            Self::Ping(ping) => ping.run(&Medium::Sockets, common),
            Self::Bgp(bgp) => bgp.run(common),
            Self::Report(report) => report.run(common),
            Self::Owner(owner) => owner.run(common),
            #[cfg(feature = "remote")]
            Self::Atlas(atlas) => atlas.run(common),
            #[cfg(feature = "remote")]
            Self::Globalping(globalping) => globalping.run(common),
            Self::Lab(lab) => lab.run(common),
            Self::Completions(completions) => completions.run(program),
            Self::Man(man) => man.run(program),
        }
    }
}
