//! What is fed, and with what it begins. Each target also holds what must be true of any input.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use lasthop::bgp::{self, Collector, Networks, Vrps};
use lasthop::columns::Header;
use lasthop::history::{self, Wanted};
use lasthop::import::{Finding, named};
use lasthop::input::{Found, Walk};
use lasthop::lab::{self, STORIES, Scenario, Story};
use lasthop::output::{
    self, Appender, Explanation, Rows, Run, explanations, summary, summary_header, summary_table,
    torn, write_csv, write_jsonl,
};
use lasthop::owner::{AsTable, DnsRecords, Owners, cymru};
use lasthop::picture::{self, BUCKETS, Screen};
use lasthop::plain_text::plain;
use lasthop::probe::Moment;
use lasthop::probe::packet::{Codec, Secret};
use lasthop::remote::{Clock, Runs, Seen, download};
use lasthop::replay::replay;
use lasthop::survey::{JudgeOptions, Keep, ReadOptions, Survey};
use lasthop::targets::{BUILT_IN, Targets};
use tempfile::TempDir;

/// Reads an input, and says in a number what that came to.
type Reads = dyn FnMut(&[u8]) -> u64;

/// Something that reads.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) seeds: Vec<Vec<u8>>,
    pub(crate) run: Box<Reads>,
}

/// A number for anything.
pub(crate) fn number_of(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

pub(crate) fn all() -> Vec<Target> {
    let (histories, recorded) = stories();
    vec![
        replies(),
        fast_reader(),
        traces("importers", fixtures(|name| !name.ends_with("warts") && !name.ends_with("xz"))),
        traces("warts", fixtures(|name| name.ends_with("warts"))),
        of_history(histories.clone()),
        configuration(),
        scenarios(),
        tables(),
        name_servers(),
        appending(&histories),
        packed(),
        collectors(recorded),
        answers(),
        journals(),
    ]
}

fn targets() -> Targets {
    Targets::built_in().expect("the configuration that is built in")
}

/// The project's own samples that are not long.
fn fixtures(wanted: impl Fn(&str) -> bool) -> Vec<Vec<u8>> {
    fn below(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the fixtures") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { below(&path, files) } else { files.push(path) }
        }
    }
    let mut files = Vec::new();
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"), &mut files);
    files.sort();
    files.retain(|path| wanted(&path.to_string_lossy()));
    let read = files.iter().map(|path| fs::read(path).expect("a fixture"));
    read.filter(|bytes| bytes.len() < 16 << 10).collect()
}

/// Histories of the lab's stories, and what collectors recorded.
fn stories() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let targets = targets();
    let (mut histories, mut recorded) = (Vec::new(), Vec::<Vec<u8>>::new());
    for name in STORIES {
        let story = lab::story(name).expect("a story").expect("a story");
        let mut bytes = Vec::new();
        for (place, rows) in replay(&story, "lab:fuzz", &targets, 1).take(6).enumerate() {
            write_csv(&rows.expect("a run"), place == 0, &mut bytes).expect("written");
        }
        histories.push(bytes);
        recorded.extend(story.recorded("lab:fuzz", targets.block.asn));
    }
    for bytes in &mut recorded {
        bytes.truncate(8 << 10);
    }
    (histories, recorded)
}

/// A file in a folder of its own, for what reads files.
struct Scratch(TempDir);

impl Scratch {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn with(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, bytes).expect("written");
        path
    }
}

/// No text for people may have a sign that changes a terminal, but for line ends.
fn is_plain(text: &str) {
    for line in text.lines() {
        assert_eq!(plain(line), line, "a sign that changes a terminal");
    }
}

