//! One trace for people: its hops with their owners, the rule that decided, and what would have changed the
//! class or the confidence.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use crate::border::Behind;
use crate::columns::{EXPLANATIONS, ExplanationRow};
use crate::owner::{Owner, Owners};
use crate::targets::Targets;
use crate::trace::{Hop, HopReply, Method, ReplyKind, Trace, Ttl};
use crate::transit::{Class, Confidence, Evidence, Judgement, Reason};

use super::rows::{Cell, Rows};
use super::text_table::wrapped;

/// Where a line goes on that is too long: under the holder of a hop, and under the words of a part.
const BELOW_HOLDER: &str = "                          ";
const BELOW_PART: &str = "            ";

/// How many borders of other traces are named before the rest is counted.
const NAMED: usize = 4;

/// Why one trace is judged as it is.
#[derive(Debug)]
pub struct Explanation {
    place: Option<(String, u64)>,
    target: Ipv4Addr,
    method: Option<Method>,
    class: String,
    confidence: Confidence,
    last: Option<Ipv4Addr>,
    hops: Vec<(Ttl, Vec<Answer>)>,
    decided: String,
    because: String,
    others: Option<String>,
    otherwise: Vec<String>,
}

/// An address that answered at a TTL.
#[derive(Debug)]
struct Answer {
    from: Ipv4Addr,
    rtt: String,
    holder: String,
    note: String,
}

impl Explanation {
    /// The explanation of a judged trace, and the file and line where it was found, if it was not measured.
    #[must_use]
    pub fn of(
        place: Option<(&str, u64)>,
        trace: &Trace,
        judgement: &Judgement,
        evidence: &Evidence,
        owners: &Owners<'_>,
        targets: &Targets,
    ) -> Self {
        let reasons: Vec<String> = judgement.reasons.iter().map(ToString::to_string).collect();
        let answers = |hop: &Hop| (hop.ttl, answers(hop, owners, targets));
        Self {
            place: place.map(|(file, line)| (file.to_owned(), line)),
            target: trace.target,
            method: trace.method,
            class: judgement.class.name(&targets.classes).to_owned(),
            confidence: judgement.confidence,
            last: judgement.border.last.map(|last| last.address),
            hops: trace.hops.iter().map(answers).collect(),
            decided: decided(judgement, targets),
            because: reasons.join("; "),
            others: other_borders(trace, evidence, owners, targets),
            otherwise: changes(judgement, targets),
        }
    }

    /// It for people, in some lines of at most `width` characters.
    #[must_use]
    pub fn text(&self, width: Option<usize>) -> String {
        let Self { target, class, confidence, .. } = self;
        let which = match (&self.place, self.method) {
            (Some((file, line)), _) => format!("{file}:{line}: {target}"),
            (None, Some(method)) => format!("{target} by {method}"),
            (None, None) => target.to_string(),
        };
        let about = format!("{which}: {class}, {confidence} confidence");
        let mut text = wrapped(&about, "", "  ", width);
        for (ttl, answers) in &self.hops {
            if answers.is_empty() {
                let _ = writeln!(text, "  {:>3}  silence", ttl.get());
            }
            for Answer { from, rtt, holder, note } in answers {
                let mark = if self.last == Some(*from) { '>' } else { ' ' };
                let ttl = ttl.get();
                let start = format!("{mark} {ttl:>3}  {from:<15} {rtt:>10}  ");
                text += &wrapped(&format!("{holder}{note}"), &start, BELOW_HOLDER, width);
            }
        }
        let mut part = |name: &str, words: &str| {
            text += &wrapped(words, &format!("  {name:9} "), BELOW_PART, width);
        };
        part("decided", &self.decided);
        part("because", &self.because);
        if let Some(others) = &self.others {
            part("others", others);
        }
        for change in &self.otherwise {
            part("otherwise", change);
        }
        text.push('\n');
        text
    }

    fn hops_cell(&self) -> Cell {
        let mut hops = Vec::new();
        for (ttl, answers) in &self.hops {
            let ttl = ttl.get();
            if answers.is_empty() {
                hops.push(format!("{ttl} silence"));
            }
            for Answer { from, rtt, holder, note } in answers {
                let rtt = if rtt.is_empty() { String::new() } else { format!(" {rtt}") };
                hops.push(format!("{ttl} {from}{rtt}: {holder}{note}"));
            }
        }
        Cell::Text(hops.join("; "))
    }
}

/// A row for each explanation.
#[must_use]
pub fn explanations(all: &[Explanation]) -> Rows {
    let rows = all.iter().map(|it| ExplanationRow {
        schema: Cell::Count(EXPLANATIONS.schema()),
        file: Cell::maybe(it.place.as_ref(), |(file, _)| Cell::text(file)),
        line: Cell::maybe(it.place.as_ref(), |(_, line)| Cell::count(*line)),
        target: Cell::text(it.target),
        class: Cell::text(&it.class),
        confidence: Cell::text(it.confidence),
        last_hop: Cell::maybe(it.last, Cell::text),
        hops: it.hops_cell(),
        decided: Cell::text(&it.decided),
        because: Cell::text(&it.because),
        others: Cell::maybe(it.others.as_ref(), Cell::text),
        otherwise: Cell::text_or_empty(it.otherwise.join("; ")),
    });
    Rows::new(Vec::new(), rows)
}

/// Who answered at a TTL, each once.
fn answers(hop: &Hop, owners: &Owners<'_>, targets: &Targets) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    for reply in hop.answers() {
        if answers.iter().all(|answer| answer.from != reply.from) {
            answers.push(Answer {
                from: reply.from,
                rtt: rtt(reply),
                holder: holder(reply.from, &owners.of(reply.from), targets),
                note: note(reply.kind),
            });
        }
    }
    answers
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
            "a home answer behind it, on any trace of the routed prefix, makes it surer".into(),
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
        Reason::Alone => {
            "a home answer behind it, three targets that agree, or BGP (--bgp) make it surer".into()
        }
        Reason::GapBefore(_) => "answers at the silent hops before it make it surer".into(),
        Reason::ThirdParty(_) => "a second hop of its class makes it surer".into(),
        Reason::NeverLeft => {
            "home behind it, or a trace that comes from another network, makes it surer".into()
        }
        Reason::NotAnnounced { silent: Some(silent), .. } => {
            format!("an answer from {silent} behind it would decide")
        }
        Reason::PathUnknown => "a trace from the first hop on to this border makes it surer".into(),
        _ => return None,
    })
}
