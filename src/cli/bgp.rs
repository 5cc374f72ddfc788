//! `lasthop bgp`: the control plane, from what route collectors recorded.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};

use crate::bgp::{
    self, BgpFormat, Collector, Event, FORMATS, Found, FullFeed, Kind, Networks, Options, Outcome,
    PeerSpec, ReadOptions, Remark, Rpki, View, Vrps, Wanted,
};
use crate::columns::{MESSAGES, MessageRow, PEERS, PeerRow};
use crate::output::{
    Appender, Rows, bgp_event_table, bgp_events, bgp_messages, bgp_peers, bgp_rows, bgp_run_id,
    bgp_table, explain_peers, runs_in, summary_header,
};
use crate::owner::AsTable;
use crate::sandbox::Written;
use crate::split::Verdict;
use crate::targets::Targets;

use super::common::Common;
use super::confinement::Needs;
use super::exit::Exit;
use super::outputs::is_stdout;
use super::row_file::{RowFile, check_history, open_history};
use super::{config, format, outputs, stdout, values};

const WAIT_FOR_LOCK: Duration = Duration::from_secs(10);

/// Which upstream carries the block in BGP, and what changed: from route collectors
///
/// Reads what collectors recorded (MRT of RIPE RIS and Route Views, RIS Live, `bgpdump -m`, `bgpreader`, `RIPEstat`), or stdin
/// if no file is given: plain or compressed (gzip, bzip2, xz, zstd), folders and archives. Files of one collector are one
/// stream: tables, then updates by time. Only --now fetches anything. Rows are those of the summary, with the collector as vantage
/// and AS of its peers in the place of traces: one for the block, one for each routed prefix, one for every other prefix
/// that touches the block, at each table, after each change, and --every so often. Peers are no traffic: a share says how
/// many of them have a route by a carrier, not how much goes that way.
#[derive(Debug, Args)]
pub(super) struct Bgp {
    /// Files and folders; - is stdin
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How things are at present: asks RIPEstat, without files and without a key
    #[cfg(feature = "remote")]
    #[arg(long, conflicts_with_all = ["files", "from", "needs", "at"])]
    now: bool,
    #[cfg(feature = "remote")]
    #[command(flatten)]
    api: super::service::Api,
    /// The format of all files [default: recognised by their content]
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    from: Option<&'static BgpFormat>,
    /// The AS that originates the block [default: that of targets.toml]
    #[arg(long, value_name = "ASN", value_parser = asn)]
    origin: Option<u32>,
    /// Only how things were at this time: 2017-10-01T09:10, in UTC
    #[arg(long, value_name = "TIME", value_parser = values::time, conflicts_with_all = ["events", "every", "since", "until"])]
    at: Option<Timestamp>,
    /// Only rows, events and messages from this time on; what was before is read all the same
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    since: Option<Timestamp>,
    /// Only rows, events and messages before this time
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    until: Option<Timestamp>,
    /// A row at every full interval too: 5m, 1h, 30s
    #[arg(long, value_name = "TIME", value_parser = interval)]
    every: Option<SignedDuration>,
    /// From which size on a peer's table counts as whole: a share of the largest one of the collector, or a number of
    /// prefixes
    #[arg(long, value_name = "PERCENT%|NUMBER", default_value = "75%", value_parser = full_feed)]
    full_feed: FullFeed,
    /// Leave a peer out: its address or its AS
    #[arg(long, value_name = "ADDRESS|ASN", value_parser = peer)]
    not_peer: Vec<PeerSpec>,
    /// Validated payloads of the RPKI: the CSV or JSON of Routinator or rpki-client. A list is of one moment
    #[arg(long, value_name = "FILE")]
    vrps: Option<PathBuf>,
    /// The collector in the output, where the files do not name it [default: from the names of files and folders]
    #[arg(long, value_name = "LABEL")]
    vantage: Option<String>,
    /// Add rows for each peer
    #[arg(long, value_enum, value_name = "WHAT", default_value = "collector")]
    by: By,
    /// What changed, instead of the rows: to the second, once it rested for a minute
    #[arg(long)]
    events: bool,
    /// Which peers see each prefix by which path, instead of the rows, at --at or at the end; one prefix alone if given
    #[arg(long, value_name = "PREFIX", num_args = 0..=1, default_missing_value = ALL, conflicts_with = "events")]
    explain: Option<String>,
    /// Exit with code 5 on these, commas between: where they are events, or in the newest row
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    fail_on: Vec<FailOn>,
    /// Print the names of the archives' files that show the time from FROM to TO, and read nothing; --vantage names the
    /// collector
    #[arg(long, value_name = "FROM/TO", value_parser = span)]
    needs: Option<(Timestamp, Timestamp)>,
    /// Table of prefixes and their origin AS, for the countries in which AS are registered: a TSV of iptoasn.com, plain or
    /// gzip, or an MMDB
    #[arg(long, value_name = "FILE")]
    as_table: Option<PathBuf>,
    /// Append the rows to a CSV file, under a lock; those that are there already are left out
    #[arg(long, value_name = "SUMMARY.csv", help_heading = "Files")]
    append: Option<PathBuf>,
    /// Write what each peer sends, at each row: a row for each path (CSV; JSON lines if named .jsonl)
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    peers: Option<PathBuf>,
    /// Write the messages that touch the block (CSV; JSON lines if named .jsonl)
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    messages: Option<PathBuf>,
}

