//! The words of hop lines, as traceroute's descendants write them: who answered, then the times, then
//! annotations that belong to the time before them.

use std::time::Duration;

use crate::import::text_trace::{Cell, Sender};
use crate::import::values::{self, Address, MOST_LABELS, labels};
use crate::trace::{MplsLabel, ReplyKind};

/// How much stands in a bracket.
const LONGEST_ASIDE: usize = 500;

/// Who answers at a TTL while its lines are read.
#[derive(Debug, Default)]
pub(in crate::import) struct HopWords {
    sender: Sender,
    labels: Vec<MplsLabel>,
    /// Whether the last word was a time, to which an annotation belongs.
    is_timed: bool,
}

/// A word, and what it may be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Word<'a> {
    Stars(usize),
    /// Probes that nobody answered, as a count.
    Unanswered(usize),
    Sender(Sender),
    /// A name behind which nothing says that it is one.
    Name,
    Time(Duration),
    Annotation(ReplyKind),
    /// What stands in brackets: an AS, labels, flags.
    Aside(&'a str),
    /// A unit, an unknown annotation: nothing that is needed.
    Other,
    /// Nothing that such a line has.
    Foreign,
}

/// How a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::import) enum Begin {
    /// With nothing that counts.
    #[default]
    Other,
    Star,
    /// With a time and its unit.
    Time,
    /// With an address, alone or behind a name.
    Address,
    /// With a name alone.
    Name,
}

/// The line of a hop, read.
#[derive(Debug, Default)]
pub(in crate::import) struct HopLine {
    pub(in crate::import) cells: Vec<Cell>,
    pub(in crate::import) begin: Begin,
    /// Whether there is nothing in it that a hop does not have.
    pub(in crate::import) is_strict: bool,
    /// Whether it names somebody without saying when he answered.
    pub(in crate::import) is_open: bool,
}

impl HopLine {
    pub(in crate::import) fn has_answer(&self) -> bool {
        self.cells.iter().any(|cell| matches!(cell, Cell::Answer { .. }))
    }

    /// Whether somebody with an address answered.
    pub(in crate::import) fn has_address(&self) -> bool {
        let known = |cell: &Cell| {
            matches!(cell, Cell::Answer { sender: Sender::Known(_) | Sender::Ipv6, .. })
        };
        self.cells.iter().any(known)
    }
}

impl HopWords {
    /// What is known behind an answer of `sender`.
    pub(in crate::import) fn behind(sender: Sender) -> Self {
        Self { sender, is_timed: true, labels: Vec::new() }
    }

    /// What the words of a line say: of a TTL, or further ones of the same.
    pub(in crate::import) fn read_line(&mut self, line: &str) -> HopLine {
        let mut hop = HopLine::default();
        hop.is_strict = self.read_words(line, &mut hop, false);
        hop
    }

    /// The same, where there is nothing in the line that a hop does not have. Prose is given up at its first word.
    pub(in crate::import) fn read_strictly(&mut self, line: &str) -> Option<HopLine> {
        let mut hop = HopLine { is_strict: true, ..HopLine::default() };
        self.read_words(line, &mut hop, true).then_some(hop)
    }