/// Packets at a raw socket: none of a stranger's may be taken for an answer.
fn replies() -> Target {
    let codec = Codec::new(Secret::new([7; 16]));
    let ip = |protocol: u8, payload: &[u8]| {
        let mut packet = vec![
            0x45,
            0,
            0,
            20 + u8::try_from(payload.len()).expect("short"),
            0,
            1,
            0,
            0,
            60,
            protocol,
        ];
        packet.extend([0, 0, 62, 115, 136, 200, 192, 168, 1, 77]);
        packet.extend(payload);
        packet
    };
    let quoted = |protocol: u8, payload: &[u8]| {
        let mut packet = ip(protocol, payload);
        packet[12..20].copy_from_slice(&[192, 168, 1, 77, 175, 45, 177, 10]);
        packet
    };
    let echo = [8, 0, 0x12, 0x34, 0, 1, 0, 1, b'l', b'a', b's', b't', b'h', b'o', b'p', 0];
    let udp = [0x80, 1, 0x82, 0x9a, 0, 22, 1, 2];
    let mut seeds = vec![ip(1, &[&[0, 0, 1, 2, 0, 1, 0, 1][..], b"lasthop 1234567890"].concat())];
    for (kind, code) in [(11, 0), (3, 1), (3, 3), (3, 13)] {
        for inner in [quoted(1, &echo), quoted(17, &udp), quoted(6, &udp)] {
            seeds.push(ip(1, &[&[kind, code, 0, 0, 0, 0, 0, 0][..], &inner].concat()));
            // With labels, as RFC 4884 and 4950 have them.
            let mut long = [&[kind, code, 0, 0, 0, 32, 0, 0][..], &inner].concat();
            long.resize(8 + 128, 0);
            long.extend([0x20, 0, 0, 0, 0, 8, 1, 1, 0, 0x5d, 0x51, 1]);
            seeds.push(ip(1, &long));
        }
    }
    seeds.push(ip(6, &[0, 80, 0x80, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x12, 0, 0, 0, 0, 0, 0]));
    let run = Box::new(move |bytes: &[u8]| match codec.decode(bytes, Moment::START) {
        Ok(reply) => panic!("a stranger's packet is an answer: {reply:?}"),
        Err(ignored) => number_of(format!("{ignored:?}")),
    });
    Target { name: "replies", seeds, run }
}

/// RIPE Atlas: a result as today's firmware writes it is read in another way than one with a space more, and must come to
/// the same.
fn fast_reader() -> Target {
    let hops = |answer: &str| {
        format!(
            r#"{{"fw":5080,"mver":"2.6.2","lts":23,"dst_name":"175.45.177.10","af":4,"dst_addr":"175.45.177.10","src_addr":"10.0.0.2","proto":"ICMP","ttr":10.5,"size":48,"paris_id":9,"result":[{{"hop":1,"result":[{{"from":"192.168.1.1","ttl":64,"size":76,"rtt":1.234}},{{"x":"*"}},{{"from":"192.168.1.1","ttl":64,"size":76,"rtt":0.9}}]}},{{"hop":2,"result":[{answer}]}},{{"hop":255,"result":[{{"x":"*"}}]}}],"msm_id":5001,"prb_id":77,"timestamp":1700000000,"msm_name":"Traceroute","from":"193.0.0.1","type":"traceroute","group_id":5001,"stored_timestamp":1700000100}}"#
        )
        .into_bytes()
    };
    let seeds = [
        r#"{"from":"219.158.3.1","ttl":250,"size":28,"rtt":99.5}"#,
        r#"{"from":"103.35.255.254","ttl":9,"size":28,"rtt":230.1,"err":"H"},{"late":2}"#,
        r#"{"from":"188.43.225.153","ttl":9,"size":28,"rtt":150,"icmpext":{"version":2,"rfc4884":0,"obj":[{"class":1,"type":1,"mpls":[{"label":24005,"exp":0,"s":1,"ttl":1}]}]}}"#,
        r#"{"error":"network unreachable"}"#,
    ];
    let atlas = named("atlas").expect("a format");
    let found = move |bytes: &[u8]| {
        let mut found = Vec::new();
        let mut sink = |_: u64, finding: Finding| found.push(format!("{finding:?}"));
        atlas.read(&mut &*bytes, &mut sink).expect("bytes do not fail");
        found
    };
    let run = Box::new(move |bytes: &[u8]| {
        let fast = found(bytes);
        if let Some(rest) = bytes.strip_prefix(b"{")
            && serde_json::from_slice::<serde_json::Value>(bytes).is_ok()
        {
            assert_eq!(fast, found(&[b"{ ", rest].concat()), "the quick reader and serde");
        }
        number_of(fast.iter().map(String::len).collect::<Vec<_>>())
    });
    Target { name: "fast-reader", seeds: seeds.map(hops).into(), run }
}

