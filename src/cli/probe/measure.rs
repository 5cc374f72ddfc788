//! The measurement of `probe`: open the sockets, give up privileges, run the engine.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use rand::rngs::StdRng;

use crate::census::{Census, FLOW};
use crate::owner::Owners;
use crate::probe::engine::Measured;
use crate::probe::packet::Secret;
use crate::probe::transport::{OpenTransport, TransportError};
use crate::probe::{ProbeMethod, TraceJob, TraceSettings};
use crate::sandbox::{User, Written};
use crate::survey::{Keep, Survey};
use crate::targets::Targets;
use crate::trace::Strategy;

use super::super::common::Common;
use super::super::confinement::{Needs, give_up};
use super::super::interrupt::Interrupt;
use super::super::medium::Medium;
use super::super::ping;
use super::super::progress::Watcher;
use super::super::run::secret;
use super::super::run_notes;
use super::super::sockets::explain_permission;
use super::args::{Methods, Probe};
use super::arrive::Living;

/// The packets of a trace, where they are many: at the border, and of a complete one.
pub(super) const MOST_USUAL: usize = 6;
pub(super) const MOST_USUAL_COMPLETE: usize = 25;

/// How much of the time until `deadline` a run may wait while it has nothing to send: the rest is for sending, and for
/// ending every trace.
fn waiting_within(deadline: Duration) -> Duration {
    deadline.mul_f64(0.6)
}

/// A measurement that has ended.
pub(super) struct Done<'t> {
    pub(super) measured: Measured,
    /// What asking hosts took, before the traces.
    pub(super) asked: Measured,
    pub(super) survey: Survey<'t>,
    pub(super) methods: Methods,
    /// What ended it early.
    pub(super) failure: Result<(), TransportError>,
    /// Which targets are alive, if that was asked and the traces came to their own end.
    pub(super) census: Option<Census>,
    /// Whether the address to send from is another one by now: replies went to the old one.
    pub(super) moved: bool,
    /// How long all of it could take.
    pub(super) deadline: Duration,
}

