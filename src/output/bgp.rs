//! Rows of the control plane: the same summary as that of traces, with AS of a collector's peers in their place, and the
//! tables of events, peers and messages.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ipnet::Ipv4Net;

use crate::bgp::{Event, Found, Networks, PeerPath, ScopeView, Side, View};
use crate::columns::{EVENTS, EventRow, MESSAGES, MessageRow, PEERS, PeerRow, SUMMARY, SummaryRow};
use crate::targets::Classes;
use crate::transit::Class;

use super::rows::{Cell, Rows};
use super::summary::{interval, names, share_and_interval, verdict};
use super::text_table::TextTable;

/// The method of rows whose units are AS of a collector's peers.
pub const BGP_METHOD: &str = "bgp";

/// The mark of a view of which no message shows since when it is so: at a table, or at a time that was asked for.
pub const NO_MESSAGE: &str = "no-message";

/// What identifies the rows of a view: the same files give the same one.
#[must_use]
pub fn bgp_run_id(view: &View) -> String {
    run_id(&view.collector, view.started)
}

fn run_id(collector: &str, started: jiff::Timestamp) -> String {
    let (time, micros) = (started.strftime("%Y%m%dT%H%M%S"), started.subsec_microsecond());
    format!("bgp-{collector}-{time}.{micros:06}Z")
}

/// The rows of a view.
#[must_use]
pub fn bgp_rows(view: &View, classes: &Classes) -> Rows {
    Rows::new(names(classes), view.scopes.iter().map(|scope| row(view, scope, classes)))
}

fn row(view: &View, of: &ScopeView, classes: &Classes) -> SummaryRow<Cell> {
    let count = |class| Cell::count(of.counts.get(&class).copied().unwrap_or_default());
    let carriers: Vec<String> =
        of.carriers.iter().map(|(name, count)| format!("{name}={count}")).collect();
    let origins: Vec<String> = of.origins.iter().map(ToString::to_string).collect();
    SummaryRow {
        schema: Cell::Count(SUMMARY.schema()),
        run_id: Cell::text(bgp_run_id(view)),
        started_at: Cell::time(view.started),
        ended_at: Cell::time(view.ended),
        vantage: Cell::text(&view.collector),
        method: Cell::text(BGP_METHOD),
        scope: Cell::text(of.scope),
        targets: Cell::count(of.asked),
        classes: classes.ids().map(|id| [count(Class::Transit(id))]).collect(),
        other: count(Class::Other),
        unknown: count(Class::Unknown),
        unreached: count(Class::Unreached),
        shares: of.shares.iter().map(|share| interval(*share)).collect(),
        verdict: Cell::text(verdict(of.verdict, classes)),
        carriers: Cell::text_or_empty(carriers.join(";")),
        last_hops: Cell::Empty,
        rtt_ms: Cell::Empty,
        probes: Cell::Empty,
        complete: Cell::Flag(view.complete),
        pinged: Cell::Empty,
        alive: Cell::Empty,
        suspect: Cell::Empty,
        alive_rtt_ms: Cell::Empty,
        way_out: Cell::Empty,
        proven: Cell::Empty,
        doubts: if view.is_change { Cell::Empty } else { Cell::text(NO_MESSAGE) },
        peers: Cell::count(of.peers),
        full_peers: Cell::maybe(of.full_peers, Cell::count),
        visibility: Cell::maybe(of.visibility, Cell::share),
        origins: Cell::text_or_empty(origins.join(";")),
        rpki: Cell::maybe(of.rpki, Cell::text),
    }
}

/// Events, a row each, in their order.
#[must_use]
pub fn bgp_events(events: &[Event], networks: &Networks<'_>) -> Rows {
    let mut incidents: BTreeMap<&str, (usize, i64)> = BTreeMap::new();
    let rows = events.iter().map(|event| {
        let second = event.first_at.as_second();
        let incident = incidents.entry(&event.collector).or_insert((0, i64::MIN));
        if incident.1 != second {
            *incident = (incident.0 + 1, second);
        }
        event_row(event, incident.0, networks)
    });
    Rows::new(Vec::new(), rows.collect::<Vec<_>>())
}

