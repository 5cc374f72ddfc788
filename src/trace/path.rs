//! The foreign part of a path: which foreign routers answered, in which order, and what ends it.
//!
//! The one definition of a path's end. The prober asks it to decide when a trace is complete, and
//! [`crate::border`] asks it where the last foreign hop is. A pure function of answers.

use std::net::Ipv4Addr;

use crate::targets::Block;

use super::ReplyKind;

/// The foreign routers of a path and its end. `T` is the type that the caller has for TTLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignPath<T> {
    /// The foreign routers that answered before the path ends, nearest first, each once. The last
    /// one is the last foreign hop.
    pub routers: Vec<Router<T>>,
    /// What ends the path.
    pub end: PathEnd<T>,
}

/// A foreign router on a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Router<T> {
    /// Its address.
    pub address: Ipv4Addr,
    /// Its place on the path: the highest TTL at which it answered. In a loop it is the lowest,
    /// because a loop repeats all of its routers.
    pub ttl: T,
    /// The lowest TTL at which it answered.
    pub first: T,
    /// Whether it ended the path with a destination unreachable.
    pub unreachable: bool,
}

/// What ends a path, and at which TTL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathEnd<T> {
    /// A home address answered.
    Home {
        /// The lowest TTL behind the last change from foreign to home.
        ttl: T,
        /// The best proof of it.
        proof: HomeProof,
    },
    /// A foreign router sent a destination unreachable.
    Unreachable {
        /// The lowest TTL at which it did.
        ttl: T,
        /// The router.
        by: Ipv4Addr,
        /// The code of ICMP type 3.
        code: u8,
    },
    /// The target replied, from a foreign address.
    ForeignReply {
        /// The lowest TTL at which it did.
        ttl: T,
        /// The address.
        from: Ipv4Addr,
    },
    /// The answers go round in a loop.
    Loop {
        /// The TTL at which that shows.
        ttl: T,
    },
    /// Nothing ends the path.
    Open,
}

/// What a home answer proves, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HomeProof {
    /// A time exceeded of a router that may stand outside and only bear a home address: the target's own,
    /// as behind NAT, or one behind which a foreign router answers. The path may go on.
    Doubtful,
    /// A time exceeded from a router.
    Router,
    /// A reply of a target's own kind, or a refusal: nothing is behind.
    Reply,
}

impl<T: Copy> PathEnd<T> {
    /// The TTL at which the path ends.
    #[must_use]
    pub fn ttl(self) -> Option<T> {
        match self {
            Self::Home { ttl, .. }
            | Self::Unreachable { ttl, .. }
            | Self::ForeignReply { ttl, .. }
            | Self::Loop { ttl } => Some(ttl),
            Self::Open => None,
        }
    }
}

/// How many answers most traces have no more of.
const USUAL: usize = 64;
/// How many routers most paths have no more of.
const USUAL_ROUTERS: usize = 16;

impl<T: Copy + Ord> ForeignPath<T> {
    /// The foreign path to `target` that `answers` show: TTL, address and kind of each, by rising TTL and
    /// then by attempt.
    ///
    /// The path ends at the last change from foreign to home; where there is none, at the first reply that
    /// is no time exceeded. A home address that foreign routers follow is somebody's numbering and ends
    /// nothing. Routers stand in the order of the highest TTLs at which they answered: a router that
    /// answers for its neighbours as well is followed by what answers behind its last answer.
    #[must_use]
    pub fn of(
        answers: impl Iterator<Item = (T, Ipv4Addr, ReplyKind)>,
        target: Ipv4Addr,
        block: &Block,
    ) -> Self {
        let mut found = Vec::with_capacity(USUAL);
        // Not by `extend`, which would ask the iterator for each.
        answers.for_each(|answer| found.push(answer));
        let answers = found;
        let home = find_home(&answers, target, block);
        let last = home.is_none().then(|| {
            let ends = |(_, from, kind): &(T, Ipv4Addr, ReplyKind)| {
                *kind != ReplyKind::TimeExceeded && !block.contains(*from)
            };
            answers.iter().position(ends)
        });
        let last = last.flatten();
        let mut end = match (home, last.map(|place| answers[place])) {
            (Some((ttl, proof)), _) => PathEnd::Home { ttl, proof },
            (_, Some((ttl, by, ReplyKind::Unreachable(code)))) => {
                PathEnd::Unreachable { ttl, by, code }
            }
            (_, Some((ttl, from, _))) => PathEnd::ForeignReply { ttl, from },
            (None, None) => PathEnd::Open,
        };
        let mut routers: Vec<Router<T>> = Vec::with_capacity(USUAL_ROUTERS);
        let mut repeated = 0;
        for (place, (ttl, address, kind)) in answers.iter().copied().enumerate() {
            let before_the_end =
                end.ttl().is_none_or(|end| ttl < end) || last.is_some_and(|last| last == place);
            if !before_the_end || block.contains(address) || kind == ReplyKind::EchoReply {
                continue;
            }
            let unreachable = matches!(kind, ReplyKind::Unreachable(_));
            match routers.iter_mut().rev().find(|router| router.address == address) {
                Some(router) => {
                    repeated += usize::from(router.ttl != ttl);
                    router.ttl = ttl;
                    router.unreachable |= unreachable;
                }
                None => routers.push(Router { address, ttl, first: ttl, unreachable }),
            }
        }
        if end == PathEnd::Open
            && repeated >= 2
            && let Some(ttl) = find_loop(&answers)
        {
            end = PathEnd::Loop { ttl };
            for router in &mut routers {
                router.ttl = router.first;
            }
        }
        if repeated > 0 {
            routers.sort_by_key(|router| router.ttl);
        }
        Self { routers, end }
    }
}

