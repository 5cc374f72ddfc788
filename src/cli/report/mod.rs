//! `lasthop report`: what changed, and when.

mod diff;
mod left_out;
mod migrate;
mod pictures;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ipnet::Ipv4Net;

use crate::history::{
    self, Event, History, Incomplete, Plane, Series, Wanted, event_table, state_table,
};
use crate::sandbox::Written;

use jiff::Timestamp;

use super::common::Common;
use super::confinement::Needs;
use super::exit::Exit;
use super::format::Format;
use super::outputs::{self, Output, is_stdout, write_text};
use super::stdout;

use left_out::LeftOutLines;
use pictures::Pictures;
use window::{Since, since, until};

/// What changed, and when: carriers that came and went, shares that moved, outages
///
/// Reads summaries that --append collected, of several vantages or years in any order, plain or compressed.
/// Rows of lasthop bgp and of traces are shown side by side, and what both show is one event.
/// On a terminal it shows how things are and what changed; in a pipe it writes an event to a row,
/// oldest first, or with --show state a row for each scope.
#[derive(Debug, Args)]
pub(super) struct Report {
    /// Summaries; - is stdin, which is read in a pipe if none is given
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only what runs from this time on found: 2017-10-01, 2017-10-01T09:05, or newest for what each
    /// vantage's newest run found
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Since>,
    /// Nothing that began after this time
    #[arg(long, value_name = "TIME", value_parser = until)]
    until: Option<jiff::Timestamp>,
    /// Only this scope, such as 175.45.178.0/24; may be given more than once
    #[arg(long, value_name = "PREFIX", value_parser = scope)]
    scope: Vec<Ipv4Net>,
    /// Only this vantage; may be given more than once
    #[arg(long, value_name = "LABEL")]
    vantage: Vec<String>,
    /// Instead, write two runs side by side: what each saw of each scope, and what differs beyond its interval. A run
    /// is named by its identifier, the beginning of its time (2017-10-01T09:05), its vantage (then the newest), or newest
    #[arg(
        long,
        value_names = ["RUN", "RUN"],
        num_args = 2,
        conflicts_with_all = ["since", "show", "prometheus", "svg", "html", "migrate"]
    )]
    diff: Vec<String>,
    /// What to write [default: both as a table, events as csv or json]
    #[arg(long, value_enum, value_name = "WHAT")]
    show: Option<Show>,
    /// Exit with code 5 if an event is reported (--since says from when), or with --diff if anything differs
    #[arg(long)]
    fail_on_change: bool,
    /// Write how things are as metrics for Prometheus, in one go
    #[arg(long, value_name = "FILE.prom", help_heading = "Files")]
    prometheus: Option<PathBuf>,
    #[command(flatten)]
    pictures: Pictures,
    /// Write OLD under today's header, to stdout unless --output or --in-place is given, and do nothing else
    #[arg(
        long,
        value_name = "OLD",
        help_heading = "Files",
        conflicts_with_all = [
            "files", "since", "until", "scope", "vantage", "show", "fail_on_change", "prometheus",
        ]
    )]
    migrate: Option<PathBuf>,
    /// The new file that --migrate writes
    #[arg(short, long, value_name = "NEW", help_heading = "Files", requires = "migrate")]
    output: Option<PathBuf>,
    /// Replace OLD by what --migrate writes; if a line would be lost, OLD stays as it is
    #[arg(long, help_heading = "Files", requires = "migrate", conflicts_with = "output")]
    in_place: bool,
}

/// So many vantages of one run each are no chance.
const MANY_VANTAGES: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Show {
    /// What changed
    Events,
    /// How things are
    State,
}

