//! Both strategies in virtual time: over every built-in scenario, and over blocks that grow to a
//! million targets. Prints Markdown tables; `cargo bench --bench virtual_time`.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run has failed")]
#![expect(clippy::cast_precision_loss, reason = "ratios are printed with two decimals")]

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::time::Instant;

use jiff::Timestamp;
use lasthop::lab::{self, Network, Scenario, VirtualWire};
use lasthop::owner::Owners;
use lasthop::probe::engine::{self, Measured, Progress, Watch};
use lasthop::probe::packet::{Codec, Secret};
use lasthop::probe::plan::Plan;
use lasthop::probe::{Attempt, Finished, Flow, Method, Path, Probe, Settings, Ttl};
use lasthop::survey::{JudgeOptions, JudgedTrace, Keep, Survey};
use lasthop::targets::{Targets, select};
use lasthop::trace::Strategy;
use nix::sys::resource::{UsageWho, getrusage};
use rand::SeedableRng;
use rand::rngs::StdRng;

const SEED: u64 = 7;

struct Keeper<'t>(Survey<'t>);

impl Watch for Keeper<'_> {
    fn look(&mut self, _: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn ended(&mut self, finished: Finished) {
        self.0.add(&finished.trace(Timestamp::UNIX_EPOCH)).expect("kept");
    }
}

struct Run {
    targets: usize,
    measured: Measured,
    right: usize,
    cpu: f64,
}

fn run(targets: &Targets, scenario: Scenario, strategy: Strategy, rate: u32) -> Run {
    let settings = Settings { strategy, rate: NonZeroU32::new(rate), ..Settings::default() };
    let vantage = scenario.vantage;
    let codec = Codec::new(Secret::new([7; 16]));
    let mut wire = VirtualWire::new(Network::new(scenario, SEED), codec);
    let mut random = StdRng::seed_from_u64(SEED);
    let addresses = select(&targets.block, &[], &mut random).expect("addresses");
    let methods = [Method::Icmp];
    let plan = Plan::new(targets.clone(), settings.clone(), &addresses, &methods, 1, &mut random);
    let mut keeper =
        Keeper(Survey::new(targets, Keep { hops: true, sorted: true, addresses: false }));
    let began = Instant::now();
    let (measured, failure) = engine::run(&mut wire, plan, &settings, &mut keeper);
    failure.expect("measured");
    let cpu = began.elapsed().as_secs_f64();
    let mut last_hops: Vec<(Ipv4Addr, Option<Ipv4Addr>)> = Vec::new();
    let judged = keeper.0.judge_with(
        &Owners::new(targets),
        &JudgeOptions::default(),
        |judged, _| {
            let last_hop = |it: &JudgedTrace| it.judgement.border.last.map(|last| last.address);
            judged.iter().map(|it| (it.trace.target, last_hop(it))).collect::<Vec<_>>()
        },
        |found| last_hops.extend(found),
    );
    judged.expect("judged");
    let mut right = 0;
    for (target, last_hop) in last_hops {
        let path = Path { target, method: Method::Icmp, flow: Flow::default() };
        let first = Probe { path, ttl: Ttl::FIRST, attempt: Attempt::default() };
        let truth = wire.network().truth(&codec.encode(vantage, &first)).expect("a truth");
        right += usize::from(last_hop == truth.last_hop);
    }
    Run { targets: addresses.len(), measured, right, cpu }
}

impl Run {
    fn row(&self, name: &str, how: &str) {
        let each = |value: f64| value / self.targets as f64;
        let took = self.measured.took.as_secs_f64();
        println!(
            "| {name} | {how} | {:.2} | {:.2} % | {took:.1} s | {:.2} ms | {:.1} µs |",
            each(self.measured.packets as f64),
            each(self.right as f64) * 100.0,
            each(took) * 1e3,
            each(self.cpu) * 1e6,
        );
    }
}

fn heading(first: &str) {
    println!(
        "\n| {first} | how | packets/target | last hop right | time | time/target | engine and network, CPU/target |"
    );
    println!("|---|---|---|---|---|---|---|");
}

/// A block of this length in the place of the built-in one, and the way there.
fn block(length: u8) -> (Targets, Scenario) {
    let text = include_str!("../targets.toml");
    let text = text.replace("175.45.176.0/22", &format!("175.32.0.0/{length}"));
    let targets = Targets::parse("a large block", &text).expect("targets");
    let hops: Vec<String> = (1..10).map(|n| format!("\"4.69.1.{n} {}\"", n * 10)).collect();
    let scenario = format!(
        "about = \"a simple path\"\nvantage = \"192.168.1.77\"\n[[route]]\nto = \"175.32.0.0/{length}\"\n\
         hosts = [\"175.32.0.8\"]\n[[route.path]]\n\
         hops = [{}, \"219.158.39.42 120\", \"103.35.255.254 130\"]\nend = \"hosts 150\"\n\
         class = \"china\"\nlast_hop = \"103.35.255.254\"\n",
        hops.join(", ")
    );
    (targets, Scenario::parse("a simple path", &scenario).expect("a scenario"))
}

fn main() {
    let built_in = Targets::built_in().expect("targets");
    heading("scenario");
    for name in lab::NAMES {
        for (strategy, rate, how) in [
            (Strategy::Border, 200, "border, 200/s"),
            (Strategy::Border, 1000, "border, 1,000/s"),
            (Strategy::Border, 5000, "border, 5,000/s"),
            (Strategy::Full, 1000, "full, 1,000/s"),
        ] {
            let scenario = lab::built_in(name).expect("a scenario").expect("a right one");
            run(&built_in, scenario, strategy, rate).row(name, how);
        }
    }
    heading("targets");
    for length in [22, 18, 12] {
        let (targets, scenario) = block(length);
        let run = run(&targets, scenario, Strategy::Border, 10_000);
        run.row(&run.targets.to_string(), "border, 10,000/s");
    }
    let peak = getrusage(UsageWho::RUSAGE_SELF).expect("usage").max_rss() / 1024;
    println!("\nPeak memory, the simulated network included: {peak} MiB");
}
