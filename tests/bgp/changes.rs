//! What is an event and what is none, on recordings written byte by byte: eight peers of one collector, whose tables are
//! written down first.

use jiff::SignedDuration;
use lasthop::bgp::{Event, Kind, Options, PeerSpec, View};

use crate::mrt_file::{MrtFile, PeerOf, Segment, as_path, nlri, update};
use crate::october::{follow, options};

const T: u32 = 1_506_848_400;
const PREFIXES: [&str; 4] =
    ["175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24"];
const ONE: &str = PREFIXES[0];

fn peers() -> Vec<PeerOf> {
    [1299, 3356, 2914, 3257, 6453, 7018, 9002, 3333]
        .iter()
        .zip(1..)
        .map(|(asn, last)| (last, *asn))
        .collect()
}

/// All peers, each with a table of twenty prefixes and the four of the block, by China Unicom.
fn table(at: u32) -> MrtFile {
    let mut file = MrtFile::default();
    file.peers(at, &peers()).others(at, 20, 8);
    let paths: Vec<Vec<u32>> = peers().iter().map(|(_, asn)| vec![*asn, 4837, 131_279]).collect();
    for prefix in PREFIXES {
        let routes: Vec<(u16, &[u32])> = (0..).zip(paths.iter().map(Vec::as_slice)).collect();
        file.routes(at, prefix, &routes);
    }
    file
}

/// So many peers announce a prefix by this path behind their own AS.
fn announce(file: &mut MrtFile, at: u32, count: usize, behind: &[u32], prefix: &str) {
    for peer in peers().into_iter().take(count) {
        let path: Vec<u32> = std::iter::once(peer.1).chain(behind.iter().copied()).collect();
        file.announce(at, peer, &path, &[prefix]);
    }
}

fn of_with(file: &MrtFile, options: &Options) -> (Vec<View>, Vec<Event>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("october.mrt");
    file.save(&path);
    follow(&[path], options)
}

/// The events of one /24 or of another prefix, and their seconds since the table.
fn events(file: &MrtFile) -> Vec<String> {
    let (_, events) = of_with(file, &options());
    let text = |event: &Event| {
        let seconds = event.first_at.as_second() - i64::from(T);
        let subject = event.subject.as_deref().unwrap_or_default();
        format!("{} {subject} {} +{seconds}", event.kind.name(), event.scope)
    };
    let is_block =
        |event: &&Event| event.scope.prefix_len() == 22 && event.kind.name() != "collector-gap";
    events.iter().filter(|event| !is_block(event)).map(text).collect()
}

#[test]
fn an_upstream_that_two_peers_show_has_appeared_and_one_that_none_shows_has_vanished() {
    let mut file = table(T);
    announce(&mut file, T + 1000, 1, &[20485, 131_279], ONE);
    assert_eq!(events(&file), [] as [&str; 0]);
    announce(&mut file, T + 2000, 3, &[20485, 131_279], ONE);
    announce(&mut file, T + 3000, 3, &[4837, 131_279], ONE);
    let ttk = [
        "carrier-appeared TransTeleCom 175.45.176.0/24 +2000",
        "verdict-changed  175.45.176.0/24 +2000",
        "carrier-vanished TransTeleCom 175.45.176.0/24 +3000",
        "verdict-changed  175.45.176.0/24 +3000",
    ];
    assert_eq!(events(&file), ttk);
}

#[test]
fn what_shows_only_between_two_rests_is_no_event() {
    let mut file = table(T);
    announce(&mut file, T + 1000, 8, &[20485, 131_279], ONE);
    announce(&mut file, T + 1030, 8, &[4837, 131_279], ONE);
    // Nor is another way to the same upstream.
    announce(&mut file, T + 2000, 8, &[174, 4837, 131_279], ONE);
    assert_eq!(events(&file), [] as [&str; 0]);
}

#[test]
fn an_outage_begins_with_the_first_withdrawal_and_ends_with_the_first_route() {
    let mut file = table(T);
    for (number, peer) in (0..).zip(peers()) {
        file.withdraw(T + 1000 + number, peer, &PREFIXES[..2]);
    }
    announce(&mut file, T + 2000, 8, &[4837, 131_279], ONE);
    announce(&mut file, T + 2000, 8, &[20485, 131_279], PREFIXES[1]);
    let expected = [
        "outage-began  175.45.176.0/24 +1000",
        "outage-began  175.45.177.0/24 +1000",
        "outage-ended  175.45.176.0/24 +2000",
        "outage-ended  175.45.177.0/24 +2000",
        "carrier-appeared TransTeleCom 175.45.177.0/24 +2000",
        "carrier-vanished China Unicom 175.45.177.0/24 +2000",
        "verdict-changed  175.45.177.0/24 +2000",
    ];
    assert_eq!(events(&file), expected);
}