/// Traceroutes of any format, to the rows and texts that come of them.
fn traces(name: &'static str, seeds: Vec<Vec<u8>>) -> Target {
    let (scratch, targets) = (Scratch::new(), targets());
    let run = Box::new(move |bytes: &[u8]| {
        let path = scratch.with("in", bytes);
        let mut survey = Survey::new(&targets, Keep { hops: true, addresses: true, sorted: false });
        let options = ReadOptions { details: true, ..ReadOptions::default() };
        let read = survey.read_files(&[path], &options, &mut |_| {});
        let Ok(names) = read else { return number_of(format!("{:?}", survey.counts)) };
        let counts = format!("{:?}", survey.counts);
        let owners = Owners::new(&targets);
        let run = Run {
            id: "fuzz".into(),
            started: None,
            ended: None,
            vantage: String::new(),
            method: "icmp".into(),
            complete: true,
            doubts: Vec::new(),
        };
        let mut rows_written = 0_usize;
        let judged = survey.judge_with(
            &owners,
            &JudgeOptions::default(),
            |judged, evidence| {
                let all: Vec<_> = judged.iter().map(|it| (&it.trace, &it.judgement)).collect();
                let numbered: Vec<_> = judged.iter().map(|it| (it.number, &it.trace)).collect();
                let explained = judged.iter().map(|it| {
                    let file = names.get(it.place.file).map_or("", String::as_str);
                    Explanation::of(
                        Some((file, it.place.line)),
                        &it.trace,
                        &it.judgement,
                        evidence,
                        &owners,
                        &targets,
                    )
                });
                let explained: Vec<_> = explained.collect();
                (
                    output::traces(&run, &all, &targets),
                    output::hops(&run, &numbered, &owners),
                    explained,
                )
            },
            |(traces, hops, explained)| {
                for one in &explained {
                    is_plain(&one.text(Some(80)));
                }
                for rows in [&traces, &hops, &explanations(&explained)] {
                    rows_written += rows.rows.len();
                    write_csv(rows, true, &mut std::io::sink()).expect("written");
                    write_jsonl(rows, &mut std::io::sink()).expect("written");
                }
            },
        );
        let split = judged.expect("judged").split();
        let rows = summary(&run, &split, &targets.classes, None);
        write_csv(&rows, true, &mut std::io::sink()).expect("written");
        is_plain(&summary_table(&run, &split, &targets.classes, None, Some(80)));
        for part in std::iter::once(&split.block).chain(&split.routed) {
            for share in part.shares.iter().flatten() {
                assert!((0.0..=1.0).contains(&share.share), "a share of {}", share.share);
            }
        }
        number_of((counts, rows_written.min(64)))
    });
    Target { name, seeds, run }
}

/// A history, to its events and pictures.
fn of_history(seeds: Vec<Vec<u8>>) -> Target {
    let scratch = Scratch::new();
    let run = Box::new(move |bytes: &[u8]| {
        let path = scratch.with("history.csv", bytes);
        let wanted = Wanted { buckets: BUCKETS, ..Wanted::default() };
        let Ok(history) = history::read(&[path], &wanted, &mut |_| {}) else { return 0 };
        let events: Vec<_> = history.events.iter().collect();
        let series: Vec<_> = history.series.iter().collect();
        for text in [
            history::state_table(&series, &history, Some(80)),
            history::event_table(&events, &history, Some(80)),
            picture::terminal(&history, Screen { columns: 80, colour: false }),
            history::prometheus(&history),
        ] {
            is_plain(&text);
        }
        for document in [picture::svg(&history), picture::html(&history)] {
            assert!(!document.contains("NaN"), "a place that is no number");
        }
        write_csv(&history::states(series.iter().copied(), &history), true, &mut std::io::sink())
            .expect("written");
        write_csv(
            &history::events(events.iter().copied(), &history.names),
            true,
            &mut std::io::sink(),
        )
        .expect("written");
        number_of((series.len(), events.len(), format!("{:?}", history.counts)))
    });
    Target { name: "history", seeds, run }
}

fn configuration() -> Target {
    let run = Box::new(|bytes: &[u8]| {
        match Targets::parse("targets.toml", &String::from_utf8_lossy(bytes)) {
            Ok(targets) => {
                for address in [Ipv4Addr::new(103, 35, 255, 254), Ipv4Addr::new(175, 45, 176, 1)] {
                    is_plain(&format!("{:?}", Owners::new(&targets).of(address).country));
                }
                number_of(targets.block.prefix)
            }
            Err(error) => number_of(error.to_string().len()),
        }
    });
    let small = br#"schema = 1
[block]
prefix = "175.45.176.0/22"
asn = 131279
routed_length = 24
"#;
    Target { name: "targets-toml", seeds: vec![BUILT_IN.as_bytes().to_vec(), small.to_vec()], run }
}