/// What rows are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Each collector
    Collector,
    /// Each of its peers too
    Peer,
}

/// What is worth an exit code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// An announcement that the RPKI calls invalid (needs --vrps)
    Invalid,
    /// Another origin, a foreign more specific prefix, or an upstream that no carrier has
    Hijack,
    /// Next to no peer has a route
    Outage,
}

/// Stands behind --explain where nothing does.
const ALL: &str = "all";

/// What is explained.
#[derive(Debug, Clone, Copy)]
struct Explained {
    /// One prefix, or all.
    prefix: Option<Ipv4Net>,
}

/// What came of the files.
#[derive(Default)]
struct Results {
    /// One for each run.
    views: Vec<View>,
    /// Their places, by the run.
    places: HashMap<String, usize>,
    events: Vec<Event>,
    /// Whether a scope was classified.
    is_classified: bool,
}

impl Bgp {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        if let Some((from, to)) = self.needs {
            stdout::write(|out| {
                out.write_all(needs(from, to, self.vantage.as_deref()).as_bytes())
            })?;
            return Ok(Exit::Measured);
        }
        anyhow::ensure!(
            self.vrps.is_some() || !self.fail_on.contains(&FailOn::Invalid),
            "--fail-on invalid needs the payloads of the RPKI: name their file by --vrps, as Routinator or rpki-client writes it"
        );
        let (files, explain) = self.files_and_prefix();
        let needs = self.needs(&files, common);
        #[cfg(feature = "remote")]
        let needs = needs.asks_a_service(self.now);
        needs.confine(common);
        let targets = config::targets(common)?;
        #[cfg(feature = "remote")]
        let fetched = self.now.then(|| self.fetch(&targets)).transpose()?;
        #[cfg(feature = "remote")]
        let files = fetched.as_ref().map_or(files, |fetched| vec![fetched.path().to_owned()]);
        self.check_files(&files, common)?;
        let mut append = self.open_append(&targets, common)?;
        let mut peer_file = self.peers.as_deref().map(RowFile::open).transpose()?;
        let mut message_file = self.messages.as_deref().map(RowFile::open).transpose()?;
        let vrps = self.vrps.as_deref().map(Vrps::open).transpose()?;
        if let Some(vrps) = &vrps {
            let made = vrps.made.as_deref().unwrap_or("unknown time");
            common.warn(&format!("RPKI: {} payloads of {made}; what was announced at other times is judged by them too", vrps.count));
        }
        let table = self.as_table.as_deref().map(AsTable::open).transpose()?;
        let networks =
            Networks::new(&targets, self.origin, table.iter().flat_map(AsTable::countries));
        let options = Options {
            full: self.full_feed,
            without: self.not_peer.clone(),
            every: self.every,
            at: self.at,
            keep_peers: self.peers.is_some() || explain.is_some(),
            by_peer: self.by == By::Peer,
        };
        let mut results = Results::default();
        let mut peer_views = PeerViews::default();
        // The header is there even without a message.
        add(&mut message_file, &Rows::new::<MessageRow<_>>(Vec::new(), []));
        add(&mut peer_file, &Rows::new::<PeerRow<_>>(Vec::new(), []));
        let is_outside = |at: Timestamp| {
            self.since.is_some_and(|since| at < since)
                || self.until.is_some_and(|until| at >= until)
        };
        let outcome =
            self.follow(&files, &networks, vrps.as_ref(), &options, common, &mut |found| {
                match &found {
                    Found::Update { at, .. } | Found::Session { at, .. } if !is_outside(*at) => {
                        add(&mut message_file, &bgp_messages(&found, &networks));
                    }
                    Found::View(view) if !is_outside(view.started) && !view.peers.is_empty() => {
                        for view in peer_views.take(view.clone()) {
                            add(&mut peer_file, &bgp_peers(&view, &networks));
                        }
                    }
                    _ => {}
                }
                match found {
                    Found::View(view) if !is_outside(view.started) => {
                        results.take(view, explain.is_some());
                    }
                    Found::Event(event) if !is_outside(event.first_at) => {
                        results.events.push(event);
                    }
                    _ => {}
                }
            })?;
        for view in peer_views.0 {
            add(&mut peer_file, &bgp_peers(&view, &networks));
        }
        let rows = results.rows(&targets);
        let filled = [peer_file, message_file].into_iter().flatten().map(RowFile::finish);
        let filled: Vec<_> = filled.filter_map(Result::err).collect();
        let appended = self.append_rows(append.as_mut(), &results, &targets);
        let written = self.write(&results, &rows, explain, &networks, common);
        let errors = appended.err().into_iter().chain(filled.into_iter().map(anyhow::Error::new));
        Exit::first_of(errors.chain(written.err()))?;
        Ok(self.exit(&results, outcome))
    }

    /// A file with what RIPEstat says of the block and its routed prefixes at present.
    #[cfg(feature = "remote")]
    fn fetch(&self, targets: &Targets) -> anyhow::Result<tempfile::NamedTempFile> {
        use crate::remote::ripestat;
        use std::io::Write as _;
        const BUDGET: Duration = Duration::from_mins(2);
        let clock = super::service::SystemClock::started()?;
        let mut client = self.api.client(ripestat::SERVICE, None, &clock, None)?;
        let block = &targets.block;
        let prefixes: Vec<_> =
            std::iter::once(block.prefix).chain(block.routed_prefixes()).collect();
        let document = ripestat::state(&mut client, &prefixes, BUDGET)?;
        let mut file = tempfile::Builder::new().prefix("ripestat-").suffix(".json").tempfile()?;
        file.write_all(&document)?;
        file.flush()?;
        Ok(file)
    }

    /// The files, and the prefix that is explained. What stands behind --explain and is no prefix is a file.
    fn files_and_prefix(&self) -> (Vec<PathBuf>, Option<Explained>) {
        let mut files = self.files.clone();
        let explain = self.explain.as_ref().map(|given| {
            let address = || given.parse::<Ipv4Addr>().map(Ipv4Net::from);
            let prefix = given.parse().or_else(|_| address()).ok();
            if prefix.is_none() && given != ALL {
                files.insert(0, PathBuf::from(given));
            }
            Explained { prefix }
        });
        if files.is_empty() {
            files.push(PathBuf::from("-"));
        }
        (files, explain)
    }

    /// What is read and written.
    fn needs(&self, files: &[PathBuf], common: &Common) -> Needs {
        let replaced = [&self.peers, &self.messages];
        Needs::default()
            .reads(config::path(common))
            .reads(files)
            .reads([&self.vrps, &self.as_table].into_iter().flatten())
            .writes(Written::Grown, self.append.as_deref())
            .writes(Written::InPlace, replaced.into_iter().filter_map(Option::as_deref))
    }

    /// Refuses files that would destroy others.
    fn check_files(&self, files: &[PathBuf], common: &Common) -> anyhow::Result<()> {
        let config = config::path(common);
        let named = [
            ("--config", config.as_deref()),
            ("--vrps", self.vrps.as_deref()),
            ("--as-table", self.as_table.as_deref()),
        ];
        let files = files.iter().map(|path| ("input", Some(path.as_path())));
        let inputs: Vec<_> = files.chain(named).collect();
        let replaced = [
            ("--peers", self.peers.as_deref(), &PEERS),
            ("--messages", self.messages.as_deref(), &MESSAGES),
        ];
        outputs::check_run(&inputs, None, self.append.as_deref(), &replaced)
    }

    fn open_append(&self, targets: &Targets, common: &Common) -> anyhow::Result<Option<Appender>> {
        let Some(path) = self.append.as_deref().filter(|path| !is_stdout(path)) else {
            return Ok(None);
        };
        let header = summary_header(&targets.classes);
        check_history(path, &header, self.vantage.as_deref().unwrap_or_default(), None, common)?;
        Ok(Some(open_history(path, header, WAIT_FOR_LOCK, common)?))
    }

    /// Appends the rows of those runs that are not there. The same files give the same runs.
    fn append_rows(
        &self,
        append: Option<&mut Appender>,
        results: &Results,
        targets: &Targets,
    ) -> anyhow::Result<()> {
        let (Some(append), Some(path)) = (append, self.append.as_deref()) else { return Ok(()) };
        let known: HashSet<String> = runs_in(path, "bgp-")?;
        let new = results.views.iter().filter(|view| !known.contains(&bgp_run_id(view)));
        let rows = rows_of(new, targets);
        if !rows.rows.is_empty() {
            append.append(&rows)?;
        }
        Ok(())
    }

    /// Reads all files, and follows each collector.
    fn follow(
        &self,
        files: &[PathBuf],
        networks: &Networks<'_>,
        vrps: Option<&Vrps>,
        options: &Options,
        common: &Common,
        found: &mut dyn FnMut(Found<'_>),
    ) -> anyhow::Result<Outcome> {
        let read = ReadOptions {
            from: self.from,
            collector: self.vantage.as_deref().map(Arc::from),
            wanted: Wanted::of(networks.targets()),
        };
        let mut collectors: BTreeMap<Arc<str>, Collector<'_>> = BTreeMap::new();
        let outcome = bgp::read_files(
            files,
            &read,
            &mut |name, record| {
                let collector = collectors.entry(Arc::clone(name));
                let collector = collector
                    .or_insert_with(|| Collector::new(Arc::clone(name), networks, vrps, options));
                collector.take(&record, found);
            },
            &mut |remark| report(&remark, common),
        )?;
        for (name, collector) in &mut collectors {
            let name = if name.is_empty() { "the collector" } else { name };
            collector.end(found);
            if collector.peers() > 0 && !collector.has_sizes() {
                common.warn(&format!(
                    "{name}: the files do not show how large the tables of its {} peers are, so all that had a route count",
                    collector.peers()
                ));
            }
            if collector.late > 0 {
                common.warn(&format!(
                    "{name}: {} records came after younger ones of other files, and are left out",
                    collector.late
                ));
            }
        }
        if outcome.counts.damaged > 0 {
            common.warn(&format!(
                "{} of {} records cannot be read, and are left out",
                outcome.counts.damaged, outcome.counts.records
            ));
        }
        common.info(|| {
            let counts = outcome.counts;
            format!(
                "{} files: {} records, {} routes announced, {} withdrawn, {} changes of sessions",
                outcome.files, counts.records, counts.announced, counts.withdrawn, counts.states
            )
        });
        Ok(outcome)
    }

    fn write(
        &self,
        results: &Results,
        rows: &Rows,
        explain: Option<Explained>,
        networks: &Networks<'_>,
        common: &Common,
    ) -> anyhow::Result<()> {
        let format = format::Format::or_suited(common.format);
        let named = [&self.peers, &self.messages].into_iter().flatten();
        if named.map(PathBuf::as_path).any(is_stdout) {
            return Ok(());
        }
        let classes = &networks.targets().classes;
        // People read the newest of each collector, and what led to it.
        if let Some(Explained { prefix }) = explain {
            let text: String =
                results.newest().map(|view| explain_peers(view, prefix, networks)).collect();
            return stdout::write(|out| out.write_all(text.as_bytes()));
        }
        if self.events {
            let rows = bgp_events(&results.events, networks);
            return format.write(&rows, || bgp_event_table(&results.events, stdout::width()));
        }
        let format = if self.append.as_deref().is_some_and(is_stdout) {
            format::Format::Csv
        } else {
            format
        };
        format.write(rows, || {
            let mut text = String::new();
            for view in results.newest() {
                let _ = writeln!(text, "{}", bgp_table(view, classes, stdout::width()));
            }
            if !results.events.is_empty() {
                text.push_str(&bgp_event_table(&results.events, stdout::width()));
            }
            text
        })
    }

    fn exit(&self, results: &Results, outcome: Outcome) -> Exit {
        let asks = |what: FailOn| self.fail_on.contains(&what);
        // What began before the files is no event, but it shows in the newest row.
        let has = |is: &dyn Fn(Kind) -> bool| {
            let began = results.events.iter().map(|event| event.kind);
            began.chain(results.newest().flat_map(|view| view.alarms.iter().copied())).any(is)
        };
        let is_invalid = || {
            let mut scopes = results.views.iter().flat_map(|view| &view.scopes);
            scopes.any(|scope| scope.rpki == Some(Rpki::Invalid))
                || has(&|kind| kind == Kind::RpkiInvalidBegan)
        };
        if outcome.failed > 0 {
            // The others have been read, and that something is missing must show.
            Exit::Bad
        } else if asks(FailOn::Invalid) && is_invalid()
            || asks(FailOn::Hijack) && has(&Kind::is_hijack)
            || asks(FailOn::Outage) && has(&|kind| kind == Kind::OutageBegan)
        {
            Exit::Changed
        } else if results.is_classified {
            Exit::Measured
        } else {
            Exit::Nothing
        }
    }
}

