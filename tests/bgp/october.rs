//! October 2017, as real routers recorded it in every format: Dyn's five times, the four outages, and nothing else; and
//! what each peer had in its own table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use lasthop::bgp::{
    Collector, Event, Found, FullFeed, Networks, Options, ReadOptions, View, Vrps, Wanted,
    read_files,
};
use lasthop::targets::Targets;
use serde_json::Value;

use crate::skip;

pub(crate) fn options() -> Options {
    Options {
        full: FullFeed::default(),
        without: Vec::new(),
        every: None,
        at: None,
        keep_peers: false,
        by_peer: false,
    }
}

pub(crate) fn follow(files: &[PathBuf], options: &Options) -> (Vec<View>, Vec<Event>) {
    follow_judged(files, options, None)
}

/// The same, judged by the payloads of the RPKI.
pub(crate) fn follow_judged(
    files: &[PathBuf],
    options: &Options,
    vrps: Option<&Vrps>,
) -> (Vec<View>, Vec<Event>) {
    let targets = Targets::built_in().expect("targets");
    let networks = Networks::new(&targets, None, []);
    let (mut views, mut events) = (Vec::new(), Vec::new());
    let mut take = |found: Found<'_>| match found {
        Found::View(view) => views.push(view),
        Found::Event(event) => events.push(event),
        _ => {}
    };
    let mut collectors: BTreeMap<Arc<str>, Collector<'_>> = BTreeMap::new();
    let read = ReadOptions { from: None, collector: None, wanted: Wanted::of(&targets) };
    read_files(
        files,
        &read,
        &mut |name, record| {
            let collector = collectors.entry(Arc::clone(name));
            let new = || Collector::new(Arc::clone(name), &networks, vrps, options);
            collector.or_insert_with(new).take(&record, &mut take);
        },
        &mut |_| {},
    )
    .expect("read");
    for collector in collectors.values_mut() {
        collector.end(&mut take);
        assert_eq!(collector.late, 0);
    }
    (views, events)
}

fn recording() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../shared/samples/bgp/own/october-2017");
    if path.exists() {
        return Some(path);
    }
    skip("the recording of October 2017 is not there");
    None
}

/// What happened, to the second, in each of the four prefixes.
fn expected() -> BTreeSet<(String, String, String)> {
    let mut all = BTreeSet::new();
    let mut add = |time: &str, kind: &str, subject: &str, last: &[u8]| {
        for number in last {
            all.insert((
                time.to_owned(),
                format!("{kind} {subject}"),
                format!("175.45.{number}.0/24"),
            ));
        }
    };
    let ttk = "TransTeleCom";
    let mut carrier = |time: &str, what: &str, last: &[u8]| {
        add(time, &format!("carrier-{what}"), ttk, last);
        add(time, "verdict-changed", "", last);
    };
    carrier("2017-10-01T09:07:51Z", "appeared", &[176, 178, 179]);
    carrier("2017-10-01T10:14:45Z", "vanished", &[176, 178, 179]);
    carrier("2017-10-01T12:21:55Z", "appeared", &[176, 178, 179]);
    carrier("2017-10-02T07:56:39Z", "vanished", &[176]);
    carrier("2017-10-02T09:10:29Z", "vanished", &[179]);
    for (down, up) in [
        ("10:47:00", "10:52:20"),
        ("11:08:10", "11:13:40"),
        ("11:36:30", "11:46:50"),
        ("12:03:00", "12:07:30"),
    ] {
        add(&format!("2017-10-01T{down}Z"), "outage-began", "", &[176, 177, 178, 179]);
        add(&format!("2017-10-01T{up}Z"), "outage-ended", "", &[176, 177, 178, 179]);
    }
    all
}

#[test]
fn every_format_shows_the_five_times_and_nothing_else() {
    let Some(recording) = recording() else { return };
    let other = |name: &str| recording.join("other-formats").join(name);
    let dumped = [
        "bview.20171001.0800.bgpdump-m.txt",
        "bview.20171001.1222.bgpdump-m.txt",
        "updates.bgpdump-m.txt",
    ];
    for (what, files) in [
        ("MRT of RIPE's kind", vec![recording.join("rrc")]),
        ("MRT of Route Views' kind", vec![recording.join("route-views")]),
        ("bgpdump -m", dumped.map(other).to_vec()),
        ("bgpdump -m, updates alone", vec![other("updates.bgpdump-m.txt")]),
        ("RIS Live", vec![other("ris-live.jsonl")]),
        ("RIPEstat bgplay", vec![other("ripestat.bgplay.json")]),
    ] {
        let (_, events) = follow(&files, &options());
        let seen: BTreeSet<_> = events
            .iter()
            .filter(|event| event.scope.prefix_len() == 24)
            .map(|event| {
                let subject = event.subject.as_deref().unwrap_or_default();
                let time = Timestamp::from_second(event.first_at.as_second()).expect("a time");
                (
                    time.to_string(),
                    format!("{} {subject}", event.kind.name()),
                    event.scope.to_string(),
                )
            })
            .collect();
        let expected = expected();
        let missing: Vec<_> = expected.difference(&seen).collect();
        let others: Vec<_> = seen.difference(&expected).collect();
        assert!(
            missing.is_empty() && others.is_empty(),
            "{what}: missing {missing:#?}, others {others:#?}"
        );
    }
}

