//! `--arrive`: which hosts live, before the block is traced, and the traces to them by what they answer to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::time::Duration;

use rand::rngs::StdRng;

use crate::census::{
    Census, ConnectPings, FLOW, Liveness, PacketPings, PingMethod, PingProgress, PingSettings,
    mark_implausible,
};
use crate::probe::engine::Measured;
use crate::probe::transport::{OpenTransport, TransportError};
use crate::probe::{Flow, Moment, ProbeMethod};
use crate::targets::{Block, Targets, select};

use super::super::common::Common;
use super::super::interrupt::Interrupt;
use super::super::medium::Medium;
use super::super::ping::Watcher;
use super::super::run_notes;
use super::args::Probe;
use super::evidence::{MOST_KNOWN, Whom};

/// How many living hosts of a routed prefix are traced.
const MOST_TRACED: usize = 16;

/// The living hosts to trace, by the packets that they answer to.
#[derive(Debug, Default)]
pub(super) struct Living {
    pub(super) by_method: BTreeMap<ProbeMethod, Vec<Ipv4Addr>>,
    /// What asking them took.
    pub(super) measured: Measured,
}

impl Living {
    pub(super) fn count(&self) -> usize {
        self.by_method.values().map(Vec::len).sum()
    }

    pub(super) fn contains(&self, target: Ipv4Addr) -> bool {
        self.by_method.values().any(|hosts| hosts.contains(&target))
    }

    fn of(census: &Census, block: &Block) -> Self {
        let mut living = Self { measured: census.measured.clone(), ..Self::default() };
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

    /// How many of `hosts` are traced at most.
    pub(super) fn most_traced(hosts: &[Ipv4Addr], block: &Block) -> usize {
        let mut asked: BTreeMap<_, usize> = BTreeMap::new();
        for host in hosts {
            *asked.entry(block.routed_prefix(*host)).or_default() += 1;
        }
        asked.into_values().map(|asked| asked.min(MOST_TRACED)).sum()
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
        (interrupt, deadline, common): (Interrupt, Duration, &Common),
    ) -> (Living, Result<(), TransportError>) {
        let (rate, deadline) = (self.send.rate(), Some(deadline));
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
            failure =
                medium.connections(opened.source, timeout, now).and_then(|mut connections| {
                    let mut pings = ConnectPings::new(&mut *connections);
                    census.ping(PingMethod::Tcp, &mut pings, &mut watch)
                });
        }
        mark_implausible(&mut census.hosts, block, opened.source);
        run_notes::census(&census, block, common);
        let living = Living::of(&census, block);
        common.info(|| {
            let (asked, packets) = (census.hosts.len(), census.measured.packets);
            format!("{asked} hosts asked with {packets} packets, {} live", living.count())
        });
        (living, failure)
    }
}
