//! `lasthop atlas fetch`: the results of public measurements, judged as they come.

use std::io::{self, BufReader};

use clap::Args;
use jiff::Timestamp;

use crate::import;
use crate::remote::atlas::{self, SERVICE, Span};
use crate::remote::{Client, RemoteError, Seen};
use crate::survey::{ReadOptions, Survey, SurveyError};

use crate::cli::common::Common;
use crate::cli::exit::Exit;
use crate::cli::judging::{self, Judging, Reading};
use crate::cli::service::{Api, SystemClock};
use crate::cli::{stdout, values};

/// How many measurements the default label names.
const NAMED: usize = 3;

/// Judge the results of public measurements
///
/// Streams the results of each measurement, whoever made it, and judges the traces to the block. What breaks off is
/// asked for again, and every result counts once. It needs no key.
#[derive(Debug, Args)]
pub(super) struct Fetch {
    /// Numbers of measurements; `lasthop atlas find` lists those towards the block
    #[arg(required = true, value_name = "ID")]
    ids: Vec<u64>,
    /// Only results from this time on: 2026-10-01T09:05, in UTC
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    since: Option<Timestamp>,
    /// Only results up to this time
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    until: Option<Timestamp>,
    /// Write the results to stdout as they are, one on each line, and judge nothing
    #[arg(long, conflicts_with_all = ["explain", "by", "append", "traces", "hops"])]
    raw: bool,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    api: Api,
}

impl Fetch {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        if let Some((since, until)) =
            self.since.zip(self.until).filter(|(since, until)| since > until)
        {
            anyhow::bail!("--since {since} is after --until {until}");
        }
        let clock = SystemClock::started()?;
        self.judging.needs(common).asks_a_service(true).confine(common);
        let mut client = self.api.client(SERVICE, None, &clock, None)?;
        if self.raw {
            return self.write_raw(&mut client, common);
        }
        self.judging.run(&[], None, common, |_, survey| self.read(&mut client, survey, common))
    }

    fn ids(&self) -> Vec<u64> {
        let mut ids = Vec::new();
        for id in &self.ids {
            if !ids.contains(id) {
                ids.push(*id);
            }
        }
        ids
    }

    fn span(&self) -> Span {
        Span { since: self.since, until: self.until }
    }

    fn read(
        &self,
        client: &mut Client,
        survey: &mut Survey<'_>,
        common: &Common,
    ) -> anyhow::Result<Reading> {
        let format = import::named("atlas").ok_or_else(|| anyhow::anyhow!("no format `atlas`"))?;
        let options = ReadOptions { details: common.is_verbose(), ..ReadOptions::default() };
        let mut reading = Reading { vantage: Some(self.label()), ..Reading::default() };
        let (mut seen, mut failure) = (Seen::default(), None);
        for id in self.ids() {
            let name = format!("measurement {id}");
            let mut records = atlas::results(client, id, self.span(), &mut seen, usize::MAX);
            let read = survey.read_stream(
                &mut reading.names,
                &name,
                &mut BufReader::new(records.lines()),
                format,
                &options,
                &mut |remark| judging::report(remark, common),
            );
            report_malformed(&name, records.malformed, common);
            survey.counts.malformed += records.malformed;
            match (records.failure(), read) {
                (Some(error), _) => {
                    let error = anyhow::Error::new(error);
                    reading.exit = reading.exit.or(Some(Exit::of(&error)));
                    if let Some(before) = failure.replace(error) {
                        Exit::of(&before).report(&before);
                    }
                }
                (None, Err(error @ SurveyError::Store(_))) => return Err(error.into()),
                (None, Err(error)) => common.error(&error.to_string()),
                (None, Ok(())) => {}
            }
            if reading.exit == Some(Exit::Interrupted) {
                break;
            }
        }
        let counts = &survey.counts;
        let found = counts.used + counts.refused + counts.skipped + counts.malformed;
        match failure {
            Some(error) if found == 0 => Err(error),
            failure => {
                if let Some(error) = failure {
                    Exit::of(&error).report(&error);
                }
                Ok(reading)
            }
        }
    }

    fn label(&self) -> String {
        let ids = self.ids();
        let named: Vec<_> = ids.iter().take(NAMED).map(ToString::to_string).collect();
        let more = if ids.len() > NAMED { "+..." } else { "" };
        format!("atlas:{}{more}", named.join("+"))
    }

    fn write_raw(&self, client: &mut Client, common: &Common) -> anyhow::Result<Exit> {
        let (mut seen, mut failed, mut any) = (Seen::default(), Vec::new(), false);
        stdout::write(|out| {
            for id in self.ids() {
                let mut records = atlas::results(client, id, self.span(), &mut seen, usize::MAX);
                loop {
                    match records.next_record() {
                        Ok(Some(record)) => {
                            out.write_all(&record)?;
                            out.write_all(b"\n")?;
                            any = true;
                        }
                        Ok(None) => break,
                        Err(error) => {
                            failed.push(error);
                            break;
                        }
                    }
                }
                report_malformed(&format!("measurement {id}"), records.malformed, common);
                if matches!(failed.last(), Some(RemoteError::Interrupted(_))) {
                    break;
                }
            }
            Ok::<(), io::Error>(())
        })?;
        Exit::first_of(failed.into_iter().map(anyhow::Error::new))?;
        Ok(if any { Exit::Measured } else { Exit::Nothing })
    }
}

/// Reports results that cannot be read.
pub(super) fn report_malformed(name: &str, malformed: u64, common: &Common) {
    if malformed > 0 {
        common.warn(&format!("{name}: {malformed} results are no JSON, and left out"));
    }
}
