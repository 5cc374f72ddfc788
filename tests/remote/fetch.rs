//! `lasthop atlas fetch`: whatever a transfer does, every result counts once.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::{Outcome, run};
use super::server::{Reply, Request, Server, Way};
use super::traces::{atlas, lines};

/// Forty results, of which ten go elsewhere: 12 by China, 12 by Russia, 6 nowhere.
fn results() -> Vec<Value> {
    let class = |probe: u64| {
        ["china", "russia", "china", "russia", "none"]
            [usize::try_from(probe % 5).unwrap_or_default()]
    };
    let target = |probe: u64| match class(probe) {
        _ if probe >= 30 => "192.0.2.1",
        // Home answers behind the others, and a trace that ends before it shows nothing of its own prefix.
        "none" => "175.45.179.1",
        _ => "175.45.176.71",
    };
    (0..40).map(|probe| atlas(7, probe, target(probe), class(probe))).collect()
}

/// Fetches from a service that answers its n-th request, from 0, by `answer`.
fn fetched(arguments: &[&str], answer: fn(usize, &Request) -> Reply) -> (Outcome, Vec<Request>) {
    let server = Server::start(0, move |count, request| {
        *count += 1;
        answer(*count - 1, request)
    });
    let folder = TempDir::new().expect("a folder");
    let arguments: Vec<_> = ["atlas", "fetch"].iter().chain(arguments).copied().collect();
    let outcome = run(folder.path(), server.port, &arguments);
    (outcome, server.log())
}

fn whole(_: usize, _: &Request) -> Reply {
    Reply::json(200, lines(&results()))
}

#[track_caller]
fn is_right(outcome: &Outcome) {
    let counts = ["china", "russia", "unreached"].map(|class| outcome.block(class));
    assert_eq!(counts, ["12", "12", "6"], "{}", outcome.err);
    assert_eq!(outcome.block("complete"), "true", "{}", outcome.err);
}

#[test]
fn results_are_judged_as_they_come() {
    let (outcome, log) = fetched(&["7", "7"], whole);
    is_right(&outcome.ended(0).says(&["30 used, 10 refused"]));
    let [request] = &log[..] else { panic!("{log:?}") };
    assert_eq!(request.path, "/api/v2/measurements/7/results/");
    assert_eq!(request.parameter("format"), Some("txt"));
    assert!(request.header("user-agent").is_some_and(|name| name.starts_with("lasthop/")));
    assert_eq!(request.header("authorization"), None);
}

#[test]
fn whatever_way_they_come_they_are_the_same() {
    let ways: [fn(usize, &Request) -> Reply; 7] = [
        |count, request| whole(count, request).by(Way::Chunked),
        |count, request| whole(count, request).by(Way::Gzip),
        |count, request| whole(count, request).by(Way::Pieces(997)),
        |_, _| Reply::json(200, json!(results())),
        |_, _| Reply::json(200, serde_json::to_string_pretty(&results()).expect("JSON")),
        // Every one twice, in another order.
        |_, _| {
            let all = results();
            let twice: Vec<_> = all.iter().rev().chain(&all).cloned().collect();
            Reply::json(200, lines(&twice))
        },
        |_, _| Reply::json(200, lines(&results()).trim_end()),
    ];
    for answer in ways {
        is_right(&fetched(&["7"], answer).0.ended(0));
    }
}

#[test]
fn what_breaks_off_is_asked_for_again() {
    let breaks: [fn(usize, &Request) -> Reply; 9] = [
        |count, request| {
            let way = if count < 2 { Way::Cut(5000 * (count + 1) + 17) } else { Way::Whole };
            whole(count, request).by(way)
        },
        |count, _| {
            // Without a length, the end of an array shows that it is whole.
            let all = json!(results()).to_string();
            let cut = if count == 0 { &all[..all.len() / 2] } else { &all };
            Reply::json(200, cut)
        },
        |count, _| {
            let all = json!(results()).to_string();
            Reply::json(200, if count == 0 { &all[..all.len() - 1] } else { &all })
        },
        |count, _| {
            let all = lines(&results());
            Reply::json(200, if count == 0 { &all[..all.len() - 40] } else { &all })
        },
        |count, request| if count < 2 { Reply::reset() } else { whole(count, request) },
        |count, request| if count == 0 { Reply::page(502) } else { whole(count, request) },
        |count, request| if count == 0 { Reply::page(200) } else { whole(count, request) },
        |count, request| match count {
            0 => Reply::json(429, "{}").with("Retry-After", "1"),
            1 => Reply::json(429, "{}").with("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"),
            _ => whole(count, request),
        },
        |count, request| match request.path.as_str() {
            "/elsewhere/" => whole(count, request),
            _ => Reply::json(307, "").with("Location", "/elsewhere/"),
        },
    ];
    for (number, answer) in breaks.into_iter().enumerate() {
        let (outcome, log) = fetched(&["7"], answer);
        is_right(&outcome.ended(0));
        assert!(log.len() >= 2, "{number}: {log:?}");
    }
}

