//! Results of `nexttrace --json`: for each TTL a list of probes.
//!
//! Where the trace went is not in the file. `NextTrace` stops where the destination answers, and writes
//! nothing behind it; newer versions say that this is why they stopped. So the destination is who
//! answered last, if no other did there and the file is whole; of any other trace it is unknown.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::finding::{Finding, NoDestination};
use super::format::{Format, JsonReader, Reader, Wanted};
use super::hop_builder::HopBuilder;
use super::sniff::Head;
use super::values::{self, Address};
use crate::input::json::loose::{self, Few, Number, Text};
use crate::trace::{HopReply, ReplyKind, StopReason};

/// The format `nexttrace`.
pub(super) const FORMAT: Format = Format {
    name: "nexttrace",
    recognises,
    stands_alone: false,
    reader: Reader::Json(JsonReader { prefixes: &[], parse: findings }),
};

/// How far a trace goes by default: one that ends here has not stopped because of an answer.
const FURTHEST: usize = 30;

fn recognises(head: &Head) -> bool {
    head.begins("{\"Hops\":") || head.has_all(&["\"Hops\":[[", "\"Success\":"])
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "Hops")]
    hops: Option<Few<Few<Probe>>>,
    #[serde(default, rename = "StopReason")]
    stop: Option<NextTraceStop>,
}

/// Why a trace stopped, as newer versions say.
#[derive(Default, Deserialize)]
#[serde(default)]
struct NextTraceStop {
    hop: Number,
    reason: Text,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Probe {
    success: bool,
    address: Option<Sender>,
    #[serde(rename = "TTL")]
    ttl: Number,
    #[serde(rename = "RTT")]
    rtt: Number,
    #[serde(rename = "MPLS")]
    mpls: Few<Text>,
}

/// An address as Go writes it, or as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Sender {
    Go {
        #[serde(rename = "IP")]
        address: Text,
    },
    Plain(String),
    Other(IgnoredAny),
}

fn findings(record: &[u8], _: &Wanted<'_>) -> Vec<Finding> {
    let record: Record = match loose::read(record) {
        Ok(record) => record,
        Err(why) => return vec![Finding::Malformed(why)],
    };
    let Some(hops) = record.hops else {
        return vec![Finding::Skipped("a record without hops".into())];
    };
    let hops = hops.0.into_iter().map(|probes| probes.0).collect();
    ProbesByHop { hops, stop: record.stop }.findings()
}

/// The probes by their place, and why there are no more.
struct ProbesByHop {
    hops: Vec<Vec<Probe>>,
    stop: Option<NextTraceStop>,
}

impl ProbesByHop {
    fn findings(&self) -> Vec<Finding> {
        if self
            .probes()
            .any(|(_, probe)| probe.sender().and_then(Address::parse) == Some(Address::V6))
        {
            return vec![Finding::Skipped("a traceroute to an IPv6 address".into())];
        }
        let target = self.target();
        let mut builder = HopBuilder::default();
        let mut unread = 0;
        for (ttl, probe) in self.probes() {
            unread += usize::from(probe.sender().is_some() && probe.from().is_none());
            builder.add(ttl, None, probe.answer());
        }
        let stop = target.map(|_| StopReason::Home);
        let found =
            NoDestination { hops: builder.hops(), stop, unread, ..NoDestination::default() };
        match target {
            Some(target) => found.to(target),
            None => vec![Finding::NoDestination(Box::new(found))],
        }
    }

    /// All probes with their TTL: the one they name, else their place.
    fn probes(&self) -> impl Iterator<Item = (u8, &Probe)> {
        self.hops.iter().zip(1..=u8::MAX).flat_map(|(probes, place)| {
            probes.iter().map(move |probe| (probe.ttl.whole().unwrap_or(place), probe))
        })
    }

    /// Who answered last, if that was the destination.
    fn target(&self) -> Option<Ipv4Addr> {
        let last = match &self.stop {
            Some(stop) if stop.reason.get() == Some("destination_reached") => stop.hop.whole()?,
            Some(_) => return None,
            None => u8::try_from(self.hops.len()).ok()?,
        };
        let is_whole = usize::from(last) == self.hops.len()
            && (self.stop.is_some() || self.hops.len() < FURTHEST);
        let at = |wanted: u8| self.probes().filter(move |(ttl, _)| *ttl == wanted);
        let mut answers = at(last).filter_map(|(_, probe)| probe.from());
        let target = answers.next().filter(|_| is_whole)?;
        let is_alone = answers.all(|from| from == target);
        let is_new = self.probes().all(|(ttl, probe)| ttl >= last || probe.from() != Some(target));
        (is_alone && is_new).then_some(target)
    }
}

impl Probe {
    /// Who answered, as it is written.
    fn sender(&self) -> Option<&str> {
        let sender = self.address.as_ref().filter(|_| self.success)?;
        let text = match sender {
            Sender::Go { address } => address.get().unwrap_or_default(),
            Sender::Plain(address) => address,
            Sender::Other(_) => "",
        };
        // What follows a percent sign is a zone of IPv6.
        text.split('%').next().filter(|text| !text.is_empty())
    }

    fn from(&self) -> Option<Ipv4Addr> {
        Address::parse(self.sender()?)?.v4()
    }

    fn answer(&self) -> Option<HopReply> {
        let from = self.from()?;
        let labels = self.mpls.0.iter().filter_map(Text::get).flat_map(values::labels);
        Some(HopReply {
            labels: labels.take(values::MOST_LABELS).collect(),
            ..HopReply::new(from, ReplyKind::TimeExceeded, self.rtt())
        })
    }

    /// Nanoseconds; none is a time that was not measured.
    fn rtt(&self) -> Option<Duration> {
        let nanos = self.rtt.whole().filter(|nanos| *nanos > 0)?;
        values::rtt(Duration::from_nanos(nanos))
    }
}
