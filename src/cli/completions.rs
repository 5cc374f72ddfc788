//! `lasthop completions`: what a shell needs to complete commands and options.

use clap::Args;
use clap_complete::{Shell, generate};

use super::exit::Exit;
use super::stdout;

/// Write the completions of a shell to stdout
///
/// bash: lasthop completions bash > ~/.local/share/bash-completion/completions/lasthop
///
/// zsh, fish, elvish and powershell likewise, where they look for theirs.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self, mut command: clap::Command) -> anyhow::Result<Exit> {
        let mut script = Vec::new();
        generate(self.shell, &mut command, "lasthop", &mut script);
        stdout::write(|out| out.write_all(&script))?;
        Ok(Exit::Measured)
    }
}
