//! Answers of the data API of `RIPEstat`, each one document of JSON; times without a zone are UTC.
//!
//! `bgp-state`, `bgplay`, `looking-glass` and `ris-peerings` name the peers. `routing-history`, `routing-status` and
//! `asn-neighbours` only count them.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read as _};
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use ipnet::Ipv4Net;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::path::AsPath;
use super::record::{
    Aggregate, Extent, Nlri, Peer, Size, Table, TablePeer, TableRoute, Update, What,
};
use super::ris_live::{asn_of, path_of, time_of};
use super::sink::Sink;

/// The largest document.
const LARGEST: u64 = 512 << 20;
/// The collectors of a service, taken together.
const ALL: &str = "ris";

pub(super) fn is_ripestat(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    let has = |word: &str| memchr::memmem::find(head, word.as_bytes()).is_some();
    let calls = [
        "\"bgp_state\"",
        "\"initial_state\"",
        "\"rrcs\"",
        "\"peerings\"",
        "\"by_origin\"",
        "\"total_ris_peers\"",
        "\"neighbours\"",
        "\"data_call_name\"",
    ];
    head.starts_with(b"{") && calls.iter().any(|word| has(word))
}

pub(super) fn read(input: &mut dyn BufRead, sink: &mut Sink<'_>) -> io::Result<()> {
    let document: Value = serde_json::from_reader(input.take(LARGEST)).map_err(io::Error::from)?;
    sink.counts.records += 1;
    for message in document["messages"].as_array().into_iter().flatten() {
        if let (Some(level), Some(text)) = (message[0].as_str(), message[1].as_str())
            && level != "info"
        {
            sink.problem(1, &format!("RIPEstat says: {text}"));
        }
    }
    if let Some(status) = document["status"].as_str().filter(|status| *status != "ok") {
        return Err(io::Error::other(format!(
            "RIPEstat answered with status {status}; ask it again"
        )));
    }
    let data = if document["data"].is_object() { &document["data"] } else { &document };
    let found = if data["bgp_state"].is_array() {
        let (whole, at) = (is_whole(data, sink), time(&data["query_time"]));
        match at.filter(|_| whole && data["bgp_state"] == Value::Array(Vec::new())) {
            Some(at) => {
                nobody(at, sink);
                Some(())
            }
            None => state(&data["bgp_state"], at, &HashMap::new(), whole, sink),
        }
    } else if data["initial_state"].is_array() {
        bgplay(data, sink)
    } else if data["rrcs"].is_array() {
        looking_glass(data, sink)
    } else if data["peerings"].is_array() {
        peerings(data, sink)
    } else if data["by_origin"].is_array() {
        history(data, sink)
    } else if data["visibility"]["v4"].is_object() {
        status(data, sink)
    } else if data["neighbours"].is_array() {
        neighbours(data, sink)
    } else {
        let call = document["data_call_name"].as_str().unwrap_or("an unknown call");
        return Err(io::Error::other(format!(
            "{call} of RIPEstat has no routes that can be used here"
        )));
    };
    found.ok_or_else(|| {
        io::Error::other("the answer of RIPEstat lacks a time, or has one that cannot be read")
    })
}

/// A time without a zone is UTC; with `unix_timestamps` it is a number.
fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => time_of(number.as_f64()?),
        Value::String(text) => {
            if let Ok(time) = text.parse() {
                return Some(time);
            }
            let civil: DateTime = text.parse().ok()?;
            Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
        }
        _ => None,
    }
}

/// `00-198.18.0.15` is a peer of rrc00.
fn source(id: &str) -> Option<(Arc<str>, IpAddr)> {
    let (rrc, address) = id.split_once('-')?;
    Some((format!("rrc{rrc}").into(), address.parse().ok()?))
}

fn rrc(value: &Value) -> Option<Arc<str>> {
    Some(value.as_str()?.to_ascii_lowercase().into())
}

fn prefix(value: &Value) -> Option<Ipv4Net> {
    value.as_str()?.parse().ok().map(|prefix: Ipv4Net| prefix.trunc())
}

