//! scamper's measurements as `sc_warts2json` writes them, a JSON object on each line, and as M-Lab
//! wraps them: behind a line of metadata, or all in one object.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::balanced::{Balanced, Link};
use super::measurement::{self, Asked, Ending, Measurement, Reply};
use crate::import::finding::Finding;
use crate::import::format::{Format, JsonReader, Reader, Wanted};
use crate::import::sniff::Head;
use crate::import::values::{self, Address};
use crate::input::json::loose::{self, Few, Number, Text};
use crate::trace::MplsLabel;

/// The format `scamper-json`.
pub(in crate::import) const FORMAT: Format = Format {
    name: "scamper-json",
    recognises,
    stands_alone: false,
    reader: Reader::Json(JsonReader { prefixes: &[], parse: findings }),
};

/// The types of records that hold no measurement.
const CYCLES: [&str; 3] = ["cycle-start", "cycle-def", "cycle-stop"];
/// How records of other measurements begin.
const OTHERS: [&str; 5] = ["ping", "dealias", "neighbourdisc", "tbit", "udpprobe"];

fn recognises(head: &Head) -> bool {
    let has_type = |name: &&str| head.begins(&format!("{{\"type\":\"{name}\""));
    ["trace", "tracelb"].iter().chain(&CYCLES).any(&has_type)
        || OTHERS.iter().any(has_type) && head.has("\"userid\":")
        || head.begins("{\"UUID\":") && head.has("\"TracerouteCallerVersion\":")
        // As M-Lab wrote it in August and September of 2019.
        || head.begins("{\"UUID\":")
            && ["trace", "tracelb", "cycle-start"]
                .iter()
                .any(|name| head.has(&format!("\"type\":\"{name}\"")))
        || head.begins("{\"Metadata\":") && head.has("\"CycleStart\":")
        || head.has_all(&["\"stop_reason\":", "\"hop_count\":", "\"probe_count\":"])
}