/// The upstreams of the peers of a kind, by the routers' own tables: for each prefix, how many AS have each.
fn truth(phase: &Value, peers: &[&Value]) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut counts: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for peer in peers {
        let state = &phase["state"][peer["name"].as_str().expect("a name")];
        for number in 176..180 {
            let prefix = format!("175.45.{number}.0/24");
            let paths = state[&prefix].as_array().into_iter().flatten();
            let upstream = |path: &Value| {
                let path = path.as_array().expect("a path");
                let before = path.len().checked_sub(2).map(|place| path[place].as_u64());
                before.flatten().or_else(|| peer["as"].as_u64()).expect("an AS")
            };
            let upstreams: BTreeSet<u64> = paths.map(upstream).collect();
            let of = counts.entry(prefix).or_default();
            for asn in upstreams {
                let name = if asn == 4837 {
                    "China Unicom".into()
                } else if asn == 20485 {
                    "TransTeleCom".into()
                } else {
                    format!("AS{asn}")
                };
                *of.entry(name).or_default() += 1;
            }
        }
    }
    counts
}

#[test]
fn every_steady_phase_counts_as_many_peers_as_the_routers_tables() {
    let Some(recording) = recording() else { return };
    let text = std::fs::read_to_string(recording.join("truth.json")).expect("the truth");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    // By kind one peer is full whose table has a third of the prefixes: by the rule of 75 % it is not.
    for (full, least) in [(FullFeed::Prefixes(200), 0), (FullFeed::default(), 416)] {
        for (folder, name) in [("rrc", "rrc"), ("route-views", "rv")] {
            for phase in json["phases"].as_array().expect("phases") {
                let is_full = |peer: &&Value| {
                    let size =
                        phase["state"][peer["name"].as_str().expect("a name")]["_size"].as_u64();
                    peer["kind"].as_str().is_some_and(|kind| kind.starts_with("full"))
                        && peer["collectors"]
                            .as_array()
                            .is_some_and(|all| all.iter().any(|one| one == name))
                        && size.is_some_and(|size| size >= least)
                };
                let peers: Vec<&Value> =
                    json["peers"].as_array().expect("peers").iter().filter(is_full).collect();
                let at: Timestamp =
                    phase["steady_at"].as_str().expect("a time").parse().expect("a time");
                let options = Options { full, at: Some(at), ..options() };
                let (views, _) = follow(&[recording.join(folder)], &options);
                let [view] = &views[..] else { panic!("{} views", views.len()) };
                for (prefix, expected) in truth(phase, &peers) {
                    let of = view
                        .scopes
                        .iter()
                        .find(|of| of.scope.to_string() == prefix)
                        .expect("a scope");
                    let seen: BTreeMap<String, usize> = of.carriers.iter().cloned().collect();
                    let what = format!("{folder} {prefix} at {at}");
                    assert_eq!(seen, expected, "{what}");
                    assert_eq!(
                        (of.asked, of.full_peers),
                        (peers.len(), Some(peers.len())),
                        "{what}"
                    );
                    assert_eq!(of.counts.values().sum::<usize>(), peers.len(), "{what}");
                    let visibility = if expected.is_empty() { 0.0 } else { 1.0 };
                    assert_eq!(of.visibility, Some(visibility), "{what}");
                }
            }
        }
    }
}

/// Nineteen AS behind nine forks: by hand 6.5 of 19, of an effective size of 6.3, by Wilson 10 to 70 %.
#[test]
fn the_interval_counts_forks_and_not_peers() {
    let Some(recording) = recording() else { return };
    let at = Some("2017-10-02T09:30:00Z".parse().expect("a time"));
    let options = Options { full: FullFeed::Prefixes(200), at, ..options() };
    let (views, _) = follow(&[recording.join("rrc")], &options);
    let of =
        views[0].scopes.iter().find(|of| of.scope.to_string() == "175.45.178.0/24").expect("178");
    let share = of.shares[1].expect("a share");
    let text = format!("{:.3} {:.2} {:.2} {:.1}", share.share, share.low, share.high, share.size);
    assert_eq!(text, "0.342 0.10 0.70 6.3");
}
