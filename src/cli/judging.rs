//! What every command does with traces that others made: judges them, and writes the summary, the explanations and
//! the files that users name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use foldhash::HashMap;
use jiff::Timestamp;

use crate::columns::{EXPLANATIONS, HOPS, TRACES};
use crate::output::{
    self, Appender, Explanation, Rows, Run, summary, summary_header, summary_table,
};
use crate::owner::Owners;
use crate::sandbox::Written;
use crate::split::Split;
use crate::survey::{Collector, JudgeOptions, Judged, JudgedTrace, Keep, Remark, Survey};
use crate::targets::Targets;
use crate::trace::{Method, Vantage, is_simulated};

use super::announced::AnnouncedArgs;
use super::common::Common;
use super::config;
use super::confinement::Needs;
use super::exit::Exit;
use super::explained::Explained;
use super::format;
use super::outputs::{self, is_stdout};
use super::row_file::{RowFile, check_history, open_history};
use super::run_notes;
use super::sources::Sources;
use super::stdout;

/// How long to wait for another process that holds the file to which rows are appended. The traces
/// are already made, so nothing is lost by waiting.
const WAIT_FOR_LOCK: Duration = Duration::from_secs(10);

/// How traces are judged, and what is written of them.
#[derive(Debug, Clone, Args)]
pub(super) struct Judging {
    /// Explain each trace instead of the summary: its hops with their owners, what decided, and what
    /// would have changed the answer (with --format csv or json a row for each trace)
    #[arg(long, conflicts_with = "by")]
    explain: bool,
    /// Add rows for each vantage, country or AS
    #[arg(long, value_enum, value_name = "WHAT")]
    by: Option<By>,
    /// Random seed for the intervals where several vantages made the traces (2,000 bootstrap samples)
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(super) seed: u64,
    /// The vantage in the output, where the traces do not name it
    #[arg(long, value_name = "LABEL")]
    pub(super) vantage: Option<String>,
    /// Append the summary's rows to a CSV file, under a lock
    #[arg(long, value_name = "SUMMARY.csv", help_heading = "Files")]
    append: Option<PathBuf>,
    /// Write a row for each trace: class, evidence, reason (CSV; JSON lines if named .jsonl)
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    traces: Option<PathBuf>,
    /// Write a row for each probe of the traces that are used, from whatever program, as `lasthop probe
    /// --hops` does; `classify` reads it back (CSV; JSON lines if named .jsonl)
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    hops: Option<PathBuf>,
    #[command(flatten)]
    announced: AnnouncedArgs,
    #[command(flatten)]
    sources: Sources,
}

/// The most groups: each takes some kilobytes.
const MOST_GROUPS: usize = 1 << 15;

/// What traces are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// The probe or host
    Vantage,
    /// The country of its address
    Country,
    /// The AS of its address
    As,
}

/// What is known of vantages beside their addresses, by their names.
pub(super) type Places = HashMap<String, Place>;

/// Where a vantage is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) country: Option<String>,
    pub(super) asn: Option<u32>,
}

/// What the traces of a run have in common, as far as whoever read them knows it.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The names of what was read.
    pub(super) names: Vec<String>,
    /// When the traces were made, where neither they nor the user say it.
    pub(super) at: Option<Timestamp>,
    /// The identifier of the run; without one, it is made from the traces.
    pub(super) run: Option<String>,
    /// The vantage where the user names none.
    pub(super) vantage: Option<String>,
    /// Where the vantages are.
    pub(super) places: Places,
    /// How the command ends, where that is not for the traces to say. The rows are then marked incomplete.
    pub(super) exit: Option<Exit>,
}

