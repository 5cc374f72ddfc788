//! `lasthop globalping`: places once, and then the same probes; no list to find what was lost.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot begin has failed")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::atlas::class;
use super::measure::long_ago;
use super::program::{Outcome, alone, command};
use super::server::{Reply, Request, Server, Way};

const TOKEN: &str = "qyklwsnkd7zywwgqxbzbqefmkrlxp3da";

/// How it answers a request to create, in the place of the usual answer.
type Mood = Box<dyn FnMut(usize, Reply) -> Reply + Send>;

struct Made {
    target: String,
    probes: usize,
    reads: Vec<Instant>,
}

struct Model {
    made: BTreeMap<String, Made>,
    posts: usize,
    /// After how many reads a measurement has ended.
    ends: usize,
    mood: Option<Mood>,
    left: usize,
}

impl Model {
    fn usual() -> Self {
        Self { made: BTreeMap::new(), posts: 0, ends: 2, mood: None, left: 250 }
    }

    fn moody(mood: impl FnMut(usize, Reply) -> Reply + Send + 'static) -> Self {
        Self { mood: Some(Box::new(mood)), ..Self::usual() }
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let error = |status: u16, kind: &str, message: &str, params: Value| {
            Reply::json(
                status,
                json!({"error": {"type": kind, "message": message, "params": params}}),
            )
        };
        match request.header("authorization") {
            None => {}
            Some(header) if header == format!("Bearer {TOKEN}") => {}
            Some(header) => {
                return error(401, "unauthorized", &format!("Unauthorized: {header}"), json!({}));
            }
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/v1/limits") => Reply::json(
                200,
                json!({"rateLimit": {"measurements": {"create": {"type": "ip", "limit": 250, "remaining": self.left, "reset": 3540}}}}),
            ),
            ("POST", "/v1/measurements") => {
                self.posts += 1;
                let reply = self.create(&request.body);
                match &mut self.mood {
                    Some(mood) => mood(self.posts, reply),
                    None => reply,
                }
            }
            ("GET", path) => {
                let id = path.trim_start_matches("/v1/measurements/");
                let Some(made) = self.made.get_mut(id) else {
                    return error(
                        404,
                        "not_found",
                        "Couldn't find the requested measurement.",
                        json!({}),
                    );
                };
                made.reads.push(Instant::now());
                if let [.., first, _, _, _, _, last] = made.reads[..]
                    && last - first < Duration::from_secs(2)
                {
                    return error(429, "too_many_requests", "Too many requests", json!({}))
                        .with("Retry-After", "5");
                }
                let done = made.reads.len() > self.ends;
                Reply::json(200, measurement(id, made, done)).by(Way::Gzip)
            }
            _ => error(404, "not_found", "?", json!({})),
        }
    }

    fn create(&mut self, body: &str) -> Reply {
        let body: Value = serde_json::from_str(body).expect("JSON");
        let probes = match &body["locations"] {
            Value::String(id) if self.made.contains_key(id) => self.made[id].probes,
            Value::Array(places) if places.iter().all(|place| place["magic"].is_string()) => {
                usize::try_from(body["limit"].as_u64().expect("a limit")).expect("small")
            }
            other => panic!("{other}"),
        };
        if probes > self.left {
            let text =
                "This measurement exceeds the remaining hourly rate limit for your IP address.";
            return Reply::json(
                429,
                json!({"error": {"type": "rate_limit_exceeded", "message": text}}),
            )
            .with("X-RateLimit-Reset", "3540");
        }
        self.left -= probes;
        let id = format!("aB3xY0123456789012345678901{:03}", self.made.len());
        let target = body["target"].as_str().expect("a target").to_owned();
        self.made.insert(id.clone(), Made { target, probes, reads: Vec::new() });
        Reply::json(202, json!({"id": id, "probesCount": probes}))
            .with("Location", "https://api.example/x")
    }
}

