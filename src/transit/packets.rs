//! Packets that are spread over carriers one by one, whatever their flow: what shows it, and the carrier of one
//! packet of each trace.
//!
//! The last foreign hop of such a trace is that of the longest path, since a silent TTL is asked again. So the trace
//! counts for the carrier that answered at the place where the paths part, where one packet is as good as another.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use crate::targets::ClassId;

/// How often the carrier must have changed within flows, each way: a route that changes does so one way.
const CHANGES: u32 = 2;

/// In how few of the answers that follow one another at a TTL it must have changed: over months, routes change as well.
const MOST_CONSTANT: u32 = 50;

/// The routers that answered the traces of a routed prefix, by TTL.
#[derive(Debug, Default)]
pub(super) struct Packets {
    at: BTreeMap<u8, BTreeSet<Ipv4Addr>>,
    /// How often one answer followed another at a TTL, within a flow.
    followed: BTreeMap<u8, u32>,
    /// How often one router followed another at a TTL, within a flow.
    changes: BTreeMap<(Ipv4Addr, Ipv4Addr), u32>,
}

/// The carrier class of an answer, where it has one.
type Seen = Option<ClassId>;

/// Where packets are spread over carriers: the TTLs at which the routers of several answer, nearest first.
#[derive(Debug)]
pub(super) struct Spread {
    parts: Vec<Part>,
}

/// A TTL at which the carriers differ.
#[derive(Debug)]
struct Part {
    ttl: u8,
    /// Where a router of no carrier in question leads to: the only one that is seen further on alone.
    further: Seen,
}

/// Whose packet of a trace counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// The one to this router at this TTL, which goes to a carrier of this class.
    Packet { class: ClassId, ttl: u8, router: Ipv4Addr },
    /// No answer shows the carrier of any.
    None,
}

impl Packets {
    /// Adds the answers of a trace: TTLs and routers, in the order of TTLs and then of attempts.
    pub(super) fn add(&mut self, answers: &[(u8, Ipv4Addr)]) {
        let mut before: Option<(u8, Ipv4Addr)> = None;
        for (ttl, router) in answers.iter().copied() {
            self.at.entry(ttl).or_default().insert(router);
            if let Some((_, earlier)) = before.filter(|(at, _)| *at == ttl) {
                *self.followed.entry(ttl).or_default() += 1;
                if earlier != router {
                    *self.changes.entry((earlier, router)).or_default() += 1;
                }
            }
            before = Some((ttl, router));
        }
    }

    /// Where packets are spread over carriers; nothing where they are not.
    pub(super) fn spread(&self, mut class: impl FnMut(Ipv4Addr) -> Seen) -> Option<Spread> {
        let mut changes: BTreeMap<(Seen, Seen), u32> = BTreeMap::new();
        for ((from, to), count) in &self.changes {
            *changes.entry((class(*from), class(*to))).or_default() += count;
        }
        let often =
            |from: Seen, to: Seen| changes.get(&(from, to)).is_some_and(|it| *it >= CHANGES);
        let spreads =
            |(from, to): &(Seen, Seen)| from != to && often(*from, *to) && often(*to, *from);
        if !changes.keys().any(spreads) {
            return None;
        }
        let seen: BTreeMap<u8, BTreeSet<Seen>> = self
            .at
            .iter()
            .map(|(ttl, routers)| (*ttl, routers.iter().map(|router| class(*router)).collect()))
            .collect();
        if seen.values().flatten().flatten().collect::<BTreeSet<_>>().len() < 2 {
            return None;
        }
        let part = |(ttl, here): (&u8, &BTreeSet<Seen>)| {
            let behind = seen.range(ttl + 1..).flat_map(|(_, classes)| classes).flatten();
            let others: BTreeSet<&ClassId> =
                behind.filter(|it| !here.contains(&Some(**it))).collect();
            let further = others.first().filter(|_| others.len() == 1).map(|it| **it);
            Part { ttl: *ttl, further }
        };
        let followed: u32 = seen
            .iter()
            .filter(|(_, classes)| classes.len() > 1)
            .filter_map(|(ttl, _)| self.followed.get(ttl))
            .sum();
        let between_carriers: u32 =
            changes.iter().filter(|((from, to), _)| from != to).map(|(_, count)| count).sum();
        if between_carriers.saturating_mul(MOST_CONSTANT) < followed {
            return None;
        }
        let parts = seen.iter().filter(|(_, classes)| classes.len() > 1).map(part).collect();
        Some(Spread { parts })
    }
}

impl Spread {
    /// Whose packet counts of the trace with these `answers`.
    pub(super) fn counted(
        &self,
        answers: &[(u8, Ipv4Addr)],
        mut class: impl FnMut(Ipv4Addr) -> Seen,
    ) -> Counted {
        let packet = self.parts.iter().find_map(|Part { ttl, further }| {
            let (_, router) = answers.iter().find(|(at, _)| at == ttl)?;
            let class = class(*router).or(*further)?;
            Some(Counted::Packet { class, ttl: *ttl, router: *router })
        });
        packet.unwrap_or(Counted::None)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use crate::targets::Targets;

    use super::{Counted, Packets};

    const CHINA: Ipv4Addr = Ipv4Addr::new(219, 158, 3, 1);
    const RUSSIA: Ipv4Addr = Ipv4Addr::new(188, 43, 28, 9);
    const OTHER: Ipv4Addr = Ipv4Addr::new(4, 69, 140, 30);

    /// Three answers at hop 7 in each trace.
    fn packets(traces: impl IntoIterator<Item = [Ipv4Addr; 3]>) -> Packets {
        let mut packets = Packets::default();
        for routers in traces {
            packets.add(&routers.map(|router| (7, router)));
        }
        packets
    }

    #[test]
    fn packets_are_spread_where_answers_change_often() {
        let targets = Targets::built_in().expect("targets");
        let class = |router| targets.carriers.class_of(router);
        let change = [CHINA, RUSSIA, CHINA];
        let often = packets((0..40).map(|at| if at % 4 == 0 { change } else { [CHINA; 3] }));
        let spread = often.spread(class).expect("a spread");
        let china = targets.classes.named("china").expect("a class");
        let packet = Counted::Packet { class: china, ttl: 7, router: CHINA };
        assert_eq!(spread.counted(&[(7, CHINA), (7, RUSSIA)], class), packet);
        assert_eq!(spread.counted(&[(6, OTHER)], class), Counted::None);
    }

    /// Over months the route changed within some traces, there and back.
    #[test]
    fn routes_that_change_now_and_then_spread_no_packets() {
        let targets = Targets::built_in().expect("targets");
        let change = [CHINA, RUSSIA, CHINA];
        let rarely = packets((0..400).map(|at| if at % 100 == 0 { change } else { [CHINA; 3] }));
        assert!(rarely.spread(|router| targets.carriers.class_of(router)).is_none());
    }
}
