//! What changed is told, in the right interval, and nothing else is.

use lasthop::history::{History, Kind, Verdict};

use super::planted::{Planted, Seen, both, china, outage, russia};

const SCOPE: &str = "175.45.178.0/24";

/// Each event as its kind and subject, and the runs between which it happened.
fn told(planted: &Planted, history: &History) -> Vec<String> {
    let place = |run: &str| run.rsplit('-').next().unwrap_or_default().to_owned();
    let text = |event: &lasthop::history::Event| {
        let subject = event.subject.map_or("", |subject| history.names.text(subject));
        let [before, after] =
            [&event.before, &event.after].map(|side| side.verdict.text(&history.names).to_owned());
        let verdicts = if event.kind == Kind::VerdictChanged {
            format!("{before}>{after}")
        } else {
            String::new()
        };
        let (from, to) = (place(&event.before.run), place(&event.after.run));
        assert_eq!(event.before.at, planted.at(from.parse().unwrap_or(-1)));
        let words = [event.kind.name(), subject, &verdicts];
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        format!("{from}-{to} {}", words.join(" "))
    };
    history.events.iter().map(text).collect()
}

/// What runs that saw this of one prefix are told to have in them.
fn events(runs: impl IntoIterator<Item = Seen>) -> Vec<String> {
    let mut planted = Planted::new();
    for seen in runs {
        planted.run(&[(SCOPE, seen)]);
    }
    told(&planted, &planted.history())
}

fn times(count: usize, seen: Seen) -> impl Iterator<Item = Seen> {
    std::iter::repeat_n(seen, count)
}

#[test]
fn nothing_changed_is_no_event() {
    assert!(events(times(50, china(256))).is_empty());
    assert!(events(times(50, both(120, 136))).is_empty());
    assert!(events(times(50, outage(256))).is_empty());
}

#[test]
fn another_carrier_takes_over() {
    for traces in [4, 16, 256] {
        let runs = times(10, china(traces)).chain(times(10, russia(traces)));
        assert_eq!(
            events(runs),
            [
                "9-10 carrier-appeared TransTeleCom",
                "9-10 carrier-vanished China Unicom",
                "9-10 verdict-changed china>russia",
            ],
            "{traces} traces"
        );
    }
}

/// What a carrier's share was before another one came is forgotten: at its share since, a run of a few
/// traces may well miss it.
#[test]
fn a_share_is_learned_anew_when_another_carrier_comes() {
    let since = times(20, both(6, 10)).chain([both(0, 16)]).chain(times(5, both(6, 10)));
    assert_eq!(
        events(times(40, china(16)).chain(since)),
        ["39-40 carrier-appeared TransTeleCom", "39-40 verdict-changed china>mixed"]
    );
}

#[test]
fn a_second_carrier_comes_and_goes() {
    let runs = times(5, china(256)).chain(times(3, both(128, 128))).chain(times(5, china(256)));
    assert_eq!(
        events(runs),
        [
            "4-5 carrier-appeared TransTeleCom",
            "4-5 verdict-changed china>mixed",
            "7-8 carrier-vanished TransTeleCom",
            "7-8 verdict-changed mixed>china",
        ]
    );
}

#[test]
fn one_run_is_enough_for_all_traces() {
    let runs = times(1, china(256)).chain(times(1, russia(256))).chain(times(1, china(256)));
    let told = events(runs);
    assert_eq!(
        told.iter().filter(|event| event.contains("verdict-changed")).count(),
        2,
        "{told:?}"
    );
}

#[test]
fn a_single_trace_is_noise() {
    let noisy = |run: usize| if run.is_multiple_of(7) { both(255, 1) } else { china(256) };
    assert!(events((0..200).map(noisy)).is_empty());
    let elsewhere = Seen { other: 1, ..both(255, 0) };
    let noisy = |run: usize| if run % 40 == 3 { elsewhere.clone() } else { china(256) };
    assert!(events((0..200).map(noisy)).is_empty());
}

/// Noise right before a change does not move it.
#[test]
fn noise_does_not_blur_a_change() {
    let runs = times(9, china(256)).chain([both(255, 1)]).chain(times(3, both(100, 156)));
    assert_eq!(
        events(runs),
        ["9-10 carrier-appeared TransTeleCom", "9-10 verdict-changed china>mixed"]
    );
    let runs = times(9, both(128, 128)).chain([both(255, 1)]).chain(times(3, china(256)));
    assert_eq!(
        events(runs),
        ["8-9 carrier-vanished TransTeleCom", "8-9 verdict-changed mixed>china"]
    );
}

#[test]
fn few_traces_of_a_balanced_prefix_are_quiet() {
    let counts = [2, 1, 3, 2, 4, 0, 2, 2, 1, 3, 1, 2, 0, 3, 2, 2, 4, 1, 2, 2];
    assert!(events(counts.map(|china| both(china, 4 - china))).is_empty());
}

#[test]
fn a_share_moves() {
    let runs = times(20, both(128, 128)).chain(times(5, both(205, 51)));
    assert_eq!(events(runs), ["19-20 share-moved china"]);
}

