//! Texts as people paste them: mails, forums, chats, recordings, pages, routers. Each stands with the traces that
//! somebody counts in it who looks at it.

use std::net::Ipv4Addr;
use std::path::Path;

use lasthop::import::{Finding, recognise};
use lasthop::input::{Found, Walk};
use lasthop::trace::{StopReason, Trace};

/// A file, and of each trace in it: the destination, the highest TTL at which a foreign address answered, what
/// answered there, and how many TTLs answered; `interrupted` where somebody stopped it.
type Pasted = (&'static str, &'static [&'static str]);

const PASTED: &[Pasted] = &[
    (
        "mail-quoted-twice.txt",
        &["175.45.176.71 4 188.43.225.153 3", "175.45.177.10 2 219.158.39.42 2"],
    ),
    ("outlook-german-tracert.txt", &["175.45.176.71 6 188.43.225.153 4"]),
    ("markdown-table.md", &["175.45.176.71 4 188.43.225.153 4"]),
    (
        "fences-and-prompts.md",
        &[
            "175.45.176.71 2 219.158.39.42 2",
            "175.45.177.10 2 103.35.255.254 2",
            "175.45.178.5 2 188.43.225.153 2",
        ],
    ),
    ("forum-bbcode-mtr.txt", &["175.45.176.71 4 188.43.225.153 4"]),
    ("forum-page.html", &["175.45.176.71 4 188.43.225.153 3", "175.45.177.10 2 219.158.39.42 2"]),
    ("slack.txt", &["175.45.176.71 3 103.35.255.254 2"]),
    ("script-recording.txt", &["175.45.176.71 3 188.43.225.153 2 interrupted"]),
    ("tracert-french.txt", &["175.45.176.71 4 219.158.39.42 3 interrupted"]),
    ("tracert-portuguese.txt", &["175.45.176.71 5 188.43.225.153 4"]),
    ("tracert-korean-two-lines.txt", &["175.45.176.71 3 103.35.255.254 3"]),
    ("pathping.txt", &["175.45.176.71 3 188.43.225.153 3"]),
    ("test-netconnection.txt", &["175.45.176.71 4 188.43.225.153 4"]),
    ("cisco-ios-as.txt", &["175.45.176.71 5 188.43.225.153 4"]),
    ("cisco-xr.txt", &["175.45.176.71 4 219.158.39.42 3"]),
    ("cisco-asa.txt", &["175.45.176.71 4 103.35.255.254 3"]),
    ("nx-os.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("junos.txt", &["175.45.176.71 4 188.43.225.153,188.43.225.157 3"]),
    ("h3c.txt", &["175.45.176.71 3 219.158.39.42 2"]),
    ("mikrotik-v7.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("nokia-sros.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("brocade-he.txt", &["175.45.176.71 4 219.158.39.42 3"]),
    ("procurve.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("fortigate.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("freebsd-a.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("macos-q1-I.txt", &["175.45.176.71 4 188.43.225.153 3 interrupted"]),
    ("linux-A-e.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("linux-T-back-mtu.txt", &["175.45.176.71 4 188.43.225.153 4"]),
    ("openbsd.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("busybox-l.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("solaris.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("tcptraceroute.txt", &["175.45.176.71 4 188.43.225.153 4"]),
    ("lft.txt", &["175.45.176.71 4 188.43.225.153 4"]),
    ("lft-as.txt", &["175.45.176.71 5 188.43.225.153 3"]),
    ("nexttrace.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("besttrace.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("mtr-screen.txt", &["175.45.176.71 4 188.43.225.153 2"]),
    ("mtr-report-fields.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("mtr-report-z-e.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("mtr-report-y.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("mtr-old-report.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("mtr-raw-quoted.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("mtr-csv-in-mail.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("paris-libparistraceroute.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("scamper-text.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    (
        "ripe-atlas-report.txt",
        &["175.45.176.71 4 188.43.225.153 4", "175.45.176.71 2 219.158.39.42 3"],
    ),
    ("looking-glass-table.html", &["175.45.176.71 3 188.43.225.153 2"]),
    ("pingplotter.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("tabs-from-a-sheet.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("quoted-printable.eml", &["175.45.176.71 4 188.43.225.153 3"]),
    ("github-actions.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("docker-json-log.jsonl", &["175.45.176.71 3 188.43.225.153 2"]),
    ("whatsapp.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("irc.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("yaml-block.yml", &["175.45.176.71 3 188.43.225.153 2"]),
    ("wiki-noformat.txt", &["175.45.176.71 3 188.43.225.153 2", "175.45.177.10 2 219.158.39.42 2"]),
    ("terminal-80-columns.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("html-mail-wrapped.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("winmtr-mail.txt", &["175.45.176.71 3 188.43.225.153 3"]),
    ("tracepath.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("vyos.txt", &["175.45.176.71 3 188.43.225.153 2", "175.45.177.10 3 219.158.39.42 2"]),
    ("rst-literal.rst", &["175.45.176.71 3 188.43.225.153 2"]),
    ("windows-reports-then-hops.txt", &["175.45.176.71 3 188.43.225.153 3"]),
    ("dig-whois-around.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("bbcode-inline.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("bbcode-bold.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("escaped-quotes-mail.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("double-spaced.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("cisco-dialog.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("zte.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("tp-link.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("dublin-text.txt", &["175.45.176.71 3 188.43.225.153 2", "175.45.176.71 3 188.43.225.157 2"]),
    ("ansible.json", &["175.45.176.71 3 188.43.225.153 2"]),
    ("ansible-lines.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("trippy-pretty.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("trippy-markdown.md", &["175.45.176.71 3 188.43.225.153 2"]),
    ("nexttrace-table.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("chinese-17ce.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("japanese-two-lines.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("date-loop.log", &["175.45.176.71 3 188.43.225.153 2", "175.45.176.71 3 188.43.225.153 2"]),
    ("ipv6-between.txt", &["175.45.176.71 3 188.43.225.153 2", "175.45.177.10 3 188.43.225.153 2"]),
    ("colon-after-ttl.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("country-in-parentheses.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("notes-behind-hops.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("arrows.md", &["175.45.176.71 9 188.43.225.153 3"]),
    ("max-5.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("mtr-tabs.tsv", &["175.45.176.71 3 188.43.225.153 3"]),
    ("mtr-loss-later.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("mtr-split-names.txt", &["175.45.176.71 3 188.43.225.153,188.43.225.157 2"]),
    ("lg-div.html", &["175.45.176.71 3 188.43.225.153 2"]),
    ("jupyter.ipynb", &["175.45.176.71 3 188.43.225.153 2"]),
    ("asciinema.cast", &["175.45.176.71 3 188.43.225.153 2"]),
    ("telegram-export.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("bullet-hops.md", &["175.45.176.71 3 188.43.225.153 2"]),
    ("table-org.org", &["175.45.176.71 3 188.43.225.153 3"]),
    ("ubuntu-inetutils.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("watch-header.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("hop-split-by-page-break.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("annotations-by-cisco.txt", &["175.45.176.71 4 188.43.225.153 3"]),
    ("cisco-q1.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("cisco-ecmp.txt", &["175.45.176.71 3 188.43.225.153,188.43.225.157 2"]),
    ("huawei-vrp8.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("huawei-lsp.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("junos-refusal.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("eos.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("mikrotik-v5.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("mikrotik-redrawn.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("tracert-in-table.html", &["175.45.176.71 3 188.43.225.153 4"]),
    ("tracert-czech.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("tracert-turkish-names.txt", &["175.45.176.71 3 188.43.225.153 3"]),
    ("tracert-narrow-console.txt", &["175.45.176.71 3 188.43.225.153 3"]),
    ("tracert-refused-by-router.txt", &["175.45.176.71 3 188.43.225.153 3"]),
    (
        "two-in-columns-of-prose.txt",
        &["175.45.176.71 3 188.43.225.153 2", "175.45.177.10 2 219.158.39.42 2"],
    ),
    ("no-header-reaches-home.txt", &["175.45.176.71 2 188.43.225.153 3"]),
    ("git-log-message.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("diff-added.patch", &["175.45.176.71 3 188.43.225.153 2"]),
    ("csv-of-notes.csv", &["175.45.176.71 3 188.43.225.153 2", "175.45.177.10 2 219.158.39.42 2"]),
    ("xml-of-notes.xml", &["175.45.176.71 3 188.43.225.153 2"]),
    ("latex.tex", &["175.45.176.71 3 188.43.225.153 2"]),
    ("python-doctest.py", &["175.45.176.71 3 188.43.225.153 2"]),
    ("log4j.log", &["175.45.176.71 3 188.43.225.153 2"]),
    ("journald.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("kubectl.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    (
        "two-hosts-interleaved.txt",
        &["175.45.176.71 2 188.43.225.153 2", "175.45.177.10 2 219.158.39.42 2"],
    ),
    ("mtr-with-jitter.txt", &["175.45.176.71 3 188.43.225.153 3"]),
    ("mtr-wide-markdown.md", &["175.45.176.71 3 188.43.225.153 3"]),
    ("winmtr-csv-like.txt", &[]),
    ("bare-list-of-hops.txt", &[]),
    ("question-with-three-hops.md", &[]),
    ("brackets-for-addresses.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("names-in-brackets.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("dashes-between.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("commas-between.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("besttrace-web.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("inetutils-names.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("busybox-from.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("bsd-summary.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("bsd-verbose.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("warning-of-addresses.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("windows-with-ttl.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("tracepath-names.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("textedit.rtf", &["175.45.176.71 3 188.43.225.153 2"]),
    ("tracert-wrapped-by-mail.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("names-like-addresses.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("units-apart.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("microseconds.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("html-list.html", &["175.45.176.71 3 188.43.225.153 2"]),
    ("unanswered-names.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("no-reply-words.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("minus-for-silence.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("question-marks.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("prose-about-a-trace.txt", &[]),
    ("ping-only.txt", &[]),
    ("routing-table.txt", &[]),
    ("windows-route-print.txt", &[]),
    ("access-log.txt", &[]),
    ("help-text.txt", &[]),
    ("other-destinations.md", &["8.8.8.8 2 8.8.8.8 2", "175.45.176.71 3 188.43.225.153 2"]),
    ("failed-commands.txt", &["175.45.177.10 2 219.158.39.42 2"]),
    ("source-code.c", &[]),
    ("trace-then-numbers.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("trace-then-ls.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("trace-then-history.txt", &["175.45.176.71 3 188.43.225.153 2"]),
    ("numbered-commands.txt", &[]),
];

/// Texts in which somebody sees a path and nothing is read, and why.
const NOT_READ: &[(&str, &str)] = &[
    ("mtr-split.txt", "a row of `mtr --split` is numbers that anything may have written"),
    ("time-first.txt", "no program that is known writes one time before the address"),
    ("hop-words.txt", "somebody's own words: `Hop 3: ADDRESS (TIME)`"),
    ("numbered-list.md", "somebody's own list, in which anything may be counted"),
    ("scamper-tracelb-text.txt", "links between routers, which have no TTLs"),
];

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pasted"))
}

fn is_home(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    (first, second, third & 0xfc) == (175, 45, 176)
}

fn summary(trace: &Trace) -> String {
    let of_hop = |hop: &lasthop::trace::Hop| {
        let mut all: Vec<Ipv4Addr> = hop.answers().map(|answer| answer.from).collect();
        let mut seen = Vec::new();
        all.retain(|from| {
            !seen.contains(from) && {
                seen.push(*from);
                true
            }
        });
        all
    };
    let answered: Vec<_> = trace.hops.iter().map(|hop| (hop.ttl.get(), of_hop(hop))).collect();
    let answered: Vec<_> = answered.into_iter().filter(|(_, all)| !all.is_empty()).collect();
    let last = answered.iter().rfind(|(_, all)| all.iter().any(|from| !is_home(*from)));
    let (ttl, all) = last.cloned().unwrap_or_default();
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    let stop = trace.stop.filter(|stop| *stop == StopReason::Interrupted);
    let stop = stop.map_or(String::new(), |stop| format!(" {stop}"));
    format!("{} {ttl} {} {}{stop}", trace.target, all.join(","), answered.len())
}

/// The traces of a file, as `lasthop classify` takes them.
fn traces(file: &str) -> Vec<String> {
    let mut traces = Vec::new();
    let mut add = |finding: &Finding| {
        if let Finding::Trace(trace) = finding {
            traces.push(summary(trace));
        }
    };
    Walk::default().through(&folder().join(file), &mut |visit| {
        let opened = if let Found::Input(opened) = visit.found { Some(opened) } else { None };
        let mut opened = opened.expect("a file that can be read");
        let Some(format) = recognise(&opened.head) else { return };
        let mut sink = |_, finding| match finding {
            Finding::NoDestination(found) => {
                let last = found.answered_last().filter(|last| is_home(*last));
                last.map(|last| found.to(last)).iter().flatten().for_each(&mut add);
            }
            finding => add(&finding),
        };
        format.read(&mut *opened.input, &mut sink).expect("read");
    });
    traces
}

#[test]
fn what_people_paste_is_read_as_listed() {
    let not_read = NOT_READ.iter().map(|(file, _)| (*file, &[] as &[&str]));
    let differ: Vec<String> = PASTED
        .iter()
        .copied()
        .chain(not_read)
        .filter_map(|(file, expected)| {
            let (mut found, mut expected) = (traces(file), expected.to_vec());
            found.sort_unstable();
            expected.sort_unstable();
            (found != expected).then(|| format!("{file}: {found:?} instead of {expected:?}"))
        })
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn every_pasted_text_has_its_truth() {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    files.sort_unstable();
    let not_read = NOT_READ.iter().map(|(file, _)| *file);
    let mut named: Vec<&str> = PASTED.iter().map(|(file, _)| *file).chain(not_read).collect();
    named.sort_unstable();
    assert_eq!(files, named);
}
