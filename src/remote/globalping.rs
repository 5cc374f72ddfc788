//! Globalping: measurements by its probes, mostly in data centres, without credits and within an hourly limit.
//!
//! Its probes have no numbers. So the first target is asked with places, and the others with the first one's probes, in
//! its order. It keeps no list of what one has asked: what is lost stays lost.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Client, Posted, Service};
use super::error::{Refusal, RemoteError, shown};
use super::run::{End, Made, Run, State, Step, not_created};

/// Globalping.
pub const SERVICE: Service = Service {
    name: "Globalping",
    url: "https://api.globalping.io/v1/",
    folder: "/v1/",
    scheme: "Bearer",
};

/// The service wants half a second after each answer.
const LEAST_POLL: Duration = Duration::from_millis(600);
/// How long one answer is waited for.
const ONE_ANSWER: Duration = Duration::from_secs(30);
/// The longest name of a measurement.
const LONGEST_ID: usize = 200;

/// What probes run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `mtr`: 30 hops, three packets each.
    Mtr,
    /// `traceroute`: 20 hops, and the refusals of routers.
    Traceroute,
}

/// The bodies of the requests, in their order. Those behind the first lack the probes.
#[must_use]
pub fn requests(
    targets: &[std::net::Ipv4Addr],
    program: Program,
    protocol: &str,
    probes: usize,
    places: &[String],
) -> Value {
    let world = ["world".to_owned()];
    let places = if places.is_empty() { &world[..] } else { places };
    let locations: Vec<_> = places.iter().map(|magic| json!({"magic": magic})).collect();
    let request = |target: &std::net::Ipv4Addr| {
        let (kind, options) = match program {
            Program::Mtr => ("mtr", json!({"protocol": protocol, "packets": 3})),
            Program::Traceroute => ("traceroute", json!({"protocol": protocol})),
        };
        json!({"type": kind, "target": target, "measurementOptions": options, "inProgressUpdates": false})
    };
    let mut all: Vec<Value> = targets.iter().map(request).collect();
    if let Some(first) = all.first_mut().and_then(Value::as_object_mut) {
        first.insert("limit".into(), probes.into());
        first.insert("locations".into(), locations.into());
    }
    all.into()
}

/// How many tests the hour still has, and how many credits a token; as far as that is said.
#[must_use]
pub fn limits(client: &mut Client) -> (Option<u64>, Option<u64>) {
    let path = client.path("limits");
    let until = client.clock.now() + Duration::from_secs(10);
    let read = |value: &Value| Ok(value.clone());
    let keyed = client.has_key();
    let limits = client.get("the limits", &path, keyed, until, read).unwrap_or_default();
    let at = |pointer| limits.pointer(pointer).and_then(Value::as_u64);
    (at("/rateLimit/measurements/create/remaining"), at("/credits/remaining"))
}

/// Makes the measurements of a run that are not there. `again` is the user's word that a request of which nobody knows
/// what became may be made again.
///
/// # Errors
/// When the service refuses; or when nobody knows whether it has accepted.
pub fn create(
    client: &mut Client,
    run: &mut Run,
    until: Duration,
    again: bool,
    remark: &mut dyn FnMut(String),
) -> Result<(), RemoteError> {
    let name = run.name.clone();
    match run.journal.state() {
        State::Unknown if !again => return Err(lost(&name)),
        State::Refused(why) if !again => {
            return Err(RemoteError::NotFinished(format!(
                "run {name} was refused ({why}); `lasthop globalping resume {name} --create` asks again"
            )));
        }
        State::Ended(_) => return Ok(()),
        _ => {}
    }
    for (number, mut request) in run.requests()?.into_iter().enumerate() {
        if run.journal.accepted().contains(&number) {
            continue;
        }
        let target = request.get("target").and_then(Value::as_str).map(shown).unwrap_or_default();
        if number > 0
            && let Some(first) = run.journal.made().first()
            && let Some(fields) = request.as_object_mut()
        {
            fields.insert("locations".into(), first.id.clone().into());
        }
        let id = match ask(client, run, number, &request, until)? {
            Ok(id) => id,
            // Without a token it costs a part of the hour's limit and nothing else.
            Err(why) if !client.has_key() => {
                remark(format!(
                    "{target}: the answer was lost ({why}), and what is lost cannot be found; asking once more, which \
                     takes a further part of the hourly limit"
                ));
                ask(client, run, number, &request, until)?.map_err(|_| lost(&name))?
            }
            Err(_) => return Err(lost(&name)),
        };
        let made = vec![Made { id, target }];
        run.write(client.clock.utc(), Step::Created { made, found: false })?;
    }
    Ok(())
}

