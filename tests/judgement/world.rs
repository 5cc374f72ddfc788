//! What is known beside the traces, and the comparison of what they say with what they should.

#![expect(clippy::expect_used, reason = "a world that cannot be made is a mistake of the test")]

use jiff::Timestamp;
use lasthop::owner::{AsTable, DnsRecords, Owners};
use lasthop::split::{Part, Share, Split, Verdict, split};
use lasthop::targets::{PeerUpstream, Targets};
use lasthop::trace::Trace;
use lasthop::transit::{Class, Judgement, judge};

use crate::notation;

/// A configuration and what is known about owners.
pub(crate) struct World {
    pub(crate) targets: Targets,
    table: Option<AsTable>,
    records: DnsRecords,
}

impl World {
    /// The built-in configuration and the registries' delegations.
    pub(crate) fn new() -> Self {
        Self::of(Targets::built_in().expect("the built-in configuration"))
    }

    /// Another configuration.
    pub(crate) fn of(targets: Targets) -> Self {
        Self { targets, table: None, records: DnsRecords::default() }
    }

    /// With a table of AS: lines of start, end, AS, country and description, in order.
    pub(crate) fn announced(mut self, lines: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ip2asn-v4.tsv");
        let row = |line: &&str| line.splitn(5, ' ').collect::<Vec<_>>().join("\t");
        let rows: Vec<String> = lines.iter().map(row).collect();
        std::fs::write(&path, rows.join("\n")).expect("written");
        self.table = Some(AsTable::open(&path).expect("a table"));
        self
    }

    /// With what BGP showed when the traces were made: a prefix, the AS next to the origin, and how many peers' AS show it.
    pub(crate) fn shown(mut self, paths: &[(&str, u32, u32)]) -> Self {
        let upstreams = &mut self.targets.upstreams;
        upstreams.is_given = true;
        for (prefix, upstream, peers) in paths {
            let carrier = self.targets.carriers.of_asn(*upstream);
            let class = carrier.and_then(|carrier| carrier.class);
            upstreams.add_name(*upstream, carrier.map(|carrier| carrier.name.clone()), class);
            let prefix = prefix.parse().expect("a prefix");
            let all = (1..=*peers).map(|peer| 10 * upstream + peer);
            let paths =
                all.map(|peer| PeerUpstream { peer, prefix, upstream: *upstream, fork: peer });
            upstreams.add_view((false, "rrc"), Timestamp::UNIX_EPOCH, paths);
        }
        self
    }

    /// The same with all peers behind one AS, which they copy.
    pub(crate) fn shown_behind(
        mut self,
        fork: u32,
        (prefix, upstream, peers): (&str, u32, u32),
    ) -> Self {
        self = self.shown(&[(prefix, upstream, 0)]);
        let prefix = prefix.parse().expect("a prefix");
        let paths = (1..=peers).map(|peer| PeerUpstream { peer, prefix, upstream, fork });
        self.targets.upstreams.add_view((false, "rrc"), Timestamp::UNIX_EPOCH, paths);
        self
    }

    /// With the name of a router.
    pub(crate) fn named(mut self, router: &str, name: &str) -> Self {
        self.records.add_router_name(notation::address(router), name);
        self
    }

