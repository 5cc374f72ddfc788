//! Results of Globalping, traceroute and mtr: one alone, or all of a measurement as the API gives
//! them, each from a probe somewhere.
//!
//! The hops are read from the list, which holds one address for each TTL; the program's own text
//! beside it is not, but where the measurement failed and that is all there is.

use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::finding::Finding;
use super::format::{Format, JsonReader, Reader, Wanted};
use super::hop_builder::HopBuilder;
use super::mtr;
use super::mtr::raw::{Raw, RawHops, Step};
use super::mtr::row::Columns;
use super::sniff::Head;
use super::text_trace::{Destination, TextTrace};
use super::traceroute;
use super::traceroute::header::Header;
use super::traceroute::hop_words::HopWords;
use super::values::{self, Address};
use crate::input::json::loose::{self, Few, Number, Text};
use crate::trace::{HopReply, Method, ReplyKind, StopReason, Trace, Vantage};

/// The format `globalping`.
pub(super) const FORMAT: Format = Format {
    name: "globalping",
    recognises,
    stands_alone: false,
    reader: Reader::Json(JsonReader { prefixes: &[], parse: findings }),
};

/// The most silent tries that are made of a count.
const MOST: u16 = 32;

fn recognises(head: &Head) -> bool {
    let measured = ["\"status\":\"", "\"rawOutput\":"];
    head.has("\"probesCount\":")
        || head.has("\"result\":{") && head.has_all(&measured)
        || head.begins("{\"status\":\"") && head.has("\"resolvedAddress\":")
        || head.has_all(&["\"resolvedAddress\":", "\"timings\":[", "\"hops\":["])
}

