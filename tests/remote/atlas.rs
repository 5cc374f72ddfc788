//! RIPE Atlas as its documents say: probes, measurements that cost, results that come one after the other.
#![expect(clippy::expect_used, reason = "a request that cannot be read is a failure")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::server::{Reply, Request, Server};
use super::traces;

/// The key that it knows.
pub(crate) const KEY: &str = "27768f56-bb86-11e8-b7d0-27cd18d24377";

/// What it does badly: asked for each request, it may answer in the place of the service.
pub(crate) type Mood = Box<dyn FnMut(&mut Model, &Request) -> Option<Reply> + Send>;

#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) id: u64,
    pub(crate) target: String,
    pub(crate) tags: Vec<String>,
    pub(crate) probes: Vec<u64>,
    /// How often it was looked at.
    pub(crate) looks: usize,
    /// How often its results were asked for.
    pub(crate) fetches: usize,
    pub(crate) deleted: bool,
}

pub(crate) struct Model {
    pub(crate) measurements: BTreeMap<u64, Made>,
    /// How many requests to create were accepted.
    pub(crate) created: usize,
    /// A list does not know a measurement before it was asked so often.
    pub(crate) lag: usize,
    pub(crate) lists: usize,
    /// A list knows so many measurements.
    pub(crate) listed: usize,
    /// After how many looks all results are there.
    pub(crate) looks: usize,
    /// The status in the end.
    pub(crate) ends: (u64, &'static str),
    /// These probes never answer.
    pub(crate) silent: BTreeSet<u64>,
    /// Whether the key may list and see the credits.
    pub(crate) permits: bool,
    pub(crate) mood: Option<Mood>,
    pub(crate) port: u16,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            measurements: BTreeMap::new(),
            created: 0,
            lag: 0,
            lists: 0,
            listed: usize::MAX,
            looks: 3,
            ends: (4, "Stopped"),
            silent: BTreeSet::new(),
            permits: true,
            mood: None,
            port: 0,
        }
    }
}

/// The service on a port of loopback.
pub(crate) type Atlas = Server<Model>;

pub(crate) fn start(model: Model) -> Atlas {
    let server = Server::start(model, |model: &mut Model, request: &Request| {
        let mut mood = model.mood.take();
        let badly = mood.as_mut().and_then(|mood| mood(model, request));
        model.mood = model.mood.take().or(mood);
        badly.unwrap_or_else(|| model.answer(request))
    });
    server.state().port = server.port;
    server
}

/// 300 probes in 44 countries; half of them are in five AS, some are not connected, and some have no IPv4.
fn probe(id: u64) -> Value {
    let asn = if id.is_multiple_of(2) { 100 + id % 5 } else { 1000 + id };
    let country =
        format!("{}{}", (b'A' + (id % 22) as u8) as char, if id % 4 < 2 { 'X' } else { 'Y' });
    let works = if id.is_multiple_of(17) {
        json!([])
    } else {
        json!([{"name": "system: IPv4 Works", "slug": "system-ipv4-works"}])
    };
    let status = if id.is_multiple_of(13) {
        json!({"id": 2, "name": "Disconnected"})
    } else {
        json!({"id": 1, "name": "Connected"})
    };
    json!({
        "id": id, "type": "Probe", "address_v4": null, "asn_v4": if id.is_multiple_of(19) { Value::Null } else { json!(asn) },
        "country_code": if id.is_multiple_of(23) { Value::Null } else { json!(country) }, "status": status, "tags": works,
        "is_public": true, "geometry": null
    })
}

/// What a probe sees of a target.
pub(crate) fn class(target: &str, probe: u64) -> &'static str {
    match target.split('.').nth(2) {
        Some("176") => "china",
        Some("178") if probe.is_multiple_of(2) => "china",
        Some("177" | "178") => "russia",
        _ => "none",
    }
}

impl Model {
    /// Lets it behave as `mood` says.
    pub(crate) fn moody(
        mood: impl FnMut(&mut Self, &Request) -> Option<Reply> + Send + 'static,
    ) -> Self {
        Self { mood: Some(Box::new(mood)), ..Self::default() }
    }

