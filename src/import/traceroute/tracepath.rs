//! The text that tracepath prints.
//!
//! It has no header: only where a line ends in `reached` is the destination known. Late answers stand
//! behind those to higher TTLs. Without `-n` or `-b` routers that have names are shown without their
//! addresses.

use crate::import::finding::Finding;
use crate::import::format::{Format, LineReader, Reader, Sink};
use crate::import::log_prefix::strip_log_prefix;
use crate::import::shell_command::traced_by_command;
use crate::import::sniff::Head;
use crate::import::text_trace::{Cell, Destination, LONGEST, Sender, TextTrace};
use crate::import::values::{self, Address};
use crate::trace::ReplyKind;

/// tracepath's text.
pub(in crate::import) const FORMAT: Format =
    Format { name: "tracepath", recognises, reader: Reader::Lines(|| Box::<Tracepath>::default()) };

fn recognises(head: &Head) -> bool {
    let lines = &head.lines;
    let mut hops = lines.iter().filter_map(|line| Row::of(strip_log_prefix(line)));
    let local = |line: &String| line.contains("[LOCALHOST]") && line.contains("pmtu");
    lines.iter().any(local)
        || hops.any(|row| {
            row.is_silent() || matches!(row.cell, Some(Cell::Answer { rtt, .. }) if rtt.is_some())
        })
}

#[derive(Default)]
struct Tracepath {
    trace: TextTrace,
    /// Whether its last line has been read.
    is_over: bool,
}

impl LineReader for Tracepath {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        let text = strip_log_prefix(line);
        let begins = text.contains("[LOCALHOST]");
        let command = traced_by_command(text);
        if begins && (self.is_over || !self.trace.is_empty()) || command.is_some() {
            let destination = command.map_or(Destination::Unsaid, Destination::Address);
            let next = TextTrace::expected(number, destination);
            std::mem::replace(&mut self.trace, next).end(sink);
            self.is_over = false;
        }
        self.is_over |= is_end(text);
        if !begins && command.is_none() && !is_end(text) {
            take(&mut self.trace, number, line, sink);
        }
    }

    fn end(self: Box<Self>, sink: &mut Sink<'_>) {
        self.trace.end(sink);
    }
}

/// `Resume: pmtu 1500 hops 12 back 13`, `Too many hops: pmtu 1500`.
fn is_end(text: &str) -> bool {
    text.starts_with("Resume:") || text.starts_with("Too many hops")
}

fn take(trace: &mut TextTrace, number: u64, line: &str, sink: &mut Sink<'_>) {
    let text = strip_log_prefix(line);
    let row = Row::of(text.trim_end_matches("^C")).filter(|_| line.len() <= LONGEST);
    trace.is_cut |= text.ends_with("^C");
    match row {
        Some(Row { ttl, cell: Some(cell), is_end }) => {
            if let (true, Cell::Answer { sender: Sender::Known(target), .. }) = (is_end, &cell) {
                trace.destination = Destination::Address(*target);
            }
            trace.hop(number, ttl, vec![cell], sink);
        }
        Some(_) => sink(number, Finding::Malformed("a hop without a time".into())),
        None if text.is_empty() || text == "^C" => {}
        None => sink(number, Finding::Malformed("neither a hop nor the end".into())),
    }
}

/// A line of a hop.
struct Row {
    ttl: u8,
    /// Nothing, where it says neither who answered nor that it was silent.
    cell: Option<Cell>,
    is_end: bool,
}

impl Row {
    /// ` 7:  NAME (ADDRESS)  187.962ms asymm  8 reached`; a TTL that is only guessed has a `?`.
    fn of(text: &str) -> Option<Self> {
        let (ttl, rest) = text.split_once(':')?;
        let ttl = ttl.trim_end_matches('?').parse().ok().filter(|ttl| *ttl > 0)?;
        let words: Vec<&str> = rest.split_whitespace().collect();
        let cell =
            if words.starts_with(&["no", "reply"]) { Some(Cell::Silent) } else { answer(&words) };
        Some(Self { ttl, cell, is_end: words.last() == Some(&"reached") })
    }

    fn is_silent(&self) -> bool {
        self.cell == Some(Cell::Silent)
    }
}

