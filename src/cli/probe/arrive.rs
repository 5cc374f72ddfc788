//! `--arrive`: which hosts live, before the block is traced, and the traces to them by what they answer to; and
//! `--history`: what earlier runs have shown.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rand::rngs::StdRng;

use crate::census::{
    Census, ConnectPings, FLOW, Liveness, PacketPings, PingMethod, PingProgress, PingSettings,
    mark_implausible,
};
use crate::history;
use crate::output::is_simulated;
use crate::probe::transport::{OpenTransport, TransportError};
use crate::probe::{Flow, Moment, ProbeMethod};
use crate::targets::{Block, KnownBorder, KnownHost, Targets, select};

use super::super::common::Common;
use super::super::interrupt::Interrupt;
use super::super::medium::Medium;
use super::super::ping::Watcher;
use super::args::Probe;

/// How many known hosts are asked at most.
pub(super) const MOST_KNOWN: usize = 20;
/// How many living hosts of a routed prefix are traced.
const MOST_TRACED: usize = 16;

#[derive(Debug, Args)]
#[command(next_help_heading = "Evidence")]
pub(in super::super) struct EvidenceArgs {
    /// First ask known hosts whether they live, by ICMP and by connections to ports 80 and 443, and trace those that do
    /// by what they answer to: proof that packets arrive. known: the hosts of targets.toml and --history, at
    /// most 20, one packet each; census: all targets, with up to three packets each [default: off; known
    /// without a word]
    #[arg(long, value_enum, value_name = "WHOM", num_args = 0..=1, default_missing_value = "known")]
    pub(super) arrive: Option<Whom>,
    /// What earlier runs have shown: borders with home behind them, and hosts that live. A file of probe
    /// --traces or ping --census; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(super) history: Vec<PathBuf>,
}

/// Whom to ask whether they live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Whom {
    /// Known hosts.
    Known,
    /// All targets.
    Census,
}

impl EvidenceArgs {
    /// Adds what earlier runs have shown to what is known.
    pub(super) fn add_earlier(
        &self,
        targets: &mut Targets,
        vantage: &str,
        common: &Common,
    ) -> anyhow::Result<()> {
        for path in &self.history {
            let source = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            let earlier = history::earlier(path, is_simulated(vantage))?;
            if earlier.malformed > 0 {
                let count = earlier.malformed;
                common.warn(&format!("{}: {count} rows left out", path.display()));
            }
            common.info(|| {
                let (borders, hosts) = (earlier.borders.len(), earlier.hosts.len());
                format!("{}: {borders} borders, {hosts} hosts", path.display())
            });
            for (address, border) in earlier.borders {
                let seen = match border.first == border.last {
                    true => border.last,
                    false => format!("{} to {}", border.first, border.last),
                };
                let source = source.clone().into_owned();
                let known = KnownBorder { carrier: border.holder, seen, source };
                if !targets.block.contains(address) {
                    targets.borders.entry(address).or_insert(known);
                }
            }
            for (address, seen) in earlier.hosts {
                if targets.block.contains(address) {
                    let known = KnownHost { seen, source: source.clone().into_owned() };
                    targets.hosts.insert(address, known);
                }
            }
        }
        Ok(())
    }
}

/// The living hosts to trace, by the packets that they answer to.
#[derive(Debug, Default)]
pub(super) struct Living {
    pub(super) by_method: BTreeMap<ProbeMethod, Vec<Ipv4Addr>>,
}

impl Living {
    pub(super) fn count(&self) -> usize {
        self.by_method.values().map(Vec::len).sum()
    }

    pub(super) fn contains(&self, target: Ipv4Addr) -> bool {
        self.by_method.values().any(|hosts| hosts.contains(&target))
    }

