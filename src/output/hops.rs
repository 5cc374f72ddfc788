//! The hops file: one row for each probe, answered or not.

use crate::owner::Owners;
use crate::trace::{Hop, HopReply, HopTry, Trace};

use super::run::HOPS_SCHEMA;
use super::{Cell, Rows, Run};

const HEADER: [&str; 16] = [
    "schema",
    "run_id",
    "target",
    "flow",
    "ttl",
    "attempt",
    "sent_at",
    "address",
    "rtt_ms",
    "icmp_type",
    "icmp_code",
    "reply_ttl",
    "mpls",
    "asn",
    "country",
    "name",
];

/// A row for each probe of the traces.
#[must_use]
pub fn hops(run: &Run, traces: &[&Trace], owners: &Owners<'_>) -> Rows {
    let row = |trace: &Trace, hop: &Hop, one: &HopTry| {
        let mut row = vec![
            Cell::Count(HOPS_SCHEMA),
            Cell::text(&run.id),
            Cell::text(trace.target),
            Cell::maybe(trace.flow, Cell::count),
            Cell::count(hop.ttl.get()),
            Cell::count(one.attempt),
            Cell::maybe(one.sent, Cell::time),
        ];
        match &one.answer {
            Some(answer) => row.extend(answered(answer, owners)),
            None => row.resize(HEADER.len(), Cell::Empty),
        }
        row
    };
    let rows = traces.iter().flat_map(|trace| {
        trace.hops.iter().flat_map(move |hop| hop.tries.iter().map(move |one| row(trace, hop, one)))
    });
    Rows { header: HEADER.map(str::to_owned).into(), rows: rows.collect() }
}

fn answered(answer: &HopReply, owners: &Owners<'_>) -> [Cell; 9] {
    let owner = owners.of(answer.from);
    let (kind, code) = answer.kind.icmp();
    let labels: Vec<String> =
        answer.labels.iter().map(|entry| format!("{}:{}", entry.label, entry.ttl)).collect();
    let labels = Some(labels.join(" ")).filter(|labels| !labels.is_empty());
    [
        Cell::text(answer.from),
        Cell::maybe(answer.rtt, Cell::millis),
        Cell::count(kind),
        Cell::count(code),
        Cell::maybe(answer.reply_ttl, Cell::count),
        Cell::maybe(labels, Cell::text),
        Cell::maybe(owner.origin.as_ref(), |origin| Cell::count(origin.asn)),
        Cell::maybe(owner.country, Cell::text),
        Cell::maybe(owner.router_name.as_ref(), Cell::text),
    ]
}
