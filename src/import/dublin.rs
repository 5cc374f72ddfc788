//! Results of dublin-traceroute: several flows of UDP to one destination, each a trace of its own.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::finding::Finding;
use super::format::{Format, JsonReader, Reader, Wanted};
use super::hop_builder::HopBuilder;
use super::sniff::Head;
use super::values::{self, Address};
use crate::input::json::loose::{self, Few, Number, Text};
use crate::trace::{HopReply, Method, MplsLabel, ReplyKind, Trace};

/// The format `dublin`.
pub(super) const FORMAT: Format = Format {
    name: "dublin",
    recognises,
    stands_alone: false,
    reader: Reader::Json(JsonReader { prefixes: &[], parse: findings }),
};

fn recognises(head: &Head) -> bool {
    head.begins("{\"flows\":{") || head.has_all(&["\"flows\":{", "\"flowhash\":", "\"sent\":{"])
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Record {
    flows: BTreeMap<String, Few<Probe>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Probe {
    sent: Packet,
    received: Option<Packet>,
    rtt_usec: Number,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Packet {
    ip: Ip,
    icmp: Option<Icmp>,
    /// Seconds: the program writes a text, its copy in Go a number.
    timestamp: Number,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ip {
    src: Text,
    dst: Text,
    ttl: Number,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Icmp {
    r#type: Number,
    code: Number,
    mpls_labels: Few<Mpls>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Mpls {
    label: Number,
    ttl: Number,
}

fn findings(record: &[u8], _: &Wanted<'_>) -> Vec<Finding> {
    match loose::read(record) {
        Err(why) => vec![Finding::Malformed(why)],
        Ok(Record { flows }) if flows.is_empty() => {
            vec![Finding::Skipped("a record without flows".into())]
        }
        Ok(Record { flows }) => {
            flows.into_iter().flat_map(|(flow, probes)| flow_findings(&flow, &probes.0)).collect()
        }
    }
}

fn flow_findings(flow: &str, probes: &[Probe]) -> Vec<Finding> {
    let text = probes.iter().find_map(|probe| probe.sent.ip.dst.get());
    let target = match values::target(text) {
        Ok(target) => target,
        Err(finding) => return vec![finding],
    };
    if probes.len() > values::MOST_ANSWERS {
        return vec![Finding::too_many_answers()];
    }
    let mut hops = HopBuilder::default();
    let mut unread = 0;
    for (probe, place) in probes.iter().zip(1..=u8::MAX) {
        let ttl = probe.sent.ip.ttl.whole().unwrap_or(place);
        unread += usize::from(probe.received.as_ref().is_some_and(|one| one.sender().is_none()));
        hops.add(ttl, probe.sent.sent_at(), probe.answer(target));
    }
    if hops.is_empty() {
        return vec![Finding::Skipped("a flow without hops".into())];
    }
    let source = probes.iter().find_map(|probe| Address::parse(probe.sent.ip.src.get()?));
    let trace = Trace {
        target,
        method: Some(Method::Udp),
        flow: flow.parse().ok(),
        vantage: values::vantage(None, source.and_then(Address::v4)),
        started: probes.iter().filter_map(|probe| probe.sent.sent_at()).min(),
        hops: hops.hops(),
        stop: None,
        strategy: None,
    };
    Finding::of(trace, unread)
}

impl Packet {
    fn sender(&self) -> Option<Address> {
        Address::parse(self.ip.src.get()?)
    }

    fn sent_at(&self) -> Option<Timestamp> {
        let seconds = self.timestamp.0.filter(|seconds| *seconds > 0.0)?;
        let since = Duration::try_from_secs_f64(seconds).ok()?;
        Timestamp::from_microsecond(i64::try_from(since.as_micros()).ok()?).ok()
    }
}

impl Probe {
    fn answer(&self, target: Ipv4Addr) -> Option<HopReply> {
        let received = self.received.as_ref()?;
        let from = received.sender()?.v4()?;
        let icmp = received.icmp.as_ref();
        let code = icmp.and_then(|icmp| icmp.code.whole()).unwrap_or(0);
        let kind = match icmp.and_then(|icmp| icmp.r#type.whole::<u8>()) {
            Some(icmp_type) => values::kind(icmp_type, code, from == target)?,
            None if from == target => ReplyKind::EchoReply,
            None => ReplyKind::TimeExceeded,
        };
        let label =
            |one: &Mpls| Some(MplsLabel { label: one.label.whole()?, ttl: one.ttl.whole()? });
        let labels = icmp.into_iter().flat_map(|icmp| &icmp.mpls_labels.0).filter_map(label);
        Some(HopReply {
            reply_ttl: received.ip.ttl.whole(),
            labels: labels.take(values::MOST_LABELS).collect(),
            ..HopReply::new(
                from,
                kind,
                self.rtt_usec.0.and_then(|micros| values::millis(micros / 1000.0)),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{recognise, test_lines};

    #[test]
    fn what_is_nothing_of_the_path_is_no_hop() {
        let text = r#"{"flows": {"33434": [
            {"sent": {"ip": {"dst": "175.45.177.10", "ttl": 1}},
             "received": {"icmp": {"type": 5, "code": 1}, "ip": {"src": "192.168.1.1"}}},
            {"sent": {"ip": {"dst": "175.45.177.10", "ttl": 2}},
             "received": {"icmp": {"type": 11, "code": 0}, "ip": {"src": "192.168.1.2"}}}]}}"#;
        assert_eq!(
            test_lines::of(FORMAT, text.as_bytes()),
            ["1: 175.45.177.10: 1 *, 2 192.168.1.2"]
        );
    }

    #[test]
    fn a_sender_that_cannot_be_read_is_reported() {
        let text = r#"{"flows": {"33434": [
            {"sent": {"ip": {"dst": "175.45.177.10", "ttl": 1}},
             "received": {"icmp": {"type": 11, "code": 0}, "ip": {"src": "192.168.1.1"}}},
            {"sent": {"ip": {"dst": "175.45.177.10", "ttl": 2}},
             "received": {"icmp": {"type": 11, "code": 0}, "ip": {"src": "x.x.x.x"}}}]}}"#;
        assert_eq!(
            test_lines::of(FORMAT, text.as_bytes()),
            [
                "1: 175.45.177.10: 1 192.168.1.1, 2 *",
                "1: skipped: answers from senders that cannot be read",
            ]
        );
    }

    #[test]
    fn each_flow_is_a_trace() {
        let text = r#"{"flows": {"33434": [
            {"sent": {"ip": {"dst": "175.45.177.10", "src": "192.168.1.7", "ttl": 1}, "timestamp": "1700000000.25"},
             "received": {"icmp": {"type": 11, "code": 0, "mpls_labels": [{"label": 7, "ttl": 1}]},
                          "ip": {"src": "192.168.1.1", "ttl": 64}}, "rtt_usec": 700},
            {"sent": {"ip": {"dst": "175.45.177.10", "ttl": 2}, "timestamp": 1700000000.5}, "received": null, "rtt_usec": 0},
            {"sent": {"ip": {"dst": "175.45.177.10", "ttl": 3}},
             "received": {"icmp": {"type": 3, "code": 3}, "ip": {"src": "175.45.177.10"}}, "rtt_usec": 190250}],
            "33435": [{"sent": {"ip": {"dst": "2001:db8::1", "ttl": 1}}}], "33436": []}}"#;
        assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("dublin"));
        assert_eq!(
            test_lines::of(FORMAT, text.as_bytes()),
            [
                "1: 175.45.177.10 at 2023-11-14T22:13:20.25Z: 1 192.168.1.1@0.7/7:1, 2 *, \
                 3 175.45.177.10=@190.25",
                "1: skipped: a traceroute to an IPv6 address",
                "1: skipped: it names no destination",
            ]
        );
    }
}
