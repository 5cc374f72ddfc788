//! The measurement of `ping`: open the sockets, give up privileges, probe by one method after the
//! other.

use std::net::Ipv4Addr;

use anyhow::Context;
use rand::RngExt;
use rand::rngs::StdRng;

use crate::census::{Census, FLOW, Means, OverTcp, OverWire, Settings, suspects};
use crate::probe::packet::Secret;
use crate::probe::wire::{self, Connections, Opened, Tally, Wire, WireError};
use crate::probe::{Flow, Method, Moment, give_up_privileges};
use crate::targets::Block;

use super::super::common::Common;
use super::super::interrupt::Interrupt;
use super::super::sockets::explain_permission;
use super::Ping;
use super::progress::Watcher;

/// A census that has ended, and the failure that ended it early.
pub(super) struct Done {
    pub(super) census: Census,
    /// What was counted aside, where anything but connections was asked for.
    pub(super) tally: Option<Tally>,
    pub(super) failure: Result<(), WireError>,
}

impl Ping {
    pub(super) fn measure(
        &self,
        addresses: &[Ipv4Addr],
        random: &mut StdRng,
        block: &Block,
        common: &Common,
    ) -> anyhow::Result<Done> {
        let Some(target) = addresses.first().copied() else { anyhow::bail!("no target is left") };
        let source = wire::source(self.send.source, target)?;
        let mut opened = self.open(source, target, random)?;
        give_up_privileges()?;
        if let Some(opened) = &opened {
            common.info(|| format!("{}; from {source}", opened.why));
        }
        let interrupt = Interrupt::awaited().context("installing a signal handler")?;
        let settings = self.args.settings(&self.send);
        let mut asking = Asking {
            census: Census::new(addresses, settings.clone()),
            wire: opened.as_mut().map(|opened| &mut *opened.wire),
            source,
            settings,
            watcher: Watcher::new(common.quiet, interrupt),
        };
        let failure = self.args.means().into_iter().try_for_each(|means| asking.ask(means));
        let mut census = asking.census;
        suspects(&mut census.hosts, block, source);
        let tally = opened.map(|opened| opened.wire.tally().clone());
        Ok(Done { census, tally, failure })
    }

    /// Opens what carries echo requests and datagrams, where any are asked for.
    fn open(
        &self,
        source: Ipv4Addr,
        target: Ipv4Addr,
        random: &mut StdRng,
    ) -> anyhow::Result<Option<Opened>> {
        let method = |means| match means {
            Means::Icmp => Some(Method::Icmp),
            Means::Udp => Some(Method::Udp),
            Means::Tcp => None,
        };
        let flows: Vec<(Flow, Method)> =
            self.args.means().into_iter().filter_map(method).map(|method| (FLOW, method)).collect();
        if flows.is_empty() {
            return Ok(None);
        }
        let secret = Secret::new(random.random());
        let opened = wire::open(self.send.wire.choice(), secret, Some(source), target, &flows);
        Ok(Some(
            opened.map_err(|error| explain_permission(error, "TCP needs neither: --method tcp"))?,
        ))
    }
}

/// A census at work.
struct Asking<'w> {
    census: Census,
    wire: Option<&'w mut (dyn Wire + 'static)>,
    source: Ipv4Addr,
    settings: Settings,
    watcher: Watcher,
}

impl Asking<'_> {
    fn ask(&mut self, means: Means) -> Result<(), WireError> {
        let now = self.wire.as_ref().map_or(Moment::START, |wire| wire.now()).max(self.census.at);
        let asker = self.wire.as_deref_mut().and_then(|wire| OverWire::new(wire, means));
        if let Some(mut asker) = asker {
            return self.census.ask(means, &mut asker, &mut self.watcher);
        }
        let patience = Census::patience(&self.settings, means);
        let connections = Connections::new(Some(self.source), patience, now);
        self.census.ask(means, &mut OverTcp::new(connections), &mut self.watcher)
    }
}

/// Asks by ICMP, over the sockets of a run that has traced, which of `addresses` are alive.
pub(in super::super) fn after_traces(
    opened: &mut Opened,
    addresses: &[Ipv4Addr],
    block: &Block,
    settings: Settings,
    mut watcher: Watcher,
) -> (Census, Result<(), WireError>) {
    let mut census = Census::new(addresses, settings);
    let failure = match OverWire::new(&mut *opened.wire, Means::Icmp) {
        Some(mut asker) => census.ask(Means::Icmp, &mut asker, &mut watcher),
        None => Ok(()),
    };
    suspects(&mut census.hosts, block, opened.source);
    (census, failure)
}
