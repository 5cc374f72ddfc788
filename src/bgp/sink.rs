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
/// A collector that recorded nothing for so long is silent, if that is far longer than ever before: a session on which not
/// even a keepalive comes ends after 90 seconds (RFC 4271, 10).
const SILENT: SignedDuration = SignedDuration::from_mins(5);
const FAR_LONGER: i32 = 3;
/// What is usual is known after so many records that are not of the block, and so much time.
const ENOUGH: (u64, SignedDuration) = (100, SignedDuration::from_mins(10));
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

/// How many different prefixes there are, since routers announce one again while they look for the best path: a bit for
/// each, by its hash, and from those that stay 0 how many there must have been (Whang, "linear-time probabilistic counting",
/// TODS 15, 1990). It takes 128 KiB, and is off by less than 1 % for any table of today.
#[derive(Debug, Clone, Default)]
struct Distinct {
    bits: Vec<u64>,
}

impl Distinct {
    const BITS: usize = 1 << 20;

    fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    fn add(&mut self, network: u32, length: u8) {
        self.bits.resize(Self::BITS / 64, 0);
        let number = u64::from(network) << 8 | u64::from(length);
        // The finalizer of MurmurHash3: every bit of the number moves every bit of the hash.
        let number = (number ^ number >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let number = (number ^ number >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        let place =
            usize::try_from((number ^ number >> 33) % Self::BITS as u64).unwrap_or_default();
        self.bits[place / 64] |= 1 << (place % 64);
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 15 million"
    )]
    fn count(&self) -> u32 {
        let all = f64::from(1 << 20);
        let set: u32 = self.bits.iter().map(|word| word.count_ones()).sum();
        let zeros = (all - f64::from(set)).max(1.0);
        (all * (all / zeros).ln()).round() as u32
    }
}

type Collector = Option<Arc<str>>;

/// The tables that peers are sending, over all files of a collector.
#[derive(Debug, Default)]
pub(super) struct Learning {
    peers: HashMap<(Collector, Peer), Sending>,
    looked: Option<Timestamp>,
    /// The time of the youngest record.
    latest: Option<Timestamp>,
    /// How close to each other the records of each collector are.
    recordings: Vec<(Collector, Recording)>,
    /// How many updates were of the block: a file that has nothing else shows no silence.
    of_block: u64,
}

impl Learning {
    /// The next file does not begin where the last one ended.
    pub(super) fn interrupt(&mut self) {
        self.recordings.iter_mut().for_each(|(_, recording)| recording.latest = None);
    }
}

/// How close to each other records are, whatever they are about.
#[derive(Debug, Default)]
struct Recording {
    latest: Option<Timestamp>,
    records: u64,
    /// The time without interruptions.
    lasts: SignedDuration,
    longest: SignedDuration,
}

impl Recording {
    /// Takes the time of a record. Since when there was silence, if it ends here.
    fn add(&mut self, at: Timestamp, of_block: u64) -> Option<Timestamp> {
        self.records += 1;
        let latest = self.latest.replace(at)?;
        if at <= latest {
            self.latest = Some(latest);
            return None;
        }
        let gap = at.duration_since(latest);
        let others = self.records.saturating_sub(of_block);
        let is_known = others > ENOUGH.0 && self.lasts >= ENOUGH.1;
        if is_known && gap >= SILENT && gap >= self.longest * FAR_LONGER {
            return Some(latest);
        }
        self.lasts += gap;
        self.longest = self.longest.max(gap);
        None
    }
}

#[derive(Debug, Clone)]
struct Sending {
    prefixes: Distinct,
    has_default: bool,
    /// Whether something outside the block was announced: else the file has the block alone, and no sizes.
    has_others: bool,
    /// Whether only an OPEN shows that the session came up.
    by_open: bool,
    began: Timestamp,
    last: Timestamp,
    /// When it said that its table ends.
    ended: Option<Timestamp>,
}

impl Sending {
    fn learned(&self, peer: Peer) -> What {
        let size = Size { prefixes: self.prefixes.count(), has_default: self.has_default };
        let size = self.has_others.then_some(size);
        What::Learned { peer, size, keeps: self.by_open && self.prefixes.is_empty() }
    }
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
        self.learning.of_block += u64::from(matches!(what, What::Update(..)));
        (self.take)(Record { at, collector, what });
    }

    pub(super) fn problem(&mut self, place: u64, why: &str) {
        (self.wrong)(place, why);
    }

