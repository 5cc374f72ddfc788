//! Builds the hops of one trace, by rising TTL, from its tries in any order.

use jiff::Timestamp;

use super::values::MOST_LABELS;
use crate::trace::{Hop, HopReply, HopTry, MplsLabel, Ttl};

/// How many silent tries are made of a TTL; a number beyond that is a mistake.
const MOST: u16 = 32;

/// Hops by rising TTL.
#[derive(Debug, Default)]
pub(super) struct HopBuilder(Vec<Hop>);

impl HopBuilder {
    /// A try whose number is known. TTL 0 is none.
    pub(super) fn put(&mut self, ttl: u8, one: HopTry) {
        if let Some(ttl) = Ttl::new(ttl) {
            self.tries(ttl).push(one);
        }
    }

    /// A try that came after those added before.
    pub(super) fn add(&mut self, ttl: u8, sent: Option<Timestamp>, answer: Option<HopReply>) {
        if let Some(ttl) = Ttl::new(ttl) {
            push(self.tries(ttl), sent, answer);
        }
    }

    /// Tries that came after those added before, and of which nobody knows when they left.
    pub(super) fn add_all(
        &mut self,
        ttl: u8,
        answers: impl ExactSizeIterator<Item = Option<HopReply>>,
    ) {
        let Some(ttl) = Ttl::new(ttl) else { return };
        let tries = self.tries(ttl);
        tries.reserve_exact(answers.len());
        answers.for_each(|answer| push(tries, None, answer));
    }

    /// The last answer at `ttl` quoted these labels.
    pub(super) fn label(&mut self, ttl: u8, labels: &[MplsLabel]) {
        let hop = self.0.iter_mut().find(|hop| hop.ttl.get() == ttl);
        let tries = hop.into_iter().flat_map(|hop| &mut hop.tries);
        let mut answers = tries.rev().filter_map(|one| one.answer.as_mut());
        if let Some(answer) = answers.next() {
            let all = answer.labels.iter().chain(labels).copied();
            answer.labels = all.take(MOST_LABELS).collect();
        }
    }

    /// `ttl` was asked: `tries` times, if it stayed silent; before the last try that is known of,
    /// if not.
    pub(super) fn asked(&mut self, ttl: u8, tries: u16) {
        let Some(ttl) = Ttl::new(ttl) else { return };
        let known = self.tries(ttl);
        let last = known.iter().map(|one| one.attempt).max();
        let tries = last.unwrap_or(tries.max(1)).min(MOST);
        for attempt in 0..tries {
            if known.iter().all(|one| one.attempt != attempt) {
                known.push(HopTry { attempt, sent: None, answer: None });
            }
        }
    }

    /// Whether something is known of `ttl`.
    pub(super) fn has(&self, ttl: u8) -> bool {
        self.0.iter().any(|hop| hop.ttl.get() == ttl)
    }

    /// Whether there are no tries.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hops.
    pub(super) fn hops(mut self) -> Vec<Hop> {
        for Hop { tries, .. } in &mut self.0 {
            tries.sort_by_key(|one| one.attempt);
            // Two answers to one probe are two tries: each has a number of its own.
            let mut next = 0;
            for one in tries {
                one.attempt = one.attempt.max(next);
                next = one.attempt.saturating_add(1);
            }
        }
        self.0
    }

    /// The tries at `ttl`. Mostly that is the last one, or one behind it.
    fn tries(&mut self, ttl: Ttl) -> &mut Vec<HopTry> {
        let behind = self.0.iter().rposition(|hop| hop.ttl <= ttl).map_or(0, |place| place + 1);
        let place = match behind.checked_sub(1) {
            Some(place) if self.0[place].ttl == ttl => place,
            _ => {
                self.0.insert(behind, Hop { ttl, tries: Vec::new() });
                behind
            }
        };
        &mut self.0[place].tries
    }
}

fn push(tries: &mut Vec<HopTry>, sent: Option<Timestamp>, answer: Option<HopReply>) {
    let attempt = u16::try_from(tries.len()).unwrap_or(u16::MAX);
    tries.push(HopTry { attempt, sent, answer });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(builder: HopBuilder) -> Vec<(u8, Vec<u16>)> {
        let numbers = |hop: &Hop| hop.tries.iter().map(|one| one.attempt).collect();
        builder.hops().iter().map(|hop| (hop.ttl.get(), numbers(hop))).collect()
    }

    #[test]
    fn what_was_asked_and_stayed_silent_has_its_tries() {
        let mut builder = HopBuilder::default();
        builder.put(3, HopTry { attempt: 2, sent: None, answer: None });
        builder.put(0, HopTry { attempt: 0, sent: None, answer: None });
        builder.asked(3, 3);
        builder.asked(1, 2);
        builder.asked(2, 0);
        assert_eq!(tries(builder), [(1, vec![0, 1]), (2, vec![0]), (3, vec![0, 1, 2])]);
    }
}
