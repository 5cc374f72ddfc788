//! The words of hop lines, as traceroute's descendants write them: addresses, then their times, then
//! marks that belong to the time before them.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::trace::{Hop, HopAnswer, HopTry, Kind, Ttl};

/// Hops while their lines are read.
#[derive(Debug, Default)]
pub(super) struct HopWords {
    hops: Vec<Hop>,
    /// Whose times follow.
    address: Option<Ipv4Addr>,
    /// Hops that answered and whose address is not there.
    nameless: usize,
}

/// A word, and what it may be.
#[derive(Debug, Clone, Copy)]
enum Word {
    Star,
    Address(Ipv4Addr),
    Time(Duration),
    Mark(Kind),
    /// A name, an AS, a unit: nothing that is needed.
    Other,
}

impl HopWords {
    pub(super) fn is_empty(&self) -> bool {
        self.hops.is_empty()
    }

    /// Takes the words of a line: those of a TTL, or further ones of the last.
    pub(super) fn line<'w>(&mut self, ttl: Option<u8>, words: impl Iterator<Item = &'w str>) {
        if let Some(ttl) = ttl.and_then(Ttl::new) {
            self.address = None;
            // The same TTL again is the same hop: some print it for every address.
            if self.hops.last().is_none_or(|hop| hop.ttl != ttl) {
                self.hops.push(Hop { ttl, tries: Vec::new() });
            }
        }
        let words: Vec<&str> = words.collect();
        for (place, word) in words.iter().enumerate() {
            let unit = words.get(place + 1).is_some_and(|next| next.starts_with("ms"));
            let last = place + 1 == words.len();
            self.word(Word::of(word, unit || last && place > 0));
        }
    }

    fn word(&mut self, word: Word) {
        let Some(hop) = self.hops.last_mut() else { return };
        let attempt = u16::try_from(hop.tries.len()).unwrap_or(u16::MAX);
        match word {
            Word::Star => hop.tries.push(HopTry { attempt, sent: None, answer: None }),
            Word::Address(address) => self.address = Some(address),
            Word::Time(rtt) => {
                let answer = self.address.map(|from| HopAnswer {
                    from,
                    kind: Kind::TimeExceeded,
                    rtt: Some(rtt),
                    reply_ttl: None,
                    labels: Box::default(),
                });
                self.nameless += usize::from(answer.is_none());
                hop.tries.push(HopTry { attempt, sent: None, answer });
            }
            Word::Mark(kind) => {
                if let Some(answer) = hop.tries.last_mut().and_then(|one| one.answer.as_mut()) {
                    answer.kind = kind;
                }
            }
            Word::Other => {}
        }
    }

    /// The address that answered last.
    pub(super) fn last_address(&self) -> Option<Ipv4Addr> {
        self.hops.iter().rev().find_map(|hop| hop.answers().last()).map(|answer| answer.from)
    }

    /// Whether something answered, and no address can be read.
    pub(super) fn names_only(&self) -> bool {
        self.nameless > 0 && self.last_address().is_none()
    }

    /// The hops by rising TTL.
    pub(super) fn hops(self) -> Vec<Hop> {
        let mut hops: Vec<Hop> = Vec::new();
        let mut read: Vec<Hop> =
            self.hops.into_iter().filter(|hop| !hop.tries.is_empty()).collect();
        read.sort_by_key(|hop| hop.ttl);
        for hop in read {
            match hops.last_mut().filter(|last| last.ttl == hop.ttl) {
                Some(last) => last.tries.extend(hop.tries),
                None => hops.push(hop),
            }
        }
        hops
    }
}

impl Word {
    /// `timed` says that a unit follows, or nothing at all.
    fn of(word: &str, timed: bool) -> Self {
        if word == "*" {
            return Self::Star;
        }
        if let Some(mark) = word.strip_prefix('!') {
            return mark_of(mark).map_or(Self::Other, Self::Mark);
        }
        let inside = word.trim_start_matches('(').trim_end_matches([')', ',']);
        if let Ok(address) = inside.parse() {
            return Self::Address(address);
        }
        let glued = word.strip_suffix("ms");
        match millis(glued.unwrap_or(word)).filter(|_| timed || glued.is_some()) {
            Some(rtt) => Self::Time(rtt),
            None => Self::Other,
        }
    }
}

fn millis(text: &str) -> Option<Duration> {
    let millis: f64 = text.replace(',', ".").parse().ok()?;
    // Longer than an hour is no RTT.
    (0.0..3_600_000.0).contains(&millis).then(|| Duration::from_secs_f64(millis / 1e3))
}

/// The ICMP code behind a mark (RFC 792, RFC 1812); `!` alone says only that a TTL was low.
fn mark_of(mark: &str) -> Option<Kind> {
    let code = match mark.split('-').next()? {
        "" => return None,
        "N" => 0,
        "H" => 1,
        "P" => 2,
        "F" => 4,
        "S" => 5,
        "X" | "A" => 13,
        "V" => 14,
        "C" => 15,
        number => number.trim_matches(['<', '>']).parse().ok()?,
    };
    Some(Kind::Unreachable(code))
}
