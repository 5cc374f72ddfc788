//! The measurement of `ping`: open the sockets, give up privileges, probe by one method after the
//! other.

use std::net::Ipv4Addr;

use anyhow::Context;
use rand::rngs::StdRng;

use crate::census::{
    Census, ConnectPings, FLOW, PacketPings, PingMethod, PingProgress, PingSettings,
    mark_implausible,
};
use crate::probe::transport::{OpenTransport, TransportError};
use crate::probe::{Moment, ProbeMethod};
use crate::sandbox::{User, Written};
use crate::targets::Block;

use super::super::common::Common;
use super::super::confinement::{Needs, give_up};
use super::super::interrupt::Interrupt;
use super::super::medium::Medium;
use super::super::run::secret;
use super::super::run_notes;
use super::super::sockets::explain_permission;
use super::args::Ping;
use super::progress::Watcher;

/// A census that has ended, and the failure that ended it early.
pub(super) struct Done {
    pub(super) census: Census,
    pub(super) failure: Result<(), TransportError>,
}

impl Ping {
    pub(super) fn measure(
        &self,
        addresses: &[Ipv4Addr],
        random: &mut StdRng,
        block: &Block,
        (medium, user): (&Medium, Option<&User>),
        common: &Common,
    ) -> anyhow::Result<Done> {
        let Some(target) = addresses.first().copied() else { anyhow::bail!("no target is left") };
        let source = medium.source(&self.send, target)?;
        let mut opened = self.open(medium, target, random)?;
        let interrupt = Interrupt::awaited().context("installing a signal handler")?;
        give_up(user, common)?;
        let connects = self.args.methods().iter().any(|method| method.packets().is_none());
        Needs::default()
            .writes(Written::Grown, self.files.append.as_deref())
            .writes(Written::InPlace, self.files.census.as_deref())
            .opens_sockets(connects && !medium.is_virtual())
            .confine(common);
        if let Some(opened) = &opened {
            common.info(|| format!("{}; from {source}", opened.why));
        }
        let mut watcher = Watcher::new(common.quiet, interrupt);
        let settings = self.args.settings(&self.send, addresses.len());
        let mut census = Census::new(addresses, settings.clone());
        let mut failure = Ok(());
        for method in self.args.methods() {
            let watch = &mut |progress: &PingProgress| watcher.on_progress(progress);
            failure = if let (Some(packets), Some(opened)) = (method.packets(), &mut opened) {
                let mut pings = PacketPings::new(&mut *opened.transport, packets);
                census.ping(method, &mut pings, watch)
            } else {
                let before = Moment::START + census.measured.took;
                let now = opened.as_ref().map_or(before, |it| it.transport.now().max(before));
                let timeout = settings.timeout(method);
                let mut connections = medium.connections(source, timeout, now)?;
                census.ping(method, &mut ConnectPings::new(&mut *connections), watch)
            };
            if failure.is_err() {
                break;
            }
        }
        mark_implausible(&mut census.hosts, block, source);
        if let (None, Some(deadline)) = (self.send.deadline, settings.deadline) {
            run_notes::ended_by_default(&census.measured, deadline, common);
        }
        Ok(Done { census, failure })
    }

    /// Opens what carries echo requests and datagrams, where any are asked for.
    fn open(
        &self,
        medium: &Medium,
        target: Ipv4Addr,
        random: &mut StdRng,
    ) -> anyhow::Result<Option<OpenTransport>> {
        let packets = self.args.methods().into_iter().filter_map(PingMethod::packets);
        let flows: Vec<_> = packets.map(|method| (FLOW, method)).collect();
        if flows.is_empty() {
            return Ok(None);
        }
        let secret = secret(random)?;
        let opened = medium.open(&self.send, secret, target, &flows);
        Ok(Some(
            opened.map_err(|error| explain_permission(error, "TCP needs neither: --method tcp"))?,
        ))
    }
}

/// Pings `addresses` by ICMP, over the sockets of a run that has traced.
pub(in super::super) fn after_traces(
    opened: &mut OpenTransport,
    addresses: &[Ipv4Addr],
    block: &Block,
    settings: PingSettings,
    mut watcher: Watcher,
) -> (Census, Result<(), TransportError>) {
    let mut census = Census::new(addresses, settings);
    let mut pings = PacketPings::new(&mut *opened.transport, ProbeMethod::Icmp);
    let watch = &mut |progress: &PingProgress| watcher.on_progress(progress);
    let failure = census.ping(PingMethod::Icmp, &mut pings, watch);
    mark_implausible(&mut census.hosts, block, opened.source);
    (census, failure)
}
