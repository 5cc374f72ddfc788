//! The measurement itself: sockets, then no privileges, then the engine.

use anyhow::Context;
use rand::RngExt;

use crate::census::{Census, FLOW};
use crate::probe::engine::{self, Measured};
use crate::probe::packet::Secret;
use crate::probe::scheduler::TraceScheduler;
use crate::probe::transport::{self, OpenTransport, TransportError};
use crate::probe::{Archive, ProbeMethod, flows_of};

use super::super::common::Common;
use super::super::interrupt::Interrupt;
use super::super::ping;
use super::super::privileges;
use super::super::progress::Watcher;
use super::Probe;
use super::how::Methods;
use super::prepare::Prepared;

/// A measurement that has ended.
pub(super) struct Done {
    pub(super) measured: Measured,
    pub(super) traces: Archive,
    pub(super) methods: Methods,
    pub(super) failure: Result<(), TransportError>,
    /// Which targets live, where that was asked for and the traces came to their own end.
    pub(super) census: Option<Census>,
}

impl Probe {
    /// Measures, and hands on the traces and by what methods they were made. The failure that
    /// ended it early comes with them.
    pub(super) fn measure(
        &self,
        prepared: &mut Prepared<'_>,
        common: &Common,
    ) -> anyhow::Result<Done> {
        let (mut opened, methods) = self.open(prepared, common)?;
        privileges::give_up()?;
        let settings = self.how.settings();
        let plan = TraceScheduler::new(
            prepared.targets.clone(),
            settings.clone(),
            &prepared.addresses,
            methods.list(),
            self.how.flows,
            &mut prepared.random,
        );
        common.say(|| format!("{}; from {}, {} traces", opened.why, opened.source, plan.len()));
        let (targets, owners) = (prepared.targets, &prepared.owners);
        let interrupt = Interrupt::awaited().context("installing a signal handler")?;
        let mut watcher =
            Watcher::new(plan.len(), common.quiet, targets, owners, interrupt.clone());
        let (measured, mut failure) =
            engine::run(&mut *opened.transport, plan, &settings, &mut watcher);
        let mut traces = watcher.kept()?;
        traces.sort();
        let mut census = None;
        if self.ping && failure.is_ok() && measured.cut_short.is_none() {
            let (found, ended) = self.ping(&mut opened, prepared, common, interrupt);
            (census, failure) = (Some(found), ended);
        }
        Ok(Done { measured, traces, methods, failure, census })
    }

    /// Asks who lives, by the same sockets.
    fn ping(
        &self,
        opened: &mut OpenTransport,
        prepared: &Prepared<'_>,
        common: &Common,
        interrupt: Interrupt,
    ) -> (Census, Result<(), TransportError>) {
        let how = (self.how.rate, self.how.deadline);
        let (addresses, block) = (&prepared.addresses, &prepared.targets.block);
        let quiet = common.quiet;
        let done = ping::after_traces(opened, addresses, block, how, quiet, interrupt);
        ping::closing(&done.0, Some(opened.transport.counts()), common);
        done
    }

    /// Opens sockets for the method that was asked for; without one, for ICMP where that is
    /// allowed, and for UDP elsewhere.
    fn open(
        &self,
        prepared: &mut Prepared<'_>,
        common: &Common,
    ) -> anyhow::Result<(OpenTransport, Methods)> {
        let Some(target) = prepared.addresses.first().copied() else {
            anyhow::bail!("no target is left")
        };
        let secret = Secret::new(prepared.random.random());
        let (choice, source) = (self.how.wire.choice(), self.how.source);
        let open = |methods: Methods| {
            let pinged = self.ping.then_some((FLOW, ProbeMethod::Icmp));
            let flows: Vec<_> = flows_of(methods.list(), self.how.flows).chain(pinged).collect();
            transport::open(choice, secret, source, target, &flows).map(|opened| (opened, methods))
        };
        match open(self.how.method.unwrap_or_default()) {
            Err(TransportError::NoPing) if self.how.method.is_none() && !self.ping => {
                common.warn("ICMP is not allowed here without privileges: probing by UDP");
                open(Methods::Udp).map_err(|error| explained(error, BY_UDP))
            }
            opened => opened.map_err(|error| explained(error, BY_UDP)),
        }
    }
}

/// What needs no permission.
const BY_UDP: &str = "UDP needs neither: --method udp";

/// Where permission is missing, names the commands that grant it, or what goes without.
pub(in super::super) fn explained(error: TransportError, without: &str) -> anyhow::Error {
    let program = std::env::current_exe()
        .map_or_else(|_| "lasthop".into(), |path| path.display().to_string());
    let raw = format!("sudo setcap cap_net_raw+ep {program}");
    let mend = match error {
        TransportError::NoRaw => {
            format!("raw sockets need the capability CAP_NET_RAW; this grants it:\n  {raw}")
        }
        TransportError::NoPing => format!(
            "ICMP without privileges is switched off here; this allows it:\n  \
             sudo sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"\n\
             and so does, for this program alone:\n  {raw}\n\
             {without}"
        ),
        other => return other.into(),
    };
    anyhow::Error::new(error).context(mend)
}