/// A session that goes down takes the peer's knowledge with it, and withdraws nothing.
#[test]
fn a_session_that_is_reset_is_no_event() {
    let mut file = table(T);
    announce(&mut file, T + 1000, 2, &[20485, 131_279], ONE);
    for peer in peers().into_iter().take(2) {
        file.state(T + 2000, peer, 1);
    }
    file.withdraw(T + 2500, peers()[7], &["10.0.0.0/16"]);
    for peer in peers().into_iter().take(2) {
        file.state(T + 3000, peer, 6);
    }
    announce(&mut file, T + 3001, 2, &[20485, 131_279], ONE);
    for prefix in &PREFIXES[1..] {
        announce(&mut file, T + 3002, 2, &[4837, 131_279], prefix);
    }
    file.withdraw(T + 4000, peers()[7], &["10.0.0.0/16"]);
    let expected = [
        "carrier-appeared TransTeleCom 175.45.176.0/24 +1000",
        "verdict-changed  175.45.176.0/24 +1000",
    ];
    assert_eq!(events(&file), expected);
}

/// What changed while a session was down shows when the peer has sent its table again.
#[test]
fn what_changed_behind_a_session_that_was_down_is_an_event() {
    let mut file = table(T);
    for peer in peers().into_iter().take(2) {
        file.state(T + 2000, peer, 1).state(T + 3000, peer, 6);
    }
    announce(&mut file, T + 3001, 2, &[20485, 131_279], ONE);
    for prefix in &PREFIXES[1..] {
        announce(&mut file, T + 3002, 2, &[4837, 131_279], prefix);
    }
    file.withdraw(T + 4000, peers()[7], &["10.0.0.0/16"]);
    let (_, found) = of_with(&file, &options());
    let event = found.iter().find(|event| event.scope.prefix_len() == 24).expect("an event");
    assert_eq!((event.kind.name(), event.moved), ("carrier-appeared", 2));
    assert_eq!(event.not_before.as_second(), i64::from(T + 2000));
    // The message itself came before the table was whole.
    assert_eq!(event.first_at.as_second(), i64::from(T + 3001));
}

#[test]
fn a_collector_that_restarts_is_a_gap_and_nothing_else() {
    let mut file = table(T);
    for peer in peers() {
        file.state(T + 2000, peer, 1).state(T + 2300, peer, 6);
    }
    for prefix in PREFIXES {
        announce(&mut file, T + 2301, 8, &[4837, 131_279], prefix);
    }
    file.withdraw(T + 4000, peers()[7], &["10.0.0.0/16"]);
    assert_eq!(events(&file), ["collector-gap  175.45.176.0/22 +2000"]);
}

#[test]
fn foreign_origins_and_upstreams_that_nobody_lists_are_named() {
    let mut file = table(T);
    announce(&mut file, T + 1000, 3, &[64_666, 131_279], PREFIXES[1]);
    announce(&mut file, T + 2000, 3, &[9009, 65_010], ONE);
    announce(&mut file, T + 3000, 4, &[9009, 9010], "175.45.178.128/25");
    announce(&mut file, T + 4000, 3, &[4837, 131_279], "175.45.179.0/25");
    announce(&mut file, T + 5000, 3, &[4837, 131_279], ONE);
    let expected = [
        "unknown-upstream AS64666 175.45.177.0/24 +1000",
        "origin-changed AS65010 175.45.176.0/24 +2000",
        "foreign-more-specific AS9010 175.45.178.128/25 +3000",
        "origin-changed AS65010 175.45.176.0/24 +5000",
    ];
    assert_eq!(events(&file), expected);
}