/// Sends one request: what the measurement is called, or why the answer is lost.
fn ask(
    client: &mut Client,
    run: &mut Run,
    number: usize,
    request: &Value,
    until: Duration,
) -> Result<Result<String, String>, RemoteError> {
    client.interrupted("creating measurements")?;
    run.write(client.clock.utc(), Step::Creating { number })?;
    let path = client.path("measurements");
    let why = match client.post("to create a measurement", &path, &request.to_string(), until) {
        Ok(Posted::Accepted(value)) => match value.get("id").and_then(Value::as_str) {
            Some(id) if is_id(id) => return Ok(Ok(id.to_owned())),
            _ => "it does not name the measurement".to_owned(),
        },
        Ok(Posted::Lost(why)) => why,
        Err(error) => return Err(not_created(client, run, advised(error))),
    };
    run.write(client.clock.utc(), Step::Lost { why: why.clone() })?;
    Ok(Err(why))
}

fn is_id(id: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(is_letter)
}

fn lost(name: &str) -> RemoteError {
    RemoteError::NotFinished(format!(
        "run {name}: nobody knows whether the service has accepted a request, and it keeps no list to look for it; \
         `lasthop globalping resume {name} --create` asks again"
    ))
}

/// Adds what to do to what the service refuses.
fn advised(error: RemoteError) -> RemoteError {
    let advice = |refusal: &Refusal| {
        if refusal.mentions(&["blacklisted"]) {
            "; single addresses are listed there: name another address of the same prefix"
        } else if refusal.mentions(&["no matching", "no_probes_found"]) {
            "; choose other places by --from"
        } else if refusal.mentions(&["rate limit", "not enough credits"]) {
            "; take fewer --probes, or wait for the next hour"
        } else {
            ""
        }
    };
    match error {
        RemoteError::Refused { service, what, refusal, advice: before } => {
            let advice = format!("{before}{}", advice(&refusal));
            RemoteError::Refused { service, what, refusal, advice }
        }
        RemoteError::NotPermitted { service, what, refusal, .. } => {
            let advice =
                "; check the token in GLOBALPING_TOKEN or --token-file, or go without".to_owned();
            RemoteError::NotPermitted { service, what, refusal, advice }
        }
        error => error,
    }
}

/// Collects the results of a run until all its measurements have ended, or the time is over. How many have come goes to
/// `observe`, what users should know to `remark`.
///
/// # Errors
/// When a result cannot be kept.
pub fn collect(
    client: &mut Client,
    run: &mut Run,
    poll: Duration,
    until: Duration,
    observe: &mut dyn FnMut(usize),
    remark: &mut dyn FnMut(String),
) -> Result<End, RemoteError> {
    let mut open: Vec<Made> = run.journal.made();
    loop {
        let mut last_error = None;
        let mut still_open = Vec::new();
        for made in open {
            let now = client.clock.now();
            let path = client.path(&format!("measurements/{}", made.id));
            let what = format!("measurement {}", made.id);
            let read = |value: &Value| {
                let status = value.get("status").and_then(Value::as_str).map(str::to_owned);
                Ok((status.ok_or("the answer has no status")?, value.clone()))
            };
            match client.get(&what, &path, false, until.min(now + ONE_ANSWER), read) {
                Ok((status, value)) => {
                    take(client, run, &made.id, &value)?;
                    if status == "in-progress" {
                        still_open.push(made);
                    }
                }
                Err(RemoteError::Interrupted(_)) => return Ok(End::Interrupted),
                Err(error) if run.is_gone(&error, client.utc()) => {
                    remark(format!("{error}; what it keeps for a week only is gone"));
                }
                Err(error) => {
                    last_error = Some(error);
                    still_open.push(made);
                }
            }
            observe(run.seen.len());
            let polite = Duration::from_millis(100);
            client.clock.sleep(polite);
        }
        open = still_open;
        if open.is_empty() {
            break;
        }
        let poll = poll.max(LEAST_POLL);
        if client.clock.now() + poll > until {
            return Ok(End::TimeOver(last_error));
        }
        client.clock.sleep(poll);
        if client.clock.is_interrupted() {
            return Ok(End::Interrupted);
        }
    }
    // Otherwise something is still to be created.
    let wanted = run.journal.planned().map_or(0, |planned| planned.targets.len());
    if run.journal.accepted().len() >= wanted && !matches!(run.journal.state(), State::Ended(_)) {
        let why = "all measurements have ended".into();
        run.write(client.clock.utc(), Step::Ended { why })?;
    }
    Ok(End::Ended)
}

