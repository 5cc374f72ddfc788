//! `lasthop globalping`: Globalping's probes as vantages, without an account.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::Deserialize;

use crate::import::{self, Finding};
use crate::remote::globalping::{self, Program, SERVICE};
use crate::remote::{Client, Clock, Planned, RemoteError, Run, Step};
use crate::survey::Survey;
use crate::targets::TargetSpec;

use super::common::Common;
use super::exit::Exit;
use super::judging::{Judging, Place, Places, Reading};
use super::progress::bar;
use super::service::{Api, SystemClock, key};
use super::service_run::{addresses, agree, chosen, exit_of, name, read_results, runs};
use super::values;

/// The variable with the token.
const TOKEN: &str = "GLOBALPING_TOKEN";
/// The most probes of one measurement.
const MOST_PROBES: usize = 500;

/// Globalping: trace the block from its probes, free and without an account
///
/// Its probes are mostly in data centres, which is another population than that of RIPE Atlas: the two are never
/// pooled.
#[derive(Debug, Args)]
pub(super) struct Globalping {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Measure(Box<Measure>),
    Resume(Box<Resume>),
}

/// Trace the block from probes of Globalping, and judge what they see
///
/// Four prefixes by 50 probes are 200 tests, of 250 that are free in an hour without a token. One target of each routed
/// prefix is traced, all by the same probes.
#[derive(Debug, Args)]
struct Measure {
    /// Addresses or prefixes of the block; of a prefix one address of each routed prefix [default: the block]
    #[arg(value_name = "TARGET")]
    targets: Vec<TargetSpec>,
    /// What the probes run: mtr sees 30 hops, traceroute 20 and the refusals of routers
    #[arg(long = "type", value_enum, value_name = "PROGRAM", default_value_t = Kind::Mtr)]
    kind: Kind,
    /// The kind of packet; TCP goes to port 80
    #[arg(long, value_enum, default_value_t = Method::Icmp)]
    method: Method,
    /// How many probes trace each target; without a token at most 50
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = values::up_to(MOST_PROBES))]
    probes: usize,
    /// Where the probes are, in the words of the service: world, Germany, AS3320, Europe+eyeball-network; several share
    /// --probes
    #[arg(long, value_name = "MAGIC")]
    from: Vec<String>,
    /// Agree to the tests that it takes; without a terminal nobody can be asked
    #[arg(long)]
    yes: bool,
    /// Create the measurements and leave; `lasthop globalping resume` collects the results
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    waiting: Waiting,
    #[command(flatten)]
    judging: Judging,
}

/// Go on with a run: collect its results, and judge what has come
#[derive(Debug, Args)]
struct Resume {
    /// The run; `lasthop atlas runs` lists them [default: the newest that has not ended, else the newest]
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Create measurements of which nobody knows whether they were created, or that were refused
    #[arg(long)]
    create: bool,
    #[command(flatten)]
    waiting: Waiting,
    #[command(flatten)]
    judging: Judging,
}

#[derive(Debug, Clone, Args)]
struct Waiting {
    /// Seconds from one look for results to the next
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = values::seconds)]
    poll: Duration,
    /// Seconds after which to leave; `resume` goes on
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = values::seconds)]
    deadline: Duration,
    /// File with a token, which nobody else may read [default: the environment variable `GLOBALPING_TOKEN`]
    #[arg(long, value_name = "FILE", help_heading = "Service")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    api: Api,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Mtr,
    Traceroute,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    Icmp,
    Udp,
    Tcp,
}

impl Globalping {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        match &self.command {
            Command::Measure(measure) => measure.run(common),
            Command::Resume(resume) => resume.run(common),
        }
    }
}

impl Waiting {
    fn client(&self, api: Option<String>, clock: &Arc<dyn Clock>) -> Result<Client, RemoteError> {
        let token = key(TOKEN, self.token_file.as_deref())?;
        let api = Api { api: self.api.api.clone().or(api) };
        // It renews its short limits within seconds.
        api.client(SERVICE, token, clock, Some(self.poll))
    }

    fn inputs(&self) -> Vec<(&'static str, PathBuf)> {
        self.token_file.iter().map(|path| ("--token-file", path.clone())).collect()
    }
}

