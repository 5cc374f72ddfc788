//! The stream of RIPE RIS Live: a message of JSON on each line, in its envelope or without.

use std::borrow::Cow;
use std::io::{self, BufRead};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::Ipv4Net;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::path::{AsPath, PathHop};
use super::record::{Nlri, Peer, Update, What};
use super::sink::Sink;
use super::text::lines;

const REPORTED: u64 = 3;

pub(super) fn is_ris_live(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let has = |word: &str| memchr::memmem::find(line, word.as_bytes()).is_some();
    let is_ours =
        ["ris_message", "ris_error", "ris_subscribe_ok", "\"pong\""].iter().any(|word| has(word));
    line.starts_with(b"{")
        && (is_ours || has("\"peer_asn\"") && has("\"host\"") && has("\"timestamp\""))
}

/// The envelope.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<Message<'a>>,
}

/// A message. The next hop, which may be two addresses, is not needed.
#[derive(Deserialize)]
struct Message<'a> {
    timestamp: Option<f64>,
    #[serde(default, borrow)]
    peer: Cow<'a, str>,
    #[serde(default)]
    peer_asn: Value,
    #[serde(default, borrow)]
    host: Cow<'a, str>,
    #[serde(rename = "type", default, borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    state: Option<Cow<'a, str>>,
    #[serde(default)]
    path: Vec<Value>,
    #[serde(default, borrow)]
    announcements: Vec<Announcement<'a>>,
    #[serde(default, borrow)]
    withdrawals: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Announcement<'a> {
    #[serde(default, borrow)]
    prefixes: Vec<Cow<'a, str>>,
}

pub(super) fn read(input: &mut dyn BufRead, sink: &mut Sink<'_>) -> io::Result<()> {
    let mut damaged = 0;
    lines(input, |number, line, is_whole| {
        sink.counts.records += 1;
        let Err(why) = message(line, sink) else { return };
        if !is_whole {
            // A capture that was stopped ends in half a line.
            sink.problem(number, "the file ends within a message");
            return;
        }
        damaged += 1;
        sink.counts.damaged += 1;
        if damaged <= REPORTED {
            sink.problem(number, &why);
        }
    })
}

fn message(line: &[u8], sink: &mut Sink<'_>) -> Result<(), String> {
    let wrong = |error: serde_json::Error| format!("no message of RIS Live: {error}");
    let frame: Frame<'_> = serde_json::from_slice(line).map_err(wrong)?;
    let message = match (&*frame.kind, frame.data) {
        ("ris_message", Some(message)) => message,
        ("pong", _) => return Ok(()),
        (kind, _) if kind.starts_with("ris_") => return Ok(()),
        // Without its envelope.
        _ => serde_json::from_slice(line).map_err(wrong)?,
    };
    let address: IpAddr = message.peer.parse().map_err(|_| "expected the address of the peer")?;
    let asn = asn_of(&message.peer_asn).ok_or("expected the AS of the peer")?;
    let peer = Peer::new(address, asn);
    let at = message.timestamp.and_then(time_of).ok_or("expected a time")?;
    let host = message.host.strip_suffix(".ripe.net").unwrap_or(&message.host);
    let collector: Option<Arc<str>> = Some(host).filter(|host| !host.is_empty()).map(Arc::from);
    sink.now(at);
    // A subscription to some prefixes has nothing else; one that has keepalives is of everything.
    if message.kind == "KEEPALIVE" {
        sink.recorded(at, collector.as_ref());
    }
    match &*message.kind {
        "STATE" | "RIS_PEER_STATE" => {
            sink.counts.states += 1;
            sink.session(at, collector, peer, message.state.as_deref() == Some("connected"));
        }
        "NOTIFICATION" => sink.session(at, collector, peer, false),
        "UPDATE" => update(&message, at, collector, peer, sink)?,
        _ => {}
    }
    Ok(())
}

fn update(
    message: &Message<'_>,
    at: Timestamp,
    collector: Option<Arc<str>>,
    peer: Peer,
    sink: &mut Sink<'_>,
) -> Result<(), String> {
    let wanted = sink.wanted;
    let touches = |text: &Cow<'_, str>| -> Option<Nlri> {
        let prefix: Ipv4Net = text.parse().ok()?;
        wanted.has_prefix(prefix).then(|| Nlri { prefix: prefix.trunc(), path_id: 0 })
    };
    let all = || message.announcements.iter().flat_map(|one| &one.prefixes);
    let is_v4 = |text: &&Cow<'_, str>| !text.contains(':');
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let (announced, withdrawn) = (
        count(all().filter(is_v4).count()),
        count(message.withdrawals.iter().filter(is_v4).count()),
    );
    sink.counts.announced += u64::from(announced);
    sink.counts.withdrawn += u64::from(withdrawn);
    if sink.is_sending(collector.as_ref(), peer) {
        let prefix = |text: &Cow<'_, str>| {
            let prefix: Ipv4Net = text.parse().ok()?;
            Some((u32::from(prefix.network()), prefix.prefix_len()))
        };
        sink.counted(at, collector.as_ref(), peer, all().filter_map(prefix));
    }
    let announced: Vec<Nlri> = all().filter_map(touches).collect();
    let withdrawn: Vec<Nlri> = message.withdrawals.iter().filter_map(touches).collect();
    if announced.is_empty() && withdrawn.is_empty() {
        return Ok(());
    }
    let path = if announced.is_empty() {
        None
    } else {
        Some(Arc::new(path_of(&message.path).ok_or("the path is malformed")?))
    };
    let update = Update { announced, path, withdrawn, internal: false };
    sink.give(at, collector, What::Update(peer, update));
    Ok(())
}

/// A path of numbers, in which a set is a list.
pub(super) fn path_of(values: &[Value]) -> Option<AsPath> {
    let hop = |value: &Value| match value {
        Value::Array(set) => set.iter().map(asn_of).collect::<Option<_>>().map(PathHop::Set),
        value => asn_of(value).map(PathHop::As),
    };
    values.iter().map(hop).collect::<Option<_>>().map(AsPath)
}

/// A number, or the same as text.
pub(super) fn asn_of(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => u32::try_from(number.as_u64()?).ok(),
        Value::String(text) => text.trim().trim_start_matches("AS").parse().ok(),
        _ => None,
    }
}

/// Seconds since 1970, to the microsecond.
#[expect(clippy::cast_possible_truncation, reason = "it is checked")]
pub(super) fn time_of(seconds: f64) -> Option<Timestamp> {
    let micros = (seconds * 1e6).round();
    (micros.abs() < 9e15).then(|| Timestamp::from_microsecond(micros as i64).ok())?
}
