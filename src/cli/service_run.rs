//! What runs of services share: which targets, which run, whether it may be created, and how its results are judged.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::net::Ipv4Addr;
use std::path::PathBuf;

use rand::rngs::StdRng;

use crate::import;
use crate::remote::{Client, End, RemoteError, Run, Runs, Service, State};
use crate::survey::{ReadOptions, Survey};
use crate::targets::{TargetSpec, Targets, sample, select};

use super::common::Common;
use super::exit::Exit;
use super::judging::{self, Places, Reading};
use super::service::random;

/// A name that no other run has.
pub(super) fn name(client: &Client) -> String {
    let time = client.utc().strftime("%Y%m%dt%H%M%Sz");
    format!("{time}-{:06x}", random() & 0xff_ffff)
}

pub(super) fn runs() -> Result<Runs, RemoteError> {
    Runs::of_user(&|name| std::env::var_os(name).map(PathBuf::from))
}

/// The run that was named, or the one that there is most to do for.
pub(super) fn chosen(
    runs: &Runs,
    asked: Option<&str>,
    service: &Service,
    command: &str,
) -> Result<String, RemoteError> {
    if let Some(asked) = asked {
        return Ok(asked.to_owned());
    }
    let names = runs.names()?;
    let own = |name: &&String| {
        let planned = runs.journal(name).ok().and_then(|journal| journal.planned().cloned());
        planned.is_some_and(|planned| planned.service == service.name)
    };
    let goes_on = |name: &&String| {
        runs.journal(name)
            .is_ok_and(|journal| !matches!(journal.state(), State::Ended(_) | State::Refused(_)))
    };
    let open = names.iter().rev().filter(own).find(goes_on);
    open.or(names.iter().rev().find(own)).cloned().ok_or_else(|| {
        RemoteError::Usage(format!("there is no run; `lasthop {command} measure` begins one"))
    })
}

/// The addresses that are named, and one of each routed prefix of the prefixes that are.
pub(super) fn addresses(
    targets: &Targets,
    specs: &[TargetSpec],
    random: &mut StdRng,
) -> anyhow::Result<Vec<Ipv4Addr>> {
    let (mut named, mut drawn) = (BTreeSet::new(), Vec::new());
    for spec in specs {
        match select(&targets.block, std::slice::from_ref(spec), random)?[..] {
            [one] => {
                named.insert(one);
            }
            _ => drawn.push(*spec),
        }
    }
    if specs.is_empty() || !drawn.is_empty() {
        let mut all = select(&targets.block, &drawn, random)?;
        // These two of a /24 are often no hosts.
        all.retain(|address| !matches!(address.octets(), [.., 0 | 255]));
        let asked: BTreeSet<_> =
            named.iter().filter_map(|address| targets.block.routed_index(*address)).collect();
        all.retain(|one| {
            targets.block.routed_index(*one).is_none_or(|index| !asked.contains(&index))
        });
        named.extend(sample(&targets.block, &all, 1));
    }
    Ok(named.into_iter().collect())
}

/// Asks whether it may be created, unless the user has agreed.
pub(super) fn agree(yes: bool) -> anyhow::Result<()> {
    let refused = |text: &str| Err(RemoteError::NotAgreed(text.into()).into());
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return refused(
            "nobody was asked whether it may cost that; nothing was created. --yes agrees",
        );
    }
    let mut stderr = io::stderr();
    write!(stderr, "lasthop: create the measurements? [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    refused("nothing was created")
}

/// Reports how the collecting of a run's results ended, where that is not for the results to say.
pub(super) fn exit_of(
    end: End,
    run: &str,
    service: &Service,
    command: &str,
    common: &Common,
) -> Option<Exit> {
    let goes_on = format!("`lasthop {command} resume {run}` goes on");
    match end {
        End::Ended => None,
        End::Interrupted => {
            common.error(&format!("interrupted; {goes_on}"));
            Some(Exit::Interrupted)
        }
        End::TimeOver(error) => {
            let why = error.map_or_else(String::new, |error| format!(" ({error})"));
            common.error(&format!("run {run} is not finished{why}; {goes_on}"));
            Some(Exit::NotFinished)
        }
        End::Failed(why) => {
            common.error(&format!(
                "{} says: {why}; choose other probes by --from, or other targets",
                service.name
            ));
            Some(Exit::Refused)
        }
    }
}

/// Puts the results of a run, which are of a format, into the survey.
pub(super) fn read_results(
    run: &Run,
    format: &str,
    places: Places,
    exit: Option<Exit>,
    survey: &mut Survey<'_>,
    common: &Common,
) -> anyhow::Result<Reading> {
    let reader = import::named(format).ok_or_else(|| anyhow::anyhow!("no format `{format}`"))?;
    let options = ReadOptions { details: common.is_verbose(), ..ReadOptions::default() };
    let path = run.results_path();
    let mut names = Vec::new();
    survey.read_stream(
        &mut names,
        &path.display().to_string(),
        &mut BufReader::new(File::open(&path)?),
        reader,
        &options,
        &mut |remark| judging::report(remark, common),
    )?;
    Ok(Reading {
        names,
        at: run.journal.0.first().map(|entry| entry.at),
        run: Some(format!("{format}-{}", run.name)),
        vantage: run.journal.planned().map(|planned| planned.vantage.clone()),
        places,
        exit,
    })
}