/// How many foreign routers that answer only behind a home address show that it ends nothing. One can be
/// a router of the block that answers from the address of its uplink.
const FOLLOWERS: usize = 2;

/// The lowest TTL behind the last change from foreign to home, and what proves it.
fn find_home<T: Copy + Ord>(
    answers: &[(T, Ipv4Addr, ReplyKind)],
    target: Ipv4Addr,
    block: &Block,
) -> Option<(T, HomeProof)> {
    let home = answers.iter().filter(|(_, from, _)| block.contains(*from));
    let home: Vec<T> = home.map(|(ttl, _, _)| *ttl).collect();
    let furthest = *home.last()?;
    let is_router = |(ttl, from, kind): &&(T, Ipv4Addr, ReplyKind)| {
        !block.contains(*from) && *kind != ReplyKind::EchoReply && !home.contains(ttl)
    };
    let (before, behind) = answers.split_at(answers.partition_point(|(ttl, ..)| *ttl < furthest));
    let change = before.iter().rev().find(is_router).map(|(ttl, ..)| *ttl);
    let mut followers: Vec<Ipv4Addr> = Vec::new();
    for (_, from, _) in behind.iter().filter(is_router) {
        let is_before = || before.iter().filter(is_router).any(|(_, seen, _)| seen == from);
        if !followers.contains(from) && !is_before() {
            followers.push(*from);
        }
    }
    // Where no foreign router is before it, nothing has changed from foreign to home.
    if followers.len() >= if change.is_none() { 1 } else { FOLLOWERS } {
        return None;
    }
    let mut behind = answers
        .iter()
        .filter(|(ttl, from, _)| block.contains(*from) && change.is_none_or(|at| *ttl > at))
        .peekable();
    let ttl = behind.peek()?.0;
    let proof = |(_, from, kind): &(T, Ipv4Addr, ReplyKind)| match kind {
        ReplyKind::TimeExceeded if *from == target || !followers.is_empty() || change.is_none() => {
            HomeProof::Doubtful
        }
        ReplyKind::TimeExceeded => HomeProof::Router,
        ReplyKind::Unreachable(_) | ReplyKind::EchoReply => HomeProof::Reply,
    };
    behind.map(proof).max().map(|proof| (ttl, proof))
}

/// The TTL at which a loop shows: two hops have answered that had answered before, and nothing new
/// answers behind. One repetition can be a route that changed or a router that answers for its
/// neighbour.
fn find_loop<T: Copy + Ord>(answers: &[(T, Ipv4Addr, ReplyKind)]) -> Option<T> {
    let mut hops: Vec<(T, Ipv4Addr)> = Vec::new();
    let (mut repeated, mut shows_at) = (0, None);
    for (ttl, address, _) in answers.iter().copied() {
        if hops.last().is_some_and(|(last, _)| *last == ttl) {
            continue;
        }
        let place = hops.len();
        let seen = hops.iter().rposition(|(_, seen)| *seen == address);
        let four_in_a_row =
            place >= 3 && hops[place - 3..].iter().all(|(_, before)| *before == address);
        match seen {
            None => (repeated, shows_at) = (0, None),
            Some(seen) if place - seen > 1 || four_in_a_row => {
                repeated += 1;
                if repeated == 2 {
                    shows_at = Some(ttl);
                }
            }
            Some(_) => {}
        }
        hops.push((ttl, address));
    }
    shows_at
}