/// Views whose peers wait to be written, since a later view may be of the same run.
#[derive(Default)]
struct PeerViews(Vec<View>);

impl PeerViews {
    /// Takes the next one. Returns those that no later one can stand for: a change is looked at after a quarter of an hour at
    /// the latest.
    fn take(&mut self, view: View) -> Vec<View> {
        const LONGEST: SignedDuration = SignedDuration::from_hours(1);
        let (run, collector, started) = (bgp_run_id(&view), view.collector.clone(), view.started);
        self.0.retain(|waiting| bgp_run_id(waiting) != run);
        self.0.push(view);
        let is_over = |waiting: &mut View| {
            waiting.collector == collector && started.duration_since(waiting.started) > LONGEST
        };
        self.0.extract_if(.., is_over).collect()
    }
}

impl Results {
    fn take(&mut self, mut view: View, keeps_peers: bool) {
        self.is_classified |= view.scopes.iter().any(|scope| match scope.verdict {
            Verdict::One(class) => class.is_classified(),
            Verdict::Mixed => true,
        });
        if !keeps_peers {
            view.peers = Vec::new();
        }
        // A change that a table began has its run, and stands for it once it has come to rest.
        if let Some(before) = self.places.insert(bgp_run_id(&view), self.views.len()) {
            self.views.remove(before);
            self.places.values_mut().filter(|place| **place > before).for_each(|place| *place -= 1);
        }
        self.views.push(view);
    }

