//! The text that `mtr --report` prints, narrow and wide, and copies of mtr's screen.
//!
//! A report says from where it was made and not where to; a screen says both. Only what answered at the
//! last TTL shows the destination then. Without `-n` or `-b` hosts that have names are shown without
//! their addresses.

use std::sync::Arc;

use jiff::Timestamp;

use super::row::{Columns, Row};
use crate::import::finding::Finding;
use crate::import::format::{Format, LineReader, Reader, Sink};
use crate::import::log_prefix::strip_log_prefix;
use crate::import::shell_command::traced_by_command;
use crate::import::sniff::Head;
use crate::import::text_trace::{Destination, LONGEST, TextTrace};
use crate::import::values::{self, Address};
use crate::trace::Vantage;

/// The format `mtr-report`.
pub(in crate::import) const FORMAT: Format = Format {
    name: "mtr-report",
    recognises,
    reader: Reader::Lines(|| Box::<MtrReport>::default()),
};

fn recognises(head: &Head) -> bool {
    let columns = Columns::default();
    let is_hop = |line: &String| matches!(Row::of(line, columns), Some(Row::Hop(..)));
    let lines = &head.lines;
    lines.iter().any(|line| Columns::of(line).is_some() && !line.contains(','))
        || lines.iter().any(is_hop)
}

/// A line without marks of quotation; `|` stands before further hosts.
fn unquoted(line: &str) -> &str {
    let quoted = line.trim_start().starts_with('>');
    if quoted { strip_log_prefix(line) } else { line.trim_end() }
}

/// What stands around the hops of a screen.
const AROUND: [&str; 6] = ["Keys:", "Packets", "My traceroute", "mtr ", "Display mode", "^C"];

#[derive(Default)]
struct MtrReport {
    trace: TextTrace,
    columns: Columns,
}

impl LineReader for MtrReport {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        if line.len() > LONGEST {
            sink(number, Finding::Malformed("longer than any line of mtr".into()));
            return;
        }
        let text = unquoted(line).trim();
        if self.header(number, text, sink) {
            return;
        }
        match Row::of(text, self.columns) {
            Some(Row::Hop(ttl, cell)) => {
                if ttl <= self.trace.last() {
                    self.begin(TextTrace::default(), sink);
                }
                self.trace.hop(number, ttl, vec![cell], sink);
            }
            Some(Row::Further(cell)) if !self.trace.is_empty() => {
                self.trace.hop(number, self.trace.last(), vec![cell], sink);
            }
            Some(Row::Labels(labels)) if !self.trace.is_empty() => self.trace.label(&labels),
            _ if text.is_empty() || AROUND.iter().any(|words| text.starts_with(words)) => {}
            _ => sink(number, Finding::Malformed("neither a header nor a hop of mtr".into())),
        }
    }

    fn end(self: Box<Self>, sink: &mut Sink<'_>) {
        self.trace.end(sink);
    }
}

impl MtrReport {
    /// Takes a line of a header.
    fn header(&mut self, number: u64, text: &str, sink: &mut Sink<'_>) -> bool {
        if let Some(columns) = Columns::of(text) {
            self.columns = columns;
            if let Some(rest) = text.strip_prefix("HOST:") {
                self.next(number, sink);
                self.trace.vantage = host(rest);
            }
        } else if let Some(time) = text.strip_prefix("Start:") {
            self.next(number, sink);
            self.trace.started = started(time.trim());
        } else if let Some((from, to)) = text.split_once(" -> ") {
            let target = destination(to);
            self.begin(TextTrace::announced(number, target), sink);
            self.trace.vantage = host(from);
        } else if let Some(target) = traced_by_command(text) {
            self.begin(TextTrace::expected(number, Destination::Address(target)), sink);
        } else {
            return false;
        }
        true
    }

    /// Begins a trace, if the one that is being read has hops.
    fn next(&mut self, number: u64, sink: &mut Sink<'_>) {
        if !self.trace.is_empty() {
            self.begin(TextTrace::expected(number, Destination::Unsaid), sink);
        }
    }

    fn begin(&mut self, trace: TextTrace, sink: &mut Sink<'_>) {
        std::mem::replace(&mut self.trace, trace).end(sink);
    }
}

/// `2021-05-08T13:47:51+0800`; older versions have no time zone.
fn started(text: &str) -> Option<Timestamp> {
    jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", text).ok()?.to_timestamp().ok()
}