impl Probe {
    /// Traces `addresses` in a run that began at `began`. A failure that ends the run early comes with what was measured until then.
    pub(super) fn measure<'t>(
        &self,
        addresses: &[Ipv4Addr],
        (targets, owners): (&'t Targets, &Owners<'t>),
        began: Timestamp,
        random: &mut StdRng,
        (medium, user, explains): (&Medium, Option<&User>, bool),
        common: &Common,
    ) -> anyhow::Result<Done<'t>> {
        anyhow::ensure!(!addresses.is_empty(), "no target is left");
        let mut methods = self.trace.method.unwrap_or_default();
        let mut job = TraceJob {
            targets,
            addresses: addresses.to_vec(),
            methods: self.trace.packets(methods)?,
            flows: self.trace.flows,
            settings: self.trace.settings(&self.send),
            began,
        };
        let secret = secret(random)?;
        let hosts = self.hosts_to_ask(addresses, targets, random)?;
        let mut by_icmp = true;
        let deadline = self.deadline(&job, &hosts);
        job.settings.deadline = Some(deadline);
        job.settings.waiting = job.settings.waiting.min(waiting_within(deadline));
        let mut opened = match self.open(&job, by_icmp, secret, medium) {
            Err(TransportError::NoPing | TransportError::NotOffered { .. })
                if self.trace.method.is_none() && !self.ping =>
            {
                common.warn("ICMP needs a privilege here: probing by UDP");
                methods = Methods::Udp;
                job.methods = self.trace.packets(methods)?;
                by_icmp = false;
                self.open(&job, by_icmp, secret, medium)
            }
            opened => opened,
        }
        .map_err(|error| {
            explain_permission(error, "UDP and TCP need neither: --method udp or --method tcp")
        })?;
        let interrupt = Interrupt::awaited().context("installing a signal handler")?;
        let later = medium.source_later(&self.send)?;
        give_up(user, common)?;
        self.needs(&opened, medium).confine(common);
        let (mut living, mut failure) = (Living::default(), Ok(()));
        if hosts.is_empty() && self.evidence.arrive.is_some() {
            common.warn("no host is known here that could prove arrival; --arrive census asks all");
        } else if !hosts.is_empty() {
            let asked = (interrupt.clone(), deadline, common);
            (living, failure) =
                self.find_living(&hosts, (&mut opened, medium), by_icmp, &targets.block, asked);
        }
        // A host that is traced by what it answers to is not traced otherwise.
        if job.flows().len() == 1 {
            job.addresses.retain(|target| !living.contains(*target));
        }
        let traces = job.traces() + living.count();
        common.info(|| format!("{}; from {}, {traces} traces", opened.why, opened.source));
        let keep = Keep {
            hops: explains || self.files.traces.is_some() || self.files.hops.is_some(),
            addresses: self.sources.asks(),
            sorted: true,
        };
        let survey = Survey::new(targets, keep);
        let mut watcher = Watcher::new(traces, common.quiet, (targets, owners), survey, interrupt);
        let mut measured = Measured::default();
        let complete = TraceSettings {
            strategy: Strategy::Full,
            other_ports: Vec::new(),
            ..job.settings.clone()
        };
        let arrivals = living.by_method.into_iter().map(|(method, addresses)| TraceJob {
            addresses,
            methods: vec![method],
            flows: 1,
            settings: complete.clone(),
            ..job.clone()
        });
        for mut job in arrivals.chain([job.clone()]) {
            job.settings.waiting = job.settings.waiting.saturating_sub(measured.waited);
            if failure.is_ok() && measured.cut_short.is_none() && job.traces() > 0 {
                let (more, ended) = job.run(&mut *opened.transport, random, &mut watcher);
                measured.add(more);
                failure = ended;
            }
        }
        let (survey, interrupt) = watcher.finish()?;
        let mut census = None;
        if self.ping && failure.is_ok() && measured.cut_short.is_none() {
            let (rate, deadline) = (self.send.rate(), Some(deadline));
            let settings = crate::census::PingSettings { rate, deadline, ..Default::default() };
            let watcher = ping::Watcher::new(common.quiet, interrupt);
            let (found, ended) =
                ping::after_traces(&mut opened, addresses, &targets.block, settings, watcher);
            run_notes::census(&found, &targets.block, common);
            (census, failure) = (Some(found), ended);
        }
        let target = addresses.first().copied().unwrap_or(Ipv4Addr::UNSPECIFIED);
        let moved = failure.is_ok() && later.finds_another(target, opened.source);
        let asked = living.measured;
        Ok(Done { measured, asked, survey, methods, failure, census, moved, deadline })
    }

    /// When all of it ends: as the user says, else far beyond what it takes.
    fn deadline(&self, job: &TraceJob<'_>, hosts: &[Ipv4Addr]) -> Duration {
        let complete = match job.settings.strategy {
            Strategy::Full => job.traces(),
            Strategy::Border => {
                job.traces().min(job.targets.block.routed_prefixes().len() * job.settings.pilots)
            }
        };
        let again = 1 + job.settings.other_ports.len();
        let traced =
            MOST_USUAL * (job.traces() - complete) + MOST_USUAL_COMPLETE * complete * again;
        let living = MOST_USUAL_COMPLETE * Living::most_traced(hosts, &job.targets.block);
        let asked = 3 * hosts.len() + if self.ping { 3 * job.addresses.len() } else { 0 };
        self.send.deadline_for(traced + living + asked, job.settings.timeout)
    }

    /// What is still read, written and opened once the sockets are.
    fn needs(&self, opened: &OpenTransport, medium: &Medium) -> Needs {
        let connects = opened.opens_sockets || self.evidence.arrive.is_some();
        let replaced = [&self.files.traces, &self.files.hops];
        Needs::default()
            .writes(Written::Grown, self.files.append.as_deref())
            .writes(Written::InPlace, replaced.into_iter().filter_map(Option::as_deref))
            .opens_sockets(connects && !medium.is_virtual())
            .asks_name_servers(self.sources.asks())
    }

    /// Opens sockets for the flows of `job`, and for pings where they are wanted.
    fn open(
        &self,
        job: &TraceJob<'_>,
        by_icmp: bool,
        secret: Secret,
        medium: &Medium,
    ) -> Result<OpenTransport, TransportError> {
        let pinged = self.ping.then_some((FLOW, ProbeMethod::Icmp));
        let arrival = self.arrival_flows(by_icmp);
        let flows: Vec<_> = job.flows().into_iter().chain(pinged).chain(arrival).collect();
        let target = job.addresses.first().copied().unwrap_or(Ipv4Addr::UNSPECIFIED);
        medium.open(&self.send, secret, target, &flows)
    }
}
