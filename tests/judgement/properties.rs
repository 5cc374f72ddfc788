//! What holds for all traces, however odd.

use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;
use lasthop::split::Part;
use lasthop::trace::{Hop, HopReply, HopTry, Method, ReplyKind, StopReason, Trace, Ttl};
use lasthop::transit::{Class, Judgement, Reason, judge_alone};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::notation::ROUTERS;
use crate::world::World;

fn any_address(target: Ipv4Addr) -> impl Strategy<Value = Ipv4Addr> {
    let router = select(ROUTERS.map(|(_, address)| address).to_vec());
    prop_oneof![8 => router, 1 => Just(target), 1 => any::<u32>().prop_map(Ipv4Addr::from)]
}

fn any_try(target: Ipv4Addr) -> impl Strategy<Value = HopTry> {
    let other =
        prop_oneof![Just(ReplyKind::EchoReply), any::<u8>().prop_map(ReplyKind::Unreachable)];
    let kind = prop_oneof![8 => Just(ReplyKind::TimeExceeded), 1 => other];
    let answer = (any_address(target), kind, 0..500_u64).prop_map(|(from, kind, millis)| {
        let rtt = Duration::from_millis(millis);
        HopReply {
            from,
            kind,
            rtt: Some(rtt),
            reply_ttl: Some(64),
            labels: [].into(),
            contradicted_by: None,
        }
    });
    proptest::option::of(answer).prop_map(|answer| HopTry {
        attempt: 0,
        sent: Some(Timestamp::UNIX_EPOCH),
        answer,
    })
}

/// What is at each TTL from 1 on; no tries where it was not asked.
fn any_hops(target: Ipv4Addr) -> impl Strategy<Value = Vec<Hop>> {
    let length = prop_oneof![9 => 0..9_usize, 1 => 9..=32_usize];
    length.prop_flat_map(move |length| vec(vec(any_try(target), 0..3), length)).prop_map(|tries| {
        let hops = (1..=32).filter_map(Ttl::new).zip(tries);
        hops.filter(|(_, tries)| !tries.is_empty()).map(|(ttl, tries)| Hop { ttl, tries }).collect()
    })
}

fn any_trace_to(target: Ipv4Addr) -> impl Strategy<Value = Trace> {
    let method = select(vec![Method::Icmp, Method::Udp]);
    let flow = 0..3_u16;
    let stop = select(StopReason::ALL.to_vec());
    (method, flow, stop, any_hops(target)).prop_map(move |(method, flow, stop, hops)| Trace {
        target,
        method: Some(method),
        flow: Some(flow),
        vantage: None,
        started: Some(Timestamp::UNIX_EPOCH),
        hops,
        stop: Some(stop),
        strategy: None,
    })
}

/// A trace to one of a few targets in each routed prefix.
fn any_trace() -> impl Strategy<Value = Trace> {
    (176..180_u8, 0..4_u8)
        .prop_flat_map(|(third, last)| any_trace_to(Ipv4Addr::new(175, 45, third, last)))
}

fn any_traces() -> impl Strategy<Value = Vec<Trace>> {
    vec(any_trace(), 0..24)
}

fn shown(judged: &[Judgement]) -> Vec<String> {
    judged.iter().map(|judgement| format!("{judgement:?}")).collect()
}