    /// The newest of each collector.
    fn newest(&self) -> impl Iterator<Item = &View> {
        let newest: BTreeMap<&str, &View> =
            self.views.iter().map(|view| (&*view.collector, view)).collect();
        newest.into_values()
    }

    fn rows(&self, targets: &Targets) -> Rows {
        rows_of(self.views.iter(), targets)
    }
}

fn rows_of<'v>(views: impl Iterator<Item = &'v View>, targets: &Targets) -> Rows {
    let mut rows = Rows { header: summary_header(&targets.classes), rows: Vec::new() };
    views.for_each(|view| rows.rows.extend(bgp_rows(view, &targets.classes).rows));
    rows
}

fn add(file: &mut Option<RowFile>, rows: &Rows) {
    if let Some(file) = file {
        file.add(rows);
    }
}

/// Reports what is to be known while files are read.
fn report(remark: &Remark<'_>, common: &Common) {
    match remark {
        Remark::Format { file, format, collector } => {
            common.info(|| format!("{file}: {format}, collector {collector}"));
        }
        Remark::Wrong { place, why } => common.warn(&format!("{place}: {why}")),
        Remark::PassedOver { file, why } => common.info(|| format!("{file}: passed over: {why}")),
        Remark::Failed(error) => common.error(&error.to_string()),
        Remark::Gaps { collector, count, longest: (from, to) } => common.warn(&format!(
            "{collector}: by their names, files are missing {count} times, at most from {from} to {to}; what is known is kept over them"
        )),
        Remark::Repeated { collector, count } => {
            common.warn(&format!("{collector}: {count} records are there twice, in files that overlap; they count once"));
        }
    }
}

