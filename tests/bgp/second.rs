//! A second recording, written byte by byte with its truth: payloads of the RPKI that make prefixes invalid, a hijack of a
//! more specific prefix, sets, a collector that crashes, maintenance, prefixes that move. Ten peers of one collector, and
//! other prefixes that go on all the time.

use std::collections::BTreeSet;
use std::path::Path;

use lasthop::bgp::{Event, View, Vrps};

use crate::mrt_file::{MrtFile, PeerOf, Segment, as_path, nlri, update};
use crate::october::{follow, follow_judged, options};

const T: u32 = 1_742_284_800;
const END: u32 = 24_000;
const CHINA: u32 = 4837;
const RUSSIA: u32 = 20485;
const HOME: u32 = 131_279;
const WIDE: &str = "175.45.176.0/22";
const PREFIXES: [&str; 4] =
    ["175.45.176.0/24", "175.45.177.0/24", "175.45.178.0/24", "175.45.179.0/24"];

/// Two of them hang on others: their paths have these in front of the upstream.
fn peers() -> Vec<PeerOf> {
    let asns = [1299, 3356, 2914, 3257, 6453, 7018, 9002, 12389, 3333, 4608];
    asns.iter().zip(1..).map(|(asn, last)| (last, *asn)).collect()
}

fn path(peer: PeerOf, behind: &[u32]) -> Vec<u32> {
    let fork = match peer.1 {
        3333 | 4608 => Some(3356),
        _ => None,
    };
    [peer.1].into_iter().chain(fork).chain(behind.iter().copied()).collect()
}

/// A table of twenty other prefixes and those of the block, each by the AS that is next to the origin.
fn table(at: u32, of: &[(&str, u32)]) -> MrtFile {
    let mut file = MrtFile::default();
    file.peers(at, &peers()).others(at, 20, 10);
    for (prefix, upstream) in of {
        let paths: Vec<Vec<u32>> =
            peers().iter().map(|peer| path(*peer, &[*upstream, HOME])).collect();
        let routes: Vec<(u16, &[u32])> = (0..).zip(paths.iter().map(Vec::as_slice)).collect();
        file.routes(at, prefix, &routes);
    }
    file
}

/// Records with the seconds since [`T`], in any order.
#[derive(Default)]
struct Recording(Vec<(u32, MrtFile)>);

impl Recording {
    fn add(&mut self, at: u32, write: impl FnOnce(&mut MrtFile)) {
        let mut file = MrtFile::default();
        write(&mut file);
        self.0.push((at, file));
    }

    /// So many peers, from `first` on, announce a prefix, one in each second.
    fn announce(&mut self, at: u32, (first, count): (usize, u32), behind: &[u32], prefix: &str) {
        for (second, peer) in (at..at + count).zip(peers().into_iter().skip(first)) {
            self.add(second, |file| {
                file.announce(T + second, peer, &path(peer, behind), &[prefix]);
            });
        }
    }

    fn withdraw(&mut self, at: u32, (first, count): (usize, u32), prefix: &str) {
        for (second, peer) in (at..at + count).zip(peers().into_iter().skip(first)) {
            self.add(second, |file| {
                file.withdraw(T + second, peer, &[prefix]);
            });
        }
    }

    /// The peer sends its table after its session came up.
    fn send_table(&mut self, at: u32, peer: PeerOf, of: &[(&str, u32)]) {
        self.add(at, |file| {
            file.state(T + at, peer, 6);
            for number in 0..20 {
                file.announce(
                    T + at + 1,
                    peer,
                    &[peer.1, 64_511],
                    &[&format!("10.{number}.0.0/16")],
                );
            }
            for (prefix, upstream) in of {
                file.announce(T + at + 2, peer, &path(peer, &[*upstream, HOME]), &[prefix]);
            }
        });
    }

    /// What is recorded of other prefixes, every ten seconds without those in which nothing is.
    fn go_on(&mut self, silence: std::ops::Range<u32>) {
        for at in (5..END).step_by(10).filter(|at| !silence.contains(at)) {
            let peer = peers()[usize::try_from(at / 10 % 7).expect("few")];
            self.add(at, |file| {
                file.announce(T + at, peer, &[peer.1, 174, 64_511], &["10.3.0.0/16"]);
            });
        }
    }

    fn file(mut self, table: MrtFile) -> MrtFile {
        self.0.sort_by_key(|(at, _)| *at);
        let mut file = table;
        self.0.into_iter().for_each(|(_, record)| file.0.extend(record.0));
        file
    }
}

fn vrps(folder: &Path) -> Vrps {
    let path = folder.join("vrps.csv");
    let text = "ASN,IP Prefix,Max Length,Trust Anchor\nAS131279,175.45.176.0/22,22,apnic\n\
                AS131279,175.45.177.0/24,24,apnic\nAS131279,175.45.178.0/24,24,apnic\n\
                AS131279,175.45.179.0/24,24,apnic\n";
    std::fs::write(&path, text).expect("written");
    Vrps::open(&path).expect("payloads")
}