fn event_row(event: &Event, incident: usize, networks: &Networks<'_>) -> EventRow<Cell> {
    let [before, after] = &event.sides;
    let [run_before, run_after] = event.runs.map(|started| {
        Cell::maybe(started, |started| Cell::text(run_id(&event.collector, started)))
    });
    EventRow {
        schema: Cell::Count(EVENTS.schema()),
        event: Cell::text(event.kind.name()),
        not_before: Cell::time(event.not_before),
        not_after: Cell::time(event.at_rest),
        vantage: Cell::text(&event.collector),
        method: Cell::text(BGP_METHOD),
        scope: Cell::text(event.scope),
        subject: Cell::maybe(event.subject.as_ref(), Cell::text),
        verdict_before: Cell::text(verdict_of(before, networks)),
        verdict_after: Cell::text(verdict_of(after, networks)),
        share_before: Cell::maybe(before.share, Cell::share),
        share_after: Cell::maybe(after.share, Cell::share),
        counts_before: Cell::text_or_empty(counts(before, networks)),
        counts_after: Cell::text_or_empty(counts(after, networks)),
        run_before,
        run_after,
        found_at: Cell::time(event.found_at),
        incident: Cell::count(incident),
        first_at: Cell::time(event.first_at),
        at_rest: Cell::time(event.at_rest),
        moved: Cell::count(event.moved),
        peers: Cell::count(event.of),
    }
}

fn counts(side: &Side, networks: &Networks<'_>) -> String {
    let mut all: Vec<(String, usize)> = Vec::new();
    let unreached = Some((Class::Unreached, side.unreached)).filter(|(_, count)| *count > 0);
    for (asn, count) in &side.upstreams {
        let name = networks.name(*asn);
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known += count,
            None => all.push((name, *count)),
        }
    }
    all.extend(unreached.map(|(_, count)| ("unreached".to_owned(), count)));
    all.iter().map(|(name, count)| format!("{name}={count}")).collect::<Vec<_>>().join(";")
}

fn verdict_of<'n>(side: &Side, networks: &'n Networks<'_>) -> &'n str {
    let classes = &networks.targets().classes;
    if let Some(known) = side.verdict {
        return verdict(known, classes);
    }
    let mut found: Vec<Class> = side
        .upstreams
        .iter()
        .map(|(asn, _)| networks.class(*asn))
        .filter(|class| class.is_classified())
        .collect();
    found.sort_unstable();
    found.dedup();
    match found[..] {
        [] if side.unreached > 0 && side.upstreams.is_empty() => "unreached",
        [] => "unknown",
        [class] => class.name(classes),
        _ => "mixed",
    }
}

/// What each peer sends, a row for each path.
#[must_use]
pub fn bgp_peers(view: &View, networks: &Networks<'_>) -> Rows {
    let classes = &networks.targets().classes;
    let row = |one: &PeerPath| {
        let route = one.route.as_ref();
        let upstream = route.and_then(|route| route.next_to.asn());
        PeerRow {
            schema: Cell::Count(PEERS.schema()),
            run_id: Cell::text(bgp_run_id(view)),
            at: Cell::time(view.ended),
            collector: Cell::text(&view.collector),
            peer_as: Cell::count(one.peer.asn),
            peer: Cell::text(one.peer.address),
            kind: Cell::text(one.kind.name()),
            table: Cell::maybe(one.table, Cell::count),
            prefix: Cell::maybe(route, |route| Cell::text(route.prefix)),
            path_id: path_id(route.map_or(0, |route| route.path_id)),
            as_path: Cell::maybe(route, |route| Cell::text_or_empty(route.path.to_string())),
            origin: Cell::maybe(route.and_then(|route| route.path.origin()), Cell::count),
            upstream: Cell::maybe(upstream, Cell::count),
            carrier: Cell::maybe(upstream, |asn| Cell::text(networks.name(asn))),
            class: Cell::text(route.map_or("unreached", |route| route.class.name(classes))),
            rpki: Cell::maybe(route.and_then(|route| route.rpki), Cell::text),
            since: Cell::maybe(route, |route| Cell::time(route.since)),
        }
    };
    Rows::new(Vec::new(), view.peers.iter().map(row))
}

