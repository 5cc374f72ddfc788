//! A run of one program in a text, from its header or first hop to where it ends.

mod broken_lines;
mod traceroute;
mod tracert;

use jiff::Timestamp;

use super::family::{Csv, Family};
use super::quick_hop;
use crate::import::finding::Finding;
use crate::import::format::{LineReader, Sink};
use crate::import::mtr::raw::{Raw, RawHops, Step};
use crate::import::mtr::row::{Columns, Row as MtrRow};
use crate::import::text_trace::{Cell, Destination, Sender, TextTrace};
use crate::import::traceroute::hop_words::HopWords;
use crate::import::traceroute::tracepath;
use crate::import::tracert::row::{destination, furthest};
use crate::import::trippy::table;
use crate::import::values::labels;
use crate::import::{dublin_text, mikrotik, nexttrace_text, nmap, test_netconnection};

/// A line that a console or a mail program broke has at least so many characters: those of other scripts
/// take two places each.
const BROKEN: usize = 48;

/// Whether a line belongs to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Took {
    Line,
    Nothing,
}

/// A run that is being read.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the lines so far"
)]
pub(super) struct Run {
    /// Nothing behind a command, until a line shows which program it was.
    family: Option<Family>,
    pub(super) trace: TextTrace,
    pub(super) columns: Columns,
    pub(super) trippy_columns: Option<table::Columns>,
    /// Whether a header, or a line that only a hop has, has shown that it is a trace.
    pub(super) is_certain: bool,
    /// How many lines it has.
    pub(super) lines: u64,
    words: HopWords,
    /// The memory for the cells of a line.
    cells: Vec<Cell>,
    /// Whether something else has come since the last hop.
    is_paused: bool,
    /// Whether the destination has answered, or the program has written its last line.
    is_over: bool,
    /// Whether the hops have no times, as pathping shows them first.
    is_pathping: bool,
    /// Lines between the header and the first hop.
    between: usize,
    /// The beginning of a header that a console broke.
    header: Option<String>,
    has_ended: bool,
    /// The TTL of the last hop that cannot be read.
    unread: u8,
    /// A line that may go on in the next, with its number.
    open: Option<(u64, String)>,
    /// Who answered in the line before, where the times stand in the next.
    host: Option<(u64, u8, Sender)>,
    raw: RawHops,
    /// The hops of nmap's table, to which later ones may refer.
    nmap_hops: Vec<(u8, Cell)>,
    csv: Option<Box<dyn LineReader + Send>>,
}

impl Run {
    /// A run that begins with a header.
    pub(super) fn new(family: Family, trace: TextTrace) -> Self {
        let mut run = Self {
            family: None,
            trace,
            columns: Columns::default(),
            trippy_columns: None,
            is_certain: true,
            lines: 0,
            words: HopWords::default(),
            cells: Vec::new(),
            is_paused: false,
            is_over: false,
            is_pathping: false,
            between: 0,
            header: None,
            has_ended: false,
            unread: 0,
            open: None,
            host: None,
            raw: RawHops::default(),
            nmap_hops: Vec::new(),
            csv: None,
        };
        run.set_family(family);
        run
    }

    /// A run that a command announces.
    pub(super) fn after_command(trace: TextTrace) -> Self {
        Self { family: None, ..Self::new(Family::Traceroute, trace) }
    }

    /// A run that begins with a hop.
    pub(super) fn with_hop(family: Family, trace: TextTrace) -> Self {
        let is_certain = trace.destination != Destination::Unknown;
        Self { is_certain, ..Self::new(family, trace) }
    }

    pub(super) fn family(&self) -> Option<Family> {
        self.family
    }

    /// A line has shown which program it is.
    pub(super) fn set_family(&mut self, family: Family) {
        self.family = Some(family);
        self.csv = if let Family::Csv(csv) = family { Some(csv.reader()) } else { None };
    }

    pub(super) fn has_hops(&self) -> bool {
        let is_open = self.open.is_some() || self.host.is_some();
        !self.trace.is_empty() || is_open || self.csv.is_some()
    }

