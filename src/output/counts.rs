//! The counts of a census: one row for the block, then one for each routed prefix; and the same for
//! people, with the live hosts below.

use std::fmt::Write as _;
use std::time::Duration;

use crate::census::{Host, HostCount, HostCounts, PingMethod};

use super::run::COUNTS_SCHEMA;
use super::table::{about, align};
use super::{Cell, Rows, Run};

/// How many hosts are named before the rest is counted.
const NAMED: usize = 50;

/// The columns.
#[must_use]
pub fn counts_header() -> Vec<String> {
    let before = [
        "schema",
        "run_id",
        "started_at",
        "ended_at",
        "vantage",
        "method",
        "scope",
        "targets",
        "alive",
    ];
    let by = PingMethod::ALL.map(PingMethod::name);
    let after = ["suspect", "rtt_ms", "probes", "complete"];
    before.iter().chain(&by).chain(&after).map(ToString::to_string).collect()
}

/// A row for each scope. What no means of `asked` has looked for is empty.
#[must_use]
pub fn counts(run: &Run, counts: &HostCounts, asked: &[PingMethod]) -> Rows {
    let scopes = std::iter::once(&counts.block).chain(&counts.routed);
    Rows { header: counts_header(), rows: scopes.map(|count| row(run, count, asked)).collect() }
}

fn row(run: &Run, count: &HostCount, asked: &[PingMethod]) -> Vec<Cell> {
    let by = |means: PingMethod| {
        let found = count.by.get(&means).copied().unwrap_or_default();
        if asked.contains(&means) { Cell::count(found) } else { Cell::Empty }
    };
    let mut row = vec![
        Cell::Count(COUNTS_SCHEMA),
        Cell::text(&run.id),
        Cell::maybe(run.started, Cell::time),
        Cell::maybe(run.ended, Cell::time),
        Cell::text(&run.vantage),
        Cell::text(&run.method),
        Cell::text(count.scope),
        Cell::count(count.targets),
        Cell::count(count.alive),
    ];
    row.extend(PingMethod::ALL.map(by));
    row.extend([
        Cell::count(count.implausible),
        Cell::maybe(count.rtt, Cell::millis),
        Cell::count(count.packets),
        Cell::Flag(run.complete),
    ]);
    row
}

/// The same as a table, with a line about the run above it, and the live hosts below.
#[must_use]
pub fn counts_table(
    run: &Run,
    counts: &HostCounts,
    asked: &[PingMethod],
    hosts: &[Host],
) -> String {
    let scopes = counts.routed.iter().chain(std::iter::once(&counts.block));
    let names = asked.iter().map(|means| means.name());
    let heading = ["prefix", "targets", "alive"].into_iter().chain(names).chain(["suspect", "rtt"]);
    let mut lines: Vec<Vec<String>> = vec![heading.map(str::to_owned).collect()];
    lines.extend(scopes.map(|count| line(count, asked)));
    let about = about(run, counts.block.targets, counts.block.packets);
    format!("{about}\n\n{}{}", align(&lines), living(hosts))
}

fn line(count: &HostCount, asked: &[PingMethod]) -> Vec<String> {
    let number = |count: usize| if count == 0 { "-".to_owned() } else { count.to_string() };
    let mut cells = vec![count.scope.to_string(), count.targets.to_string(), number(count.alive)];
    let found = |means| count.by.get(means).copied().unwrap_or_default();
    cells.extend(asked.iter().map(|means| number(found(means))));
    cells.push(number(count.implausible));
    cells.push(count.rtt.map_or(String::new(), millis));
    cells
}

/// The hosts that live, by what that shows, and how fast they are.
fn living(hosts: &[Host]) -> String {
    let mut found: Vec<&Host> = hosts.iter().filter(|host| host.is_alive()).collect();
    if found.is_empty() {
        return String::new();
    }
    found.sort_by_key(|host| host.target);
    let heading = ["host", "by", "answered", "min", "median", "max", "jitter"];
    let mut lines: Vec<Vec<String>> = vec![heading.map(str::to_owned).into()];
    lines.extend(found.iter().take(NAMED).map(|host| host_line(host)));
    let mut text = format!("\n{}", align(&lines));
    if let Some(more) = found.len().checked_sub(NAMED).filter(|more| *more > 0) {
        let _ = writeln!(text, "{more} more (--census FILE has them all)");
    }
    text
}

fn host_line(host: &Host) -> Vec<String> {
    let latency = host.latency();
    let rtt = |rtt: Option<Duration>| rtt.map_or(String::new(), millis);
    vec![
        host.target.to_string(),
        host.found.map_or(String::new(), |found| found.liveness.to_string()),
        format!("{} of {}", host.received(), host.sent()),
        rtt(latency.map(|latency| latency.min)),
        rtt(latency.map(|latency| latency.median)),
        rtt(latency.map(|latency| latency.max)),
        rtt(latency.and_then(|latency| latency.jitter)),
    ]
}

/// With as many decimals as matter.
fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    let places = if millis < 1.0 { 3 } else { usize::from(millis < 100.0) };
    format!("{millis:.places$} ms")
}
