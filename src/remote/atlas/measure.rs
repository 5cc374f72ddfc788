//! Making measurements, once, and collecting their results, each once.
//!
//! The journal says on the disk that a request is about to be sent before it is, and what the measurements are called
//! before anything else is done with them. Where an answer is lost, the measurements are looked for by the mark of the
//! run, which each of them has; never is the request sent again without the user's word.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::api::{Span, list, results};
use super::measurement::{Measurement, Status, whole};
use super::plan::advised;
use super::probes;
use crate::remote::client::{Client, Posted};
use crate::remote::error::{RemoteError, shown};
use crate::remote::run::{End, Made, Run, State, Step, identity, not_created};

/// How long a lost measurement is looked for: the list of all knows it only after a while.
const SEARCHED: Duration = Duration::from_mins(5);
/// The longest time between two searches.
const SEARCH_EVERY: Duration = Duration::from_secs(10);
/// How long one answer is waited for while results are collected.
const ONE_ANSWER: Duration = Duration::from_mins(1);
/// How much time the last look has.
const LAST_LOOK: Duration = Duration::from_secs(1);
/// How often nothing new may come before the silent probes are given up.
const SILENT_POLLS: u32 = 10;
/// How many results of a probe are taken, and how many there may be beside those.
const MOST_RESULTS: (usize, usize) = (20, 1000);

/// How measurements are waited for.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// The time between two looks.
    pub poll: Duration,
    /// When to stop, on the client's clock.
    pub until: Duration,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many results have come.
    pub answered: usize,
    /// What a result costs, as the service says.
    pub per_result: Option<u64>,
}

/// Makes the measurements of a run that has none, or finds them. `again` is the user's word that what cannot be found
/// may be made again. What the service remarks goes to `remark`.
///
/// # Errors
/// When the service refuses; or when nobody knows whether it has accepted.
pub fn create(
    client: &mut Client,
    run: &mut Run,
    waiting: Waiting,
    again: bool,
    remark: &mut dyn FnMut(String),
) -> Result<(), RemoteError> {
    match run.journal.state() {
        State::Going if missing(run) > 0 => {
            return find_made(client, run, waiting, true, remark).map(|_| ());
        }
        State::Going | State::Ended(_) => return Ok(()),
        State::Unknown => {
            // Who says that they may be created again expects that none is found.
            if find_made(client, run, waiting, again, remark)? {
                return Ok(());
            }
            if !again {
                return Err(lost(run));
            }
        }
        State::Refused(why) if !again => {
            let name = &run.name;
            return Err(RemoteError::NotFinished(format!(
                "run {name} was refused ({why}); `lasthop atlas resume {name} --create` asks again"
            )));
        }
        State::Refused(_) | State::NotSent => {}
    }
    if !client.has_key() {
        return Err(RemoteError::NoKey(NO_KEY.into()));
    }
    let request = run.request()?;
    let targets = run.journal.planned().map(|planned| planned.targets.clone()).unwrap_or_default();
    client.interrupted("creating measurements")?;
    run.write(client.clock.utc(), Step::Creating { number: 0 })?;
    let path = client.path("measurements/");
    let why = match client.post("to create measurements", &path, &request, waiting.until) {
        Ok(Posted::Accepted(value)) => {
            warnings(&value).into_iter().map(|text| client.strip(&text)).for_each(&mut *remark);
            let ids: Vec<u64> = value
                .get("measurements")
                .and_then(Value::as_array)
                .map(|ids| ids.iter().filter_map(whole).collect())
                .unwrap_or_default();
            if ids.len() == targets.len() {
                let made = ids.iter().zip(&targets);
                let made = made
                    .map(|(id, target)| Made { id: id.to_string(), target: target.to_string() });
                let made = made.collect();
                return run.write(client.clock.utc(), Step::Created { made, found: false });
            }
            "the answer does not name the measurements".to_owned()
        }
        Ok(Posted::Lost(why)) => why,
        Err(error) => return Err(not_created(client, run, advised(error, &targets))),
    };
    run.write(client.clock.utc(), Step::Lost { why: why.clone() })?;
    remark(format!(
        "the answer to the request was lost ({why}); looking for its measurements by their tag"
    ));
    if find_made(client, run, waiting, false, remark)? { Ok(()) } else { Err(lost(run)) }
}

