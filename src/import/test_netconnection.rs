//! What PowerShell's `Test-NetConnection -TraceRoute` prints: a list of addresses behind the values of the test.

use super::text_trace::{Cell, Destination};
use super::values::Address;

/// `RemoteAddress : 175.45.177.10`: where the list behind it leads.
pub(super) fn destination(line: &str) -> Option<Destination> {
    let address = value(line, "RemoteAddress")?;
    Address::parse(address).map(Destination::from)
}

/// Whether the list begins: `TraceRoute : 192.168.1.1`.
pub(super) fn begins(line: &str) -> bool {
    value(line, "TraceRoute").is_some()
}

/// The hops of a line: one address, or in braces all of them. Who did not answer has the address 0.0.0.0.
pub(super) fn hops(line: &str) -> Option<Vec<Cell>> {
    let list = value(line, "TraceRoute").unwrap_or_else(|| line.trim());
    let list = list.trim_start_matches('{').trim_end_matches('}').trim_end_matches(CUT);
    let words = list.split([',', ' ']).filter(|word| !word.is_empty());
    let cells: Option<Vec<Cell>> = words.map(cell).collect();
    cells.filter(|cells| !cells.is_empty())
}

/// Whether the list is longer than it is shown.
pub(super) fn is_cut(line: &str) -> bool {
    line.trim_end_matches('}').ends_with(CUT)
}

const CUT: &str = "...";

fn cell(word: &str) -> Option<Cell> {
    Some(match word {
        "0.0.0.0" | "TimedOut" => Cell::Silent,
        _ => Cell::answer(Address::parse(word)?, None),
    })
}

fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (before, value) = line.split_once(':')?;
    (before.trim() == name).then_some(value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_over_lines_and_in_braces() {
        let known = |last| Cell::answer(Address::V4([10, 0, 0, last].into()), None);
        assert_eq!(hops("TraceRoute             : 10.0.0.1"), Some(vec![known(1)]));
        assert_eq!(hops("                         10.0.0.2"), Some(vec![known(2)]));
        let braces = "TraceRoute : {10.0.0.1, 0.0.0.0, 10.0.0.3...}";
        assert_eq!(hops(braces), Some(vec![known(1), Cell::Silent, known(3)]));
        assert!(is_cut(braces));
        for line in ["", "and 10.0.0.1", "PingSucceeded : True", "10.0.0.1 answers"] {
            assert_eq!(hops(line), None, "{line}");
        }
    }
}
