//! Dialects of the formats, by hand: what versions and writers do differently.

use std::fmt::Write as _;

use crate::trace_lines::lines_of;

fn check(format: &str, cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(lines_of(format, text.as_bytes()), *expected, "{text}");
    }
}

/// The hops of a result of RIPE Atlas: two that answer, and one that does not.
const HOPS: &str = r#"[{"hop":1,"result":[{"from":"10.0.0.1","ttl":64,"size":28,"rtt":1.5},{"x":"*"}]},
    {"hop":2,"result":[{"from":"188.43.225.153","ttl":60,"rtt":120.25},{"x":"*"}]},
    {"hop":3,"result":[{"x":"*"},{"x":"*"}]}]"#;

const READ: &str = "| 1 10.0.0.1:1.500 * | 2 188.43.225.153:120.250 * | 3 * *";

#[test]
fn every_firmware_of_ripe_atlas_is_read() {
    for (head, expected) in [
        // 5xxx, of today.
        (
            r#""fw":5080,"mver":"2.6.2","lts":22,"dst_name":"175.45.176.8","af":4,"dst_addr":"175.45.176.8",
            "src_addr":"192.168.1.2","proto":"ICMP","ttr":1.2,"size":48,"paris_id":7,"msm_id":5051,"prb_id":7,
            "timestamp":1764500000,"msm_name":"Traceroute","from":"193.0.0.9","type":"traceroute""#,
            "175.45.176.8 icmp flow 7 from 7 (193.0.0.9) at 2025-11-30T10:53:20Z",
        ),
        // 4610 and later.
        (
            r#""fw":4610,"af":4,"dst_addr":"175.45.176.8","dst_name":"x.kp","proto":"UDP","paris_id":0,
            "prb_id":7,"timestamp":1395833036,"from":"","src_addr":"193.0.0.9","type":"traceroute""#,
            "175.45.176.8 udp flow 0 from 7 (193.0.0.9) at 2014-03-26T11:23:56Z",
        ),
        // Before 4460.
        (
            r#""fw":4400,"pf":4,"addr":"175.45.176.8","name":"x.kp","proto":"UDP","srcaddr":"10.0.0.2",
            "prb_id":7,"timestamp":1340329190,"from":"193.0.0.9","type":"traceroute""#,
            "175.45.176.8 udp from 7 (193.0.0.9) at 2012-06-22T01:39:50Z",
        ),
        // What a probe prints, with a clock that never was set.
        (
            r#""id":"9","fw":4790,"time":0,"dst_addr":"175.45.176.8","af":4,"proto":"TCP","paris_id":1"#,
            "175.45.176.8 tcp flow 1",
        ),
    ] {
        let result = format!("{{{head},\"result\":{HOPS}}}");
        let one_line = result.replace('\n', " ");
        for (wrapped, line) in [
            (result.clone(), 1),
            (format!("RESULT {one_line}\n"), 1),
            (format!("[{result}]"), 1),
            (format!("\n{one_line}\r\n"), 2),
            (format!("{{\"7\":{result}}}"), 1),
            (format!("{{\"7\": [{result}]}}"), 1),
            (format!("[\"atlas_result\",{one_line}]"), 1),
        ] {
            let found = lines_of("atlas", wrapped.as_bytes());
            assert_eq!(found, [format!("{line} {expected} {READ}")], "{wrapped}");
        }
    }
}

