//! `lasthop atlas measure`: what is created, once, and what comes of it.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::atlas::{Atlas, KEY, Model, start};
use super::program::{Outcome, alone, command, local};
use super::server::{Reply, Way};

/// A home, and a service.
struct World {
    folder: TempDir,
    atlas: Atlas,
}

impl World {
    fn new(model: Model) -> Self {
        Self { folder: TempDir::new().expect("a folder"), atlas: start(model) }
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let all: Vec<_> = ["atlas"].iter().chain(arguments).copied().collect();
        let mut command = command(self.folder.path(), self.atlas.port, &all);
        let outcome = Outcome::of(command.env("RIPE_ATLAS_KEY", KEY).output().expect("run"));
        self.keeps_the_key(&outcome);
        outcome
    }

    fn measure(&self, arguments: &[&str]) -> Outcome {
        self.bounded(&["measure", "--yes", "--probes", "20", "--poll", "0.1"], arguments)
    }

    fn resume(&self, arguments: &[&str]) -> Outcome {
        self.bounded(&["resume", "--poll", "0.1"], arguments)
    }

    /// Twenty seconds are enough, unless a test says otherwise.
    fn bounded(&self, usual: &[&str], arguments: &[&str]) -> Outcome {
        let deadline =
            if arguments.contains(&"--deadline") { &[][..] } else { &["--deadline", "20"] };
        self.run(&[usual, deadline, arguments].concat())
    }

    /// Neither what was printed nor any file has the key.
    #[track_caller]
    fn keeps_the_key(&self, outcome: &Outcome) {
        assert!(!outcome.out.contains(KEY) && !outcome.err.contains(KEY), "{outcome:?}");
        for file in files(self.folder.path()) {
            assert!(
                !String::from_utf8_lossy(&fs::read(&file).expect("read")).contains(KEY),
                "{}",
                file.display()
            );
        }
    }

    fn created(&self) -> usize {
        self.atlas.state().created
    }

    fn posts(&self) -> usize {
        self.atlas.log().iter().filter(|request| request.method == "POST").count()
    }

    /// The folder of the only run.
    fn run_folder(&self) -> PathBuf {
        let runs = self.folder.path().join("state/lasthop");
        let mut runs: Vec<_> =
            fs::read_dir(runs).expect("runs").map(|run| run.expect("a run").path()).collect();
        assert_eq!(runs.len(), 1);
        runs.remove(0)
    }

    fn results(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.run_folder().join("results.jsonl")).expect("results");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// One charge, every result once, and the right class for each prefix.
    #[track_caller]
    fn is_right(&self, outcome: &Outcome) {
        assert_eq!(self.created(), 1, "{}", outcome.err);
        let results: Vec<_> = self
            .results()
            .iter()
            .map(|one| format!("{} {}", one["msm_id"], one["prb_id"]))
            .collect();
        let different: BTreeSet<_> = results.iter().collect();
        assert_eq!((results.len(), different.len()), (80, 80), "{}", outcome.err);
        let verdicts = outcome.column("verdict");
        assert_eq!(verdicts[1..5], ["china", "russia", "mixed", "unreached"], "{}", outcome.err);
        let both = |class: &str| outcome.column(class)[1..5].to_vec();
        let (china, russia) = (both("china"), both("russia"));
        assert_eq!((china[0].as_str(), russia[1].as_str()), ("20", "20"), "{}", outcome.err);
        assert_eq!(outcome.block("unreached"), "20");
        assert_eq!(outcome.block("complete"), "true", "{}", outcome.err);
        assert_eq!(outcome.block("vantage"), "atlas:world");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn measurements_are_made_and_judged() {
    let world = World::new(Model::default());
    let outcome = world.measure(&["--by", "country", "--hops", "h.csv"]).ended(0);
    world.is_right(&outcome);
    let outcome =
        outcome.says(&["4 targets × 20 probes × 60 = 4800 credits of 1000000", "in 20 AS and"]);
    assert!(outcome.out.lines().count() > 20, "{}", outcome.out);
    // The key goes where it is needed, and nowhere else.
    for request in world.atlas.log() {
        let is_needed = request.method == "POST" || request.path == "/api/v2/credits/";
        assert_eq!(request.header("authorization").is_some(), is_needed, "{request:?}");
    }
    let body = world
        .atlas
        .log()
        .into_iter()
        .find(|request| request.method == "POST")
        .expect("a request")
        .body;
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["definitions"].as_array().map(Vec::len), Some(4));
    let ids = body["probes"][0]["value"].as_str().expect("probes").split(',').count();
    assert_eq!((ids, body["is_oneoff"].as_bool()), (20, Some(true)));
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&world.run_folder()), 0o700);
    assert!(files(&world.run_folder()).iter().all(|file| mode(file) == 0o600));
    // Once more, with nothing new.
    let again = world.resume(&[]).ended(0);
    world.is_right(&again);
    assert_eq!(again.block("run_id"), outcome.block("run_id"));
}

