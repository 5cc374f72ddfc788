//! Lines of mtr's reports and of copies of its screen.

use std::time::Duration;

use super::host::Host;
use crate::import::text_trace::Cell;
use crate::import::values::{self, Address, labels};
use crate::trace::MplsLabel;

/// The numbers behind a host, by the order of the columns.
#[derive(Debug, Clone, Copy)]
pub(in crate::import) struct Columns {
    /// How many there are.
    count: usize,
    /// Where the share is that was lost; nothing where a report leaves that out.
    loss: Option<usize>,
    /// Where the time is that is taken: the best; where a report leaves that out, another.
    best: Option<usize>,
}

impl Default for Columns {
    /// `Loss%   Snt   Last   Avg  Best  Wrst StDev`.
    fn default() -> Self {
        Self { count: 7, loss: Some(0), best: Some(4) }
    }
}

impl Columns {
    /// As a header says it, that has the names of the columns.
    pub(in crate::import) fn certain(header: &str) -> Option<Self> {
        const NAMES: [&str; 16] = [
            "Loss%", "Snt", "Rcv", "Drop", "Last", "Avg", "Best", "Wrst", "StDev", "Jttr", "Javg",
            "Jmax", "Jint", "Gmean", "Sent", "Recv",
        ];
        let names: Vec<&str> =
            header.split_whitespace().skip_while(|name| !NAMES.contains(name)).collect();
        if names.iter().filter(|name| NAMES.contains(name)).count() < 3 {
            return None;
        }
        let place = |name: &str| names.iter().position(|one| *one == name);
        let best = ["Best", "Last", "Avg"].into_iter().find_map(place);
        Some(Self { count: names.len(), loss: place("Loss%"), best })
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
    let (host, numbers) = split(text, columns)?;
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
    let at = |place: Option<usize>| place.and_then(|place| numbers.get(place));
    let lost = at(columns.loss).map(|lost| lost.trim_end_matches('%').parse());
    let best = at(columns.best).filter(|_| lost != Some(Ok(100.0)));
    let rtt = best.and_then(|best| best.parse().ok()).and_then(values::millis);
    cell(host, rtt)
}

/// The fewest numbers behind a host.
const FEWEST: usize = 3;

/// Where the host ends: at the numbers, which a long name may touch.
fn split(text: &str, columns: Columns) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix("(waiting for reply)") {
        return Some(("", rest));
    }
    if columns.loss != Some(0) {
        let mut host = text;
        for _ in 0..columns.count {
            host = host.rsplit_once(char::is_whitespace)?.0.trim_end();
        }
        return Some(text.split_at(host.len())).filter(|(host, _)| !host.is_empty());
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

/// `AS4837   HOST`, `AS???    HOST`; by mtr's option `-y` also a prefix, a country, a registry or a date.
fn without_asn(host: &str) -> &str {
    const REGISTRIES: [&str; 5] = ["afrinic", "apnic", "arin", "lacnic", "ripencc"];
    let host = host.trim();
    let Some((word, rest)) = host.split_once(char::is_whitespace) else { return host };
    let number = word.strip_prefix("AS").unwrap_or_default();
    let is_number = |text: &str, also: char| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == also)
    };
    let is_prefix = word.split_once('/').is_some_and(|(address, length)| {
        Address::parse(address).is_some() && is_number(length, '0')
    });
    let is_country = word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_date = word.len() == 10 && word.contains('-') && is_number(word, '-');
    let is_unknown = matches!(word, "?" | "??" | "???");
    let is_about = is_number(number, '?')
        || is_prefix
        || is_country
        || is_date
        || is_unknown && begins_with_host(rest)
        || REGISTRIES.contains(&word);
    if is_about { rest.trim_start() } else { host }
}

/// Whether the numbers of a row do not come yet.
fn begins_with_host(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    word == "???" || Address::parse(word).is_some() || word.contains(|c: char| c.is_alphabetic())
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
    fn numbers_stand_in_the_order_that_a_user_asked_for() {
        for (header, line) in [
            (
                "HOST: box  Snt  Rcv Loss%  Best   Avg",
                "  1.|-- 10.0.0.1  10  10   0.0%   0.5   0.6",
            ),
            ("HOST: box  Snt  Best   Avg  Wrst", "  1.|-- 10.0.0.1  10   0.5   0.6  0.7"),
            (
                "Host  Loss% Drop Rcv   Avg  StDev  Javg",
                "  1. 10.0.0.1  0.0%  0  3   0.5   0.6  0.7",
            ),
            ("HOST: box  Loss%  Snt  Last", "  1.|-- 10.0.0.1  0.0%  3   0.5"),
        ] {
            let columns = Columns::certain(header).expect(header);
            let rtt = values::millis(0.5);
            let sender = Sender::Known([10, 0, 0, 1].into());
            assert_eq!(
                Row::of(line, columns),
                Some(Row::Hop(1, Cell::answer(sender, rtt))),
                "{line}"
            );
            let silent = line.replace("10.0.0.1", "???");
            assert_eq!(Row::of(&silent, columns), Some(Row::Hop(1, Cell::Silent)), "{silent}");
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
            ("  8. ??   ???           100.0     2    0.0   0.0   0.0   0.0   0.0", "8 *"),
            (
                "  1. ??   10.0.0.1  0.0%  10  0.5   0.5   0.5   0.6   0.0",
                "1 10.0.0.1@Some(0.0005)",
            ),
            (
                "  1. RU   10.0.0.1  0.0%  10  0.5   0.5   0.5   0.6   0.0",
                "1 10.0.0.1@Some(0.0005)",
            ),
            (
                "  1. RU   gw.x (10.0.0.1)  0.0%  10  0.5   0.5   0.5   0.6   0.0",
                "1 10.0.0.1@Some(0.0005)",
            ),
            (
                "  1. 10.0.0.0/8   10.0.0.1  0.0%  10  0.5   0.5   0.5   0.6   0.0",
                "1 10.0.0.1@Some(0.0005)",
            ),
            (
                "  1. ripencc   10.0.0.1  0.0%  10  0.5   0.5   0.5   0.6   0.0",
                "1 10.0.0.1@Some(0.0005)",
            ),
            (
                "  1. 2003-05-01   10.0.0.1  0.0%  10  0.5   0.5   0.5   0.6   0.0",
                "1 10.0.0.1@Some(0.0005)",
            ),
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
