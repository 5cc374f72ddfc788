//! What a run is measured over: this machine's sockets, or the lab's model in virtual time.
//!
//! Both stand behind the same seam, so `probe` and `ping` measure, judge and write in one way.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::lab::{Network, Scenario, VirtualConnections, VirtualTransport};
use crate::probe::packet::{Codec, Secret};
use crate::probe::transport::{
    self, Connect, ConnectReply, OpenTransport, SourceSocket, Transport, TransportError,
};
use crate::probe::{Flow, Moment, ProbeMethod};
use crate::sandbox::has_lent_raw_sockets;

use super::run::SendArgs;

/// What carries the packets of a run.
pub(super) enum Medium {
    /// The sockets of this machine, or of the namespace that it is in.
    Sockets,
    /// The model of a scenario, with the seed of its loss and jitter. Nothing is opened or sent.
    Model(Box<Scenario>, u64),
}

/// From which address packets will leave; in virtual time always from the same.
pub(super) struct SourceLater(Option<SourceSocket>);

impl SourceLater {
    /// Whether packets to `target` leave from another address than `source` by now.
    pub(super) fn finds_another(self, target: Ipv4Addr, source: Ipv4Addr) -> bool {
        self.0.is_some_and(|socket| socket.towards(target).is_ok_and(|now| now != source))
    }
}

impl Medium {
    /// Whether no packet leaves this process.
    pub(super) const fn is_virtual(&self) -> bool {
        matches!(self, Self::Model(..))
    }

    /// Refuses what only sockets have, and what is too much for raw sockets that the capabilities of the program's file give.
    pub(super) fn check(&self, args: &SendArgs, flows: u8) -> anyhow::Result<()> {
        match self {
            Self::Sockets => args.check_lent(has_lent_raw_sockets(), flows)?,
            Self::Model(..) => anyhow::ensure!(
                args.source.is_none(),
                "in virtual time there is no address to choose; leave out --source"
            ),
        }
        Ok(())
    }

    /// The address from which probes to `target` leave.
    pub(super) fn source(
        &self,
        args: &SendArgs,
        target: Ipv4Addr,
    ) -> Result<Ipv4Addr, TransportError> {
        match self {
            Self::Sockets => transport::source_address(args.source, target),
            Self::Model(scenario, _) => Ok(scenario.vantage),
        }
    }

    /// What finds that address out again, later and without another socket.
    pub(super) fn source_later(&self, args: &SendArgs) -> Result<SourceLater, TransportError> {
        Ok(match self {
            Self::Sockets => SourceLater(Some(SourceSocket::open(args.source)?)),
            Self::Model(..) => SourceLater(None),
        })
    }

    /// Opens what carries `flows`.
    pub(super) fn open(
        &self,
        args: &SendArgs,
        secret: Secret,
        target: Ipv4Addr,
        flows: &[(Flow, ProbeMethod)],
    ) -> Result<OpenTransport, TransportError> {
        match self {
            Self::Sockets => {
                transport::open(args.wire.choice(), secret, args.source, target, flows)
            }
            Self::Model(scenario, seed) => Ok(OpenTransport {
                source: scenario.vantage,
                opens_sockets: false,
                transport: Box::new(VirtualTransport::new(
                    Network::new((**scenario).clone(), *seed),
                    Codec::new(secret),
                )),
                why: "the lab's model, in virtual time",
            }),
        }
    }

    /// What opens connections from `source`, and gives each up after `timeout`. Its clock shows `now`.
    pub(super) fn connections(
        &self,
        source: Ipv4Addr,
        timeout: Duration,
        now: Moment,
    ) -> Result<Box<dyn Transport<Connect, ConnectReply>>, TransportError> {
        match self {
            Self::Sockets => transport::connections(source, timeout, now),
            Self::Model(scenario, seed) => {
                let network = Network::new((**scenario).clone(), *seed);
                Ok(Box::new(VirtualConnections::new(network, timeout, now)))
            }
        }
    }
}
