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
mod config;
mod confinement;
mod exit;
mod format;
#[cfg(feature = "remote")]
mod globalping;
mod interrupt;
mod judging;
mod lab;
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

use clap::{Parser, Subcommand};

use crate::sandbox::{PrivilegeError, give_up_all_but_files, regain_own_files};

use common::Common;
use exit::Exit;
use medium::Medium;

/// Which country's carrier carries the internet of North Korea, and how is that split?
///
/// Traces the addresses of 175.45.176.0/22, finds the last foreign hop of each, and names the
/// carrier that holds it. Try it without sending anything to anybody: lasthop lab
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

const AFTER_HELP: &str = "\
Examples:
  lasthop lab                                    probe a simulated internet, nothing leaves
  lasthop probe                                  probe the block, 200 packets per second
  lasthop probe -q --append history.csv          for cron: append rows to a file
  lasthop probe 175.45.178.0/24 --traces t.csv   one prefix, with the evidence for each trace
  lasthop probe --format json | jq .verdict      for pipelines
  lasthop classify atlas.json.gz --explain       judge and explain traceroutes made elsewhere
  lasthop atlas find                             public measurements of the block from elsewhere
  lasthop ping                                   which addresses answer, and how fast
  lasthop bgp bview.*.gz updates.*.gz --events    which upstream BGP announces, and what changed
  lasthop report history.csv                     what changed, and when
  lasthop owner 103.35.255.254                   who holds an address, and which source says so

Exit codes:
  0    done: something was classified, found or reported
  1    nothing could be classified, no target is alive, no holder is known, or there is no run
  2    bad usage, configuration or input, or output could not be written
  3    no permission
  4    another run holds the lock
  5    report --fail-on-change, bgp --fail-on: something changed
  6    a service refused, or did not answer
  7    a measurement of a service is not finished; resume goes on
  8    no way out: nothing outside the vantage's own network answers, or there is no route
  130  interrupted; what was measured has been written";

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
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::of_usage(&error),
    };
    let common = &cli.common;
    // A file that may not grow any more is a write that fails, and what was written of it is cut off. The signal would
    // end the program in the middle of a row.
    let limit = Arc::default();
    let _ = signal_hook::flag::register(nix::sys::signal::Signal::SIGXFSZ as i32, limit);
    let outcome = cli.command.give_up().map_err(Into::into).and_then(|()| cli.command.run(common));
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

    fn run(self, common: &Common) -> anyhow::Result<Exit> {
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
        }
    }
}
