//! What a packet meets on its way, read from the description and not from the network: for every
//! TTL the address that answers, or silence.

use std::net::Ipv4Addr;

use super::scenario::{End, Hop, Manner, Road, Scenario, hosts};

/// How far a trace looks.
pub(crate) const MAX_TTL: usize = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyKind {
    Expired,
    Arrived,
    Prohibited,
    HostUnreachable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) address: Ipv4Addr,
    pub(crate) kind: ReplyKind,
    /// False where a rate limit may swallow it.
    pub(crate) certain: bool,
}

/// The answers by TTL, until one is final or `max_ttl` is reached.
pub(crate) fn walk(
    scenario: &Scenario,
    road: &Road,
    target: Ipv4Addr,
    max_ttl: usize,
) -> Vec<Option<Answer>> {
    let hops: Vec<&Hop> = scenario.trunk.iter().chain(&road.hops).collect();
    let mut seen = Vec::new();
    for ttl in 1..=max_ttl {
        let answer = match hops.get(ttl - 1) {
            Some(hop) if hop.address == Some(target) => Some(arrived(target)),
            Some(hop) => at_hop(hop, ttl == hops.len(), &road.end),
            None => behind(&hops, ttl, road, target),
        };
        seen.push(answer);
        if answer.is_some_and(|answer| answer.kind != ReplyKind::Expired) {
            break;
        }
    }
    seen
}

fn arrived(target: Ipv4Addr) -> Answer {
    Answer { address: target, kind: ReplyKind::Arrived, certain: true }
}

fn at_hop(hop: &Hop, last: bool, end: &End) -> Option<Answer> {
    let kind = match end {
        End::Prohibited if last => ReplyKind::Prohibited,
        End::Unreachable if last => ReplyKind::HostUnreachable,
        _ => ReplyKind::Expired,
    };
    (hop.manner != Manner::Silent).then_some(hop.address).flatten().map(|address| Answer {
        address,
        kind,
        certain: hop.manner == Manner::Answers && kind == ReplyKind::Expired,
    })
}

/// What answers at a TTL that is greater than the number of routers.
fn behind(hops: &[&Hop], ttl: usize, road: &Road, target: Ipv4Addr) -> Option<Answer> {
    let last = hops.last()?;
    match &road.end {
        End::Home(alive) => hosts(road.prefix, alive).contains(&target).then(|| arrived(target)),
        End::DeadLink => {
            Some(Answer { address: last.address?, kind: ReplyKind::HostUnreachable, certain: true })
        }
        End::Loop => {
            let turn = (ttl - hops.len()) % 2;
            at_hop(hops[hops.len() - 1 - turn], false, &road.end)
        }
        End::Prohibited | End::Unreachable => None,
    }
}
