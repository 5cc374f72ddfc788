//! `lasthop probe`: trace the block, judge, tell.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use rand::rngs::{StdRng, SysRng};
use rand::{Rng, RngExt, SeedableRng, TryRng};

use crate::output::{Appender, LockFile, Run, hops, summary, table, traces};
use crate::owner::Owners;
use crate::probe::engine::{self, Measured};
use crate::probe::packet::Secret;
use crate::probe::plan::Plan;
use crate::probe::wire::{self, Choice, WireError};
use crate::probe::{Attempt, Flow, Method, Settings, Stop, Ttl};
use crate::split::split;
use crate::targets::{Targets, Wanted, sample, select};
use crate::trace::Trace;
use crate::transit::{Judgement, judge};

use super::common::Common;
use super::config;
use super::exit::Exit;
use super::format::Format;
use super::privileges;
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
pub(super) struct Probe {
    /// Addresses or prefixes inside the block [default: all of it]
    #[arg(value_name = "TARGET")]
    wanted: Vec<Wanted>,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    files: Files,
    /// Where the probes leave from, for the output [default: the host's name]
    #[arg(long, value_name = "LABEL")]
    vantage: Option<String>,
    /// Run only while no other run holds this lock
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "How to ask")]
struct How {
    /// What to send; both makes two traces for each target
    #[arg(long, value_enum, default_value_t = Methods::Icmp)]
    method: Methods,
    /// Packets a second in all, retries included; 0 is no limit
    #[arg(long, value_name = "PPS", default_value_t = 200)]
    rate: u32,
    /// Tries at a silent TTL; behind what may be the border there are more, up to 8 in all
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
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Seconds after which to stop, whatever is measured by then
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    deadline: Option<Duration>,
    /// What order and identifiers follow from [default: chance]
    #[arg(long)]
    seed: Option<u64>,
    /// Which sockets: auto is raw where that is allowed, and what every user may open elsewhere
    #[arg(long, value_enum, default_value_t = Wires::Auto)]
    wire: Wires,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wires {
    Auto,
    User,
    Raw,
}

impl Wires {
    fn choice(self) -> Choice {
        match self {
            Self::Auto => Choice::Auto,
            Self::User => Choice::User,
            Self::Raw => Choice::Raw,
        }
    }
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

fn up_to(most: u8) -> RangedU64ValueParser<u8> {
    RangedU64ValueParser::new().range(1..=u64::from(most))
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
        let run = self.about(&mut prepared, began, &measured)?;
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
        self.how.seed.map_or_else(|| SysRng.try_next_u64().context("no chance to be had"), Ok)
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
        let secret = Secret::new(prepared.random.random());
        let (methods, flows) = (self.how.method.list(), self.how.flows);
        let mut opened =
            wire::open(self.how.wire.choice(), secret, self.how.source, *first, methods, flows)
                .map_err(explained)?;
        privileges::give_up()?;
        let plan = Plan::new(
            prepared.targets.block.clone(),
            prepared.settings.clone(),
            &prepared.addresses,
            self.how.method.list(),
            self.how.flows,
            &mut prepared.random,
        );
        common.say(|| format!("{}; from {}, {} traces", opened.why, opened.source, plan.len()));
        let (targets, owners) = (prepared.targets, &prepared.owners);
        let mut watcher = Watcher::new(plan.len(), common.quiet, targets, owners)
            .context("installing a signal handler")?;
        Ok(engine::run(&mut *opened.wire, plan, &prepared.settings, &mut watcher)?)
    }

    fn about(
        &self,
        prepared: &mut Prepared<'_>,
        began: Timestamp,
        measured: &Measured,
    ) -> anyhow::Result<Run> {
        let host = || nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned());
        Ok(Run {
            id: format!("{}-{:08x}", began.strftime("%Y%m%dT%H%M%SZ"), prepared.random.next_u32()),
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
        let most = traces * usize::from(self.how.max_ttl) * usize::from(self.how.attempts);
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
            traces * 10,
            traces * 25,
        );
        stdout::write(|out| out.write_all(text.as_bytes()))?;
        Ok(Exit::Measured)
    }
}

/// Writes everything that was asked for; what can be read again comes first.
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
    if let Some(mut append) = prepared.append {
        append.append(&rows)?;
    }
    if let Some(sheet) = prepared.traces {
        sheet.fill(&traces(run, &judged, targets))?;
    }
    if let Some(sheet) = prepared.hops {
        let sorted: Vec<&Trace> = judged.iter().map(|(trace, _)| *trace).collect();
        sheet.fill(&hops(run, &sorted, &prepared.owners))?;
    }
    let format = Format::or_suited(common.format);
    format.write(&rows, || table(run, &split, &targets.classes))
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
        WireError::NoRaw => anyhow::Error::new(error).context(format!(
            "no permission to send; this grants it:\n  sudo setcap cap_net_raw+ep {program}\n"
        )),
        other => other.into(),
    }
}