/// Tables alone: something happened between two of them.
#[test]
fn tables_alone_show_between_which_of_them_it_happened() {
    let mut file = table(T);
    let mut second = table(T + 28_800);
    announce(&mut second, T + 30_000, 1, &[4837, 131_279], ONE);
    file.0.extend(second.0);
    assert_eq!(events(&file), [] as [&str; 0]);
    let mut third = MrtFile::default();
    third.peers(T + 57_600, &peers()).others(T + 57_600, 20, 8);
    let paths: Vec<Vec<u32>> = peers().iter().map(|(_, asn)| vec![*asn, 20485, 131_279]).collect();
    for prefix in PREFIXES {
        let routes: Vec<(u16, &[u32])> = (0..).zip(paths.iter().map(Vec::as_slice)).collect();
        third.routes(T + 57_600, prefix, &routes);
    }
    file.0.extend(third.0);
    let (views, found) = of_with(&file, &options());
    let appeared =
        found.iter().find(|event| event.kind.name() == "carrier-appeared").expect("an event");
    let times = (appeared.not_before.as_second(), appeared.first_at.as_second());
    assert_eq!(times, (i64::from(T + 30_000), i64::from(T + 57_600)));
    assert_eq!(views.len(), 3);
}

/// The rows before and after, by the seconds since the table; a table may show what is not at rest yet.
#[test]
fn an_event_names_the_rows_before_and_after_it() {
    let mut file = table(T);
    announce(&mut file, T + 1000, 3, &[20485, 131_279], ONE);
    file.0.extend(table(T + 1030).0);
    for peer in peers() {
        file.state(T + 3000, peer, 1).state(T + 3300, peer, 6);
    }
    for prefix in PREFIXES {
        announce(&mut file, T + 3301, 8, &[4837, 131_279], prefix);
    }
    announce(&mut file, T + 5000, 3, &[20485, 131_279], ONE);
    let (views, events) = of_with(&file, &options());
    let since = |at: jiff::Timestamp| at.as_second() - i64::from(T);
    let runs: Vec<_> = events
        .iter()
        .filter(|event| event.kind == Kind::CollectorGap || event.scope.prefix_len() == 24)
        .filter(|event| event.kind != Kind::VerdictChanged)
        .map(|event| (event.kind.name(), event.runs.map(|run| run.map(since))))
        .collect();
    let expected =
        [("collector-gap", [Some(1030), None]), ("carrier-appeared", [Some(1030), Some(5000)])];
    assert_eq!(runs, expected);
    let started: Vec<i64> = views.iter().map(|view| since(view.started)).collect();
    assert_eq!(started, [0, 1030, 5000]);
    // Of updates alone nothing is known before the first one.
    let mut file = MrtFile::default();
    announce(&mut file, T, 8, &[4837, 131_279], ONE);
    announce(&mut file, T + 1000, 8, &[20485, 131_279], ONE);
    let (views, events) = of_with(&file, &options());
    assert!(!events.is_empty());
    for event in events {
        let [before, after] = event.runs;
        let shown = |run: jiff::Timestamp| views.iter().any(|view| view.started == run);
        assert!(before.is_none_or(shown) && after.is_some_and(shown), "{:?}", event.runs);
    }
}

/// What is wrong at the end shows without an event, if more than one peer shows it.
#[test]
fn what_is_wrong_from_the_beginning_is_an_alarm() {
    let of = |file: &MrtFile| {
        let (views, events) = of_with(file, &options());
        assert!(events.iter().all(|event| event.scope.prefix_len() > 24), "{events:?}");
        views.last().expect("a view").alarms.iter().copied().collect::<Vec<Kind>>()
    };
    assert_eq!(of(&table(T)), []);
    let with = |count: usize, behind: &[u32], prefix: &str| {
        let mut file = MrtFile::default();
        file.peers(T, &peers()).others(T, 20, 8);
        let path = |(place, asn): (usize, u32), prefix_is: &str| {
            let other = place < count && prefix_is == prefix;
            let behind = if other { behind } else { &[4837, 131_279][..] };
            [&[asn], behind].concat()
        };
        for one in PREFIXES.iter().copied().chain((!PREFIXES.contains(&prefix)).then_some(prefix)) {
            let paths: Vec<Vec<u32>> = peers()
                .iter()
                .enumerate()
                .map(|(place, peer)| path((place, peer.1), one))
                .collect();
            let routes: Vec<(u16, &[u32])> = (0..).zip(paths.iter().map(Vec::as_slice)).collect();
            file.routes(T, one, &routes);
        }
        of(&file)
    };
    assert_eq!(with(3, &[9009, 65_010], ONE), [Kind::OriginChanged]);
    assert_eq!(with(1, &[9009, 65_010], ONE), []);
    assert_eq!(with(8, &[9009, 9010], "175.45.178.128/25"), [Kind::ForeignMoreSpecific]);
    assert_eq!(with(3, &[64_666, 131_279], ONE), [Kind::UnknownUpstream]);
    let mut file = MrtFile::default();
    file.peers(T, &peers()).others(T, 20, 8);
    assert_eq!(of(&file), [Kind::OutageBegan]);
}

