//! `lasthop atlas runs` and `stop`: what was asked, and the end of it.

use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::measure::KEY;
use crate::cli::common::Common;
use crate::cli::confinement::Needs;
use crate::cli::exit::Exit;
use crate::cli::format::Format;
use crate::cli::service::{Api, KeyFile, SystemClock, key};
use crate::cli::service_run::runs;
use crate::cli::stdout;
use crate::columns::RunRow;
use crate::output::{Cell, Rows, TextTable};
use crate::remote::atlas::{self, SERVICE};
use crate::remote::{Journal, RemoteError, Step};

/// How long a measurement is asked to stop.
const BUDGET: Duration = Duration::from_mins(2);

/// List the runs that were begun here, the newest first
#[derive(Debug, Args)]
pub(super) struct RunsArgs {}

/// Stop the measurements of a run, or one by its number; what was measured stays
#[derive(Debug, Args)]
pub(super) struct Stop {
    /// A run (see `lasthop atlas runs`), or the number of a measurement
    #[arg(value_name = "RUN|ID")]
    what: String,
    #[command(flatten)]
    key: KeyFile,
    #[command(flatten)]
    api: Api,
}

/// A run, and what its journal says.
struct Listed {
    name: String,
    journal: Journal,
    results: usize,
}

impl RunsArgs {
    pub(super) fn run(common: &Common) -> anyhow::Result<Exit> {
        let runs = runs()?;
        Needs::default().owns(runs.folder_there().map(Path::to_owned)).confine(common);
        let mut listed = Vec::new();
        for name in runs.names()?.into_iter().rev() {
            match runs.journal(&name) {
                Ok(journal) => listed.push(Listed { results: runs.results(&name), name, journal }),
                Err(error) => common.error(&error.to_string()),
            }
        }
        let rows = Rows::new(Vec::new(), listed.iter().map(row));
        Format::or_suited(common.format).write(&rows, || table(&listed))?;
        Ok(if listed.is_empty() { Exit::Nothing } else { Exit::Measured })
    }
}

fn row(one: &Listed) -> RunRow<Cell> {
    let planned = one.journal.planned();
    let count = |text: Option<usize>| Cell::maybe(text, Cell::count);
    RunRow {
        schema: Cell::Count(1),
        run: Cell::text(&one.name),
        service: Cell::maybe(planned, |planned| Cell::text(&planned.service)),
        began_at: Cell::maybe(one.journal.0.first(), |entry| Cell::time(entry.at)),
        state: Cell::text(one.journal.state().text()),
        targets: count(planned.map(|planned| planned.targets.len())),
        probes: count(planned.map(|planned| planned.probes)),
        results: Cell::count(one.results),
        credits: Cell::maybe(planned, |planned| Cell::Count(planned.cost)),
        measurements: Cell::text_or_empty(ids(&one.journal)),
        vantage: Cell::text_or_empty(
            planned.map(|planned| planned.vantage.clone()).unwrap_or_default(),
        ),
    }
}

fn ids(journal: &Journal) -> String {
    journal.made().into_iter().map(|made| made.id).collect::<Vec<_>>().join(";")
}

fn table(all: &[Listed]) -> String {
    let mut table = TextTable::new(["run", "results"]);
    table.add_column("asked", Some("asked"));
    table.add_column("state", None);
    for one in all {
        let asked =
            one.journal.planned().map_or(0, |planned| planned.probes * planned.targets.len());
        let state = one.journal.state().text();
        table.add_row(vec![one.name.clone(), one.results.to_string(), asked.to_string(), state]);
    }
    table.wrapping_last().text(stdout::width(), &["asked"])
}

impl Stop {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let clock = SystemClock::started()?;
        let key = key(KEY, self.key.key_file.as_deref())?;
        let runs = runs()?;
        let needs = Needs::default().owns(runs.folder_there().map(Path::to_owned));
        needs.asks_a_service(true).confine(common);
        let id = self.what.parse::<u64>().ok();
        let journal = if id.is_some() { None } else { Some(runs.journal(&self.what)?) };
        let planned = journal.as_ref().and_then(Journal::planned);
        if let Some(planned) = planned.filter(|planned| planned.service != SERVICE.name) {
            let why =
                format!("run {}: measurements of {} end by themselves", self.what, planned.service);
            return Err(RemoteError::Usage(why).into());
        }
        let api = self.api.api.clone().or_else(|| planned?.api.clone());
        let mut client = Api { api }.client(SERVICE, key, &clock, None)?;
        let ids: Vec<_> = match &journal {
            None => id.iter().map(u64::to_string).collect(),
            Some(journal) => journal.made().into_iter().map(|made| made.id).collect(),
        };
        if ids.is_empty() {
            let what = &self.what;
            let why = format!(
                "run {what} has no measurements; `lasthop atlas resume {what}` looks for them"
            );
            return Err(RemoteError::Usage(why).into());
        }
        let mut failed = Vec::new();
        for id in &ids {
            match atlas::stop(&mut client, id, BUDGET) {
                Ok(()) => common.warn(&format!("measurement {id} is stopped")),
                // The others would fail for the same reason.
                Err(error @ (RemoteError::NoKey(_) | RemoteError::Interrupted(_))) => {
                    failed.push(error);
                    break;
                }
                Err(error) => failed.push(error),
            }
        }
        Exit::first_of(failed.into_iter().map(anyhow::Error::new))?;
        if journal.is_some() {
            // Where another process has the run, that one will see for itself that nothing more comes.
            match runs.take(&self.what) {
                Ok(mut run) => run.write(clock.utc(), Step::Ended { why: "stopped".into() })?,
                Err(RemoteError::Locked { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Exit::Measured)
    }
}
