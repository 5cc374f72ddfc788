//! The lines of the program's own hops files: JSON, or CSV by the header before it. Where a header is missing,
//! the number of columns shows the schema.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use jiff::Timestamp;

use crate::columns::{HOPS, HopRow, Row as _};
use crate::import::values;
use crate::input::json::loose::{self, Loose, Number};
use crate::trace::{HopReply, HopTry, Method, ReplyKind, StopReason};

/// Reads line after line under the header that came last.
pub(super) struct Columns {
    /// How many columns a line of CSV has; 0 until that is known.
    count: usize,
    /// Where each of them is; behind the last one, if the header lacks it.
    places: HopRow<usize>,
    /// Their names, which are the keys of a JSON object.
    keys: HopRow<String>,
}

impl Default for Columns {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Columns {
    fn of(header: &[String]) -> Self {
        let place = |name: &str| header.iter().position(|column| column == name);
        Self {
            count: header.len(),
            places: HopRow::by_name(&[], |name| place(name).unwrap_or(header.len())),
            keys: HopRow::by_name(&[], str::to_owned),
        }
    }

    /// The row on a line; `None` for a header or an empty line.
    pub(super) fn row(&mut self, line: &str) -> Result<Option<Row>, String> {
        let line = line.trim_start_matches('\u{feff}');
        if line.trim().is_empty() {
            return Ok(None);
        }
        if line.starts_with('{') {
            let values: HashMap<String, Loose> = loose::read(line.as_bytes())?;
            return Row::read(&self.keys, |key| values.get(key)).map(Some);
        }
        let cells = cells(line).ok_or("quotes that do not end")?;
        if cells.first().is_some_and(|first| first == "schema") {
            *self = Self::of(&cells);
            return Ok(None);
        }
        if self.count == 0 {
            let mut schemas = (1..=HOPS.schema()).map(|schema| HOPS.names(schema, &[]));
            if let Some(names) = schemas.find(|names| names.len() == cells.len()) {
                *self = Self::of(&names);
            }
        }
        if cells.len() != self.count {
            let expected = if self.count == 0 { HOPS.names(1, &[]).len() } else { self.count };
            return Err(format!("{} of {expected} columns", cells.len()));
        }
        let cells: Vec<Loose> = cells.into_iter().map(Loose::Text).collect();
        Row::read(&self.places, |place| cells.get(*place)).map(Some)
    }
}

/// A row of one probe.
pub(super) struct Row {
    pub(super) run: String,
    pub(super) target: Ipv4Addr,
    pub(super) flow: Option<u16>,
    pub(super) ttl: u8,
    pub(super) one: HopTry,
    /// These are there since schema 2.
    pub(super) vantage: Option<String>,
    pub(super) method: Option<Method>,
    pub(super) trace: Option<u64>,
    pub(super) stop: Option<StopReason>,
}

impl Row {
    /// Reads a row, of whose columns `value` has the values.
    fn read<'v, T>(
        columns: &HopRow<T>,
        value: impl Fn(&T) -> Option<&'v Loose>,
    ) -> Result<Self, String> {
        let text = |column| value(column).and_then(Loose::text).filter(|text| !text.is_empty());
        let number = |column| value(column).map_or(Number(None), Loose::number);
        let target = text(&columns.target).and_then(|text| text.parse().ok()).ok_or("no target")?;
        let ttl = number(&columns.ttl).whole().filter(|ttl| *ttl > 0).ok_or("no TTL")?;
        let attempt = number(&columns.attempt).whole().ok_or("no number of the attempt")?;
        let sent = text(&columns.sent_at).and_then(|text| text.parse::<Timestamp>().ok());
        let answer = match text(&columns.address) {
            None => None,
            Some(from) => Some(HopReply {
                from: from.parse().map_err(|_| "the address cannot be read")?,
                kind: match (
                    number(&columns.icmp_type).whole::<u8>(),
                    number(&columns.icmp_code).whole(),
                ) {
                    (Some(11), _) => ReplyKind::TimeExceeded,
                    (Some(3), Some(code)) => ReplyKind::Unreachable(code),
                    (Some(0), _) => ReplyKind::EchoReply,
                    _ => return Err("no ICMP type that is known".into()),
                },
                rtt: number(&columns.rtt_ms).0.and_then(values::millis),
                reply_ttl: number(&columns.reply_ttl).whole(),
                labels: text(&columns.mpls)
                    .unwrap_or_default()
                    .split_whitespace()
                    .map(values::label)
                    .collect::<Option<_>>()
                    .ok_or("the labels cannot be read")?,
                // Since schema 3.
                contradicted_by: match text(&columns.contradicted_by) {
                    None => None,
                    Some(by) => Some(by.parse().map_err(|_| "contradicted_by cannot be read")?),
                },
            }),
        };
        Ok(Self {
            run: text(&columns.run_id).unwrap_or_default().to_owned(),
            target,
            flow: number(&columns.flow).whole(),
            ttl,
            one: HopTry { attempt, sent, answer },
            vantage: text(&columns.vantage).map(str::to_owned),
            method: text(&columns.method).and_then(|name| {
                [Method::Icmp, Method::Udp, Method::Tcp]
                    .into_iter()
                    .find(|method| method.to_string() == name)
            }),
            trace: number(&columns.trace).whole(),
            stop: text(&columns.stop_reason).and_then(|name| {
                StopReason::ALL.into_iter().find(|reason| reason.to_string() == name)
            }),
        })
    }
}

/// The cells of a line of CSV; nothing where quotes do not end.
fn cells(line: &str) -> Option<Vec<String>> {
    if !line.contains('"') {
        return Some(line.split(',').map(str::to_owned).collect());
    }
    if line.matches('"').count() % 2 == 1 {
        return None;
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(str::to_owned).collect())
}