/// Nobody says when the table of such a session is whole, but what it announces is known.
#[test]
fn a_session_whose_start_was_not_recorded_counts_by_what_it_announces() {
    let mut file = table(T);
    for peer in peers().into_iter().take(2) {
        file.state(T + 1000, peer, 1);
    }
    announce(&mut file, T + 2000, 2, &[20485, 131_279], ONE);
    let expected = [
        "carrier-appeared TransTeleCom 175.45.176.0/24 +2000",
        "verdict-changed  175.45.176.0/24 +2000",
    ];
    assert_eq!(events(&file), expected);
}

/// A peer has sent its table at a time for which records of other peers have gone by: with the next file, or at the end.
#[test]
fn a_table_that_was_sent_across_files_is_known() {
    for (second, name) in [(T + 300, "0905"), (T + 63, "0901")] {
        let mut first = table(T);
        first.state(T + 5, peers()[0], 1).state(T + 10, peers()[0], 6);
        for prefix in PREFIXES {
            announce(&mut first, T + 12, 1, &[4837, 131_279], prefix);
        }
        first.announce(T + 55, peers()[7], &[3333, 4837, 131_279], &[ONE]);
        if second > T + 73 {
            first.announce(T + 70, peers()[7], &[3333, 4837, 131_279], &[ONE]);
            first.announce(T + 73, peers()[7], &[3333, 174, 4837, 131_279], &[ONE]);
        }
        let mut then = MrtFile::default();
        then.announce(second, peers()[6], &[9002, 174, 4837, 131_279], &[ONE]);
        then.announce(second + 1, peers()[6], &[9002, 20485, 131_279], &[ONE]);
        let folder = tempfile::tempdir().expect("a folder");
        first.save(&folder.path().join("rrc00.updates.20171001.0900.mrt"));
        then.save(&folder.path().join(format!("rrc00.updates.20171001.{name}.mrt")));
        // No record is late, or `follow` fails.
        let (views, _) = follow(&[folder.path().to_owned()], &options());
        let last = views.last().expect("a view");
        assert_eq!(last.scopes[1].asked, 8, "{name}");
    }
}

#[test]
fn a_peer_that_is_left_out_is_in_no_row_of_a_table() {
    let without = vec![PeerSpec::As(1299)];
    for others in [20, 0] {
        let mut file = MrtFile::default();
        file.peers(T, &peers()).others(T, others, 8);
        for (number, prefix) in (0..).zip(["175.45.176.0/24", "175.45.178.0/25"]) {
            let mut routes: Vec<(u16, &[u32])> = vec![(0, &[1299, 20485, 131_279])];
            if number == 0 {
                routes.push((1, &[3356, 4837, 131_279]));
            }
            file.routes(T, prefix, &routes);
        }
        let (views, _) = of_with(&file, &Options { without: without.clone(), ..options() });
        let [view] = &views[..] else { panic!("{} views", views.len()) };
        assert!(view.scopes.iter().all(|of| of.scope.prefix_len() != 25), "{others}");
        assert_eq!(view.scopes[1].carriers, [("China Unicom".to_owned(), 1)], "{others}");
        assert_eq!(view.scopes[1].peers, if others == 0 { 1 } else { 7 }, "{others}");
    }
}

/// Behind the last record rows go on for a day, not over all of a hole.
#[test]
fn no_rows_are_due_in_a_hole() {
    const DAY: u32 = 86_400;
    let mut file = table(T);
    announce(&mut file, T + 30 * DAY, 8, &[4837, 131_279], ONE);
    let every = Some(SignedDuration::from_hours(1));
    let (views, _) = of_with(&file, &Options { every, ..options() });
    assert_eq!(views.len(), 1 + 24);
}

