//! Is the judgement right as often as it says? Random networks with known truth, traced by the engine
//! in virtual time. Prints Markdown tables; `cargo bench --bench validation [-- NETWORKS]`.
#![expect(clippy::expect_used, reason = "a benchmark that cannot run has failed")]

mod measure;
mod odds;
mod score;
mod vantages;
mod world;

use lasthop::targets::Targets;
use lasthop::transit::Confidence;
use world::Order;

/// How many networks are drawn, unless the command line says otherwise.
const NETWORKS: u64 = 10_000;

fn main() {
    let targets = Targets::built_in().expect("targets");
    let asked = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let networks = asked.unwrap_or(NETWORKS);
    for (order, title) in [
        (Order::Likely, "Likely networks"),
        (Order::Random, "The hard ones: any carrier behind any"),
    ] {
        println!("\n### {title}\n");
        let score = score::of(0..networks, order, &targets);
        print!("{}", score.tables());
        println!("\nOf split prefixes alone: {:.1} %.", score.covered("a prefix, split").percent());
        let high = score.in_outages(Confidence::High);
        println!("Of a class with high confidence while the whole block is cut off: {high}.");
    }
    println!("\n### Many vantages");
    print!("{}", score::coverage(&vantages::coverage(networks / 5, &targets)));
}
