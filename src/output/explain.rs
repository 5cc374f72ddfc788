//! One trace for people: its hops with their owners, the rule that decided, and what would have changed the
//! class or the confidence.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use crate::border::Behind;
use crate::owner::{Owner, Owners};
use crate::targets::Targets;
use crate::trace::{Hop, HopReply, ReplyKind, Trace};
use crate::transit::{Class, Confidence, Evidence, Judgement, Reason};

/// How many borders of other traces are named before the rest is counted.
const NAMED: usize = 4;

/// The explanation of a judged trace, under `title`.
#[must_use]
pub fn explain(
    title: &str,
    trace: &Trace,
    judgement: &Judgement,
    evidence: &Evidence,
    owners: &Owners<'_>,
    targets: &Targets,
) -> String {
    let class = judgement.class.name(&targets.classes);
    let mut text =
        format!("{title}: {}: {class}, {} confidence\n", trace.target, judgement.confidence);
    for hop in &trace.hops {
        text.push_str(&hop_lines(hop, judgement, owners, targets));
    }
    let _ = writeln!(text, "  decided   {}", decided(judgement, targets));
    let reasons: Vec<String> = judgement.reasons.iter().map(ToString::to_string).collect();
    let _ = writeln!(text, "  because   {}", reasons.join("; "));
    if let Some(others) = other_borders(trace, evidence, owners, targets) {
        let _ = writeln!(text, "  others    {others}");
    }
    for change in changes(judgement, targets) {
        let _ = writeln!(text, "  otherwise {change}");
    }
    text.push('\n');
    text
}

fn hop_lines(hop: &Hop, judgement: &Judgement, owners: &Owners<'_>, targets: &Targets) -> String {
    let mut text = String::new();
    let mut seen: Vec<Ipv4Addr> = Vec::new();
    for reply in hop.answers() {
        if seen.contains(&reply.from) {
            continue;
        }
        seen.push(reply.from);
        let last = judgement.border.last.is_some_and(|last| last.address == reply.from);
        let mark = if last { '>' } else { ' ' };
        let holder = holder(reply.from, &owners.of(reply.from), targets);
        let _ = writeln!(
            text,
            "{mark} {:>3}  {:<15} {:>10}  {holder}{}",
            hop.ttl.get(),
            reply.from,
            rtt(reply),
            note(reply.kind)
        );
    }
    if seen.is_empty() {
        let _ = writeln!(text, "  {:>3}  silence", hop.ttl.get());
    }
    text
}

fn rtt(reply: &HopReply) -> String {
    reply.rtt.map_or(String::new(), |rtt| format!("{:.1} ms", rtt.as_secs_f64() * 1e3))
}

/// What a reply is, unless it is the usual one.
fn note(kind: ReplyKind) -> String {
    match kind {
        ReplyKind::TimeExceeded => String::new(),
        ReplyKind::EchoReply => "  (the target answers)".into(),
        ReplyKind::Unreachable(code) => format!("  (unreachable, code {code})"),
    }
}

/// Who holds an address, and the source of that.
fn holder(address: Ipv4Addr, owner: &Owner, targets: &Targets) -> String {
    if targets.block.contains(address) {
        return "home".into();
    }
    if let Some(special) = targets.specials.of(address) {
        return format!("{special}: names nobody");
    }
    let mut words = Vec::new();
    words.extend(owner.class.map(|class| targets.classes.name(class).to_owned()));
    words.extend(owner.carrier.as_ref().map(|carrier| carrier.name.clone()));
    words.extend(owner.origin.as_ref().map(|origin| format!("AS{}", origin.asn)));
    words.extend(owner.country.map(|country| country.to_string()));
    words.extend(owner.router_name.clone());
    words.extend(owner.source.map(|source| format!("[{source}]")));
    if words.is_empty() { "nobody is known to hold it".into() } else { words.join(" ") }
}

/// The rule that decided.
fn decided(judgement: &Judgement, targets: &Targets) -> String {
    let holder = judgement.holder();
    let last = judgement.border.last.map_or(String::new(), |last| last.address.to_string());
    match judgement.class {
        Class::Transit(id) => {
            let class = targets.classes.name(id);
            let carrier = judgement.owner.as_ref().is_some_and(|owner| owner.carrier.is_some());
            let how = if carrier { "a carrier of class" } else { "whose country makes it" };
            format!("the last foreign hop {last} is held by {holder}, {how} {class}")
        }
        Class::Other => {
            format!(
                "the last foreign hop {last} is held by {holder}, no carrier in question, and next to the block"
            )
        }
        Class::Unreached => "the path ended before any carrier in question".into(),
        Class::Unknown => "the border cannot be attributed".into(),
    }
}

/// The borders of other traces of the same routed prefix.
fn other_borders(
    trace: &Trace,
    evidence: &Evidence,
    owners: &Owners<'_>,
    targets: &Targets,
) -> Option<String> {
    let scope = targets.block.routed_prefix(trace.target)?;
    let borders = evidence.borders(scope);
    let named = borders.iter().take(NAMED).map(|(address, count)| {
        let end = if *count == 1 { "ends" } else { "end" };
        format!("{count} {end} at {address} ({})", holder(*address, &owners.of(*address), targets))
    });
    let named: Vec<String> = named.collect();
    let more = borders.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; {more} more borders") } else { String::new() };
    (!named.is_empty()).then(|| format!("traces of {scope}: {}{more}", named.join("; ")))
}

/// What would have changed the class or the confidence.
fn changes(judgement: &Judgement, targets: &Targets) -> Vec<String> {
    let mut changes = Vec::new();
    let names: Vec<&str> = targets.classes.ids().map(|id| targets.classes.name(id)).collect();
    match (judgement.class, judgement.border.behind) {
        (Class::Unreached, _) => {
            changes.push(format!(
                "an answer from a carrier of {} further on decides",
                names.join(" or ")
            ));
        }
        (_, Behind::Silence { .. }) => {
            changes.push("a foreign hop that answers further on is the border instead".into());
        }
        (_, Behind::Home { gap, .. }) if gap > 0 => {
            changes.push("a foreign hop that answers in the gap is the border instead".into());
        }
        _ => {}
    }
    if judgement.confidence == Confidence::Medium {
        changes.push(
            "a home answer right behind it, or more traces with this border, make it surer".into(),
        );
    }
    changes.extend(judgement.reasons.iter().filter_map(|reason| doubt(reason, targets)));
    changes
}

/// What would have removed a doubt.
fn doubt(reason: &Reason, targets: &Targets) -> Option<String> {
    Some(match reason {
        Reason::Skipped { address, .. } => {
            format!("if {address} could be attributed, its holder would decide")
        }
        Reason::NoOwner => "a source that knows its holder (--as-table, --dns)".into(),
        Reason::NotNextToBlock => {
            format!("home within {} silent hops makes it other", targets.block.usual_gap)
        }
        Reason::WentOn(further) => format!("an answer from {further} moves the border there"),
        Reason::GapBefore(_) => "answers at the silent hops before it make it surer".into(),
        Reason::ThirdParty(_) => "a second hop of its class makes it surer".into(),
        Reason::NeverLeft => {
            "home behind it, or a trace that comes from another network, makes it surer".into()
        }
        Reason::PathUnknown => "a trace from the first hop on to this border makes it surer".into(),
        _ => return None,
    })
}