impl Report {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        if let Some(old) = &self.migrate {
            return migrate::run(old, self.output.as_deref(), self.in_place, common);
        }
        let files = self.inputs()?;
        let inputs: Vec<_> = files.iter().map(|path| ("input", path.as_path())).collect();
        let prometheus = self.prometheus.as_deref().map(|path| ("--prometheus", path));
        let written: Vec<_> = self.pictures.files().chain(prometheus).collect();
        let outputs: Vec<_> =
            written.iter().map(|(option, path)| Output::text(option, path)).collect();
        let needs = Needs::default().reads(&files);
        let replaced = written.iter().map(|(_, path)| *path);
        needs.writes(Written::Replaced, replaced).confine(common);
        outputs::check(&inputs, &outputs)?;
        let stdout_is_taken = written.iter().any(|(_, path)| is_stdout(path));
        let wanted = Wanted {
            now: Some(Timestamp::now()),
            until: self.until,
            from: match self.since {
                Some(Since::Time(since)) => Some(since),
                Some(Since::Newest) | None => None,
            },
            scopes: self.scope.clone(),
            vantages: self.vantage.clone(),
            buckets: self.pictures.buckets(self.draws_letters(common)),
        };
        if let [first, second] = &self.diff[..] {
            return diff::run(&files, &wanted, [first, second], self.fail_on_change, common);
        }
        let mut left_out = LeftOutLines::default();
        let history = history::read(&files, &wanted, &mut |remark| left_out.add(remark));
        left_out.report(common);
        let history = history?;
        run_notes(&history, common);
        about_vantages(&history, common);
        self.pictures.write(&history)?;
        let series: Vec<&Series> =
            history.series.iter().filter(|series| self.has_runs(series)).collect();
        if series.is_empty() {
            closing(&history, common)?;
            common.warn("no run in what was asked for");
            return Ok(Exit::Nothing);
        }
        let events: Vec<&Event> =
            history.events.iter().filter(|event| self.asked(event, &history)).collect();
        if let Some(path) = &self.prometheus {
            write_text(path, &history::prometheus(&history))?;
        }
        if !stdout_is_taken {
            self.write(&series, &events, &history, common)?;
        }
        let changed = self.fail_on_change && !events.is_empty();
        closing(&history, common)?;
        Ok(if changed { Exit::Changed } else { Exit::Measured })
    }

    /// The files; without any it is stdin, where that is a pipe or a file.
    fn inputs(&self) -> anyhow::Result<Vec<PathBuf>> {
        if !self.files.is_empty() {
            return Ok(self.files.clone());
        }
        let stdin = Path::new("/dev/stdin").metadata();
        let is_fed = stdin.is_ok_and(|about| !about.file_type().is_char_device());
        anyhow::ensure!(
            is_fed,
            "no history: name <FILE>s, such as `lasthop report history.csv`, or send one through a pipe"
        );
        Ok(vec![PathBuf::from("-")])
    }

    /// Whether stdout gets a picture.
    fn draws_letters(&self, common: &Common) -> bool {
        Format::or_suited(common.format) == Format::Table && self.show.is_none()
    }

    fn has_runs(&self, series: &Series) -> bool {
        match self.since {
            Some(Since::Time(since)) => series.state.started >= since,
            Some(Since::Newest) | None => true,
        }
    }

    /// Whether a run of the time that was asked for found the event.
    fn asked(&self, event: &Event, history: &History) -> bool {
        match self.since {
            None => true,
            Some(Since::Time(since)) => event.found >= since,
            // The newest run that a vantage made by a method; a scope that it did not trace is old.
            Some(Since::Newest) => history
                .series
                .iter()
                .filter(|it| (it.vantage, it.method) == (event.vantage, event.method))
                .all(|series| series.state.started <= event.found),
        }
    }

    fn write(
        &self,
        series: &[&Series],
        events: &[&Event],
        history: &History,
        common: &Common,
    ) -> anyhow::Result<()> {
        let (format, width) = (Format::or_suited(common.format), stdout::width());
        let rows = match self.show {
            Some(Show::State) => history::states(series.iter().copied(), history),
            _ => history::events(events.iter().copied(), &history.names),
        };
        format.write(&rows, || match self.show {
            Some(Show::State) => state_table(series, history, width),
            Some(Show::Events) => event_table(events, history, width),
            None => {
                let (state, changed) =
                    (state_table(series, history, width), event_table(events, history, width));
                format!("{state}\n{}\n{changed}", pictures::letters(history))
            }
        })
    }
}

