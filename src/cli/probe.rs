//! `lasthop probe`: trace the block, judge, tell.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng, TryRng};

use crate::output::{Appender, LockFile, Run, hops, summary, table, traces};
use crate::owner::Owners;
use crate::probe::engine::{self, Measured};
use crate::probe::packet::{Codec, Secret};
use crate::probe::plan::Plan;
use crate::probe::wire::{RawWire, WireError};
use crate::probe::{Attempt, Flow, Method, Settings, Stop, Ttl};
use crate::split::split;
use crate::targets::{Targets, Wanted, sample, select};
use crate::trace::Trace;
use crate::transit::{Judgement, judge};

use super::common::Common;
use super::config;
use super::distinct::distinct;
use super::exit::Exit;
use super::format::Format;
use super::progress::Watcher;
use super::report;
use super::sheet::Sheet;
use super::sources::Sources;
use super::stdout;

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
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    sources: Sources,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "How to ask")]
struct How {
    /// What to send; both makes two traces for each target
    #[arg(long, value_enum, default_value_t = Methods::Icmp)]
    method: Methods,
    /// Packets a second in all, retries included; 0 is no limit
    #[arg(long, value_name = "PPS", default_value_t = 200, value_parser = rate)]
    rate: u32,
    /// Tries at a silent TTL; behind what may be the border there are up to 4 more
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = up_to(Attempt::MOST))]
    attempts: u8,
    /// Seconds until a silent TTL is tried again
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    timeout: Duration,
    /// The furthest TTL
    #[arg(long, value_name = "TTL", default_value_t = 30, value_parser = up_to(Ttl::MOST))]
    max_ttl: u8,
    /// Silent TTLs in a row that end a trace
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = up_to(Ttl::MOST))]
    gap_limit: u8,
    /// Traces for each target, each of another flow: shows balancing
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = up_to(Flow::MOST))]
    flows: u8,
    /// Trace so many addresses of each routed prefix, chosen by chance
    #[arg(long, value_name = "N", value_parser = some)]
    sample: Option<usize>,
    /// Seconds after which to stop, whatever is measured by then
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    deadline: Option<Duration>,
    /// What order and identifiers follow from [default: chance]
    #[arg(long)]
    seed: Option<u64>,
    /// The address to send from [default: as the system routes]
    #[arg(long, value_name = "ADDRESS")]
    source: Option<Ipv4Addr>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Methods {
    Icmp,
    Udp,
    Both,
}

impl Methods {
    fn list(self) -> &'static [Method] {
        match self {
            Self::Icmp => &[Method::Icmp],
            Self::Udp => &[Method::Udp],
            Self::Both => &[Method::Icmp, Method::Udp],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Icmp => "icmp",
            Self::Udp => "udp",
            Self::Both => "both",
        }
    }
}

/// A number of seconds above 0, with decimals.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number of seconds above 0".to_owned();
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| wrong())?;
    if duration.is_zero() { Err(wrong()) } else { Ok(duration) }
}

/// A number from 1.
fn up_to(most: u8) -> impl Fn(&str) -> Result<u8, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| format!("expected a number from 1 to {most}"))
    }
}

/// A number from 1, however large.
fn some(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "expected a number from 1".into())
}

fn rate(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "expected packets a second, such as 200, or 0 for no limit".into())
}

/// Everything that can fail before the first packet leaves.
struct Prepared<'t> {
    targets: &'t Targets,
    owners: Owners<'t>,
    addresses: Vec<Ipv4Addr>,
    settings: Settings,
    random: StdRng,
    _lock: Option<LockFile>,
    append: Option<Appender>,
    traces: Option<Sheet>,
    hops: Option<Sheet>,
}

