//! Traces a routed prefix and says which classes its traces have: `cargo run --example trace_prefix`.
//!
//! The network is the lab's, in virtual time, so no packet is sent. On the wire, the transport is
//! [`lasthop::probe::transport::open`]; nothing else changes.

use jiff::Timestamp;
use lasthop::lab::{DEFAULT, Network, VirtualTransport, built_in};
use lasthop::owner::Owners;
use lasthop::probe::TraceJob;
use lasthop::probe::packet::{Codec, Secret};
use lasthop::survey::{Keep, Survey};
use lasthop::targets::{Targets, select};
use rand::SeedableRng;
use rand::rngs::StdRng;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let targets = Targets::built_in()?;
    let mut random = StdRng::seed_from_u64(7);
    let addresses = select(&targets.block, &["175.45.178.0/24".parse()?], &mut random)?;
    let job = TraceJob::new(&targets, addresses, Timestamp::now());

    let scenario = built_in(DEFAULT).ok_or("no such scenario")??;
    let codec = Codec::new(Secret::new([7; 16]));
    let mut transport = VirtualTransport::new(Network::new(scenario, 7), codec);
    let mut traces = Vec::new();
    let (_, ended) = job.run(&mut transport, &mut random, &mut traces);
    ended?;

    let mut survey = Survey::new(&targets, Keep::default());
    for trace in &traces {
        survey.add(trace)?;
    }
    let split = survey.judge(&Owners::new(&targets))?.split();
    for (class, count) in &split.block.counts {
        println!("{}: {count}", class.name(&targets.classes));
    }
    Ok(())
}