#[test]
fn the_same_seed_takes_the_same_probes_and_targets() {
    let world = World::new(Model::default());
    let request = |seed: &str| {
        let arguments = ["measure", "--dry-run", "--probes", "40", "--seed", seed];
        let outcome =
            world.run(&arguments).ended(0).says(&["4 targets × 40 probes × 60 = 9600 credits"]);
        let mut request: Value = serde_json::from_str(&outcome.out).expect("JSON");
        for definition in request["definitions"].as_array_mut().expect("definitions") {
            (definition["tags"], definition["description"]) = (Value::Null, Value::Null);
        }
        request
    };
    assert_eq!(request("7"), request("7"));
    assert_ne!(request("7"), request("8"));
    assert_eq!((world.posts(), world.created()), (0, 0));
    assert!(!world.folder.path().join("state").exists());
}

#[test]
fn probes_are_where_the_user_wants_them() {
    let world = World::new(Model::default());
    let ids = |from: &[&str], probes: &str| -> BTreeSet<u64> {
        let mut arguments = vec!["measure", "--dry-run", "--probes", probes, "175.45.176.71"];
        for from in from {
            arguments.extend(["--from", from]);
        }
        let request: Value =
            serde_json::from_str(&world.run(&arguments).ended(0).out).expect("JSON");
        assert_eq!(request["definitions"][0]["target"], "175.45.176.71");
        let ids = request["probes"][0]["value"].as_str().unwrap_or_default();
        ids.split(',').filter_map(|id| id.parse().ok()).collect()
    };
    assert_eq!(ids(&["probes:3,5,13"], "80"), BTreeSet::from([3, 5]));
    let german = ids(&["BX"], "10");
    assert!(!german.is_empty() && german.iter().all(|id| id % 22 == 1 && id % 4 < 2), "{german:?}");
    assert_eq!(ids(&["AS102"], "10").len(), 10);
    assert_eq!(ids(&["BX", "AS102"], "10").len(), 10);
    let arguments = ["measure", "--dry-run", "--from", "area:West", "--probes", "9"];
    let request: Value = serde_json::from_str(&world.run(&arguments).ended(0).out).expect("JSON");
    assert_eq!(request["probes"][0]["value"], "West");
    world.run(&["measure", "--dry-run", "--from", "QQ"]).ended(6).says(&["no connected probe"]);
    world
        .run(&["measure", "--dry-run", "--from", "nowhere"])
        .ended(2)
        .says(&["expected a country"]);
}

