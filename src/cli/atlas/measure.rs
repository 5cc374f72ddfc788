//! `lasthop atlas measure` and `resume`: measurements of one's own, agreed to, made once, waited for and judged.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::remote::atlas::{self, Chosen, NO_KEY, Plan, Protocol, SERVICE, Waiting};
use crate::remote::{Client, Clock, Planned, RemoteError, Run, Step};
use crate::survey::Survey;
use crate::targets::{TargetSpec, Targets};

use crate::cli::common::Common;
use crate::cli::exit::Exit;
use crate::cli::judging::{Judging, Place, Places, Reading};
use crate::cli::progress::bar;
use crate::cli::service::{Api, KeyFile, SystemClock, key};
use crate::cli::service_run::{addresses, agree, chosen, exit_of, name, read_results, runs};
use crate::cli::{config, stdout, values};

/// The variable with the key.
pub(super) const KEY: &str = "RIPE_ATLAS_KEY";
/// How long each page of a list is waited for.
const BUDGET: Duration = Duration::from_mins(2);
/// How often RIPE Atlas is looked at, at most.
const LEAST_POLL: Duration = Duration::from_secs(5);
/// The most probes of one measurement.
const MOST_PROBES: usize = 1000;

/// Trace the block from probes all over the world, and judge what they see
///
/// Chooses the probes from the list of all that are connected, by a seed: one of each AS and, up to 100 probes, at
/// most four of each country, so that no network and no country outvotes the others. One target of each routed prefix
/// is traced, since all its addresses share its route. Says what it costs and asks before it creates anything.
///
/// The 95 % interval of a prefix's share is at most 18 points wide to each side with 25 probes, 13 with 50, 11 with 80,
/// 10 with 100 and 7 with 200. Four prefixes cost 6,000, 12,000, 19,200, 24,000 and 48,000 credits. A connected
/// probe of one's own earns some 21,600 a day: enough for one run a day with 80 probes.
///
/// The key is read from `RIPE_ATLAS_KEY` or from a file that nobody else may read. The run is kept in
/// `$XDG_STATE_HOME/lasthop`, so that whatever ends the program, `lasthop atlas resume` goes on and nothing is paid twice.
#[derive(Debug, Args)]
pub(super) struct Measure {
    /// Addresses or prefixes of the block; of a prefix one address of each routed prefix [default: the block]
    #[arg(value_name = "TARGET")]
    targets: Vec<TargetSpec>,
    /// How many probes trace each target
    #[arg(long, value_name = "NUMBER", default_value_t = 80, value_parser = values::up_to(MOST_PROBES))]
    probes: usize,
    /// Where the probes are: a country (DE), an AS (AS3320), area:WW, probes:1,2, msm:ID; several share --probes
    #[arg(long, value_name = "WHERE")]
    from: Vec<atlas::From>,
    /// The kind of packet; TCP goes to port 80
    #[arg(long, value_enum, default_value_t = Method::Icmp)]
    method: Method,
    /// Create nothing that costs more
    #[arg(long, value_name = "CREDITS", default_value_t = 25_000)]
    max_credits: u64,
    /// Say what would be asked and what it would cost, write the request to stdout, and create nothing; needs no key
    #[arg(long)]
    dry_run: bool,
    /// Agree to what it costs; without a terminal nobody can be asked
    #[arg(long)]
    yes: bool,
    /// Create the measurements and leave; `lasthop atlas resume` collects the results
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    waiting: WaitingArgs,
    #[command(flatten)]
    key: KeyFile,
    #[command(flatten)]
    api: Api,
    #[command(flatten)]
    judging: Judging,
}

/// Go on with a run: find or collect its measurements, and judge what has come
///
/// Creates nothing that may have been created. Of a run that has ended, results that came late are fetched, and all are
/// judged again.
#[derive(Debug, Args)]
pub(super) struct Resume {
    /// The run; `lasthop atlas runs` lists them [default: the newest that has not ended, else the newest]
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Create the measurements if they are not found after a lost answer, or were refused
    #[arg(long)]
    create: bool,
    #[command(flatten)]
    waiting: WaitingArgs,
    #[command(flatten)]
    key: KeyFile,
    #[command(flatten)]
    api: Api,
    #[command(flatten)]
    judging: Judging,
}

/// How results are waited for.
#[derive(Debug, Clone, Args)]
pub(super) struct WaitingArgs {
    /// Seconds from one look for results to the next
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = values::seconds)]
    pub(super) poll: Duration,
    /// Seconds after which to leave; `resume` goes on
    #[arg(long, value_name = "SECONDS", default_value = "900", value_parser = values::seconds)]
    pub(super) deadline: Duration,
}

