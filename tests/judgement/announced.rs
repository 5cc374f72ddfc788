//! What BGP shows next to the block: it changes how far a class is believed, and the reason, never the class.

use jiff::{SignedDuration, Timestamp};
use lasthop::targets::PeerUpstream;
use lasthop::trace::Trace;
use lasthop::transit::{Class, Confidence};

use crate::notation;
use crate::world::World;

const ALL: &str = "175.45.176.0/22";
const UNICOM: u32 = 4837;
const TTK: u32 = 20485;
const CENBONG: u32 = 134_544;
/// Nobody in question.
const LEVEL3: u32 = 3356;

#[test]
fn a_carrier_among_the_upstreams_makes_silence_medium() {
    let line = "175.45.177.10 icmp: lan level3 telecom telecom-b * * *";
    let line = line.replace("telecom-b", "59.43.187.58");
    World::new().says(&format!(
        "{line}
         => china low 59.43.187.58: silence behind it; nothing else shows that this is the border"
    ));
    World::new().shown(&[(ALL, 4134, 2), (ALL, TTK, 9)]).says(&format!(
        "{line}
         => china medium 59.43.187.58: silence behind it; BGP shows AS4134 (China Telecom) next to the block, by 2 peer AS"
    ));
    // One AS is one router's own view.
    World::new().shown(&[(ALL, 4134, 1), (ALL, TTK, 9)]).says(&format!(
        "{line}
         => china low 59.43.187.58: silence behind it; nothing else shows that this is the border; BGP shows AS4134 \
            (China Telecom) next to the block, by one peer AS alone"
    ));
}

/// Peers whose paths hang on one AS copy its choice, and are one view.
#[test]
fn peers_behind_one_as_are_one() {
    World::new().shown_behind(LEVEL3, (ALL, 4134, 9)).says(
        "175.45.177.10 icmp: lan level3 telecom 59.43.187.58 * * *
         => china low 59.43.187.58: silence behind it; nothing else shows that this is the border; BGP shows AS4134 \
            (China Telecom) next to the block, by 9 peer AS, all behind one other AS",
    );
    World::new().shown_behind(LEVEL3, (ALL, TTK, 9)).says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b home target
         => china high unicom-b: next hop is home; BGP shows AS20485 (TransTeleCom) only, by peers behind one other AS",
    );
}

#[test]
fn doubts_stand_whatever_bgp_shows() {
    World::new().shown(&[(ALL, UNICOM, 9)]).each_says(
        "175.45.176.10 icmp: lan level3 unicom-a * * *
         => china low unicom-a: silence behind it; BGP shows AS4837 (China Unicom) next to the block, by 9 peer AS; \
            a single hop behind 4.69.140.30 of another class
         175.45.176.10 icmp: lan level3 unicom-b * unicom-a * * *
         => china low unicom-a: silence behind it; 1 silent hop before it; BGP shows AS4837 (China Unicom) next to the \
            block, by 9 peer AS
         175.45.176.10 icmp: lan level3 unicom-a unicom-b private * * *
         => china low unicom-b",
    );
}

#[test]
fn a_carrier_that_bgp_does_not_show_is_doubted_by_name() {
    let three = "175.45.176.0+3 icmp: lan level3 unicom-b unicom-a * * *";
    World::new().says(&format!(
        "{three}
         => china medium unicom-a"
    ));
    World::new().shown(&[(ALL, TTK, 9)]).says(&format!(
        "{three}
         => china low unicom-a: silence behind it; border shared with 2 traces of 175.45.176.0/24; BGP shows AS20485 \
            (TransTeleCom) only; a silent TransTeleCom may stand behind"
    ));
    // With home behind it there is more to believe.
    World::new().shown(&[(ALL, TTK, 9), (ALL, LEVEL3, 3)]).each_says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b * * target
         => china medium unicom-b: 2 silent hops, then the target; BGP shows AS20485 (TransTeleCom) and AS3356 only; \
            a silent TransTeleCom may stand behind
         175.45.176.10 icmp: lan level3 unicom-a unicom-b home target
         => china medium unicom-b: next hop is home; BGP shows AS20485 (TransTeleCom) and AS3356 only",
    );
}