#[test]
fn nothing_is_created_without_key_or_agreement() {
    let world = World::new(Model::default());
    world.run(&["measure", "--probes", "20"]).ended(3).says(&["4800 credits", "--yes"]);
    world.measure(&["--max-credits", "4799"]).ended(3).says(&["--max-credits is 4799"]);
    let arguments = ["atlas", "measure", "--yes"];
    let without = Outcome::of(
        command(world.folder.path(), world.atlas.port, &arguments).output().expect("run"),
    );
    without.ended(3).says(&["RIPE_ATLAS_KEY"]);
    let file = world.folder.path().join("key");
    fs::write(&file, "not-the-key-of-anybody").expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("permissions");
    world.measure(&["--key-file", "key"]).ended(3).says(&["chmod 600 key"]);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("permissions");
    // The service repeats the key that it does not know.
    let refused = world.measure(&["--key-file", "key"]).ended(3);
    assert!(!refused.err.contains("not-the-key"), "{}", refused.err);
    refused.says(&[
        "does not permit to create measurements",
        "The provided API key does not exist (Key [key])",
    ]);
    assert_eq!(world.created(), 0);
}

#[test]
fn refusals_name_the_field_and_what_to_do() {
    for (text, advice) in [
        (
            "We do not allow more than 25 concurrent measurements to the same target: 175.45.177.10.",
            "name 175.45.177.11 instead",
        ),
        ("Your selected ASN is not covered by our network.", "--from"),
        ("You do not have enough credits", "fewer --probes"),
    ] {
        let world = World::new(Model::moody(move |_, request| {
            let body = json!({"error": {"status": 400, "code": 102, "title": "Bad Request",
                "detail": "There was a problem with your request",
                "errors": [{"source": {"pointer": "/definitions/1/target"}, "detail": text}]}});
            (request.method == "POST").then(|| Reply::json(400, body))
        }));
        let refused = world.measure(&[]).ended(6);
        refused.says(&[
            "There was a problem with your request",
            "/definitions/1/target",
            text,
            advice,
        ]);
        assert_eq!(world.posts(), 1);
        // Nothing was made, and that is known.
        world.resume(&[]).ended(7).says(&["was refused", "--create"]);
        assert_eq!(world.posts(), 1);
    }
}