/// The host that sends: a name, and on a screen its address.
fn host(text: &str) -> Option<Arc<Vantage>> {
    let mut words = text.split_whitespace();
    let name = words.next()?;
    let inside = words.next().map(|word| word.trim_matches(['(', ')']));
    let address = inside.or(Some(name)).and_then(Address::parse).and_then(Address::v4);
    values::vantage(Some(name).filter(|name| *name != "Loss%"), address)
}

/// `NAME (ADDRESS)`, and what follows.
fn destination(text: &str) -> Destination {
    let inside = text.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    let inside = inside.and_then(|(inside, _)| Address::parse(inside));
    let first = || text.split_whitespace().next().and_then(Address::parse);
    inside.or_else(first).map_or(Destination::Name, Destination::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::{recognise, test_lines};

    fn read(text: &str) -> Vec<String> {
        assert_eq!(recognise(text.as_bytes()).map(Format::name), Some("mtr-report"));
        test_lines::of(FORMAT, text.as_bytes())
    }

    #[test]
    fn reports_do_not_name_their_destination() {
        let text = "Start: 2021-05-08T13:47:51+0800\n\
            HOST: P-None-3-204                Loss%   Snt   Last   Avg  Best  Wrst StDev\n  \
            1.|-- 10.0.0.1                   0.0%    10    0.5   0.5   0.5   0.6   0.0\n  \
            2.|-- ???                       100.0    10    0.0   0.0   0.0   0.0   0.0\n  \
            3.|-- 10.0.0.3                   0.0%    10    0.5   0.5   0.6   0.6   0.0\n        \
            [MPLS: Lbl 24015 TC 0 S u TTL 1]\n     |  `|-- 10.0.0.4\n  \
            4.|-- 175.45.176.8               0.0%    10    0.5   0.5   0.7   0.6   0.0\n\
            Start: Sat May  8 13:47:51 2021\n\
            HOST: there.example  Loss%   Snt   Best  Wrst\n  \
            1.|-- 10.0.0.1                   0.0%    10    0.5   0.6\n  \
            2.|-- ???                       100.0    10    0.0   0.0\n";
        assert_eq!(
            read(text),
            [
                "3: to no destination (175.45.176.8) from P-None-3-204 at \
                 2021-05-08T05:47:51Z: 1 10.0.0.1@0.5, 2 *, 3 10.0.0.3@0.6/24015:1 10.0.0.4, \
                 4 175.45.176.8@0.7",
                "9: to no destination from there.example: 1 10.0.0.1@0.5, 2 *",
            ]
        );
    }

    #[test]
    fn commands_and_screens_do() {
        let text = "$ mtr -n -r 175.45.176.8\nStart: 2021-05-08T13:47:51+0800\n\
            HOST: here                Loss%   Snt   Last   Avg  Best  Wrst StDev\n  \
            1. AS4837   10.0.0.1       0.0%    10    0.5   0.5   0.5   0.6   0.0\n\n                             \
            My traceroute  [v0.95]\n\
            here (198.51.100.7) -> x.kp (175.45.176.9)        2021-05-08T13:47:51+0800\n\
            Keys:  Help   Display mode   Restart statistics   Order of fields   quit\n                                       \
            Packets               Pings\n \
            Host                 Loss%   Snt   Last   Avg  Best  Wrst StDev\n \
            1. 10.0.0.1          0.0%     5    0.3   0.4   0.3   0.5   0.1\n    10.0.0.2\n \
            2. (waiting for reply)\n";
        assert_eq!(
            read(text),
            [
                "1: 175.45.176.8 from here at 2021-05-08T05:47:51Z: 1 10.0.0.1@0.5",
                "7: 175.45.176.9 from here: 1 10.0.0.1@0.3 10.0.0.2, 2 *",
            ]
        );
    }

    #[test]
    fn names_alone_are_left_out_and_quotes_are_read() {
        let text = "> HOST: here       Loss%   Snt   Last   Avg  Best  Wrst StDev\n\
            >   1.|-- gw.example    0.0%    10    0.5   0.5   0.5   0.6   0.0\n\
            >   2.|-- a.example    0.0%    10    0.5   0.5   0.5   0.6   0.0\n\
            >   3.|-- 188.43\n";
        assert_eq!(
            read(text),
            [
                "4: malformed: neither a header nor a hop of mtr",
                "2: skipped: hops have names and no addresses",
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
        fn any_words_are_read(text in "( [0-9]{1,3}[.]|[|]-- |10[.]1[.]2[.][0-9] |gw[^a]x|[(]4[.]4[.]4[.]4[)]|[0-9.]{1,6}%?|[?]{3} | -> |HOST: |\n){0,60}") {
            test_lines::of(FORMAT, text.as_bytes());
        }
    }
}
