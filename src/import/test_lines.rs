//! Findings as lines, for the tests of the formats that are made of lines.

use std::fmt::Write as _;
use std::time::Duration;

use super::finding::Finding;
use super::format::Format;
use crate::trace::{Hop, MplsLabel, ReplyKind};

/// All that `format` finds in `bytes`, a line each.
pub(super) fn of(format: Format, mut bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut sink =
        |line: u64, finding: Finding| found.push(format!("{line}: {}", line_of(finding)));
    format.read(&mut bytes, &mut sink).expect("read");
    found
}

fn line_of(finding: Finding) -> String {
    let (mut text, trace) = match finding {
        Finding::Trace(trace) => (trace.target.to_string(), *trace),
        Finding::NoDestination(found) => {
            let guess = found.answered_last().map_or(String::new(), |last| format!(" ({last})"));
            // An address whose answers would be marked is none of these.
            let mut findings = found.to([0, 0, 0, 0].into());
            let more = findings.split_off(1).len();
            let more = if more > 0 { " unreadable" } else { "" };
            match findings.remove(0) {
                Finding::Trace(trace) => (format!("to no destination{guess}{more}"), *trace),
                other => return format!("no destination: {}", line_of(other)),
            }
        }
        Finding::OutOfScope(to) => return format!("out of scope: {to}"),
        Finding::Skipped(why) => return format!("skipped: {why}"),
        Finding::Malformed(why) => return format!("malformed: {why}"),
        Finding::OtherLines(count) => return format!("other lines: {count}"),
    };
    if let Some(vantage) = trace.vantage {
        let _ = write!(text, " from {}", vantage.name);
    }
    if let Some(started) = trace.started {
        let _ = write!(text, " at {started}");
    }
    let hops: Vec<String> = trace.hops.iter().map(hop).collect();
    let stop = trace.stop.map_or(String::new(), |stop| format!(", {stop}"));
    format!("{text}: {}{stop}", hops.join(", "))
}

fn hop(hop: &Hop) -> String {
    let tries = hop.tries.iter().map(|one| {
        let Some(answer) = &one.answer else { return "*".to_owned() };
        let rtt = answer.rtt.map_or(String::new(), |rtt| format!("@{}", millis(rtt)));
        let mark = match answer.kind {
            ReplyKind::TimeExceeded => String::new(),
            ReplyKind::EchoReply => "=".into(),
            ReplyKind::Unreachable(code) => format!("!{code}"),
        };
        let label = |label: &MplsLabel| format!("/{}:{}", label.label, label.ttl);
        let labels: String = answer.labels.iter().map(label).collect();
        format!("{}{mark}{rtt}{labels}", answer.from)
    });
    format!("{} {}", hop.ttl.get(), tries.collect::<Vec<_>>().join(" "))
}

fn millis(rtt: Duration) -> f64 {
    f64::from(u32::try_from(rtt.as_micros()).expect("no longer than an hour")) / 1e3
}
