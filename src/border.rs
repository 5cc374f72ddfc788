//! The last foreign hop of a trace, and what answered behind it.
//!
//! A pure function of one trace. It looks only at addresses: whether they are home, special or
//! neither. `owner` and `transit` say who holds them.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::targets::{Block, Special, Specials};
use crate::trace::{ForeignPath, PathEnd, ReplyKind, Router, Trace, Ttl};

/// The end of the foreign part of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Border {
    /// The last foreign hop that can be attributed at all, if any answered.
    pub last: Option<LastHop>,
    /// Foreign hops behind `last` that can decide nothing, nearest first.
    pub skipped: Vec<Skipped>,
    /// What follows the foreign part.
    pub behind: Behind,
    /// The silent TTLs right before `last`.
    pub silent_before: u8,
    /// The attributable foreign hops up to `last`, nearest first, each address once.
    pub path: Vec<Ipv4Addr>,
    /// Answers of which only one can be true, where the end rests on one of them.
    pub contradiction: Option<Contradiction>,
}

/// One probe that was answered twice, each time otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contradiction {
    /// The TTL of the probe.
    pub ttl: Ttl,
    /// Who answered first. That answer is part of the trace.
    pub from: Ipv4Addr,
    /// Who answered then.
    pub by: Ipv4Addr,
}

/// The last foreign hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastHop {
    /// Its address.
    pub address: Ipv4Addr,
    /// The lowest TTL at which it answered.
    pub ttl: Ttl,
    /// The RTT of its first answer.
    pub rtt: Option<Duration>,
}

/// A foreign hop that names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Its address.
    pub address: Ipv4Addr,
    /// Why.
    pub special: Special,
}

/// What was found behind the last foreign answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Behind {
    /// A home address, after `gap` silent TTLs.
    Home {
        /// The lowest TTL behind `last` at which a home address answered.
        ttl: Ttl,
        /// The TTLs between it and the last foreign answer.
        gap: u8,
        /// Whether the target itself answered, by a reply of its own kind.
        target: bool,
    },
    /// The target replied, from a foreign address, after `gap` silent TTLs.
    ForeignReply {
        /// The address.
        from: Ipv4Addr,
        /// The TTLs between it and the last foreign router.
        gap: u8,
    },
    /// Nothing can be: a foreign router sent a destination unreachable with this code.
    Unreachable {
        /// The router.
        by: Ipv4Addr,
        /// The ICMP code.
        code: u8,
    },
    /// Nothing answers.
    Silence {
        /// How many TTLs were asked behind the last answer.
        ttls: u8,
    },
}

/// What a destination unreachable says about the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreachableMeaning {
    /// The router has no route to where the packet goes.
    NoRoute,
    /// It may not pass: a policy, which somebody has made for this destination.
    Policy,
    /// Nothing came back from behind the router: as much as silence there.
    Silence,
}

impl UnreachableMeaning {
    /// What the code of ICMP type 3 says (RFC 792, RFC 1812 5.2.7.1). A null route and a failed ARP say "host
    /// unreachable", so that one is no more than silence.
    #[must_use]
    pub const fn of(code: u8) -> Self {
        match code {
            0 | 6 | 8 | 11 => Self::NoRoute,
            9 | 10 | 13 => Self::Policy,
            _ => Self::Silence,
        }
    }
}

/// How far away from the vantage anything answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nothing outside the vantage's own network did: not one hop with a public address.
    Inside,
    /// The block did, so near that something at the vantage answers in its place.
    Gateway,
    /// One public hop did, and nothing behind it.
    FirstHop,
    /// Something behind the first public hop did.
    Outside,
}

/// No vantage is so few hops away from the block.
const NEAR: u8 = 2;

impl Border {
    /// How far away anything answered. A hop of an exchange is public, though it names nobody.
    #[must_use]
    pub fn reach(&self) -> Reach {
        let is_exchange = |hop: &&Skipped| matches!(hop.special, Special::Exchange(_));
        let public = self.path.len() + self.skipped.iter().filter(is_exchange).count();
        let near = if public == 0 { NEAR + 1 } else { NEAR };
        match (self.behind, public) {
            (Behind::Home { ttl, .. }, _) if ttl.get() <= near => Reach::Gateway,
            (Behind::ForeignReply { gap, .. }, 0) if gap < near => Reach::Gateway,
            (Behind::Home { .. } | Behind::ForeignReply { .. }, _) | (_, 2..) => Reach::Outside,
            (_, 1) => Reach::FirstHop,
            (_, 0) => Reach::Inside,
        }
    }

    /// Whether the target itself answered.
    #[must_use]
    pub const fn reached(&self) -> bool {
        matches!(self.behind, Behind::Home { target: true, .. })
    }

    /// Whether home answers behind it, with no more silent TTLs between than usual.
    #[must_use]
    pub fn arrives(&self, usual_gap: u8) -> bool {
        match self.behind {
            Behind::Home { gap, .. } | Behind::ForeignReply { gap, .. } => gap <= usual_gap,
            Behind::Unreachable { .. } | Behind::Silence { .. } => false,
        }
    }