/// The rows of a message; of a view or an event there are none.
#[must_use]
pub fn bgp_messages(found: &Found<'_>, networks: &Networks<'_>) -> Rows {
    let mut rows = Vec::new();
    match found {
        Found::Session { at, collector, peer, up } => rows.push(MessageRow {
            message: Cell::text(if *up { "session-up" } else { "session-down" }),
            ..message_row(*at, collector, peer)
        }),
        Found::Update { at, collector, peer, update } => {
            let path = update.path.as_ref();
            let next_to = path.and_then(|path| path.next_to(peer.asn, update.internal).0.asn());
            for nlri in &update.withdrawn {
                rows.push(MessageRow {
                    message: Cell::text("withdraw"),
                    prefix: Cell::text(nlri.prefix),
                    path_id: path_id(nlri.path_id),
                    ..message_row(*at, collector, peer)
                });
            }
            for nlri in &update.announced {
                rows.push(MessageRow {
                    message: Cell::text("announce"),
                    prefix: Cell::text(nlri.prefix),
                    path_id: path_id(nlri.path_id),
                    as_path: Cell::maybe(path, |path| Cell::text_or_empty(path.to_string())),
                    origin: Cell::maybe(path.and_then(|path| path.origin()), Cell::count),
                    upstream: Cell::maybe(next_to, Cell::count),
                    carrier: Cell::maybe(next_to, |asn| Cell::text(networks.name(asn))),
                    ..message_row(*at, collector, peer)
                });
            }
        }
        Found::View(_) | Found::Event(_) => {}
    }
    Rows::new(Vec::new(), rows)
}

fn path_id(id: u32) -> Cell {
    Cell::maybe(Some(id).filter(|id| *id > 0), Cell::count)
}

fn message_row(at: jiff::Timestamp, collector: &str, peer: &crate::bgp::Peer) -> MessageRow<Cell> {
    MessageRow {
        schema: Cell::Count(MESSAGES.schema()),
        at: Cell::time(at),
        collector: Cell::text(collector),
        peer_as: Cell::count(peer.asn),
        peer: Cell::text(peer.address),
        message: Cell::Empty,
        prefix: Cell::Empty,
        path_id: Cell::Empty,
        as_path: Cell::Empty,
        origin: Cell::Empty,
        upstream: Cell::Empty,
        carrier: Cell::Empty,
    }
}

/// A view as a table for people. Peers are not traffic, and it says so.
#[must_use]
pub fn bgp_table(view: &View, classes: &Classes, width: Option<usize>) -> String {
    let mut table = TextTable::new(["prefix", "verdict", "peers"]);
    table.add_column("with a route", Some("routes"));
    for id in classes.ids() {
        table.add_column(classes.name(id), None);
        table.add_column("", Some("intervals"));
    }
    table.add_column("origins", Some("origins"));
    table.add_column("rpki", Some("rpki"));
    table.add_column("carriers", Some("carriers"));
    let (block, others) = match view.scopes.split_first() {
        Some((first, rest)) => (Some(first), rest),
        None => (None, &[][..]),
    };
    for of in others.iter().chain(block) {
        let mut cells = vec![
            of.scope.to_string(),
            verdict(of.verdict, classes).to_owned(),
            of.asked.to_string(),
            of.visibility.map_or(String::new(), |share| format!("{:.0} %", share * 100.0)),
        ];
        for id in classes.ids() {
            let count = of.counts.get(&Class::Transit(id)).copied().unwrap_or_default();
            cells.extend(share_and_interval(count, of.shares.get(id.index()).copied().flatten()));
        }
        let origins = of.origins.iter().map(|asn| format!("AS{asn}"));
        cells.push(origins.collect::<Vec<_>>().join(", "));
        cells.push(of.rpki.map_or(String::new(), |state| state.to_string()));
        let carriers = of.carriers.iter().map(|(name, count)| format!("{name} {count}"));
        cells.push(carriers.collect::<Vec<_>>().join(", "));
        table.add_row(cells);
    }
    let block = view.scopes.first();
    let (peers, full) = (block.map_or(0, |of| of.peers), block.and_then(|of| of.full_peers));
    let full = full.map_or("sizes unknown".to_owned(), |full| format!("{full} with a full table"));
    let collector = if view.collector.is_empty() { "a collector" } else { &view.collector };
    format!(
        "{:.0}  bgp  {collector}: {peers} peer AS, {full}; peers are no traffic\n\n{}",
        view.started,
        table.text(width, &["rpki", "origins", "intervals", "routes", "carriers"])
    )
}

