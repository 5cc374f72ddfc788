//! The hops file: one row for each probe, answered or not.

use crate::columns::{HOPS, HopRow};
use crate::owner::Owners;
use crate::trace::{Hop, HopTry, Trace};

use super::rows::{Cell, Rows, Run};

/// A row for each probe of the traces.
#[must_use]
pub fn hops(run: &Run, traces: &[&Trace], owners: &Owners<'_>) -> Rows {
    let rows = traces.iter().flat_map(|trace| {
        trace.hops.iter().flat_map(move |hop| {
            hop.tries.iter().map(move |probe| row(run, trace, hop, probe, owners))
        })
    });
    Rows::new(Vec::new(), rows)
}

fn row(run: &Run, trace: &Trace, hop: &Hop, probe: &HopTry, owners: &Owners<'_>) -> HopRow<Cell> {
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
    }
}
