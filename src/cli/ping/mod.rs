//! `lasthop ping`: find out which targets are alive, write.

mod args;
mod measure;
mod output;
mod progress;

use jiff::Timestamp;

use crate::columns::CENSUS;
use crate::output::LockFile;
use crate::trace::StopReason;

use super::common::Common;
use super::config;
use super::exit::Exit;
use super::medium::Medium;
use super::outputs;
use super::run_notes;

pub(super) use args::Ping;
pub(super) use measure::after_traces;
pub(super) use progress::Watcher;

use measure::Done;
use output::Files;

impl Ping {
    pub(super) fn run(&self, medium: &Medium, common: &Common) -> anyhow::Result<Exit> {
        medium.check(&self.send, 1)?;
        let targets = config::targets(common)?;
        let block = &targets.block;
        let mut random = self.send.random()?;
        let addresses = self.send.addresses(&self.run, block, &mut random)?;
        if self.run.dry_run {
            return self.write_plan(addresses.len(), block);
        }
        // Everything that can fail does so before the first packet leaves.
        let user = self.send.user()?;
        let config = config::path(common);
        let inputs =
            [("--config", config.as_deref()), ("--scenario", self.run.scenario.as_deref())];
        let (lock, append) = (self.run.lock.as_deref(), self.files.append.as_deref());
        let replaced = [("--census", self.files.census.as_deref(), &CENSUS)];
        outputs::check_run(&inputs, lock, append, &replaced)?;
        // Held until the last row is written.
        let _lock = self.run.lock.as_deref().map(LockFile::take).transpose()?;
        let files = Files::open(&self.files, &self.run.label(), common)?;
        let began = Timestamp::now();
        let Done { census, failure } =
            self.measure(&addresses, &mut random, block, (medium, user.as_ref()), common)?;
        run_notes::census(&census, block, common);
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