fn findings(record: &[u8], _: &Wanted<'_>) -> Vec<Finding> {
    let mut record: Record = match loose::read(record) {
        Ok(record) => record,
        Err(why) => return vec![Finding::Malformed(why)],
    };
    let host = record.cycle_start.take().and_then(|cycle| cycle.hostname.0);
    let wrapped = record.trace.take().or(record.tracelb.take());
    match (wrapped, record.kind.get()) {
        (Some(wrapped), _) => wrapped.measurement(host).findings(),
        (None, Some("trace" | "tracelb")) => record.measurement(host).findings(),
        (None, Some(kind)) if CYCLES.contains(&kind) => Vec::new(),
        (None, Some(_)) => vec![Finding::Skipped("a record of something else than a path".into())],
        (None, None) if record.uuid.is_some() => Vec::new(),
        (None, None) => vec![Finding::Skipped("a record without a type".into())],
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CycleStart {
    hostname: Text,
}

/// A record: both kinds of traceroute, and what M-Lab wraps them in.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Record {
    #[serde(rename = "type")]
    kind: Text,
    #[serde(rename = "UUID")]
    uuid: Option<IgnoredAny>,
    #[serde(rename = "CycleStart")]
    cycle_start: Option<CycleStart>,
    #[serde(rename = "Trace")]
    trace: Option<Box<Record>>,
    #[serde(rename = "Tracelb")]
    tracelb: Option<Box<Record>>,
    src: Text,
    dst: Text,
    method: Text,
    monitor: Text,
    start: Option<Time>,
    firsthop: Number,
    attempts: Number,
    errmsg: Text,
    sport: Number,
    icmp_sum: Number,
    stop_reason: Text,
    hop_count: Number,
    hops: Few<Hop>,
    extra_hops: Few<Hop>,
    nodes: Few<Node>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Time {
    sec: Number,
    usec: Number,
}

/// An answer; its keys are those of both kinds of traceroute.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Hop {
    addr: Text,
    probe_ttl: Number,
    probe_id: Number,
    tx: Option<Time>,
    rtt: Number,
    #[serde(alias = "ttl")]
    reply_ttl: Number,
    icmp_type: Number,
    icmp_code: Number,
    tcp_flags: Number,
    icmpext: Few<Extension>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Extension {
    mpls_labels: Few<Mpls>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Mpls {
    mpls_label: Number,
    mpls_ttl: Number,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Node {
    addr: Text,
    /// For each distance behind the node, the links' ends.
    links: Few<Few<End>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct End {
    addr: Text,
    probes: Few<Probe>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Probe {
    tx: Option<Time>,
    ttl: Number,
    replies: Few<Hop>,
}

impl Record {
    fn measurement(mut self, host: Option<String>) -> Measurement {
        let first = self.firsthop.whole().unwrap_or(1);
        let is_balanced = self.kind.get() == Some("tracelb");
        let (tries, asked) =
            if is_balanced { self.balanced(first).tries() } else { (self.answers(), Vec::new()) };
        let last =
            self.hop_count.whole::<u16>().map_or(0, |last| u8::try_from(last).unwrap_or(u8::MAX));
        Measurement {
            target: address(&self.dst),
            source: address(&self.src),
            method: self.method.get().and_then(measurement::method),
            flow: self.flow(),
            started: self.start.as_ref().and_then(Time::moment),
            stop: self.stop_reason.get().map(Ending::named).unwrap_or_default(),
            attempts: self.attempts.whole().unwrap_or(1),
            monitor: self.monitor.0.or(host),
            error: self.errmsg.0,
            span: (!is_balanced).then_some((first, last)),
            asked,
            tries,
        }
    }

    fn answers(&mut self) -> Vec<Asked> {
        let hops = std::mem::take(&mut self.hops).0.into_iter();
        hops.chain(std::mem::take(&mut self.extra_hops).0).map(Hop::asked).collect()
    }

    fn balanced(&mut self, first: u8) -> Balanced {
        let nodes = std::mem::take(&mut self.nodes).0;
        let addresses = nodes.iter().map(|node| address(&node.addr)).collect();
        let links = nodes.into_iter().enumerate().flat_map(|(from, node)| node.links(from));
        Balanced { first, nodes: addresses, links: links.collect() }
    }

    fn flow(&self) -> Option<u16> {
        match self.method.get()? {
            _ if self.kind.get() == Some("tracelb") => None,
            "icmp-echo-paris" => self.icmp_sum.whole(),
            "udp-paris" | "tcp" | "tcp-ack" => self.sport.whole(),
            _ => None,
        }
    }
}

impl Node {
    fn links(self, from: usize) -> impl Iterator<Item = Link> {
        let ends = self
            .links
            .0
            .into_iter()
            .zip(0..=u8::MAX)
            .flat_map(|(ends, over)| ends.0.into_iter().map(move |end| (over, end)));
        ends.map(move |(over, end)| Link {
            from,
            over,
            to: address(&end.addr),
            probes: end.probes.0.into_iter().flat_map(Probe::asked).collect(),
        })
    }
}

impl Probe {
    /// The probe with its answers; where several came, a try for each.
    fn asked(self) -> Vec<Asked> {
        let ttl = self.ttl.whole().unwrap_or(0);
        let sent = self.tx.as_ref().and_then(Time::moment);
        let asked = Asked { ttl, sent, ..Asked::default() };
        if self.replies.0.is_empty() {
            return vec![asked];
        }
        let reply = |reply: Hop| Asked { reply: Some(reply.reply()), ..asked.clone() };
        self.replies.0.into_iter().map(reply).collect()
    }
}

impl Hop {
    fn asked(self) -> Asked {
        let is_silent = matches!(self.addr.get(), Some("*" | ""));
        Asked {
            ttl: self.probe_ttl.whole().unwrap_or(0),
            attempt: self.probe_id.whole::<u16>().map(|number| number.saturating_sub(1)),
            sent: self.tx.as_ref().and_then(Time::moment),
            reply: (!is_silent).then(|| self.reply()),
        }
    }

    fn reply(self) -> Reply {
        let kind = self.icmp_type.whole();
        Reply {
            from: address(&self.addr),
            icmp: kind.map(|kind| (kind, self.icmp_code.whole().unwrap_or(0))),
            tcp: self.tcp_flags.0.is_some(),
            rtt: self.rtt.0.and_then(values::millis),
            ttl: self.reply_ttl.whole(),
            labels: self.icmpext.0.into_iter().flat_map(Extension::labels).collect(),
        }
    }
}

impl Extension {
    fn labels(self) -> impl Iterator<Item = MplsLabel> {
        self.mpls_labels.0.into_iter().filter_map(|entry| {
            Some(MplsLabel { label: entry.mpls_label.whole()?, ttl: entry.mpls_ttl.whole()? })
        })
    }
}

impl Time {
    fn moment(&self) -> Option<Timestamp> {
        let seconds: i64 = self.sec.whole().filter(|seconds| *seconds > 0)?;
        let nanos = Duration::from_micros(self.usec.whole().unwrap_or(0)).as_nanos();
        Timestamp::new(seconds, i32::try_from(nanos).ok()?).ok()
    }
}

fn address(text: &Text) -> Option<Address> {
    Address::parse(text.get()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::test_lines;

    #[test]
    fn what_a_file_says_of_an_error_is_shown_short_and_without_controls() {
        let long = "x".repeat(1000);
        let text = format!(
            "{{\"type\":\"trace\",\"dst\":\"175.45.176.8\",\"stop_reason\":\"ERROR\",\"errmsg\":\"a\\u001b[2J{long}\"}}"
        );
        let expected =
            format!("1: skipped: a traceroute that failed: a\\u{{1b}}[2J{}", "x".repeat(115));
        assert_eq!(test_lines::of(FORMAT, text.as_bytes()), [expected]);
    }
}