proptest! {
    #[test]
    fn counts_always_add_up(traces in any_traces()) {
        let split = World::new().split_of(&traces);
        prop_assert_eq!(split.block.counts.values().sum::<usize>(), traces.len());
        for (class, count) in &split.block.counts {
            let parts: usize = split.routed.iter().map(|part| part.counts[class]).sum();
            prop_assert_eq!(*count, parts);
        }
        for part in split.routed.iter().chain([&split.block]) {
            let classified: usize =
                part.counts.iter().filter(|(class, _)| class.is_classified()).map(|(_, n)| n).sum();
            let counted = classified - part.left_out;
            prop_assert!(part.left_out <= part.counts[&Class::Other] && part.proven <= counted);
            prop_assert_eq!(part.carriers.iter().map(|(_, n)| n).sum::<usize>(), counted);
            prop_assert_eq!(part.shares.iter().all(Option::is_some), counted > 0);
            prop_assert_eq!(part.shares.iter().any(Option::is_some), counted > 0);
        }
    }

    #[test]
    fn traces_to_anywhere_add_nothing(
        ours in any_traces(),
        others in vec(any::<u32>().prop_flat_map(|to| any_trace_to(Ipv4Addr::from(to))), 0..5),
    ) {
        let world = World::new();
        let block = &world.targets.block;
        let strays = others.into_iter().filter(|trace| !block.contains(trace.target));
        let all: Vec<Trace> = ours.iter().cloned().chain(strays).collect();
        prop_assert_eq!(world.split_of(&all), world.split_of(&ours));
    }

    #[test]
    fn an_interval_contains_its_share_and_lies_between_0_and_1(traces in any_traces()) {
        let split = World::new().split_of(&traces);
        for part in split.routed.iter().chain([&split.block]) {
            let shares: Vec<_> = part.shares.iter().flatten().collect();
            for share in &shares {
                prop_assert!(0.0 <= share.low && share.low <= share.share);
                prop_assert!(share.share <= share.high && share.high <= 1.0);
            }
            prop_assert!(shares.iter().map(|share| share.share).sum::<f64>() < 1.0 + 1e-9);
        }
    }

    #[test]
    fn traces_of_other_prefixes_only_show_that_home_answers_behind_a_hop(traces in any_traces()) {
        let world = World::new();
        let whole = world.split_of(&traces);
        for part in &whole.routed {
            let own: Vec<Trace> =
                traces.iter().filter(|trace| part.scope.contains(&trace.target)).cloned().collect();
            let alone = &world.split_of(&own).routed[0];
            let all = |part: &Part| (part.scope, part.targets, part.probes);
            prop_assert_eq!(all(alone), all(part));
            for (class, count) in &alone.counts {
                match class {
                    Class::Transit(_) => prop_assert!(*count <= part.counts[class]),
                    Class::Unknown => prop_assert!(*count >= part.counts[class]),
                    Class::Other | Class::Unreached => prop_assert_eq!(*count, part.counts[class]),
                }
            }
            if alone.counts == part.counts {
                prop_assert_eq!(alone, part);
            }
        }
    }

    #[test]
    fn judging_and_splitting_do_not_depend_on_the_order(
        (first, second) in any_traces().prop_flat_map(|traces| {
            let places: Vec<usize> = (0..traces.len()).collect();
            (Just(traces), Just(places).prop_shuffle())
        })
    ) {
        let (traces, places) = (first, second);
        let world = World::new();
        let shuffled: Vec<Trace> = places.iter().map(|place| traces[*place].clone()).collect();
        let (judged, other) = (shown(&world.judge(&traces)), shown(&world.judge(&shuffled)));
        let expected: Vec<String> = places.iter().map(|place| judged[*place].clone()).collect();
        prop_assert_eq!(other, expected);
        prop_assert_eq!(world.split_of(&shuffled), world.split_of(&traces));
    }

    #[test]
    fn neighbours_decide_how_far_a_trace_is_believed_and_nothing_else(traces in any_traces()) {
        let world = World::new();
        for (trace, judgement) in traces.iter().zip(world.judge(&traces)) {
            let alone = judge_alone(trace, &world.targets, &world.owners());
            // But for what others show behind it: that the path never left its first carrier, that it went on,
            // or that home answers.
            let others_show = |one: &Judgement| {
                one.reasons.iter().any(|reason| {
                    matches!(
                        reason,
                        Reason::WithinCarrier(_)
                            | Reason::WentOn(_)
                            | Reason::OthersArrived
                            | Reason::NoRoute
                    )
                })
            };
            if !others_show(&alone) && !others_show(&judgement) {
                prop_assert_eq!(alone.class, judgement.class);
            }
            prop_assert_eq!(&alone.border, &judgement.border);
            prop_assert_eq!(alone.as_path, judgement.as_path);
        }
    }

    #[test]
    fn a_single_trace_has_no_neighbours(trace in any_trace()) {
        let world = World::new();
        let alone = judge_alone(&trace, &world.targets, &world.owners());
        prop_assert_eq!(shown(&world.judge(&[trace])), shown(&[alone]));
    }

    #[test]
    fn the_last_foreign_hop_is_foreign_and_can_be_attributed(trace in any_trace()) {
        let world = World::new();
        let judgement = judge_alone(&trace, &world.targets, &world.owners());
        let last = judgement.border.last.map(|last| last.address);
        prop_assert_eq!(judgement.border.path.last().copied(), last);
        if let Some(last) = last {
            prop_assert!(!world.targets.block.contains(last));
            prop_assert!(world.targets.specials.of(last).is_none());
            prop_assert!(trace.answers().any(|(_, answer)| answer.from == last));
        }
        let class = judgement.owner.as_ref().and_then(|owner| owner.class);
        if let Class::Transit(id) = judgement.class {
            prop_assert_eq!(class, Some(id));
        }
        prop_assert!(!judgement.reasons.is_empty());
    }
}
