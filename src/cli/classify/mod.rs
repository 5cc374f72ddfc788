//! `lasthop classify`: the same judgement on traceroutes made elsewhere.
//!
//! Two passes: the traces are heard as they are read, for what they say about each other, and kept
//! packed; then each is judged.

mod by;
mod read;
mod spool;
mod tell;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::import::{FORMATS, Format, named};
use crate::output::{Run, summary};

use super::common::Common;
use super::config;
use super::distinct::distinct;
use super::exit::Exit;
use super::sheet::{Sheet, history};
use super::sources::Sources;

use by::By;
use read::{Heard, Reading};
use tell::Telling;

/// How long another process may hold the file that rows are added to.
const PATIENCE: Duration = Duration::from_secs(10);

/// Judge traceroutes made anywhere: RIPE Atlas, scamper, traceroute, mtr and others
///
/// Reads files, or stdin without any or as -, plain or compressed (gzip, bzip2, zstd), and recognises
/// their format. Traces to destinations outside the block are refused and counted. The summary
/// goes to stdout: one row for the block, one for each routed prefix.
#[derive(Debug, Args)]
pub(super) struct Classify {
    /// Files; - is stdin
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The format of all files [default: as their content shows]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    from: Option<&'static dyn Format>,
    /// For each trace: its hops with their owners, what decided, and what would have changed the
    /// answer; instead of the summary
    #[arg(long)]
    explain: bool,
    /// Rows for each vantage as well
    #[arg(long, value_enum, value_name = "WHAT")]
    by: Option<By>,
    /// Where the traces were made, for the output, where the files do not say it
    #[arg(long, value_name = "LABEL")]
    vantage: Option<String>,
    /// Add the summary's rows to a CSV file, under a lock
    #[arg(long, value_name = "SUMMARY.csv", help_heading = "Files")]
    append: Option<PathBuf>,
    /// Write a row for each trace: class, evidence, reason (CSV, or JSON lines as .jsonl)
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    traces: Option<PathBuf>,
    #[command(flatten)]
    sources: Sources,
}

impl Classify {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let targets = config::targets(common)?;
        distinct(&[("--append", self.append.as_deref()), ("--traces", self.traces.as_deref())])?;
        let header = summary::header(&targets.classes);
        let append = self.append.as_deref();
        // Rows of traces that are made need not be measured again: they can wait.
        let append = append.map(|path| history(path, header, PATIENCE, common)).transpose()?;
        let sheet = self.traces.as_deref().map(Sheet::open).transpose()?;
        let mut owners = self.sources.owners(&targets, common)?;
        let reading = Reading::new(&targets, common);
        let heard = reading.all(&self.files, self.from)?;
        heard.closing(&targets, common);
        self.sources.ask(&mut owners, &heard.foreign(), common);
        let run = self.about(&heard);
        let telling = Telling::new(&targets, &owners, &heard.evidence, &run, sheet, self.by);
        if self.explain {
            return telling.explain(heard.traces, &heard.files);
        }
        let told = telling.tell(heard.traces)?;
        let classified = told.classified();
        told.write(append, common)?;
        Ok(if classified { Exit::Measured } else { Exit::Nothing })
    }

    /// What all rows have in common. The same traces give the same identifier.
    fn about(&self, heard: &Heard) -> Run {
        Run {
            id: format!("import-{:016x}", heard.digest),
            started: heard.first,
            ended: heard.last,
            vantage: self.vantage.clone().unwrap_or_default(),
            method: heard.method(),
            complete: heard.complete(),
        }
    }
}

fn format(name: &str) -> Result<&'static dyn Format, String> {
    let names = || FORMATS.iter().map(|format| format.name()).collect::<Vec<_>>().join(", ");
    named(name).ok_or_else(|| format!("one of {}", names()))
}