    pub(crate) fn answer(&mut self, request: &Request) -> Reply {
        assert!(request.parameter("key").is_none(), "a key in an address: {request:?}");
        assert!(request.path.ends_with('/'), "{}", request.path);
        let keyed = request.header("authorization") == Some(&format!("Key {KEY}"));
        let parts: Vec<_> = request.path.trim_matches('/').split('/').skip(2).collect();
        let refused = |status: u16, text: &str| {
            Reply::json(
                status,
                json!({"error": {"status": status, "code": 104, "detail": text, "title": "Forbidden"}}),
            )
        };
        match (request.method.as_str(), &parts[..]) {
            ("POST" | "DELETE", _) | (_, ["credits"]) if !keyed => {
                let sent = request.header("authorization").unwrap_or("none");
                refused(403, &format!("The provided API key does not exist ({sent})"))
            }
            (_, ["credits"]) if !self.permits => {
                refused(403, "You do not have permission to perform this action.")
            }
            (_, ["credits"]) => Reply::json(200, json!({"current_balance": 1_000_000})),
            ("POST", ["measurements"]) => self.create(&request.body),
            ("GET", ["measurements"]) => self.list(request),
            ("GET", ["probes"]) => self.probes(request),
            (method, ["measurements", id, rest @ ..]) => {
                let id = id.parse().unwrap_or_default();
                let Some(made) = self.measurements.get_mut(&id) else {
                    return refused(404, "Not found.");
                };
                match (method, rest) {
                    ("DELETE", []) => {
                        made.deleted = true;
                        Reply::json(204, "")
                    }
                    ("GET", []) => {
                        made.looks += 1;
                        let made = made.clone();
                        Reply::json(200, self.object(&made))
                    }
                    ("GET", ["results"]) => {
                        made.fetches += 1;
                        let made = made.clone();
                        Reply::json(200, traces::lines(&self.results(&made)))
                    }
                    _ => refused(404, "Not found."),
                }
            }
            _ => refused(404, "Not found."),
        }
    }

    fn create(&mut self, body: &str) -> Reply {
        let invalid = |pointer: String, text: &str| {
            Reply::json(
                400,
                json!({"error": {"status": 400, "code": 104, "title": "Bad Request", "detail": "The request is invalid",
                    "errors": [{"source": {"pointer": pointer}, "detail": text}]}}),
            )
        };
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            return invalid(String::new(), "no JSON");
        };
        if body["is_oneoff"] != true || body.get("stop_time").is_some() {
            return invalid("/is_oneoff".into(), "made once, please");
        }
        let mut probes = Vec::new();
        for (number, set) in body["probes"].as_array().into_iter().flatten().enumerate() {
            let ids: Vec<u64> = match set["type"].as_str() {
                Some("probes") => set["value"]
                    .as_str()
                    .into_iter()
                    .flat_map(|ids| ids.split(','))
                    .filter_map(|id| id.parse().ok())
                    .collect(),
                _ => (1..=set["requested"].as_u64().unwrap_or_default())
                    .map(|id| 2 * id + 1)
                    .collect(),
            };
            if set["requested"].as_u64() != Some(ids.len() as u64) {
                return invalid(
                    format!("/probes/{number}/requested"),
                    "must be the number of probes",
                );
            }
            probes.extend(ids);
        }
        let mut new = Vec::new();
        for (number, definition) in body["definitions"].as_array().into_iter().flatten().enumerate()
        {
            for name in ["type", "af", "target", "description", "protocol"] {
                if definition[name].is_null() {
                    return invalid(
                        format!("/definitions/{number}/{name}"),
                        "This field is required.",
                    );
                }
            }
            let tags =
                definition["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let id = 9_007_199_254_740_993 + self.measurements.len() as u64 + new.len() as u64;
            new.push(Made {
                id,
                target: definition["target"].as_str().unwrap_or_default().into(),
                tags: tags.map(str::to_owned).collect(),
                probes: probes.clone(),
                looks: 0,
                fetches: 0,
                deleted: false,
            });
        }
        self.created += 1;
        let ids: Vec<_> = new.iter().map(|made| made.id).collect();
        self.measurements.extend(new.into_iter().map(|made| (made.id, made)));
        Reply::json(201, json!({"measurements": ids}))
    }

