//! What begins a run: headers of all programs, commands, tables, and lines of prose that turn out to be a header.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::{Prose, TextReader};
use crate::import::format::Sink;
use crate::import::mtr;
use crate::import::nmap;
use crate::import::shell_command::traced_by_command;
use crate::import::text::family::Family;
use crate::import::text::run::{Run, Took};
use crate::import::text_trace::{Destination, TextTrace};
use crate::import::traceroute::header::Header;
use crate::import::traceroute::tracepath;
use crate::import::tracert::row::{destination, furthest, is_origin};
use crate::import::trippy::table;
use crate::import::values::Address;
use crate::import::{dublin_text, mikrotik, test_netconnection, values};

/// Parts of words of which each header and each command has one, but for the first line of pathping, which
/// begins with a 0. To search for all of them at once is many times as fast as to search for each header, and
/// few lines have any.
const PARTS: [&str; 12] = [
    "rac",
    "mtr",
    "lft",
    "loss%",
    "host:",
    "start:",
    " -> ",
    "address",
    "nmap scan",
    "target: ",
    "== flow id ",
    "[localhost]",
];

/// Nothing where it could not be built; then every line is looked at.
static WORDS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(PARTS).ok());

impl TextReader<'_> {
    /// A row of a table that is drawn with bars, as trippy and `WinMTR` do it.
    pub(super) fn row_with_bars(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) -> bool {
        if !line.contains('|') && line.is_ascii() {
            return false;
        }
        let line = line.trim().trim_start_matches(['>', ' ']);
        self.row_of_trippy(number, line, sink) || self.row_of_winmtr(number, line, sink)
    }

    fn row_of_winmtr(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) -> bool {
        if !self.allows(Family::WinMtr) {
            return false;
        }
        if mtr::winmtr::is_header(line) {
            let destination = self.take_command(Family::WinMtr, sink);
            let trace = TextTrace::expected(number, destination);
            self.begin(Run::new(Family::WinMtr, trace), sink);
            return true;
        }
        let is_winmtr = |run: &&mut Run| run.family() == Some(Family::WinMtr) && run.takes_rows();
        let Some(run) = self.run.as_mut().filter(is_winmtr) else { return false };
        if let Some(cell) = mtr::winmtr::row(line) {
            run.next_hop(number, cell, sink);
            return true;
        }
        values::is_frame(line)
    }

    fn row_of_trippy(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) -> bool {
        if !self.allows(Family::TrippyTable) {
            return false;
        }
        if let Some(columns) = table::Columns::of(line) {
            let trace = TextTrace::announced(number, self.take_announced(Family::TrippyTable));
            let mut run = Run::new(Family::TrippyTable, trace);
            run.trippy_columns = Some(columns);
            self.begin(run, sink);
            return true;
        }
        let Some(run) = self.run.as_mut().filter(|run| run.takes_rows()) else { return false };
        let Some(columns) = run.trippy_columns else { return false };
        if let Some((ttl, cells)) = table::row(line, columns) {
            return run.trippy_row(number, ttl, cells, sink) == Took::Line;
        }
        values::is_frame(line)
    }

    /// Takes a line of a header, or a command.
    pub(super) fn header(
        &mut self,
        number: u64,
        line: &str,
        text: &str,
        sink: &mut Sink<'_>,
    ) -> bool {
        let is_within_hops = self.run.as_ref().is_some_and(Run::is_within_hops);
        if !has_words(text) || is_within_hops && is_of_hop(text) {
            return false;
        }
        if !WORDS.as_ref().is_none_or(|words| words.is_match(line)) && !text.starts_with('0') {
            return false;
        }
        if let Some(header) = Header::of(line) {
            let family = Family::of_header(&header);
            if self.allows(family) {
                self.prefix.learn(line, header.at);
                let new =
                    if header.is_certain { TextTrace::announced } else { TextTrace::expected };
                let mut trace = new(number, header.destination);
                trace.vantage = values::vantage(None, header.source.and_then(Address::v4));
                trace.max = header.max;
                self.begin(Run::new(family, trace), sink);
                return true;
            }
        }
        if self.allows(Family::Tracert)
            && let Some(at) = line.find("Tracing route to ")
        {
            self.prefix.learn(line, at);
            let destination = destination(&line[at..]).map(|(destination, _)| destination);
            let mut trace = TextTrace::announced(number, destination.unwrap_or(Destination::Name));
            trace.max = furthest(&line[at..]);
            let mut run = Run::new(Family::Tracert, trace);
            run.open_header(&line[at..]);
            self.begin(run, sink);
            return true;
        }
        self.header_of_mtr(number, line, text, sink) || self.other_header(number, line, text, sink)
    }

    fn header_of_mtr(&mut self, number: u64, line: &str, text: &str, sink: &mut Sink<'_>) -> bool {
        if !self.allows(Family::Mtr) {
            return false;
        }
        let is_header = text.contains("Loss%") || text.contains("HOST:");
        if is_header && let Some(columns) = mtr::row::Columns::certain(text) {
            let host = line.find("HOST:");
            if let Some(at) = host {
                self.prefix.learn(line, at);
            }
            self.next_of_mtr(number, sink);
            if let Some(run) = &mut self.run {
                run.columns = columns;
                if let Some(at) = host {
                    run.trace.vantage = mtr::report::host(&line[at + "HOST:".len()..]);
                }
            }
            return true;
        }
        if let Some(time) = text.strip_prefix("Start:") {
            let is_time = time.contains(':') && time.bytes().filter(u8::is_ascii_digit).count() > 6;
            if is_time {
                self.next_of_mtr(number, sink);
                if let Some(run) = &mut self.run {
                    run.trace.started = mtr::report::started(time.trim());
                }
            }
            return is_time;
        }
        if text.contains("My traceroute") {
            self.next_of_mtr(number, sink);
            return true;
        }
        let is_screen = self.run.as_ref().is_some_and(|run| run.family() == Some(Family::Mtr));
        if let Some((from, to)) =
            text.split_once(" -> ").filter(|_| is_screen || self.only.is_some())
        {
            let trace = TextTrace::announced(number, mtr::report::destination(to));
            self.begin(Run::new(Family::Mtr, trace), sink);
            if let Some(run) = &mut self.run {
                run.trace.vantage = mtr::report::host(from);
            }
            return true;
        }
        false
    }

    /// Begins a run of mtr, unless one has begun that has no hops yet.
    fn next_of_mtr(&mut self, number: u64, sink: &mut Sink<'_>) {
        match &mut self.run {
            Some(run)
                if !run.has_hops() && run.family().is_none_or(|family| family == Family::Mtr) =>
            {
                run.set_family(Family::Mtr);
            }
            _ => {
                let trace = TextTrace::expected(number, Destination::Unknown);
                self.begin(Run::new(Family::Mtr, trace), sink);
            }
        }
    }

    /// `text`, or `line` from `at` on, where something stands before that.
    fn cut_at<'l>(&mut self, line: &'l str, text: &'l str, at: Option<usize>) -> &'l str {
        match at {
            Some(at) if !line[..at].trim().is_empty() => {
                self.prefix.learn(line, at);
                &line[at..]
            }
            _ => text,
        }
    }

    fn other_header(&mut self, number: u64, line: &str, text: &str, sink: &mut Sink<'_>) -> bool {
        if self.allows(Family::MikroTik)
            && let Some(at) = mikrotik::header(line)
            && mikrotik::is_header(self.cut_at(line, text, Some(at)))
        {
            let destination = self.take_command(Family::MikroTik, sink);
            let trace = TextTrace::expected(number, destination);
            self.begin(Run::new(Family::MikroTik, trace), sink);
            return true;
        }
        if self.allows(Family::Nmap) {
            let beginnings = ["Nmap scan report for ", "TRACEROUTE ("];
            let at = beginnings.into_iter().find_map(|words| line.find(words));
            let text = self.cut_at(line, text, at);
            if let Some(destination) = nmap::destination(text) {
                self.end_run(sink);
                self.announced = Some((Family::Nmap, destination));
                return true;
            }
            if nmap::is_header(text) {
                let trace = TextTrace::announced(number, self.take_announced(Family::Nmap));
                self.begin(Run::new(Family::Nmap, trace), sink);
                return true;
            }
        }
        if self.allows(Family::TrippyTable)
            && let Some(destination) = table::destination(text)
        {
            self.announced = Some((Family::TrippyTable, destination));
            return true;
        }
        if self.allows(Family::Dublin) {
            if let Some(destination) = dublin_text::destination(text) {
                self.announced = Some((Family::Dublin, destination));
                return true;
            }
            if dublin_text::is_flow(text) {
                let destination = self.take_announced(Family::Dublin);
                // All flows lead there.
                self.announced = Some((Family::Dublin, destination));
                let trace = TextTrace::announced(number, destination);
                self.begin(Run::new(Family::Dublin, trace), sink);
                return true;
            }
        }
        if self.allows(Family::TestNetConnection) {
            if let Some(destination) = test_netconnection::destination(text) {
                self.end_run(sink);
                self.announced = Some((Family::TestNetConnection, destination));
                return true;
            }
            if test_netconnection::begins(text) {
                let destination = self.take_announced(Family::TestNetConnection);
                let trace = TextTrace::announced(number, destination);
                let mut run = Run::new(Family::TestNetConnection, trace);
                run.line(number, text, sink);
                self.begin(run, sink);
                return true;
            }
        }
        let has_run = self.run.as_ref().is_some_and(|run| !run.has_hops());
        if self.allows(Family::Tracert) && is_origin(text) && !has_run {
            let Some(trace) = self.take_header_before() else { return false };
            let mut run = Run::new(Family::Tracert, trace);
            run.line(number, text, sink);
            self.begin(run, sink);
            return true;
        }
        if self.allows(Family::Tracepath) && tracepath::begins(text) {
            let before = line.split("[LOCALHOST]").next().unwrap_or_default().trim_end();
            self.prefix.learn(line, before.rfind([' ', '\t']).map_or(0, |blank| blank + 1));
            let is_new =
                self.run.as_ref().is_none_or(|run| run.has_hops() || run.family().is_some());
            if is_new {
                let trace = TextTrace::expected(number, Destination::Unknown);
                self.begin(Run::new(Family::Tracepath, trace), sink);
            } else if let Some(run) = &mut self.run {
                run.set_family(Family::Tracepath);
            }
            return true;
        }
        if let Some(destination) = traced_by_command(text) {
            let trace = TextTrace::expected(number, destination);
            self.begin(Run::after_command(trace), sink);
            return true;
        }
        false
    }

    /// Where a table of `family` leads, if a line of that program has said it.
    fn take_announced(&mut self, family: Family) -> Destination {
        let announced = self.announced.take_if(|(of, _)| *of == family);
        announced.map_or(Destination::Unknown, |(_, destination)| destination)
    }

    /// The destination that a command named before a table, or that the table had before it was drawn again.
    fn take_command(&mut self, family: Family, sink: &mut Sink<'_>) -> Destination {
        match self.run.take() {
            Some(run) if run.family().is_none() && !run.has_hops() => run.trace.destination,
            Some(run) if family == Family::MikroTik && run.family() == Some(family) => {
                // The screen is drawn anew: what it showed before is not another trace.
                run.trace.destination
            }
            Some(run) => {
                self.run = Some(run);
                self.end_run(sink);
                Destination::Unknown
            }
            None => Destination::Unknown,
        }
    }

    /// A trace whose header was one of the last lines: those of tracert differ from language to language.
    pub(super) fn take_header_before(&mut self) -> Option<TextTrace> {
        let of = |number: u64, text: &str| {
            destination(text).map(|(destination, is_certain)| (number, destination, is_certain))
        };
        let found = self.before.iter().rev().find_map(|line| of(line.number, &line.text));
        // A console that was too narrow breaks lines anywhere.
        let broken = || {
            let mut lines = self.before.iter().zip(self.before.iter().skip(1));
            lines.find_map(|(one, next)| of(one.number, &format!("{}{}", one.text, next.text)))
        };
        let (number, destination, is_certain) = found.or_else(broken)?;
        let of_header = |line: &&Prose| {
            line.number >= number || line.number + 1 == number && furthest(&line.text).is_some()
        };
        let others = self.before.iter().filter(of_header).filter(|line| line.is_other).count();
        self.other = self.other.saturating_sub(u64::try_from(others).unwrap_or(0));
        let new = if is_certain { TextTrace::announced } else { TextTrace::expected };
        let mut trace = new(number, destination);
        let lines = self.before.iter().filter(|line| line.number + 1 >= number);
        trace.max = lines.filter_map(|line| furthest(&line.text)).next_back();
        Some(trace)
    }
}

