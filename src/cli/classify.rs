//! `lasthop classify`: the same judgement on traceroutes made elsewhere.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::import::{FORMATS, Format, named};
use crate::output::{self, Rows, Run, explain, summary, summary_header, summary_table};
use crate::owner::Owners;
use crate::survey::{Collector, JudgeOptions, Keep, ReadOptions, Remark, Survey};
use crate::targets::Targets;
use crate::trace::{Method, Vantage};

use super::common::Common;
use super::config;
use super::distinct_paths::distinct;
use super::exit::Exit;
use super::format;
use super::row_file::{RowFile, open_history};
use super::run_notes;
use super::sources::Sources;
use super::stdout;

/// How long to wait for another process that holds the file to which rows are appended. The traces
/// are already made, so nothing is lost by waiting.
const WAIT_FOR_LOCK: Duration = Duration::from_secs(10);

/// Judge traceroutes from anywhere: RIPE Atlas, scamper, traceroute, tracert, mtr
///
/// Reads files, or stdin if none is given, plain or compressed (gzip, bzip2, zstd), and recognises
/// their format. Traces to destinations outside the block are refused and counted. The summary goes
/// to stdout: one row for the block, one for each routed prefix.
#[derive(Debug, Args)]
pub(super) struct Classify {
    /// Files; - is stdin
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The format of all files [default: recognised by their content]
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    from: Option<&'static Format>,
    /// The destination of traces whose file does not name it [default: the last answer, if it is an
    /// address of the block]
    #[arg(long, value_name = "ADDRESS")]
    target: Option<Ipv4Addr>,
    /// Explain each trace instead of the summary: its hops with their owners, what decided, and what
    /// would have changed the answer
    #[arg(long)]
    explain: bool,
    /// Add rows for each vantage, country or AS
    #[arg(long, value_enum, value_name = "WHAT")]
    by: Option<By>,
    /// Random seed for the intervals where several vantages made the traces (2,000 bootstrap samples)
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// The vantage in the output, where the files do not name it
    #[arg(long, value_name = "LABEL")]
    vantage: Option<String>,
    /// Append the summary's rows to a CSV file, under a lock
    #[arg(long, value_name = "SUMMARY.csv", help_heading = "Files")]
    append: Option<PathBuf>,
    /// Write a row for each trace: class, evidence, reason (CSV; JSON lines if named .jsonl)
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    traces: Option<PathBuf>,
    #[command(flatten)]
    sources: Sources,
}

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

