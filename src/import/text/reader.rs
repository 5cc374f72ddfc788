//! A text as a stream of lines in which runs of several programs begin and end.
//!
//! A run begins at a header, a command or a line that only a hop of its program has. It ends where another one
//! begins, at a prompt or a fence, or at a blank line or a sentence, unless the next hop goes on with its TTLs.
//! Before the first hop, none of these ends a run that has a header. JSON within the text is read as records.

mod headers;

use std::collections::{HashMap, VecDeque};
use std::net::Ipv4Addr;

use super::clean::clean;
use super::family::Family;
use super::fence::behind_fences;
use super::place::LinePrefix;
use super::record::{self, Record};
use super::run::{Run, Took};
use crate::import::finding::Finding;
use crate::import::format::{Sink, Wanted};
use crate::import::nmap;
use crate::import::shell_command::is_prompt;
use crate::import::text_trace::{Cell, Destination, LONGEST, TextTrace};

/// How many lines before a trace are looked at for its destination.
const BEFORE: usize = 3;
/// How many lines may stand between a header and its first hop.
const BETWEEN: usize = 12;
/// How much may stand before a hop.
const LONGEST_NUMBERING: usize = 60;
/// How many tables of nmap are kept, to whose hops later ones refer.
const MOST_TABLES: usize = 4096;

/// Reads a text line by line.
pub(super) struct TextReader<'a> {
    /// The only program that is looked for, where one was named.
    only: Option<Family>,
    wanted: &'a Wanted<'a>,
    run: Option<Run>,
    prefix: LinePrefix,
    /// The last lines of prose before a trace, nearest last.
    before: VecDeque<Prose>,
    /// Where the next table of a program leads, as a line of the same program has said.
    announced: Option<(Family, Destination)>,
    /// The hops of nmap's tables, by their destination.
    nmap_hops: HashMap<Ipv4Addr, Vec<(u8, Cell)>>,
    record: Option<Record>,
    /// Lines that are none of ours.
    other: u64,
    /// The formats of which something was found.
    pub(super) seen: Vec<&'static str>,
}

/// A line that may be a header.
struct Prose {
    number: u64,
    text: String,
    /// Whether it was counted among those that are none of ours.
    is_other: bool,
}

impl<'a> TextReader<'a> {
    pub(super) fn new(only: Option<Family>, wanted: &'a Wanted<'a>) -> Self {
        Self {
            only,
            wanted,
            run: None,
            prefix: LinePrefix::default(),
            before: VecDeque::new(),
            announced: None,
            nmap_hops: HashMap::new(),
            record: None,
            other: 0,
            seen: Vec::new(),
        }
    }