/// What to do without a key.
pub const NO_KEY: &str = "RIPE Atlas needs a key for this: set RIPE_ATLAS_KEY, or name a file with --key-file that only \
    you can read (a key is made at atlas.ripe.net/keys; --dry-run needs none)";

fn lost(run: &Run) -> RemoteError {
    let name = &run.name;
    RemoteError::NotFinished(format!(
        "run {name}: nobody knows whether the service has accepted the request, and no measurement with the run's tag \
         is found yet; `lasthop atlas resume {name}` looks again, `lasthop atlas resume {name} --create` also creates \
         them if none is found"
    ))
}

/// What a success says beside.
fn warnings(value: &Value) -> Vec<String> {
    let errors = value.get("errors").or_else(|| value.get("error")?.get("errors"));
    let detail =
        |one: &Value| one.get("detail").and_then(Value::as_str).or(one.as_str()).map(shown);
    errors.and_then(Value::as_array).into_iter().flatten().filter_map(detail).collect()
}

/// How many measurements of a run are not known, since the list of all did not have them yet.
fn missing(run: &Run) -> usize {
    let wanted = run.journal.planned().map_or(0, |planned| planned.targets.len());
    wanted.saturating_sub(run.journal.made().len())
}

/// Looks by the tag of a run for those of its measurements that are not known, for minutes; `briefly` leaves most of
/// the time for what comes next. Returns whether any is found.
fn find_made(
    client: &mut Client,
    run: &mut Run,
    waiting: Waiting,
    briefly: bool,
    remark: &mut dyn FnMut(String),
) -> Result<bool, RemoteError> {
    let Some(planned) = run.journal.planned().cloned() else { return Ok(false) };
    let (known, wanted) = (run.journal.made(), missing(run));
    let is_known = |id: u64, target: &str| {
        let id = id.to_string();
        known.iter().any(|made| made.id == id || made.target == target)
    };
    let now = client.clock.now();
    let left = waiting.until.saturating_sub(now);
    let time = SEARCHED.min(if briefly { left / 3 } else { left * 4 / 5 });
    let (until, wait) = (now + time, waiting.poll.min(SEARCH_EVERY).min(time / 8));
    let path = format!("measurements/?tags={}&page_size=500", planned.tag);
    let mut found = BTreeMap::new();
    loop {
        let budget = until.saturating_sub(client.clock.now());
        let listed = list(client, "the list of measurements", &path, budget, &mut |value| {
            let one = Measurement::read(value).filter(|_| has_tag(value, &planned.tag));
            if let Some(one) = one {
                let target = one.target_ip.map_or(one.target, |target| target.to_string());
                if is_known(one.id, &target) {
                    return;
                }
                // Should there be two for a target, the first one was made by the first request.
                let id = found.entry(target).or_insert(one.id);
                *id = one.id.min(*id);
            }
        });
        // What fails otherwise is as good as nothing found.
        if let Err(error @ RemoteError::Interrupted(_)) = listed {
            return Err(error);
        }
        let all_found = found.len() >= wanted;
        let now = client.clock.now();
        if all_found || now + wait > until {
            break;
        }
        client.clock.sleep(wait);
        client.interrupted("looking for measurements")?;
    }
    if found.len() < wanted && !(known.is_empty() && found.is_empty()) {
        let (all, found) = (planned.targets.len(), known.len() + found.len());
        remark(format!("only {found} of {all} measurements are found"));
    }
    if found.is_empty() {
        return Ok(false);
    }
    let made = found.into_iter().map(|(target, id)| Made { id: id.to_string(), target }).collect();
    run.write(client.clock.utc(), Step::Created { made, found: true })?;
    Ok(true)
}

