//! The table of `nmap --traceroute`: a TTL, one time, the host.

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use super::text_trace::{Cell, Destination, Sender};
use super::values::{self, Address};

/// `Nmap scan report for x.kp (175.45.177.10)`: where the table behind it leads.
pub(super) fn destination(line: &str) -> Option<Destination> {
    let (_, host) = line.split_once("Nmap scan report for ")?;
    let word =
        host.split_whitespace().find_map(|word| Address::parse(word.trim_matches(['(', ')'])));
    Some(word.map_or(Destination::Name, Destination::from))
}

/// Whether a table begins: `TRACEROUTE (using port 80/tcp)`.
pub(super) fn is_header(line: &str) -> bool {
    line == "TRACEROUTE" || line.starts_with("TRACEROUTE (")
}

/// Whether `line` names the columns.
pub(super) fn is_columns(line: &str) -> bool {
    line.split_whitespace().eq(["HOP", "RTT", "ADDRESS"])
}

/// A line of the table.
#[derive(Debug, PartialEq)]
pub(super) enum Row {
    Hop(u8, Cell),
    /// `4   ... 6`.
    Silent(RangeInclusive<u8>),
}

/// `-   Hops 1-3 are the same as for 175.45.177.9`: up to which TTL, and as for whom.
pub(super) fn same(line: &str) -> Option<(u8, Ipv4Addr)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["-", "Hop" | "Hops", range, .., "for", other] = words.as_slice() else { return None };
    Some((range.rsplit('-').next()?.parse().ok()?, other.parse().ok()?))
}

impl Row {
    pub(super) fn of(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ttl = words.first()?.parse().ok().filter(|ttl| *ttl > 0)?;
        match words.get(1..)? {
            ["..."] => Some(Self::Silent(ttl..=ttl)),
            ["...", last] => {
                Some(Self::Silent(ttl..=last.parse().ok().filter(|last| *last >= ttl)?))
            }
            ["--", ..] => Some(Self::Hop(ttl, Cell::Silent)),
            [time, "ms", name, rest @ ..] => {
                let rtt = time.parse().ok().and_then(values::millis)?;
                let last = rest.last().copied().unwrap_or(name);
                let sender = Address::parse(last.trim_matches(['(', ')']));
                let sender = sender.map_or(Sender::Unreadable, Sender::from);
                (rest.len() <= 1).then(|| Self::Hop(ttl, Cell::answer(sender, Some(rtt))))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read() {
        let hop = |ttl, millis: f64| {
            let sender = Sender::Known([10, 0, 0, 1].into());
            Some(Row::Hop(ttl, Cell::answer(sender, values::millis(millis))))
        };
        assert_eq!(Row::of("1   0.50 ms   10.0.0.1"), hop(1, 0.5));
        assert_eq!(Row::of("2   5.10 ms   gw.example (10.0.0.1)"), hop(2, 5.1));
        assert_eq!(Row::of("4   ... 6"), Some(Row::Silent(4..=6)));
        assert_eq!(Row::of("4   ..."), Some(Row::Silent(4..=4)));
        let line = "-   Hops 1-3 are the same as for 10.0.0.9";
        assert_eq!(same(line), Some((3, [10, 0, 0, 9].into())));
        assert_eq!(Row::of(line), None);
        for line in ["", "5 ms is short", "4 ... 2", "1 0.5 ms a b c d"] {
            assert_eq!(Row::of(line), None, "{line}");
        }
    }
}
