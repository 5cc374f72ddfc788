//! `lasthop bgp --now`: what RIPEstat says of the block at present, in the rows of any other BGP source.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::run;
use super::server::{Reply, Request, Server, Way};

/// What a collector's peers see of a prefix.
fn state(prefix: &str) -> Value {
    let route = |peer: u64| {
        let upstream = if prefix == "175.45.177.0/24" { 20485 } else { 134_544 };
        json!({"target_prefix": prefix, "path": [64_500 + peer, upstream, 131_279], "community": [],
            "source_id": format!("01-198.18.0.{peer}")})
    };
    let routes: Vec<_> =
        if prefix.ends_with("/22") { Vec::new() } else { (1..=4).map(route).collect() };
    json!({"status": "ok", "messages": [["info", "fine"]], "data_call_name": "bgp-state",
        "data": {"bgp_state": routes, "nr_routes": routes.len(), "query_time": "2026-11-28T16:00:00"}})
}

fn answer(request: &Request) -> Reply {
    assert_eq!(request.path, "/data/bgp-state/data.json");
    Reply::json(200, state(request.parameter("resource").expect("a prefix")))
}

#[test]
fn the_present_is_in_the_usual_rows() {
    let server = Server::start(0, |count, request| {
        *count += 1;
        match count {
            1 => Reply::page(502),
            2 => answer(request).by(Way::Cut(40)),
            _ => answer(request).by(Way::Gzip),
        }
    });
    let folder = TempDir::new().expect("a folder");
    let outcome = run(folder.path(), server.port, &["bgp", "--now"]).ended(0);
    let verdict = |scope: &str| {
        let at = outcome.column("scope").iter().position(|it| it == scope).expect("a row");
        outcome.column("verdict")[at].clone()
    };
    assert_eq!(verdict("175.45.176.0/24"), "china");
    assert_eq!(verdict("175.45.177.0/24"), "russia");
    assert_eq!(server.log().len(), 7);
}

/// The total outage: no peer has a route to anything of the block. That is a row, and what `--fail-on` asks for.
#[test]
fn a_total_outage_is_a_row_and_worth_an_exit_code() {
    let server = Server::start((), |(), request| {
        assert_eq!(request.path, "/data/bgp-state/data.json");
        Reply::json(
            200,
            json!({"status": "ok", "data_call_name": "bgp-state", "data": {"bgp_state": [],
                "nr_routes": 0, "query_time": "2026-11-28T16:00:00"}}),
        )
    });
    let folder = TempDir::new().expect("a folder");
    let outcome = run(folder.path(), server.port, &["bgp", "--now"]).ended(1);
    let row = ["vantage", "scope", "verdict", "visibility", "full_peers"];
    let row = row.map(|name| outcome.column(name).join(" "));
    assert_eq!(row, ["ris", "175.45.176.0/22", "unreached", "0.0000", ""]);
    run(folder.path(), server.port, &["bgp", "--now", "--fail-on", "hijack,outage"]).ended(5);
}

#[test]
fn what_ripestat_refuses_is_said() {
    let server = Server::start((), |(), _| {
        Reply::json(
            400,
            json!({"status": "error", "messages": [["error", "no"]], "message": "Bad resource"}),
        )
    });
    let folder = TempDir::new().expect("a folder");
    run(folder.path(), server.port, &["bgp", "--now"])
        .ended(6)
        .says(&["RIPEstat refuses", "Bad resource"]);
}
