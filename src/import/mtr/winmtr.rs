//! The table that `WinMTR` copies as text. Its rows have no TTLs: they stand in their order.

use crate::import::text_trace::Cell;
use crate::import::values;

use super::host::Host;

/// Whether `line` names the columns.
pub(in crate::import) fn is_header(line: &str) -> bool {
    line.contains('|') && ["Host", "Sent", "Recv", "Best"].iter().all(|name| line.contains(name))
}

/// `|   HOST -    0 |   10 |   10 |    9 |    9 |   11 |    9 |`.
pub(in crate::import) fn row(line: &str) -> Option<Cell> {
    let line = line.trim().trim_start_matches('|').trim_end_matches('|');
    let mut columns = line.split('|').map(str::trim);
    let (host, lost) = columns.next()?.rsplit_once('-')?;
    let _: u8 = lost.trim().trim_end_matches('%').trim().parse().ok()?;
    let numbers: Vec<f64> = columns.map_while(|number| number.parse().ok()).collect();
    let [_, received, best, _, ..] = numbers.as_slice() else { return None };
    let host = host.trim();
    if *received == 0.0 || host.starts_with("No response from host") {
        return Some(Cell::Silent);
    }
    let rtt = Some(*best).filter(|best| *best > 0.0).and_then(values::millis);
    Some(Host::read(host).cell(rtt))
}