fn scenarios() -> Target {
    let run = Box::new(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let one = Scenario::parse("fuzz", &text).map_err(|error| error.to_string().len());
        let other = Story::parse("fuzz", &text).map_err(|error| error.to_string().len());
        number_of((one.is_ok(), one.err(), other.is_ok(), other.err()))
    });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read(folder.join(name)).expect("a scenario");
    let seeds = vec![read("tests/cli/near.toml"), read("examples/other-block-lab.toml")];
    Target { name: "scenario", seeds, run }
}

/// Tables of origin AS, and lists of the RPKI.
fn tables() -> Target {
    let scratch = Scratch::new();
    let run = Box::new(move |bytes: &[u8]| {
        let path = scratch.with("table", bytes);
        let table = AsTable::open(&path).map(|table| {
            is_plain(&table.describe());
            (table.of(Ipv4Addr::new(103, 35, 255, 254)).is_some(), table.ranges())
        });
        let vrps = Vrps::open(&path).map(|vrps| vrps.count);
        number_of((
            table.map_err(|error| error.to_string().len()),
            vrps.map_err(|error| error.to_string().len()),
        ))
    });
    let seeds = [
        "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n103.35.255.0\t103.35.255.255\t134544\tHK\tCENBONG\n",
        "ASN,IP Prefix,Max Length,Trust Anchor,Expires\nAS131279,175.45.176.0/22,24,apnic,1700000000\n",
        r#"{"metadata":{"buildtime":"2026-11-01T00:00:00Z"},"roas":[{"asn":131279,"prefix":"175.45.176.0/22","maxLength":24,"ta":"apnic"}]}"#,
        "\u{ab}\u{cd}\u{ef}MaxMind.com",
    ];
    Target { name: "tables", seeds: seeds.map(|text| text.as_bytes().to_vec()).into(), run }
}

/// What name servers say: TXT records of Team Cymru, and names of routers.
fn name_servers() -> Target {
    let run = Box::new(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let strings: Vec<&str> = text.split('\n').collect();
        let address = Ipv4Addr::new(103, 35, 255, 254);
        let announcement = cymru::announcement(address, &strings);
        let registration = cymru::registration(134_544, &strings);
        let known = (announcement.is_some(), registration.is_some());
        let mut records = DnsRecords::default();
        records.add_router_name(address, &text);
        if let Some(name) = records.router_name(address) {
            is_plain(name);
        }
        if let Some(it) = announcement {
            records.add_announcement(address, it);
        }
        if let Some(it) = registration {
            records.add_registration(134_544, it);
        }
        let targets = targets_once();
        let mut owners = Owners::new(targets);
        owners.add_records(records);
        let owner = owners.of(address);
        number_of((
            known,
            owner.router_name.is_some(),
            owner.source.map(|source| source.to_string()),
        ))
    });
    let seeds = [
        "134544 | 103.35.255.0/24 | HK | apnic | 2015-05-08",
        "134544 4837 | 103.35.255.0/24 | HK | apnic | 2015-05-08\n9929 | 103.35.0.0/16 | CN | apnic | ",
        "134544 | HK | apnic | 2015-05-08 | CENBONG-AS-AP Cenbong Int'l Holdings Limited, HK",
        "trans-telecom-0.gin.ntt.net.\nae1.transtelecom.net",
    ];
    Target { name: "name-servers", seeds: seeds.map(|text| text.as_bytes().to_vec()).into(), run }
}

fn targets_once() -> &'static Targets {
    static TARGETS: std::sync::OnceLock<Targets> = std::sync::OnceLock::new();
    TARGETS.get_or_init(targets)
}

