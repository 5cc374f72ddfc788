//! Lines of mtr's reports and of copies of its screen.

use std::time::Duration;

use super::host::Host;
use crate::import::text_trace::Cell;
use crate::import::values::{self, labels};
use crate::trace::MplsLabel;

/// The numbers behind a host, by the order of the columns.
#[derive(Debug, Clone, Copy)]
pub(in crate::import) struct Columns {
    best: usize,
}

impl Default for Columns {
    /// `Loss%   Snt   Last   Avg  Best  Wrst StDev`.
    fn default() -> Self {
        Self { best: 4 }
    }
}

impl Columns {
    /// As a header says it, that has the names of the columns.
    pub(in crate::import) fn certain(header: &str) -> Option<Self> {
        const NAMES: [&str; 11] =
            ["Snt", "Rcv", "Drop", "Last", "Avg", "Best", "Wrst", "StDev", "Jttr", "Javg", "Gmean"];
        let place = header.find("Loss%")?;
        let names = header[place..].split_whitespace();
        if names.clone().filter(|name| NAMES.contains(name)).count() < 2 {
            return None;
        }
        let best = names.clone().position(|name| name == "Best");
        Some(best.map_or_else(Self::default, |best| Self { best }))
    }
}

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import) enum Row {
    /// Of a TTL: who is there, and the best time.
    Hop(u8, Cell),
    /// Another host at the same TTL.
    Further(Cell),
    /// Labels that the host before quoted.
    Labels(Vec<MplsLabel>),
}

impl Row {
    pub(in crate::import) fn of(line: &str, columns: Columns) -> Option<Self> {
        let text = line.trim();
        if text.contains("MPLS") || text.contains("[Lbl ") {
            return Some(Self::Labels(labels(text))).filter(|_| !labels(text).is_empty());
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let ttl = text[..digits].parse().ok().filter(|ttl| *ttl > 0);
        let rest = text[digits..].strip_prefix('.');
        let rest = rest.filter(|rest| rest.starts_with(|c: char| c == '|' || c.is_whitespace()));
        match ttl.zip(rest) {
            Some((ttl, rest)) => {
                let host = rest.trim_start().trim_start_matches("|--");
                let host = host.trim_start_matches(['|', '-']).trim_start();
                let is_marked = rest.trim_start().starts_with('|');
                Some(Self::Hop(ttl, hop(host, columns, is_marked)?))
            }
            None => further(text),
        }
    }
}

/// The host, then the share that was lost, and the other numbers.
fn hop(text: &str, columns: Columns, is_marked: bool) -> Option<Cell> {
    let text = without_asn(text);
    if text == "???" {
        return Some(Cell::Silent);
    }
    let (host, numbers) = split(text)?;
    let numbers: Vec<&str> = numbers.split_whitespace().collect();
    let is_row = numbers.len() >= FEWEST
        && numbers.iter().all(|number| {
            number.trim_end_matches('%').bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        });
    // `1. 50% of them` is a sentence.
    let is_marked_row = is_marked && !numbers.is_empty();
    if !(is_row || is_marked_row || text.starts_with("(waiting for reply)")) {
        return None;
    }
    let lost = numbers.first().map(|lost| lost.trim_end_matches('%').parse());
    let best = numbers.get(columns.best).filter(|_| lost != Some(Ok(100.0)));
    let rtt = best.and_then(|best| best.parse().ok()).and_then(values::millis);
    cell(host, rtt)
}

/// The fewest numbers behind a host.
const FEWEST: usize = 3;

/// Where the host ends: at the numbers, which a long name may touch.
fn split(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix("(waiting for reply)") {
        return Some(("", rest));
    }
    if let Some(place) = text.find('%') {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let start = text[..place].trim_end_matches(is_number).len();
        // A name that was cut may end in digits; a share has one digit behind its point.
        let start = start.max(place.saturating_sub("100.0".len()));
        return text.is_char_boundary(start).then(|| text.split_at(start));
    }
    let place = text.find(char::is_whitespace)?;
    Some(text.split_at(place)).filter(|(host, _)| *host == "???")
}

fn cell(host: &str, rtt: Option<Duration>) -> Option<Cell> {
    let read = Host::read(host);
    let is_sentence = matches!(read, Host::Named) && host.split_whitespace().count() > 2;
    (!is_sentence).then(|| read.cell(rtt))
}

/// `AS4837   HOST`, `AS???    HOST`.
fn without_asn(host: &str) -> &str {
    let host = host.trim();
    let Some(rest) = host.strip_prefix("AS") else { return host };
    let number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '?');
    let is_number = number.len() < rest.len() && number.starts_with(char::is_whitespace);
    if is_number { number.trim_start() } else { host }
}

