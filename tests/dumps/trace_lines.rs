//! A trace in a line, to be compared with the truth.

use std::fmt::Write as _;
use std::io::Cursor;

use lasthop::import::{Finding, named};
use lasthop::trace::{HopReply, HopTry, ReplyKind, Trace};

/// All that `format` finds in `bytes`, with the lines.
pub(crate) fn found(format: &str, bytes: &[u8]) -> Vec<(u64, Finding)> {
    let mut findings = Vec::new();
    let mut input = Cursor::new(bytes.to_vec());
    let format = named(format).expect("a format");
    format.read(&mut input, &mut |line, one| findings.push((line, one))).expect("read");
    findings
}

/// All that `format` finds in `bytes`, a line each.
pub(crate) fn lines_of(format: &str, bytes: &[u8]) -> Vec<String> {
    found(format, bytes)
        .into_iter()
        .map(|(line, one)| format!("{line} {}", line_of(&one)))
        .collect()
}

fn line_of(finding: &Finding) -> String {
    match finding {
        Finding::Trace(trace) => trace_line(trace),
        Finding::OutOfScope(to) => format!("out of scope: {to}"),
        Finding::NoDestination(found) => {
            let last = found.answered_last().map(|last| format!("({last}) ")).unwrap_or_default();
            // An address whose answers would be marked is none of these.
            let aimed = found.clone().to([0, 0, 0, 0].into());
            let all: Vec<String> = aimed.iter().map(line_of).collect();
            format!("no destination {last}{}", all.join("; "))
        }
        Finding::Skipped(why) => format!("skipped: {why}"),
        Finding::Malformed(why) => format!("malformed: {why}"),
        Finding::OtherLines(count) => format!("other lines: {count}"),
    }
}

/// Target, method, flow, vantage and start, as far as they are known; the hops; why it ended.
pub(crate) fn trace_line(trace: &Trace) -> String {
    let mut line = trace.target.to_string();
    if let Some(method) = trace.method {
        let _ = write!(line, " {method}");
    }
    if let Some(flow) = trace.flow {
        let _ = write!(line, " flow {flow}");
    }
    if let Some(vantage) = &trace.vantage {
        let _ = write!(line, " from {}", vantage.name);
        if let Some(address) = vantage.address {
            let _ = write!(line, " ({address})");
        }
    }
    if let Some(started) = trace.started {
        let _ = write!(line, " at {started}");
    }
    for hop in &trace.hops {
        let _ = write!(line, " | {}", hop.ttl.get());
        for one in &hop.tries {
            let _ = write!(line, " {}", try_text(one, trace));
        }
    }
    if let Some(stop) = trace.stop {
        let _ = write!(line, " | {stop}");
    }
    line
}

fn try_text(one: &HopTry, trace: &Trace) -> String {
    one.answer.as_ref().map_or("*".into(), |answer| answer_text(answer, trace))
}

/// The address, `!` with a code or `=` for the target's answer, the time, and labels.
fn answer_text(answer: &HopReply, trace: &Trace) -> String {
    let who = if answer.from == trace.target { "target".into() } else { answer.from.to_string() };
    let mark = match answer.kind {
        ReplyKind::TimeExceeded => String::new(),
        ReplyKind::EchoReply => "=".into(),
        ReplyKind::Unreachable(code) => format!("!{code}"),
    };
    let rtt =
        answer.rtt.map(|rtt| format!(":{:.3}", rtt.as_secs_f64() * 1000.0)).unwrap_or_default();
    let mut text = format!("{who}{mark}{rtt}");
    for label in &answer.labels {
        let _ = write!(text, "/{}:{}", label.label, label.ttl);
    }
    text
}
