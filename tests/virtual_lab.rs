//! The whole road in virtual time: every built-in scenario, all 1,024 addresses, against the truth
//! that the scenario states.

use std::net::Ipv4Addr;
use std::ops::ControlFlow;

use jiff::Timestamp;
use lasthop::border;
use lasthop::lab::{self, Network, Truth, VirtualWire};
use lasthop::probe::engine::{self, Measured, Progress, Watch};
use lasthop::probe::packet::{Codec, Secret};
use lasthop::probe::plan::Plan;
use lasthop::probe::{Attempt, Finished, Method, Probe, Settings, Ttl};
use lasthop::targets::{Targets, select};
use lasthop::trace::Trace;
use rand::SeedableRng;
use rand::rngs::StdRng;

struct Nobody;

impl Watch for Nobody {
    fn look(&mut self, _: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn ended(&mut self, _: &Finished) {}
}

fn measure(name: &str, method: Method, seed: u64, settings: &Settings) -> (Measured, Vec<Truth>) {
    let targets = Targets::built_in().expect("targets");
    let scenario = lab::built_in(name).expect("a scenario").expect("a right one");
    let vantage = scenario.vantage;
    let codec = Codec::new(Secret::new(*b"known to one run"));
    let mut wire = VirtualWire::new(Network::new(scenario, seed), codec);
    let mut random = StdRng::seed_from_u64(seed);
    let addresses = select(&targets.block, &[], &mut random).expect("addresses");
    let plan = Plan::new(targets.block, settings.clone(), &addresses, &[method], 1, &mut random);
    let measured = engine::run(&mut wire, plan, settings, &mut Nobody).expect("measured");
    let truth = |finished: &Finished| {
        let probe = Probe { path: finished.path, ttl: Ttl::FIRST, attempt: Attempt::default() };
        wire.network().truth(&codec.encode(vantage, &probe)).cloned().expect("a truth")
    };
    let truths = measured.traces.iter().map(truth).collect();
    (measured, truths)
}

#[test]
fn look() {
    let targets = Targets::built_in().expect("targets");
    for name in lab::NAMES {
        for rate in [200, 1000] {
            let settings =
                Settings { rate: std::num::NonZeroU32::new(rate), ..Settings::default() };
            let clock = std::time::Instant::now();
            let (measured, truths) = measure(name, Method::Icmp, 1, &settings);
            let right = measured
                .traces
                .iter()
                .zip(&truths)
                .filter(|(finished, truth)| {
                    let trace = Trace::of(finished, Timestamp::UNIX_EPOCH);
                    let border = border::find(&trace, &targets.block, &targets.specials);
                    border.last.map(|last| last.address) == truth.last_hop
                })
                .count();
            println!(
                "{name:18} {rate:5}: right {right} of {} packets/target {:.1} took {:?} real {:?}",
                truths.len(),
                measured.packets as f64 / 1024.0,
                measured.took,
                clock.elapsed()
            );
        }
    }
}