#[test]
fn what_one_peer_alone_shows_contradicts_nobody() {
    World::new().shown(&[(ALL, TTK, 1)]).says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b home target
         => china high unicom-b: next hop is home; BGP shows AS20485 (TransTeleCom) only, by one peer AS alone",
    );
}

/// Cenbong stands behind China Unicom: who it is changes, and not the class.
#[test]
fn another_carrier_of_the_same_class_is_named_and_contradicts_nothing() {
    World::new().shown(&[(ALL, CENBONG, 9), (ALL, TTK, 9)]).says(
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b * * target
         => china high unicom-b: 2 silent hops, then the target; BGP shows AS20485 (TransTeleCom) and AS134544 (Cenbong) \
            only; a silent TransTeleCom may stand behind",
    );
}

#[test]
fn other_with_medium_confidence_is_doubted_too() {
    let three = "175.45.176.0+3 icmp: lan level3 ntt home target";
    World::new().says(&format!("{three}\n=> other medium ntt"));
    World::new().shown(&[(ALL, TTK, 9)]).says(&format!("{three}\n=> other low ntt"));
    World::new().shown(&[(ALL, 2914, 9)]).says(&format!("{three}\n=> other medium ntt"));
}

#[test]
fn each_routed_prefix_has_upstreams_of_its_own() {
    World::new().shown(&[("175.45.178.0/24", TTK, 9), ("175.45.176.0/24", UNICOM, 9)]).each_says(
        "175.45.178.10 icmp: lan level3 ttk-a ttk-b home target
         => russia high ttk-b: next hop is home; BGP shows AS20485 (TransTeleCom) next to the block, by 9 peer AS
         175.45.176.10 icmp: lan level3 ttk-a ttk-b home target
         => russia medium ttk-b: next hop is home; BGP shows AS4837 (China Unicom) only
         175.45.177.10 icmp: lan level3 ttk-a ttk-b home target
         => russia high ttk-b: next hop is home",
    );
}

#[test]
fn a_trace_meets_what_was_shown_at_its_time() {
    let mut world = World::new().shown(&[(ALL, UNICOM, 9)]);
    let later = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(2);
    let prefix = ALL.parse().unwrap();
    let paths = (1..9).map(|peer| PeerUpstream { peer, prefix, upstream: TTK, fork: peer });
    world.targets.upstreams.add_view((false, "rrc"), later, paths);
    let at = |hours: Option<i64>| {
        let line = "175.45.178.10 icmp: lan level3 unicom-a unicom-b home target";
        let mut traces: Vec<Trace> = notation::read(line);
        traces[0].started =
            hours.map(|hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours));
        world.judge(&traces)[0].confidence
    };
    assert_eq!(at(Some(1)), Confidence::High);
    assert_eq!(at(Some(3)), Confidence::Medium);
    assert_eq!(at(Some(40)), Confidence::High, "more than a day away");
    assert_eq!(at(None), Confidence::Medium, "the newest");
}

/// Whatever BGP shows, every trace of the other tests keeps its class.
#[test]
fn no_class_changes() {
    let lines = [
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b home target",
        "175.45.176.10 icmp: lan level3 unicom-a unicom-b * * *",
        "175.45.176.10 icmp: lan unicom-a unicom-b * * *",
        "175.45.176.10 icmp: lan level3 ntt * * *",
        "175.45.176.10 icmp: lan level3 ntt home target",
        "175.45.176.10 icmp: lan level3 nobody home target",
        "175.45.176.10 icmp: lan level3 ttk-a ttk-b!0",
        "175.45.176.10 icmp: lan level3 ttk-a ttk-b!13",
        "175.45.176.10 icmp: lan * * *",
    ];
    let classes = |world: &World| -> Vec<Class> {
        lines.iter().map(|line| world.judge(&notation::read(line))[0].class).collect()
    };
    let without = classes(&World::new());
    for upstream in [UNICOM, TTK, CENBONG, LEVEL3, 64_500] {
        for peers in [1, 5] {
            assert_eq!(classes(&World::new().shown(&[(ALL, upstream, peers)])), without);
        }
    }
}