    /// A session came up or went down.
    pub(super) fn session(&mut self, at: Timestamp, collector: Collector, peer: Peer, up: bool) {
        self.begins_or_ends(at, collector, peer, up, false);
    }

    /// A message shows that a session begins or ends, where its states are not recorded.
    pub(super) fn shown(&mut self, at: Timestamp, collector: Collector, peer: Peer, up: bool) {
        self.begins_or_ends(at, collector, peer, up, true);
    }

    fn begins_or_ends(
        &mut self,
        at: Timestamp,
        collector: Collector,
        peer: Peer,
        up: bool,
        by_open: bool,
    ) {
        let key = (collector.clone(), peer);
        if up {
            let sending = Sending {
                prefixes: Distinct::default(),
                has_default: false,
                has_others: false,
                by_open,
                began: at,
                last: at,
                ended: None,
            };
            self.learning.peers.insert(key, sending);
        } else {
            self.learning.peers.remove(&key);
        }
        self.give(at, collector, What::Session { peer, up });
    }

    /// Whether a peer is sending its table.
    pub(super) fn is_sending(&self, collector: Option<&Arc<str>>, peer: Peer) -> bool {
        !self.learning.peers.is_empty()
            && self.learning.peers.contains_key(&(collector.cloned(), peer))
    }

    /// A peer that is sending its table announced these prefixes.
    pub(super) fn counted(
        &mut self,
        at: Timestamp,
        collector: Option<&Arc<str>>,
        peer: Peer,
        prefixes: impl IntoIterator<Item = (u32, u8)>,
    ) {
        let wanted = self.wanted;
        let Some(sending) = self.learning.peers.get_mut(&(collector.cloned(), peer)) else {
            return;
        };
        for (network, length) in prefixes {
            sending.prefixes.add(network, length);
            sending.has_others |= !wanted.has(network, length);
            sending.has_default |= length == 0;
            sending.last = at;
        }
    }

    /// A peer said that its table ends here (RFC 4724, 2). Routers say so while the last routes are still on their way.
    pub(super) fn end_of_table(&mut self, at: Timestamp, collector: Collector, peer: Peer) {
        if let Some(sending) = self.learning.peers.get_mut(&(collector, peer))
            && !sending.prefixes.is_empty()
        {
            sending.ended = sending.ended.or(Some(at));
        }
    }

    /// A record of a collector is so late, whatever it is about: one that was silent until now had a gap.
    pub(super) fn recorded(&mut self, at: Timestamp, collector: Option<&Arc<str>>) {
        let recordings = &mut self.learning.recordings;
        let known = recordings.iter().position(|(known, _)| known.as_ref() == collector);
        let place = known.unwrap_or_else(|| {
            recordings.push((collector.cloned(), Recording::default()));
            recordings.len() - 1
        });
        if let Some(since) = recordings[place].1.add(at, self.learning.of_block) {
            self.give(at, collector.cloned(), What::Silence { since });
        }
    }

    /// It is so late: who has been quiet has sent its table.
    pub(super) fn now(&mut self, at: Timestamp) {
        self.learning.latest = self.learning.latest.max(Some(at));
        if self.learning.peers.is_empty()
            || self.learning.looked.is_some_and(|looked| at.duration_since(looked).abs() < EVERY)
        {
            return;
        }
        self.learning.looked = Some(at);
        self.learned(|sending| {
            let quiet = sending.last.saturating_add(QUIET).ok();
            let late = sending.began.saturating_add(LONGEST).ok();
            let ended = sending.ended.and_then(|ended| ended.saturating_add(QUIET).ok());
            let due = quiet.min(late);
            let due = ended.map_or(due, |ended| due.min(Some(ended)));
            // It is known now, behind the records that have gone by.
            due.filter(|due| *due <= at).map(|_| at)
        });
    }

    /// Nothing comes any more: what a peer has sent is its table.
    pub(super) fn end(&mut self) {
        let latest = self.learning.latest;
        self.learned(|sending| latest.max(Some(sending.last)));
    }

    fn learned(&mut self, due: impl Fn(&Sending) -> Option<Timestamp>) {
        let mut done: Vec<_> = self
            .learning
            .peers
            .iter()
            .filter_map(|(key, sending)| Some((due(sending)?, key.clone(), sending.clone())))
            .collect();
        done.sort_unstable_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
        for (at, (collector, peer), sending) in done {
            self.learning.peers.remove(&(collector.clone(), peer));
            self.give(at, collector, sending.learned(peer));
        }
    }
}