fn has_tag(value: &Value, tag: &str) -> bool {
    let tags = value.get("tags").and_then(Value::as_array);
    let is_it = |one: &Value| one.get("slug").or(Some(one)).and_then(Value::as_str) == Some(tag);
    let described =
        || value.get("description").and_then(Value::as_str).is_some_and(|text| text.contains(tag));
    tags.is_some_and(|tags| tags.iter().any(is_it)) || described()
}

/// One measurement while it is waited for.
struct Waited {
    id: u64,
    /// How many results it will have, at most.
    asked: usize,
    done: bool,
    failed: Option<String>,
    /// When something new came last.
    fresh: Option<Duration>,
}

/// Collects the results of a run until nothing more comes, or the time is over.
///
/// # Errors
/// When a result cannot be kept.
pub fn collect(
    client: &mut Client,
    run: &mut Run,
    waiting: Waiting,
    observe: &mut dyn FnMut(Progress),
    remark: &mut dyn FnMut(String),
) -> Result<End, RemoteError> {
    let requested = run.journal.planned().map_or(0, |planned| planned.probes);
    let ids = run.journal.made().into_iter().filter_map(|made| made.id.parse().ok());
    let mut all: Vec<Waited> = ids
        .map(|id| Waited { id, asked: requested, done: false, failed: None, fresh: None })
        .collect();
    let (mut remarked, mut per_result) = (BTreeSet::new(), None);
    loop {
        let mut last_error = None;
        for one in all.iter_mut().filter(|one| !one.done) {
            match look(client, run, one, requested, waiting, &mut per_result) {
                Ok(remarks) => remarks
                    .into_iter()
                    .filter(|text| remarked.insert(text.clone()))
                    .for_each(&mut *remark),
                Err(RemoteError::Interrupted(_)) => return Ok(End::Interrupted),
                Err(error @ RemoteError::File { .. }) => return Err(error),
                Err(error) if run.is_gone(&error, client.utc()) => {
                    one.done = true;
                    remark(format!("{error}; nothing more is waited for"));
                }
                // The service may be well again at the next look.
                Err(error) => last_error = Some(error),
            }
            observe(progress(run, per_result));
        }
        if all.iter().all(|one| one.done) {
            break;
        }
        // The last look needs some time too.
        let left = waiting.until.saturating_sub(client.clock.now() + LAST_LOOK);
        if left.is_zero() {
            return Ok(End::TimeOver(last_error));
        }
        client.clock.sleep(waiting.poll.min(left));
        if client.clock.is_interrupted() {
            return Ok(End::Interrupted);
        }
    }
    if run.journal.state() == State::Going && missing(run) > 0 {
        return Ok(End::TimeOver(None));
    }
    let failed: Vec<String> = all.into_iter().filter_map(|one| one.failed).collect();
    let why = if failed.is_empty() {
        "all results have come, or nothing new".to_owned()
    } else {
        failed.join("; ")
    };
    if run.journal.state() != State::Ended(why.clone()) {
        run.write(client.clock.utc(), Step::Ended { why: why.clone() })?;
    }
    Ok(if failed.is_empty() { End::Ended } else { End::Failed(why) })
}

fn progress(run: &Run, per_result: Option<u64>) -> Progress {
    Progress { answered: run.answered.values().map(BTreeSet::len).sum(), per_result }
}