    /// Takes the next line.
    pub(super) fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        if let Some(run) = &mut self.run
            && self.record.is_none()
            && self.prefix.is_plain()
            && run.quick(number, line, sink)
        {
            return;
        }
        if self.record.is_some() {
            self.within_record(line, sink);
        } else if self.only.is_none() && record::begins(line) {
            self.record = Some(Record::new(number));
            self.within_record(line, sink);
        } else {
            self.text(number, line, sink);
        }
    }

    /// Nothing comes any more.
    pub(super) fn end(&mut self, sink: &mut Sink<'_>) {
        if let Some(record) = self.record.take() {
            self.no_record(record, sink);
        }
        self.end_run(sink);
        let other = std::mem::take(&mut self.other);
        if other > 0 {
            sink(0, Finding::OtherLines(other));
        }
    }

    fn within_record(&mut self, line: &str, sink: &mut Sink<'_>) {
        let Some(record) = &mut self.record else { return };
        match record.take(line) {
            record::Goes::On => {}
            record::Goes::CutOff => {
                if let Some(record) = self.record.take() {
                    self.no_record(record, sink);
                }
            }
            record::Goes::Ended => {
                let Some(record) = self.record.take() else { return };
                match record.findings(self.wanted) {
                    Some((format, findings)) => {
                        self.end_run(sink);
                        self.saw(format);
                        for (line, finding) in findings {
                            sink(line, finding);
                        }
                    }
                    None => self.no_record(record, sink),
                }
            }
        }
    }

    /// What looked like a record is text.
    fn no_record(&mut self, record: Record, sink: &mut Sink<'_>) {
        let (first, text) = record.text();
        for (number, line) in (first..).zip(text.lines()) {
            self.text(number, line, sink);
        }
    }

    fn text(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        if line.contains('\\')
            && line.contains("\\n")
            && let Some(lines) = escaped_lines(line)
        {
            for line in &lines {
                self.text(number, line, sink);
            }
            return;
        }
        if line.len() > LONGEST {
            self.prose(number, "", sink);
            return;
        }
        if let Some(behind) = behind_fences(line) {
            if self.run.as_ref().is_some_and(Run::has_hops) {
                self.end_run(sink);
            }
            // A language may stand there, but also the first line of the text.
            if behind.split_whitespace().count() >= 3 {
                self.text(number, behind, sink);
            } else {
                self.other += 1;
            }
            return;
        }
        let clean = clean(line);
        let line: &str = &clean;
        if self.row_with_bars(number, line, sink) {
            return;
        }
        let family = self.run.as_ref().and_then(Run::family);
        let body = self.prefix.body(line, family);
        let text: &str = &body.text;
        if text.is_empty() {
            if let Some(run) = &mut self.run {
                run.pause(true);
            }
            return;
        }
        let begun = self.run.is_some();
        let is_usual_hop = self.run.as_mut().is_some_and(|run| run.quick(number, text, sink));
        if is_usual_hop
            || self.header(number, line, text, sink)
            || self.hop(number, line, text, sink)
        {
            if let Some(run) = &mut self.run
                && (!begun || run.trace.started.is_none())
                && let Some(stamp) = body.stamp()
            {
                run.stamp(stamp);
            }
            return;
        }
        if is_prompt(text) {
            self.other += 1;
            self.end_run(sink);
            self.before.clear();
            return;
        }
        self.prose(number, text, sink);
    }

    fn allows(&self, family: Family) -> bool {
        self.only.is_none_or(|only| only == family)
    }

    /// Takes a line of a hop, of the run that is being read or of one that begins with it.
    fn hop(&mut self, number: u64, line: &str, text: &str, sink: &mut Sink<'_>) -> bool {
        if let Some(run) = &mut self.run {
            let same = (run.family() == Some(Family::Nmap)).then(|| nmap::same(text)).flatten();
            let took = match same {
                Some((last, other)) => {
                    let hops = self.nmap_hops.get(&other).into_iter().flatten();
                    let hops = hops.filter(|(ttl, _)| *ttl <= last).cloned().collect();
                    run.same_hops(number, hops, sink)
                }
                None => run.line(number, text, sink),
            };
            if took == Took::Line {
                return true;
            }
        }
        let waits = self.run.as_ref().is_some_and(|run| !run.has_hops() && run.family().is_none());
        let Some((family, ttl)) = Family::begins(text, self.only, waits) else {
            return self.numbered(number, line, text, sink);
        };
        let is_named =
            self.run.as_ref().is_some_and(|run| run.trace.destination != Destination::Name);
        let has_header = self.run.as_ref().is_some_and(Run::has_header_alone);
        if waits && (is_named || family != Family::Tracert) || has_header && is_named {
            if let Some(run) = &mut self.run {
                run.set_family(family);
            }
        } else {
            let mut trace = TextTrace::default();
            if family == Family::Tracert && ttl == 1 {
                trace = self.take_header_before().unwrap_or(trace);
            }
            self.begin(Run::with_hop(family, trace), sink);
        }
        if let Some(run) = &mut self.run {
            run.line(number, text, sink);
        }
        true
    }

    /// A hop behind the number of its line.
    fn numbered(&mut self, number: u64, line: &str, text: &str, sink: &mut Sink<'_>) -> bool {
        if self.run.as_ref().is_some_and(Run::is_within_hops) || self.only.is_some() {
            return false;
        }
        // Behind the number of the line, or the name of a file.
        let first = text.bytes().take_while(u8::is_ascii_digit).count();
        let ends = text.char_indices().take(LONGEST_NUMBERING);
        let ends =
            ends.filter(|(at, c)| *at == first && *at > 0 || matches!(c, ':' | '|' | '\t' | ']'));
        let found = ends
            .map(|(at, _)| text[at..].trim_start_matches([':', '|', ' ', '\t', '-', ']']))
            .find(|rest| {
                let may_begin =
                    rest.starts_with('1') || !rest.starts_with(|c: char| c.is_ascii_digit());
                let is_first = may_begin && rest.len() < text.len();
                let family = if is_first { Family::begins(rest, None, false) } else { None };
                family.is_some_and(|(_, ttl)| ttl == 1)
            });
        let Some(rest) = found else { return false };
        // A row of a table is longer without its bars than with them.
        let at = line.trim_end().len().checked_sub(rest.len());
        let Some(at) = at.filter(|at| line.get(*at..).map(str::trim_end) == Some(rest)) else {
            return false;
        };
        self.prefix.learn(line, at);
        let rest = rest.to_owned();
        self.hop(number, &rest, &rest, sink)
    }

    fn begin(&mut self, run: Run, sink: &mut Sink<'_>) {
        self.end_run(sink);
        // What stands before a trace is not the header of the next one.
        self.before.clear();
        self.run = Some(run);
    }

    fn end_run(&mut self, sink: &mut Sink<'_>) {
        let Some(run) = self.run.take() else { return };
        self.before.clear();
        if !run.is_certain {
            self.other += run.lines;
            return;
        }
        let name = run.family().map(Family::name);
        if let (Some(hops), Destination::Address(target)) = (run.nmap_hops(), run.trace.destination)
            && self.nmap_hops.len() < MOST_TABLES
        {
            self.nmap_hops.insert(target, hops);
        }
        if run.has_hops()
            && let Some(name) = name
        {
            self.saw(name);
        }
        run.end(sink);
    }

    fn saw(&mut self, format: &'static str) {
        if !self.seen.contains(&format) {
            self.seen.push(format);
        }
    }

    /// A line that is none of ours.
    fn prose(&mut self, number: u64, text: &str, sink: &mut Sink<'_>) {
        let mut is_of_run = false;
        let is_over = self.run.as_mut().is_some_and(|run| {
            is_of_run =
                if run.has_hops() { run.takes_last_words() } else { run.family().is_some() };
            run.pause(false);
            !run.has_hops() && run.words_before_hops(text, BETWEEN)
        });
        if is_over {
            self.end_run(sink);
        }
        self.other += u64::from(!is_of_run);
        if !text.contains(char::is_alphabetic) {
            return;
        }
        if self.before.len() == BEFORE {
            self.before.pop_front();
        }
        self.before.push_back(Prose { number, text: text.to_owned(), is_other: !is_of_run });
    }
}

/// The lines in a string of JSON that holds several, of which some may be hops.
fn escaped_lines(line: &str) -> Option<Vec<String>> {
    let text = line.replace("\\r", "").replace("\\t", "\t");
    let mut lines: Vec<&str> = text.split("\\n").collect();
    let is_hop = |line: &&&str| line.trim_start().starts_with(|c: char| c.is_ascii_digit());
    if lines.len() < 3 || lines.iter().skip(1).filter(is_hop).count() < 2 {
        return None;
    }
    // The string ends before the record does.
    let last = lines.pop()?;
    lines.push(last.split('"').next().unwrap_or_default());
    Some(lines.into_iter().map(str::to_owned).collect())
}