impl Probe {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let targets = config::targets(common)?;
        if self.dry_run {
            return self.tell_only(&targets);
        }
        let mut prepared = self.prepare(&targets, common)?;
        let began = Timestamp::now();
        let measured = self.measure(&mut prepared, common)?;
        report::closing(&measured, common);
        let run = self.about(began, &measured)?;
        let traces: Vec<Trace> =
            measured.traces.iter().map(|finished| Trace::of(finished, began)).collect();
        self.sources.ask(&mut prepared.owners, &foreign(&traces, &targets), common);
        let judgements = judge(&traces, &targets, &prepared.owners);
        tell(prepared, &run, &traces, &judgements, common)?;
        Ok(match measured.cut_short {
            Some(Stop::Interrupted) => Exit::Interrupted,
            _ if judgements.iter().any(|judgement| judgement.class.is_classified()) => {
                Exit::Measured
            }
            _ => Exit::Nothing,
        })
    }

    fn prepare<'t>(&self, targets: &'t Targets, common: &Common) -> anyhow::Result<Prepared<'t>> {
        let mut random = StdRng::seed_from_u64(self.seed()?);
        let addresses = self.addresses(targets, &mut random)?;
        distinct(&[
            ("--lock", self.lock.as_deref()),
            ("--append", self.files.append.as_deref()),
            ("--traces", self.files.traces.as_deref()),
            ("--hops", self.files.hops.as_deref()),
        ])?;
        let header = summary::header(&targets.classes);
        let sheet = |path: &Option<PathBuf>| path.as_deref().map(Sheet::open).transpose();
        let append = self.files.append.as_deref();
        Ok(Prepared {
            _lock: self.lock.as_deref().map(LockFile::take).transpose()?,
            append: append.map(|path| Appender::open(path, header)).transpose()?,
            traces: sheet(&self.files.traces)?,
            hops: sheet(&self.files.hops)?,
            owners: self.sources.owners(targets, common)?,
            settings: self.settings(),
            targets,
            addresses,
            random,
        })
    }

    fn seed(&self) -> anyhow::Result<u64> {
        self.how.seed.map_or_else(chance, Ok)
    }

    fn addresses(&self, targets: &Targets, random: &mut StdRng) -> anyhow::Result<Vec<Ipv4Addr>> {
        let block = &targets.block;
        let addresses = select(block, &self.wanted, random)?;
        Ok(self.how.sample.map_or(addresses.clone(), |most| sample(block, &addresses, most)))
    }

    fn settings(&self) -> Settings {
        let usual = Settings::default();
        Settings {
            attempts: self.how.attempts,
            timeout: self.how.timeout,
            max_ttl: Ttl::new(self.how.max_ttl).unwrap_or(usual.max_ttl),
            gap_limit: self.how.gap_limit,
            rate: NonZeroU32::new(self.how.rate),
            deadline: self.how.deadline,
            ..usual
        }
    }

    fn measure(&self, prepared: &mut Prepared<'_>, common: &Common) -> anyhow::Result<Measured> {
        let Some(first) = prepared.addresses.first() else { anyhow::bail!("no target is left") };
        let codec = Codec::new(Secret::new(prepared.random.random()));
        let mut wire = RawWire::open(codec, self.how.source, *first).map_err(explained)?;
        let plan = Plan::new(
            prepared.targets.block.clone(),
            prepared.settings.clone(),
            &prepared.addresses,
            self.how.method.list(),
            self.how.flows,
            &mut prepared.random,
        );
        common.say(|| format!("raw sockets, from {}, {} traces", wire.source(), plan.len()));
        let (targets, owners) = (prepared.targets, &prepared.owners);
        let mut watcher = Watcher::new(plan.len(), common.quiet, targets, owners)
            .context("installing a signal handler")?;
        Ok(engine::run(&mut wire, plan, &prepared.settings, &mut watcher)?)
    }

    fn about(&self, began: Timestamp, measured: &Measured) -> anyhow::Result<Run> {
        let host = || nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned());
        Ok(Run {
            // Never from the seed: runs that repeat each other are still different runs.
            id: format!("{}-{:08x}", began.strftime("%Y%m%dT%H%M%SZ"), chance()? >> 32),
            started: began,
            ended: began.saturating_add(measured.took).context("the end of time")?,
            vantage: self.vantage.clone().map_or_else(host, Ok).unwrap_or_default(),
            method: self.how.method.name().into(),
            complete: measured.cut_short.is_none(),
        })
    }

    /// What `--dry-run` says.
    fn tell_only(&self, targets: &Targets) -> anyhow::Result<Exit> {
        let mut random = StdRng::seed_from_u64(self.seed()?);
        let addresses = self.addresses(targets, &mut random)?;
        let traces = addresses.len() * self.how.method.list().len() * usize::from(self.how.flows);
        let settings = self.settings();
        let tries = (settings.attempts + settings.border_attempts).min(Attempt::MOST);
        let most = traces * usize::from(settings.max_ttl.get()) * usize::from(tries);
        let rate = match self.how.rate {
            0 => "without a limit".into(),
            rate => format!("at most {rate} packets/s"),
        };
        let text = format!(
            "would trace {} addresses of {} by {}: {traces} traces, some {} to {} packets, \
             never more than {most}, {rate}\n",
            addresses.len(),
            targets.block.prefix,
            self.how.method.name(),
            most.min(traces * 10),
            most.min(traces * 25),
        );
        stdout::write(|out| out.write_all(text.as_bytes()))?;
        Ok(Exit::Measured)
    }
}