    fn of(census: &Census, block: &Block) -> Self {
        let mut living = Self::default();
        let mut traced: BTreeMap<_, usize> = BTreeMap::new();
        for host in census.hosts.iter().filter(|host| host.is_alive()) {
            let method = match host.found.map(|found| found.liveness) {
                Some(Liveness::Echo) => ProbeMethod::Icmp,
                Some(Liveness::Open(port) | Liveness::Refused(port)) => ProbeMethod::Tcp(port),
                Some(Liveness::PortUnreachable) | None => continue,
            };
            let count = traced.entry(block.routed_prefix(host.target)).or_default();
            *count += 1;
            if *count <= MOST_TRACED {
                living.by_method.entry(method).or_default().push(host.target);
            }
        }
        living
    }
}

impl Probe {
    /// The flows of the questions whether hosts live, and of the traces to those that do.
    pub(super) fn arrival_flows(&self, by_icmp: bool) -> Vec<(Flow, ProbeMethod)> {
        if self.evidence.arrive.is_none() {
            return Vec::new();
        }
        let icmp = [(FLOW, ProbeMethod::Icmp), (Flow::default(), ProbeMethod::Icmp)];
        let tcp = PingMethod::PORTS.map(|port| (Flow::default(), ProbeMethod::Tcp(port)));
        icmp.into_iter().filter(|_| by_icmp).chain(tcp).collect()
    }

    /// The hosts to ask, in the routed prefixes of `addresses`: those seen last come first.
    pub(super) fn hosts_to_ask(
        &self,
        addresses: &[Ipv4Addr],
        targets: &Targets,
        random: &mut StdRng,
    ) -> anyhow::Result<Vec<Ipv4Addr>> {
        let block = &targets.block;
        Ok(match self.evidence.arrive {
            None => Vec::new(),
            Some(Whom::Census) => select(block, self.run.targets(), random)?,
            Some(Whom::Known) => {
                let prefixes: BTreeSet<_> =
                    addresses.iter().map(|address| block.routed_prefix(*address)).collect();
                let mut hosts: Vec<_> = targets
                    .hosts
                    .iter()
                    .filter(|(address, _)| prefixes.contains(&block.routed_prefix(**address)))
                    .collect();
                hosts.sort_by(|one, other| other.1.seen.cmp(&one.1.seen));
                hosts.into_iter().map(|(address, _)| *address).take(MOST_KNOWN).collect()
            }
        })
    }

    /// Asks `hosts` whether they live: by ICMP, if that is allowed, then by connections.
    pub(super) fn find_living(
        &self,
        hosts: &[Ipv4Addr],
        (opened, medium): (&mut OpenTransport, &Medium),
        by_icmp: bool,
        block: &Block,
        (interrupt, common): (Interrupt, &Common),
    ) -> (Living, Result<(), TransportError>) {
        let (rate, deadline) = (self.send.rate(), self.send.deadline);
        let settings =
            PingSettings { count: 1, attempts: 1, rate, deadline, ..PingSettings::default() };
        let timeout = settings.timeout(PingMethod::Tcp);
        let mut census = Census::new(hosts, settings);
        let mut watcher = Watcher::new(common.quiet, interrupt);
        let mut watch = |progress: &PingProgress| watcher.on_progress(progress);
        let mut failure = Ok(());
        if by_icmp {
            let mut pings = PacketPings::new(&mut *opened.transport, ProbeMethod::Icmp);
            failure = census.ping(PingMethod::Icmp, &mut pings, &mut watch);
        }
        if failure.is_ok() {
            let now = opened.transport.now().max(Moment::START + census.measured.took);
            let mut connections = medium.connections(opened.source, timeout, now);
            let mut pings = ConnectPings::new(&mut *connections);
            failure = census.ping(PingMethod::Tcp, &mut pings, &mut watch);
        }
        mark_implausible(&mut census.hosts, block, opened.source);
        let living = Living::of(&census, block);
        common.info(|| {
            let (asked, packets) = (census.hosts.len(), census.measured.packets);
            format!("{asked} hosts asked with {packets} packets, {} live", living.count())
        });
        (living, failure)
    }
}