    /// Whether nothing but hops has come since the first of them.
    pub(super) fn is_within_hops(&self) -> bool {
        self.has_hops() && !self.is_paused
    }

    /// Whether a row between bars may be one of its table: those of other tables look alike.
    pub(super) fn takes_rows(&self) -> bool {
        !self.is_paused
    }

    /// Something that is no hop has come. A blank line ends no table with bars, which mails space out.
    pub(super) fn pause(&mut self, is_blank: bool) {
        let has_bars = matches!(self.family, Some(Family::WinMtr | Family::TrippyTable));
        self.is_paused |= self.has_hops() && !(is_blank && has_bars);
    }

    /// The time at which the line was written.
    pub(super) fn stamp(&mut self, stamp: Timestamp) {
        if self.trace.started.is_none() {
            self.trace.started = Some(stamp);
        }
    }

    /// Takes words between the header and the first hop; whether there are too many of them.
    pub(super) fn words_before_hops(&mut self, text: &str, most: usize) -> bool {
        if self.family == Some(Family::Tracert) {
            if let Some(begun) = self.header.take() {
                let destination = destination(&(begun + text)).map(|(destination, _)| destination);
                self.trace.destination = destination.unwrap_or(Destination::Name);
            }
            self.trace.max = self.trace.max.or_else(|| furthest(text));
        }
        self.between += 1;
        self.between > most
    }

    /// A header whose bracket is closed in the next line.
    pub(super) fn open_header(&mut self, text: &str) {
        self.header = has_open_bracket(text).then(|| text.to_owned());
    }

    /// Whether words behind the last hop may be what the program says at its end, which is in any language.
    pub(super) fn takes_last_words(&mut self) -> bool {
        self.family == Some(Family::Tracert)
            && self.is_paused
            && !std::mem::replace(&mut self.has_ended, true)
    }

    /// Takes a line that is written as most are: nothing but the next TTL, one address and times.
    pub(super) fn quick(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) -> bool {
        let is_plain =
            self.family == Some(Family::Traceroute) && !self.is_paused && self.open.is_none();
        if !is_plain || !self.is_certain {
            return false;
        }
        let mut cells = std::mem::take(&mut self.cells);
        cells.clear();
        let read = quick_hop::read(line, &mut cells).filter(|(ttl, _)| self.is_next(*ttl));
        if let Some((ttl, sender)) = read {
            self.words = HopWords::behind(sender);
            self.trace.is_cut = false;
            self.lines += 1;
            self.add_all(number, ttl, &mut cells, sink);
        }
        self.cells = cells;
        read.is_some()
    }

    /// Takes a line, if it is one of this run.
    pub(super) fn line(&mut self, number: u64, text: &str, sink: &mut Sink<'_>) -> Took {
        let Some(family) = self.family else { return Took::Nothing };
        let took = match self.open.take() {
            Some((first, open)) => self.joined(family, (first, &open), (number, text), sink),
            None => self.one(family, number, text, sink),
        };
        if took != Took::Nothing {
            self.lines += 1;
        }
        took
    }

    fn one(&mut self, family: Family, number: u64, text: &str, sink: &mut Sink<'_>) -> Took {
        let (line, is_cut) = without_interrupt(text);
        if is_cut && line.is_empty() && family.runs_to_its_end() && self.has_hops() {
            self.trace.is_cut = true;
            return Took::Line;
        }
        match family {
            Family::Traceroute => self.traceroute(number, (line, is_cut), sink),
            Family::Tracert => self.tracert(number, (line, is_cut), sink),
            Family::Tracepath => self.tracepath(number, (line, is_cut), sink),
            Family::NextTrace => self.nexttrace(number, (line, is_cut), sink),
            Family::Mtr => self.mtr(number, text, sink),
            Family::MtrRaw => self.raw(number, text, sink),
            Family::Csv(kind) => self.csv(kind, number, text, sink),
            Family::MikroTik => self.mikrotik(number, text, sink),
            Family::Nmap => self.nmap(number, text, sink),
            Family::Dublin => self.dublin(number, text, sink),
            Family::TestNetConnection => self.test_netconnection(number, text, sink),
            Family::WinMtr | Family::TrippyTable => Took::Nothing,
        }
    }

