//! What a report looks like: the picture on the terminal, and those in files.

use std::env;
use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::history::History;
use crate::picture::{self, BUCKETS, Screen};

use super::super::outputs::write_text;
use super::super::stdout;

/// How wide a terminal is that does not say it, and what is no terminal.
const COLUMNS: usize = 80;

/// The pictures that are wanted in files.
#[derive(Debug, Args)]
pub(super) struct Pictures {
    /// Draw the history as one SVG file
    #[arg(long, value_name = "FILE.svg", help_heading = "Files", conflicts_with = "migrate")]
    svg: Option<PathBuf>,
    /// Draw it as one page, with the numbers as tables below
    #[arg(long, value_name = "FILE.html", help_heading = "Files", conflicts_with = "migrate")]
    html: Option<PathBuf>,
}

impl Pictures {
    /// How many buckets the pictures need, those on the terminal included.
    pub(super) fn buckets(&self, on_terminal: bool) -> usize {
        let wanted = on_terminal || self.svg.is_some() || self.html.is_some();
        if wanted { BUCKETS } else { 0 }
    }

    /// The files, by their options.
    pub(super) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let all = [("--svg", &self.svg), ("--html", &self.html)];
        all.into_iter().filter_map(|(option, path)| Some((option, path.as_deref()?)))
    }

    pub(super) fn write(&self, history: &History) -> anyhow::Result<()> {
        write(self.svg.as_deref(), || picture::svg(history))?;
        write(self.html.as_deref(), || picture::html(history))
    }
}

fn write(path: Option<&Path>, draw: impl FnOnce() -> String) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    write_text(path, &draw())
}

/// The history in letters, as stdout can show them.
pub(super) fn letters(history: &History) -> String {
    let on_terminal = io::stdout().is_terminal();
    let says_no =
        |name, says: fn(&OsStr) -> bool| env::var_os(name).is_some_and(|text| says(&text));
    let plain =
        says_no("NO_COLOR", |text| !text.is_empty()) || says_no("TERM", |text| text == "dumb");
    let columns = stdout::width().unwrap_or(COLUMNS);
    picture::terminal(history, Screen { columns, colour: on_terminal && !plain })
}
