//! The words of hop lines, as traceroute's descendants write them: who answered, then the times, then
//! marks that belong to the time before them.

use std::time::Duration;

use crate::import::text_trace::{Cell, Sender};
use crate::import::values::{self, Address, MOST_LABELS, labels};
use crate::trace::{MplsLabel, ReplyKind};

/// How much stands in a bracket.
const LONGEST_ASIDE: usize = 500;

/// Who answers at a TTL while its lines are read.
#[derive(Debug, Default)]
pub(super) struct HopWords {
    sender: Sender,
    labels: Vec<MplsLabel>,
}

/// A word, and what it may be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Word<'a> {
    Stars(usize),
    Sender(Sender),
    Time(Duration),
    Mark(ReplyKind),
    /// What stands in brackets: an AS, labels, flags.
    Aside(&'a str),
    /// A unit, an unknown mark: nothing that is needed.
    Other,
}

impl HopWords {
    /// What the words of a line say: of a TTL, or further ones of the same.
    pub(super) fn cells(&mut self, line: &str) -> Vec<Cell> {
        let words = words(line);
        let mut cells = Vec::new();
        for (place, word) in words.iter().enumerate() {
            let unit = words.get(place + 1).is_some_and(|next| is_unit(next));
            let is_last = place + 1 == words.len() && place > 0;
            self.word(Word::of(word, unit || is_last), &mut cells);
        }
        cells
    }

    fn word(&mut self, word: Word<'_>, cells: &mut Vec<Cell>) {
        match word {
            Word::Stars(count) => cells.extend(std::iter::repeat_n(Cell::Silent, count)),
            Word::Sender(sender) => {
                self.sender = sender;
                self.labels.clear();
            }
            Word::Time(rtt) => cells.push(Cell::Answer {
                sender: self.sender,
                kind: ReplyKind::TimeExceeded,
                rtt: Some(rtt),
                labels: self.labels.clone(),
            }),
            Word::Mark(mark) => {
                if let Some(Cell::Answer { kind, .. }) = cells.last_mut() {
                    *kind = mark;
                }
            }
            Word::Aside(text) => {
                self.labels.extend(labels(text));
                self.labels.truncate(MOST_LABELS);
            }
            Word::Other => {}
        }
    }
}

/// The words of `line`; what is in brackets is one, and so is a mark that hangs on a unit.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let blank = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let end = match first {
            '[' => near(rest, ']').map_or(blank, |end| end + 1),
            '<' => near(rest, '>').map_or(blank, |end| end + 1),
            _ => rest[..blank].find("ms!").map_or(blank, |end| end + 2),
        };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after.trim_start();
    }
    words
}

/// Where a bracket is closed: what stands in it is short.
fn near(text: &str, bracket: char) -> Option<usize> {
    text.char_indices().take(LONGEST_ASIDE).find(|(_, c)| *c == bracket).map(|(place, _)| place)
}

/// `ms`, or as routers of some makes write it, `msec`.
fn is_unit(word: &str) -> bool {
    matches!(word.trim_end_matches([',', ';']), "ms" | "msec")
}

impl<'a> Word<'a> {
    /// `timed` says that a unit follows, or nothing at all.
    fn of(word: &'a str, timed: bool) -> Self {
        if word.bytes().all(|byte| byte == b'*') {
            return Self::Stars(word.len());
        }
        if let Some(mark) = word.strip_prefix('!') {
            return mark_of(mark).map_or(Self::Other, Self::Mark);
        }
        if is_unit(word) {
            return Self::Other;
        }
        let glued = ["msec", "ms"].iter().find_map(|unit| word.strip_suffix(unit));
        if let Some(rtt) = millis(glued.unwrap_or(word)).filter(|_| timed || glued.is_some()) {
            return Self::Time(rtt);
        }
        if let Some(text) = word.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            return Self::Aside(text);
        }
        if let Some(text) = word.strip_prefix('<').and_then(|text| text.strip_suffix('>')) {
            return Self::Aside(text);
        }
        Self::sender(word)
    }

    /// An address, or a name, behind which the address may follow in parentheses.
    fn sender(word: &str) -> Self {
        let inside = word.trim_start_matches('(').trim_end_matches([')', ',']);
        match Address::parse(inside) {
            Some(address) => Self::Sender(address.into()),
            // How many hops the answer itself took, in quotes; a name behind its address.
            None if word.starts_with(['\'', '(', '[', '<']) || !is_name(word) => Self::Other,
            None => Self::Sender(Sender::Unreadable),
        }
    }
}

/// Names have letters or signs that blank them.
fn is_name(word: &str) -> bool {
    word.contains(|c: char| c.is_alphabetic() || c == '*' || c == '?') && !word.ends_with(']')
}

