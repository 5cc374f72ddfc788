//! What all commands take.

use std::io::Write as _;
use std::path::PathBuf;

use clap::{ArgAction, Args};

use crate::plain_text::plain_lines;

use super::format::Format;

#[derive(Debug, Clone, Args)]
pub(super) struct Common {
    /// The block, its carriers and their classes [default: ./targets.toml if only you may write to it, then
    /// ~/.config/lasthop/targets.toml, then the copy built in]
    #[arg(short, long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
    /// No progress bar and no warnings on stderr
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Report on stderr what is used and what was counted
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(super) verbose: u8,
    /// Output format on stdout [default: table on a terminal, else csv]
    #[arg(long, value_name = "FORMAT", value_enum, global = true)]
    pub(super) format: Option<Format>,
    /// Short for --format json
    #[arg(long, global = true, conflicts_with = "format")]
    json: bool,
}

impl Common {
    /// The same with the format that a short option asks for. Nothing where another one was asked for before the command.
    pub(super) fn resolved(self) -> Option<Self> {
        match (self.json, self.format) {
            (true, Some(format)) if format != Format::Json => None,
            (true, _) => Some(Self { format: Some(Format::Json), ..self }),
            (false, _) => Some(self),
        }
    }

    /// Reports something that users should know; not with `--quiet`.
    pub(super) fn warn(&self, text: &str) {
        if !self.quiet {
            write_line(text);
        }
    }

    /// Reports something that must be known even with `--quiet`.
    #[expect(clippy::unused_self, reason = "beside the other levels")]
    pub(super) fn error(&self, text: &str) {
        write_line(text);
    }

    /// Reports something that only `--verbose` shows.
    pub(super) fn info(&self, text: impl FnOnce() -> String) {
        if self.is_verbose() {
            write_line(&text());
        }
    }

    /// Whether [`Self::info`] reports anything.
    pub(super) fn is_verbose(&self) -> bool {
        self.verbose > 0 && !self.quiet
    }
}

/// Where even stderr is gone, as with a terminal that was closed, nobody is left to read it.
fn write_line(text: &str) {
    let _ = writeln!(std::io::stderr(), "lasthop: {}", plain_lines(text));
}