/// `  |  |-- HOST` or, without its sign, an address alone.
fn further(text: &str) -> Option<Row> {
    let rest = text.trim_start_matches(['|', '`', '-', '+', ' ']);
    let host = without_asn(rest);
    let is_known = matches!(Host::read(host), Host::Known(..));
    let is_marked = rest.len() < text.len() && text[..text.len() - rest.len()].contains("--");
    let is_host = !host.is_empty() && host.split_whitespace().count() <= 2;
    (is_known || is_marked && is_host).then(|| cell(host, None)).flatten().map(Row::Further)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::text_trace::Sender;

    fn row_of(line: &str) -> String {
        let cell = |cell: Cell| match cell {
            Cell::Silent => "*".to_owned(),
            Cell::Answer { sender, rtt, .. } => match sender {
                Sender::Known(from) => format!("{from}@{:?}", rtt.map(|rtt| rtt.as_secs_f64())),
                Sender::Ipv6 | Sender::Unreadable => format!("{sender:?}"),
            },
        };
        match Row::of(line, Columns::default()) {
            None => "none".into(),
            Some(Row::Hop(ttl, one)) => format!("{ttl} {}", cell(one)),
            Some(Row::Further(one)) => format!("further {}", cell(one)),
            Some(Row::Labels(labels)) => format!("{labels:?}"),
        }
    }

    #[test]
    fn hops_are_read_in_all_dialects() {
        for (line, expected) in [
            (
                "  1.|-- 10.0.0.1      0.0%    10    0.5   0.5   0.25   0.6   0.0",
                "1 10.0.0.1@Some(0.00025)",
            ),
            (
                " 11.|-- gw.x (10.0.0.1)  0.0%  10  0.5   0.5   0.5   0.6   0.0",
                "11 10.0.0.1@Some(0.0005)",
            ),
            (
                "  1. AS4837   10.0.0.1  0.0%  10  0.5   0.5   1003.   0.6   0.0",
                "1 10.0.0.1@Some(1.003)",
            ),
            ("  1. AS???    10.0.0.1  100.0%  10  0.5   0.5   0.0   0.6   0.0", "1 10.0.0.1@None"),
            (
                "  1.|-- AS4837   10.0.0.1  0.0%  10  0.5   0.5   0.5   0.6   0.0",
                "1 10.0.0.1@Some(0.0005)",
            ),
            ("  8.|-- ???           100.0     2    0.0   0.0   0.0   0.0   0.0", "8 *"),
            ("  8. ???", "8 *"),
            ("  8. 50% of the packets are lost", "none"),
            (" 15. (waiting for reply)", "15 *"),
            (" 15. AS???    ???   100.0    10    0.0   0.0   0.0   0.0   0.0", "15 *"),
            (
                "  2.|-- a-very-long-name-that-touches-its100.0%  10  0.5   0.5   0.5   0.6   0.0",
                "2 Unreadable",
            ),
            (
                "  2.|-- a-very-long-name (94.142.1100.0%  10  0.5   0.5   0.5   0.6   0.0",
                "2 Unreadable",
            ),
            ("  2. 2001:db8::1  0.0%  10  0.5   0.5   0.5   0.6   0.0", "2 Ipv6"),
            ("     |  `|-- 10.0.0.2", "further 10.0.0.2@None"),
            ("     |   |-- gw.y (10.0.0.2)", "further 10.0.0.2@None"),
            ("     |   |-- gw.y", "further Unreadable"),
            ("    10.0.0.2", "further 10.0.0.2@None"),
            ("    [MPLS: Lbl 24015 TC 0 S u TTL 1]", "[MplsLabel { label: 24015, ttl: 1 }]"),
            (
                "     |  +-- [MPLS: Lbl 24015 Exp 0 S 1 TTL 1]",
                "[MplsLabel { label: 24015, ttl: 1 }]",
            ),
            ("  2. 10.0.0.2", "none"),
            ("hello -- you and all of your friends", "none"),
        ] {
            assert_eq!(row_of(line), expected, "{line}");
        }
    }
}
