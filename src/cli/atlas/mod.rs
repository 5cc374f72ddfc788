//! `lasthop atlas`: RIPE Atlas as a source of traces.

mod fetch;
mod find;

use clap::{Args, Subcommand};

use super::common::Common;
use super::exit::Exit;

/// RIPE Atlas: results of its probes, all over the world
///
/// Public results need neither an account nor a key.
#[derive(Debug, Args)]
pub(super) struct Atlas {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Fetch(Box<fetch::Fetch>),
    Find(find::Find),
}

impl Atlas {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        match &self.command {
            Command::Fetch(fetch) => fetch.run(common),
            Command::Find(find) => find.run(common),
        }
    }
}