    fn list(&mut self, request: &Request) -> Reply {
        self.lists += 1;
        let tag = request.parameter("tags");
        let is_known = self.lists > self.lag;
        let has = |made: &&Made| tag.is_none_or(|tag| made.tags.iter().any(|one| one == tag));
        let found: Vec<_> = self
            .measurements
            .values()
            .filter(has)
            .filter(|_| is_known)
            .take(self.listed)
            .map(|made| self.object(made))
            .collect();
        // Three to a page, with a cursor.
        let after: usize =
            request.parameter("after").map_or(0, |after| after.parse().expect("a cursor"));
        let page: Vec<_> = found.iter().skip(after).take(3).collect();
        let next = (found.len() > after + 3).then(|| {
            let tag = tag.map_or_else(String::new, |tag| format!("&tags={tag}"));
            format!("http://127.0.0.1:{}/api/v2/measurements/?after={}{tag}", self.port, after + 3)
        });
        Reply::json(200, json!({"next": next, "previous": null, "results": page}))
    }

    fn probes(&self, request: &Request) -> Reply {
        let ids: Option<Vec<u64>> = request
            .parameter("id__in")
            .map(|ids| ids.split(',').filter_map(|id| id.parse().ok()).collect());
        let wanted = |probe: &Value| {
            let is = |name: &str, value: &Value| {
                request.parameter(name).is_none_or(|it| value.to_string().trim_matches('"') == it)
            };
            let is_named = ids
                .as_ref()
                .is_none_or(|ids| ids.contains(&probe["id"].as_u64().unwrap_or_default()));
            is("status", &probe["status"]["id"])
                && is("country_code", &probe["country_code"])
                && is("asn_v4", &probe["asn_v4"])
                && is_named
        };
        let found: Vec<_> = (1..=300).map(probe).filter(wanted).collect();
        let page: usize = request.parameter("page").map_or(1, |page| page.parse().expect("a page"));
        let shown: Vec<_> = found.iter().skip(50 * (page - 1)).take(50).collect();
        let rest = request
            .query
            .split('&')
            .filter(|pair| !pair.starts_with("page="))
            .collect::<Vec<_>>()
            .join("&");
        let next = (found.len() > 50 * page).then(|| {
            format!("http://127.0.0.1:{}/api/v2/probes/?page={}&{rest}", self.port, page + 1)
        });
        Reply::json(
            200,
            json!({"count": found.len(), "next": next, "previous": null, "results": shown}),
        )
    }

    fn object(&self, made: &Made) -> Value {
        let (id, name) = match made.looks {
            0 => (0, "Specified"),
            1 => (1, "Scheduled"),
            looks if looks <= self.looks => (2, "Ongoing"),
            _ => self.ends,
        };
        json!({
            "id": made.id, "type": "traceroute", "af": 4, "description": "x", "target": made.target, "target_ip": made.target,
            "is_oneoff": true, "interval": null, "status": {"id": id, "name": name, "when": null}, "tags": made.tags,
            "participant_count": made.probes.len(), "probes_requested": made.probes.len(),
            "probes_scheduled": if made.looks > 1 { made.probes.len() } else { 0 }, "credits_per_result": 60,
            "estimated_results_per_day": -0.5, "start_time": 1_790_000_000, "stop_time": null
        })
    }

    /// More and more of them, the newest first, and one twice.
    pub(crate) fn results(&self, made: &Made) -> Vec<Value> {
        let there = made.probes.len() * made.looks.saturating_sub(1) / self.looks.max(1);
        let answering = made.probes.iter().filter(|probe| !self.silent.contains(probe));
        let mut all: Vec<_> = answering
            .take(there)
            .map(|probe| traces::atlas(made.id, *probe, &made.target, class(&made.target, *probe)))
            .collect();
        all.extend(all.first().cloned());
        all.reverse();
        all
    }
}
