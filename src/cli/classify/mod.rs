//! `lasthop classify`: the same judgement on traceroutes made elsewhere.
//!
//! Two passes: the traces are heard as they are read, for what they say about each other, and kept
//! packed; then each is judged.

mod by;
mod counts;
mod ear;
mod pack;
mod read;
mod spool;
mod tell;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::import::{FORMATS, Format, named};
use crate::output::{Run, summary_header};

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

/// Judge traceroutes from anywhere: RIPE Atlas, scamper, traceroute, tracert, mtr
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
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    from: Option<&'static dyn Format>,
    /// The destination of traces whose file does not name it [default: the block's address that
    /// answered last]
    #[arg(long, value_name = "ADDRESS")]
    target: Option<Ipv4Addr>,
    /// For each trace: its hops with their owners, what decided, and what would have changed the
    /// answer; instead of the summary
    #[arg(long)]
    explain: bool,
    /// Rows for each vantage as well
    #[arg(long, value_enum, value_name = "WHAT")]
    by: Option<By>,
    /// What the drawing of vantages follows from, where several made the traces: their intervals come
    /// from 2,000 drawings
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
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
        let header = summary_header(&targets.classes);
        let append = self.append.as_deref();
        // Rows of traces that are made need not be measured again: they can wait.
        let append = append.map(|path| history(path, header, PATIENCE, common)).transpose()?;
        let sheet = self.traces.as_deref().map(Sheet::open).transpose()?;
        let mut owners = self.sources.owners(&targets, common)?;
        let reading = Reading::new(&targets, common, self.target, self.sources.asks());
        let reading = reading.keeping(self.explain || self.traces.is_some());
        let heard = reading.all(&self.files, self.from)?;
        heard.closing(&targets, common);
        self.sources.ask(&mut owners, &heard.all.foreign(), common);
        let run = self.about(&heard);
        let telling = Telling::new(&targets, &owners, &heard.all.evidence, &run, sheet, self.by);
        let telling = telling.seeded(self.seed);
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
            started: heard.all.first,
            ended: heard.all.last,
            vantage: self.vantage.clone().unwrap_or_default(),
            method: heard.method(),
            complete: heard.complete(),
        }
    }
}

/// Reads the name of a format.
fn formats() -> impl TypedValueParser<Value = &'static dyn Format> {
    let names = PossibleValuesParser::new(FORMATS.iter().map(|format| format.name()));
    names.try_map(|name| named(&name).ok_or("no such format"))
}