/// Whether an answer has all routes to the block: it was asked for the block, or for each of its prefixes. One that does
/// not say for what was put together of such answers.
fn is_whole(data: &Value, sink: &Sink<'_>) -> bool {
    let Some(asked) = data["resource"].as_str() else { return true };
    let asked: Vec<Ipv4Net> = asked.split(',').filter_map(|one| one.trim().parse().ok()).collect();
    sink.wanted.is_covered(&asked)
}

/// Tables, one for each collector.
#[derive(Default)]
struct Tables {
    all: Vec<(Arc<str>, Table)>,
    extent: Extent,
    about: Option<Ipv4Net>,
}

impl Tables {
    fn peer(
        &mut self,
        collector: &Arc<str>,
        peer: Peer,
        size: Option<Size>,
    ) -> (&mut Table, usize) {
        let place = self.all.iter().position(|(name, _)| name == collector).unwrap_or_else(|| {
            let (extent, about) = (self.extent, self.about);
            self.all.push((Arc::clone(collector), Table { extent, about, ..Table::default() }));
            self.all.len() - 1
        });
        let table = &mut self.all[place].1;
        let known = table.peers.iter().position(|known| known.peer == peer);
        let place = known.unwrap_or_else(|| {
            table.peers.push(TablePeer { peer, size });
            table.peers.len() - 1
        });
        (table, place)
    }

    fn route(
        &mut self,
        collector: &Arc<str>,
        peer: Peer,
        size: Option<Size>,
        prefix: Ipv4Net,
        path: AsPath,
    ) {
        let (table, place) = self.peer(collector, peer, size);
        // A peer may have several paths (RFC 7911), whose numbers the service leaves out.
        let before =
            table.routes.iter().filter(|one| one.peer == place && one.nlri.prefix == prefix);
        let nlri = Nlri { prefix, path_id: u32::try_from(before.count()).unwrap_or(u32::MAX) };
        table.routes.push(TableRoute { peer: place, nlri, path: Arc::new(path), since: None });
    }

    fn give(self, at: Timestamp, sink: &mut Sink<'_>) {
        for (collector, table) in self.all {
            sink.give(at, Some(collector), What::Table(table));
        }
    }
}

fn is_wanted(prefix: Ipv4Net, sink: &Sink<'_>) -> bool {
    sink.wanted.has_prefix(prefix)
}

fn state(
    routes: &Value,
    at: Option<Timestamp>,
    asns: &HashMap<String, u32>,
    is_whole: bool,
    sink: &mut Sink<'_>,
) -> Option<()> {
    let extent = if is_whole { Extent::Block } else { Extent::Part };
    let mut tables = Tables { extent, ..Tables::default() };
    for route in routes.as_array()? {
        let parsed = || {
            let id = route["source_id"].as_str()?;
            let (collector, address) = source(id)?;
            let path = path_of(route["path"].as_array()?)?;
            let asn = asns.get(id).copied().or_else(|| path.first())?;
            Some((collector, Peer::new(address, asn), prefix(&route["target_prefix"])?, path))
        };
        // Paths that are empty occur.
        let Some((collector, peer, prefix, path)) = parsed() else {
            sink.counts.damaged += u64::from(!is_v6(&route["target_prefix"]));
            continue;
        };
        sink.counts.announced += 1;
        if is_wanted(prefix, sink) {
            tables.route(&collector, peer, None, prefix, path);
        }
    }
    tables.give(at?, sink);
    Some(())
}

/// Of all the service's peers none has a route; it does not say who they are, nor how many.
fn nobody(at: Timestamp, sink: &mut Sink<'_>) {
    let (scope, seeing) = (sink.wanted.block(), Some((0.0, 0.0)));
    let aggregate = Aggregate { scope, seeing, ..Aggregate::default() };
    sink.give(at, Some(ALL.into()), What::Aggregate(aggregate));
}

fn is_v6(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains(':'))
}

