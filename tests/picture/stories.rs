//! The histories of which pictures are drawn.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use lasthop::history::History;
use lasthop::picture::{html, svg};

use super::story::{CENBONG, INTELSAT, Story, TTK, Truth, UNICOM, Way, history};

/// A story and its pictures.
pub(crate) struct Told {
    pub(crate) name: &'static str,
    pub(crate) history: History,
    pub(crate) svg: String,
    pub(crate) html: String,
}

/// Every story, told once for all tests.
pub(crate) fn all() -> &'static [Told] {
    static ALL: LazyLock<Vec<Told>> = LazyLock::new(|| {
        let told = |(name, history): (&'static str, History)| {
            let (svg, html) = (svg(&history), html(&history));
            Told { name, history, svg, html }
        };
        histories().into_iter().map(told).collect()
    });
    &ALL
}

/// The story of this name.
pub(crate) fn told(name: &str) -> &'static Told {
    all().iter().find(|told| told.name == name).unwrap_or_else(|| panic!("no story {name}"))
}

fn histories() -> Vec<(&'static str, History)> {
    vec![
        ("october-2017", october_2017()),
        ("two-years", two_years()),
        ("december-2025", december_2025()),
        ("one-run", one_run()),
        ("ten-runs", ten_runs()),
        ("outage-only", outage_only()),
        ("one-prefix", one_prefix()),
        ("two-vantages", two_vantages()),
        ("both-planes", both_planes()),
        ("countries", countries()),
        ("busy", busy()),
        ("many-carriers", many_carriers()),
        ("hostile", hostile()),
        ("empty", empty()),
    ]
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn only(way: Way) -> Truth {
    vec![(way, 1.0)]
}

/// Runs from one time until before another.
fn each(from: &str, to: &str, minutes: i64, mut run: impl FnMut(Timestamp)) {
    let (mut now, end) = (at(from), at(to));
    while now < end {
        run(now);
        now += SignedDuration::from_mins(minutes);
    }
}

/// The first days of TransTeleCom, with runs every five minutes.
fn october_2017() -> History {
    let mut story = Story::new("");
    each("2017-10-01T00:00:00Z", "2017-10-02T12:00:00Z", 5, |now| {
        story.run(now, &october_2017_at(now));
    });
    history(&[&story.text])
}

/// TransTeleCom's times for 176, 178 and 179; and four short spells without any way in.
fn october_2017_at(now: Timestamp) -> [Truth; 4] {
    let within = |from: &str, to: &str| now >= at(from) && now < at(to);
    let down = [("10:47", "10:53"), ("11:14", "11:22"), ("11:41", "11:48"), ("12:09", "12:16")];
    let is_down = down.iter().any(|(from, to)| {
        within(&format!("2017-10-01T{from}:00Z"), &format!("2017-10-01T{to}:00Z"))
    });
    let ends = [
        "2017-10-02T07:56:39Z",
        "2000-01-01T00:00:00Z",
        "2030-01-01T00:00:00Z",
        "2017-10-02T09:10:29Z",
    ];
    ends.map(|end| {
        let first = within("2017-10-01T09:07:51Z", "2017-10-01T10:14:45Z");
        let russia = now < at(end) && (first || now >= at("2017-10-01T12:21:55Z"));
        match (is_down, russia) {
            (true, _) => Vec::new(),
            (_, true) => only(TTK),
            (_, false) => only(UNICOM),
        }
    })
}

/// Two years of runs every six hours, with gaps, outages, carriers that come and go, and pings.
fn two_years() -> History {
    let mut story = Story::new("tokyo-1");
    story.pings = true;
    each("2024-01-03T00:17:00Z", "2025-12-31T00:00:00Z", 360, |now| {
        let within = |from: &str, to: &str| now >= at(from) && now < at(to);
        let off = within("2024-05-11T00:00:00Z", "2024-06-02T00:00:00Z")
            || within("2025-02-20T00:00:00Z", "2025-02-23T00:00:00Z");
        if !off {
            story.run(now, &two_years_at(now));
        }
    });
    history(&[&story.text])
}

fn two_years_at(now: Timestamp) -> [Truth; 4] {
    let within = |from: &str, to: &str| now >= at(from) && now < at(to);
    if within("2025-06-07T00:00:00Z", "2025-06-07T12:00:00Z")
        || within("2024-09-15T00:00:00Z", "2024-09-19T00:00:00Z")
    {
        return [const { Vec::new() }; 4];
    }
    let both = |russia: f64| vec![(CENBONG, 1.0 - russia), (TTK, russia)];
    let russia = if now < at("2024-08-01T00:00:00Z") { 0.8 } else { 0.45 };
    let third = if now < at("2025-09-01T00:00:00Z") { both(russia) } else { only(TTK) };
    let lossy = vec![(TTK, 0.9)];
    let second = if now < at("2025-04-01T00:00:00Z") { only(TTK) } else { lossy };
    let fourth =
        if within("2024-11-01T00:00:00Z", "2025-01-15T00:00:00Z") { INTELSAT } else { UNICOM };
    [only(CENBONG), second, third, only(fourth)]
}

fn december_2025() -> History {
    let mut story = Story::new("new-york");
    story.pings = true;
    each("2025-12-01T00:00:00Z", "2025-12-15T00:00:00Z", 120, |now| {
        let both = vec![(CENBONG, 0.47), (TTK, 0.53)];
        story.run(now, &[only(CENBONG), only(TTK), both, only(UNICOM)]);
    });
    history(&[&story.text])
}

fn one_run() -> History {
    let mut story = Story::new("here");
    story.run(at("2025-12-08T10:00:00Z"), &[only(CENBONG), only(TTK), only(CENBONG), only(UNICOM)]);
    history(&[&story.text])
}

fn ten_runs() -> History {
    let mut story = Story::new("here");
    each("2025-12-08T10:00:00Z", "2025-12-08T14:00:00Z", 20, |now| {
        let hour = now.to_string();
        match hour.get(11..13) {
            Some("12") if hour.get(14..16) != Some("40") => {}
            Some("11") => story.run(now, &[const { Vec::new() }; 4]),
            Some("10") => story.run(now, &[only(CENBONG), only(TTK), only(CENBONG), only(UNICOM)]),
            _ => story.run(
                now,
                &[only(CENBONG), only(TTK), vec![(CENBONG, 0.5), (TTK, 0.5)], only(UNICOM)],
            ),
        }
    });
    history(&[&story.text])
}

fn outage_only() -> History {
    let mut story = Story::new("here");
    each("2025-12-08T10:00:00Z", "2025-12-09T10:00:00Z", 30, |now| {
        story.run(now, &[const { Vec::new() }; 4]);
    });
    history(&[&story.text])
}

fn one_prefix() -> History {
    let all = {
        let mut story = Story::new("here");
        each("2025-12-28T00:00:00Z", "2026-01-03T10:00:00Z", 60, |now| {
            story.run(
                now,
                &[only(CENBONG), only(TTK), vec![(CENBONG, 0.3), (TTK, 0.6)], only(UNICOM)],
            );
        });
        story.text
    };
    let kept = |line: &&str| line.starts_with("schema") || line.contains(",175.45.178.0/24,");
    let text: Vec<&str> = all.lines().filter(kept).collect();
    history(&[&text.join("\n")])
}

fn two_vantages() -> History {
    let mut near = Story::new("new-york");
    each("2025-12-01T00:00:00Z", "2026-02-11T00:00:00Z", 240, |now| {
        near.run(now, &[only(CENBONG), only(TTK), only(TTK), only(UNICOM)]);
    });
    let mut far = Story::new("tokyo-1");
    far.method = "udp";
    each("2026-01-15T00:00:00Z", "2026-01-17T00:00:00Z", 15, |now| {
        far.run(now, &[only(CENBONG), only(CENBONG), only(TTK), only(UNICOM)]);
    });
    history(&[&near.text, &far.text])
}

/// One run of probes all over the world, with rows by country; one country has a second run.
fn countries() -> History {
    let mut world = Story::new("atlas:world");
    let start = at("2026-11-28T06:00:00Z");
    world.run(start, &[only(UNICOM), only(TTK), vec![(UNICOM, 0.5), (TTK, 0.5)], only(UNICOM)]);
    let mut all = vec![world];
    let china = ["AU", "BR", "CN", "HK", "ID", "IN", "JP", "KR", "NZ", "SG", "TH", "US", "ZA"];
    let russia = ["AT", "CZ", "DE", "EE", "FI", "KZ", "LV", "NO", "PL", "RU", "SE", "TR", "UA"];
    let both = ["BE", "CH", "DK", "ES", "FR", "GB", "IE", "IT", "NL", "PT"];
    let mut from = |codes: &[&'static str], truth: &Truth| {
        for code in codes {
            let mut story = Story::new(code);
            story.traces = 4;
            story.run(start, &[truth.clone(), truth.clone(), truth.clone(), truth.clone()]);
            all.push(story);
        }
    };
    from(&china, &only(UNICOM));
    from(&russia, &only(TTK));
    from(&both, &vec![(UNICOM, 0.6), (TTK, 0.4)]);
    from(&["CL"], &only(INTELSAT));
    from(&["IR"], &vec![]);
    if let Some(germany) = all.iter_mut().find(|story| story.vantage == "DE") {
        germany.run(at("2026-11-28T12:00:00Z"), &[only(TTK), only(TTK), only(TTK), only(UNICOM)]);
    }
    let texts: Vec<&str> = all.iter().map(|story| story.text.as_str()).collect();
    history(&texts)
}

/// What two collectors show above what traces show: tables every eight hours, and a row at each change.
fn both_planes() -> History {
    let mut traced = Story::new("tokyo-1");
    each("2017-10-01T00:00:00Z", "2017-10-02T12:00:00Z", 15, |now| {
        traced.run(now, &october_2017_at(now));
    });
    let rows = |collector| {
        let mut announced = Story::new(collector);
        (announced.method, announced.traces) = ("bgp", 20);
        announced
    };
    let mut collectors = [rows("rrc00"), rows("route-views2")];
    let changes = [
        "2017-10-01T00:00:00Z",
        "2017-10-01T08:00:00Z",
        "2017-10-01T09:07:51Z",
        "2017-10-01T10:14:45Z",
        "2017-10-01T10:47:00Z",
        "2017-10-01T10:53:00Z",
        "2017-10-01T11:14:00Z",
        "2017-10-01T11:22:00Z",
        "2017-10-01T11:41:00Z",
        "2017-10-01T11:48:00Z",
        "2017-10-01T12:09:00Z",
        "2017-10-01T12:16:00Z",
        "2017-10-01T12:21:55Z",
        "2017-10-01T16:00:00Z",
        "2017-10-02T07:56:39Z",
        "2017-10-02T09:10:29Z",
    ];
    for change in changes.map(at) {
        for rows in &mut collectors {
            rows.run(change, &october_2017_at(change));
        }
    }
    let [first, second] = &collectors;
    history(&[&traced.text, &first.text, &second.text])
}

/// A carrier that comes and goes all the time.
fn busy() -> History {
    let mut story = Story::new("busy");
    let mut count = 0;
    each("2025-01-01T00:00:00Z", "2025-03-01T00:00:00Z", 30, |now| {
        count += 1;
        let way = if count % 20 < 10 { TTK } else { UNICOM };
        story.run(now, &[only(CENBONG), only(TTK), only(way), only(UNICOM)]);
    });
    history(&[&story.text])
}

/// More carriers than there are inks, all at once.
fn many_carriers() -> History {
    const NAMES: [&str; 12] = [
        "China Unicom",
        "China Telecom",
        "China Mobile",
        "Cenbong",
        "TieTong",
        "TransTeleCom",
        "Rostelecom",
        "VimpelCom",
        "MTS",
        "Intelsat",
        "RETN",
        "Chunghwa",
    ];
    let way = |place: usize| {
        let class = [5, 9, 12].iter().position(|end| place < *end).unwrap_or(0);
        Way { carrier: NAMES[place], class, rtt: 150.0 }
    };
    let mut story = Story::new("everywhere");
    let mut count = 0;
    each("2025-12-01T00:00:00Z", "2026-01-01T00:00:00Z", 180, |now| {
        count += 1;
        let some = |from: usize| (0..4).map(|next| (way((from + next) % 12), 0.25)).collect();
        let turn = count / 25;
        story.run(now, &[some(turn), some(turn + 3), some(turn + 6), only(way(turn % 12))]);
    });
    history(&[&story.text])
}

/// Names that want to be more than text.
fn hostile() -> History {
    let mut story = Story::new("<script>alert(1)</script>&\u{202e}\u{ffff}\u{1b}[31m");
    story.method = "]]>'--><svg onload=x>";
    let long = Way {
        carrier: "A very long name of a carrier <b>&amp;</b> that never comes to an end & goes on",
        class: 0,
        rtt: 3000.0,
    };
    let wide = Way {
        carrier: "\u{4e2d}\u{56fd}\u{8054}\u{901a}\u{4e2d}\u{56fd}\u{8054}\u{901a}",
        class: 1,
        rtt: 0.02,
    };
    each("2025-12-08T10:00:00Z", "2025-12-08T14:00:00Z", 20, |now| {
        let first = if now < at("2025-12-08T12:00:00Z") { long } else { wide };
        story.run(now, &[only(first), only(long), only(wide), only(wide)]);
    });
    history(&[&story.text])
}

fn empty() -> History {
    history(&[Story::new("here").text.as_str()])
}
