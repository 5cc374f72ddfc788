//! What `probe` writes, and what it would send.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal as _};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use rand::rngs::StdRng;

use crate::census::HostCounts;
use crate::output::{
    Appender, Explanation, OutputError, Rows, Run, hops, is_simulated, summary, summary_header,
    summary_table, traces,
};
use crate::owner::Owners;
use crate::probe::{Attempt, ProbeMethod};
use crate::survey::{JudgeOptions, JudgedTrace, Survey};
use crate::targets::Targets;
use crate::trace::Strategy;

use super::super::announced::AnnouncedArgs;
use super::super::common::Common;
use super::super::exit::Exit;
use super::super::explained::Explained;
use super::super::format::Format;
use super::super::outputs::is_stdout;
use super::super::row_file::{RowFile, append_rows, check_history, open_history};
use super::super::{run_notes, stdout};
use super::args::{FileArgs, Probe};
use super::arrive::Living;
use super::measure::{MOST_USUAL, MOST_USUAL_COMPLETE};

/// The files of a run, open since before the first packet.
pub(super) struct Files {
    append: Option<Appender>,
    traces: Option<RowFile>,
    hops: Option<RowFile>,
    stdout: Stdout,
}

/// What stdout gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stdout {
    /// The summary.
    Summary,
    /// An explanation of each trace.
    Explanations,
    /// The same for people, and below them the summary.
    Both,
    /// The summary, as `--append` writes it.
    Appended,
    /// What `--traces` or `--hops` writes.
    Taken,
}

impl Stdout {
    fn of(args: &FileArgs, explain: bool, few: bool, common: &Common) -> Self {
        let is_named = |path: &Option<PathBuf>| path.as_deref().is_some_and(is_stdout);
        if is_named(&args.traces) || is_named(&args.hops) {
            Self::Taken
        } else if is_named(&args.append) {
            Self::Appended
        } else if explain {
            Self::Explanations
        } else if few
            && io::stdout().is_terminal()
            && Format::or_suited(common.format) == Format::Table
        {
            Self::Both
        } else {
            Self::Summary
        }
    }
}

impl Files {
    pub(super) fn open(
        args: &FileArgs,
        targets: &Targets,
        vantage: &str,
        (explain, few): (bool, bool),
        common: &Common,
    ) -> anyhow::Result<Self> {
        let header = summary_header(&targets.classes);
        // What goes to stdout needs no file.
        let append = args.append.as_deref().filter(|path| !is_stdout(path));
        if let Some(path) = append {
            check_history(path, &header, vantage, Some(Timestamp::now()), common)?;
        }
        let row_file = |path: &Option<PathBuf>| path.as_deref().map(RowFile::open).transpose();
        Ok(Self {
            append: append
                .map(|path| open_history(path, header, Duration::ZERO, common))
                .transpose()?,
            traces: row_file(&args.traces)?,
            hops: row_file(&args.hops)?,
            stdout: Stdout::of(args, explain, few, common),
        })
    }

    /// Whether traces are explained.
    pub(super) fn explains(&self) -> bool {
        matches!(self.stdout, Stdout::Explanations | Stdout::Both)
    }