fn measurement(id: &str, made: &Made, done: bool) -> Value {
    let hop = |address: Option<&str>| {
        let timings =
            if address.is_some() { json!([{"rtt": 20.5}, {"rtt": 21.0}]) } else { json!([]) };
        json!({"resolvedAddress": address, "resolvedHostname": address, "asn": [], "timings": timings,
            "stats": {"total": 3, "rcv": if address.is_some() { 2 } else { 0 }}})
    };
    let results = (0..made.probes).map(|number| {
        // Two in each city cannot be told apart.
        let probe = json!({"continent": "EU", "country": if number < 10 { "DE" } else { "FR" }, "state": null,
            "city": format!("City {}", number / 2), "asn": 100 + number / 4, "network": "Network", "tags": []});
        let last = match class(&made.target, number as u64) {
            "china" => Some("103.35.255.254"),
            "russia" => Some("188.43.225.153"),
            _ => None,
        };
        let mut hops = vec![hop(Some("192.168.0.1")), hop(Some("62.115.9.9"))];
        match last {
            Some(last) => hops.extend([hop(Some(last)), hop(Some(&made.target))]),
            None => hops.push(hop(None)),
        }
        let result = match (done, number) {
            (false, 3..) => json!({"status": "in-progress", "rawOutput": ""}),
            (true, 19) => json!({"status": "offline", "rawOutput": "This probe is currently offline. Please try again later."}),
            _ => json!({"status": "finished", "resolvedAddress": made.target, "resolvedHostname": null, "hops": hops, "rawOutput": ""}),
        };
        json!({"probe": probe, "result": result})
    });
    let results: Vec<_> = results.collect();
    json!({"id": id, "type": "mtr", "status": if done { "finished" } else { "in-progress" },
        "createdAt": "2026-11-28T14:21:08.000Z", "updatedAt": "2026-11-28T14:21:18.000Z", "target": made.target,
        "probesCount": made.probes, "results": results})
}

struct World {
    folder: TempDir,
    server: Server<Model>,
}

impl World {
    fn new(model: Model) -> Self {
        Self {
            folder: TempDir::new().expect("a folder"),
            server: Server::start(model, Model::answer),
        }
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let all = [&["globalping"], arguments].concat();
        Outcome::of(command(self.folder.path(), self.server.port, &all).output().expect("run"))
    }

    /// The folder of the only run.
    fn run_folder(&self) -> PathBuf {
        let runs = std::fs::read_dir(self.folder.path().join("state/lasthop")).expect("runs");
        let runs: Vec<_> = runs.map(|run| run.expect("a run").path()).collect();
        let [run] = &runs[..] else { panic!("{runs:?}") };
        run.clone()
    }

    fn measure(&self, arguments: &[&str]) -> Outcome {
        let usual = ["measure", "--yes", "--probes", "20", "--poll", "0.1", "--deadline", "30"];
        self.run(&[&usual[..], arguments].concat())
    }
}

#[track_caller]
fn is_right(outcome: &Outcome) {
    let verdicts = outcome.column("verdict");
    assert_eq!(verdicts[1..5], ["china", "russia", "mixed", "unreached"], "{}", outcome.err);
    let counts = ["china", "russia", "unreached"].map(|class| outcome.column(class)[..5].to_vec());
    // One of twenty is offline.
    assert_eq!(counts[0][1], "19", "{}", outcome.err);
    assert_eq!(counts[1][2], "19", "{}", outcome.err);
    assert_eq!(counts[2][4], "19", "{}", outcome.err);
    assert_eq!(outcome.block("complete"), "true");
}

#[test]
fn the_same_probes_trace_all_targets() {
    let world = World::new(Model::usual());
    let outcome = world.measure(&["--from", "Europe+eyeball-network", "--by", "country"]).ended(0);
    is_right(&outcome);
    let outcome = outcome.says(&["4 targets × 20 probes = 80 tests of 250 left in this hour"]);
    assert_eq!(outcome.block("vantage"), "globalping:Europe+eyeball-network");
    assert!(outcome.column("vantage").contains(&"FR".to_owned()), "{}", outcome.out);
    let bodies: Vec<Value> = world
        .server
        .log()
        .iter()
        .filter(|request| request.method == "POST")
        .map(|request| serde_json::from_str(&request.body).expect("JSON"))
        .collect();
    assert_eq!(bodies[0]["locations"], json!([{"magic": "Europe+eyeball-network"}]));
    assert!(bodies[1..].iter().all(|body| body["locations"] == "aB3xY0123456789012345678901000"));
    assert_eq!(bodies.len(), 4);
    // Nobody is asked again for what is there.
    let again = world.run(&["resume", "--deadline", "20"]).ended(0);
    is_right(&again);
    assert_eq!(world.server.state().posts, 4);
}

#[test]
fn nothing_is_asked_without_agreement() {
    let world = World::new(Model::usual());
    world.run(&["measure"]).ended(3).says(&["200 tests", "--yes"]);
    assert_eq!(world.server.state().posts, 0);
}