fn text(event: &Event) -> String {
    let subject = event.subject.as_deref().unwrap_or_default();
    let seconds = event.first_at.as_second() - i64::from(T);
    format!("+{seconds} {} {subject} {} {}", event.kind.name(), event.scope, event.moved)
}

fn of(file: &MrtFile, judged: bool) -> (Vec<View>, Vec<Event>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("second.mrt");
    file.save(&path);
    let vrps = judged.then(|| vrps(folder.path()));
    follow_judged(&[path], &options(), vrps.as_ref())
}

/// What happened in prefixes, and to the collector.
fn told(events: &[Event]) -> Vec<String> {
    let is_told =
        |event: &&Event| event.scope.prefix_len() > 22 || event.kind.name() == "collector-gap";
    events.iter().filter(is_told).map(text).collect()
}

const CHINESE: [(&str, u32); 4] =
    [(PREFIXES[0], CHINA), (PREFIXES[1], RUSSIA), (PREFIXES[2], CHINA), (PREFIXES[3], CHINA)];

fn recording() -> MrtFile {
    let mut all = Recording::default();
    // 177 moves, with paths on the way that are given up again.
    all.announce(1000, (0, 6), &[174, RUSSIA, HOME], PREFIXES[1]);
    all.announce(1010, (0, 6), &[RUSSIA, HOME], PREFIXES[1]);
    all.announce(1600, (6, 4), &[RUSSIA, HOME], PREFIXES[1]);
    // The /22 comes, which is valid, and the /24 goes, which is not; later it is back.
    all.announce(2500, (0, 10), &[CHINA, HOME], WIDE);
    all.withdraw(3000, (0, 10), PREFIXES[0]);
    all.announce(3600, (2, 8), &[CHINA, HOME], PREFIXES[0]);
    all.announce(3700, (0, 2), &[CHINA, HOME], PREFIXES[0]);
    // A part of 178 is somebody else's for ten minutes.
    all.announce(5000, (1, 4), &[9009, 9010], "175.45.178.128/25");
    all.withdraw(5600, (1, 4), "175.45.178.128/25");
    // Three routes that were aggregated.
    for (at, peer) in (7000..).zip(peers().into_iter().take(3)) {
        all.add(at, |file| {
            let set = [Segment::Sequence(&[peer.1, CHINA]), Segment::Set(&[HOME, 64_500])];
            let message = update(&[], &as_path(&set, true), &nlri(&[PREFIXES[3]], None));
            file.message(T + at, 4, peer, 2, &message);
        });
    }
    all.announce(7300, (0, 3), &[CHINA, HOME], PREFIXES[3]);
    // The collector crashes: half of the sessions are seen to go down. It is back after ten minutes, and writes a table.
    for peer in peers().into_iter().take(5) {
        all.add(9000, |file| {
            file.state(T + 9000, peer, 1);
        });
    }
    for (at, peer) in (9600..).zip(peers()) {
        // Meanwhile 178 has another way too.
        let mut now = CHINESE;
        if peer.0 <= 3 {
            now[2].1 = RUSSIA;
        }
        all.send_table(at, peer, &now);
        all.add(at, |file| {
            file.announce(T + at + 2, peer, &path(peer, &[CHINA, HOME]), &[WIDE]);
        });
    }
    // Maintenance: all peers but three withdraw what they have and end their sessions; half an hour later they are back.
    for (at, peer) in (12_000..).zip(peers().into_iter().skip(3)) {
        for prefix in PREFIXES.into_iter().chain([WIDE]) {
            all.add(at, |file| {
                file.withdraw(T + at, peer, &[prefix]);
            });
        }
        all.add(at + 30, |file| {
            file.state(T + at + 30, peer, 1);
        });
        all.send_table(at + 1800 + 100 * u32::from(peer.0), peer, &CHINESE);
    }
    // 179 is down for a while.
    all.withdraw(17_000, (0, 10), PREFIXES[3]);
    all.withdraw(17_000, (0, 10), WIDE);
    all.announce(17_600, (0, 10), &[CHINA, HOME], PREFIXES[3]);
    // Two more peers of 178 choose the other way, later one of them and one of the first three come back.
    all.announce(19_000, (3, 1), &[RUSSIA, HOME], PREFIXES[2]);
    all.announce(20_000, (4, 1), &[RUSSIA, HOME], PREFIXES[2]);
    all.announce(21_000, (0, 1), &[CHINA, HOME], PREFIXES[2]);
    all.announce(22_000, (3, 1), &[CHINA, HOME], PREFIXES[2]);
    all.go_on(9000..9600);
    let begin: Vec<(&str, u32)> = PREFIXES.iter().map(|prefix| (*prefix, CHINA)).collect();
    all.file(table(T, &begin))
}