    /// Whether a hop at `ttl` goes on with this run. Behind something else TTLs must rise.
    fn goes_on(&self, ttl: u8) -> bool {
        let last = self.trace.last();
        if self.is_paused { ttl > last && !self.is_over } else { ttl >= last }
    }

    fn add(&mut self, number: u64, ttl: u8, mut cells: Vec<Cell>, sink: &mut Sink<'_>) {
        self.add_all(number, ttl, &mut cells, sink);
    }

    /// The same, where the memory of `cells` is needed again.
    fn add_all(&mut self, number: u64, ttl: u8, cells: &mut Vec<Cell>, sink: &mut Sink<'_>) {
        self.is_paused = false;
        for cell in cells.iter() {
            if let Cell::Answer { sender: Sender::Known(from), .. } = cell {
                self.is_over |= self.trace.destination == Destination::Address(*from);
                self.is_certain = true;
            }
            self.is_certain |= matches!(cell, Cell::Answer { .. });
        }
        self.trace.take_hop(number, ttl, cells, sink);
    }

    /// The next hop of a table whose rows have no TTLs.
    pub(super) fn next_hop(&mut self, number: u64, cell: Cell, sink: &mut Sink<'_>) {
        let ttl = self.trace.last().saturating_add(1);
        self.add(number, ttl, vec![cell], sink);
    }

    /// Whether `ttl` is the next in turn, with nothing else between.
    fn is_next(&self, ttl: u8) -> bool {
        let last = self.trace.last().max(self.unread);
        !self.is_paused && (last == 0 || ttl == last.saturating_add(1))
    }

    fn tracepath(
        &mut self,
        number: u64,
        (line, is_cut): (&str, bool),
        sink: &mut Sink<'_>,
    ) -> Took {
        if tracepath::is_end(line) {
            self.is_over |= line.starts_with("Resume:");
            self.is_paused = true;
            return Took::Line;
        }
        let row = tracepath::Row::of(line);
        match row {
            Some(row) if self.is_paused && (self.is_over || row.ttl <= self.trace.last()) => {
                Took::Nothing
            }
            Some(tracepath::Row { ttl, cell: Some(cell), is_end }) => {
                if let (true, Cell::Answer { sender: Sender::Known(target), .. }) = (is_end, &cell)
                {
                    self.trace.destination = Destination::Address(*target);
                }
                self.add(number, ttl, vec![cell], sink);
                self.trace.is_cut |= is_cut;
                Took::Line
            }
            Some(row) if self.is_next(row.ttl) && self.has_hops() => {
                sink(number, Finding::Malformed("a hop without a time".into()));
                Took::Line
            }
            _ => Took::Nothing,
        }
    }

    fn mtr(&mut self, number: u64, text: &str, sink: &mut Sink<'_>) -> Took {
        match MtrRow::of(text, self.columns) {
            Some(MtrRow::Hop(ttl, cell)) => {
                if !self.goes_on(ttl) || ttl <= self.trace.last() {
                    return Took::Nothing;
                }
                self.add(number, ttl, vec![cell], sink);
                Took::Line
            }
            Some(MtrRow::Further(cell)) if !self.trace.is_empty() && !self.is_paused => {
                let ttl = self.trace.last();
                self.add(number, ttl, vec![cell], sink);
                Took::Line
            }
            Some(MtrRow::Labels(labels)) if !self.trace.is_empty() && !self.is_paused => {
                self.trace.label(&labels);
                Took::Line
            }
            _ if AROUND_MTR.iter().any(|words| text.starts_with(words)) => Took::Line,
            _ => self.part_of_mtr(number, text, sink),
        }
    }

    /// A hop that was cut off or broken.
    fn part_of_mtr(&mut self, number: u64, text: &str, sink: &mut Sink<'_>) -> Took {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let rest = text[digits..].strip_prefix('.').map(str::trim_start).unwrap_or_default();
        let is_marked = rest.starts_with('|');
        let host = rest.trim_start_matches(['|', '-', ' ']);
        let ttl = text[..digits].parse().ok();
        if ttl.is_none_or(|ttl| !self.is_next(ttl)) || host.is_empty() || !is_marked {
            return Took::Nothing;
        }
        if host.split_whitespace().count() == 1 && host.len() + 8 >= BROKEN / 2 {
            self.open = Some((number, text.to_owned()));
        } else {
            sink(number, Finding::Malformed("neither a header nor a hop of mtr".into()));
        }
        Took::Line
    }

