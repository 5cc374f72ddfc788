//! The measurement of `probe`: open the sockets, give up privileges, run the engine.

use std::net::Ipv4Addr;

use anyhow::Context;
use jiff::Timestamp;
use rand::RngExt;
use rand::rngs::StdRng;

use crate::census::{Census, FLOW};
use crate::owner::Owners;
use crate::probe::engine::{self, Measured};
use crate::probe::packet::Secret;
use crate::probe::plan::Plan;
use crate::probe::wire::{self, Opened, WireError};
use crate::probe::{Method, flows_of, give_up_privileges};
use crate::survey::{Keep, Survey};
use crate::targets::Targets;

use super::super::common::Common;
use super::super::interrupt::Interrupt;
use super::super::ping;
use super::super::progress::Watcher;
use super::super::run_notes;
use super::super::sockets::explain_permission;
use super::Probe;
use super::args::Methods;

/// A measurement that has ended.
pub(super) struct Done<'t> {
    pub(super) measured: Measured,
    pub(super) survey: Survey<'t>,
    pub(super) methods: Methods,
    /// What ended it early.
    pub(super) failure: Result<(), WireError>,
    /// Which targets are alive, if that was asked and the traces came to their own end.
    pub(super) census: Option<Census>,
}

impl Probe {
    /// Traces `addresses` in a run that began at `began`. A failure that ends the run early comes with what was measured until then.
    pub(super) fn measure<'t>(
        &self,
        addresses: &[Ipv4Addr],
        targets: &'t Targets,
        owners: &Owners<'t>,
        began: Timestamp,
        random: &mut StdRng,
        common: &Common,
    ) -> anyhow::Result<Done<'t>> {
        let (mut opened, methods) = self.open(addresses, random, common)?;
        give_up_privileges()?;
        let settings = self.trace.settings(&self.send);
        let plan = Plan::new(
            targets.clone(),
            settings.clone(),
            addresses,
            methods.list(),
            self.trace.flows,
            random,
        );
        common.info(|| format!("{}; from {}, {} traces", opened.why, opened.source, plan.len()));
        let interrupt = Interrupt::awaited().context("installing a signal handler")?;
        let keep = Keep {
            hops: self.files.traces.is_some() || self.files.hops.is_some(),
            addresses: self.sources.asks(),
            sorted: true,
        };
        let survey = Survey::new(targets, keep);
        let mut watcher =
            Watcher::new(plan.len(), common.quiet, (targets, owners), survey, began, interrupt);
        let (measured, mut failure) = engine::run(&mut *opened.wire, plan, &settings, &mut watcher);
        let (survey, interrupt) = watcher.finish()?;
        let mut census = None;
        if self.ping && failure.is_ok() && measured.cut_short.is_none() {
            let (rate, deadline) = (self.send.rate(), self.send.deadline);
            let settings = crate::census::Settings { rate, deadline, ..Default::default() };
            let watcher = ping::Watcher::new(common.quiet, interrupt);
            let (found, ended) =
                ping::after_traces(&mut opened, addresses, &targets.block, settings, watcher);
            run_notes::census(&found, Some(opened.wire.tally()), common);
            (census, failure) = (Some(found), ended);
        }
        Ok(Done { measured, survey, methods, failure, census })
    }

    /// Opens sockets for the method that was asked for; without one, for ICMP where that is
    /// allowed, and for UDP elsewhere.
    fn open(
        &self,
        addresses: &[Ipv4Addr],
        random: &mut StdRng,
        common: &Common,
    ) -> anyhow::Result<(Opened, Methods)> {
        const WITHOUT: &str = "UDP needs neither: --method udp";
        let Some(target) = addresses.first().copied() else { anyhow::bail!("no target is left") };
        let secret = Secret::new(random.random());
        let open = |methods: Methods| {
            let pinged = self.ping.then_some((FLOW, Method::Icmp));
            let flows: Vec<_> = flows_of(methods.list(), self.trace.flows).chain(pinged).collect();
            let opened =
                wire::open(self.send.wire.choice(), secret, self.send.source, target, &flows);
            opened.map(|opened| (opened, methods))
        };
        match open(self.trace.method.unwrap_or_default()) {
            Err(WireError::NoPing) if self.trace.method.is_none() && !self.ping => {
                common.warn("ICMP is not allowed here without privileges: probing by UDP");
                open(Methods::Udp).map_err(|error| explain_permission(error, WITHOUT))
            }
            opened => opened.map_err(|error| explain_permission(error, WITHOUT)),
        }
    }
}
