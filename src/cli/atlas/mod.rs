//! `lasthop atlas`: RIPE Atlas as a source of traces.

mod fetch;
mod find;
mod measure;
mod runs;

use clap::{Args, Subcommand};

use super::common::Common;
use super::exit::Exit;

/// RIPE Atlas: trace the block from probes all over the world, or judge what others have measured
///
/// Measurements of one's own cost credits and need a key. Public results need neither.
#[derive(Debug, Args)]
pub(super) struct Atlas {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Measure(Box<measure::Measure>),
    Resume(Box<measure::Resume>),
    Fetch(Box<fetch::Fetch>),
    Find(find::Find),
    Runs(runs::RunsArgs),
    Stop(runs::Stop),
}

impl Atlas {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        match &self.command {
            Command::Measure(measure) => measure.run(common),
            Command::Resume(resume) => resume.run(common),
            Command::Runs(_) => runs::RunsArgs::run(common),
            Command::Stop(stop) => stop.run(common),
            Command::Fetch(fetch) => fetch.run(common),
            Command::Find(find) => find.run(common),
        }
    }
}
