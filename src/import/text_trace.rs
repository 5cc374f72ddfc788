//! One traceroute of a text while its lines are read: what the formats that are made of lines have in
//! common.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::finding::{Finding, NoDestination};
use super::format::Sink;
use super::hop_builder::HopBuilder;
use super::values::{Address, MOST_ANSWERS};
use crate::trace::{HopReply, MplsLabel, ReplyKind, StopReason, Vantage};

/// The longest line that is looked at: names have no more than 255 letters.
pub(super) const LONGEST: usize = 16 << 10;

/// Where a traceroute went, as far as the text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Destination {
    #[default]
    Unknown,
    Address(Ipv4Addr),
    Ipv6,
    /// A name that nothing resolves.
    Name,
}

impl From<Address> for Destination {
    fn from(address: Address) -> Self {
        address.v4().map_or(Self::Ipv6, Self::Address)
    }
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sender {
    /// A name without an address, an address that was blanked, nothing at all.
    #[default]
    Unreadable,
    Ipv6,
    Known(Ipv4Addr),
}

impl From<Address> for Sender {
    fn from(address: Address) -> Self {
        address.v4().map_or(Self::Ipv6, Self::Known)
    }
}

/// What a probe brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Silent,
    Answer { sender: Sender, kind: ReplyKind, rtt: Option<Duration>, labels: Vec<MplsLabel> },
}

impl Cell {
    /// The reply, where it is known who sent it.
    fn reply(self) -> Option<HopReply> {
        match self {
            Self::Answer { sender: Sender::Known(from), kind, rtt, labels } => {
                Some(HopReply { labels: labels.into(), ..HopReply::new(from, kind, rtt) })
            }
            Self::Silent | Self::Answer { .. } => None,
        }
    }

    pub(super) fn answer(sender: impl Into<Sender>, rtt: Option<Duration>) -> Self {
        Self::Answer {
            sender: sender.into(),
            kind: ReplyKind::TimeExceeded,
            rtt,
            labels: Vec::new(),
        }
    }
}

/// A traceroute whose lines are being read.
#[derive(Debug, Default)]
pub(super) struct TextTrace {
    /// The line at which it begins.
    line: u64,
    pub(super) destination: Destination,
    /// Whether there is a header, so that hops must follow.
    announced: bool,
    pub(super) vantage: Option<Arc<Vantage>>,
    pub(super) started: Option<Timestamp>,
    /// How far it asks, as the header says.
    pub(super) max: Option<u8>,
    /// Whether it was interrupted.
    pub(super) is_cut: bool,
    hops: HopBuilder,
    /// The TTL of the last line of a hop.
    last: u8,
    tries: usize,
    /// How many answers have an address, and how many have none.
    known: usize,
    unread: usize,
    /// The highest TTL of an answer without an address.
    nameless: u8,
    is_ipv6: bool,
}

impl TextTrace {
    /// A trace whose header is at `line`.
    pub(super) fn announced(line: u64, destination: Destination) -> Self {
        Self { line, destination, announced: true, ..Self::default() }
    }

    /// A trace that may follow what is at `line`, as a shell command.
    pub(super) fn expected(line: u64, destination: Destination) -> Self {
        Self { line, destination, ..Self::default() }
    }

    /// Whether it has no hops.
    pub(super) fn is_empty(&self) -> bool {
        self.tries == 0
    }

    /// The TTL of the hop that was added last; 0 before the first.
    pub(super) fn last(&self) -> u8 {
        self.last
    }

    /// Takes what a line, at `line`, says of `ttl`.
    pub(super) fn hop(&mut self, line: u64, ttl: u8, mut cells: Vec<Cell>, sink: &mut Sink<'_>) {
        self.take_hop(line, ttl, &mut cells, sink);
    }

    /// The same, which leaves the memory of `cells`.
    pub(super) fn take_hop(
        &mut self,
        line: u64,
        ttl: u8,
        cells: &mut Vec<Cell>,
        sink: &mut Sink<'_>,
    ) {
        if self.tries + cells.len() > MOST_ANSWERS {
            sink(line, Finding::too_many_answers());
            return;
        }
        if self.line == 0 {
            self.line = line;
        }
        self.last = ttl;
        self.tries += cells.len();
        for cell in cells.iter() {
            self.count(ttl, cell);
        }
        self.hops.add_all(ttl, cells.drain(..).map(Cell::reply));
    }

    fn cell(&mut self, ttl: u8, cell: Cell) {
        self.count(ttl, &cell);
        self.hops.add(ttl, None, cell.reply());
    }

    fn count(&mut self, ttl: u8, cell: &Cell) {
        match cell {
            Cell::Silent => {}
            Cell::Answer { sender: Sender::Known(_), .. } => self.known += 1,
            Cell::Answer { sender, .. } => {
                self.is_ipv6 |= *sender == Sender::Ipv6;
                self.nameless = self.nameless.max(ttl);
                self.unread += 1;
            }
        }
    }

    /// These TTLs were asked: those that nobody answered are silent, and of `hosts` it is not known when they
    /// answered.
    pub(super) fn asked(&mut self, ttls: &[u8], hosts: &[(u8, Sender)]) {
        for (ttl, sender) in hosts {
            if !self.hops.has(*ttl) {
                self.tries += 1;
                self.cell(*ttl, Cell::answer(*sender, None));
            }
        }
        for ttl in ttls {
            if !self.hops.has(*ttl) {
                self.tries += 1;
                self.cell(*ttl, Cell::Silent);
            }
        }
    }

    /// Labels that stand behind the answer that was added last.
    pub(super) fn label(&mut self, labels: &[MplsLabel]) {
        self.hops.label(self.last, labels);
    }

    /// Hands on what it was.
    pub(super) fn end(self, sink: &mut Sink<'_>) {
        let line = self.line;
        self.findings().into_iter().for_each(|finding| sink(line, finding));
    }

    fn findings(self) -> Vec<Finding> {
        let skipped = |why: &str| vec![Finding::Skipped(why.into())];
        match self.destination {
            _ if self.is_empty() && !self.announced => Vec::new(),
            Destination::Ipv6 => skipped("a traceroute to an IPv6 address"),
            _ if self.is_empty() => skipped("no hop follows its header"),
            _ if self.is_ipv6 && self.known == 0 => skipped("a traceroute to an IPv6 address"),
            _ if self.known == 0 && self.unread > 0 => skipped("hops have names and no addresses"),
            Destination::Address(target) => self.without_destination().to(target),
            Destination::Unknown | Destination::Name => {
                vec![Finding::NoDestination(Box::new(self.without_destination()))]
            }
        }
    }

    fn without_destination(self) -> NoDestination {
        let is_furthest = self.max.is_some_and(|max| self.last >= max);
        let stop = if self.is_cut {
            Some(StopReason::Interrupted)
        } else {
            is_furthest.then_some(StopReason::MaxTtl)
        };
        NoDestination {
            vantage: self.vantage,
            started: self.started,
            hops: self.hops.hops(),
            stop,
            nameless: self.nameless,
            unread: self.unread,
        }
    }
}