impl Judging {
    /// Refuses files that would destroy others, judges what `read` puts into the survey, and writes it. Traces that do not
    /// say when they were made were made `at`.
    pub(super) fn run(
        &self,
        inputs: &[(&str, PathBuf)],
        at: Option<Timestamp>,
        common: &Common,
        read: impl FnOnce(&Targets, &mut Survey<'_>) -> anyhow::Result<Reading>,
    ) -> anyhow::Result<Exit> {
        let targets = self.targets(inputs, at, common)?;
        let append = self.open_append(&targets, common)?;
        let mut trace_file = self.traces.as_deref().map(RowFile::open).transpose()?;
        let mut hop_file = self.hops.as_deref().map(RowFile::open).transpose()?;
        let mut owners = self.sources.owners(&targets, common)?;
        let keep = Keep {
            hops: self.explain || self.traces.is_some() || self.hops.is_some(),
            addresses: self.sources.asks(),
            sorted: false,
        };
        let mut survey = Survey::new(&targets, keep);
        let reading = read(&targets, &mut survey)?;
        let names = &reading.names;
        common.warn(&survey.counts.summary(targets.block.prefix));
        let failed = survey.counts.failed > 0;
        self.sources.ask(&mut owners, &survey.collected.addresses(), common);
        let run = self.run_of(&survey, &reading, at.or(reading.at));
        let simulated = survey.collected.simulated;
        // The headers are there even without a row.
        add(&mut trace_file, &output::traces(&run, &[], &targets));
        add(&mut hop_file, &output::hops(&run, &[], &owners));
        let wants = (trace_file.is_some(), hop_file.is_some());
        let group_by =
            |vantage: Option<&Vantage>| group(self.by, vantage, &reading.places, &owners);
        let unit = |vantage: Option<&Vantage>| unit(vantage, &reading.places);
        let options = JudgeOptions {
            group_by: self.by.is_some().then_some(&group_by),
            unit: (!reading.places.is_empty()).then_some(&unit),
            seed: self.seed,
        };
        // People read explanations through a pager.
        let explained = common.format.unwrap_or(format::Format::Table);
        let mut explained = self.explain.then(|| Explained::new(explained));
        let mut judged = survey.judge_with(
            &owners,
            &options,
            |judged, evidence| {
                let rows = wants.0.then(|| {
                    let all: Vec<_> = judged.iter().map(|it| (&it.trace, &it.judgement)).collect();
                    output::traces(&run, &all, &targets)
                });
                let hops = wants.1.then(|| {
                    let all: Vec<_> = judged.iter().map(|it| (it.number, &it.trace)).collect();
                    output::hops(&run, &all, &owners)
                });
                let explanations = self.explain.then(|| {
                    let explanation = |it: &JudgedTrace| {
                        let file = names.get(it.place.file).map_or("", String::as_str);
                        let place = Some((file, it.place.line));
                        Explanation::of(
                            place,
                            &it.trace,
                            &it.judgement,
                            evidence,
                            &owners,
                            &targets,
                        )
                    };
                    judged.iter().map(explanation).collect::<Vec<_>>()
                });
                (rows, hops, explanations)
            },
            |(rows, hops, explanations)| {
                if let Some(rows) = &rows {
                    add(&mut trace_file, rows);
                }
                if let Some(rows) = &hops {
                    add(&mut hop_file, rows);
                }
                if let (Some(explained), Some(explanations)) = (&mut explained, explanations) {
                    explained.add(&explanations);
                }
            },
        )?;
        let split = judged.split();
        let is_named = |path: &Option<PathBuf>| path.as_deref().is_some_and(is_stdout);
        let csv = is_named(&self.append).then_some(format::Format::Csv);
        let format = csv.unwrap_or_else(|| format::Format::or_suited(common.format));
        let (rows, mut text) = summaries(&mut judged, &split, &run, &targets, format)?;
        if simulated && !is_simulated(&run.vantage) {
            text.insert_str(0, "SIMULATED: ");
        }
        let filled = [trace_file, hop_file].into_iter().flatten().map(RowFile::finish);
        let filled: Vec<_> = filled.filter_map(Result::err).collect();
        let appended = self.append_rows(append, &run, &rows);
        let written = match explained {
            Some(explained) => explained.finish(),
            None if is_named(&self.traces) || is_named(&self.hops) => Ok(()),
            None => format.write(&rows, || text),
        };
        let errors = appended.err().into_iter();
        let errors = errors.chain(filled.into_iter().map(anyhow::Error::new));
        Exit::first_of(errors.chain(written.err()))?;
        run_notes::vantage(&split, &run, common);
        self.announced.note(&judged, common);
        // The others have been judged, and that something is missing must show.
        Ok(match reading.exit {
            Some(exit) => exit,
            None if failed => Exit::Bad,
            None => Exit::of_run(&split),
        })
    }

    /// What all judging reads and writes.
    pub(super) fn needs(&self, common: &Common) -> Needs {
        let replaced = [&self.traces, &self.hops];
        Needs::default()
            .reads(config::path(common))
            .reads(self.sources.files())
            .reads(self.announced.inputs().map(|(_, path)| path))
            .writes(Written::Grown, self.append.as_deref())
            .writes(Written::InPlace, replaced.into_iter().filter_map(Option::as_deref))
            .asks_name_servers(self.sources.asks())
    }

    /// What is known before the first trace: the configuration, and what BGP shows. Refuses files that would destroy others.
    fn targets(
        &self,
        inputs: &[(&str, PathBuf)],
        at: Option<Timestamp>,
        common: &Common,
    ) -> anyhow::Result<Targets> {
        let mut targets = config::targets(common)?;
        let announced: Vec<_> = self.announced.inputs().collect();
        let inputs: Vec<_> = inputs.iter().chain(&announced).cloned().collect();
        self.check_files(&inputs, common)?;
        let vantage = self.vantage.as_deref().unwrap_or_default();
        self.announced.add(&mut targets, vantage, at, common)?;
        Ok(targets)
    }

    /// The history that rows are appended to. What goes to stdout needs no file.
    fn open_append(&self, targets: &Targets, common: &Common) -> anyhow::Result<Option<Appender>> {
        let Some(path) = self.append.as_deref() else { return Ok(None) };
        let header = summary_header(&targets.classes);
        let vantage = self.vantage.as_deref().unwrap_or_default();
        check_history(path, &header, vantage, None, common)?;
        if is_stdout(path) {
            return Ok(None);
        }
        Ok(Some(open_history(path, header, WAIT_FOR_LOCK, common)?))
    }

    fn append_rows(&self, append: Option<Appender>, run: &Run, rows: &Rows) -> anyhow::Result<()> {
        let Some(mut append) = append else { return Ok(()) };
        anyhow::ensure!(
            run.started.is_some(),
            "{}: the traces have no times, and a history cannot hold rows without one; say with --at TIME when \
             they were made",
            self.append.as_deref().unwrap_or(Path::new("")).display()
        );
        Ok(append.append(rows)?)
    }

    /// Refuses files that would destroy others.
    fn check_files(&self, inputs: &[(&str, PathBuf)], common: &Common) -> anyhow::Result<()> {
        let config = config::path(common);
        let named = [("--config", config.as_deref()), ("--as-table", self.sources.file())];
        let files = inputs.iter().map(|(name, path)| (*name, Some(path.as_path())));
        let inputs: Vec<_> = files.chain(named).collect();
        let replaced = [
            ("--traces", self.traces.as_deref(), &TRACES),
            ("--hops", self.hops.as_deref(), &HOPS),
            ("--explain", self.explain.then_some(Path::new("-")), &EXPLANATIONS),
        ];
        outputs::check_run(&inputs, None, self.append.as_deref(), &replaced)
    }

    /// What all rows have in common. The same traces give the same identifier.
    fn run_of(&self, survey: &Survey<'_>, reading: &Reading, at: Option<Timestamp>) -> Run {
        let Collector { first, last, methods, .. } = &survey.collected;
        let method = match methods.iter().collect::<Vec<_>>()[..] {
            [Method::Icmp, Method::Udp] => "both".into(),
            [Method::Icmp, Method::Udp, Method::Tcp] => "all".into(),
            ref methods => methods.iter().map(ToString::to_string).collect::<Vec<_>>().join("+"),
        };
        let vantage = self.vantage.clone().or_else(|| reading.vantage.clone());
        let digest = || format!("import-{:016x}", survey.digest());
        Run {
            id: reading.run.clone().unwrap_or_else(digest),
            started: first.or(at),
            ended: last.or(at),
            vantage: vantage.unwrap_or_default(),
            method,
            complete: survey.counts.is_complete() && reading.exit.is_none(),
            doubts: Vec::new(),
        }
    }
}

/// The rows of all traces and then of each group; and as a text, where that is what is written.
fn summaries(
    judged: &mut Judged<'_>,
    split: &Split,
    run: &Run,
    targets: &Targets,
    format: format::Format,
) -> anyhow::Result<(Rows, String)> {
    // A name may stand in every other line of a file, and each has rows of its own.
    let groups = judged.group_count();
    anyhow::ensure!(
        groups <= MOST_GROUPS,
        "--by makes {groups} groups, and the most are {MOST_GROUPS}; judge the traces in parts"
    );
    let (classes, width) = (&targets.classes, stdout::width());
    let table = |run: &Run, split: &Split| match format {
        format::Format::Table => summary_table(run, split, classes, None, width),
        _ => String::new(),
    };
    let mut rows = summary(run, split, classes, None);
    let mut text = table(run, split);
    for (group, split) in judged.take_groups() {
        let run = Run { vantage: group, ..run.clone() };
        rows.rows.extend(summary(&run, &split, classes, None).rows);
        text.push('\n');
        text.push_str(&table(&run, &split));
    }
    Ok((rows, text))
}

/// Passes on what is to be reported while files are read.
pub(super) fn report(remark: Remark<'_>, common: &Common) {
    match remark {
        Remark::Format { file, format } => common.info(|| format!("{file}: {format}")),
        Remark::NotUsed { file, line, why } => common.warn(&format!("{file}:{line}: {why}")),
        Remark::PassedOver { file, why } => {
            common.info(|| format!("{file}: passed over: {why}"));
        }
        Remark::ReadBefore { file, what } => common.warn(&format!("{file}: {what}")),
        Remark::Failed(error) => common.error(&error.to_string()),
    }
}

fn add(file: &mut Option<RowFile>, rows: &Rows) {
    if let Some(file) = file {
        file.add(rows);
    }
}

/// The group of traces from `vantage`; without a name where nothing is known of it.
fn group(
    by: Option<By>,
    vantage: Option<&Vantage>,
    places: &Places,
    owners: &Owners<'_>,
) -> String {
    let (Some(by), Some(vantage)) = (by, vantage) else { return String::new() };
    let place = places.get(&vantage.name);
    let owner = || vantage.address.map(|address| owners.of(address));
    match by {
        By::Vantage => vantage.name.clone(),
        By::Country => place
            .and_then(|place| place.country.clone())
            .or_else(|| owner()?.country.map(|country| country.to_string()))
            .unwrap_or_default(),
        By::As => place
            .and_then(|place| place.asn)
            .or_else(|| owner()?.origin.map(|origin| origin.asn))
            .map_or_else(String::new, |asn| format!("AS{asn}")),
    }
}

/// Vantages of one AS mostly share their way, so the AS is the unit of intervals where it is known.
fn unit(vantage: Option<&Vantage>, places: &Places) -> String {
    let Some(vantage) = vantage else { return String::new() };
    let asn = places.get(&vantage.name).and_then(|place| place.asn);
    asn.map_or_else(|| vantage.name.clone(), |asn| format!("AS{asn}"))
}