#[test]
fn an_answer_that_is_lost_makes_no_second_measurement() {
    let replies: [fn(Reply) -> Reply; 6] = [
        |_| Reply::reset(),
        |reply| reply.by(Way::Cut(12)),
        |_| Reply::page(502),
        |_| Reply::page(200),
        |_| Reply::json(201, r#"{"measurements": "soon"}"#),
        |_| Reply::json(504, ""),
    ];
    for lose in replies {
        let mut model = Model::moody(move |model, request| {
            (request.method == "POST").then(|| lose(model.answer(request)))
        });
        model.lag = 3;
        let world = World::new(model);
        let outcome = world.measure(&[]).ended(0).says(&["was lost"]);
        world.is_right(&outcome);
        assert_eq!(world.posts(), 1);
    }
}

/// The list has two of four measurements first: the others are paid for too, and looked for again.
#[test]
fn measurements_that_are_listed_late_are_not_forgotten() {
    let mut model = Model::moody(|model, request| {
        (request.method == "POST").then(|| {
            model.answer(request);
            Reply::reset()
        })
    });
    model.listed = 2;
    let world = World::new(model);
    world.measure(&["--deadline", "2"]).ended(7).says(&["only 2 of 4 measurements are found"]);
    // Those that are found end, and the run does not.
    let outcome = world.resume(&["--deadline", "4"]).ended(7);
    assert_eq!(world.results().len(), 40, "{}", outcome.err);
    assert_eq!(outcome.block("complete"), "false");
    let outcome = outcome.says(&["only 2 of 4 measurements are found", "is not finished"]);
    world.atlas.state().listed = usize::MAX;
    let whole = world.resume(&[]).ended(0);
    world.is_right(&whole);
    assert_eq!((world.posts(), whole.block("run_id")), (1, outcome.block("run_id")));
}

#[test]
fn more_probes_may_take_part_than_at_first() {
    let mut model = Model::moody(|model, request| {
        let id = request.path.strip_prefix("/api/v2/measurements/")?.strip_suffix('/')?;
        let id = id.parse::<u64>().ok().filter(|_| request.method == "GET")?;
        let mut reply = model.answer(request);
        let mut object: Value = serde_json::from_str(&reply.body).ok()?;
        if model.measurements.get(&id)?.looks == 2 {
            object["probes_scheduled"] = json!(5);
        }
        reply.body = object.to_string();
        Some(reply)
    });
    (model.looks, model.ends) = (10, (2, "Ongoing"));
    let world = World::new(model);
    world.is_right(&world.measure(&[]).ended(0));
}

#[test]
fn a_request_that_never_arrived_is_made_again_only_by_the_users_word() {
    let mut first = true;
    let world = World::new(Model::moody(move |_, request| {
        (request.method == "POST" && std::mem::take(&mut first)).then(Reply::reset)
    }));
    let lost = world.measure(&["--deadline", "1"]).ended(7);
    lost.says(&["nobody knows", "--create"]);
    world.resume(&["--deadline", "1"]).ended(7).says(&["nobody knows"]);
    assert_eq!((world.posts(), world.created()), (1, 0));
    let outcome = world.resume(&["--create", "--deadline", "8"]).ended(0);
    world.is_right(&outcome);
}

#[test]
fn too_many_requests_are_asked_again() {
    let (mut count, mut posts) = (0, 0);
    let world = World::new(Model::moody(move |_, request| {
        count += 1;
        let refused = Reply::json(429, json!({"error": {"detail": "Too many requests"}}));
        match (request.method.as_str(), count % 10) {
            (_, 0) => Some(refused.with("Retry-After", "0")),
            (_, 3) => Some(refused.with("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")),
            ("GET", 6) => Some(Reply::page(502)),
            ("GET", 8) => Some(Reply::reset()),
            ("POST", _) => {
                posts += 1;
                (posts < 5).then_some(refused)
            }
            _ => None,
        }
    }));
    let outcome = world.measure(&["--deadline", "60"]).ended(0);
    world.is_right(&outcome);
}

#[test]
fn probes_that_stay_silent_end_no_wait_and_late_ones_count() {
    let mut model = Model { looks: 2, ..Model::default() };
    model.silent = (0..=300).filter(|id| id % 5 == 0).collect();
    model.ends = (2, "Ongoing");
    let world = World::new(model);
    let outcome = world.measure(&[]).ended(0).says(&["probes did not answer"]);
    assert_eq!(outcome.block("complete"), "true");
    let before = world.results().len();
    assert!((40..80).contains(&before), "{before}");
    // They were late.
    world.atlas.state().silent.clear();
    world.is_right(&world.resume(&[]).ended(0));
}

/// It was made long ago, and then taken away.
#[test]
fn a_measurement_that_is_gone_is_not_waited_for() {
    let world = World::new(Model { looks: 30, ..Model::default() });
    world.measure(&["--deadline", "2"]).ended(7);
    let first = *world.atlas.state().measurements.keys().next().expect("a measurement");
    world.atlas.state().measurements.remove(&first);
    // As long as it is new, the service may only not know it everywhere.
    world.resume(&["--deadline", "2"]).ended(7).says(&["Not found. (HTTP 404)"]);
    long_ago(&world.run_folder());
    world.atlas.state().looks = 1;
    let said = format!("refuses measurement {first}: Not found. (HTTP 404); nothing more");
    let outcome = world.resume(&[]).ended(0).says(&[&said]);
    assert_eq!(outcome.column("verdict")[2..5], ["russia", "mixed", "unreached"]);
}

/// As if a run had begun 100 years before.
pub(super) fn long_ago(run: &Path) {
    let path = run.join("journal.jsonl");
    let journal = fs::read_to_string(&path).expect("a journal");
    fs::write(path, journal.replace(r#""at":"20"#, r#""at":"19"#)).expect("written");
}

#[test]
fn each_end_is_told_apart() {
    for (status, name, code, silent) in [
        (5, "Forced to stop", 0, false),
        (6, "No suitable probes", 6, true),
        (7, "Failed", 6, true),
        (8, "Denied", 6, true),
        (8, "Archived", 0, false),
        (9, "Canceled", 6, true),
    ] {
        let mut model = Model { ends: (status, name), looks: 1, ..Model::default() };
        model.silent = if silent { (0..=300).collect() } else { BTreeSet::new() };
        let world = World::new(model);
        let outcome = world.measure(&[]).ended(code);
        if silent {
            outcome.says(&[name]);
        }
    }
}

#[test]
fn what_is_not_finished_in_time_is_gone_on_with() {
    let world = World::new(Model { looks: 30, ..Model::default() });
    let outcome = world
        .measure(&["--deadline", "1"])
        .ended(7)
        .says(&["is not finished", "lasthop atlas resume"]);
    assert_eq!(outcome.block("complete"), "false");
    let left = world.measure(&["--no-wait"]).ended(7);
    left.says(&["not waited for"]);
    let runs =
        Outcome::of(local(world.folder.path(), &["atlas", "runs"]).output().expect("run")).ended(0);
    assert_eq!(runs.column("state"), ["going on", "going on"]);
    let names = runs.column("run");
    // A number stops a measurement, a name all of a run.
    world.run(&["stop", &names[0]]).ended(0).says(&["is stopped"]);
    assert_eq!(world.atlas.state().measurements.values().filter(|made| made.deleted).count(), 4);
    let ended = Outcome::of(local(world.folder.path(), &["atlas", "runs"]).output().expect("run"));
    assert_eq!(ended.column("state"), ["ended: stopped", "going on"]);
    // Without a name the one that is not finished goes on.
    let outcome = world.resume(&[]).ended(0);
    assert!(outcome.block("run_id").ends_with(&names[1]), "{}", outcome.out);
    world.resume(&["nothing-1"]).ended(2).says(&["no such run"]);
}

/// One that cannot be stopped keeps no other from being stopped, since each that goes on costs.
#[test]
fn all_measurements_of_a_run_are_stopped_but_for_those_that_cannot_be() {
    let mut refusals = 0;
    let world = World::new(Model::moody(move |_, request| {
        refusals += usize::from(request.method == "DELETE");
        let body = json!({"error": {"detail": "Not now."}});
        (request.method == "DELETE" && refusals == 1).then(|| Reply::json(400, body))
    }));
    world.measure(&["--no-wait"]).ended(7);
    let runs = || {
        Outcome::of(local(world.folder.path(), &["atlas", "runs"]).output().expect("run")).ended(0)
    };
    let name = runs().block("run");
    let stopped = || world.atlas.state().measurements.values().filter(|made| made.deleted).count();
    world.run(&["stop", &name]).ended(6).says(&["Not now.", "is stopped"]);
    assert_eq!((stopped(), runs().block("state")), (3, "going on".into()));
    world.run(&["stop", &name]).ended(0);
    assert_eq!((stopped(), runs().block("state")), (4, "ended: stopped".into()));
    let asked = world.atlas.log().len();
    world.run(&["stop", ""]).ended(2).says(&["no such run"]);
    assert_eq!(world.atlas.log().len(), asked);
}

#[test]
fn a_run_belongs_to_one_process() {
    let world = World::new(Model { looks: 1000, ..Model::default() });
    let arguments = ["atlas", "measure", "--yes", "--probes", "20", "--poll", "0.1"];
    let mut command = alone(world.folder.path(), world.atlas.port, &arguments);
    let mut child = command.env("RIPE_ATLAS_KEY", KEY).spawn().expect("begun");
    wait_for(|| world.created() == 1);
    world.resume(&[]).ended(4).says(&["another process"]);
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[test]
fn endless_and_senseless_answers_end() {
    let world = World::new(Model::moody(|model, request| {
        let id = request.path.trim_matches('/').split('/').nth(3)?.parse().ok()?;
        let made = model.measurements.get(&id)?.clone();
        request.path.ends_with("/results/").then(|| {
            // The same ones again and again, those of other measurements, other types, and no JSON.
            let results = super::traces::lines(&model.results(&made)).repeat(200);
            let other = super::traces::atlas(1, 2, "175.45.176.1", "russia");
            let same_target = super::traces::atlas(1, 3, &made.target, "russia");
            Reply::json(
                200,
                format!(
                    "{other}\n{same_target}\n{{\"msm_id\": [], \"prb_id\": null}}\n{results}x\n"
                ),
            )
        })
    }));
    let outcome = world.measure(&[]).ended(0);
    world.is_right(&outcome);
}

/// Killed when the service has been asked for the n-th time, and then resumed: one charge, every result once.
#[test]
fn killed_at_any_moment_it_is_charged_once() {
    for (method, part, which) in [
        ("GET", "probes", 1),
        ("POST", "measurements", 1),
        ("GET", "results", 1),
        ("GET", "results", 3),
        ("GET", "results", 6),
        ("GET", "results", 12),
    ] {
        let world = World::new(Model { looks: 4, ..Model::default() });
        let arguments =
            ["atlas", "measure", "--yes", "--probes", "20", "--poll", "0.1", "--deadline", "20"];
        let mut command = alone(world.folder.path(), world.atlas.port, &arguments);
        let mut child = command.env("RIPE_ATLAS_KEY", KEY).spawn().expect("begun");
        let asked = || {
            let log = world.atlas.log();
            log.iter().filter(|one| one.method == method && one.path.contains(part)).count()
                >= which
        };
        wait_for(asked);
        child.kill().expect("killed");
        child.wait().expect("ended");
        let mut runs = std::fs::read_dir(world.folder.path().join("state/lasthop"));
        let has_run = runs.as_mut().is_ok_and(|runs| runs.next().is_some());
        let outcome = if has_run { world.resume(&[]) } else { world.measure(&[]) };
        world.is_right(&outcome.ended(0));
        assert_eq!(world.posts(), 1, "{method} {part} {which}");
    }
}

#[test]
fn an_interruption_leaves_rows_and_a_way_on() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    let world = World::new(Model { looks: 1000, ..Model::default() });
    // So rarely that probes are not taken for silent ones before the signal comes.
    let arguments = ["atlas", "measure", "--yes", "--probes", "20", "--poll", "5"];
    let mut command = alone(world.folder.path(), world.atlas.port, &arguments);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.env("RIPE_ATLAS_KEY", KEY).spawn().expect("begun");
    wait_for(|| world.atlas.log().iter().any(|one| one.path.ends_with("/results/")));
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process"));
    // A shell in the background has its children ignore SIGINT.
    kill(pid, Signal::SIGTERM).expect("it runs");
    let outcome = Outcome::of(child.wait_with_output().expect("an end")).ended(130);
    assert_eq!(outcome.block("complete"), "false");
    outcome.says(&["lasthop atlas resume"]);
    world.atlas.state().looks = 1;
    world.is_right(&world.resume(&[]).ended(0));
}

/// Looks until something is so, for a while.
fn wait_for(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_mins(1), "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Seven probes in two AS are two observations, not seven.
#[test]
fn the_as_is_the_unit_of_intervals() {
    let world = World::new(Model::default());
    let outcome = world
        .measure(&["175.45.176.71", "--from", "probes:2,12,22,32,4,14,24", "--format", "csv"])
        .ended(0);
    assert_eq!(outcome.column("china"), ["7", "7"]);
    assert_eq!(outcome.column("china_low"), ["0.3378", "0.3378"]);
    assert_eq!(outcome.block("vantage"), "atlas:probes");
    let arguments = ["175.45.176.71", "--from", "area:WW", "--from", "BX"];
    assert_eq!(world.measure(&arguments).ended(0).block("vantage"), "atlas:world+BX");
}
