//! All that a run of traces needs to know: whom to trace, by which packets, and how.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;

use crate::targets::Targets;
use crate::trace::Strategy;

use super::exchange::{Flow, ProbeMethod, ProbeTtl, TraceKey};

/// Everything about a run of traces. The transport and the scheduler are made from it, so they agree
/// about the flows.
#[derive(Debug, Clone)]
pub struct TraceJob<'t> {
    /// The block, and the addresses that never decide.
    pub targets: &'t Targets,
    /// The addresses to trace, in the order in which their traces begin. Those outside the block are
    /// left out.
    pub addresses: Vec<Ipv4Addr>,
    /// The kinds of packet; each target is traced by each of them.
    pub methods: Vec<ProbeMethod>,
    /// How many flows of each target and method are traced.
    pub flows: u8,
    /// How to trace.
    pub settings: TraceSettings,
    /// The time of day when the run began.
    pub began: Timestamp,
}

/// How to trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSettings {
    /// Where the packets are spent.
    pub strategy: Strategy,
    /// With [`Strategy::Border`]: how many traces of each routed prefix are pilots. They are complete,
    /// and show the others where the border is. Also how many at a time become complete traces because
    /// they met a router that no pilot has shown.
    pub pilots: usize,
    /// Attempts at every TTL that stays silent.
    pub attempts: u8,
    /// Further attempts, spread over time, at the silent TTLs behind what may be the border. Where
    /// other traces of the prefix got further there are as many as a probe can number.
    pub border_attempts: u8,
    /// How long a reply may take before its TTL is probed again. A later reply still counts as long as
    /// its trace is under way.
    pub timeout: Duration,
    /// The furthest TTL.
    pub max_ttl: ProbeTtl,
    /// How many silent TTLs in a row end a trace.
    pub gap_limit: u8,
    /// How many TTLs of one trace may be awaited at once.
    pub window: usize,
    /// How many probes of all traces may be awaited before another trace begins.
    pub in_flight: usize,
    /// Packets per second; no limit without it.
    pub rate: Option<NonZeroU32>,
    /// How long all of it may wait while there is nothing to send: for retries, for hops that limit their answers, for what
    /// the first traces find, for a second round. Then every trace ends with the usual attempts.
    pub waiting: Duration,
    /// When to stop, measured from the start.
    pub deadline: Option<Duration>,
    /// TCP ports beside the one of [`ProbeMethod::Tcp`]. A target that stays silent by one is traced
    /// again by the next. Of its traces the one that it answers is kept; without any, the first.
    pub other_ports: Vec<u16>,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            pilots: 4,
            attempts: 2,
            border_attempts: 4,
            timeout: Duration::from_secs(1),
            max_ttl: ProbeTtl::new(30).unwrap_or(ProbeTtl::FIRST),
            gap_limit: 5,
            window: 3,
            in_flight: 4096,
            rate: NonZeroU32::new(200),
            waiting: Duration::from_mins(2),
            deadline: None,
            other_ports: Vec::new(),
        }
    }
}

impl<'t> TraceJob<'t> {
    /// A job that traces `addresses` by echo requests in one flow each, with the default settings, in a
    /// run that began at `began`.
    #[must_use]
    pub fn new(targets: &'t Targets, addresses: Vec<Ipv4Addr>, began: Timestamp) -> Self {
        Self {
            targets,
            addresses,
            methods: vec![ProbeMethod::Icmp],
            flows: 1,
            settings: TraceSettings::default(),
            began,
        }
    }

    /// The flows of each target, each with its method. All have numbers of their own, because flows of
    /// different methods are different flows. At most [`Flow::MOST`].
    #[must_use]
    pub fn flows(&self) -> Vec<(Flow, ProbeMethod)> {
        let methods = (0..self.flows).flat_map(|_| self.methods.iter().copied());
        (0..Flow::MOST).filter_map(Flow::new).zip(methods).collect()
    }

    /// How many traces there will be.
    #[must_use]
    pub fn traces(&self) -> usize {
        let block = &self.targets.block;
        let inside = self.addresses.iter().filter(|address| block.contains(**address));
        inside.count() * self.flows().len()
    }

    /// The traces in the order in which they begin, and how many of them, the first ones, are pilots.
    /// One flow is traced after the other, so that a target does not see all of its flows at once.
    pub(super) fn keys(&self) -> (Vec<TraceKey>, usize) {
        let mut keys = Vec::new();
        for (flow, method) in self.flows() {
            let inside = |target: &&Ipv4Addr| self.targets.block.contains(**target);
            let targets = self.addresses.iter().filter(inside);
            keys.extend(targets.map(|target| TraceKey { target: *target, method, flow }));
        }
        if self.settings.strategy == Strategy::Full {
            return (keys, 0);
        }
        let mut taken = vec![0; self.groups()];
        let (mut first, rest): (Vec<TraceKey>, Vec<TraceKey>) = keys.into_iter().partition(|key| {
            let count = &mut taken[self.group(key)];
            *count += 1;
            *count <= self.settings.pilots
        });
        let pilots = first.len();
        first.extend(rest);
        (first, pilots)
    }

    /// The place of a trace's group among [`Self::groups`]: its routed prefix and its method. What the
    /// traces of one group show together is known for all of them.
    pub(super) fn group(&self, key: &TraceKey) -> usize {
        let prefix = self.targets.block.routed_index(key.target).unwrap_or_default();
        prefix * ProbeMethod::COUNT + key.method.index()
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.targets.block.routed_prefixes().len() * ProbeMethod::COUNT
    }
}
