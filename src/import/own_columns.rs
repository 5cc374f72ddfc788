//! The columns of the program's own hops files: by the header where there is one, else as they have
//! always been.

use super::own_hops::{self, Written};
use super::record::{Number, Text};

/// The columns that are read, in their order in a file.
const USUAL: [&str; 16] = [
    "schema",
    "run_id",
    "target",
    "flow",
    "ttl",
    "attempt",
    "sent_at",
    "address",
    "rtt_ms",
    "icmp_type",
    "icmp_code",
    "reply_ttl",
    "mpls",
    "asn",
    "country",
    "name",
];

/// What stands where in a row.
pub(super) struct Columns(Vec<String>);

impl Default for Columns {
    fn default() -> Self {
        Self(USUAL.map(str::to_owned).into())
    }
}

impl Columns {
    /// The row that `line` is, if it is one and no header, or why it cannot be read.
    pub(super) fn row(&mut self, line: &str) -> Result<Option<Written>, String> {
        let line = line.trim_start_matches('\u{feff}');
        if line.trim().is_empty() {
            return Ok(None);
        }
        if line.starts_with('{') {
            return own_hops::json(line).map(Some);
        }
        let cells = cells(line).ok_or("quotes that do not end")?;
        if cells.first().is_some_and(|first| first == "schema") {
            self.0 = cells;
            return Ok(None);
        }
        if cells.len() != self.0.len() {
            return Err(format!("{} of {} columns", cells.len(), self.0.len()));
        }
        Ok(Some(self.written(&cells)))
    }

    fn written(&self, cells: &[String]) -> Written {
        let mut row = Written::default();
        for (column, cell) in self.0.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            let text = || Text(Some(cell.clone()));
            let number = || Number(cell.parse().ok());
            match column.as_str() {
                "run_id" => row.run_id = text(),
                "target" => row.target = text(),
                "flow" => row.flow = number(),
                "ttl" => row.ttl = number(),
                "attempt" => row.attempt = number(),
                "sent_at" => row.sent_at = text(),
                "address" => row.address = text(),
                "rtt_ms" => row.rtt_ms = number(),
                "icmp_type" => row.icmp_type = number(),
                "icmp_code" => row.icmp_code = number(),
                "reply_ttl" => row.reply_ttl = number(),
                "mpls" => row.mpls = text(),
                _ => {}
            }
        }
        row
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