    fn raw(&mut self, number: u64, text: &str, sink: &mut Sink<'_>) -> Took {
        let Some(raw) = Raw::of(text).filter(|_| !self.is_paused) else { return Took::Nothing };
        match self.raw.take(raw) {
            Step::Next => return Took::Nothing,
            Step::Kept => self.is_certain |= matches!(raw, Raw::Host(..)),
            Step::Hop(ttl, cell) => self.add(number, ttl, vec![cell], sink),
        }
        Took::Line
    }

    fn csv(&mut self, kind: Csv, number: u64, text: &str, sink: &mut Sink<'_>) -> Took {
        let Some(csv) = self.csv.as_mut().filter(|_| kind.is_line(text)) else {
            return Took::Nothing;
        };
        self.is_certain = true;
        csv.line(number, text, sink);
        Took::Line
    }

    fn nexttrace(
        &mut self,
        number: u64,
        (line, is_cut): (&str, bool),
        sink: &mut Sink<'_>,
    ) -> Took {
        let took = match nexttrace_text::Row::of(line) {
            Some(nexttrace_text::Row::Times(times)) => match self.host.take() {
                Some((at, ttl, sender)) => {
                    let cells =
                        times.into_iter().map(|rtt| Cell::answer(sender, Some(rtt))).collect();
                    self.add(at, ttl, cells, sink);
                    Took::Line
                }
                None => Took::Nothing,
            },
            Some(row) => {
                let ttl = match row {
                    nexttrace_text::Row::Host(Some(ttl), ..) | nexttrace_text::Row::Silent(ttl) => {
                        ttl
                    }
                    _ => self.host.map_or(self.trace.last(), |(_, ttl, _)| ttl),
                };
                self.flush_host(sink);
                if !self.goes_on(ttl) || ttl == 0 {
                    return Took::Nothing;
                }
                match row {
                    nexttrace_text::Row::Host(_, sender, times) if times.is_empty() => {
                        self.is_paused = false;
                        self.host = Some((number, ttl, sender));
                    }
                    nexttrace_text::Row::Host(_, sender, times) => {
                        let cells =
                            times.into_iter().map(|rtt| Cell::answer(sender, Some(rtt))).collect();
                        self.add(number, ttl, cells, sink);
                    }
                    _ => self.add(number, ttl, vec![Cell::Silent], sink),
                }
                Took::Line
            }
            None => {
                let more = labels(line);
                if !more.is_empty() && line.contains("MPLS") && !self.is_paused {
                    self.flush_host(sink);
                    self.trace.label(&more);
                    return Took::Line;
                }
                Took::Nothing
            }
        };
        self.trace.is_cut |= is_cut && took == Took::Line;
        took
    }

    /// A host whose times did not follow.
    fn flush_host(&mut self, sink: &mut Sink<'_>) {
        if let Some((at, ttl, sender)) = self.host.take() {
            // He answered before whatever else came.
            let was_paused = self.is_paused;
            self.add(at, ttl, vec![Cell::answer(sender, None)], sink);
            self.is_paused = was_paused;
        }
    }

    fn mikrotik(&mut self, number: u64, text: &str, sink: &mut Sink<'_>) -> Took {
        let Some((ttl, cells)) = mikrotik::row(text) else { return Took::Nothing };
        if !self.goes_on(ttl) || ttl == self.trace.last() {
            return Took::Nothing;
        }
        self.add(number, ttl, cells, sink);
        Took::Line
    }

    /// Takes the hops of another table, which nmap does not write again.
    pub(super) fn same_hops(
        &mut self,
        number: u64,
        hops: Vec<(u8, Cell)>,
        sink: &mut Sink<'_>,
    ) -> Took {
        if self.is_paused {
            return Took::Nothing;
        }
        self.lines += 1;
        for (ttl, cell) in hops {
            self.hop_of_nmap(number, ttl, cell, sink);
        }
        Took::Line
    }