impl Classify {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let targets = config::targets(common)?;
        distinct(&[("--append", self.append.as_deref()), ("--traces", self.traces.as_deref())])?;
        let append = self.append.as_deref().map(|path| {
            open_history(path, summary_header(&targets.classes), WAIT_FOR_LOCK, common)
        });
        let append = append.transpose()?;
        let mut row_file = self.traces.as_deref().map(RowFile::open).transpose()?;
        let mut owners = self.sources.owners(&targets, common)?;
        let keep = Keep {
            hops: self.explain || self.traces.is_some(),
            addresses: self.sources.asks(),
            sorted: false,
        };
        let mut survey = Survey::new(&targets, keep);
        let files = self.read(&mut survey, common)?;
        common.warn(&survey.counts.summary(targets.block.prefix));
        self.sources.ask(&mut owners, &survey.collected.addresses(), common);
        let run = self.run_of(&survey);
        if self.explain {
            return explain_all(survey, &files, &owners, &targets);
        }
        if let Some(row_file) = &mut row_file {
            // The header is there even without a row.
            row_file.add(&output::traces(&run, &[], &targets));
        }
        let group_by = |vantage: Option<&Vantage>| group(self.by, vantage, &owners);
        let options =
            JudgeOptions { group_by: self.by.is_some().then_some(&group_by), seed: self.seed };
        let judged = survey.judge_with(
            &owners,
            &options,
            |judged, _| {
                let judged: Vec<_> = judged.iter().map(|it| (&it.trace, &it.judgement)).collect();
                output::traces(&run, &judged, &targets)
            },
            |rows: Rows| row_file.iter_mut().for_each(|file| file.add(&rows)),
        )?;
        let classes = &targets.classes;
        let split = judged.split();
        let mut rows = summary(&run, &split, classes, None);
        let mut text = summary_table(&run, &split, classes, None);
        for (group, split) in judged.groups() {
            let run = Run { vantage: group.to_owned(), ..run.clone() };
            rows.rows.extend(summary(&run, &split, classes, None).rows);
            text = format!("{text}\n{}", summary_table(&run, &split, classes, None));
        }
        let filled = row_file.map_or(Ok(()), RowFile::finish);
        let appended = append.map_or(Ok(()), |mut append| append.append(&rows));
        format::Format::or_suited(common.format).write(&rows, || text)?;
        filled.and(appended)?;
        run_notes::vantage(&split, &run, common);
        Ok(Exit::of_run(&split))
    }

    /// Reads all files into `survey`, and returns their names.
    fn read(&self, survey: &mut Survey<'_>, common: &Common) -> anyhow::Result<Vec<String>> {
        let stdin = [PathBuf::from("-")];
        let files = if self.files.is_empty() { &stdin[..] } else { &self.files };
        let options =
            ReadOptions { from: self.from, target: self.target, details: common.is_verbose() };
        let names = survey.read_files(files, &options, &mut |remark| match remark {
            Remark::Format { file, format } => common.info(|| format!("{file}: {format}")),
            Remark::NotUsed { file, line, why } => common.warn(&format!("{file}:{line}: {why}")),
            Remark::Failed(error) => common.warn(&error.to_string()),
        })?;
        Ok(names)
    }

    /// What all rows have in common. The same traces give the same identifier.
    fn run_of(&self, survey: &Survey<'_>) -> Run {
        let Collector { first, last, methods, .. } = &survey.collected;
        let method = match methods.iter().collect::<Vec<_>>()[..] {
            [Method::Icmp, Method::Udp] => "both".into(),
            ref methods => methods.iter().map(ToString::to_string).collect::<Vec<_>>().join("+"),
        };
        Run {
            id: format!("import-{:016x}", survey.digest()),
            started: *first,
            ended: *last,
            vantage: self.vantage.clone().unwrap_or_default(),
            method,
            complete: survey.counts.is_complete(),
            doubts: Vec::new(),
        }
    }
}

/// Writes the explanation of every trace.
fn explain_all(
    survey: Survey<'_>,
    files: &[String],
    owners: &Owners<'_>,
    targets: &Targets,
) -> anyhow::Result<Exit> {
    let mut written = Ok(());
    let judged = survey.judge_with(
        owners,
        &JudgeOptions::default(),
        |judged, evidence| {
            let mut text = String::new();
            for it in judged {
                let file = files.get(it.place.file).map_or("", String::as_str);
                let title = format!("{file}:{}", it.place.line);
                text += &explain(&title, &it.trace, &it.judgement, evidence, owners, targets);
            }
            text
        },
        |text| {
            if written.is_ok() {
                written = stdout::write(|out| out.write_all(text.as_bytes()));
            }
        },
    )?;
    written?;
    Ok(Exit::of_run(&judged.split()))
}

/// The group of traces from `vantage`; without a name where nothing is known of it.
fn group(by: Option<By>, vantage: Option<&Vantage>, owners: &Owners<'_>) -> String {
    let (Some(by), Some(vantage)) = (by, vantage) else { return String::new() };
    let owner = || vantage.address.map(|address| owners.of(address));
    match by {
        By::Vantage => vantage.name.clone(),
        By::Country => owner()
            .and_then(|owner| owner.country)
            .map_or_else(String::new, |country| country.to_string()),
        By::As => owner()
            .and_then(|owner| owner.origin)
            .map_or_else(String::new, |origin| format!("AS{}", origin.asn)),
    }
}

/// Reads the name of a format.
fn formats() -> impl TypedValueParser<Value = &'static Format> {
    let names = PossibleValuesParser::new(FORMATS.iter().map(Format::name));
    names.try_map(|name| named(&name).ok_or("no such format"))
}
