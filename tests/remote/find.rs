//! `lasthop atlas find`: all pages of the list, and nothing of other hosts.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::{Outcome, run};
use super::server::{Reply, Request, Server};

fn measurement(id: u64, target: &str) -> Value {
    json!({
        "id": id, "type": "traceroute", "af": 4, "description": "=cmd|'/c calc'!A1", "target": target,
        "target_ip": target, "target_asn": 131_279, "protocol": "ICMP", "is_oneoff": true, "interval": null,
        "start_time": 1_790_000_000, "stop_time": null, "status": {"id": 4, "name": "Stopped"},
        "participant_count": 48, "estimated_results_per_day": -1.5
    })
}

fn found(answer: fn(u16, &Request) -> Reply) -> (Outcome, Vec<Request>) {
    let server = Server::start(0_u16, move |port, request| {
        let host = request.header("host").and_then(|host| host.rsplit(':').next());
        *port = host.and_then(|port| port.parse().ok()).expect("a port");
        answer(*port, request)
    });
    let folder = TempDir::new().expect("a folder");
    let outcome = run(folder.path(), server.port, &["atlas", "find"]);
    (outcome, server.log())
}

#[test]
fn all_pages_are_read() {
    let (outcome, log) = found(|port, request| {
        let next = format!("http://127.0.0.1:{port}/api/v2/measurements?after=WzFd");
        match request.parameter("after") {
            None => Reply::json(
                200,
                json!({"next": next, "results": [measurement(9, "175.45.176.71"), measurement(8, "192.0.2.1"), {"id": null}, 7]}),
            ),
            Some("WzFd") => Reply::json(
                200,
                json!({"next": "?after=WzJd", "results": [measurement(9_007_199_254_740_993, "175.45.179.1")]}),
            ),
            Some(_) => {
                Reply::json(200, json!({"next": null, "results": [measurement(3, "175.45.177.1")]}))
            }
        }
    });
    let outcome = outcome.ended(0);
    assert_eq!(outcome.column("id"), ["9007199254740993", "9", "3"]);
    assert_eq!(outcome.column("target"), ["175.45.179.1", "175.45.176.71", "175.45.177.1"]);
    assert!(outcome.out.contains("'=cmd"), "{}", outcome.out);
    assert_eq!(log.len(), 3);
    assert_eq!(log[0].parameter("target_asn"), Some("131279"));
}

#[test]
fn a_next_page_elsewhere_is_not_asked() {
    let (outcome, log) = found(|_, _| {
        Reply::json(
            200,
            json!({"next": "https://evil.example/api/v2/x", "results": [measurement(9, "175.45.176.71")]}),
        )
    });
    outcome.ended(6).says(&["another host", "https://evil.example/"]);
    assert_eq!(log.len(), 1);
}

#[test]
fn a_page_that_leads_to_itself_ends() {
    let (outcome, log) = found(|_, request| {
        Reply::json(
            200,
            json!({"next": format!("{}?{}", request.path, request.query), "results": [measurement(9, "175.45.176.71")]}),
        )
    });
    assert_eq!(outcome.ended(0).says(&["there may be more"]).column("id"), ["9"]);
    assert_eq!(log.len(), 1);
}

#[test]
fn none_is_no_error() {
    let (outcome, _) = found(|_, _| {
        Reply::json(200, json!({"count": 0, "next": null, "previous": null, "results": []}))
    });
    assert_eq!(outcome.ended(1).out.lines().count(), 1);
}
