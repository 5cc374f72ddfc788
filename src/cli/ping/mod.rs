//! `lasthop ping`: prepare, ask, tell.

mod how;
mod measure;
mod progress;
mod report;
mod tell;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::census::Stopped;
use crate::output::{LockFile, Run, counts_header};
use crate::targets::{Targets, Wanted, sample, select};

use super::common::Common;
use super::config;
use super::distinct::distinct;
use super::exit::Exit;
use super::probe::{about, chance};
use super::sheet::{Sheet, history};

pub(super) use measure::after_traces;
pub(super) use report::closing;

use how::How;
use measure::{Done, Prepared};

/// Ask which targets answer, and how fast
///
/// Sends echo requests to every address of the block, at most --rate a second in all and in random
/// order; with --method also opens connections to ports 80 and 443 of those that stay silent, and
/// closes them at once, or sends datagrams to ports on which nobody listens. The counts go to stdout:
/// one row for the block, one for each routed prefix.
#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(super) struct Ping {
    /// Addresses or prefixes inside the block [default: all of it]
    #[arg(value_name = "TARGET")]
    wanted: Vec<Wanted>,
    /// Where the questions leave from, for the output [default: the host's name]
    #[arg(long, value_name = "LABEL")]
    vantage: Option<String>,
    /// Run only while no other run holds this lock
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    files: Files,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
struct Files {
    /// Add the rows of stdout to a CSV file, under a lock
    #[arg(long, value_name = "COUNTS.csv")]
    append: Option<PathBuf>,
    /// Write a row for each target: whether it lives, by what, how fast (CSV, or JSON lines as .jsonl)
    #[arg(long, value_name = "FILE")]
    census: Option<PathBuf>,
}

impl Ping {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let targets = config::targets(common)?;
        let mut prepared = self.prepare(&targets)?;
        if self.dry_run {
            return self.tell_only(&targets, &prepared);
        }
        let files = self.open_files(common)?;
        let began = Timestamp::now();
        let Done { census, tally, failure } = self.measure(&mut prepared, &targets, common)?;
        closing(&census, tally.as_ref(), common);
        let took = census.at.since(crate::probe::Moment::START);
        let methods = self.how.names();
        let run: Run = about(began, took, self.vantage.clone(), methods, census.is_complete())?;
        let alive = files.tell(&run, &census, &self.how.means(), &targets.block, common)?;
        failure?;
        Ok(match census.stopped {
            Some(Stopped::Interrupted) => Exit::Interrupted,
            _ if alive => Exit::Measured,
            _ => Exit::Nothing,
        })
    }

    fn prepare(&self, targets: &Targets) -> anyhow::Result<Prepared> {
        let mut random = StdRng::seed_from_u64(self.how.seed.map_or_else(chance, Ok)?);
        let all = select(&targets.block, &self.wanted, &mut random)?;
        let addresses = match self.how.sample {
            Some(most) => sample(&targets.block, &all, most),
            None => all,
        };
        Ok(Prepared { addresses, random })
    }

    /// Everything that can fail before the first packet leaves.
    fn open_files(&self, common: &Common) -> anyhow::Result<tell::Files> {
        distinct(&[
            ("--lock", self.lock.as_deref()),
            ("--append", self.files.append.as_deref()),
            ("--census", self.files.census.as_deref()),
            ("stdout", Some(Path::new("/dev/stdout"))),
        ])?;
        let append = self.files.append.as_deref();
        Ok(tell::Files {
            lock: self.lock.as_deref().map(LockFile::take).transpose()?,
            append: append
                .map(|path| history(path, counts_header(), Duration::ZERO, common))
                .transpose()?,
            census: self.files.census.as_deref().map(Sheet::open).transpose()?,
        })
    }
}