/// Milliseconds, also with a decimal comma.
fn millis(text: &str) -> Option<Duration> {
    let text = text.trim_start_matches('<');
    let is_number = text.starts_with(|c: char| c.is_ascii_digit());
    let millis: f64 = text.replace(',', ".").parse().ok().filter(|_| is_number)?;
    values::millis(millis)
}

/// The ICMP code behind a mark (RFC 792, RFC 1812); `!` alone says only that a TTL was low.
fn mark_of(mark: &str) -> Option<ReplyKind> {
    let code = match mark.split('-').next()? {
        "" => return None,
        "N" => 0,
        "H" => 1,
        "P" => 2,
        "F" => 4,
        "S" => 5,
        "U" => 6,
        "W" => 7,
        "I" => 8,
        "Z" => 10,
        "Q" => 11,
        "T" => 12,
        "X" | "A" => 13,
        "V" => 14,
        "C" => 15,
        number => number.trim_matches(['<', '>']).parse().ok()?,
    };
    Some(ReplyKind::Unreachable(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells_of(line: &str) -> Vec<String> {
        let cell = |cell: Cell| match cell {
            Cell::Silent => "*".to_owned(),
            Cell::Answer { sender, kind, rtt, labels } => {
                let sender = match sender {
                    Sender::Known(address) => address.to_string(),
                    Sender::Ipv6 => "v6".into(),
                    Sender::Unreadable => "?".into(),
                };
                let mark = match kind {
                    ReplyKind::Unreachable(code) => format!("!{code}"),
                    ReplyKind::TimeExceeded | ReplyKind::EchoReply => String::new(),
                };
                let labels: Vec<u32> = labels.iter().map(|label| label.label).collect();
                let labels = if labels.is_empty() { String::new() } else { format!("{labels:?}") };
                format!("{sender}{mark}@{:?}{labels}", rtt.unwrap_or_default().as_secs_f64() * 1e3)
            }
        };
        HopWords::default().cells(line).into_iter().map(cell).collect()
    }

    #[test]
    fn marks_belong_to_the_time_before_them() {
        let line = "10.1.1.1  1 ms !X 2 ms !<13> 3 ms !F-1492 * 4 ms !13 5 ms ! 6 ms!N 7ms !A";
        let codes = ["!13@1.0", "!13@2.0", "!4@3.0", "", "!13@4.0", "@5.0", "!0@6.0", "!13@7.0"];
        let expected =
            codes.map(|code| if code.is_empty() { "*".into() } else { format!("10.1.1.1{code}") });
        assert_eq!(cells_of(line), expected);
    }

    #[test]
    fn times_belong_to_the_sender_before_them() {
        assert_eq!(
            cells_of(
                "a (10.0.0.1)  1 ms 10.XXX.XXX.XXX  2 ms b (10.0.0.2)  3 ms c (10.X.X.X) 4 ms *"
            ),
            ["10.0.0.1@1.0", "?@2.0", "10.0.0.2@3.0", "?@4.0", "*"]
        );
        assert_eq!(cells_of("***.***.***.***  2 ms"), ["?@2.0"]);
        assert_eq!(
            cells_of("10.0.0.1 (gw.example)  2,5ms  <1 ms"),
            ["10.0.0.1@2.5", "10.0.0.1@1.0"]
        );
        assert_eq!(cells_of("2001:db8::1  2 ms"), ["v6@2.0"]);
    }

    #[test]
    fn asides_are_no_senders() {
        for line in [
            "[AS4837] gw (10.0.0.1)  1 ms  2 ms",
            "gw (10.0.0.1) [AS4837/AS1]  1 ms  2 ms",
            "gw (10.0.0.1) [*]  1 ms  2 ms",
            "10.0.0.1 [AS 4837] 1 msec 2 msec",
            "10.0.0.1 <syn,ack>  1 ms  2 ms",
            "10.0.0.1 '-5'  1 ms  2 ms",
            "10.0.0.1 [open]  1 ms  2",
        ] {
            assert_eq!(cells_of(line), ["10.0.0.1@1.0", "10.0.0.1@2.0"], "{line}");
        }
    }

    #[test]
    fn labels_stand_in_brackets() {
        assert_eq!(
            cells_of("10.0.0.1 <MPLS:L=300112,E=0,S=0,T=1/L=24,E=0,S=1,T=9>  1 ms"),
            ["10.0.0.1@1.0[300112, 24]"]
        );
        assert_eq!(cells_of("10.0.0.1 [MPLS: Label 16 Exp 0] 1 msec"), ["10.0.0.1@1.0[16]"]);
    }
}