/// Whether a line has more than numbers, signs and units, as every header and command has. Most lines are hops without
/// names.
fn has_words(line: &str) -> bool {
    let is_of_word =
        |byte: u8| byte.is_ascii_alphabetic() && !b"msec".contains(&byte) || byte == b'>';
    line.bytes().any(is_of_word)
}

/// Whether a line begins with a number and has a time or a loss, as hops have and no header has.
fn is_of_hop(text: &str) -> bool {
    let is_value =
        |window: &[u8]| matches!(window, [b'0'..=b'9' | b' ', b'm', b's'] | [b'0', b'%', b' ']);
    text.starts_with(|c: char| c.is_ascii_digit()) && text.as_bytes().windows(3).any(is_value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::shell_command::PROGRAMS;
    use crate::import::traceroute::header::BEGINNINGS;

    #[test]
    fn every_header_and_command_has_one_of_the_parts() {
        let words = WORDS.as_ref().expect("words");
        let others = [
            "Tracing route to ",
            "traceroute from ",
            "traceroute [(",
            "Loss%",
            "HOST:",
            "Start:",
            "My traceroute",
            "a -> b",
            "# ADDRESS",
            "Nmap scan report for ",
            "TRACEROUTE (using port 80/tcp)",
            "Target: ",
            "Traceroute from ",
            "== Flow ID ",
            "RemoteAddress : ",
            "TraceRoute : ",
            "1?: [LOCALHOST]",
        ];
        for line in others.into_iter().chain(BEGINNINGS).chain(PROGRAMS) {
            assert!(words.is_match(line), "{line}");
        }
    }
}