    fn nmap(&mut self, number: u64, text: &str, sink: &mut Sink<'_>) -> Took {
        if nmap::is_columns(text) {
            return Took::Line;
        }
        let Some(row) = nmap::Row::of(text).filter(|_| !self.is_paused) else {
            return Took::Nothing;
        };
        match row {
            nmap::Row::Hop(ttl, cell) => self.hop_of_nmap(number, ttl, cell, sink),
            nmap::Row::Silent(ttls) => {
                for ttl in ttls {
                    self.hop_of_nmap(number, ttl, Cell::Silent, sink);
                }
            }
        }
        Took::Line
    }

    /// A hop of nmap's table, in which TTLs only rise: a line that goes back is a damaged one.
    fn hop_of_nmap(&mut self, number: u64, ttl: u8, cell: Cell, sink: &mut Sink<'_>) {
        if ttl > self.trace.last() {
            self.nmap_hops.push((ttl, cell.clone()));
            self.add(number, ttl, vec![cell], sink);
        }
    }

    fn dublin(&mut self, number: u64, text: &str, sink: &mut Sink<'_>) -> Took {
        let row = dublin_text::row(text, self.trace.destination);
        let Some((ttl, cell)) = row.filter(|(ttl, _)| self.goes_on(*ttl)) else {
            return Took::Nothing;
        };
        self.add(number, ttl, vec![cell], sink);
        Took::Line
    }

    /// The hosts of a row of trippy's table, in which TTLs rise; without a TTL they are further ones of the last.
    pub(super) fn trippy_row(
        &mut self,
        number: u64,
        ttl: Option<u8>,
        cells: Vec<Cell>,
        sink: &mut Sink<'_>,
    ) -> Took {
        let last = self.trace.last();
        let goes_on = ttl.map_or(last > 0, |ttl| ttl > last);
        if !goes_on {
            return Took::Nothing;
        }
        self.lines += 1;
        self.add(number, ttl.unwrap_or(last), cells, sink);
        Took::Line
    }

    fn test_netconnection(&mut self, number: u64, text: &str, sink: &mut Sink<'_>) -> Took {
        let Some(cells) = test_netconnection::hops(text).filter(|_| !self.is_paused) else {
            return Took::Nothing;
        };
        for cell in cells {
            self.next_hop(number, cell, sink);
        }
        self.trace.is_cut |= test_netconnection::is_cut(text);
        Took::Line
    }

    /// Whether a header has come, right behind which the first hop of another program may follow: some routers
    /// write the hops as Windows does it.
    pub(super) fn has_header_alone(&self) -> bool {
        self.family == Some(Family::Traceroute) && !self.has_hops() && self.between == 0
    }

    /// The hops that tables of nmap may refer to.
    pub(super) fn nmap_hops(&self) -> Option<Vec<(u8, Cell)>> {
        (!self.nmap_hops.is_empty()).then(|| self.nmap_hops.clone())
    }

    /// Hands on what it was.
    pub(super) fn end(mut self, sink: &mut Sink<'_>) {
        self.flush_host(sink);
        if let (Some(family), Some((number, open))) = (self.family, self.open.take()) {
            self.closed(family, number, &open, sink);
        }
        if self.family == Some(Family::MtrRaw) {
            self.raw.end(&mut self.trace);
        }
        if let Some(csv) = self.csv {
            csv.end(sink);
        }
        self.trace.end(sink);
    }
}

/// What stands around the hops of mtr's screen.
const AROUND_MTR: [&str; 4] = ["Keys:", "Packets", "Display mode", "^C"];

/// A line without the sign that somebody interrupted the program, and whether it had one.
fn without_interrupt(line: &str) -> (&str, bool) {
    let text = line.trim_end_matches("^C").trim_end();
    (text, text.len() < line.len())
}

fn has_open_bracket(text: &str) -> bool {
    text.rfind('[').is_some_and(|place| !text[place..].contains(']'))
}
