//! What all commands take.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::format::Format;

#[derive(Debug, Clone, Args)]
pub(super) struct Common {
    /// What to measure and which carriers to tell apart [default: ./targets.toml, then
    /// ~/.config/lasthop/targets.toml, then the copy built in]
    #[arg(short, long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
    /// No progress and no remarks on stderr
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Say on stderr what is used and what was counted
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(super) verbose: u8,
    /// How to write to stdout [default: table on a terminal, csv elsewhere]
    #[arg(long, value_name = "FORMAT", value_enum, global = true)]
    pub(super) format: Option<Format>,
}

impl Common {
    /// Says something that users should know.
    pub(super) fn warn(&self, text: &str) {
        if !self.quiet {
            eprintln!("lasthop: {text}");
        }
    }

    /// Says something that even those must know who asked for quiet.
    #[expect(clippy::unused_self, reason = "beside the others, for who may say what to whom")]
    pub(super) fn alert(&self, text: &str) {
        eprintln!("lasthop: {text}");
    }

    /// Says something to those who asked for more.
    pub(super) fn say(&self, text: impl FnOnce() -> String) {
        if self.is_verbose() {
            eprintln!("lasthop: {}", text());
        }
    }

    /// Whether there are any.
    pub(super) fn is_verbose(&self) -> bool {
        self.verbose > 0 && !self.quiet
    }
}
