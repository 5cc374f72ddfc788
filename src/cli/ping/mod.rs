//! `lasthop ping`: find out which targets are alive, write.

mod args;
mod measure;
mod output;
mod progress;

use std::path::Path;

use jiff::Timestamp;

use crate::output::LockFile;
use crate::trace::StopReason;

use super::common::Common;
use super::config;
use super::distinct_paths::distinct;
use super::exit::Exit;
use super::medium::Medium;
use super::run_notes;

pub(super) use args::Ping;
pub(super) use measure::after_traces;
pub(super) use progress::Watcher;

use measure::Done;
use output::Files;

impl Ping {
    pub(super) fn run(&self, medium: &Medium, common: &Common) -> anyhow::Result<Exit> {
        let targets = config::targets(common)?;
        let block = &targets.block;
        let mut random = self.send.random()?;
        let addresses = self.send.addresses(&self.run, block, &mut random)?;
        if self.run.dry_run {
            return self.write_plan(addresses.len(), block);
        }
        // Everything that can fail does so before the first packet leaves.
        distinct(&[
            ("--lock", self.run.lock.as_deref()),
            ("--append", self.files.append.as_deref()),
            ("--census", self.files.census.as_deref()),
            ("stdout", Some(Path::new("/dev/stdout"))),
        ])?;
        // Held until the last row is written.
        let _lock = self.run.lock.as_deref().map(LockFile::take).transpose()?;
        let files = Files::open(&self.files, common)?;
        let began = Timestamp::now();
        let Done { census, failure } =
            self.measure(&addresses, &mut random, block, medium, common)?;
        run_notes::census(&census, common);
        let (took, complete) = (census.measured.took, census.measured.is_complete());
        let run = self.run.run(began, took, self.args.names(), complete)?;
        let alive = files.write(&run, &census, &self.args.methods(), block, common)?;
        failure?;
        Ok(match census.measured.cut_short {
            Some(StopReason::Interrupted) => Exit::Interrupted,
            _ if alive => Exit::Measured,
            _ => Exit::Nothing,
        })
    }
}
