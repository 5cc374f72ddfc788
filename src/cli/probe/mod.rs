//! `lasthop probe`: trace the block, judge, tell.

mod how;
mod measure;
mod prepare;
mod tell;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;

use crate::census::{Census, HostCounts, Stopped};
use crate::output::Run;
use crate::probe::{Archive, ArchiveError, Finished, Moment};
use crate::targets::{Block, Wanted};
use crate::trace::StopReason;

use super::closing;
use super::common::Common;
use super::config;
use super::exit::Exit;
use super::sources::Sources;

pub(super) use how::Sockets;
pub(super) use measure::explained;
pub(super) use prepare::chance;

use how::How;
use measure::Done;
use tell::Telling;

/// Trace the block (or the given addresses), name the transit, write the split
///
/// Sends small ICMP echo requests or UDP datagrams with rising TTL to every address of the block,
/// at most --rate a second in all and in random order, and stops each trace as soon as home
/// answers. The summary goes to stdout: one row for the block, one for each routed prefix.
#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub(super) struct Probe {
    /// Addresses or prefixes inside the block [default: all of it]
    #[arg(value_name = "TARGET")]
    wanted: Vec<Wanted>,
    /// Where the probes leave from, for the output [default: the host's name]
    #[arg(long, value_name = "LABEL")]
    vantage: Option<String>,
    /// Run only while no other run holds this lock
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Afterwards also ask all targets by ICMP whether they live, for the summary's last columns
    #[arg(long)]
    ping: bool,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    sources: Sources,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
struct Files {
    /// Add the summary's rows to a CSV file, under a lock
    #[arg(long, value_name = "SUMMARY.csv")]
    append: Option<PathBuf>,
    /// Write a row for each trace: class, evidence, reason (CSV, or JSON lines as .jsonl)
    #[arg(long, value_name = "FILE")]
    traces: Option<PathBuf>,
    /// Write a row for each packet (CSV, or JSON lines as .jsonl)
    #[arg(long, value_name = "FILE")]
    hops: Option<PathBuf>,
}

impl Probe {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let targets = config::targets(common)?;
        if self.dry_run {
            return self.tell_only(&targets);
        }
        let mut prepared = self.prepare(&targets, common)?;
        // Held until the last row is written.
        let _lock = prepared.lock.take();
        let began = Timestamp::now();
        let Done { measured, traces, methods, failure, census } =
            self.measure(&mut prepared, common)?;
        closing::closing(&measured, common);
        let took = census.as_ref().map_or(measured.took, |census| census.at.since(Moment::START));
        let complete = measured.is_complete() && census.as_ref().is_none_or(Census::is_complete);
        let run = about(began, took, self.vantage.clone(), methods.name().into(), complete)?;
        self.sources.ask(&mut prepared.owners, &foreign(&traces, &targets.block)?, common);
        let told = Telling::new(prepared, &run).tell(&traces)?;
        closing::short_of_the_border(told.short, measured.traces, common);
        let counts = census.as_ref().map(|census| HostCounts::of(&census.hosts, &targets.block));
        told.summary.write(&run, &targets.classes, counts.as_ref(), common)?;
        failure?;
        let stopped = census.and_then(|census| census.stopped);
        Ok(match measured.cut_short {
            Some(StopReason::Interrupted) => Exit::Interrupted,
            _ if stopped == Some(Stopped::Interrupted) => Exit::Interrupted,
            _ if told.classified => Exit::Measured,
            _ => Exit::Nothing,
        })
    }
}

/// What all rows of a run have in common.
pub(super) fn about(
    began: Timestamp,
    took: Duration,
    vantage: Option<String>,
    method: String,
    complete: bool,
) -> anyhow::Result<Run> {
    let host = || nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned());
    Ok(Run {
        // Never from the seed: runs that repeat each other are still different runs.
        id: format!("{}-{:08x}", began.strftime("%Y%m%dT%H%M%SZ"), chance()? >> 32),
        started: Some(began),
        ended: Some(began.saturating_add(took).context("the end of time")?),
        vantage: vantage.map_or_else(host, Ok).unwrap_or_default(),
        method,
        complete,
    })
}

/// The foreign addresses that answered, each once.
fn foreign(traces: &Archive, block: &Block) -> Result<Vec<Ipv4Addr>, ArchiveError> {
    let mut addresses = BTreeSet::new();
    for traces in traces.by_prefix(block) {
        addresses.extend(traces?.iter().flat_map(Finished::answers).map(|answer| answer.from));
    }
    addresses.retain(|address| !block.contains(*address));
    Ok(addresses.into_iter().collect())
}