#[test]
fn an_outage_begins_and_ends() {
    let runs = times(5, china(256)).chain(times(4, outage(256))).chain(times(5, china(256)));
    assert_eq!(events(runs), ["4-5 outage-began", "8-9 outage-ended"]);
    let stray = Seen { other: 2, unreached: 254, ..Seen::default() };
    let runs = times(5, china(256)).chain(times(4, stray)).chain(times(5, china(256)));
    assert_eq!(events(runs), ["4-5 outage-began", "8-9 outage-ended"]);
}

#[test]
fn one_target_is_no_outage() {
    let mut runs: Vec<Seen> = times(5, china(256)).collect();
    runs.push(outage(1));
    runs.extend(times(5, china(256)));
    assert!(events(runs).is_empty());
}

#[test]
fn after_an_outage_another_carrier() {
    let runs = times(5, china(256)).chain(times(2, outage(256))).chain(times(5, russia(256)));
    assert_eq!(
        events(runs),
        [
            "4-5 outage-began",
            "6-7 outage-ended",
            "4-7 carrier-appeared TransTeleCom",
            "4-7 carrier-vanished China Unicom",
            "4-7 verdict-changed china>russia",
        ]
    );
}

#[test]
fn a_run_cut_short_shows_what_it_shows_and_nothing_by_what_it_does_not() {
    let short = |seen: Seen| Seen { cut_short: true, ..seen };
    let runs =
        times(5, both(128, 128)).chain(times(5, short(china(60)))).chain(times(5, both(128, 128)));
    assert!(events(runs).is_empty());
    let runs = times(5, china(256)).chain(times(5, short(outage(20)))).chain(times(5, china(256)));
    assert!(events(runs).is_empty());
    let runs = times(5, china(256)).chain([short(russia(40))]).chain(times(3, both(10, 246)));
    assert_eq!(events(runs)[0], "4-5 carrier-appeared TransTeleCom");
}

#[test]
fn a_border_that_nobody_can_name_is_no_outage() {
    let nameless = Seen { unknown: 256, ..Seen::default() };
    let runs = times(5, china(256)).chain(times(2, nameless)).chain(times(5, china(256)));
    assert_eq!(
        events(runs),
        ["4-5 verdict-changed china>unknown", "6-7 verdict-changed unknown>china"]
    );
}

#[test]
fn a_prefix_tells_for_the_block() {
    let mut planted = Planted::new();
    for run in 0..20 {
        let (china, russia) = if run < 10 { (512, 512) } else { (256, 768) };
        let prefix = if run < 10 { 128 } else { 64 };
        planted
            .run(&[("175.45.176.0/22", both(china, russia)), (SCOPE, both(prefix, 256 - prefix))]);
    }
    assert_eq!(told(&planted, &planted.history()), ["9-10 share-moved china"]);
    let mut planted = Planted::new();
    for run in 0..20 {
        planted.run(&[("175.45.176.0/22", if run < 10 { both(512, 512) } else { both(256, 768) })]);
    }
    assert_eq!(
        told(&planted, &planted.history()).len(),
        1,
        "without its prefixes the block tells it"
    );
}

#[test]
fn vantages_do_not_mix() {
    let (mut here, mut there) = (Planted::new(), Planted::from("there"));
    for _ in 0..20 {
        here.run(&[(SCOPE, china(256))]);
        there.run(&[(SCOPE, russia(256))]);
    }
    let all =
        super::planted::history(&[&here.text, &there.text], &lasthop::history::Wanted::default());
    assert!(all.events.is_empty());
    let verdicts: Vec<Verdict> = all.series.iter().map(|series| series.state.verdict).collect();
    let only = |name| Verdict::Only(all.names.find(name).unwrap_or_default());
    assert_eq!(verdicts, [only("china"), only("russia")]);
}

fn pinged(seen: Seen, alive: u32) -> Seen {
    let pinged = seen.china + seen.russia + seen.unreached;
    Seen { hosts: Some((pinged, alive)), ..seen }
}

#[test]
fn hosts_fall_silent_while_there_is_a_way() {
    let runs = times(10, pinged(china(256), 15))
        .chain(times(3, pinged(china(256), 0)))
        .chain(times(5, pinged(china(256), 15)));
    assert_eq!(events(runs), ["9-10 hosts-silent", "12-13 hosts-back"]);
}

#[test]
fn an_outage_is_not_told_again_of_the_hosts() {
    let runs = times(10, pinged(china(256), 15))
        .chain(times(3, pinged(outage(256), 0)))
        .chain(times(5, pinged(china(256), 15)));
    assert_eq!(events(runs), ["9-10 outage-began", "12-13 outage-ended"]);
}

/// Then it is the traces that are filtered, and no outage.
#[test]
fn where_hosts_answer_there_is_a_way() {
    let runs = times(10, pinged(china(256), 15)).chain(times(5, pinged(outage(256), 15)));
    assert!(events(runs).is_empty());
}