/// The kind of packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    Icmp,
    Udp,
    Tcp,
}

impl WaitingArgs {
    /// How long the service is left alone at first.
    fn first(&self) -> Duration {
        self.poll / 6
    }

    /// The service itself is asked less often than a copy of it may be.
    fn until(&self, api: Option<&str>, clock: &Arc<dyn Clock>) -> Waiting {
        let least = if api.is_none() { LEAST_POLL } else { Duration::ZERO };
        Waiting { poll: self.poll.max(least), until: clock.now() + self.deadline }
    }
}

impl Measure {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let clock = SystemClock::started()?;
        let needs = self.judging.needs(common).asks_a_service(true);
        if self.dry_run {
            needs.confine(common);
            let targets = config::targets(common)?;
            let mut client = self.api.client(SERVICE, None, &clock, Some(self.waiting.first()))?;
            let plan = self.plan(&mut client, &targets)?;
            Self::describe(&plan, None, common);
            let request = serde_json::to_string_pretty(&plan.request())?;
            stdout::write(|out| writeln!(out, "{request}"))?;
            return Ok(Exit::Measured);
        }
        let key = key(KEY, self.key.key_file.as_deref())?;
        if key.is_none() {
            return Err(RemoteError::NoKey(NO_KEY.into()).into());
        }
        let runs = runs()?;
        needs.owns([runs.make_folder()?.to_owned()]).confine(common);
        let mut client = self.api.client(SERVICE, key, &clock, Some(self.waiting.first()))?;
        self.judging.run(&inputs(&self.key), None, common, |targets, survey| {
            let plan = self.plan(&mut client, targets)?;
            self.agree(&plan, &mut client, common)?;
            let name = plan.tag.trim_start_matches(PREFIX).to_owned();
            let request = serde_json::to_string_pretty(&plan.request())?;
            let mut run = runs.begin(&name, &request, &plan.chosen.places())?;
            let planned = Planned {
                service: SERVICE.name.into(),
                api: self.api.api.clone(),
                tag: plan.tag.clone(),
                targets: plan.targets.clone(),
                probes: plan.chosen.count(),
                cost: plan.cost(),
                vantage: self.label(),
            };
            run.write(clock.utc(), Step::Planned(planned))?;
            let mut work = Work { client: &mut client, run: &mut run, common };
            work.go_on(
                self.waiting.until(self.api.api.as_deref(), &clock),
                false,
                self.no_wait,
                survey,
            )
        })
    }

    fn plan(&self, client: &mut Client, targets: &Targets) -> anyhow::Result<Plan> {
        let mut random = StdRng::seed_from_u64(self.judging.seed);
        let addresses = addresses(targets, &self.targets, &mut random)?;
        let chosen = atlas::choose(
            client,
            &self.from,
            self.probes,
            &mut random,
            BUDGET.min(self.waiting.deadline),
        )?;
        let protocol = match self.method {
            Method::Icmp => Protocol::Icmp,
            Method::Udp => Protocol::Udp,
            Method::Tcp => Protocol::Tcp,
        };
        let tag = format!("{PREFIX}{}", name(client));
        Ok(Plan { targets: addresses, chosen, protocol, tag })
    }

    /// Says what it is about and what it costs.
    fn describe(plan: &Plan, balance: Option<u64>, common: &Common) {
        let Chosen { remarks, areas, .. } = &plan.chosen;
        for remark in remarks {
            common.warn(remark);
        }
        let (asns, countries, most) = plan.chosen.spread();
        let (targets, probes) = (plan.targets.len(), plan.chosen.count());
        let mut spread =
            format!("in {asns} AS and {countries} countries, at most {most} in one AS");
        if !areas.is_empty() {
            spread = format!("{spread}; of areas the service chooses them");
        }
        let balance = balance.map_or_else(String::new, |balance| format!(" of {balance}"));
        common.error(&format!(
            "{targets} targets × {probes} probes × {} = {} credits{balance}; probes {spread}",
            Plan::per_result(),
            plan.cost()
        ));
    }

    /// Asks whether it may cost that.
    fn agree(&self, plan: &Plan, client: &mut Client, common: &Common) -> anyhow::Result<()> {
        let balance = atlas::balance(client);
        Self::describe(plan, balance, common);
        let cost = plan.cost();
        let refused = |text: String| Err(RemoteError::NotAgreed(text).into());
        if cost > self.max_credits {
            let most = self.max_credits;
            return refused(format!(
                "it would cost {cost} credits, and --max-credits is {most}; nothing was created. Take fewer --probes, or \
                 allow more"
            ));
        }
        agree(self.yes)
    }

    /// The label of the vantages, where the user names none.
    fn label(&self) -> String {
        if let Some(label) = &self.judging.vantage {
            return label.clone();
        }
        let places: Vec<_> = self.from.iter().map(atlas::From::text).collect();
        if self.from.is_empty() {
            "atlas:world".into()
        } else {
            format!("atlas:{}", places.join("+"))
        }
    }
}