fn bgplay(data: &Value, sink: &mut Sink<'_>) -> Option<()> {
    let mut asns = HashMap::new();
    for source in data["sources"].as_array().into_iter().flatten() {
        if let (Some(id), Some(asn)) = (source["id"].as_str(), asn_of(&source["as_number"])) {
            asns.insert(id.to_owned(), asn);
        }
    }
    let whole = is_whole(data, sink);
    state(&data["initial_state"], time(&data["query_starttime"]), &asns, whole, sink)?;
    for event in data["events"].as_array().into_iter().flatten() {
        let attrs = &event["attrs"];
        let parsed = || {
            let id = attrs["source_id"].as_str()?;
            let (collector, address) = source(id)?;
            let path = attrs["path"].as_array().and_then(|path| path_of(path));
            let asn = asns.get(id).copied().or_else(|| path.as_ref()?.first())?;
            let peer = Peer::new(address, asn);
            Some((
                time(&event["timestamp"])?,
                collector,
                peer,
                prefix(&attrs["target_prefix"])?,
                path,
            ))
        };
        let Some((at, collector, peer, prefix, path)) = parsed() else {
            sink.counts.damaged += u64::from(!is_v6(&attrs["target_prefix"]));
            continue;
        };
        let nlri = vec![Nlri { prefix, path_id: 0 }];
        let update = match (event["type"].as_str(), path) {
            (Some("A"), Some(path)) => {
                sink.counts.announced += 1;
                Update { announced: nlri, path: Some(Arc::new(path)), ..Update::default() }
            }
            (Some("W"), _) => {
                sink.counts.withdrawn += 1;
                Update { withdrawn: nlri, ..Update::default() }
            }
            _ => continue,
        };
        if is_wanted(prefix, sink) {
            sink.give(at, Some(collector), What::Update(peer, update));
        }
    }
    Some(())
}

fn looking_glass(data: &Value, sink: &mut Sink<'_>) -> Option<()> {
    let (mut tables, mut at) = (Tables::default(), None);
    for collector in data["rrcs"].as_array()? {
        let Some(name) = rrc(&collector["rrc"]) else { continue };
        for route in collector["peers"].as_array().into_iter().flatten() {
            at = at.max(time(&route["latest_time"]));
            let parsed = || {
                let path = AsPath::parse(route["as_path"].as_str()?)?;
                let address = route["peer"].as_str()?.parse().ok()?;
                Some((Peer::new(address, path.first()?), prefix(&route["prefix"])?, path))
            };
            let Some((peer, prefix, path)) = parsed() else { continue };
            sink.counts.announced += 1;
            if is_wanted(prefix, sink) {
                tables.route(&name, peer, None, prefix, path);
            }
        }
    }
    let at = at.or_else(|| time(&data["latest_time"]));
    if tables.all.is_empty() {
        return Some(());
    }
    tables.give(at?, sink);
    Some(())
}

/// The one call that has the sizes of the peers' tables.
fn peerings(data: &Value, sink: &mut Sink<'_>) -> Option<()> {
    let at = time(&data["query_endtime"]).or_else(|| time(&data["query_time"]));
    let resource = prefix(&data["resource"]);
    let about = resource.filter(|resource| is_wanted(*resource, sink));
    let mut tables = Tables { about, ..Tables::default() };
    for collector in data["peerings"].as_array()? {
        let Some(name) = rrc(&collector["probe"]["name"]) else { continue };
        for peer in collector["peers"].as_array().into_iter().flatten() {
            let parsed = || {
                let address: IpAddr = peer["ip"].as_str()?.parse().ok()?;
                Some(Peer::new(address, asn_of(&peer["asn"])?))
            };
            let (Some(parsed), Some(resource)) = (parsed(), resource) else { continue };
            let prefixes =
                peer["prefix_count"].as_u64().and_then(|count| u32::try_from(count).ok());
            let size = prefixes.map(|prefixes| Size { prefixes, has_default: false });
            tables.peer(&name, parsed, size);
            for route in peer["routes"].as_array().into_iter().flatten() {
                sink.counts.announced += 1;
                let path = route["as_path"].as_array().and_then(|path| path_of(path));
                if let Some(path) = path.filter(|_| is_wanted(resource, sink)) {
                    tables.route(&name, parsed, size, resource, path);
                }
            }
        }
    }
    tables.give(at?, sink);
    Some(())
}