/// A history that ends anyhow, to which rows are added: no whole row that was there may go, and what is torn is kept beside.
fn appending(histories: &[Vec<u8>]) -> Target {
    let (scratch, targets) = (Scratch::new(), targets());
    let header: Header = summary_header(&targets.classes);
    let rows = Rows { header: header.clone(), rows: Vec::new() };
    let run = Box::new(move |bytes: &[u8]| {
        let path = scratch.with("history.csv", bytes);
        let _ = fs::remove_file(torn(&path));
        let opened = Appender::open(&path, header.clone(), Duration::ZERO);
        let Ok(mut history) = opened else {
            assert_eq!(fs::read(&path).expect("there"), bytes, "refused, and changed");
            return 1;
        };
        let appended = history.append(&rows);
        drop(history);
        let now = fs::read(&path).unwrap_or_default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let header_alone = !header.line().as_bytes().starts_with(bytes);
        assert!(!header_alone || now.starts_with(&bytes[..whole]), "rows of others have gone");
        if let Ok(kept) = fs::read(torn(&path)) {
            assert!(kept.starts_with(&bytes[whole..]), "the torn row has gone");
        }
        number_of((appended.is_ok(), now.len().cmp(&bytes.len()), torn(&path).exists()))
    });
    Target { name: "append", seeds: histories.to_vec(), run }
}

/// Compressed files, archives and pages.
fn packed() -> Target {
    let scratch = Scratch::new();
    let run = Box::new(move |bytes: &[u8]| {
        let path = scratch.with("packed", bytes);
        let (mut found, mut read) = (Vec::new(), 0);
        Walk::default().through(&path, &mut |visit| {
            found.push(match visit.found {
                Found::Input(mut opened) => {
                    let copied = std::io::copy(&mut opened.input, &mut std::io::sink());
                    read += copied.as_ref().map_or(0, |read| *read);
                    copied.map_or_else(|error| error.to_string().len(), |_| 0)
                }
                Found::Failed(error) => error.to_string().len(),
                Found::ReadBefore(_) | Found::PassedOver(_) => 1,
            });
        });
        assert!(
            read <= (64 << 20) + 300 * (bytes.len() as u64) + (1 << 20),
            "{read} bytes of {}",
            bytes.len()
        );
        number_of(found)
    });
    let text = b"traceroute to 175.45.177.10 (175.45.177.10), 30 hops max, 60 byte packets\n 1  8.8.8.8  1.0 ms\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(text).expect("packed");
    let gzip = gzip.finish().expect("packed");
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bzip2.write_all(text).expect("packed");
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in [("a.txt", &text[..]), ("b/c.gz", &gzip[..])] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, name, content).expect("packed");
    }
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("a.txt", zip::write::SimpleFileOptions::default()).expect("packed");
    zip.write_all(text).expect("packed");
    let zstd =
        ruzstd::encoding::compress_to_vec(&text[..], ruzstd::encoding::CompressionLevel::Fastest);
    let seeds = vec![
        [&gzip[..], &gzip[..]].concat(),
        bzip2.finish().expect("packed"),
        archive.into_inner().expect("packed"),
        zip.finish().expect("packed").into_inner(),
        [&zstd[..], &[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2], &zstd[..]].concat(),
        include_bytes!("../tests/fixtures/packed/trace.txt.xz").to_vec(),
        b"<html><body><pre>traceroute to 175.45.177.10\n 1 &lt;a&gt; 8.8.8.8 1 ms</pre></body></html>".to_vec(),
    ];
    Target { name: "packed", seeds, run }
}

/// What route collectors recorded, to views and events.
fn collectors(mut seeds: Vec<Vec<u8>>) -> Target {
    let scratch = Scratch::new();
    let targets = targets_once();
    let run = Box::new(move |bytes: &[u8]| {
        let path = scratch.with("updates.20171001.0905", bytes);
        let networks = Networks::new(targets, None, []);
        let options = bgp::Options {
            full: bgp::FullFeed::default(),
            without: Vec::new(),
            every: None,
            at: None,
            keep_peers: true,
            by_peer: true,
        };
        let read = bgp::ReadOptions {
            from: None,
            collector: Some("rrc00".into()),
            wanted: bgp::Wanted::of(targets),
        };
        let mut collector = Collector::new("rrc00".into(), &networks, None, &options);
        let mut found = [0_usize; 4];
        let mut count = |one: bgp::Found<'_>| match one {
            bgp::Found::View(_) => found[0] += 1,
            bgp::Found::Event(_) => found[1] += 1,
            _ => found[2] += 1,
        };
        let outcome = bgp::read_files(
            &[path],
            &read,
            &mut |_, record| collector.take(&record, &mut count),
            &mut |_| {},
        );
        collector.end(&mut count);
        number_of((
            found.map(|count| count.min(16)),
            outcome.map(|it| format!("{:?}", it.counts).len()).ok(),
        ))
    });
    seeds.push(br#"{"type":"ris_message","data":{"timestamp":1506848700.0,"peer":"192.0.2.1","peer_asn":"64500","id":"x","host":"rrc00","type":"UPDATE","path":[64500,4837,131279],"origin":"igp","announcements":[{"next_hop":"192.0.2.1","prefixes":["175.45.176.0/24"]}],"withdrawals":["175.45.177.0/24"]}}"#.to_vec());
    seeds.push(b"TABLE_DUMP2|1506848700|B|192.0.2.1|64500|175.45.176.0/24|64500 4837 131279|IGP|192.0.2.1|0|0||NAG||\nBGP4MP|1506848760|W|192.0.2.1|64500|175.45.176.0/24\n".to_vec());
    Target { name: "collectors", seeds, run }
}

