//! What earlier runs have shown that is evidence for a new one: the borders behind which home answered, and the
//! hosts that were alive. It stands in the files of `probe --traces` and `ping --census`, CSV or JSON lines.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, Read};
use std::net::Ipv4Addr;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::columns::{CENSUS, CensusRow, Row as _, TRACES, TraceRow};
use crate::input;
use crate::output::{io_error, is_simulated};

use super::error::HistoryError;

/// What earlier runs have shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// The last foreign hops behind which home answered.
    pub borders: BTreeMap<Ipv4Addr, EarlierBorder>,
    /// The hosts that answered, each with the last day on which it did (empty where no row says when).
    pub hosts: BTreeMap<Ipv4Addr, String>,
    /// How many rows could not be read.
    pub malformed: usize,
}

/// A border of earlier runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierBorder {
    /// Who holds it, as the file says.
    pub holder: String,
    /// The first day on which home answered behind it.
    pub first: String,
    /// The last one.
    pub last: String,
}

/// The longest line of JSON: a row has some hundred bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// Reads a file of traces or of hosts. Rows of the lab count only where `simulated`, and then no others.
///
/// # Errors
/// When it cannot be read, or has neither.
pub fn earlier(path: &Path, simulated: bool) -> Result<Earlier, HistoryError> {
    let failed = |source| HistoryError::Io { path: path.into(), source };
    let file = (path.as_os_str() != "-").then_some(path);
    let mut input = input::open(file).map_err(failed)?.input;
    let is_json = input.fill_buf().map_err(failed)?.trim_ascii_start().starts_with(b"{");
    let mut found = Earlier::default();
    let is_known =
        if is_json { found.read_json(input, simulated) } else { found.read_csv(input, simulated) };
    let is_known = is_known.map_err(failed)?;
    if is_known { Ok(found) } else { Err(HistoryError::NoEvidence { path: path.into() }) }
}

impl Earlier {
    fn read_json(&mut self, mut input: impl BufRead, simulated: bool) -> io::Result<bool> {
        let (mut is_known, mut line) = (false, Vec::new());
        loop {
            line.clear();
            if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
                return Ok(is_known);
            }
            let row = serde_json::from_slice::<HashMap<String, serde_json::Value>>(&line);
            let Ok(row) = row else {
                self.malformed += 1;
                continue;
            };
            let text = |name: &str| match row.get(name) {
                None | Some(serde_json::Value::Null) => None,
                Some(serde_json::Value::String(text)) => Some(text.clone()),
                Some(other) => Some(other.to_string()),
            };
            let kind = Kind::of(|name| row.contains_key(name));
            is_known |= kind.is_some();
            self.add(kind, simulated, text);
        }
    }

    fn read_csv(&mut self, input: impl Read, simulated: bool) -> io::Result<bool> {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
        let (mut header, mut kind): (Vec<String>, Option<Kind>) = (Vec::new(), None);
        let mut is_known = false;
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) if error.is_io_error() => return Err(io_error(error)),
                Err(_) => {
                    self.malformed += 1;
                    continue;
                }
            };
            // A header may come again at any line.
            if record.get(0).is_some_and(|first| first.trim_start_matches('\u{feff}') == "schema") {
                header = record.iter().map(str::to_owned).collect();
                kind = Kind::of(|name| header.iter().any(|column| column == name));
                is_known |= kind.is_some();
                continue;
            }
            if record.len() != header.len() {
                self.malformed += usize::from(kind.is_some());
                continue;
            }
            let text = |name: &str| {
                let place = header.iter().position(|column| column == name)?;
                record.get(place).filter(|text| !text.is_empty()).map(str::to_owned)
            };
            self.add(kind, simulated, text);
        }
        Ok(is_known)
    }

    /// Takes a row in, of whose columns `text` has the values.
    fn add(&mut self, kind: Option<Kind>, simulated: bool, text: impl Fn(&str) -> Option<String>) {
        let Some(kind) = kind else { return };
        if is_simulated(&text("vantage").unwrap_or_default()) != simulated {
            return;
        }
        let is_malformed = match kind {
            Kind::Traces => self.add_trace(&TraceRow::by_name(&[], &text)),
            Kind::Census => self.add_host(&CensusRow::by_name(&[], &text)),
        }
        .is_none();
        self.malformed += usize::from(is_malformed);
    }

    /// Nothing where the row cannot be read.
    fn add_trace(&mut self, row: &TraceRow<Option<String>>) -> Option<()> {
        let day = day(row.started_at.as_deref());
        let target: Ipv4Addr = row.target.as_deref()?.parse().ok()?;
        // With less confidence a box may have answered in the place of home.
        let is_sure = row.confidence.as_deref()? == "high";
        if row.reached.as_deref()? == "true" && is_sure {
            self.add_answer(target, &day);
        }
        let arrived = row.first_home_ttl.is_some() && is_sure;
        let Some(last) = row.last_hop.as_deref().filter(|_| arrived) else { return Some(()) };
        let number = |asn: &String| format!("AS{asn}");
        let holder = row.carrier.clone().or_else(|| row.asn.as_ref().map(number));
        let holder = holder.or_else(|| row.country.clone()).unwrap_or_else(|| "nobody".into());
        let border = self.borders.entry(last.parse().ok()?).or_insert_with(|| EarlierBorder {
            holder,
            first: day.clone(),
            last: day.clone(),
        });
        if !day.is_empty() && day < border.first {
            border.first.clone_from(&day);
        }
        if day > border.last {
            border.last = day;
        }
        Some(())
    }

    /// Nothing where the row cannot be read.
    fn add_host(&mut self, row: &CensusRow<Option<String>>) -> Option<()> {
        let target: Ipv4Addr = row.target.as_deref()?.parse().ok()?;
        if row.alive.as_deref()? == "true" {
            self.add_answer(target, &day(row.at.as_deref()));
        }
        Some(())
    }

    fn add_answer(&mut self, host: Ipv4Addr, day: &str) {
        let last = self.hosts.entry(host).or_default();
        if day > last.as_str() {
            day.clone_into(last);
        }
    }
}

/// Which table a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Traces,
    Census,
}

impl Kind {
    /// By the columns of the table's first schema.
    fn of(is_there: impl Fn(&str) -> bool) -> Option<Self> {
        let has = |names: Vec<String>| names.iter().all(|name| is_there(name));
        if has(TRACES.names(1, &[])) {
            Some(Self::Traces)
        } else {
            has(CENSUS.names(1, &[])).then_some(Self::Census)
        }
    }
}

/// The day of a time, in UTC; empty where it is no time.
fn day(time: Option<&str>) -> String {
    let time = time.and_then(|time| time.parse::<Timestamp>().ok());
    time.map_or(String::new(), |time| time.to_zoned(TimeZone::UTC).date().to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// A file that breaks off is an error, and comes to an end.
    #[test]
    fn damage_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let row = "{\"schema\":1,\"vantage\":\"\",\"target\":\"175.45.176.1\",\"alive\":true}\n";
        for (name, text) in
            [("t.jsonl.gz", row.repeat(5_000)), ("t.csv.gz", "schema,x\n1,2\n".repeat(5_000))]
        {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(text.as_bytes()).expect("packed");
            let packed = packed.finish().expect("packed");
            let path = folder.path().join(name);
            std::fs::write(&path, &packed[..packed.len() - 9]).expect("written");
            let error = earlier(&path, false).unwrap_err();
            assert!(matches!(error, HistoryError::Io { .. }), "{name}: {error}");
        }
    }
}
