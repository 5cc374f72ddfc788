//! Reports of `mtr --json`: one for each destination, one after the other where files were joined.
//!
//! A report shows one host for each TTL, by its name unless mtr was told not to ask for names, and
//! the destination as it was typed. Names are never looked up: a report whose last router has only a
//! name says nothing of the border.

use std::io::{self, BufRead};
use std::net::Ipv4Addr;

use serde::Deserialize;

use super::gathered::Gathered;
use super::record::{self, Few, Number, Text};
use super::shape::Shape;
use super::values::{self, Address};
use super::{Finding, Format, Sink, json};
use crate::trace::{HopAnswer, Kind, Trace};

/// The format `mtr-json`.
pub(super) struct MtrJson;

impl Format for MtrJson {
    fn name(&self) -> &'static str {
        "mtr-json"
    }

    fn recognises(&self, head: &[u8]) -> bool {
        Shape::of(head).is_some_and(|shape| {
            shape.begins("{\"report\":{\"mtr\":{") || shape.has_all(&["\"report\":{", "\"hubs\":["])
        })
    }

    fn read(&self, input: &mut (dyn BufRead + Send), sink: &mut Sink<'_>) -> io::Result<()> {
        json::each(input, sink, findings)
    }
}

#[derive(Deserialize)]
struct Record {
    report: Option<Report>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Report {
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

/// How a host is written.
enum Host<'a> {
    Silent,
    /// An address, with its name where both are shown.
    Known(Option<&'a str>, Address),
    Named,
}

fn findings(record: &[u8]) -> Vec<Finding> {
    let read: Result<Record, Finding> = record::read(record);
    match read.map(|record| record.report) {
        Err(broken) => vec![broken],
        Ok(None) => vec![Finding::Left("a record without a report".into())],
        Ok(Some(report)) => report.findings(),
    }
}

impl Report {
    fn findings(self) -> Vec<Finding> {
        let target = match self.target() {
            Ok(target) => target,
            Err(finding) => return vec![finding],
        };
        if self.hubs.0.is_empty() {
            return vec![Finding::Left("a report without hops".into())];
        }
        if self.ends_in_a_name(target) {
            return vec![Finding::Left("hops have names and no addresses".into())];
        }
        let mut gathered = Gathered::default();
        let mut unread = 0;
        for (hub, place) in self.hubs.0.iter().zip(1..=u8::MAX) {
            let answer = hub.answer(target);
            unread += usize::from(answer.is_none() && !hub.is_silent());
            gathered.add(hub.count.whole().unwrap_or(place), None, answer);
        }
        let source = self.mtr.src.get();
        let address = source.and_then(Address::parse).and_then(Address::v4);
        let trace = Trace {
            target,
            method: None,
            flow: None,
            vantage: values::vantage(source, address),
            started: None,
            hops: gathered.hops(),
            stop: None,
            strategy: None,
        };
        let trace = Finding::Trace(Box::new(trace));
        std::iter::once(trace).chain(values::unreadable(unread)).collect()
    }

    /// The destination; where it is a name, the last host's address if that host has this name.
    fn target(&self) -> Result<Ipv4Addr, Finding> {
        let typed = self.mtr.dst.get().map(str::trim);
        let last = self.hubs.0.last().and_then(|hub| hub.host.get()).map(Host::read);
        match (typed, last) {
            (Some(typed), Some(Host::Known(Some(name), Address::V4(address))))
                if typed.eq_ignore_ascii_case(name) =>
            {
                Ok(address)
            }
            _ => values::target(typed),
        }
    }

    /// Whether the last answer before the target's is from a host without an address.
    fn ends_in_a_name(&self, target: Ipv4Addr) -> bool {
        let hosts = self.hubs.0.iter().rev().filter(|hub| !hub.is_silent());
        let mut routers = hosts.map(Hub::host).filter(
            |host| !matches!(host, Host::Known(_, Address::V4(address)) if *address == target),
        );
        matches!(routers.next(), Some(Host::Named))
    }
}

impl Hub {
    fn host(&self) -> Host<'_> {
        self.host.get().map_or(Host::Silent, Host::read)
    }

    fn is_silent(&self) -> bool {
        matches!(self.host(), Host::Silent)
    }

    fn answer(&self, target: Ipv4Addr) -> Option<HopAnswer> {
        let Host::Known(_, Address::V4(from)) = self.host() else { return None };
        let kind = if from == target { Kind::EchoReply } else { Kind::TimeExceeded };
        // Where every answer of a known host was lost, its times are zeros that nobody measured.
        let is_measured = self.loss.0.is_none_or(|loss| loss < 100.0);
        let rtt = self.best.0.filter(|_| is_measured).and_then(values::millis);
        Some(HopAnswer { from, kind, rtt, reply_ttl: None, labels: [].into() })
    }
}

impl<'a> Host<'a> {
    fn read(text: &'a str) -> Self {
        let text = text.trim();
        if text.is_empty() || text == "???" {
            return Self::Silent;
        }
        if let Some(address) = Address::parse(text) {
            return Self::Known(None, address);
        }
        let both = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
        match both.and_then(|(name, address)| Some((name, Address::parse(address)?))) {
            Some((name, address)) => Self::Known(Some(name), address),
            None => Self::Named,
        }
    }
}