/// Takes the results of a measurement that have ended, and have not come before.
fn take(client: &Client, run: &mut Run, id: &str, measurement: &Value) -> Result<(), RemoteError> {
    let results = measurement.get("results").and_then(Value::as_array);
    let mut places = std::collections::HashMap::<String, usize>::new();
    let mut new = Vec::new();
    for (number, one) in results.into_iter().flatten().enumerate() {
        let mut probe = one.get("probe").cloned().unwrap_or_default();
        tell_apart(&mut probe, &mut places);
        let result = one.get("result").cloned().unwrap_or_default();
        if result.get("status").and_then(Value::as_str) == Some("in-progress") {
            continue;
        }
        let mut options = measurement
            .get("measurementOptions")
            .filter(|it| it.is_object())
            .cloned()
            .unwrap_or(json!({}));
        if let Some(fields) = options.as_object_mut() {
            // Only what differs from the defaults is said.
            fields.entry("protocol").or_insert_with(|| "ICMP".into());
        }
        let line = json!({
            "type": measurement.get("type"), "createdAt": measurement.get("createdAt"), "measurementOptions": options,
            "probe": probe, "result": result,
            // By these a run knows a result.
            "msm_id": id, "prb_id": number, "timestamp": measurement.get("createdAt"),
        });
        let line = client.strip(&line.to_string()).into_bytes();
        if run.seen.is_new(&line) {
            new.push(line);
        }
    }
    run.add(&new)
}

/// Numbers the probes of one place and network, in their order: nothing else tells them apart.
fn tell_apart(probe: &mut Value, places: &mut std::collections::HashMap<String, usize>) {
    let place = ["city", "state", "country", "asn", "network"]
        .map(|name| probe.get(name).map(Value::to_string));
    let count = places.entry(format!("{place:?}")).or_default();
    *count += 1;
    let Some(fields) = probe.as_object_mut().filter(|_| *count > 1) else { return };
    let network = fields.get("network").and_then(Value::as_str).unwrap_or_default();
    let numbered = format!("{network} #{count}");
    fields.insert("network".into(), numbered.trim().into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_request_alone_names_places() {
        let targets =
            ["175.45.176.71", "175.45.177.1"].map(|target| target.parse().expect("an address"));
        let requests =
            requests(&targets, Program::Mtr, "ICMP", 50, &["Germany+eyeball-network".into()]);
        assert_eq!(requests[0]["locations"], json!([{"magic": "Germany+eyeball-network"}]));
        assert_eq!((&requests[0]["limit"], requests[1].get("limit")), (&json!(50), None));
        assert_eq!(requests[1].get("locations"), None);
    }

    #[test]
    fn probes_of_one_place_are_numbered() {
        let mut places = std::collections::HashMap::new();
        let networks: Vec<_> = ["A", "B", "A"]
            .iter()
            .map(|network| {
                let mut probe =
                    json!({"city": "Seoul", "asn": 4766, "state": null, "network": network});
                tell_apart(&mut probe, &mut places);
                probe["network"].clone()
            })
            .collect();
        assert_eq!(networks, ["A", "B", "A #2"]);
    }

    #[test]
    fn names_of_measurements_are_texts_that_fit_into_an_address() {
        assert!(is_id("aB3xY0123456789012345678901234"));
        assert!(["", "a/b", "a?b", "é", &"x".repeat(300)].iter().all(|id| !is_id(id)));
    }
}
