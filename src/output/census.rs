//! The census file: one row for each target that was asked whether it lives.

use crate::census::Host;
use crate::targets::Block;

use super::run::CENSUS_SCHEMA;
use super::{Cell, Rows, Run};

const HEADER: [&str; 16] = [
    "schema",
    "run_id",
    "at",
    "vantage",
    "target",
    "scope",
    "alive",
    "by",
    "sent",
    "received",
    "min_ms",
    "median_ms",
    "max_ms",
    "jitter_ms",
    "reply_ttl",
    "suspect",
];

/// A row for each host that was asked, in the order of their addresses.
#[must_use]
pub fn census(run: &Run, hosts: &[Host], block: &Block) -> Rows {
    let mut asked: Vec<&Host> = hosts.iter().filter(|host| host.asked.is_some()).collect();
    asked.sort_by_key(|host| host.target);
    let rows = asked.into_iter().map(|host| row(run, host, block)).collect();
    Rows { header: HEADER.map(str::to_owned).into(), rows }
}

fn row(run: &Run, host: &Host, block: &Block) -> Vec<Cell> {
    let at = run.started.zip(host.asked);
    let at = at.and_then(|(started, asked)| {
        started.checked_add(std::time::Duration::from_nanos(asked.nanos())).ok()
    });
    let latency = host.latency();
    vec![
        Cell::Count(CENSUS_SCHEMA),
        Cell::text(&run.id),
        Cell::maybe(at, Cell::time),
        Cell::text(&run.vantage),
        Cell::text(host.target),
        Cell::maybe(block.routed_prefix(host.target), Cell::text),
        Cell::Flag(host.is_alive()),
        Cell::maybe(host.found, |found| Cell::text(found.liveness)),
        Cell::count(host.sent()),
        Cell::count(host.received()),
        Cell::maybe(latency, |latency| Cell::millis(latency.min)),
        Cell::maybe(latency, |latency| Cell::millis(latency.median)),
        Cell::maybe(latency, |latency| Cell::millis(latency.max)),
        Cell::maybe(latency.and_then(|latency| latency.jitter), Cell::millis),
        Cell::maybe(host.found.and_then(|found| found.reply_ttl), Cell::count),
        Cell::maybe(host.implausible, Cell::text),
    ]
}
