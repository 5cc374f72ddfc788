//! The files about traces: one row for each trace, with its judgement and the evidence for it; and one row for
//! each probe, answered or not.

use crate::border::Behind;
use crate::columns::{HOPS, HopRow, TRACES, TraceRow};
use crate::owner::Owners;
use crate::targets::Targets;
use crate::trace::{Hop, HopTry, Trace};
use crate::transit::Judgement;

use super::rows::{Cell, Rows, Run};

/// A row for each judged trace.
#[must_use]
pub fn traces(run: &Run, judged: &[(&Trace, &Judgement)], targets: &Targets) -> Rows {
    let rows = judged.iter().map(|(trace, judgement)| trace_row(run, trace, judgement, targets));
    Rows::new(Vec::new(), rows)
}

fn trace_row(run: &Run, trace: &Trace, judgement: &Judgement, targets: &Targets) -> TraceRow<Cell> {
    let last = judgement.border.last;
    let owner = judgement.owner.as_deref();
    let origin = owner.and_then(|owner| owner.origin.as_ref());
    let carrier = owner.and_then(|owner| owner.carrier.as_ref());
    let (first_home_ttl, gap) = match judgement.border.behind {
        Behind::Home { ttl, gap, .. } => (Cell::count(ttl.get()), Cell::count(gap)),
        Behind::ForeignReply { gap, .. } => (Cell::Empty, Cell::count(gap)),
        Behind::Unreachable { .. } | Behind::Silence { .. } => (Cell::Empty, Cell::Empty),
    };
    let reasons: Vec<String> = judgement.reasons.iter().map(ToString::to_string).collect();
    let as_path: Vec<String> = judgement.as_path.iter().map(ToString::to_string).collect();
    TraceRow {
        schema: Cell::Count(TRACES.schema()),
        run_id: Cell::text(&run.id),
        started_at: Cell::maybe(trace.started, Cell::time),
        vantage: vantage_cell(run, trace),
        method: Cell::maybe(trace.method, Cell::text),
        flow: Cell::maybe(trace.flow, Cell::count),
        target: Cell::text(trace.target),
        scope: Cell::maybe(targets.block.routed_prefix(trace.target), Cell::text),
        class: Cell::text(judgement.class.name(&targets.classes)),
        confidence: Cell::text(judgement.confidence),
        last_hop: Cell::maybe(last, |last| Cell::text(last.address)),
        last_hop_ttl: Cell::maybe(last, |last| Cell::count(last.ttl.get())),
        last_hop_rtt_ms: Cell::maybe(last.and_then(|last| last.rtt), Cell::millis),
        asn: Cell::maybe(origin, |origin| Cell::count(origin.asn)),
        carrier: Cell::maybe(carrier, |carrier| Cell::text(&carrier.name)),
        country: Cell::maybe(owner.and_then(|owner| owner.country), Cell::text),
        last_hop_name: Cell::maybe(owner.and_then(|owner| owner.router_name.as_ref()), Cell::text),
        source: Cell::maybe(owner.and_then(|owner| owner.source), Cell::text),
        reason: Cell::Text(reasons.join("; ")),
        stop_reason: Cell::maybe(trace.stop, Cell::text),
        reached: Cell::Flag(judgement.border.reached()),
        first_home_ttl,
        gap,
        as_path: Cell::text_or_empty(as_path.join(" ")),
        probes: Cell::count(trace.probes()),
        strategy: Cell::maybe(trace.strategy, Cell::text),
    }
}

fn vantage_cell(run: &Run, trace: &Trace) -> Cell {
    Cell::text(trace.vantage.as_ref().map_or(&run.vantage, |vantage| &vantage.name))
}

/// A row for each probe of the traces, which come with their numbers.
#[must_use]
pub fn hops(run: &Run, traces: &[(u64, &Trace)], owners: &Owners<'_>) -> Rows {
    let mut rows = Vec::new();
    for (number, trace) in traces {
        let first = rows.len();
        for hop in &trace.hops {
            let probes = hop.tries.iter();
            rows.extend(probes.map(|probe| hop_row(run, (*number, trace), hop, probe, owners)));
        }
        // Many programs note when a trace started, and nothing of its packets.
        let sent = trace.hops.iter().flat_map(|hop| &hop.tries).filter_map(|one| one.sent).min();
        if let Some(row) = rows.get_mut(first)
            && let Some(started) = trace.started.filter(|started| Some(*started) != sent)
        {
            row.sent_at = Cell::time(started);
        }
    }
    Rows::new(Vec::new(), rows)
}

fn hop_row(
    run: &Run,
    (number, trace): (u64, &Trace),
    hop: &Hop,
    probe: &HopTry,
    owners: &Owners<'_>,
) -> HopRow<Cell> {
    let reply = probe.answer.as_ref();
    let icmp = reply.map(|reply| reply.kind.icmp());
    let labels = reply.into_iter().flat_map(|reply| &reply.labels);
    let labels: Vec<String> =
        labels.map(|entry| format!("{}:{}", entry.label, entry.ttl)).collect();
    let owner = reply.map(|reply| owners.of(reply.from)).unwrap_or_default();
    HopRow {
        schema: Cell::Count(HOPS.schema()),
        run_id: Cell::text(&run.id),
        target: Cell::text(trace.target),
        flow: Cell::maybe(trace.flow, Cell::count),
        ttl: Cell::count(hop.ttl.get()),
        attempt: Cell::count(probe.attempt),
        sent_at: Cell::maybe(probe.sent, Cell::time),
        address: Cell::maybe(reply, |reply| Cell::text(reply.from)),
        rtt_ms: Cell::maybe(reply.and_then(|reply| reply.rtt), Cell::millis),
        icmp_type: Cell::maybe(icmp, |(kind, _)| Cell::count(kind)),
        icmp_code: Cell::maybe(icmp, |(_, code)| Cell::count(code)),
        reply_ttl: Cell::maybe(reply.and_then(|reply| reply.reply_ttl), Cell::count),
        mpls: Cell::text_or_empty(labels.join(" ")),
        asn: Cell::maybe(owner.origin, |origin| Cell::count(origin.asn)),
        country: Cell::maybe(owner.country, Cell::text),
        name: Cell::maybe(owner.router_name, Cell::Text),
        vantage: vantage_cell(run, trace),
        method: Cell::maybe(trace.method, Cell::text),
        trace: Cell::count(number),
        stop_reason: Cell::maybe(trace.stop, Cell::text),
        contradicted_by: Cell::maybe(reply.and_then(|reply| reply.contradicted_by), Cell::text),
    }
}