fn chance() -> anyhow::Result<u64> {
    SysRng.try_next_u64().context("no chance to be had")
}

/// Writes everything that was asked for. What cannot be written keeps nothing else from being
/// written: it cannot be measured again.
fn tell(
    prepared: Prepared<'_>,
    run: &Run,
    all: &[Trace],
    judgements: &[Judgement],
    common: &Common,
) -> anyhow::Result<()> {
    let targets = prepared.targets;
    let mut judged: Vec<(&Trace, &Judgement)> = all.iter().zip(judgements).collect();
    judged.sort_by_key(|(trace, _)| (trace.target, trace.method, trace.flow));
    let split = split(&judged, targets);
    let rows = summary::summary(run, &split, &targets.classes);
    let sorted: Vec<&Trace> = judged.iter().map(|(trace, _)| *trace).collect();
    let Prepared { append, traces: traces_sheet, hops: hops_sheet, owners, .. } = prepared;
    let appended = append.map_or(Ok(()), |mut append| append.append(&rows));
    let traced = traces_sheet.map_or(Ok(()), |it| it.fill(&traces(run, &judged, targets)));
    let hopped = hops_sheet.map_or(Ok(()), |it| it.fill(&hops(run, &sorted, &owners)));
    let format = Format::or_suited(common.format);
    let told = format.write(&rows, || table(run, &split, &targets.classes));
    let failed = [appended, traced, hopped].into_iter().filter_map(Result::err);
    let mut failed = failed.map(anyhow::Error::new).chain(told.err());
    let Some(first) = failed.next() else { return Ok(()) };
    for other in failed {
        Exit::of(&other).report(&other);
    }
    Err(first)
}

/// The foreign addresses that answered, each once.
fn foreign(traces: &[Trace], targets: &Targets) -> Vec<Ipv4Addr> {
    let answers = traces.iter().flat_map(Trace::answers).map(|(_, answer)| answer.from);
    let mut addresses: Vec<Ipv4Addr> =
        answers.filter(|address| !targets.block.contains(*address)).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// Permission is missing: names the command that grants it.
fn explained(error: WireError) -> anyhow::Error {
    let program = std::env::current_exe()
        .map_or_else(|_| "lasthop".into(), |path| path.display().to_string());
    match error {
        WireError::NoPermission => anyhow::Error::new(error).context(format!(
            "raw sockets need the capability CAP_NET_RAW; this grants it:\n  \
             sudo setcap cap_net_raw+ep {program}"
        )),
        other => other.into(),
    }
}
