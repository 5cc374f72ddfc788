//! Compares a run of the product with the truth.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use anyhow::{Result, ensure};

use super::product::{CLASSES, Run, Trace};
use super::scenario::{Scenario, block, is_home};
use super::truth::{Truth, truths, truths_of};

/// The share of targets, in percent, for which every trace must be right.
const RIGHT: usize = 99;

/// How many wrong traces a failure shows.
const SHOWN: usize = 12;

pub(crate) fn agrees(scenario: &Scenario, run: &Run) -> Result<()> {
    answers_are_right(scenario, run)?;
    balanced_roads_are_all_seen(scenario, run)?;
    summary_adds_up(run)
}

fn answers_are_right(scenario: &Scenario, run: &Run) -> Result<()> {
    let mut right: BTreeMap<Ipv4Addr, bool> = BTreeMap::new();
    let mut wrong = Vec::new();
    for trace in &run.traces {
        let allowed = truths(scenario, trace.target)?;
        let is_right = allowed.iter().any(|truth| says(trace, truth));
        *right.entry(trace.target).or_insert(true) &= is_right;
        if !is_right {
            wrong.push(format!("{trace:?}, not one of {allowed:?}"));
        }
    }
    let all = block()?.hosts().count() + 2;
    let home = right.keys().all(|target| is_home(*target));
    ensure!(home && right.len() == all, "{} targets", right.len());
    let right = right.values().filter(|right| **right).count();
    wrong.truncate(SHOWN);
    ensure!(
        right * 100 >= all * RIGHT,
        "{right} of {all} targets are right:\n{}",
        wrong.join("\n")
    );
    Ok(())
}

/// Where flows are balanced, every road has at least half of the flows that its weight promises.
fn balanced_roads_are_all_seen(scenario: &Scenario, run: &Run) -> Result<()> {
    let mut balanced = scenario.prefixes();
    balanced.retain(|prefix| scenario.roads_of(*prefix).count() > 1);
    for prefix in balanced {
        let total: u32 = scenario.roads_of(prefix).map(|road| road.weight).sum();
        let traces = || run.traces.iter().filter(|t| prefix.contains(&t.target));
        for road in scenario.roads_of(prefix) {
            let truth = truths_of(scenario, road, prefix.network())?;
            let seen = traces().filter(|trace| truth.iter().any(|truth| says(trace, truth)));
            let (seen, all) = (seen.count(), traces().count());
            ensure!(
                seen * 2 * total as usize >= all * road.weight as usize,
                "{seen} of {all} traces took {road:?}"
            );
        }
    }
    Ok(())
}

fn summary_adds_up(run: &Run) -> Result<()> {
    let mut scopes = vec![block()?];
    scopes.extend(block()?.subnets(24)?);
    let counted: Vec<_> = scopes
        .iter()
        .map(|scope| {
            let count = |class: &&str| {
                let traces = run.traces.iter();
                traces
                    .filter(|trace| scope.contains(&trace.target) && trace.class == *class)
                    .count()
            };
            (*scope, CLASSES.each_ref().map(count))
        })
        .collect();
    let told: Vec<_> = run.counts.iter().map(|row| (row.scope, row.classes)).collect();
    ensure!(told == counted, "the summary says {told:?}, the traces {counted:?}");
    Ok(())
}

fn says(trace: &Trace, truth: &Truth) -> bool {
    trace.last_hop == truth.last_hop && trace.class == truth.class
}