    /// Whether something shows that the path went no further outside: home or the target answered, or
    /// the last foreign hop itself sent an unreachable.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        match self.behind {
            Behind::Home { .. } | Behind::ForeignReply { .. } => true,
            Behind::Unreachable { by, .. } => self.last.is_some_and(|last| last.address == by),
            Behind::Silence { .. } => false,
        }
    }
}

/// Finds the end of the foreign part of `trace`.
#[must_use]
pub fn find(trace: &Trace, block: &Block, specials: &Specials) -> Border {
    // What a trace of ours asks again where it had an answer finds out how packets are spread. Its path is of the first
    // answers, also where the route has changed since.
    let is_ours = trace.strategy.is_some() && trace.flow.is_some();
    let mut answered = None;
    let mut is_first = |ttl: Ttl| answered.replace(ttl) != Some(ttl);
    let answers = trace.answers().map(|(ttl, reply)| (ttl, reply.from, reply.kind));
    let answers = answers
        .filter(|(ttl, _, kind)| *kind != ReplyKind::TimeExceeded || is_first(*ttl) || !is_ours);
    let ForeignPath { routers, end } = ForeignPath::of(answers, trace.target, block);
    let decides = |router: &Router<Ttl>| specials.of(router.address).is_none();
    let upto = routers.iter().rposition(decides).map_or(0, |place| place + 1);
    let (upto, skipped) = routers.split_at(upto);
    let special = |router: &Router<Ttl>| {
        let special = specials.of(router.address)?.clone();
        Some(Skipped { address: router.address, special })
    };
    let last = upto.last().map(|router| last_hop(trace, router));
    let behind = behind(trace, end, routers.last());
    Border {
        last,
        skipped: skipped.iter().filter_map(special).collect(),
        behind,
        contradiction: contradiction(trace, last, behind),
        silent_before: silent_before(trace, upto),
        path: upto.iter().filter(|router| decides(router)).map(|router| router.address).collect(),
    }
}

fn last_hop(trace: &Trace, router: &Router<Ttl>) -> LastHop {
    let Router { address, first, unreachable, .. } = *router;
    let own = || trace.answers().filter(|(_, reply)| reply.from == address);
    // Where it refused is where the path ends, also if it let packets pass at a lower TTL.
    let refused = own().find(|(_, reply)| matches!(reply.kind, ReplyKind::Unreachable(_)));
    let ttl = refused.filter(|_| unreachable).map_or(first, |(ttl, _)| ttl);
    let rtt = own().find(|(at, _)| *at == ttl).and_then(|(_, reply)| reply.rtt);
    LastHop { address, ttl, rtt: rtt.or_else(|| own().find_map(|(_, reply)| reply.rtt)) }
}

fn behind(trace: &Trace, end: PathEnd<Ttl>, last: Option<&Router<Ttl>>) -> Behind {
    let last = last.map_or(0, |router| router.ttl.get());
    let gap = |ttl: Ttl| ttl.get().saturating_sub(last.saturating_add(1));
    match end {
        PathEnd::Home { ttl, .. } => {
            let target = trace.answers().any(|(at, reply)| {
                at >= ttl && reply.from == trace.target && reply.kind != ReplyKind::TimeExceeded
            });
            Behind::Home { ttl, gap: gap(ttl), target }
        }
        PathEnd::Unreachable { by, code, .. } => Behind::Unreachable { by, code },
        PathEnd::ForeignReply { ttl, from } => Behind::ForeignReply { from, gap: gap(ttl) },
        PathEnd::Loop { .. } | PathEnd::Open => {
            let asked = trace.hops.last().map_or(0, |hop| hop.ttl.get());
            let answered = trace.answers().last().map_or(0, |(ttl, _)| ttl.get());
            Behind::Silence { ttls: asked.saturating_sub(answered) }
        }
    }
}

/// The first answer that is contradicted and on which the end rests: of the last foreign hop, or of what is behind it.
fn contradiction(trace: &Trace, last: Option<LastHop>, behind: Behind) -> Option<Contradiction> {
    trace.answers().find_map(|(ttl, reply)| {
        let (from, by) = (reply.from, reply.contradicted_by?);
        let is_behind = match behind {
            Behind::Home { ttl: home, .. } => ttl == home,
            Behind::ForeignReply { from: end, .. } | Behind::Unreachable { by: end, .. } => {
                from == end
            }
            Behind::Silence { .. } => false,
        };
        let decides = is_behind || last.is_some_and(|last| last.address == from);
        decides.then_some(Contradiction { ttl, from, by })
    })
}

/// The silent TTLs between the last two of `routers`, or before the only one. A TTL that was not
/// asked is not silent.
fn silent_before(trace: &Trace, routers: &[Router<Ttl>]) -> u8 {
    let Some((last, before)) = routers.split_last() else { return 0 };
    let before = before.last().map(|router| router.ttl);
    let silent = trace
        .hops
        .iter()
        .filter(|hop| hop.ttl < last.first && before.is_none_or(|before| hop.ttl > before))
        .filter(|hop| hop.answers().next().is_none());
    u8::try_from(silent.count()).unwrap_or(u8::MAX)
}