    /// Reads words, to the first that a hop does not have if only those count; whether there is none.
    fn read_words(&mut self, line: &str, hop: &mut HopLine, only_strict: bool) -> bool {
        let words = words(line);
        let mut is_strict = true;
        let mut has_begun = false;
        let mut place = 0;
        let mut named = false;
        while place < words.len() {
            let (read, length) = read(&words, place, !hop.cells.is_empty());
            let next = words.get(place + 1).copied().unwrap_or_default();
            // Right behind an address, a name without one is that of a place or a company.
            let is_place = named
                && self.sender != Sender::Unreadable
                && read == Word::Sender(Sender::Unreadable)
                && !is_blanked(words[place])
                && !is_in_parentheses(next)
                && !in_brackets(next);
            let read = if is_place { Word::Name } else { read };
            let begin = match read {
                Word::Stars(_) | Word::Unanswered(_) => Some(Begin::Star),
                Word::Time(_) => Some(Begin::Time),
                Word::Sender(Sender::Unreadable) | Word::Name => {
                    Some(if is_in_parentheses(next) || in_brackets(next) {
                        Begin::Address
                    } else {
                        Begin::Name
                    })
                }
                Word::Sender(_) | Word::Annotation(_) => Some(Begin::Address),
                Word::Aside(_) | Word::Other => None,
                Word::Foreign => Some(Begin::Other),
            };
            if let Some(begin) = begin.filter(|_| !has_begun) {
                (hop.begin, has_begun) = (begin, true);
            }
            is_strict &= !matches!(read, Word::Name | Word::Foreign);
            if only_strict && !is_strict {
                return false;
            }
            match read {
                Word::Sender(_) => named = true,
                Word::Stars(_) | Word::Unanswered(_) | Word::Time(_) | Word::Annotation(_) => {
                    named = false;
                }
                _ => {}
            }
            // Behind an address a name alone is a place or a company.
            if !(read == Word::Name && self.sender != Sender::Unreadable) {
                self.word(read, &mut hop.cells);
            }
            place += length;
        }
        hop.is_open = named;
        is_strict
    }

    fn word(&mut self, word: Word<'_>, cells: &mut Vec<Cell>) {
        let was_timed = std::mem::take(&mut self.is_timed);
        match word {
            Word::Stars(count) | Word::Unanswered(count) => {
                cells.extend(std::iter::repeat_n(Cell::Silent, count));
            }
            Word::Sender(sender) => {
                self.sender = sender;
                self.labels.clear();
            }
            Word::Name => {
                self.sender = Sender::Unreadable;
                self.labels.clear();
            }
            Word::Time(rtt) => {
                self.is_timed = true;
                cells.push(self.answer(ReplyKind::TimeExceeded, Some(rtt)));
            }
            Word::Annotation(annotation) => match cells.last_mut() {
                Some(Cell::Answer { kind, .. }) if was_timed => *kind = annotation,
                // Cisco writes the annotation in place of the time.
                _ => cells.push(self.answer(annotation, None)),
            },
            Word::Aside(text) => {
                self.is_timed = was_timed;
                self.labels.extend(labels(text));
                self.labels.truncate(MOST_LABELS);
            }
            Word::Other | Word::Foreign => self.is_timed = was_timed,
        }
    }

    fn answer(&self, kind: ReplyKind, rtt: Option<Duration>) -> Cell {
        Cell::Answer { sender: self.sender, kind, rtt, labels: self.labels.clone() }
    }
}

/// Whether a word is an address in parentheses, or one that was blanked.
fn is_in_parentheses(word: &str) -> bool {
    let Some((inside, rest)) = word.strip_prefix('(').and_then(|word| word.split_once(')')) else {
        return false;
    };
    let of_address =
        |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | 'x' | 'X' | '*' | '?');
    // Paris traceroute puts the numbers of the flows behind it.
    let ends = rest.is_empty() || rest.starts_with([',', ':']);
    ends && !inside.is_empty() && inside.chars().all(of_address)
}

/// Whether a word is an address in brackets.
fn in_brackets(word: &str) -> bool {
    let inside = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
    inside.is_some_and(|inside| Address::parse(inside).is_some())
}