#[test]
fn replies_of_ripe_atlas_have_many_kinds() {
    let result = |hops: &str| {
        format!(r#"{{"fw":5020,"af":4,"prb_id":7,"dst_addr":"175.45.176.8","result":[{hops}]}}"#)
    };
    for (hops, expected) in [
        (
            r#"{"hop":1,"result":[{"from":"10.0.0.1","rtt":1,"err":"N"},{"from":"10.0.0.1","rtt":1,"err":"A"},
            {"from":"10.0.0.1","rtt":1,"err":10},{"from":"10.0.0.1","rtt":1,"err":"H"},{"from":"10.0.0.1","rtt":1,"err":"P"}]}"#,
            "| 1 10.0.0.1!0:1.000 10.0.0.1!13:1.000 10.0.0.1!10:1.000 10.0.0.1!1:1.000 10.0.0.1!2:1.000",
        ),
        (
            r#"{"hop":1,"result":[{"late":2,"from":"10.0.0.9","ttl":1,"size":9},{"x":"*"},
            {"from":"10.0.0.1","rtt":2,"dup":true},{"from":"10.0.0.1","rtt":3}]}"#,
            "| 1 * 10.0.0.1:3.000 | max-ttl",
        ),
        (
            r#"{"hop":1,"result":[{"from":"10.0.0.1","rtt":1,"icmpext":{"version":2,"rfc4884":1,
            "obj":[{"class":1,"type":1,"mpls":[{"label":24,"exp":0,"s":1,"ttl":1}]}]}}]}"#,
            "| 1 10.0.0.1:1.000/24:1 | max-ttl",
        ),
        (
            r#"{"hop":1,"result":[{"from":"10.0.0.1","rtt":1}]},{"hop":255,"result":[{"x":"*"}]}"#,
            "| 1 10.0.0.1:1.000 | gap-limit",
        ),
        (
            r#"{"hop":1,"result":[{"x":"*"}]},{"hop":255,"result":[{"from":"175.45.176.8","rtt":9}]}"#,
            "| 1 * | 2 target=:9.000",
        ),
        (r#"{"hop":9,"result":[{"from":"175.45.176.8","rtt":9,"err":"p"}]}"#, "| 9 target!3:9.000"),
        (
            r#"{"hop":1,"result":[{"from":"10.0.0.1","rtt":1}]},{"hop":2,"error":"sendto failed: x"}"#,
            "| 1 10.0.0.1:1.000 | unsent",
        ),
    ] {
        let expected = format!("1 175.45.176.8 from 7 {expected}");
        assert_eq!(lines_of("atlas", result(hops).as_bytes()), [expected], "{hops}");
    }
}

#[test]
fn what_ripe_atlas_has_besides_is_told() {
    check(
        "atlas",
        &[
            (
                r#"{"fw":1,"prb_id":7,"type":"traceroute","dst_addr":"175.45.176.8","result":"traceroute to"}"#,
                &["1 skipped: its hops are text, as the first firmware sent them"],
            ),
            (
                r#"{"fw":5020,"prb_id":7,"type":"ping","dst_addr":"175.45.176.8","result":[]}"#,
                &["1 skipped: another kind of measurement: ping"],
            ),
            (
                r#"{"fw":5020,"prb_id":7,"af":4,"result":[{"error":"name resolution failed: x"}]}"#,
                &["1 skipped: name resolution failed: x"],
            ),
            ("{\"prb_id\":7,", &["1 malformed: the input ends within a record"]),
        ],
    );
}