/// Looks once at a measurement, and takes the results that are new.
fn look(
    client: &mut Client,
    run: &mut Run,
    one: &mut Waited,
    requested: usize,
    waiting: Waiting,
    per_result: &mut Option<u64>,
) -> Result<Vec<String>, RemoteError> {
    let id = one.id;
    let now = client.clock.now();
    let until = waiting.until.min(now + ONE_ANSWER);
    let path = client.path(&format!("measurements/{id}/"));
    let state = client.get(&format!("measurement {id}"), &path, false, until, |value| {
        Measurement::read(value).ok_or_else(|| "the answer describes no measurement".to_owned())
    })?;
    *per_result = state.credits_per_result.or(*per_result);
    if let Some(scheduled) =
        state.scheduled.and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0)
    {
        one.asked = scheduled.min(requested.max(1));
    }
    let new = take_results(client, run, one, waiting)?;
    let now = client.clock.now();
    if new > 0 || one.fresh.is_none() && answered(run, id) > 0 {
        one.fresh = Some(now);
    }
    let count = answered(run, id);
    let mut remarks = Vec::new();
    match state.status {
        Status::Stopped => one.done = true,
        Status::ForcedToStop => {
            one.done = true;
            remarks.push(format!("measurement {id} was stopped before its time"));
        }
        Status::Failed(name) | Status::Unclear(name) if count == 0 => {
            one.done = true;
            one.failed = Some(format!("measurement {id}: {name}"));
        }
        Status::Failed(name) | Status::Unclear(name) => {
            one.done = true;
            remarks.push(format!("measurement {id}: {name}"));
        }
        Status::Waiting | Status::Ongoing => {
            let silent = one.fresh.is_some_and(|fresh| now >= fresh + waiting.poll * SILENT_POLLS);
            one.done = count >= one.asked || silent;
        }
    }
    if one.done && count < one.asked && one.failed.is_none() {
        remarks.push(format!(
            "measurement {id}: {} of {} probes did not answer",
            one.asked - count,
            one.asked
        ));
    }
    Ok(remarks)
}

fn answered(run: &Run, id: u64) -> usize {
    run.answered.get(&id.to_string()).map_or(0, BTreeSet::len)
}

/// Takes the results of a measurement that have not come before. All are asked for each time, since probes send them
/// late and in any order.
fn take_results(
    client: &mut Client,
    run: &mut Run,
    one: &Waited,
    waiting: Waiting,
) -> Result<usize, RemoteError> {
    const AT_ONCE: usize = 256;
    let own = one.id.to_string();
    let (each, beside) = MOST_RESULTS;
    let mut seen = std::mem::take(&mut run.seen);
    let mut records =
        results(client, one.id, Span::default(), &mut seen, each * one.asked + beside);
    records.end_at(waiting.until);
    let (mut new, mut waits, mut ended) = (0, Vec::new(), Ok(()));
    loop {
        match records.next_record() {
            Ok(Some(record)) => {
                if identity(&record).is_some_and(|(measurement, _)| measurement == own) {
                    waits.push(record);
                    new += 1;
                }
            }
            Ok(None) => break,
            Err(error) => {
                ended = Err(error);
                break;
            }
        }
        if waits.len() == AT_ONCE {
            run.add(&std::mem::take(&mut waits))?;
        }
    }
    run.seen = seen;
    run.add(&waits)?;
    ended.map(|()| new)
}

/// Finds out where those probes are that have answered and of which that is not known. That fails in nothing.
pub fn complete_places(client: &mut Client, run: &Run) {
    let mut places = run.places();
    let answered = run.answered.values().flatten().filter_map(|probe| probe.parse().ok());
    let unknown: BTreeSet<u64> = answered.filter(|probe| !places.contains_key(probe)).collect();
    if unknown.is_empty() {
        return;
    }
    let unknown: Vec<u64> = unknown.into_iter().collect();
    if let Ok(found) = probes::places(client, &unknown, ONE_ANSWER) {
        places.extend(found);
        // They can be asked for again.
        let _ = run.keep_places(&places);
    }
}

/// What the account has, if the key may ask for it.
#[must_use]
pub fn balance(client: &mut Client) -> Option<u64> {
    let path = client.path("credits/");
    let until = client.clock.now() + Duration::from_secs(20);
    let read = |value: &Value| {
        value.get("current_balance").and_then(whole).ok_or_else(|| "no balance is in it".to_owned())
    };
    client.get("the credits", &path, true, until, read).ok()
}

/// Ends a measurement. What was measured stays.
///
/// # Errors
/// When the service refuses or does not answer.
pub fn stop(client: &mut Client, id: &str, budget: Duration) -> Result<(), RemoteError> {
    if !client.has_key() {
        return Err(RemoteError::NoKey(NO_KEY.into()));
    }
    let path = client.path(&format!("measurements/{id}/"));
    let until = client.clock.now() + budget;
    client.delete(&format!("to stop measurement {id}"), &path, until)
}