/// What the word at `place` is, and how many words it takes.
fn read<'a>(words: &[&'a str], place: usize, has_cells: bool) -> (Word<'a>, usize) {
    let word = words[place];
    let at = |offset: usize| words.get(place + offset).copied().unwrap_or_default();
    let next = at(1);
    // `36 bytes to 192.168.1.77` and `P(6, 6)`.
    if next == "bytes" && at(2) == "to" && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return (Word::Other, 4);
    }
    if is_small_unit(next)
        && let Some(rtt) = millis(word)
    {
        return (Word::Time(rtt / 1000), 2);
    }
    if let Some(answered) = word.strip_prefix("P(") {
        let number = |text: &str| text.trim_end_matches([',', ')']).parse::<usize>().unwrap_or(0);
        let missing = number(next).saturating_sub(number(answered)).min(MOST_UNANSWERED);
        return (if missing > 0 { Word::Unanswered(missing) } else { Word::Other }, 2);
    }
    let is_last = place + 1 == words.len() && place > 0 && (has_cells || word.contains('.'));
    let read = Word::of(word, is_unit(next) || is_last);
    let is_named = read == Word::Sender(Sender::Unreadable) && !is_blanked(word);
    if is_named {
        let is_followed = is_in_parentheses(next)
            || next.starts_with(['[', '<'])
            || !next.is_empty() && next.bytes().all(|byte| byte == b'*')
            || matches!(Word::of(next, is_unit(at(2))), Word::Time(_));
        return (if is_followed { read } else { Word::Name }, 1);
    }
    (read, 1)
}

/// The most silent tries that are made of a count.
const MOST_UNANSWERED: usize = 32;

/// `10.XXX.XXX.1`: an address that somebody blanked.
fn is_blanked(word: &str) -> bool {
    let parts = || word.trim_matches(['(', ')', ',']).split('.');
    let is_sign =
        |c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '*' | '?' | 'y' | 'Y' | 'z');
    parts().all(|part| !part.is_empty() && part.chars().all(is_sign)) && parts().count() == 4
}

/// The words of `line`; what is in brackets is one, also in parentheses, and so is an annotation that hangs on a unit.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let blank = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let end = match first {
            '[' => near(rest, ']').map_or(blank, |end| end + 1),
            '<' => near(rest, '>').map_or(blank, |end| end + 1),
            '(' if !rest[..blank].contains('[') => {
                parenthesis(rest).map_or(blank, |end| end + 1).max(blank)
            }
            // A bracket may touch what it belongs to.
            '0'..='9' | '(' if rest[..blank].contains('[') => rest.find('[').unwrap_or(blank),
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

/// Where a parenthesis is closed in which no other one is open.
fn parenthesis(text: &str) -> Option<usize> {
    near(text, ')').filter(|end| !text[1..*end].contains('('))
}

/// `ms`, or as others write it, `msec`.
fn is_unit(word: &str) -> bool {
    matches!(word.trim_end_matches([',', ';']), "ms" | "msec" | "msecs" | "мс" | "毫秒")
}

/// Microseconds.
fn is_small_unit(word: &str) -> bool {
    matches!(word.trim_end_matches([',', ';']), "us" | "usec" | "\u{b5}s" | "\u{3bc}s")
}

impl<'a> Word<'a> {
    /// `timed` says that a unit follows, or nothing at all.
    fn of(word: &'a str, timed: bool) -> Self {
        if word.bytes().all(|byte| byte == b'*') {
            return Self::Stars(word.len());
        }
        if let Some(annotation) = word.strip_prefix('!') {
            return annotation_of(annotation).map_or(Self::Other, Self::Annotation);
        }
        if is_unit(word) {
            return Self::Other;
        }
        let glued =
            ["msec", "ms"].iter().find_map(|unit| word.trim_end_matches(',').strip_suffix(unit));
        if let Some(rtt) = millis(glued.unwrap_or(word)).filter(|_| timed || glued.is_some()) {
            return Self::Time(rtt);
        }
        if let Some(text) = word.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            // Some write the address behind a name so.
            return Address::parse(text)
                .map_or(Self::Aside(text), |address| Self::Sender(address.into()));
        }
        if let Some(text) = word.strip_prefix('<').and_then(|text| text.strip_suffix('>')) {
            return Self::Aside(text);
        }
        Self::sender(word)
    }

    /// An address, or a name, behind which the address may follow in parentheses.
    fn sender(word: &str) -> Self {
        let inside = word.trim_start_matches('(').trim_end_matches([')', ',']);
        // Paris traceroute puts the numbers of the flows behind an address.
        let flows = || {
            inside.split_once(':').and_then(|(before, _)| before.trim_end_matches(')').parse().ok())
        };
        match Address::parse(inside).or_else(|| flows().map(Address::V4)) {
            Some(address) => Self::Sender(address.into()),
            // How many hops the answer itself took, in quotes; a name behind its address.
            None if is_blanked(word) => Self::Sender(Sender::Unreadable),
            None if word.starts_with(['\'', '(', '[', '<']) || is_annotation_or_sign(word) => {
                Self::Other
            }
            None if is_name(word) => Self::Sender(Sender::Unreadable),
            None => Self::Foreign,
        }
    }
}

