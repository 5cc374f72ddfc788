//! The divergence point of a routed prefix: the TTL where its paths part between carriers, and whether they do so
//! packet by packet.
//!
//! Where each packet takes a path of its own, a silent TTL that is asked again is sooner or later answered by
//! the longest of the paths: traces count it too often. So there packets are counted, at a TTL where both
//! carriers answer. What one trace shows at one TTL, asked a few times, tells such a balance from one by flow.

use std::collections::{BTreeMap, BTreeSet};

use crate::targets::ClassId;

use super::exchange::ProbeTtl;

/// How often a trace that finds out is to have an answer from one TTL.
const ANSWERS: usize = 3;
/// How many traces must have had the same carrier each time before the balance is one by flow.
const ENOUGH: u32 = 8;
/// How many traces find out; and how many where the carrier has changed within a flow.
const TESTERS: u32 = 10;
const MOST_TESTERS: u32 = 96;
/// How often the carrier must have changed within a flow, each way: a route that changes does so one way.
const CHANGES: u32 = 2;

/// How often it must have changed one way, and never back, before the route has changed.
const ONE_WAY: u32 = 8;

/// The carrier class of a router, where it has one.
type Seen = Option<ClassId>;

/// What the traces of a routed prefix have shown of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Divergence {
    /// Whose routers answer at each TTL.
    seen: BTreeMap<ProbeTtl, BTreeSet<Seen>>,
    /// How often the carrier changed within a flow, from one answer at a TTL to the next.
    changes: BTreeMap<(Seen, Seen), u32>,
    /// How many traces had the same carrier each time.
    constant: u32,
    /// How many have begun to find out, and how many are at it.
    testers: u32,
    running: u32,
}

/// What a trace does to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Test {
    /// Nothing.
    #[default]
    None,
    /// It asks one TTL several times.
    Running,
    /// It has done so.
    Done,
}

impl Divergence {
    /// A router of this class answered at `ttl`; `before` are those of earlier answers in the same flow.
    pub(super) fn observe(&mut self, ttl: ProbeTtl, class: Seen, before: Option<Seen>) {
        self.seen.entry(ttl).or_default().insert(class);
        if let Some(before) = before.filter(|before| *before != class) {
            *self.changes.entry((before, class)).or_default() += 1;
        }
    }

    /// The nearest TTL at which different carriers answer, as long as it may be packets that are spread. It is the
    /// place at which every trace is to have an answer.
    pub(super) fn ttl(&self) -> Option<ProbeTtl> {
        let by_flow = self.constant >= ENOUGH && self.changes.is_empty() || self.has_moved();
        let classes: BTreeSet<&ClassId> = self.seen.values().flatten().flatten().collect();
        if by_flow || classes.len() < 2 {
            return None;
        }
        self.seen.iter().find(|(_, classes)| classes.len() > 1).map(|(ttl, _)| *ttl)
    }

    /// Whether each packet takes a path of its own.
    pub(super) fn is_by_packet(&self) -> bool {
        let often = |(from, to): &(Seen, Seen)| {
            self.changes.get(&(*from, *to)).is_some_and(|count| *count >= CHANGES)
        };
        self.changes.keys().any(|change| often(change) && often(&(change.1, change.0)))
    }

    /// Whether the carrier changed so often one way alone that the route has changed.
    fn has_moved(&self) -> bool {
        let is_one_way = |(from, to): &(Seen, Seen)| !self.changes.contains_key(&(*to, *from));
        self.changes.iter().any(|(change, count)| *count >= ONE_WAY && is_one_way(change))
            && !self.is_by_packet()
    }

    /// Whether a trace is to have an answer from [`Self::ttl`]: a few, and all once the carrier has changed in a
    /// flow. `slowly` is one after the other, where hops limit their answers.
    pub(super) fn concerns(&mut self, test: &mut Test, slowly: bool) -> bool {
        let most = if self.changes.is_empty() { TESTERS } else { MOST_TESTERS };
        let must_wait = slowly && self.changes.is_empty() && self.running > 0;
        if *test == Test::None && self.testers < most && !must_wait {
            self.testers += 1;
            self.running += 1;
            *test = Test::Running;
        }
        *test == Test::Running || !self.changes.is_empty()
    }

    /// Whether a trace that finds out, with so many `answers` from [`Self::ttl`], all of one carrier or not, is to have another.
    pub(super) fn tests(&mut self, test: &mut Test, answers: usize, is_constant: bool) -> bool {
        if *test != Test::Running || self.is_by_packet() {
            return false;
        }
        if answers >= ANSWERS {
            self.end(test);
            self.constant += u32::from(is_constant);
        }
        answers < ANSWERS
    }

    /// A trace that finds out asks no more.
    pub(super) fn end(&mut self, test: &mut Test) {
        if *test == Test::Running {
            *test = Test::Done;
            self.running -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::targets::Targets;

    use super::{Divergence, ProbeTtl, Seen, Test};

    fn ttl(ttl: u8) -> ProbeTtl {
        ProbeTtl::new(ttl).expect("a TTL")
    }

    fn carriers() -> (Seen, Seen) {
        let targets = Targets::built_in().expect("targets");
        (targets.classes.named("china"), targets.classes.named("russia"))
    }

    #[test]
    fn flows_that_keep_their_carrier_are_not_spread_by_packet() {
        let ((china, russia), mut divergence) = (carriers(), Divergence::default());
        for trace in 0..12 {
            let class = if trace % 2 == 0 { china } else { russia };
            divergence.observe(ttl(7), class, None);
            divergence.observe(ttl(7), class, Some(class));
            let mut test = Test::None;
            assert_eq!(divergence.concerns(&mut test, false), trace < 10);
            assert!(trace == 0 || trace > 7 || divergence.ttl() == Some(ttl(7)));
            assert!(!divergence.tests(&mut test, 3, true));
        }
        assert_eq!((divergence.ttl(), divergence.is_by_packet()), (None, false));
    }

    #[test]
    fn where_hops_limit_their_answers_one_trace_at_a_time_finds_out() {
        let mut divergence = Divergence::default();
        let (mut one, mut other) = (Test::None, Test::None);
        assert!(divergence.concerns(&mut one, true) && !divergence.concerns(&mut other, true));
        divergence.end(&mut one);
        assert!(!divergence.concerns(&mut one, true) && divergence.concerns(&mut other, true));
    }

    #[test]
    fn a_route_that_changes_once_is_no_balance() {
        let ((china, russia), mut divergence) = (carriers(), Divergence::default());
        for change in 1..=20 {
            divergence.observe(ttl(7), china, None);
            assert_eq!(divergence.ttl().is_some(), (2..=8).contains(&change));
            divergence.observe(ttl(7), russia, Some(china));
        }
        assert!(!divergence.is_by_packet());
        divergence.observe(ttl(7), china, Some(russia));
        assert!(!divergence.is_by_packet());
        divergence.observe(ttl(7), china, Some(russia));
        assert!(divergence.is_by_packet());
    }

    #[test]
    fn one_carrier_alone_does_not_part() {
        let ((china, _), mut divergence) = (carriers(), Divergence::default());
        divergence.observe(ttl(7), china, None);
        divergence.observe(ttl(7), None, None);
        assert_eq!(divergence.ttl(), None);
    }
}