/// Of a service's counts, which are of spans, the one in which the time is.
#[test]
fn a_span_is_shown_at_its_time_alone() {
    let span = |from: &str, until: &str| {
        format!(
            r#"{{"starttime":"2017-10-{from}:00:00","endtime":"2017-10-{until}:00:00","full_peers_seeing":100,"visibility":1.0}}"#
        )
    };
    let spans = [span("01T00", "01T08"), span("01T08", "01T16"), span("01T16", "02T00")].join(",");
    let text = format!(
        r#"{{"status":"ok","data":{{"by_origin":[{{"origin":"4837 131279","prefixes":[{{"prefix":"175.45.176.0/24","timelines":[{spans}]}}]}}]}}}}"#
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("routing-history.json");
    std::fs::write(&path, text).expect("written");
    let started = |at: Option<&str>| {
        let at = at.map(|at| at.parse().expect("a time"));
        let (views, _) = follow(std::slice::from_ref(&path), &Options { at, ..options() });
        assert!(views.iter().all(|view| !view.scopes.is_empty() && view.scopes[0].asked == 100));
        views.iter().map(|view| view.started.to_string()).collect::<Vec<_>>()
    };
    let all = ["2017-10-01T00:00:00Z", "2017-10-01T08:00:00Z", "2017-10-01T16:00:00Z"];
    assert_eq!(started(None), all);
    assert_eq!(started(Some("2017-10-01T08:00:00Z")), all[1..2]);
    assert_eq!(started(Some("2017-10-01T12:00:00Z")), all[1..2]);
    assert_eq!(started(Some("2017-10-02T00:00:00Z")), all[2..]);
    assert_eq!(started(Some("2017-10-03T00:00:00Z")), [] as [&str; 0]);
    assert_eq!(started(Some("2017-09-30T00:00:00Z")), [] as [&str; 0]);
}

/// The block's row: a prefix of four by another carrier for two of eight peers is less than half a peer.
#[test]
fn a_verdict_has_what_the_counts_round_away() {
    let mut file = table(T);
    announce(&mut file, T + 1000, 1, &[20485, 131_279], ONE);
    let (views, _) = of_with(&file, &options());
    let block = &views.last().expect("a view").scopes[0];
    let counts: Vec<usize> = block.counts.values().copied().collect();
    assert_eq!(counts, [8, 0, 0, 0, 0]);
    assert!(block.shares[1].is_some_and(|share| share.share > 0.03));
    assert_eq!(block.verdict, lasthop::split::Verdict::Mixed);
}

/// Sets and poisoned paths name nobody, and count apart.
#[test]
fn paths_that_do_not_say_it_are_unknown() {
    let mut file = table(T);
    let set = [Segment::Sequence(&[1299, 4837]), Segment::Set(&[131_279, 64_500])];
    let message = update(&[], &as_path(&set, true), &nlri(&[ONE], None));
    file.message(T + 1000, 4, peers()[0], 2, &message);
    file.announce(T + 1001, peers()[1], &[3356, 134_544, 131_279, 20485, 131_279], &[ONE]);
    let (views, _) = of_with(&file, &options());
    let last = &views.last().expect("a view").scopes[1];
    let counts: Vec<usize> = last.counts.values().copied().collect();
    // China, Russia, other, unknown, unreached.
    assert_eq!(counts, [6, 0, 0, 2, 0]);
    assert_eq!(last.visibility, Some(1.0));
}

/// A table may leave out the numbers of paths that updates have.
#[test]
fn several_paths_of_a_peer_share_its_weight() {
    let mut file = table(T);
    let several = |file: &mut MrtFile, at: u32| {
        for (id, upstream) in [(1, 4837), (2, 20485)] {
            let attributes = as_path(&[Segment::Sequence(&[1299, upstream, 131_279])], true);
            file.message(at, 9, peers()[0], 2, &update(&[], &attributes, &nlri(&[ONE], Some(id))));
        }
    };
    several(&mut file, T + 10);
    let share = |file: &MrtFile| {
        let (views, _) = of_with(file, &options());
        let scope = &views.last().expect("a view").scopes[1];
        (scope.shares[1].expect("a share").share, scope.carriers.clone())
    };
    let (both, carriers) = share(&file);
    assert!((both - 0.5 / 8.0).abs() < 1e-9, "{both}");
    assert_eq!(carriers, [("China Unicom".to_owned(), 8), ("TransTeleCom".to_owned(), 1)]);
    let gone = update(&nlri(&[ONE], Some(2)), &[], &[]);
    file.message(T + 500, 9, peers()[0], 2, &gone);
    let (one, carriers) = share(&file);
    assert!(one == 0.0 && carriers.len() == 1, "{one} {carriers:?}");
}

/// Files that overlap, and the same file twice, are one stream.
#[test]
fn what_is_there_twice_counts_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut updates = MrtFile::default();
    announce(&mut updates, T + 1000, 3, &[20485, 131_279], ONE);
    for name in ["rrc00.updates.20171001.0900.mrt", "rrc00.updates.20171001.0905.mrt"] {
        updates.save(&folder.path().join(name));
    }
    table(T).save(&folder.path().join("rrc00.bview.20171001.0900.mrt"));
    let (_, events) = follow(&[folder.path().to_owned()], &options());
    let times: Vec<_> = events
        .iter()
        .map(|event| (event.kind.name(), event.scope.prefix_len(), event.moved))
        .collect();
    let kinds = ["carrier-appeared", "verdict-changed"];
    let expected: Vec<_> =
        [22, 24].iter().flat_map(|of| kinds.map(|kind| (kind, *of, 3))).collect();
    assert_eq!(times, expected);
}

