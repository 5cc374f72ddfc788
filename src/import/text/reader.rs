//! A text as a stream of lines in which runs of several programs begin and end.
//!
//! A run begins at a header, a command or a line that only a hop of its program has. It ends where another one
//! begins, at a prompt or a fence, or at a blank line or a sentence, unless the next hop goes on with its TTLs.
//! Before the first hop, none of these ends a run that has a header. JSON within the text is read as records.

use std::collections::{HashMap, VecDeque};
use std::net::Ipv4Addr;

use super::clean::clean;
use super::family::Family;
use super::place::{Body, LinePrefix};
use super::record::{self, Record};
use super::run::{Run, Took};
use crate::import::finding::Finding;
use crate::import::format::{Sink, Wanted};
use crate::import::mtr;
use crate::import::nmap;
use crate::import::shell_command::{is_prompt, traced_by_command};
use crate::import::text_trace::{Cell, Destination, LONGEST, TextTrace};
use crate::import::traceroute::header::Header;
use crate::import::traceroute::tracepath;
use crate::import::tracert::row::{destination, furthest, is_origin};
use crate::import::trippy::table;
use crate::import::values::Address;
use crate::import::{dublin_text, mikrotik, test_netconnection, values};

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
        if line.contains("\\n")
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
        if let Some(mut behind) = behind_fence(line) {
            while let Some(next) = behind_fence(behind) {
                behind = next;
            }
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
        let Body { text, stamp } = self.prefix.body(line, family);
        let text: &str = &text;
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
            if let (Some(run), Some(stamp)) = (&mut self.run, stamp)
                && (!begun || run.trace.started.is_none())
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

    /// A row of a table that is drawn with bars, as trippy and `WinMTR` do it.
    fn row_with_bars(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) -> bool {
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
    fn header(&mut self, number: u64, line: &str, text: &str, sink: &mut Sink<'_>) -> bool {
        if !has_words(text) {
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

    /// A trace whose header was one of the last lines: those of tracert differ from language to language.
    fn take_header_before(&mut self) -> Option<TextTrace> {
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

/// Whether a line has more than numbers, signs and units, as every header and command has. Most lines are hops without
/// names.
fn has_words(line: &str) -> bool {
    let is_of_word =
        |byte: u8| byte.is_ascii_alphabetic() && !b"msec".contains(&byte) || byte == b'>';
    line.bytes().any(is_of_word)
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

/// What stands behind the beginning of a line that opens or closes a block of code.
pub(super) fn behind_fence(line: &str) -> Option<&str> {
    const FENCES: [&str; 8] =
        ["```", "~~~", "[code]", "[/code]", "<pre>", "</pre>", "{noformat}", "{code}"];
    let line = line.trim_start_matches(['>', ' ']).trim_end();
    if !line.starts_with(['`', '~', '[', '<', '{']) {
        return None;
    }
    FENCES.iter().find_map(|fence| {
        let (begin, behind) = line.split_at_checked(fence.len())?;
        begin.eq_ignore_ascii_case(fence).then_some(behind)
    })
}
