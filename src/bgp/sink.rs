//! What a format hands its records to. It also counts how large the table is that a peer sends after its session came
//! up, since only records that touch the block are handed on.

use std::sync::Arc;

use foldhash::HashMap;
use jiff::{SignedDuration, Timestamp};

use super::record::{Peer, Record, Size, Wanted, What};

/// A peer that announces nothing for so long has sent its table.
const QUIET: SignedDuration = SignedDuration::from_secs(60);
/// Nobody needs longer to send a table.
const LONGEST: SignedDuration = SignedDuration::from_mins(20);
/// How often it is looked at who has sent theirs.
const EVERY: SignedDuration = SignedDuration::from_secs(5);

/// What was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadCounts {
    /// Records, messages or lines.
    pub records: u64,
    /// IPv4 routes that were announced or are in a table; in MRT of tables those that touch the block.
    pub announced: u64,
    /// IPv4 routes that were withdrawn.
    pub withdrawn: u64,
    /// Changes of sessions.
    pub states: u64,
    /// Messages that cannot be read.
    pub damaged: u64,
    /// Records of MRT's type 5, which went out of use in 2001.
    pub old: u64,
    /// Records of types that hold no routes.
    pub other_types: u64,
    /// Whether a file ends before its end.
    pub cut: bool,
}

impl ReadCounts {
    /// Adds the counts of another file.
    pub fn add(&mut self, other: Self) {
        self.records += other.records;
        self.announced += other.announced;
        self.withdrawn += other.withdrawn;
        self.states += other.states;
        self.damaged += other.damaged;
        self.old += other.old;
        self.other_types += other.other_types;
        self.cut |= other.cut;
    }
}

type Collector = Option<Arc<str>>;

/// The tables that peers are sending, over all files of a collector.
#[derive(Debug, Default)]
pub(super) struct Learning {
    peers: HashMap<(Collector, Peer), Sending>,
    looked: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Sending {
    size: Size,
    began: Timestamp,
    last: Timestamp,
}

/// What a format hands its records to.
pub(super) struct Sink<'s> {
    pub(super) wanted: Wanted,
    pub(super) counts: ReadCounts,
    pub(super) learning: &'s mut Learning,
    pub(super) take: &'s mut dyn FnMut(Record),
    /// Takes what is wrong, with the byte or the line.
    pub(super) wrong: &'s mut dyn FnMut(u64, &str),
}

impl Sink<'_> {
    pub(super) fn give(&mut self, at: Timestamp, collector: Collector, what: What) {
        (self.take)(Record { at, collector, what });
    }

    pub(super) fn problem(&mut self, place: u64, why: &str) {
        (self.wrong)(place, why);
    }

    /// A session came up or went down.
    pub(super) fn session(&mut self, at: Timestamp, collector: Collector, peer: Peer, up: bool) {
        let key = (collector.clone(), peer);
        if up {
            let size = Size::default();
            self.learning.peers.insert(key, Sending { size, began: at, last: at });
        } else {
            self.learning.peers.remove(&key);
        }
        self.give(at, collector, What::Session { peer, up });
    }

    /// A peer announced so many prefixes.
    pub(super) fn counted(
        &mut self,
        at: Timestamp,
        collector: &Collector,
        peer: Peer,
        prefixes: u32,
        has_default: bool,
    ) {
        if self.learning.peers.is_empty() {
            return;
        }
        if let Some(sending) = self.learning.peers.get_mut(&(collector.clone(), peer)) {
            sending.size.prefixes += prefixes;
            sending.size.has_default |= has_default;
            sending.last = at;
        }
    }

    /// A peer said that its table ends here (RFC 4724, 2).
    pub(super) fn end_of_table(&mut self, at: Timestamp, collector: Collector, peer: Peer) {
        let key = (collector, peer);
        let Some(sending) = self.learning.peers.get(&key).copied() else { return };
        if sending.size.prefixes > 0 {
            self.learning.peers.remove(&key);
            self.give(at, key.0, What::Learned { peer, size: sending.size });
        }
    }

    /// It is so late: who has been quiet has sent its table.
    pub(super) fn now(&mut self, at: Timestamp) {
        if self.learning.peers.is_empty()
            || self.learning.looked.is_some_and(|looked| at.duration_since(looked).abs() < EVERY)
        {
            return;
        }
        self.learning.looked = Some(at);
        self.learned(|sending| {
            let quiet = sending.last.saturating_add(QUIET).ok();
            let late = sending.began.saturating_add(LONGEST).ok();
            quiet.min(late).filter(|due| *due <= at)
        });
    }

    /// Nothing comes any more: what a peer has sent is its table.
    pub(super) fn end(&mut self) {
        self.learned(|sending| Some(sending.last));
    }

    fn learned(&mut self, due: impl Fn(&Sending) -> Option<Timestamp>) {
        let mut done: Vec<_> = self
            .learning
            .peers
            .iter()
            .filter_map(|(key, sending)| Some((due(sending)?, key.clone(), sending.size)))
            .collect();
        done.sort_unstable_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        for (at, (collector, peer), size) in done {
            self.learning.peers.remove(&(collector.clone(), peer));
            self.give(at, collector, What::Learned { peer, size });
        }
    }
}