#[test]
fn every_version_of_mtr_json_is_read() {
    let hub = |count: &str, host: &str, extra: &str| {
        format!(
            r#"{{"count":{count},"host":"{host}",{extra}"Loss%":0.0,"Snt":2,"Last":1.5,"Avg":1.5,"Best":1.25,"Wrst":2}}"#
        )
    };
    let report = |dst: &str, hubs: &[String]| {
        format!(
            r#"{{"report":{{"mtr":{{"src":"here","dst":"{dst}","tests":"2"}},"hubs":[{}]}}}}"#,
            hubs.join(",")
        )
    };
    let old = report("175.45.176.8", &[hub("\"1\"", "10.0.0.1", ""), hub("\"2\"", "???", "")]);
    let new =
        report("175.45.176.8", &[hub("1", "10.0.0.1", "\"ASN\":\"AS???\","), hub("2", "???", "")]);
    let read = "175.45.176.8 from here | 1 10.0.0.1:1.250 | 2 *";
    let both = format!("{old}\n{new}\n");
    assert_eq!(lines_of("mtr-json", both.as_bytes()), [format!("1 {read}"), format!("2 {read}")]);
    // With names and addresses the name that was typed is found again.
    let named =
        report("x.kp", &[hub("1", "gw (10.0.0.1)", ""), hub("2", "x.kp (175.45.176.8)", "")]);
    let found = lines_of("mtr-json", named.as_bytes());
    assert_eq!(found, ["1 175.45.176.8 from here | 1 10.0.0.1:1.250 | 2 target=:1.250"]);
    let typed = report("x.kp", &[hub("1", "10.0.0.1", ""), hub("2", "175.45.176.8", "")]);
    let found = lines_of("mtr-json", typed.as_bytes());
    let hops = "0.0.0.0 from here | 1 10.0.0.1:1.250 | 2 175.45.176.8:1.250";
    assert_eq!(found, [format!("1 no destination (175.45.176.8) {hops}")]);
    // The border has a name and no address.
    let nameless = report(
        "175.45.176.8",
        &[hub("1", "10.0.0.1", ""), hub("2", "border.example", ""), hub("3", "175.45.176.8", "")],
    );
    assert_eq!(
        lines_of("mtr-json", nameless.as_bytes()),
        ["1 skipped: hops have names and no addresses"]
    );
    let mut cut = new.clone();
    cut.truncate(new.len() - 1);
    assert!(lines_of("mtr-json", cut.as_bytes())[0].starts_with("1 malformed: "));
}

#[test]
fn every_writer_of_nexttrace_is_read() {
    let mut text = String::new();
    for sender in [r#"{"IP":"10.0.0.1","Zone":""}"#, r#""10.0.0.1""#] {
        let _ = writeln!(
            text,
            r#"{{"Hops":[[{{"Success":true,"Address":{sender},"TTL":1,"RTT":1500000,"MPLS":["[MPLS: Lbl 24, TC 0, S 1, TTL 1]"]}}],
            [{{"Success":false,"Address":null,"TTL":2,"RTT":0}}],[{{"Success":true,"Address":{{"IP":"175.45.176.8"}},"RTT":9000000}}]]}}"#
        );
    }
    let read = "175.45.176.8 | 1 10.0.0.1:1.500/24:1 | 2 * | 3 target=:9.000 | home";
    assert_eq!(lines_of("nexttrace", text.as_bytes()), [format!("1 {read}"), format!("3 {read}")]);
}

#[test]
fn every_dialect_of_scamper_is_read() {
    let hop =
        r#"{"addr":"10.0.0.1","probe_ttl":1,"probe_id":1,"rtt":1.5,"icmp_type":11,"icmp_code":0}"#;
    let last = r#"{"addr":"::ffff:175.45.176.8","probe_ttl":3,"probe_id":1,"rtt":9.5,"icmp_type":3,"icmp_code":3}"#;
    let trace = format!(
        r#"{{"type":"trace","version":"0.1","method":"udp-paris","dst":"::ffff:175.45.176.8","stop_reason":"COMPLETED",
        "start":{{"sec":1764500000,"usec":5}},"hop_count":3,"attempts":1,"hops":[{hop},{last}]}}"#
    )
    .replace('\n', " ");
    let read = "175.45.176.8 udp at 2025-11-30T10:53:20.000005Z | 1 10.0.0.1:1.500 | 2 * | 3 target=:9.500 | home";
    for (text, line) in [
        (trace.clone(), 1),
        (format!("{{\"type\":\"cycle-start\"}}\n{trace}\n{{\"type\":\"cycle-stop\"}}\n"), 2),
        (format!("{{\"UUID\":\"x\",\"TracerouteCallerVersion\":\"1\"}}\n{trace}\n"), 2),
        (
            format!(
                "{{\"Metadata\":{{\"UUID\":\"x\"}},\"CycleStart\":{{}},\"Trace\":{trace},\"CycleStop\":{{}}}}"
            ),
            1,
        ),
    ] {
        assert_eq!(lines_of("scamper-json", text.as_bytes()), [format!("{line} {read}")], "{text}");
    }
}
