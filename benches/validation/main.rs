//! Is the judgement right as often as it says? Random networks with known truth, traced by the engine
//! in virtual time; `cargo bench --bench validation [-- NETWORKS]`.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run has failed")]

mod measure;
mod odds;
mod world;
mod score;

use lasthop::targets::Targets;

/// How many networks are drawn, unless the command line says otherwise.
const NETWORKS: u64 = 10_000;

fn main() {
    let targets = Targets::built_in().expect("targets");
    let asked = std::env::args().skip(1).find_map(|word| word.parse().ok());
    for order in [world::Order::Likely, world::Order::Random] {
        println!("{order:?}");
        let score = score::of(0..asked.unwrap_or(NETWORKS), order, &targets);
        print!("{}", score.tables(&targets));
    }
}
