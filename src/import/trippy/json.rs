//! `trip --mode json`: several hosts may stand at one TTL, with the times of all of them together.

use jiff::Timestamp;
use serde::Deserialize;

use crate::import::finding::Finding;
use crate::import::format::{Format, JsonReader, Reader, Wanted};
use crate::import::sniff::Head;
use crate::import::text_trace::{Cell, Destination, Sender, TextTrace};
use crate::import::values::{self, Address};
use crate::input::json::loose::{self, Few, Number, Text};
use crate::trace::MplsLabel;

/// The format `trippy-json`.
pub(in crate::import) const FORMAT: Format = Format {
    name: "trippy-json",
    recognises,
    stands_alone: false,
    reader: Reader::Json(JsonReader { prefixes: &[], parse: findings }),
};

fn recognises(head: &Head) -> bool {
    head.begins("{\"info\":{\"target\":{")
        || head.has_all(&["\"info\":{", "\"target\":{", "\"loss_pct\":"])
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Report {
    info: Info,
    hops: Option<Few<Hop>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Info {
    target: Host,
    start_timestamp: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Host {
    ip: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Hop {
    ttl: Number,
    hosts: Few<Host>,
    extensions: Few<Extension>,
    recv: Number,
    best: Number,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Extension {
    mpls: Mpls,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Mpls {
    members: Few<Member>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Member {
    label: Number,
    ttl: Number,
}

fn findings(record: &[u8], _: &Wanted<'_>) -> Vec<Finding> {
    let report: Report = match loose::read(record) {
        Ok(report) => report,
        Err(why) => return vec![Finding::Malformed(why)],
    };
    let Some(hops) = report.hops else {
        return vec![Finding::Skipped("a record without hops".into())];
    };
    let target = report.info.target.ip.get().and_then(Address::parse);
    let mut found = Vec::new();
    let mut sink = |_, finding| found.push(finding);
    let mut trace = TextTrace::announced(0, target.map_or(Destination::Unknown, Destination::from));
    let started = report.info.start_timestamp.get().and_then(|at| at.parse().ok());
    trace.started =
        started.and_then(|at: Timestamp| Timestamp::from_microsecond(at.as_microsecond()).ok());
    for (hop, place) in hops.0.iter().zip(1..=u8::MAX) {
        let ttl = hop.ttl.whole().filter(|ttl| *ttl > 0).unwrap_or(place);
        trace.hop(0, ttl, hop.cells(), &mut sink);
    }
    trace.end(&mut sink);
    found
}

impl Hop {
    fn cells(&self) -> Vec<Cell> {
        let [host] = self.hosts.0.as_slice() else {
            return match self.hosts.0.as_slice() {
                [] => vec![Cell::Silent],
                hosts => hosts.iter().map(|host| Cell::answer(host.sender(), None)).collect(),
            };
        };
        let is_measured = self.recv.whole::<u64>() != Some(0);
        let rtt = self.best.0.filter(|_| is_measured).and_then(values::millis);
        let labels = self.extensions.0.iter().flat_map(|one| &one.mpls.members.0);
        let label =
            |one: &Member| Some(MplsLabel { label: one.label.whole()?, ttl: one.ttl.whole()? });
        let mut cell = Cell::answer(host.sender(), rtt);
        if let Cell::Answer { labels: quoted, .. } = &mut cell {
            *quoted = labels.filter_map(label).take(values::MOST_LABELS).collect();
        }
        vec![cell]
    }
}

impl Host {
    fn sender(&self) -> Sender {
        self.ip.get().and_then(Address::parse).map_or(Sender::Unreadable, Sender::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{recognise, test_lines};

    #[test]
    fn hosts_of_one_ttl_have_no_times_of_their_own() {
        let text = r#"{"info": {"target": {"ip": "175.45.177.10", "hostname": "x"},
            "start_timestamp": "2026-06-01T10:00:00.123456789Z"}, "hops": [
            {"ttl": 1, "hosts": [{"ip": "192.168.0.1", "hostname": "gw"}], "recv": 3, "best": "3.13"},
            {"ttl": 2, "hosts": [], "sent": 3, "recv": 0, "best": "0.00"},
            {"ttl": 3, "hosts": [{"ip": "188.43.28.9"}, {"ip": "188.43.28.10"}], "recv": 3, "best": "18.10"},
            {"ttl": 4, "hosts": [{"ip": "188.43.225.153"}], "recv": 3, "best": "184.00",
             "extensions": [{"mpls": {"members": [{"label": 24015, "exp": 0, "bos": 1, "ttl": 1}]}}]}]}"#;
        assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("trippy-json"));
        assert_eq!(
            test_lines::of(FORMAT, text.as_bytes()),
            ["1: 175.45.177.10 at 2026-06-01T10:00:00.123456Z: 1 192.168.0.1@3.13, 2 *, \
              3 188.43.28.9 188.43.28.10, 4 188.43.225.153@184/24015:1"]
        );
    }
}
