//! Traces a random network by the engine itself, in virtual time, and judges what came back.

use std::num::NonZeroU32;

use jiff::Timestamp;
use lasthop::lab::{Network, VirtualTransport};
use lasthop::owner::Owners;
use lasthop::probe::engine;
use lasthop::probe::packet::{Codec, Secret};
use lasthop::probe::scheduler::TraceScheduler;
use lasthop::probe::{Attempt, Finished, Probe, ProbeMethod, ProbeTtl, TraceSettings};
use lasthop::targets::{Targets, sample, select};
use lasthop::trace::{Strategy, Trace};
use lasthop::transit::{Judgement, judge};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::world::World;

/// A judged trace, and what it should have been.
pub(crate) struct Judged {
    /// The trace.
    pub(crate) trace: Trace,
    /// What was judged.
    pub(crate) judgement: Judgement,
    /// The true class.
    pub(crate) truth: String,
    /// Whether the last carrier shows itself on the path.
    pub(crate) shown: bool,
}

/// Measures the network as `lasthop probe` would: every other one by ICMP or UDP, every other one by
/// complete traces or from the border.
pub(crate) fn measure(world: World, number: u64, targets: &Targets) -> Vec<Judged> {
    let strategy = if number.is_multiple_of(2) { Strategy::Border } else { Strategy::Full };
    let method = if number % 4 < 2 { ProbeMethod::Icmp } else { ProbeMethod::Udp };
    let settings =
        TraceSettings { strategy, rate: NonZeroU32::new(200), ..TraceSettings::default() };
    let vantage = world.scenario.vantage;
    let codec = Codec::new(Secret::new(u128::from(number).to_le_bytes()));
    let mut wire = VirtualTransport::new(Network::new(world.scenario, number), codec);
    let mut random = StdRng::seed_from_u64(number);
    let addresses = select(&targets.block, &[], &mut random).expect("addresses");
    let addresses = sample(&targets.block, &addresses, world.sample);
    let plan = TraceScheduler::new(
        targets.clone(),
        settings.clone(),
        &addresses,
        &[method],
        1,
        &mut random,
    );
    let mut kept: Vec<Finished> = Vec::new();
    let (_, failure) = engine::run(&mut wire, plan, &settings, &mut kept);
    failure.expect("measured");
    let traces: Vec<Trace> = kept.iter().map(|it| it.trace(Timestamp::UNIX_EPOCH)).collect();
    let judgements = judge(&traces, targets, &Owners::new(targets));
    let truth = |finished: &Finished| {
        let first = Probe { key: finished.key, ttl: ProbeTtl::FIRST, attempt: Attempt::default() };
        let truth = wire.network().truth(&codec.encode(vantage, &first)).expect("a truth");
        (truth.class.clone(), truth.last_hop.is_some())
    };
    let truths: Vec<(String, bool)> = kept.iter().map(truth).collect();
    traces
        .into_iter()
        .zip(judgements)
        .zip(truths)
        .map(|((trace, judgement), (truth, shown))| Judged { trace, judgement, truth, shown })
        .collect()
}