    pub(crate) fn owners(&self) -> Owners<'_> {
        let owners = Owners::new(&self.targets);
        let mut owners = match &self.table {
            Some(table) => owners.with_table(table.clone()),
            None => owners,
        };
        owners.add_records(self.records.clone());
        owners
    }

    pub(crate) fn judge(&self, traces: &[Trace]) -> Vec<Judgement> {
        judge(traces, &self.targets, &self.owners())
    }

    /// Judges all traces of `text` together. Where a line `=> ...` follows, they must say that:
    /// class, confidence and last hop, then where it is of interest `(holder, source)` and
    /// `: reasons`.
    pub(crate) fn says(&self, text: &str) {
        let examples = examples(text);
        let traces: Vec<Trace> = examples.iter().flat_map(|(traces, _)| traces.clone()).collect();
        let mut judged = &self.judge(&traces)[..];
        let mut wrong = Vec::new();
        for (traces, expected) in examples {
            let (own, others) = judged.split_at(traces.len());
            wrong.extend(self.wrong(&traces, own, expected));
            judged = others;
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// The same, but the lines are examples that have nothing to do with each other.
    pub(crate) fn each_says(&self, text: &str) {
        let wrong = |(traces, expected): (Vec<Trace>, _)| {
            self.wrong(&traces, &self.judge(&traces), expected)
        };
        let wrong: Vec<String> = examples(text).into_iter().filter_map(wrong).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// The split of all traces of `text`.
    pub(crate) fn split(&self, text: &str) -> Split {
        let traces: Vec<Trace> = lines(text).flat_map(notation::read).collect();
        self.split_of(&traces)
    }

    pub(crate) fn split_of(&self, traces: &[Trace]) -> Split {
        let judged = self.judge(traces);
        let judged: Vec<(&Trace, &Judgement)> = traces.iter().zip(&judged).collect();
        split(&judged, &self.targets)
    }

    /// The rows of the split of `text`: scope, verdict, the counts that are not 0, and the shares.
    pub(crate) fn rows(&self, text: &str) -> Vec<String> {
        let split = self.split(text);
        std::iter::once(&split.block).chain(&split.routed).map(|part| self.row(part)).collect()
    }

    fn row(&self, part: &Part) -> String {
        let name = |class: Class| class.name(&self.targets.classes).to_owned();
        let verdict = match part.verdict {
            Verdict::One(class) => name(class),
            Verdict::Mixed => "mixed".into(),
        };
        let counts = part.counts.iter().filter(|(_, count)| **count > 0);
        let counts: Vec<String> =
            counts.map(|(class, count)| format!("{}={count}", name(*class))).collect();
        let share =
            |share: &Option<Share>| share.map_or("-".into(), |share| format!("{:.2}", share.share));
        let shares: Vec<String> = part.shares.iter().map(share).collect();
        format!("{} {verdict}: {}; {}", part.scope, counts.join(" "), shares.join(" "))
    }

    /// The first judgement that is not as expected, in words.
    fn wrong(
        &self,
        traces: &[Trace],
        judged: &[Judgement],
        expected: Option<&str>,
    ) -> Option<String> {
        let expected = expected?;
        let (holder, reasons) = expected.split_once(": ").unwrap_or((expected, ""));
        traces.iter().zip(judged).find_map(|(trace, judgement)| {
            let words = self.words(judgement, holder.contains('('), !reasons.is_empty());
            let target = trace.target;
            (words != expected)
                .then(|| format!("{target}\n  is       {words}\n  expected {expected}"))
        })
    }

    fn words(&self, judgement: &Judgement, with_holder: bool, with_reasons: bool) -> String {
        let class = judgement.class.name(&self.targets.classes);
        let last = judgement.border.last.map(|last| notation::name(last.address));
        let last = last.unwrap_or_else(|| "-".into());
        let source = judgement.owner.as_ref().and_then(|owner| owner.source);
        let source = source.map_or("no source".into(), |source| source.to_string());
        let holder = format!(" ({}, {source})", judgement.holder());
        let reasons: Vec<String> = judgement.reasons.iter().map(ToString::to_string).collect();
        let reasons = format!(": {}", reasons.join("; "));
        let holder = if with_holder { &holder } else { "" };
        let reasons = if with_reasons { &reasons } else { "" };
        format!("{class} {} {last}{holder}{reasons}", judgement.confidence)
    }
}

/// What the traces say in a world where only the configuration and the delegations are known.
pub(crate) fn says(text: &str) {
    World::new().says(text);
}

/// What traces say there that have nothing to do with each other.
pub(crate) fn each_says(text: &str) {
    World::new().each_says(text);
}

/// What a single trace says in that world.
pub(crate) fn one(line: &str) -> Judgement {
    World::new().judge(&notation::read(line)).pop().expect("a trace")
}

/// The traces of each line, with what is expected of them.
fn examples(text: &str) -> Vec<(Vec<Trace>, Option<&str>)> {
    let mut examples = Vec::new();
    for line in lines(text) {
        match line.strip_prefix("=>") {
            None => examples.push((notation::read(line), None)),
            Some(words) => examples.last_mut().expect("a trace before").1 = Some(words.trim()),
        }
    }
    assert!(examples.iter().any(|(_, expected)| expected.is_some()), "nothing is expected");
    examples
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}
