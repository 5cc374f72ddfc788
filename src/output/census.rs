//! What a ping found: the counts (one row for the block, then one for each routed prefix), the census (one
//! row for each target), and both as a table for people.

use std::fmt::Write as _;
use std::time::Duration;

use crate::census::{Host, HostCount, HostCounts, PingMethod};
use crate::columns::{CENSUS, COUNTS, CensusRow, CountsRow, Header};
use crate::targets::Block;

use super::formats::count_or_dash;
use super::rows::{Cell, Rows, Run};
use super::text_table::{TextTable, wrapped};

/// How many hosts the table names before it counts the rest.
const NAMED: usize = 50;

/// The header of counts.
#[must_use]
pub fn counts_header() -> Header {
    Header::new(&COUNTS, Vec::new())
}

/// A row for each scope. The count of a method that is not among `asked` is empty.
#[must_use]
pub fn counts(run: &Run, counts: &HostCounts, asked: &[PingMethod]) -> Rows {
    let scopes = std::iter::once(&counts.block).chain(&counts.routed);
    Rows::new(Vec::new(), scopes.map(|count| counts_row(run, count, asked)))
}

fn counts_row(run: &Run, count: &HostCount, asked: &[PingMethod]) -> CountsRow<Cell> {
    let by = |method: PingMethod| {
        let found = count.by.get(&method).copied().unwrap_or_default();
        if asked.contains(&method) { Cell::count(found) } else { Cell::Empty }
    };
    let [run_id, started_at, ended_at, vantage, method] = run.cells();
    CountsRow {
        schema: Cell::Count(COUNTS.schema()),
        run_id,
        started_at,
        ended_at,
        vantage,
        method,
        scope: Cell::text(count.scope),
        targets: Cell::count(count.targets),
        alive: Cell::count(count.alive),
        icmp: by(PingMethod::Icmp),
        tcp: by(PingMethod::Tcp),
        udp: by(PingMethod::Udp),
        suspect: Cell::count(count.implausible),
        rtt_ms: Cell::maybe(count.rtt, Cell::millis),
        probes: Cell::count(count.packets),
        complete: Cell::Flag(run.complete),
    }
}

/// A row for each host that was pinged, in the order of their addresses.
#[must_use]
pub fn census(run: &Run, hosts: &[Host], block: &Block) -> Rows {
    let mut asked: Vec<&Host> = hosts.iter().filter(|host| host.asked.is_some()).collect();
    asked.sort_by_key(|host| host.target);
    Rows::new(Vec::new(), asked.into_iter().map(|host| census_row(run, host, block)))
}

fn census_row(run: &Run, host: &Host, block: &Block) -> CensusRow<Cell> {
    let at = run
        .started
        .zip(host.asked)
        .and_then(|(started, asked)| started.checked_add(Duration::from_nanos(asked.nanos())).ok());
    let latency = host.latency();
    CensusRow {
        schema: Cell::Count(CENSUS.schema()),
        run_id: Cell::text(&run.id),
        at: Cell::maybe(at, Cell::time),
        vantage: Cell::text(&run.vantage),
        target: Cell::text(host.target),
        scope: Cell::maybe(block.routed_prefix(host.target), Cell::text),
        alive: Cell::Flag(host.is_alive()),
        by: Cell::maybe(host.found, |found| Cell::text(found.liveness)),
        sent: Cell::count(host.sent()),
        received: Cell::count(host.received()),
        min_ms: Cell::maybe(latency, |latency| Cell::millis(latency.min)),
        median_ms: Cell::maybe(latency, |latency| Cell::millis(latency.median)),
        max_ms: Cell::maybe(latency, |latency| Cell::millis(latency.max)),
        jitter_ms: Cell::maybe(latency.and_then(|latency| latency.jitter), Cell::millis),
        reply_ttl: Cell::maybe(host.found.and_then(|found| found.reply_ttl), Cell::count),
        suspect: Cell::maybe(host.implausible, Cell::text),
    }
}

/// The counts as a table of at most `width` characters a line, with a line about the run above it, and the targets
/// that are alive below.
#[must_use]
pub fn counts_table(
    run: &Run,
    counts: &HostCounts,
    asked: &[PingMethod],
    hosts: &[Host],
    width: Option<usize>,
) -> String {
    let names = asked.iter().map(|method| method.name());
    let heading = ["prefix", "targets", "alive"].into_iter().chain(names).chain(["suspect", "rtt"]);
    let mut table = TextTable::new(heading);
    for count in counts.routed.iter().chain(std::iter::once(&counts.block)) {
        let found = asked.iter().map(|method| count.by.get(method).copied().unwrap_or_default());
        let numbers = std::iter::once(count.alive).chain(found).chain([count.implausible]);
        let mut line = vec![count.scope.to_string(), count.targets.to_string()];
        line.extend(numbers.map(count_or_dash));
        line.push(millis(count.rtt));
        table.add_row(line);
    }
    let about = run.describe(counts.block.targets, counts.block.packets);
    let about = wrapped(&about, "", "  ", width);
    format!("{about}\n{}{}", table.text(width, &[]), alive_table(hosts, width))
}

/// The hosts that are alive: the reply that shows it, and their latency.
fn alive_table(hosts: &[Host], width: Option<usize>) -> String {
    let mut alive: Vec<&Host> = hosts.iter().filter(|host| host.is_alive()).collect();
    if alive.is_empty() {
        return String::new();
    }
    alive.sort_by_key(|host| host.target);
    let mut table = TextTable::new(["host", "by", "answered"]);
    for (heading, part) in
        [("min", Some("min")), ("median", None), ("max", Some("max")), ("jitter", Some("jitter"))]
    {
        table.add_column(heading, part);
    }
    for host in alive.iter().take(NAMED) {
        let latency = host.latency();
        table.add_row(vec![
            host.target.to_string(),
            host.found.map_or(String::new(), |found| found.liveness.to_string()),
            format!("{} of {}", host.received(), host.sent()),
            millis(latency.map(|latency| latency.min)),
            millis(latency.map(|latency| latency.median)),
            millis(latency.map(|latency| latency.max)),
            millis(latency.and_then(|latency| latency.jitter)),
        ]);
    }
    let mut text = format!("\n{}", table.text(width, &["jitter", "max", "min"]));
    if let Some(more) = alive.len().checked_sub(NAMED).filter(|more| *more > 0) {
        let _ = writeln!(text, "{more} more (--census FILE has them all)");
    }
    text
}

/// A duration with as many decimals as matter.
fn millis(time: Option<Duration>) -> String {
    time.map_or(String::new(), |time| {
        let millis = time.as_secs_f64() * 1e3;
        let places = if millis < 1.0 { 3 } else { usize::from(millis < 100.0) };
        format!("{millis:.places$} ms")
    })
}
