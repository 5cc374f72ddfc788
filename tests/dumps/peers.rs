//! What other programs read in the same files.

use lasthop::import::Finding;
use lasthop::trace::{HopReply, Trace};
use serde_json::Value;

use crate::samples::{Sample, all};
use crate::trace_lines::{found, trace_line};

/// The traces in `bytes`; those without a destination lead nowhere.
fn traces(format: &str, bytes: &[u8]) -> Vec<Trace> {
    let aimed = |(_, finding)| match finding {
        Finding::NoDestination(found) => found.to([0, 0, 0, 0].into()),
        other => vec![other],
    };
    let trace = |finding| match finding {
        Finding::Trace(trace) => Some(*trace),
        Finding::OutOfScope(_)
        | Finding::NoDestination(_)
        | Finding::Skipped(_)
        | Finding::Malformed(_)
        | Finding::OtherLines(_) => None,
    };
    found(format, bytes).into_iter().flat_map(aimed).filter_map(trace).collect()
}

fn lines(format: &str, bytes: &[u8]) -> Vec<String> {
    traces(format, bytes).iter().map(trace_line).collect()
}

#[test]
fn warts_and_scampers_own_reading_of_it_are_the_same_traces() {
    let samples = all();
    let mut compared = 0;
    for Sample { name, bytes, path, .. } in samples.iter().filter(|one| one.format == "warts") {
        let warts = lines("warts", bytes);
        let json = std::fs::read(path.with_extension("expected.jsonl")).expect("bytes");
        assert_eq!(warts, lines("scamper-json", &json), "{name}");
        compared += warts.len();
    }
    assert!(samples.is_empty() || compared >= 15, "only {compared} traces");
}

/// TTL, address and milliseconds of all answers.
type Answers = Vec<(u64, String, f64)>;

fn answers(trace: &Trace) -> Answers {
    let millis = |answer: &HopReply| {
        answer.rtt.map_or(f64::NAN, |rtt| (rtt.as_secs_f64() * 1e6).round() / 1e3)
    };
    let answers = trace.answers();
    answers.map(|(ttl, one)| (ttl.get().into(), one.from.to_string(), millis(one))).collect()
}

/// The same as `jc` has it.
fn jc(hop: &Value, probe: &Value, [address, rtt]: [&str; 2]) -> Option<(u64, String, f64)> {
    let from = probe[address].as_str().filter(|text| text.parse::<std::net::Ipv4Addr>().is_ok())?;
    let ttl = hop["hop"].as_u64().or(hop["ttl"].as_u64()).expect("a TTL");
    Some((ttl, from.to_owned(), probe[rtt].as_f64()?))
}

#[test]
fn traceroute_is_read_as_by_jc() {
    let mut compared = 0;
    for Sample { name, format, bytes, path } in all() {
        let Ok(expected) = std::fs::read(path.with_extension("expected-jc.json")) else { continue };
        let expected: Value = serde_json::from_slice(&expected).expect("JSON");
        let hops = expected["hops"].as_array().expect("hops");
        let mut theirs: Answers = match name.split('/').next() {
            Some("tracepath-text") => {
                hops.iter().filter_map(|hop| jc(hop, hop, ["host", "reply_ms"])).collect()
            }
            _ => hops
                .iter()
                .flat_map(|hop| {
                    hop["probes"].as_array().into_iter().flatten().map(move |probe| (hop, probe))
                })
                .filter_map(|(hop, probe)| jc(hop, probe, ["ip", "rtt"]))
                .collect(),
        };
        theirs.sort_by_key(|answer| answer.0);
        let ours = traces(format, &bytes);
        assert_eq!(ours.len(), 1, "{name}");
        assert_eq!(answers(&ours[0]), theirs, "{name}");
        if let Some(target) = expected["destination_ip"].as_str() {
            assert_eq!(ours[0].target.to_string(), target, "{name}");
        }
        compared += theirs.len();
    }
    assert!(all().is_empty() || compared > 100, "only {compared} answers");
}