impl Measure {
    fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let clock = SystemClock::started()?;
        let runs = runs()?;
        let mut client = self.waiting.client(None, &clock)?;
        let needs = self.judging.needs(common).asks_a_service(true);
        needs.owns([runs.make_folder()?.to_owned()]).confine(common);
        self.judging.run(&self.waiting.inputs(), None, common, |targets, survey| {
            let mut random = StdRng::seed_from_u64(self.judging.seed);
            let addresses = addresses(targets, &self.targets, &mut random)?;
            let tests = addresses.len() * self.probes;
            let (remaining, credits) = globalping::limits(&mut client);
            let remaining =
                remaining.map_or_else(String::new, |it| format!(" of {it} left in this hour"));
            let credits = credits.map_or_else(String::new, |it| format!(", then of {it} credits"));
            let (count, each) = (addresses.len(), self.probes);
            common.error(&format!(
                "{count} targets × {each} probes = {tests} tests{remaining}{credits}"
            ));
            agree(self.yes)?;
            let program = match self.kind {
                Kind::Mtr => Program::Mtr,
                Kind::Traceroute => Program::Traceroute,
            };
            let protocol = match self.method {
                Method::Icmp => "ICMP",
                Method::Udp => "UDP",
                Method::Tcp => "TCP",
            };
            let requests =
                globalping::requests(&addresses, program, protocol, self.probes, &self.from);
            let name = name(&client);
            let mut run = runs.begin(
                &name,
                &serde_json::to_string_pretty(&requests)?,
                &crate::remote::Places::new(),
            )?;
            let planned = Planned {
                service: SERVICE.name.into(),
                api: self.waiting.api.api.clone(),
                tag: format!("lasthop-{name}"),
                targets: addresses,
                probes: self.probes,
                cost: 0,
                vantage: self.label(),
            };
            run.write(clock.utc(), Step::Planned(planned))?;
            let mut work = Work { client: &mut client, run: &mut run, common };
            work.go_on(&self.waiting, &clock, false, self.no_wait, survey)
        })
    }

    fn label(&self) -> String {
        let places = if self.from.is_empty() { "world".to_owned() } else { self.from.join("+") };
        self.judging.vantage.clone().unwrap_or_else(|| format!("globalping:{places}"))
    }
}

impl Resume {
    fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let runs = runs()?;
        let clock = SystemClock::started()?;
        let mut run = runs.take(&chosen(&runs, self.run.as_deref(), &SERVICE, "globalping")?)?;
        let planned = run.journal.planned().cloned();
        let Some(planned) = planned.filter(|planned| planned.service == SERVICE.name) else {
            let name = &run.name;
            let why = format!("run {name}: nothing was asked of {} in it", SERVICE.name);
            return Err(RemoteError::Usage(why).into());
        };
        let mut client = self.waiting.client(planned.api, &clock)?;
        let needs = self.judging.needs(common).asks_a_service(true);
        needs.owns(runs.folder_there().map(Path::to_owned)).confine(common);
        self.judging.run(&self.waiting.inputs(), None, common, |_, survey| {
            let mut work = Work { client: &mut client, run: &mut run, common };
            work.go_on(&self.waiting, &clock, self.create, false, survey)
        })
    }
}

/// A run that is being worked on.
struct Work<'a> {
    client: &'a mut Client,
    run: &'a mut Run,
    common: &'a Common,
}

impl Work<'_> {
    /// Creates what is not there, collects what comes, and puts it into the survey.
    fn go_on(
        &mut self,
        waiting: &Waiting,
        clock: &Arc<dyn Clock>,
        again: bool,
        no_wait: bool,
        survey: &mut Survey<'_>,
    ) -> anyhow::Result<Reading> {
        let common = self.common;
        let until = clock.now() + waiting.deadline;
        let name = self.run.name.clone();
        let created =
            globalping::create(self.client, self.run, until, again, &mut |text| common.warn(&text));
        let made = self.run.journal.made();
        let refused = match created {
            Err(error) if made.is_empty() => return Err(error.into()),
            created => created.err().map(anyhow::Error::new),
        };
        let ids: Vec<_> = made.iter().map(|made| made.id.as_str()).collect();
        common.warn(&format!("run {name}: measurements {}", ids.join(", ")));
        if no_wait {
            let text = format!(
                "run {name}: not waited for; `lasthop globalping resume {name}` collects the results"
            );
            let left = anyhow::Error::new(RemoteError::NotFinished(text));
            let errors = refused.into_iter().chain([left]);
            return Exit::first_of(errors).map(|()| Reading::default());
        }
        // What was made before is as good as without this.
        let refused = refused.map(|error| Exit::of(&error).report(&error));
        let probes = self.run.journal.planned().map_or(0, |planned| planned.probes);
        let bar = bar(probes * made.len(), "results", common.quiet);
        let end = globalping::collect(
            self.client,
            self.run,
            waiting.poll,
            until,
            &mut |results| bar.set_position(u64::try_from(results).unwrap_or_default()),
            &mut |text| bar.suspend(|| common.warn(&text)),
        );
        bar.finish_and_clear();
        let exit = match exit_of(end?, &name, &SERVICE, "globalping", common) {
            Some(Exit::Interrupted) => Some(Exit::Interrupted),
            end => refused.or(end),
        };
        read_results(self.run, "globalping", places(self.run)?, exit, survey, common)
    }
}

/// Where the probes are, by the names that their traces have.
fn places(run: &Run) -> anyhow::Result<Places> {
    #[derive(Deserialize)]
    struct Line {
        probe: Probe,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Probe {
        country: Option<String>,
        asn: Option<u32>,
    }
    let format =
        import::named("globalping").ok_or_else(|| anyhow::anyhow!("no format `globalping`"))?;
    let mut places = Places::default();
    for line in BufReader::new(File::open(run.results_path())?).split(b'\n') {
        let line = line?;
        let Ok(Line { probe }) = serde_json::from_slice(&line) else { continue };
        let place = Place { country: probe.country, asn: probe.asn };
        format.read(&mut line.as_slice(), &mut |_, finding| {
            if let Finding::Trace(trace) = finding
                && let Some(vantage) = trace.vantage
            {
                places.insert(vantage.name.clone(), place.clone());
            }
        })?;
    }
    Ok(places)
}