#[test]
fn every_event_is_there_to_the_second_and_nothing_else() {
    let truth = [
        "+1000 carrier-appeared TransTeleCom 175.45.177.0/24 6",
        "+1000 verdict-changed  175.45.177.0/24 6",
        "+1600 carrier-vanished China Unicom 175.45.177.0/24 4",
        "+1600 verdict-changed  175.45.177.0/24 4",
        "+3000 rpki-invalid-ended AS131279 175.45.176.0/24 10",
        "+3600 rpki-invalid-began AS131279 175.45.176.0/24 8",
        "+5000 foreign-more-specific AS9010 175.45.178.128/25 4",
        "+5000 rpki-invalid-began AS9010 175.45.178.128/25 4",
        "+5600 rpki-invalid-ended AS9010 175.45.178.128/25 4",
        "+7000 rpki-invalid-began AS_SET 175.45.179.0/24 3",
        "+7300 rpki-invalid-ended AS_SET 175.45.179.0/24 3",
        "+9000 collector-gap  175.45.176.0/22 10",
        "+9602 carrier-appeared TransTeleCom 175.45.178.0/24 3",
        "+9602 verdict-changed  175.45.178.0/24 3",
        "+17000 outage-began  175.45.179.0/24 10",
        "+17600 outage-ended  175.45.179.0/24 10",
        "+20000 share-moved russia 175.45.178.0/24 2",
        "+22000 share-moved russia 175.45.178.0/24 2",
    ];
    let (_, events) = of(&recording(), true);
    let told = told(&events);
    let (expected, found): (BTreeSet<&str>, BTreeSet<&str>) =
        (truth.into_iter().collect(), told.iter().map(String::as_str).collect());
    let missing: Vec<_> = expected.difference(&found).collect();
    let others: Vec<_> = found.difference(&expected).collect();
    assert!(missing.is_empty() && others.is_empty(), "missing {missing:#?}, others {others:#?}");
    assert_eq!(told.len(), truth.len(), "{told:#?}");
}

#[test]
fn the_rows_of_a_crash_are_marked_and_those_behind_it_are_not() {
    let (views, _) = of(&recording(), false);
    let at = |second: u32| {
        let is_before = |view: &&View| view.started.as_second() <= i64::from(T + second);
        views.iter().filter(is_before).next_back().expect("a view")
    };
    // Three peers that say a set: unknown, and still there.
    let sets = &at(7200).scopes[4];
    let counts: Vec<usize> = sets.counts.values().copied().collect();
    assert_eq!((counts, sets.visibility), (vec![7, 0, 0, 3, 0], Some(1.0)));
    assert!(at(8000).complete && at(11_000).complete);
    // What peers that are not there would say is in no row, and nobody has withdrawn anything.
    let drained = &at(12_500).scopes[3];
    assert!(
        drained.asked <= 10 && drained.visibility.is_some_and(|share| share > 0.0),
        "{drained:?}"
    );
    let last = &views.last().expect("a view").scopes[3];
    assert_eq!(last.carriers, [("China Unicom".into(), 7), ("TransTeleCom".into(), 3)]);
}

/// A collector that records nothing for ten minutes, though it usually does every ten seconds; its sessions stay.
#[test]
fn a_silent_collector_is_a_gap_and_no_withdrawal() {
    let begin: Vec<(&str, u32)> = PREFIXES.iter().map(|prefix| (*prefix, CHINA)).collect();
    let silent = |until: u32| {
        let mut all = Recording::default();
        all.go_on(4000..until);
        let (views, events) = of(&all.file(table(T, &begin)), false);
        assert_eq!(views.len(), 1);
        assert!(events.iter().all(|event| event.sides[0].upstreams.is_empty()), "{events:?}");
        events
            .iter()
            .map(|event| (text(event), event.at_rest.as_second() - i64::from(T)))
            .collect::<Vec<_>>()
    };
    let gap = "+3995 collector-gap  175.45.176.0/22 10".to_owned();
    assert_eq!(silent(4600), [(gap, 4605)]);
    assert_eq!(silent(4200), []);
}

/// A file of a series is missing. Files that somebody chose are no series, and nor is their end.
#[test]
fn a_missing_file_of_a_series_is_a_gap() {
    let begin: Vec<(&str, u32)> = PREFIXES.iter().map(|prefix| (*prefix, CHINA)).collect();
    let gaps = |numbers: &[u32]| {
        let folder = tempfile::tempdir().expect("a folder");
        let name = |kind: &str, minute: u32| {
            folder.path().join(format!("rrc00.{kind}.20250318.08{minute:02}.mrt"))
        };
        table(T, &begin).save(&name("bview", 0));
        for number in numbers {
            let mut all = Recording::default();
            let second = number * 300;
            all.announce(second + 7, (0, 1), &[174, CHINA, HOME], PREFIXES[0]);
            all.file(MrtFile::default()).save(&name("updates", number * 5));
        }
        let (views, events) = follow(&[folder.path().to_owned()], &options());
        assert!(views.iter().all(|view| view.scopes[1].visibility == Some(1.0)));
        events
            .iter()
            .map(|event| (text(event), event.at_rest.as_second() - i64::from(T)))
            .collect::<Vec<_>>()
    };
    let gap = "+900 collector-gap  175.45.176.0/22 10".to_owned();
    assert_eq!(gaps(&[0, 1, 2, 4, 5, 6]), [(gap, 1200)]);
    assert_eq!(gaps(&[0, 1, 2, 3, 4, 5]), []);
    assert_eq!(gaps(&[0, 2, 5, 6, 9]), []);
}