#[test]
fn a_service_that_wants_to_be_left_alone_for_ever_is_left_alone() {
    let (outcome, log) =
        fetched(&["7"], |_, _| Reply::json(429, "{}").with("Retry-After", "18446744073709551615"));
    outcome.ended(6).says(&["it asks to wait 18446744073709551615 s"]);
    assert_eq!(log.len(), 1);
}

#[test]
fn what_is_no_result_is_left_out_and_said() {
    let (outcome, _) = fetched(&["7"], |_, _| {
        let all = lines(&results());
        let (first, rest) = all.split_once('\n').expect("lines");
        Reply::json(
            200,
            format!("{{\"fw\": 5120, \"result\": [{{\"hop\"\n{first}\n[]\n\"x\"\n{rest}"),
        )
    });
    let outcome = outcome.ended(0).says(&["no JSON, and left out"]);
    assert_eq!(outcome.block("china"), "12");
    assert_eq!(outcome.block("complete"), "false");
}

#[test]
fn a_transfer_that_always_breaks_at_one_place_ends() {
    let (outcome, log) = fetched(&["7"], |count, request| whole(count, request).by(Way::Cut(9000)));
    let outcome = outcome.ended(6).says(&["measurement 7", "at the same place"]);
    assert_eq!(outcome.block("complete"), "false");
    assert!(log.len() < 9, "{}", log.len());
}

#[test]
fn refusals_are_said_in_the_words_of_the_service() {
    let (outcome, _) = fetched(&["7"], |_, _| {
        Reply::json(
            404,
            json!({"error": {"status": 404, "detail": "Not found.", "title": "Not Found"}}),
        )
    });
    outcome.ended(6).says(&["results of measurement 7", "Not found. (HTTP 404)"]);
    // One that is refused keeps no other from being judged.
    let (outcome, _) = fetched(&["8", "7"], |count, request| {
        if request.path.contains("/8/") { Reply::json(404, "{}") } else { whole(count, request) }
    });
    assert_eq!(outcome.ended(6).block("china"), "12");
    let (outcome, _) = fetched(&["--raw", "8", "7"], |count, request| {
        if request.path.contains("/8/") { Reply::json(404, "{}") } else { whole(count, request) }
    });
    assert_eq!(outcome.ended(6).says(&["results of measurement 8"]).out, lines(&results()));
}

#[test]
fn redirects_to_other_hosts_are_not_followed() {
    let (outcome, log) = fetched(&["7"], |_, _| {
        Reply::json(302, "").with("Location", "https://portal.example/login")
    });
    outcome.ended(6).says(&["https://portal.example/login", "not followed"]);
    assert_eq!(log.len(), 1);
}

#[test]
fn nothing_is_no_error() {
    for nothing in ["", "[]", "[]\n"] {
        let server = Server::start((), move |(), _| Reply::json(200, nothing));
        let folder = TempDir::new().expect("a folder");
        let outcome = run(folder.path(), server.port, &["atlas", "fetch", "7"]).ended(1);
        assert_eq!(outcome.block("china"), "0");
    }
}

#[test]
fn raw_results_are_written_as_they_are() {
    let (outcome, log) =
        fetched(&["7", "--raw", "--since", "2026-10-01", "--until", "2026-10-02T01:00"], whole);
    assert_eq!(outcome.ended(0).out, lines(&results()));
    assert_eq!(log[0].parameter("start"), Some("1790812800"));
    assert_eq!(log[0].parameter("stop"), Some("1790902800"));
}

#[test]
fn a_proxy_that_is_none_is_an_error() {
    let server = Server::start((), |(), _| Reply::json(200, "[]"));
    let folder = TempDir::new().expect("a folder");
    let mut command = super::program::command(folder.path(), server.port, &["atlas", "find"]);
    command.env("NO_PROXY", "").env("http_proxy", "not a proxy");
    let outcome = Outcome::of(command.output().expect("run"));
    outcome.ended(2).says(&["http_proxy in the environment"]);
    assert!(server.log().is_empty());
}

#[test]
fn the_proxy_of_the_environment_is_used() {
    let service = Server::start((), |(), _| Reply::json(200, "[]"));
    let proxy = Server::start((), |(), _| Reply::json(403, ""));
    let folder = TempDir::new().expect("a folder");
    let mut command = super::program::command(folder.path(), service.port, &["atlas", "find"]);
    let address = format!("http://127.0.0.1:{}", proxy.port);
    command.env("NO_PROXY", "").env("http_proxy", address);
    let output = command.output().expect("run");
    assert_eq!(output.status.code(), Some(6), "a refusal is not asked for again");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the proxy that the environment names refuses"), "{said}");
    assert!(!proxy.log().is_empty());
    assert!(service.log().is_empty());
}

/// One line without an end, an array of nothing, the same results for ever.
#[test]
fn endless_answers_end() {
    for body in ["x", " ", "{\"a\": [", "[], ", "{},\n"] {
        let server = Server::start((), move |(), _| Reply::json(200, body).by(Way::Endless));
        let folder = TempDir::new().expect("a folder");
        let outcome = run(folder.path(), server.port, &["atlas", "fetch", "7"]);
        outcome.ended(6).says(&["nothing new"]);
        run(folder.path(), server.port, &["atlas", "find"]).ended(6).says(&["is longer than"]);
    }
}
