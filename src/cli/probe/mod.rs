//! `lasthop probe`: trace the block, judge, write.

mod args;
mod arrive;
mod evidence;
mod measure;
mod output;

use std::path::Path;

use jiff::Timestamp;

use crate::census::HostCounts;
use crate::columns::{EXPLANATIONS, HOPS, TRACES};
use crate::output::LockFile;
use crate::probe::engine::Measured;
use crate::split::Doubt;
use crate::trace::StopReason;

use super::common::Common;
use super::config;
use super::exit::Exit;
use super::medium::Medium;
use super::outputs;
use super::run_notes;

pub(super) use args::{FileArgs, Probe};

use measure::Done;
use output::Files;

/// How many targets that were named are explained on a terminal without being asked for.
const MOST_EXPLAINED: usize = 16;

impl Probe {
    pub(super) fn run(&self, medium: &Medium, common: &Common) -> anyhow::Result<Exit> {
        // What is asked of name servers leaves this machine.
        let asks_nobody = !medium.is_virtual() || !self.sources.asks();
        anyhow::ensure!(
            asks_nobody,
            "in virtual time there is no name server to ask; leave out --dns"
        );
        medium.check(&self.send, self.trace.flows)?;
        let mut targets = config::targets(common)?;
        self.evidence.add_earlier(&mut targets, &self.run.label(), common)?;
        let mut random = self.send.random()?;
        let addresses = self.send.addresses(&self.run, &targets.block, &mut random)?;
        if self.dry_run(&addresses, &targets, &mut random)? {
            return Ok(Exit::Measured);
        }
        // Everything that can fail does so before the first packet leaves.
        let user = self.send.user()?;
        let config = config::path(common);
        let announced: Vec<_> = self.evidence.announced.inputs().collect();
        let mut inputs = vec![
            ("--config", config.as_deref()),
            ("--as-table", self.sources.file()),
            ("--scenario", self.run.scenario.as_deref()),
        ];
        inputs.extend(self.evidence.history.iter().map(|path| ("--history", Some(path.as_path()))));
        inputs.extend(announced.iter().map(|(name, path)| (*name, Some(path.as_path()))));
        let (lock, append) = (self.run.lock.as_deref(), self.files.append.as_deref());
        let replaced = [
            ("--traces", self.files.traces.as_deref(), &TRACES),
            ("--hops", self.files.hops.as_deref(), &HOPS),
            ("--explain", self.explain.then_some(Path::new("-")), &EXPLANATIONS),
        ];
        outputs::check_run(&inputs, lock, append, &replaced)?;
        // Held until the last row is written.
        let _lock = self.run.lock.as_deref().map(LockFile::take).transpose()?;
        let named = self.run.targets().len();
        let few = named > 0 && addresses.len() <= MOST_EXPLAINED;
        let files =
            Files::open(&self.files, &targets, &self.run.label(), (self.explain, few), common)?;
        let mut owners = self.sources.owners(&targets, common)?;
        let began = Timestamp::now();
        let Done { measured, asked, survey, methods, failure, census, moved, deadline } = self
            .measure(
                &addresses,
                (&targets, &owners),
                began,
                &mut random,
                (medium, user.as_ref(), files.explains()),
                common,
            )?;
        run_notes::traces(&measured, common);
        if self.send.deadline.is_none() {
            run_notes::ended_by_default(&measured, deadline, common);
        }
        let pinged = census.as_ref().map(|census| &census.measured);
        let took = pinged.map_or(measured.took, |pinged| pinged.took);
        let complete = measured.is_complete() && pinged.is_none_or(Measured::is_complete);
        let mut run = self.run.run(began, took, methods.name().into(), complete && !moved)?;
        run.doubts.extend(measured.is_behind_translation().then_some(Doubt::Nat));
        run.doubts.extend(moved.then_some(Doubt::Moved));
        let forged =
            [Some(&measured), pinged].into_iter().flatten().any(|it| it.forged().is_some());
        run.doubts.extend(forged.then_some(Doubt::Forged));
        self.sources.ask(&mut owners, &survey.collected.addresses(), common);
        let counts = census.as_ref().map(|census| HostCounts::of(&census.hosts, &targets.block));
        let exit = files.write(
            &run,
            survey,
            (&targets, &owners, &self.evidence.announced),
            counts.as_ref(),
            &measured.unkept,
            common,
        )?;
        failure?;
        let interrupted = measured.cut_short == Some(StopReason::Interrupted)
            || pinged.is_some_and(|it| it.cut_short == Some(StopReason::Interrupted));
        let packets = measured.packets + asked.packets;
        let nothing_left = packets == 0 && measured.counts.unsent + asked.counts.unsent > 0;
        Ok(if interrupted {
            Exit::Interrupted
        } else if nothing_left {
            Exit::NoWayOut
        } else {
            exit
        })
    }
}