#[test]
fn a_lost_answer_is_asked_for_once_more_and_that_is_said() {
    for lose in [
        |_: Reply| Reply::reset(),
        |_: Reply| Reply::page(502),
        |reply: Reply| reply.by(Way::Cut(9)),
    ] {
        let world = World::new(Model::moody(
            move |number, reply| if number == 2 { lose(reply) } else { reply },
        ));
        let outcome = world.measure(&[]).ended(0).says(&["asking once more"]);
        is_right(&outcome);
        assert_eq!(world.server.state().posts, 5);
    }
    let world = World::new(Model::moody(|_, _| Reply::reset()));
    world.measure(&[]).ended(7).says(&["nobody knows", "resume", "--create"]);
    assert_eq!(world.server.state().posts, 2);
    // With a token it may cost, so that needs the user's word.
    let world = World::new(Model::moody(|_, _| Reply::reset()));
    let arguments = ["globalping", "measure", "--yes"];
    let mut command = command(world.folder.path(), world.server.port, &arguments);
    let outcome =
        Outcome::of(command.env("GLOBALPING_TOKEN", TOKEN).output().expect("run")).ended(7);
    assert!(!outcome.err.contains(TOKEN));
    assert_eq!(world.server.state().posts, 1);
}

#[test]
fn refusals_are_said_in_the_words_of_the_service() {
    let refusals: [(u16, Value, i32, &[&str]); 4] = [
        (
            400,
            json!({"type": "validation_error", "message": "Parameter validation failed.",
                "params": {"target": "\"target\" is a blacklisted address or domain"}}),
            6,
            &["Parameter validation failed.", "blacklisted", "another address"],
        ),
        (
            422,
            json!({"type": "no_probes_found", "message": "No matching IPv4 probes available."}),
            6,
            &["No matching", "--from"],
        ),
        (
            401,
            json!({"type": "unauthorized", "message": "Unauthorized."}),
            3,
            &["GLOBALPING_TOKEN"],
        ),
        (
            403,
            json!({"type": "access_forbidden", "message": "Access forbidden."}),
            3,
            &["Access forbidden."],
        ),
    ];
    for (status, error, code, words) in refusals {
        let world =
            World::new(Model::moody(move |_, _| Reply::json(status, json!({"error": error}))));
        world.measure(&[]).ended(code).says(words);
        assert_eq!(world.server.state().posts, 1);
    }
}

#[test]
fn what_the_hour_still_allows_is_measured() {
    let mut model = Model::usual();
    model.left = 50;
    let world = World::new(model);
    let outcome = world.measure(&[]).ended(6).says(&["hourly rate limit", "3540 s"]);
    assert_eq!(outcome.column("verdict")[1..], ["china", "russia"]);
    assert_eq!(outcome.block("complete"), "false");
    world.server.state().left = 250;
    is_right(&world.run(&["resume", "--create", "--deadline", "20"]).ended(0));
    assert_eq!(world.server.state().made.len(), 4);
}

/// The service keeps measurements for a week.
#[test]
fn measurements_that_are_gone_are_not_waited_for() {
    let world = World::new(Model::usual());
    world.server.state().ends = 1000;
    world.run(&["measure", "--yes", "--probes", "20", "--poll", "0.1", "--deadline", "2"]).ended(7);
    long_ago(&world.run_folder());
    world.server.state().made.clear();
    let outcome = world.run(&["resume", "--deadline", "20"]).ended(0);
    let outcome = outcome.says(&["Couldn't find the requested measurement. (HTTP 404)", "gone"]);
    // Three of each target had come.
    assert_eq!(
        (outcome.block("china"), outcome.column("china").remove(1)),
        ("5".into(), "3".into())
    );
}

#[test]
fn a_damaged_request_is_named_and_creates_nothing() {
    let mut model = Model::usual();
    model.left = 50;
    let world = World::new(model);
    world.measure(&[]).ended(6);
    world.server.state().left = 250;
    std::fs::write(world.run_folder().join("request.json"), "[{").expect("written");
    let outcome = world.run(&["resume", "--create", "--deadline", "20"]).ended(2);
    let outcome = outcome.says(&["request.json: no list of requests"]);
    assert_eq!(outcome.column("verdict")[1..], ["china", "russia"]);
    assert_eq!(outcome.block("complete"), "false");
}

/// What is refused is the end of the command, not that nobody waits.
#[test]
fn a_refusal_is_passed_on_without_waiting() {
    let mut model = Model::usual();
    model.left = 50;
    let world = World::new(model);
    world.measure(&["--no-wait"]).ended(6).says(&["hourly rate limit", "not waited for"]);
}

#[test]
fn killed_while_results_come_it_goes_on() {
    let world = World::new(Model::usual());
    world.server.state().ends = 1000;
    let arguments = ["globalping", "measure", "--yes", "--probes", "20", "--poll", "0.1"];
    let mut child =
        alone(world.folder.path(), world.server.port, &arguments).spawn().expect("begun");
    let began = Instant::now();
    while !world.server.state().made.values().any(|made| made.reads.len() > 1) {
        assert!(began.elapsed() < Duration::from_mins(1), "waited in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    world.server.state().ends = 2;
    is_right(&world.run(&["resume", "--deadline", "20"]).ended(0));
    assert_eq!(world.server.state().posts, 4);
}