/// An answer about one prefix says nothing about the others.
#[test]
fn what_was_asked_of_one_prefix_is_known_of_that_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ris-peerings.json");
    let peer = |last: u8, asn: u32, routes: &str| {
        format!(
            r#"{{"asn":{asn},"ip":"198.51.100.{last}","ip_version":"4","prefix_count":900000,"routes":[{routes}]}}"#
        )
    };
    let peers = [
        peer(1, 1299, r#"{"as_path":[1299,20485,131279]}"#),
        peer(2, 3356, r#"{"as_path":[3356,4837,131279]}"#),
        peer(3, 2914, ""),
    ];
    let text = format!(
        r#"{{"status":"ok","data":{{"resource":"175.45.178.0/24","query_endtime":"2017-10-01T16:00:00","peerings":[{{"probe":{{"name":"RRC00"}},"peers":[{}]}}]}}}}"#,
        peers.join(",")
    );
    std::fs::write(&path, text).expect("written");
    let (views, events) = follow(&[path], &options());
    assert!(events.is_empty());
    let asked: Vec<(String, usize, Option<f64>)> =
        views[0].scopes.iter().map(|of| (of.scope.to_string(), of.asked, of.visibility)).collect();
    assert_eq!(*views[0].collector, *"rrc00");
    let known = asked.iter().find(|(scope, ..)| scope == "175.45.178.0/24").expect("178");
    assert!(
        known.1 == 3 && known.2.is_some_and(|share| (share - 2.0 / 3.0).abs() < 1e-9),
        "{asked:?}"
    );
    assert!(
        asked
            .iter()
            .filter(|(scope, ..)| scope.ends_with("/24") && scope != "175.45.178.0/24")
            .all(|one| one.1 == 0),
        "{asked:?}"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]
    /// Whatever is damaged, what is read is an error or less, and nothing worse.
    #[test]
    fn damage_is_reported_and_nothing_worse(cut in 0_usize..9000, places in proptest::collection::vec((0_usize..9000, 0_u8..=255), 0..8)) {
        let mut file = table(T);
        announce(&mut file, T + 1000, 8, &[20485, 131_279], ONE);
        file.state(T + 2000, peers()[0], 1).state(T + 3000, peers()[0], 6);
        file.0.truncate(cut.max(12));
        for (place, byte) in places {
            if let Some(there) = file.0.get_mut(place) {
                *there = byte;
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("october.mrt");
        file.save(&path);
        let targets = lasthop::targets::Targets::built_in().expect("targets");
        let networks = lasthop::bgp::Networks::new(&targets, None, []);
        let options = options();
        let mut collector = lasthop::bgp::Collector::new("x".into(), &networks, None, &options);
        let from = lasthop::bgp::named("mrt");
        let read = lasthop::bgp::ReadOptions { from, collector: None, wanted: lasthop::bgp::Wanted::of(&targets) };
        let _ = lasthop::bgp::read_files(&[path], &read, &mut |_, record| collector.take(&record, &mut |_| {}), &mut |_| {});
        collector.end(&mut |_| {});
    }
}
