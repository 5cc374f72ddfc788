//! The columns of every output are those that users and scripts rely on.
#![expect(clippy::expect_used, reason = "what cannot be read is a failure")]

use super::lab::{Lab, outside};

pub(crate) const SUMMARY: &str = "schema,run_id,started_at,ended_at,vantage,method,scope,targets,china,russia,\
    other,unknown,unreached,china_share,china_low,china_high,russia_share,russia_low,russia_high,\
    verdict,carriers,last_hops,rtt_ms,probes,complete,\
    pinged,alive,suspect,alive_rtt_ms,\
    way_out,proven,doubts,peers,full_peers,visibility,origins,rpki";
/// What a schema had no columns of, in the order of the schemas.
pub(crate) const ADDED: [&str; 2] = [
    ",pinged,alive,suspect,alive_rtt_ms",
    ",way_out,proven,doubts,peers,full_peers,visibility,origins,rpki",
];
const TRACES: &str = "schema,run_id,started_at,vantage,method,flow,target,scope,class,confidence,\
    last_hop,last_hop_ttl,last_hop_rtt_ms,asn,carrier,country,last_hop_name,source,reason,\
    stop_reason,reached,first_home_ttl,gap,as_path,probes,strategy";
const HOPS: &str = "schema,run_id,target,flow,ttl,attempt,sent_at,address,rtt_ms,icmp_type,\
    icmp_code,reply_ttl,mpls,asn,country,name,vantage,method,trace,stop_reason,contradicted_by";
const OWNER: &str = "address,class,carrier,asn,as_name,country,country_of,source,range,name,remark";

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The keys of a JSON line, in their order.
fn keys(line: &str) -> String {
    let object: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let mut keys: Vec<&String> = object.as_object().expect("an object").keys().collect();
    keys.sort_by_key(|key| line.find(&format!("\"{key}\":")));
    keys.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(",")
}

#[test]
fn as_csv() {
    let Some(lab) = Lab::near() else { return };
    let files = ["--traces", "t.csv", "--hops", "h.csv", "--append", "a.csv"];
    let run = lab.probe(&[&["175.45.177.10"], &files[..]].concat()).ended(0);
    assert_eq!(first_line(&run.out), SUMMARY);
    assert_eq!(first_line(&lab.read("a.csv")), SUMMARY);
    assert_eq!(first_line(&lab.read("t.csv")), TRACES);
    assert_eq!(first_line(&lab.read("h.csv")), HOPS);
}

#[test]
fn as_json() {
    let Some(lab) = Lab::near() else { return };
    let files = ["--traces", "t.jsonl", "--hops", "h.JSONL", "--format", "json"];
    let run = lab.probe(&[&["175.45.177.10"], &files[..]].concat()).ended(0);
    for (text, columns) in
        [(run.out, SUMMARY), (lab.read("t.jsonl"), TRACES), (lab.read("h.JSONL"), HOPS)]
    {
        assert!(text.ends_with('\n'));
        for line in text.lines() {
            assert_eq!(keys(line), columns);
        }
    }
}

#[test]
fn of_owner() {
    assert_eq!(first_line(&outside(&["owner", "8.8.8.8"]).ended(0).out), OWNER);
    let json = outside(&["owner", "8.8.8.8", "--format", "json"]).ended(0).out;
    assert_eq!(keys(first_line(&json)), OWNER);
}