    /// Judges all traces, fills the files and writes the summary. Returns how
    /// the run ends. What cannot be written keeps nothing else from being written: it cannot be measured
    /// again.
    pub(super) fn write(
        self,
        run: &Run,
        survey: Survey<'_>,
        (targets, owners, announced): (&Targets, &Owners<'_>, &AnnouncedArgs),
        counts: Option<&HostCounts>,
        unkept: &BTreeMap<Ipv4Addr, usize>,
        common: &Common,
    ) -> anyhow::Result<Exit> {
        let explains = self.explains();
        let Self { append, traces: mut trace_file, hops: mut hop_file, stdout } = self;
        // People read explanations through a pager.
        let mut explained = Explained::new(match stdout {
            Stdout::Explanations => common.format.unwrap_or(Format::Table),
            _ => Format::Table,
        });
        if explains && is_simulated(&run.vantage) {
            explained.say_simulated();
        }
        let add = |file: &mut Option<RowFile>, rows: &Rows| {
            if let Some(file) = file {
                file.add(rows);
            }
        };
        // The header is there even if nothing was traced.
        add(&mut trace_file, &traces(run, &[], targets));
        add(&mut hop_file, &hops(run, &[], owners));
        let wants_hops = hop_file.is_some();
        let judged = survey.judge_with(
            owners,
            &JudgeOptions::default(),
            |judged: &[JudgedTrace], evidence| {
                let all: Vec<_> = judged.iter().map(|it| (&it.trace, &it.judgement)).collect();
                let traced: Vec<_> = judged.iter().map(|it| (it.number, &it.trace)).collect();
                let explanation = |it: &JudgedTrace| {
                    Explanation::of(None, &it.trace, &it.judgement, evidence, owners, targets)
                };
                let explanations: Vec<_> =
                    judged.iter().filter(|_| explains).map(explanation).collect();
                let hops = wants_hops.then(|| hops(run, &traced, owners));
                (traces(run, &all, targets), hops, explanations)
            },
            |(traces, hops, explanations)| {
                if explains {
                    explained.add(&explanations);
                }
                add(&mut trace_file, &traces);
                if let Some(hops) = hops {
                    add(&mut hop_file, &hops);
                }
            },
        )?;
        run_notes::fell_short(&judged, common);
        announced.note(&judged, common);
        let mut split = judged.split();
        for (target, probes) in unkept {
            split.add_probes(*target, *probes);
        }
        run_notes::vantage(&split, run, common);
        let filled = [trace_file, hop_file].into_iter().flatten().map(RowFile::finish);
        let filled: Vec<OutputError> = filled.filter_map(Result::err).collect();
        let rows = summary(run, &split, &targets.classes, counts);
        let appended = append.map_or(Ok(()), |mut append| append_rows(&mut append, &rows, common));
        let table = || summary_table(run, &split, &targets.classes, counts, stdout::width());
        let written = match stdout {
            Stdout::Summary => Format::or_suited(common.format).write(&rows, table),
            Stdout::Explanations => explained.finish(),
            Stdout::Both => explained.finish().and_then(|()| Format::Table.write(&rows, table)),
            Stdout::Appended => Format::Csv.write(&rows, table),
            Stdout::Taken => Ok(()),
        };
        let failed = appended.err().into_iter().chain(filled).map(anyhow::Error::new);
        Exit::first_of(failed.chain(written.err()))?;
        Ok(Exit::of_run(&split))
    }
}

impl Probe {
    /// Prints what would be sent, if that is all that was asked for.
    pub(super) fn dry_run(
        &self,
        addresses: &[Ipv4Addr],
        targets: &Targets,
        random: &mut StdRng,
    ) -> anyhow::Result<bool> {
        if !self.run.dry_run {
            return Ok(false);
        }
        let methods = self.trace.method.unwrap_or_default();
        let settings = self.trace.settings(&self.send);
        let block = &targets.block;
        let packet_kinds = self.trace.packets(methods)?;
        let kinds = packet_kinds.len();
        let traces = addresses.len() * kinds * usize::from(self.trace.flows);
        // By TCP a complete trace may be made again for each further port.
        let by_tcp = packet_kinds.iter().filter(|kind| matches!(kind, ProbeMethod::Tcp(_))).count();
        let with_repeats =
            |traces: usize| traces + traces / kinds.max(1) * by_tcp * settings.other_ports.len();
        let most =
            with_repeats(traces) * usize::from(self.trace.max_ttl) * usize::from(Attempt::MOST);
        let complete = match settings.strategy {
            Strategy::Full => traces,
            Strategy::Border => {
                let prefixes: BTreeSet<_> =
                    addresses.iter().filter_map(|address| block.routed_prefix(*address)).collect();
                traces.min(prefixes.len() * kinds * settings.pilots)
            }
        };
        let packets = |each, complete_each| {
            most.min((traces - complete) * each + with_repeats(complete) * complete_each)
        };
        let text = format!(
            "would trace {} addresses of {} by {}: {traces} traces, {complete} of them completely, some \
             {} to {} packets, never more than {most}, {}\n",
            addresses.len(),
            block.prefix,
            methods.name(),
            packets(2, 10),
            packets(MOST_USUAL, MOST_USUAL_COMPLETE),
            self.send.rate_in_words(),
        );
        let arrival = if self.evidence.arrive.is_some() {
            let hosts = self.hosts_to_ask(addresses, targets, random)?;
            let most_living = Living::most_traced(&hosts, block);
            format!(
                "before that, would ask {} hosts with up to 3 packets each, some {}, and trace those that live \
                 completely, at most {most_living}, with some {} to {} packets\n",
                hosts.len(),
                3 * hosts.len(),
                10 * most_living,
                25 * most_living,
            )
        } else {
            String::new()
        };
        let text = text + &arrival;
        stdout::write(|out| out.write_all(text.as_bytes()))?;
        Ok(true)
    }
}