/// The sender is what stands before the time; without one there is none.
fn answer(words: &[&str]) -> Option<Cell> {
    let millis = |word: &str| word.strip_suffix("ms")?.parse::<f64>().ok();
    let place = words.iter().position(|word| millis(word).is_some())?;
    let rtt = millis(words[place]).and_then(values::millis);
    let inside = |word: &str| Address::parse(word.trim_matches(['(', ')']));
    let sender = words[..place].iter().rev().find_map(|word| inside(word));
    let kind =
        words[place..].iter().find_map(|word| refusal(word)).unwrap_or(ReplyKind::TimeExceeded);
    let sender = sender.map_or(Sender::Unreadable, Sender::from);
    Some(Cell::Answer { sender, kind, rtt, labels: Vec::new() })
}

fn refusal(word: &str) -> Option<ReplyKind> {
    let code = match word {
        "!N" => 0,
        "!H" => 1,
        "!P" => 2,
        "!A" => 13,
        _ => return None,
    };
    Some(ReplyKind::Unreachable(code))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::{recognise, test_lines};

    fn read(text: &str) -> Vec<String> {
        assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("tracepath"));
        test_lines::of(FORMAT, text.as_bytes())
    }

    #[test]
    fn numbers_with_names_and_alone() {
        let text = " 1?: [LOCALHOST]                      pmtu 1500\n \
            1:  192.168.1.1                                           0.682ms asymm  2 \n \
            1:  gw (192.168.1.1)                                      0.645ms asymm  2 \n \
            2:  ??? (188.43.225.153)                                187.962ms pmtu 1400\n \
            3:  no reply\n \
            4:  175.45.177.10                                       195.485ms reached\n     \
            Resume: pmtu 1500 hops 4 back 4 \n";
        assert_eq!(
            read(text),
            ["2: 175.45.177.10: 1 192.168.1.1@0.682 192.168.1.1@0.645, 2 188.43.225.153@187.962, \
              3 *, 4 175.45.177.10=@195.485"]
        );
    }

    #[test]
    fn without_an_end_the_destination_is_not_known() {
        let text = " 1?: [LOCALHOST]     pmtu 1500\n 1:  10.0.0.1  1ms \n 2:  no reply\n     \
            Too many hops: pmtu 1500\n     Resume: pmtu 1500 \n \
            1?: [LOCALHOST]     pmtu 1500\n 1:  10.0.0.1  1ms \n 2:  219.158.39.42  9ms !A\n     \
            Resume: pmtu 1500 \n$ tracepath -n 175.45.176.8\n 1?: [LOCALHOST]     pmtu 1500\n \
            5:  10.0.0.5  5ms asymm 4\n 4:  10.0.0.4  12000.559ms\n";
        assert_eq!(
            read(text),
            [
                "2: to no destination: 1 10.0.0.1@1, 2 *",
                "6: to no destination: 1 10.0.0.1@1, 2 219.158.39.42!13@9",
                "10: 175.45.176.8: 4 10.0.0.4@12000.559, 5 10.0.0.5@5",
            ]
        );
    }

    #[test]
    fn names_alone_are_left_out() {
        let text = " 1?: [LOCALHOST]  pmtu 1500\n 1:  gw.example   4.063ms \n 2:  no reply\n 3:  x.kp   9ms reached\n";
        assert_eq!(read(text), ["2: skipped: hops have names and no addresses"]);
        let text = " 1:  gw.example   4.063ms \n 2:  188.43.225.153  9ms \n 3:  send failed\n";
        assert_eq!(
            read(text),
            [
                "3: malformed: a hop without a time",
                "1: to no destination (188.43.225.153) unreadable: 1 *, 2 188.43.225.153@9",
            ]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            test_lines::of(FORMAT, &bytes);
            let _ = recognise(&bytes);
        }

        #[test]
        fn any_words_are_read(text in "( [0-9]{1,3}[?]?:  |no reply|10[.]1[.]2[.][0-9] |[(]4[.]4[.]4[.]4[)] |[0-9.]{1,6}ms |reached|!A|Resume:|\n){0,60}") {
            test_lines::of(FORMAT, text.as_bytes());
        }
    }
}
