//! Where foreign ends: the last foreign hop of a trace, and what speaks for it.
//!
//! A pure function of one trace. It looks at addresses only: whether they are home, special or
//! neither. Who holds the last foreign hop is for the rooms behind.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::targets::{Block, Special, Specials};
use crate::trace::{HopAnswer, Kind, Trace, Ttl};

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
        /// The lowest TTL at which a home address answered.
        ttl: Ttl,
        /// The TTLs between it and the last foreign answer.
        gap: u8,
        /// Whether the target itself answered.
        target: bool,
    },
    /// The target answered, from a foreign address, after `gap` silent TTLs.
    Stranger {
        /// The address.
        from: Ipv4Addr,
        /// The TTLs between it and the last foreign router.
        gap: u8,
    },
    /// Nothing can be: a foreign router refused the packet with this code.
    Refusal {
        /// The router.
        by: Ipv4Addr,
        /// The ICMP code.
        code: u8,
    },
    /// Nothing but silence, for this many TTLs.
    Silence {
        /// The TTLs that were asked behind the last answer.
        ttls: u8,
    },
}

impl Border {
    /// Whether something shows that the path went no further outside: home or the target answered, or
    /// the last foreign hop itself refused.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        match self.behind {
            Behind::Home { .. } | Behind::Stranger { .. } => true,
            Behind::Refusal { by, .. } => self.last.is_some_and(|last| last.address == by),
            Behind::Silence { .. } => false,
        }
    }
}

/// Finds the end of the foreign part of `trace`.
#[must_use]
pub fn find(trace: &Trace, block: &Block, specials: &Specials) -> Border {
    let end = end(trace, block);
    let routers = routers(trace, block, end.as_ref());
    let decides = |router: &Router| specials.of(router.address).is_none();
    let place = routers.iter().rposition(decides);
    let skipped = routers[place.map_or(0, |place| place + 1)..]
        .iter()
        .filter_map(|router| {
            let special = specials.of(router.address)?.clone();
            Some(Skipped { address: router.address, special })
        })
        .collect();
    let upto = &routers[..place.map_or(0, |place| place + 1)];
    Border {
        last: upto.last().map(Router::last_hop),
        skipped,
        behind: behind(trace, block, end, &routers),
        silent_before: silent_before(trace, upto),
        path: upto.iter().filter(|router| decides(router)).map(|router| router.address).collect(),
    }
}

/// The answer that ends a path: the first home hop; where there is none, the nearest refusal or
/// answer of the target's own.
fn end<'a>(trace: &'a Trace, block: &Block) -> Option<(Ttl, &'a HopAnswer)> {
    let home = trace.answers().find(|(_, answer)| block.contains(answer.from));
    home.or_else(|| trace.answers().find(|(_, answer)| answer.kind != Kind::TimeExceeded))
}

/// A foreign router on the path.
struct Router {
    address: Ipv4Addr,
    /// The lowest TTL at which it answered: where the answers repeat, as behind a refusal or in a
    /// loop, the repetitions are no distance.
    first: Ttl,
    /// The highest.
    last: Ttl,
    rtt: Option<Duration>,
}

impl Router {
    fn last_hop(&self) -> LastHop {
        LastHop { address: self.address, ttl: self.first, rtt: self.rtt }
    }
}

/// The foreign routers before `end` and the one that is it, each once: by their last answers where
/// the path ends, else by their first, because a loop repeats all of them.
fn routers(trace: &Trace, block: &Block, end: Option<&(Ttl, &HopAnswer)>) -> Vec<Router> {
    let mut routers: Vec<Router> = Vec::new();
    for (ttl, answer) in trace.answers() {
        let within = end.is_none_or(|(end, last)| ttl < *end || std::ptr::eq(answer, *last));
        if !within || block.contains(answer.from) || answer.kind == Kind::EchoReply {
            continue;
        }
        match routers.iter_mut().rev().find(|router| router.address == answer.from) {
            Some(router) => router.last = ttl,
            None => routers.push(Router {
                address: answer.from,
                first: ttl,
                last: ttl,
                rtt: answer.rtt,
            }),
        }
    }
    if end.is_some() {
        routers.sort_by_key(|router| router.last);
    }
    routers
}

fn behind(
    trace: &Trace,
    block: &Block,
    end: Option<(Ttl, &HopAnswer)>,
    routers: &[Router],
) -> Behind {
    let last = routers.iter().map(|router| router.last.get()).max().unwrap_or(0);
    let Some((ttl, answer)) = end else {
        let asked = trace.hops.last().map_or(0, |hop| hop.ttl.get());
        return Behind::Silence { ttls: asked.saturating_sub(last) };
    };
    let gap = ttl.get().saturating_sub(last.saturating_add(1));
    match answer.kind {
        _ if block.contains(answer.from) => {
            let target = trace.answers().any(|(_, answer)| answer.from == trace.target);
            Behind::Home { ttl, gap, target }
        }
        Kind::Unreachable(code) => Behind::Refusal { by: answer.from, code },
        Kind::EchoReply | Kind::TimeExceeded => Behind::Stranger { from: answer.from, gap },
    }
}

/// The silent TTLs between the last two of `routers`, or before the only one. A TTL that was not
/// asked is not silent.
fn silent_before(trace: &Trace, routers: &[Router]) -> u8 {
    let Some((last, before)) = routers.split_last() else { return 0 };
    let before = before.iter().map(|router| router.last).max();
    let silent = trace
        .hops
        .iter()
        .filter(|hop| hop.ttl < last.first && before.is_none_or(|before| hop.ttl > before))
        .filter(|hop| hop.answers().next().is_none());
    u8::try_from(silent.count()).unwrap_or(u8::MAX)
}
