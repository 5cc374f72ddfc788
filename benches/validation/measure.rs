//! Traces a random network by the engine itself, in virtual time, and judges what came back.

use std::num::NonZeroU32;

use jiff::Timestamp;
use lasthop::lab::{Network, VirtualTransport};
use lasthop::owner::Owners;
use lasthop::probe::packet::{Codec, Secret};
use lasthop::probe::{
    Attempt, Flow, Probe, ProbeMethod, ProbeTtl, TraceJob, TraceKey, TraceSettings,
};
use lasthop::targets::{PeerUpstream, Targets, sample, select};
use lasthop::trace::{Strategy, Trace};
use lasthop::transit::{Judgement, judge};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::odds::CarrierKind;
use super::world::{Announced, World};

/// A judged trace, and what it should have been.
pub(crate) struct Judged {
    /// The trace.
    pub(crate) trace: Trace,
    /// What was judged.
    pub(crate) judgement: Judgement,
    /// What was judged with the evidence of BGP.
    pub(crate) with_bgp: Judgement,
    /// The true class.
    pub(crate) truth: String,
    /// Whether the last carrier shows itself on the path.
    pub(crate) shown: bool,
    /// Whether the whole block is cut off.
    pub(crate) outage: bool,
}

/// Measures the network as `lasthop probe` would: every other one by ICMP or UDP, every other one by
/// complete traces or from the border.
pub(crate) fn measure(world: World, number: u64, targets: &Targets) -> Vec<Judged> {
    let strategy = if number.is_multiple_of(2) { Strategy::Border } else { Strategy::Full };
    let method = if number % 4 < 2 { ProbeMethod::Icmp } else { ProbeMethod::Udp };
    let (vantage, outage) = (world.scenario.vantage, world.outage);
    let codec = Codec::new(Secret::new(u128::from(number).to_le_bytes()));
    let mut transport = VirtualTransport::new(Network::new(world.scenario, number), codec);
    let mut random = StdRng::seed_from_u64(number);
    let addresses = select(&targets.block, &[], &mut random).expect("addresses");
    let job = TraceJob {
        targets,
        addresses: sample(&targets.block, &addresses, world.sample),
        methods: vec![method],
        flows: 1,
        settings: TraceSettings {
            strategy,
            rate: NonZeroU32::new(200),
            ..TraceSettings::default()
        },
        began: Timestamp::UNIX_EPOCH,
    };
    let mut traces: Vec<Trace> = Vec::new();
    let (_, failure) = job.run(&mut transport, &mut random, &mut traces);
    failure.expect("measured");
    let judgements = judge(&traces, targets, &Owners::new(targets));
    let shown = shown(&world.announced, targets);
    let with_bgp = judge(&traces, &shown, &Owners::new(&shown));
    let truth = |trace: &Trace| {
        let key = TraceKey { target: trace.target, method, flow: Flow::default() };
        let first = Probe { key, ttl: ProbeTtl::FIRST, attempt: Attempt::default() };
        let truth = transport.network().truth(&codec.encode(vantage, &first)).expect("a truth");
        (truth.class.clone(), truth.last_hop.is_some())
    };
    let truths: Vec<(String, bool)> = traces.iter().map(truth).collect();
    traces
        .into_iter()
        .zip(judgements)
        .zip(with_bgp)
        .zip(truths)
        .map(|(((trace, judgement), with_bgp), (truth, shown))| Judged {
            trace,
            judgement,
            with_bgp,
            truth,
            shown,
            outage,
        })
        .collect()
}

/// What is known with the evidence of BGP. An AS stands for whoever holds its pool of addresses.
fn shown(announced: &[Vec<Announced>], targets: &Targets) -> Targets {
    let mut targets = targets.clone();
    targets.upstreams.is_given = true;
    let scopes: Vec<_> = targets.block.routed_prefixes().collect();
    for (scope, paths) in scopes.into_iter().zip(announced) {
        let mut all = Vec::new();
        for one in paths {
            let carrier = targets.carriers.of_address(one.pool.addr()).map(|(carrier, _)| carrier);
            let class = match one.owner {
                CarrierKind::Other | CarrierKind::Nobody => None,
                of => targets.classes.named(of.class()),
            };
            let upstream = u32::from(one.pool.addr());
            let carrier = carrier.map(|carrier| carrier.name.clone());
            targets.upstreams.add_name(upstream, carrier, class);
            all.push(PeerUpstream { peer: one.peer, prefix: scope, upstream, fork: one.peer });
        }
        targets.upstreams.add_view((false, "collector"), Timestamp::UNIX_EPOCH, all);
    }
    targets
}
