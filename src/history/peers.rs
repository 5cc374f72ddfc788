//! What BGP showed, as `lasthop bgp --peers` wrote it: evidence for traces, beside what earlier runs have shown. CSV or JSON
//! lines. A row that cannot be read is an error: without it nobody knows what its peer sent.

use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::path::Path;
use std::str::FromStr;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use crate::columns::{PEERS, PeerRow, Row as _};
use crate::input;
use crate::output::io_error;

use super::error::{HistoryError, Malformed};
use super::held::held_table;

/// What a peer of a collector sent at a time: a path to the block, or that it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerSent {
    /// When it was so.
    pub at: Timestamp,
    /// The collector.
    pub collector: String,
    /// The AS of the peer.
    pub peer: u32,
    /// The path, where its upstream is known and the peer sends more than a default route.
    pub path: Option<SentPath>,
}

/// A path that says who is next to the origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentPath {
    /// The prefix of the route.
    pub prefix: Ipv4Net,
    /// The AS next to the origin.
    pub upstream: u32,
    /// The class of that, as the file says.
    pub class: String,
    /// All of it, as the file has it.
    pub as_path: String,
}

/// The longest line of JSON: a path has some hundred bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// Reads a file of peers, and hands on each row.
///
/// # Errors
/// When it cannot be read, is no such file, or has a row that cannot be read.
pub fn peers(path: &Path, mut take: impl FnMut(PeerSent)) -> Result<(), HistoryError> {
    let failed = |source| HistoryError::Io { path: path.into(), source };
    let file = (path.as_os_str() != "-").then_some(path);
    let mut input = input::open(file).map_err(failed)?.input;
    let is_json = input.fill_buf().map_err(failed)?.trim_ascii_start().starts_with(b"{");
    if is_json { read_json(path, input, &mut take) } else { read_csv(path, input, &mut take) }
}

fn read_json(
    path: &Path,
    mut input: impl BufRead,
    take: &mut impl FnMut(PeerSent),
) -> Result<(), HistoryError> {
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        number += 1;
        let read = input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        if read.map_err(|source| HistoryError::Io { path: path.into(), source })? == 0 {
            return Ok(());
        }
        let wrong = |why| HistoryError::Row { path: path.into(), line: number, why };
        let row = serde_json::from_slice::<HashMap<String, serde_json::Value>>(&line);
        let row = row.map_err(|_| wrong(Malformed::Json))?;
        if PEERS.names(1, &[]).iter().any(|name| !row.contains_key(name)) {
            return Err(no_peers(path, number));
        }
        let text = |name: &str| match row.get(name) {
            None | Some(serde_json::Value::Null) => None,
            Some(serde_json::Value::String(text)) => Some(text.clone()),
            Some(other) => Some(other.to_string()),
        };
        take(sent(&PeerRow::by_name(&[], text)).map_err(wrong)?);
    }
}

fn read_csv(
    path: &Path,
    input: impl Read,
    take: &mut impl FnMut(PeerSent),
) -> Result<(), HistoryError> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
    let mut header: Vec<String> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| match error.position().map(csv::Position::line) {
            Some(line) if !error.is_io_error() => {
                HistoryError::Row { path: path.into(), line, why: Malformed::Text }
            }
            _ => HistoryError::Io { path: path.into(), source: io_error(error) },
        })?;
        let line = record.position().map_or(1, csv::Position::line);
        // A header may come again at any line.
        if record.get(0).is_some_and(|first| first.trim_start_matches('\u{feff}') == "schema") {
            header = record.iter().map(|name| name.trim_start_matches('\u{feff}').into()).collect();
            if PEERS.names(1, &[]).iter().any(|name| !header.contains(name)) {
                return Err(no_peers(path, line));
            }
            continue;
        }
        if header.is_empty() {
            return Err(no_peers(path, line));
        }
        let wrong = |why| HistoryError::Row { path: path.into(), line, why };
        if record.len() != header.len() {
            let (found, expected) = (record.len(), header.len());
            return Err(wrong(Malformed::Columns { found, expected }));
        }
        let text = |name: &str| {
            let place = header.iter().position(|column| column == name)?;
            record.get(place).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        take(sent(&PeerRow::by_name(&[], text)).map_err(wrong)?);
    }
    if header.is_empty() { Err(no_peers(path, 1)) } else { Ok(()) }
}

fn no_peers(path: &Path, line: u64) -> HistoryError {
    HistoryError::NoPeers { path: path.into(), line, held: held_table(path) }
}

fn sent(row: &PeerRow<Option<String>>) -> Result<PeerSent, Malformed> {
    let kind = row.kind.as_deref().unwrap_or_default();
    let counts = match kind {
        "full" | "partial" => true,
        "default" | "unknown" => false,
        _ => return Err(wrong("kind", row.kind.as_ref(), "full, partial, default or unknown")),
    };
    let sent = PeerSent {
        at: value("at", row.at.as_ref(), "a time")?,
        collector: row.collector.clone().unwrap_or_default(),
        peer: value("peer_as", row.peer_as.as_ref(), "the number of an AS")?,
        path: None,
    };
    let Some(prefix) = row.prefix.as_ref() else { return Ok(sent) };
    let prefix: Ipv4Net = value("prefix", Some(prefix), "an IPv4 prefix")?;
    let class = value::<String>("class", row.class.as_ref(), "a class")?;
    // A set, a poisoned path or a foreign origin does not say who carries the block.
    let Some(upstream) = row.upstream.as_ref().filter(|_| class != "unknown") else {
        return Ok(sent);
    };
    let upstream = value("upstream", Some(upstream), "the number of an AS")?;
    let as_path = row.as_path.clone().unwrap_or_default();
    let path = SentPath { prefix, upstream, class, as_path };
    Ok(PeerSent { path: Some(path).filter(|path| counts && path.prefix.prefix_len() > 0), ..sent })
}

fn value<T: FromStr>(
    column: &'static str,
    cell: Option<&String>,
    expected: &'static str,
) -> Result<T, Malformed> {
    cell.and_then(|cell| cell.parse().ok()).ok_or_else(|| wrong(column, cell, expected))
}

fn wrong(column: &str, cell: Option<&String>, expected: &'static str) -> Malformed {
    Malformed::Cell { column: column.into(), found: cell.cloned().unwrap_or_default(), expected }
}
