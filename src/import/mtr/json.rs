//! Reports of `mtr --json`: one for each destination, one after the other where files were joined.
//!
//! A report shows one host for each TTL, by its name unless mtr ran with `-n`, and
//! the destination as it was typed. Names are never looked up: a report whose last router has only a
//! name says nothing of the border.

use serde::Deserialize;

use super::host::Host;
use crate::import::finding::Finding;
use crate::import::format::{Format, JsonReader, Reader, Wanted};
use crate::import::sniff::Head;
use crate::import::text_trace::{Cell, Destination, TextTrace};
use crate::import::values::{self, Address};
use crate::input::json::loose::{self, Few, Number, Text};

/// The format `mtr-json`.
pub(in crate::import) const FORMAT: Format = Format {
    name: "mtr-json",
    recognises,
    stands_alone: false,
    reader: Reader::Json(JsonReader { prefixes: &[], parse: findings }),
};

fn recognises(head: &Head) -> bool {
    head.begins("{\"report\":{\"mtr\":{") || head.has_all(&["\"report\":{", "\"hubs\":["])
}

#[derive(Deserialize)]
struct Record {
    report: Option<Report>,
}

/// A report, in whichever notation.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Report {
    mtr: About,
    hubs: Few<Hub>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct About {
    src: Text,
    dst: Text,
}

/// What was at one TTL.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Hub {
    count: Number,
    host: Text,
    #[serde(rename = "Best")]
    best: Number,
    #[serde(rename = "Loss%")]
    loss: Number,
}

fn findings(record: &[u8], _: &Wanted<'_>) -> Vec<Finding> {
    match loose::read(record).map(|record: Record| record.report) {
        Err(why) => vec![Finding::Malformed(why)],
        Ok(None) => vec![Finding::Skipped("a record without a report".into())],
        Ok(Some(report)) => report.findings(),
    }
}

impl Report {
    /// One without hubs.
    pub(super) fn between(src: Option<String>, dst: Option<String>) -> Self {
        Self { mtr: About { src: Text(src), dst: Text(dst) }, hubs: Few::default() }
    }

    /// Adds a hub without numbers.
    pub(super) fn add(&mut self, count: Option<f64>, host: Option<String>) {
        self.hubs.0.push(Hub { count: Number(count), host: Text(host), ..Hub::default() });
    }

    /// The fastest answer of the hub that was added last.
    pub(super) fn best(&mut self, millis: f64) {
        self.hubs.0.iter_mut().rev().take(1).for_each(|hub| hub.best = Number(Some(millis)));
    }

    /// The share that was lost at the hub that was added last, in percent.
    pub(super) fn loss(&mut self, percent: f64) {
        self.hubs.0.iter_mut().rev().take(1).for_each(|hub| hub.loss = Number(Some(percent)));
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut sink = |_, finding| found.push(finding);
        let mut trace = TextTrace::announced(0, self.destination());
        let source = self.mtr.src.get();
        let address = source.and_then(Address::parse).and_then(Address::v4);
        trace.vantage = values::vantage(source, address);
        for (hub, place) in self.hubs.0.iter().zip(1..=u8::MAX) {
            let ttl = hub.count.whole().filter(|ttl| *ttl > 0).unwrap_or(place);
            trace.hop(0, ttl, vec![hub.cell()], &mut sink);
        }
        trace.end(&mut sink);
        found
    }

    /// The destination; where it is a name, the last host's address if that host has this name.
    fn destination(&self) -> Destination {
        let Some(named) = self.mtr.dst.get().map(str::trim).filter(|named| !named.is_empty())
        else {
            return Destination::Unknown;
        };
        let last = self.hubs.0.last().and_then(|hub| hub.host().called(named));
        last.map(Destination::Address)
            .or_else(|| Address::parse(named).map(Destination::from))
            .unwrap_or(Destination::Name)
    }
}

impl Hub {
    fn host(&self) -> Host<'_> {
        self.host.get().map_or(Host::Silent, Host::read)
    }

    fn cell(&self) -> Cell {
        // Where every answer of a known host was lost, its times are zeros that were not measured.
        let is_measured = self.loss.0.is_none_or(|loss| loss < 100.0);
        let rtt = self.best.0.filter(|_| is_measured).and_then(values::millis);
        self.host().cell(rtt)
    }
}
