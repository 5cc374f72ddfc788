//! The traces file: one row for each trace, with its judgement and what that rests on.

use crate::border::Behind;
use crate::targets::Targets;
use crate::trace::Trace;
use crate::transit::Judgement;

use super::run::TRACES_SCHEMA;
use super::{Cell, Rows, Run};

const HEADER: [&str; 26] = [
    "schema",
    "run_id",
    "started_at",
    "vantage",
    "method",
    "flow",
    "target",
    "scope",
    "class",
    "confidence",
    "last_hop",
    "last_hop_ttl",
    "last_hop_rtt_ms",
    "asn",
    "carrier",
    "country",
    "last_hop_name",
    "source",
    "reason",
    "stop_reason",
    "reached",
    "first_home_ttl",
    "gap",
    "as_path",
    "probes",
    "strategy",
];

/// A row for each judged trace.
#[must_use]
pub fn traces(run: &Run, judged: &[(&Trace, &Judgement)], targets: &Targets) -> Rows {
    let rows = judged.iter().map(|(trace, judgement)| row(run, trace, judgement, targets));
    Rows { header: HEADER.map(str::to_owned).into(), rows: rows.collect() }
}

fn row(run: &Run, trace: &Trace, judgement: &Judgement, targets: &Targets) -> Vec<Cell> {
    let scope = targets
        .block
        .routed_index(trace.target)
        .and_then(|index| targets.block.routed_prefixes().nth(index));
    let mut row = vec![
        Cell::Count(TRACES_SCHEMA),
        Cell::text(&run.id),
        Cell::maybe(trace.started, Cell::time),
        Cell::text(trace.vantage.as_ref().map_or(&run.vantage, |vantage| &vantage.name)),
        Cell::maybe(trace.method, Cell::text),
        Cell::maybe(trace.flow, Cell::count),
        Cell::text(trace.target),
        Cell::maybe(scope, Cell::text),
        Cell::text(judgement.class.name(&targets.classes)),
        Cell::text(judgement.confidence),
    ];
    row.extend(last_hop(judgement));
    row.push(Cell::text(reasons(judgement)));
    row.extend(ending(trace, judgement));
    row
}

fn last_hop(judgement: &Judgement) -> [Cell; 8] {
    let last = judgement.border.last;
    let owner = judgement.owner.as_deref();
    let origin = owner.and_then(|owner| owner.origin.as_ref());
    let carrier = owner.and_then(|owner| owner.carrier.as_ref());
    [
        Cell::maybe(last, |last| Cell::text(last.address)),
        Cell::maybe(last, |last| Cell::count(last.ttl.get())),
        Cell::maybe(last.and_then(|last| last.rtt), Cell::millis),
        Cell::maybe(origin, |origin| Cell::count(origin.asn)),
        Cell::maybe(carrier, |carrier| Cell::text(&carrier.name)),
        Cell::maybe(owner.and_then(|owner| owner.country), Cell::text),
        Cell::maybe(owner.and_then(|owner| owner.router_name.as_ref()), Cell::text),
        Cell::maybe(owner.and_then(|owner| owner.source), Cell::text),
    ]
}

fn ending(trace: &Trace, judgement: &Judgement) -> [Cell; 7] {
    let reached = trace.answers().any(|(_, answer)| answer.from == trace.target);
    let (home, gap) = match judgement.border.behind {
        Behind::Home { ttl, gap, .. } => (Cell::count(ttl.get()), Cell::count(gap)),
        Behind::ForeignReply { gap, .. } => (Cell::Empty, Cell::count(gap)),
        Behind::Unreachable { .. } | Behind::Silence { .. } => (Cell::Empty, Cell::Empty),
    };
    let as_path: Vec<String> = judgement.as_path.iter().map(ToString::to_string).collect();
    let as_path = Some(as_path.join(" ")).filter(|path| !path.is_empty());
    [
        Cell::maybe(trace.stop, Cell::text),
        Cell::Flag(reached),
        home,
        gap,
        Cell::maybe(as_path, Cell::text),
        Cell::count(trace.probes()),
        Cell::maybe(trace.strategy, Cell::text),
    ]
}

fn reasons(judgement: &Judgement) -> String {
    let each: Vec<String> = judgement.reasons.iter().map(ToString::to_string).collect();
    each.join("; ")
}
