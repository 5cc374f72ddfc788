//! The programs whose texts are read, and the lines that only a hop of theirs has.

use crate::import::format::LineReader;
use crate::import::mtr;
use crate::import::scamper;
use crate::import::text_trace::Cell;
use crate::import::traceroute::header::Header;
use crate::import::traceroute::hop_words::{Begin, HopWords};
use crate::import::traceroute::{self, tracepath};
use crate::import::tracert;
use crate::import::trippy;

/// Programs whose lines are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Traceroute,
    Tracert,
    Tracepath,
    Mtr,
    MtrRaw,
    Csv(Csv),
    WinMtr,
    NextTrace,
    MikroTik,
    Nmap,
    TestNetConnection,
    Dublin,
    TrippyTable,
}

/// Formats that are rows of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Csv {
    Mtr,
    Trippy,
    Scamper,
}

impl Csv {
    const ALL: [Self; 3] = [Self::Mtr, Self::Trippy, Self::Scamper];

    const fn name(self) -> &'static str {
        match self {
            Self::Mtr => "mtr-csv",
            Self::Trippy => "trippy-csv",
            Self::Scamper => "scamper-csv",
        }
    }

    /// Of which `line` is the header, or a row that says so itself.
    pub(super) fn begins(line: &str) -> Option<Self> {
        if !line.contains([',', ';']) {
            return None;
        }
        Self::ALL.into_iter().find(|csv| match csv {
            Self::Mtr => mtr::csv::is_line(line),
            Self::Trippy => trippy::csv::is_header(line),
            Self::Scamper => scamper::csv::is_header(line),
        })
    }

    /// Whether `line` is the header or a row.
    pub(super) fn is_line(self, line: &str) -> bool {
        match self {
            Self::Mtr => mtr::csv::is_line(line),
            Self::Trippy => trippy::csv::is_line(line),
            Self::Scamper => scamper::csv::is_line(line),
        }
    }

    /// Reads such lines.
    pub(super) fn reader(self) -> Box<dyn LineReader + Send> {
        match self {
            Self::Mtr => mtr::csv::reader(),
            Self::Trippy => trippy::csv::reader(),
            Self::Scamper => scamper::csv::reader(),
        }
    }
}

impl Family {
    /// The name of its format.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Traceroute => "traceroute",
            Self::Tracert => "tracert",
            Self::Tracepath => "tracepath",
            Self::Mtr => "mtr-report",
            Self::MtrRaw => "mtr-raw",
            Self::Csv(csv) => csv.name(),
            Self::WinMtr => "winmtr",
            Self::NextTrace => "nexttrace-text",
            Self::MikroTik => "mikrotik",
            Self::Nmap => "nmap",
            Self::TestNetConnection => "test-netconnection",
            Self::Dublin => "dublin-text",
            Self::TrippyTable => "trippy-table",
        }
    }

    /// Whether its programs end by themselves, so that one that was interrupted had not ended: those of others, as
    /// mtr's screen, run until somebody stops them.
    pub(super) const fn runs_to_its_end(self) -> bool {
        matches!(self, Self::Traceroute | Self::Tracert | Self::Tracepath | Self::NextTrace)
    }

    /// The family that writes such a header.
    pub(super) const fn of_header(header: &Header) -> Self {
        if header.is_nexttrace { Self::NextTrace } else { Self::Traceroute }
    }

    /// The family of which `text` is a hop, with its TTL, where it can be of no other; behind a command
    /// (`waits`) where it can be one at all.
    pub(super) fn begins(text: &str, only: Option<Self>, waits: bool) -> Option<(Self, u8)> {
        let found = Self::certain(text, only).or_else(|| Self::possible(text, only, waits))?;
        only.is_none_or(|only| only == found.0).then_some(found)
    }

    fn certain(text: &str, only: Option<Self>) -> Option<(Self, u8)> {
        let first = text.bytes().next()?;
        let allows = |family: Self| only.is_none_or(|only| only == family);
        if first.is_ascii_alphabetic() {
            if allows(Self::MtrRaw)
                && let Some(ttl) = mtr::raw::Raw::of(text).and_then(mtr::raw::Raw::begins)
            {
                return Some((Self::MtrRaw, ttl));
            }
            let csv = Csv::begins(text)?;
            return allows(Self::Csv(csv)).then_some((Self::Csv(csv), 1));
        }
        if !first.is_ascii_digit() {
            return None;
        }
        if allows(Self::Tracepath)
            && let Some(row) = tracepath::Row::of(text).filter(tracepath::Row::is_certain)
        {
            return Some((Self::Tracepath, row.ttl));
        }
        if allows(Self::Mtr)
            && let Some(mtr::row::Row::Hop(ttl, _)) =
                mtr::row::Row::of(text, mtr::row::Columns::default())
        {
            return Some((Self::Mtr, ttl));
        }
        if allows(Self::Tracert)
            && tracert::row::Row::is_certain(text)
            && let Some(row) = tracert::row::Row::of(text)
            && row.is_no_other()
        {
            return Some((Self::Tracert, row.ttl));
        }
        if !allows(Self::Traceroute) {
            return None;
        }
        let (ttl, rest) = traceroute::ttl(text)?;
        let hop = HopWords::default().read_strictly(rest)?;
        let is_named = || rest.split_whitespace().next().is_some_and(|name| name.contains('.'));
        let has_host = match hop.begin {
            Begin::Address | Begin::Star => hop.has_address(),
            Begin::Name => is_named() && hop.cells.len() >= 2,
            Begin::Time | Begin::Other => false,
        };
        (hop.has_answer() && has_host).then_some((Self::Traceroute, ttl))
    }

    /// A hop at which nobody answers; and behind a command what only may be a hop.
    fn possible(text: &str, only: Option<Self>, waits: bool) -> Option<(Self, u8)> {
        let (ttl, rest) = traceroute::ttl(text)?;
        let may_be = waits || only.is_some();
        let is_other = only.is_some_and(|only| only == Self::Tracert);
        if let Some(hop) = HopWords::default().read_strictly(rest) {
            if !hop.cells.is_empty() && hop.cells.iter().all(|cell| *cell == Cell::Silent) {
                return Some((if is_other { Self::Tracert } else { Self::Traceroute }, ttl));
            }
            if may_be && !is_other && hop.has_answer() {
                return Some((Self::Traceroute, ttl));
            }
        }
        if !may_be {
            return None;
        }
        let row = tracert::row::Row::of(text)?;
        Some((Self::Tracert, row.ttl))
    }
}