/// A measurement, one probe's part of it, or that part's result alone.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Record {
    #[serde(rename = "type")]
    kind: Text,
    target: Text,
    created_at: Text,
    measurement_options: Option<Options>,
    results: Option<Few<Part>>,
    probe: Option<Probe>,
    result: Option<Measured>,
    status: Text,
    hops: Option<Few<Hop>>,
    resolved_address: Text,
    raw_output: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Options {
    protocol: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Part {
    probe: Option<Probe>,
    result: Option<Measured>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Probe {
    city: Text,
    state: Text,
    country: Text,
    asn: Number,
    network: Text,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Measured {
    status: Text,
    resolved_address: Text,
    hops: Option<Few<Hop>>,
    raw_output: Text,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Hop {
    resolved_address: Text,
    resolved_hostname: Text,
    timings: Timings,
    stats: Option<Stats>,
}

/// Answers' times; other measurements have something else here.
#[derive(Deserialize)]
#[serde(untagged)]
enum Timings {
    Answers(Few<Timing>),
    Other(IgnoredAny),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Timing {
    rtt: Number,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stats {
    total: Number,
}

/// What all results of a measurement share.
struct About {
    kind: Text,
    /// What was asked for, by its name or its address.
    target: Text,
    method: Option<Method>,
    started: Option<Timestamp>,
}

fn findings(record: &[u8], _: &Wanted<'_>) -> Vec<Finding> {
    let record: Record = match loose::read(record) {
        Ok(record) => record,
        Err(why) => return vec![Finding::Malformed(why)],
    };
    let protocol = record.measurement_options.and_then(|options| options.protocol.0);
    let about = About {
        kind: record.kind,
        target: record.target,
        method: protocol.as_deref().and_then(method),
        started: record.created_at.get().and_then(|at| at.parse().ok()),
    };
    let part = |part: Part| about.findings(part.probe.as_ref(), part.result.unwrap_or_default());
    let (status, resolved_address) = (record.status, record.resolved_address);
    match (record.results, record.result, record.hops) {
        (Some(results), ..) => results.0.into_iter().flat_map(part).collect(),
        (None, Some(result), _) => part(Part { probe: record.probe, result: Some(result) }),
        (None, None, hops) => {
            let raw_output = record.raw_output;
            about.findings(None, Measured { status, resolved_address, hops, raw_output })
        }
    }
}

fn method(protocol: &str) -> Option<Method> {
    match protocol.to_ascii_lowercase().as_str() {
        "icmp" => Some(Method::Icmp),
        "udp" => Some(Method::Udp),
        "tcp" => Some(Method::Tcp),
        _ => None,
    }
}

impl About {
    fn findings(&self, probe: Option<&Probe>, result: Measured) -> Vec<Finding> {
        if result.status.get() == Some("failed")
            && matches!(self.kind.get(), None | Some("traceroute" | "mtr"))
        {
            let text = result.raw_output.get().unwrap_or_default();
            let found = self.text_findings(probe, self.destination(&result), text);
            if !found.is_empty() {
                return found;
            }
        }
        match self.trace(probe, result) {
            Ok((trace, unread)) => Finding::of(trace, unread),
            Err(finding) => vec![finding],
        }
    }

    /// Where a program went that does not write it.
    fn destination(&self, result: &Measured) -> Destination {
        let named = result.resolved_address.get().or(self.target.get());
        named.map_or(Destination::Unknown, |text| {
            Address::parse(text).map_or(Destination::Name, Destination::from)
        })
    }

    /// The traces in what the program wrote before it was stopped: traceroute with its header, mtr as raw lines
    /// or as a table, neither of which says where it went.
    fn text_findings(
        &self,
        probe: Option<&Probe>,
        destination: Destination,
        text: &str,
    ) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut sink = |_, finding| match finding {
            Finding::Trace(mut trace) => {
                trace.method = self.method;
                trace.vantage = probe.and_then(Probe::vantage);
                trace.started = self.started;
                // It was stopped after its time, whatever it would still have asked.
                trace.stop = trace.stop.or(Some(StopReason::Interrupted));
                found.push(Finding::Trace(trace));
            }
            Finding::Skipped(_) | Finding::NoDestination(_) => found.push(finding),
            _ => {}
        };
        let mut trace = TextTrace::expected(1, destination);
        let (mut raw, mut columns) = (RawHops::default(), Columns::default());
        for (line, number) in text.lines().zip(1..) {
            if let Some(header) = Header::of(line) {
                let next = TextTrace::announced(number, header.destination);
                std::mem::replace(&mut trace, next).end(&mut sink);
            } else if let Some(line) = Raw::of(line) {
                if let Step::Hop(ttl, cell) = raw.take(line) {
                    trace.hop(number, ttl, vec![cell], &mut sink);
                }
            } else if let Some(names) = Columns::certain(line) {
                columns = names;
            } else if let Some(mtr::row::Row::Hop(ttl, cell)) = mtr::row::Row::of(line, columns) {
                trace.hop(number, ttl, vec![cell], &mut sink);
            } else if let Some((ttl, rest)) = traceroute::ttl(line.trim_start()) {
                trace.hop(number, ttl, HopWords::default().read_line(rest).cells, &mut sink);
            }
        }
        raw.end(&mut trace);
        trace.end(&mut sink);
        found
    }

    /// The trace, and the number of its hops that have no address that can be read.
    fn trace(&self, probe: Option<&Probe>, result: Measured) -> Result<(Trace, usize), Finding> {
        let skipped = |why: &str| Err(Finding::Skipped(why.to_owned()));
        if !matches!(self.kind.get(), None | Some("traceroute" | "mtr")) {
            return skipped("a measurement of something else than a path");
        }
        match result.status.get() {
            Some("finished") | None => {}
            Some("in-progress") => return skipped("a measurement that was not at its end"),
            Some(_) => return skipped("a measurement that failed"),
        }
        let Some(hops) = result.hops else { return skipped("a result without hops") };
        let target = values::target(result.resolved_address.get())?;
        let mut builder = HopBuilder::default();
        let mut unread = 0;
        for (hop, ttl) in hops.0.into_iter().zip(1..=u8::MAX) {
            unread += usize::from(hop.is_unread());
            hop.gather(ttl, target, &mut builder);
        }
        if builder.is_empty() {
            return skipped("a result without hops");
        }
        let mut trace = Trace {
            target,
            method: self.method,
            flow: None,
            vantage: probe.and_then(Probe::vantage),
            started: self.started,
            hops: builder.hops(),
            stop: None,
            strategy: None,
        };
        // Traceroute is asked for no more than 20 hops there.
        trace.stop = trace.ends_at_a_router().then_some(StopReason::MaxTtl);
        Ok((trace, unread))
    }
}

impl Probe {
    /// Its place and network, as in `Seoul, KR, AS4766 Korea Telecom`.
    fn vantage(&self) -> Option<Arc<Vantage>> {
        let asn = self.asn.whole::<u32>().map(|asn| format!("AS{asn}"));
        let network = [asn, self.network.0.clone()].into_iter().flatten();
        let network = Some(network.collect::<Vec<_>>().join(" "));
        let place = [&self.city, &self.state, &self.country].map(|text| text.0.clone());
        let parts = place.into_iter().chain([network]).flatten().filter(|part| !part.is_empty());
        values::vantage(Some(&parts.collect::<Vec<_>>().join(", ")), None)
    }
}

impl Hop {
    fn from(&self) -> Option<Ipv4Addr> {
        Address::parse(self.resolved_address.get()?)?.v4()
    }

    fn is_unread(&self) -> bool {
        let is_named = self.resolved_address.get().or(self.resolved_hostname.get()).is_some();
        is_named && self.from().is_none()
    }

    /// A try for each time, and silent ones for those that were lost.
    fn gather(self, ttl: u8, target: Ipv4Addr, builder: &mut HopBuilder) {
        let answer = |from, rtt| {
            let kind = if from == target { ReplyKind::EchoReply } else { ReplyKind::TimeExceeded };
            Some(HopReply::new(from, kind, rtt))
        };
        let asked = self.stats.as_ref().and_then(|stats| stats.total.whole()).unwrap_or(0);
        let mut tries = 0_u16;
        if let Some(from) = self.from() {
            let timings = match self.timings {
                Timings::Answers(timings) => timings,
                Timings::Other(_) => Few::default(),
            };
            for timing in timings.0.iter().take(MOST.into()) {
                builder.add(ttl, None, answer(from, timing.rtt.0.and_then(values::millis)));
                tries += 1;
            }
            if tries == 0 {
                builder.add(ttl, None, answer(from, None));
                tries = 1;
            }
        }
        for _ in tries..asked.clamp(1, MOST) {
            builder.add(ttl, None, None);
        }
    }
}

impl Default for Timings {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::test_lines;

    #[test]
    fn what_a_failed_measurement_printed_is_read() {
        let text = r#"{"type": "traceroute", "createdAt": "2026-01-02T03:04:05Z", "results": [{"probe": {"city": "Seoul"},
            "result": {"status": "failed", "rawOutput": "traceroute to 175.45.177.10 (175.45.177.10), 20 hops max, 60 byte packets\n 1  _gateway (192.168.1.1)  0.512 ms *\n 2  188.43.225.153 (188.43.225.153)  184.1 ms  184.2 ms\n 3  * *\n\nThe measurement command timed out."}},
            {"result": {"status": "failed", "rawOutput": "Private IP ranges are not allowed."}}]}"#;
        assert_eq!(
            test_lines::of(FORMAT, text.as_bytes()),
            [
                "1: 175.45.177.10 from Seoul at 2026-01-02T03:04:05Z: 1 192.168.1.1@0.512 *, \
                 2 188.43.225.153@184.1 188.43.225.153@184.2, 3 * *, interrupted",
                "1: skipped: a measurement that failed",
            ]
        );
    }

    #[test]
    fn what_a_failed_mtr_printed_is_read_raw_and_as_a_table() {
        let text = r#"{"type": "mtr", "target": "175.45.177.10", "createdAt": "2026-01-02T03:04:05Z", "results": [{"probe": {"city": "Seoul"},
            "result": {"status": "failed", "rawOutput": "x 0 33000\r\nh 0 192.168.1.1\r\nd 0 _gateway\r\np 0 512 33000\r\nx 1 33001\r\nx 2 33002\r\nh 2 188.43.225.153\r\np 2 184100 33002\r\nx 3 33003\r\n\n\nThe measurement command timed out."}},
            {"result": {"status": "failed", "rawOutput": "Host                                             Loss% Drop Rcv   Avg  StDev  Javg \n1. AS???   _gateway (192.168.1.1)                 0.0%    0   3   0.4    0.1   0.1\n2. AS???   (waiting for reply)                    \n3. AS20485 border.example (188.43.225.153)        0.0%    0   3 184.2    0.3   0.2\n\n\nThe measurement command timed out."}},
            {"result": {"status": "failed", "rawOutput": "Test failed. Please try again."}}]}"#;
        assert_eq!(
            test_lines::of(FORMAT, text.as_bytes()),
            [
                "1: 175.45.177.10 from Seoul at 2026-01-02T03:04:05Z: 1 192.168.1.1@0.512, 2 *, \
                 3 188.43.225.153@184.1, 4 *, interrupted",
                "1: 175.45.177.10 at 2026-01-02T03:04:05Z: 1 192.168.1.1@0.4, 2 *, \
                 3 188.43.225.153@184.2, interrupted",
                "1: skipped: a measurement that failed",
            ]
        );
    }
}