/// Says what became of the lines. Those that are no rows are an error, once everything else is written.
fn closing(history: &History, common: &Common) -> anyhow::Result<()> {
    let history::Counts { used, doubled, unwanted, malformed, future, partial } = history.counts;
    let mut text = format!(
        "{used} rows used, {doubled} doubled, {unwanted} not asked for, {malformed} broken"
    );
    if future > 0 {
        text = format!("{text}, {future} from the future");
    }
    if partial > 0 {
        text = format!("{text}, {partial} of a block of which only some prefixes were traced");
    }
    anyhow::ensure!(malformed == 0, "{text}; repair or delete those lines");
    common.info(|| text);
    Ok(())
}

/// How many runs in a row may be cut short before that is a remark.
const CUT_SHORT: u64 = 3;

/// Says where runs that were cut short keep outages from being seen.
fn run_notes(history: &History, common: &Common) {
    let of = |series: &Series| (series.vantage, series.method);
    for group in history.series.chunk_by(|one, other| of(one) == of(other)) {
        let longest = |series: &&Series| series.incomplete.map_or(0, |longest| longest.runs);
        let Some(worst) = group.iter().max_by_key(longest) else { continue };
        let Some(Incomplete { runs, first, last }) = worst.incomplete else { continue };
        if runs < CUT_SHORT && runs < worst.runs {
            continue;
        }
        let (which, when) = match runs {
            all if all == worst.runs => ("all ", String::new()),
            late if late == worst.incomplete_of_late => ("the newest ", String::new()),
            _ => ("", format!(", {first:.0} to {last:.0},")),
        };
        let [vantage, method] = [worst.vantage, worst.method].map(|name| history.names.text(name));
        let from = if vantage.is_empty() { String::new() } else { format!(" from {vantage}") };
        common.warn(&format!(
            "{which}{runs} runs{from} by {method}{when} are incomplete: what they do not show is no evidence, so no \
             outage and no carrier that vanished can be found in them"
        ));
    }
}

/// Runs that say nothing about the block, and names of vantages that are new in each run.
fn about_vantages(history: &History, common: &Common) {
    // Of the scopes that a run traced the widest stands for it.
    let mut vantages: BTreeMap<_, &Series> = BTreeMap::new();
    for series in history.series.iter().filter(|series| series.plane == Plane::Data) {
        let widest = vantages.entry((series.vantage, series.method)).or_insert(series);
        if series.runs > widest.runs {
            *widest = series;
        }
    }
    for (vantage, series) in vantages.iter().map(|((vantage, _), series)| (vantage, series)) {
        if series.inconclusive > 0 {
            common.warn(&format!(
                "vantage {:?}: {} of {} runs say nothing about the block, since the vantage had no way out or nothing \
                 answered behind its first public hop; they make no event",
                history.names.text(*vantage),
                series.inconclusive,
                series.runs,
            ));
        }
    }
    let runs: BTreeSet<_> = vantages.values().map(|series| series.first).collect();
    if vantages.len() >= MANY_VANTAGES
        && runs.len() == vantages.len()
        && vantages.values().all(|series| series.runs == 1)
    {
        common.warn(&format!(
            "each of the {} runs is a vantage of its own, as in containers, whose host name is new in each run; so \
             nothing can be compared: give the vantage a name with --vantage LABEL",
            vantages.len(),
        ));
    }
}

fn scope(text: &str) -> Result<Ipv4Net, String> {
    let scope: Result<Ipv4Net, _> = text.parse();
    scope.map(|scope| scope.trunc()).map_err(|_| "expected a prefix such as 175.45.178.0/24".into())
}