/// A clock of which the time passes only while somebody sleeps.
#[derive(Debug, Default)]
struct Passing(Mutex<Duration>);

impl Clock for Passing {
    fn now(&self) -> Duration {
        *self.0.lock().expect("a clock")
    }

    fn utc(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn sleep(&self, time: Duration) {
        *self.0.lock().expect("a clock") += time.max(Duration::from_millis(1));
    }

    fn is_interrupted(&self) -> bool {
        false
    }
}

/// Answers of a server, from a stand-in on the loopback.
fn answers() -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback");
    let url = format!("http://{}/table.tsv", listener.local_addr().expect("bound"));
    let answer = Arc::new(Mutex::new(Vec::new()));
    let given = Arc::clone(&answer);
    thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { continue };
            let _ = connection.set_read_timeout(Some(Duration::from_secs(1)));
            let _ = connection.read(&mut [0; 4096]);
            let _ = connection.write_all(&given.lock().expect("an answer"));
        }
    });
    let run = Box::new(move |bytes: &[u8]| {
        bytes.clone_into(&mut answer.lock().expect("an answer"));
        let clock = Arc::new(Passing::default());
        match download(&url, clock, 1, Duration::from_secs(4)) {
            Ok(fetched) => number_of((fetched.changed.is_some(), fetched.bytes.is_empty())),
            Err(error) => {
                let text = error.to_string();
                is_plain(&text);
                number_of(text.len())
            }
        }
    });
    let seeds = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\nConnection: close\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{\"error\":{\"detail\":\"slow down\",\"code\":1}}",
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n\r\n{\"error\":{\"title\":\"no\",\"errors\":[{\"detail\":\"x\"}]}}",
    ];
    Target { name: "answers", seeds: seeds.map(|text| text.as_bytes().to_vec()).into(), run }
}

/// Journals of runs of services, and results that may be there twice.
fn journals() -> Target {
    let scratch = Scratch::new();
    let folder = scratch.at("lasthop/20261101t000000z-000001");
    fs::create_dir_all(&folder).expect("a folder");
    let root = scratch.0.path().to_owned();
    let runs =
        Runs::of_user(&|name| (name == "XDG_STATE_HOME").then(|| root.clone())).expect("a folder");
    let run = Box::new(move |bytes: &[u8]| {
        // It lives as long as the target.
        let _ = &scratch;
        fs::write(folder.join("journal.jsonl"), bytes).expect("written");
        let mut seen = Seen::default();
        for line in bytes.split(|byte| *byte == b'\n') {
            seen.is_new(line);
            assert!(!seen.is_new(line), "the same result is new twice");
        }
        match runs.journal("20261101t000000z-000001") {
            Ok(journal) => {
                number_of((format!("{:?}", journal.state()).len(), journal.made().len()))
            }
            Err(error) => number_of(error.to_string().len()),
        }
    });
    let seeds = [
        "{\"at\":\"2026-11-01T00:00:00Z\",\"step\":\"planned\",\"service\":\"RIPE Atlas\"}\n",
        "{\"msm_id\":1,\"prb_id\":2,\"timestamp\":3}\n",
    ];
    Target { name: "journals", seeds: seeds.map(|text| text.as_bytes().to_vec()).into(), run }
}