/// The names of the archives' files that show the time from `from` to `to`: the table before it, and the updates since.
fn needs(from: Timestamp, to: Timestamp, collector: Option<&str>) -> String {
    let collectors = collector.map_or_else(|| vec!["rrc00", "route-views2"], |name| vec![name]);
    let mut text = String::new();
    for collector in collectors {
        let is_ris = collector.starts_with("rrc");
        let (every_table, every_update) = if is_ris { (8 * 3600, 300) } else { (2 * 3600, 900) };
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        let table = from.as_second().div_euclid(every_table) * every_table;
        let folder = match (is_ris, collector) {
            (true, _) => format!("https://data.ris.ripe.net/{collector}"),
            (false, "route-views2") => "https://archive.routeviews.org/bgpdata".into(),
            (false, _) => format!("https://archive.routeviews.org/{collector}/bgpdata"),
        };
        let name = |seconds: i64, ris: (&str, &str), views: (&str, &str)| {
            let time = at(seconds);
            let (month, stamp) = (time.strftime("%Y.%m"), time.strftime("%Y%m%d.%H%M"));
            let (kind, below, end) =
                if is_ris { (ris.0, "", "gz") } else { (views.0, views.1, "bz2") };
            format!("{folder}/{month}/{below}{kind}.{stamp}.{end}\n")
        };
        text.push_str(&name(table, ("bview", ""), ("rib", "RIBS/")));
        let mut seconds = table;
        while seconds < to.as_second() {
            text.push_str(&name(seconds, ("updates", ""), ("updates", "UPDATES/")));
            seconds += every_update;
        }
    }
    text
}