impl Resume {
    pub(super) fn run(&self, common: &Common) -> anyhow::Result<Exit> {
        let runs = runs()?;
        let clock = SystemClock::started()?;
        let key = key(KEY, self.key.key_file.as_deref())?;
        let needs = self.judging.needs(common).asks_a_service(true);
        needs.owns(runs.folder_there().map(Path::to_owned)).confine(common);
        let mut run = runs.take(&chosen(&runs, self.run.as_deref(), &SERVICE, "atlas")?)?;
        let planned = run.journal.planned().cloned();
        let Some(planned) = planned.filter(|planned| planned.service == SERVICE.name) else {
            let name = &run.name;
            let why = format!("run {name}: nothing was asked of {} in it", SERVICE.name);
            return Err(RemoteError::Usage(why).into());
        };
        let api = Api { api: self.api.api.clone().or(planned.api) };
        let mut client = api.client(SERVICE, key, &clock, Some(self.waiting.first()))?;
        common.warn(&format!("run {}", run.name));
        self.judging.run(&inputs(&self.key), None, common, |_, survey| {
            let mut work = Work { client: &mut client, run: &mut run, common };
            work.go_on(self.waiting.until(api.api.as_deref(), &clock), self.create, false, survey)
        })
    }
}

/// What the marks of runs begin with.
const PREFIX: &str = "lasthop-";

fn inputs(key: &KeyFile) -> Vec<(&'static str, PathBuf)> {
    key.key_file.iter().map(|path| ("--key-file", path.clone())).collect()
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
        waiting: Waiting,
        again: bool,
        no_wait: bool,
        survey: &mut Survey<'_>,
    ) -> anyhow::Result<Reading> {
        let common = self.common;
        let mut remark = |text: String| common.warn(&text);
        atlas::create(self.client, self.run, waiting, again, &mut remark)?;
        let name = self.run.name.clone();
        let ids: Vec<_> = self.run.journal.made().into_iter().map(|made| made.id).collect();
        common.warn(&format!("run {name}: measurements {}", ids.join(", ")));
        if no_wait {
            let text = format!(
                "run {name}: not waited for; `lasthop atlas resume {name}` collects the results"
            );
            return Err(RemoteError::NotFinished(text).into());
        }
        let planned = self.run.journal.planned().cloned();
        let bar =
            bar(planned.as_ref().map_or(0, |it| it.probes) * ids.len(), "results", common.quiet);
        let mut differs = None;
        let end = atlas::collect(
            self.client,
            self.run,
            waiting,
            &mut |progress| {
                bar.set_position(u64::try_from(progress.answered).unwrap_or_default());
                let each = progress.per_result.unwrap_or_else(Plan::per_result);
                let spent =
                    u64::try_from(progress.answered).unwrap_or_default().saturating_mul(each);
                bar.set_message(format!("{spent} credits"));
                differs = progress.per_result.filter(|each| *each != Plan::per_result());
            },
            &mut |text| bar.suspend(|| common.warn(&text)),
        );
        bar.finish_and_clear();
        let end = end?;
        if let Some(each) = differs {
            common.warn(&format!(
                "a result costs {each} credits, not {} as estimated",
                Plan::per_result()
            ));
        }
        atlas::complete_places(self.client, self.run);
        let exit = exit_of(end, &name, &SERVICE, "atlas", common);
        let places = places(&self.run.places());
        read_results(self.run, "atlas", places, exit, survey, common)
    }
}

/// Where probes are, by the names that their traces have.
fn places(places: &crate::remote::Places) -> Places {
    let place = |(id, place): (&u64, &crate::remote::ProbePlace)| {
        (id.to_string(), Place { country: place.country.clone(), asn: place.asn })
    };
    places.iter().map(place).collect()
}
