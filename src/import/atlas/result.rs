//! One result: what kind of measurement it is, from where to where, and what became of it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny};

use super::fast;
use super::fields::{Fields, Wants};
use super::hops::{HopList, Hops};
use super::reply::{Text, address};
use crate::import::finding::{Finding, mark_target};
use crate::import::format::Wanted;
use crate::import::values::{is_public, shown};
use crate::trace::{Method, StopReason, Trace, Vantage};

/// RIPE Atlas began at the end of 2010; probes whose clock says less do not know the time.
const FIRST: i64 = 1_285_891_200;

/// What is found in the bytes of one result. One that goes to an address that is not `wanted` is read
/// to its end as JSON; its hops may be anything.
pub(super) fn findings(record: &[u8], wanted: &Wanted<'_>) -> Vec<Finding> {
    let wants = Wants(wanted);
    // Checking all of the text at once is quicker than string by string.
    let fields = match str::from_utf8(record) {
        Ok(text) => fast::fields(text, &wants).map_or_else(|| read(text, wants), Ok),
        Err(_) => read_from(serde_json::Deserializer::from_slice(record), wants),
    };
    match fields {
        Ok(fields) => fields.findings(),
        Err(error) => {
            vec![other(record, wanted).unwrap_or_else(|| Finding::Malformed(reason(&error)))]
        }
    }
}

/// Reads what is too unusual for [`fast`].
pub(super) fn read<'a>(text: &'a str, wants: Wants<'_>) -> serde_json::Result<Fields<'a>> {
    read_from(serde_json::Deserializer::from_str(text), wants)
}

fn read_from<'de, R: serde_json::de::Read<'de>>(
    mut from: serde_json::Deserializer<R>,
    wants: Wants<'_>,
) -> serde_json::Result<Fields<'de>> {
    let fields = wants.deserialize(&mut from)?;
    from.end()?;
    Ok(fields)
}

/// The reason without the place, which would be one in the record and not in the file.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    shown(reason)
}

/// What `record` is, if it is right and no traceroute.
fn other(record: &[u8], wanted: &Wanted<'_>) -> Option<Finding> {
    #[derive(Deserialize)]
    struct Other<'a> {
        #[serde(borrow, rename = "type")]
        measurement: Option<Text<'a>>,
        #[serde(borrow, alias = "addr")]
        dst_addr: Option<Text<'a>>,
        error: Option<IgnoredAny>,
        result: Option<IgnoredAny>,
    }
    let other: Other<'_> = serde_json::from_slice(record).ok()?;
    let target = || address(&other.dst_addr.as_ref()?.0);
    match &other.measurement {
        Some(kind) if kind.0 != TRACEROUTE => Some(other_kind(kind)),
        None if other.error.is_some() && other.result.is_none() => Some(no_result()),
        _ => target().filter(|target| !wanted(*target)).map(Finding::OutOfScope),
    }
}

const TRACEROUTE: &str = "traceroute";

fn other_kind(kind: &Text<'_>) -> Finding {
    Finding::Skipped(format!("another kind of measurement: {}", kind.shown()))
}

fn no_result() -> Finding {
    Finding::Skipped("no result is in it".to_owned())
}

impl Fields<'_> {
    pub(super) fn findings(mut self) -> Vec<Finding> {
        if let Some(kind) = self.measurement.as_ref().filter(|kind| kind.0 != TRACEROUTE) {
            return vec![other_kind(kind)];
        }
        let target = match self.target() {
            Ok(target) => target,
            Err(finding) => return vec![finding],
        };
        match self.result.take() {
            None => vec![no_result()],
            Some(Hops::Text) => {
                vec![Finding::Skipped(
                    "its hops are text, as the first firmware sent them".to_owned(),
                )]
            }
            Some(Hops::Other) => {
                vec![Finding::Malformed("its result is not a list of hops".to_owned())]
            }
            Some(Hops::NotRead) => vec![Finding::OutOfScope(target)],
            Some(Hops::List(list)) => finished(self.trace(target), list),
        }
    }

    fn target(&self) -> Result<Ipv4Addr, Finding> {
        if self.af == Some(6) {
            return Err(Finding::Skipped("IPv6".to_owned()));
        }
        let Some(text) = &self.dst_addr else { return Err(self.nowhere()) };
        match text.0.parse() {
            Ok(IpAddr::V4(address)) => Ok(address),
            Ok(IpAddr::V6(address)) => {
                address.to_ipv4_mapped().ok_or_else(|| Finding::Skipped("IPv6".to_owned()))
            }
            Err(_) => {
                Err(Finding::Malformed(format!("its destination is no address: {}", text.shown())))
            }
        }
    }

    /// Why there is no destination.
    fn nowhere(&self) -> Finding {
        Finding::Skipped(match &self.result {
            None => return no_result(),
            Some(Hops::List(HopList { error: Some(error), .. })) => error.clone(),
            Some(_) => "it has no destination address".to_owned(),
        })
    }

    /// The trace without its hops.
    fn trace(&self, target: Ipv4Addr) -> Trace {
        Trace {
            target,
            method: self.proto.as_ref().and_then(|name| method(&name.0)),
            // 0 is one flow as well: the firmware leaves it out of a classic trace.
            flow: self.paris_id.and_then(|id| u16::try_from(id).ok()),
            vantage: self.vantage().map(Arc::new),
            started: self
                .timestamp
                .filter(|seconds| *seconds >= FIRST)
                .and_then(|seconds| Timestamp::from_second(seconds).ok()),
            hops: Vec::new(),
            stop: None,
            strategy: None,
        }
    }

    fn vantage(&self) -> Option<Vantage> {
        let seen = self.from.as_ref().and_then(|from| from.0.parse().ok());
        // Probes that reach their controller over IPv6 are seen with that address.
        let own =
            self.src_addr.as_ref().and_then(|own| own.0.parse().ok()).filter(|own| is_public(*own));
        let address = seen.or(own);
        let name = match self.prb_id {
            Some(probe) => probe.to_string(),
            None => seen?.to_string(),
        };
        Some(Vantage { name, address })
    }
}

fn method(name: &str) -> Option<Method> {
    [("ICMP", Method::Icmp), ("UDP", Method::Udp), ("TCP", Method::Tcp)]
        .into_iter()
        .find_map(|(other, method)| other.eq_ignore_ascii_case(name).then_some(method))
}

/// What `trace` is with its hops.
fn finished(mut trace: Trace, list: HopList) -> Vec<Finding> {
    let HopList { error, unreadable, unsent, mut hops, gap } = list;
    mark_target(&mut hops, trace.target);
    if hops.is_empty() {
        let why = error.unwrap_or_else(|| "no hop was asked".to_owned());
        return vec![Finding::Skipped(why)];
    }
    trace.hops = hops;
    trace.stop = stop(&trace, unsent, gap);
    let mut findings = vec![Finding::Trace(Box::new(trace))];
    findings.extend(unreadable.map(|what| Finding::Malformed(what.to_string())));
    findings
}

/// Why the trace ended, where the result says so.
fn stop(trace: &Trace, unsent: Option<u8>, gap: bool) -> Option<StopReason> {
    let last = trace.answers().last().map_or(0, |(ttl, _)| ttl.get());
    if unsent.is_some_and(|unsent| unsent > last) {
        return Some(StopReason::Unsent);
    }
    if gap {
        return Some(StopReason::GapLimit);
    }
    // A probe goes on behind a router that only forwards, unless it was to ask no further.
    trace.ends_at_a_router().then_some(StopReason::MaxTtl)
}