fn formats() -> impl TypedValueParser<Value = &'static BgpFormat> {
    let names = PossibleValuesParser::new(FORMATS.iter().map(BgpFormat::name));
    names.try_map(|name| bgp::named(&name).ok_or("no such format"))
}

fn asn(text: &str) -> Result<u32, String> {
    let number = text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(text);
    number.parse().map_err(|_| "expected an AS such as 131279".into())
}

fn peer(text: &str) -> Result<PeerSpec, String> {
    let address = text.parse().map(PeerSpec::Address).ok();
    let peer = address.or_else(|| asn(text).map(PeerSpec::As).ok());
    peer.ok_or_else(|| {
        "expected the address or the AS of a peer, such as 198.51.100.7 or AS3333".into()
    })
}

fn full_feed(text: &str) -> Result<FullFeed, String> {
    let wrong =
        || "expected a share of the largest table such as 75%, or a number of prefixes".to_owned();
    match text.strip_suffix('%') {
        Some(percent) => {
            let percent: f64 = percent.parse().map_err(|_| wrong())?;
            if (0.0..=100.0).contains(&percent) {
                Ok(FullFeed::Share(percent / 100.0))
            } else {
                Err(wrong())
            }
        }
        None => text.parse().map(FullFeed::Prefixes).map_err(|_| wrong()),
    }
}

fn interval(text: &str) -> Result<SignedDuration, String> {
    let wrong = || "expected a time such as 5m, 30s or 1h".to_owned();
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
    let (number, unit) = units
        .iter()
        .find_map(|(end, unit)| Some((text.strip_suffix(end)?, *unit)))
        .ok_or_else(wrong)?;
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(unit).filter(|seconds| (1..=31_536_000).contains(seconds));
    seconds.map(SignedDuration::from_secs).ok_or_else(wrong)
}

fn span(text: &str) -> Result<(Timestamp, Timestamp), String> {
    let wrong = || "expected two times such as 2017-10-01T09:00/2017-10-01T13:00".to_owned();
    let (from, to) = text.split_once('/').ok_or_else(wrong)?;
    let (from, to) = (values::time(from)?, values::time(to)?);
    let days = to.duration_since(from).as_hours() / 24;
    if from < to && days <= 366 {
        Ok((from, to))
    } else {
        Err("expected the earlier time first, and a year at most".into())
    }
}