/// The events that happened at once: of one collector, within a second.
fn at_once(events: &[Event]) -> Vec<Vec<&Event>> {
    let mut groups: Vec<Vec<&Event>> = Vec::new();
    for event in events {
        let key = |event: &Event| {
            let subject = event.subject.clone();
            (event.kind, subject, event.collector.clone(), event.first_at.as_second())
        };
        // In the order of time, so that a group is never far behind.
        match groups.iter_mut().rev().take(64).find(|group| key(group[0]) == key(event)) {
            Some(group) => group.push(event),
            None => groups.push(vec![event]),
        }
    }
    groups
}

/// Events as a table for people: what happened at once in several scopes is a line.
#[must_use]
pub fn bgp_event_table(events: &[Event], width: Option<usize>) -> String {
    let mut table = TextTable::new(["time"]);
    table.add_column("at rest", Some("at rest"));
    table.add_column("collector", None);
    table.add_column("event", None);
    table.add_column("moved", Some("moved"));
    table.add_column("prefixes", None);
    let mut table = table.wrapping_last();
    for group in at_once(events) {
        let first = group[0];
        let what = match &first.subject {
            Some(subject) => format!("{} {subject}", first.kind.name()),
            None => first.kind.name().to_owned(),
        };
        let rest = group.iter().map(|event| event.at_rest).max().unwrap_or(first.at_rest);
        let scopes: Vec<String> = group.iter().map(|event| event.scope.to_string()).collect();
        let moved = group.iter().map(|event| event.moved).max().unwrap_or_default();
        table.add_row(vec![
            format!("{:.0}", first.first_at),
            format!("+{} s", rest.duration_since(first.first_at).as_secs()),
            first.collector.to_string(),
            what,
            format!("{moved} of {}", first.of),
            scopes.join(" "),
        ]);
    }
    table.text(width, &["at rest", "moved"])
}

/// Which peers see a scope by which path, grouped by the AS next to the origin and by the AS in front of it.
#[must_use]
pub fn explain_peers(view: &View, scope: Option<Ipv4Net>, networks: &Networks<'_>) -> String {
    let classes = &networks.targets().classes;
    let mut text = String::new();
    let _ = writeln!(text, "{}  at {:.6}", view.collector, view.ended);
    let scopes = view.scopes.iter().map(|of| of.scope);
    for of in scopes.filter(|of| scope.is_none_or(|scope| scope == *of)) {
        let mut groups: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for one in &view.peers {
            let Some(route) = one.route.as_ref().filter(|route| route.prefix == of) else {
                continue;
            };
            let (_, fork) = route.path.next_to(one.peer.asn, false);
            let next_to = match route.next_to {
                crate::bgp::NextTo::Upstream(asn) => {
                    format!("{} (AS{asn}, {})", networks.name(asn), route.class.name(classes))
                }
                crate::bgp::NextTo::Poisoned(asn) => {
                    format!("AS{asn} by a path with the origin in it twice (unknown)")
                }
                crate::bgp::NextTo::Ambiguous => "nobody can say (a set)".into(),
                crate::bgp::NextTo::Nobody => "nobody: the peer is the origin's own".into(),
            };
            let fork = fork.map_or("unknown".into(), |fork| format!("AS{fork}"));
            let line = format!(
                "AS{:<7} {:<16} {:<8} {}  since {:.0}",
                one.peer.asn,
                one.peer.address.to_string(),
                one.kind.name(),
                route.path,
                route.since
            );
            groups.entry((next_to, fork)).or_default().push(line);
        }
        if groups.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{of}");
        let mut last = String::new();
        for ((next_to, fork), lines) in groups {
            if next_to != last {
                let _ = writeln!(text, "  by {next_to}");
                last = next_to;
            }
            let _ = writeln!(
                text,
                "    through {fork}: {} path(s) that count as one choice",
                lines.len()
            );
            for line in lines {
                let _ = writeln!(text, "      {line}");
            }
        }
    }
    text
}