/// `F=1400`, `AS4837`, `/`: what programs say beside the answer.
fn is_annotation_or_sign(word: &str) -> bool {
    let number = word.strip_prefix("AS").unwrap_or_default();
    let is_as = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_as
        || word.contains('=')
        || word.chars().all(|c| c.is_ascii_punctuation() && !matches!(c, '*' | '?'))
}

/// Names have letters or signs that blank them.
fn is_name(word: &str) -> bool {
    word.contains(|c: char| c.is_alphabetic() || c == '*' || c == '?') && !word.ends_with(']')
}

/// Milliseconds, also with a decimal comma.
fn millis(text: &str) -> Option<Duration> {
    let text = text.trim_start_matches('<');
    let is_number = text.starts_with(|c: char| c.is_ascii_digit());
    if !is_number {
        return None;
    }
    let number = |text: &str| {
        let point = text.contains(',').then(|| text.trim_end_matches(',').replace(',', "."));
        point.as_deref().unwrap_or(text).parse::<f64>().ok()
    };
    // Paris traceroute has the least, the mean, the most and the deviation.
    let mut parts = text.split('/');
    let least = number(parts.next()?)?;
    if !parts.all(|part| number(part).is_some()) {
        return None;
    }
    values::millis(least)
}

/// The ICMP code behind an annotation (RFC 792, RFC 1812); `!` alone says only that a TTL was low.
fn annotation_of(annotation: &str) -> Option<ReplyKind> {
    let code = match annotation.split('-').next()? {
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
                let annotation = match kind {
                    ReplyKind::Unreachable(code) => format!("!{code}"),
                    ReplyKind::TimeExceeded | ReplyKind::EchoReply => String::new(),
                };
                let labels: Vec<u32> = labels.iter().map(|label| label.label).collect();
                let labels = if labels.is_empty() { String::new() } else { format!("{labels:?}") };
                format!(
                    "{sender}{annotation}@{:?}{labels}",
                    rtt.unwrap_or_default().as_secs_f64() * 1e3
                )
            }
        };
        HopWords::default().read_line(line).cells.into_iter().map(cell).collect()
    }

    #[test]
    fn annotations_belong_to_the_time_before_them() {
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
            "10.0.0.1 (RU, TransTeleCom)  1 ms  2 ms",
            "10.0.0.1[AS 4837] 1 ms  2 ms",
            "gw.example [10.0.0.1]  1 ms  2 ms",
            "10.0.0.1 [gw.example]  1 ms  2 ms",
            "10.0.0.1 TransTeleCom  1 ms  2 ms",
            "10.0.0.1  1000 us  2 msecs",
            "gw (10.0.0.1)[AS 4837] 1 ms  2 ms",
            "gw (10.0.0.1) (AS 20485)  1 ms  2 ms",
        ] {
            assert_eq!(cells_of(line), ["10.0.0.1@1.0", "10.0.0.1@2.0"], "{line}");
        }
    }

    #[test]
    fn labels_stand_in_brackets() {
        assert_eq!(
            cells_of("10.0.0.1[MPLS Label=300112/24 Exp=0/0 S=0/1 TTL=1/1] 1 ms"),
            ["10.0.0.1@1.0[300112, 24]"]
        );
        assert_eq!(
            cells_of("10.0.0.1 <MPLS:L=300112,E=0,S=0,T=1/L=24,E=0,S=1,T=9>  1 ms"),
            ["10.0.0.1@1.0[300112, 24]"]
        );
        assert_eq!(cells_of("10.0.0.1 [MPLS: Label 16 Exp 0] 1 msec"), ["10.0.0.1@1.0[16]"]);
    }
}