/// Eight hours at a time; with `include_first_hop` an origin is a pair.
fn history(data: &Value, sink: &mut Sink<'_>) -> Option<()> {
    let full = data["latest_max_ff_peers"]["v4"].as_f64();
    let mut slots: BTreeMap<(Timestamp, Ipv4Net), Aggregate> = BTreeMap::new();
    for origin in data["by_origin"].as_array()? {
        let text =
            origin["origin"].as_str().map_or_else(|| origin["origin"].to_string(), str::to_owned);
        let numbers: Vec<u32> = text
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        let Some(asn) = numbers.last().copied() else { continue };
        let upstream = numbers.len().checked_sub(2).map(|place| numbers[place]);
        for of in origin["prefixes"].as_array().into_iter().flatten() {
            let Some(prefix) = prefix(&of["prefix"]).filter(|prefix| is_wanted(*prefix, sink))
            else {
                continue;
            };
            for line in of["timelines"].as_array().into_iter().flatten() {
                let (Some(from), Some(until)) = (time(&line["starttime"]), time(&line["endtime"]))
                else {
                    continue;
                };
                let seeing = line["full_peers_seeing"].as_f64();
                let share = line["visibility"].as_f64().filter(|share| *share > 0.0);
                let all =
                    seeing.zip(share).map(|(seeing, share)| (seeing / share).round()).or(full);
                let slot = slots.entry((from, prefix)).or_default();
                slot.scope = Some(prefix);
                slot.until = slot.until.max(Some(until));
                if !slot.origins.contains(&asn) {
                    slot.origins.push(asn);
                }
                let seeing = seeing.unwrap_or_default();
                if let Some(upstream) = upstream {
                    slot.upstreams.push((upstream, seeing));
                }
                let before = slot.seeing.unwrap_or_default();
                slot.seeing = Some((before.0 + seeing, before.1.max(all.unwrap_or_default())));
            }
        }
    }
    for ((at, _), slot) in slots {
        sink.give(at, Some(ALL.into()), What::Aggregate(slot));
    }
    Some(())
}

fn status(data: &Value, sink: &mut Sink<'_>) -> Option<()> {
    let at = time(&data["query_time"])?;
    let v4 = &data["visibility"]["v4"];
    let origins = data["origins"].as_array().into_iter().flatten().map(|one| &one["origin"]);
    // Of an AS it says nothing about one prefix.
    let asked_as = Some(&data["resource"]).filter(|asked| asn_of(asked).is_some());
    let aggregate = Aggregate {
        scope: prefix(&data["resource"]),
        seeing: v4["ris_peers_seeing"].as_f64().zip(v4["total_ris_peers"].as_f64()),
        origins: origins.chain(asked_as).filter_map(asn_of).collect(),
        ..Aggregate::default()
    };
    sink.give(at, Some(ALL.into()), What::Aggregate(aggregate));
    Some(())
}

/// The AS to the left stand before the origin in paths. Those that are uncertain are peers of the collectors.
fn neighbours(data: &Value, sink: &mut Sink<'_>) -> Option<()> {
    let at = time(&data["query_endtime"]).or_else(|| time(&data["query_time"]))?;
    let left = data["neighbours"].as_array()?.iter().filter(|one| one["type"] == "left");
    let upstreams: Vec<(u32, f64)> = left
        .filter_map(|one| Some((asn_of(&one["asn"])?, one["v4_peers"].as_f64()?)))
        .filter(|(_, peers)| *peers > 0.0)
        .collect();
    let origins = asn_of(&data["resource"]).into_iter().collect();
    let aggregate = Aggregate { upstreams, origins, ..Aggregate::default() };
    sink.give(at, Some(ALL.into()), What::Aggregate(aggregate));
    Some(())
}
