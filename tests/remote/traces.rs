//! Results as the probes of RIPE Atlas send them.

use serde_json::{Value, json};

/// When all of them were made.
pub(crate) const TIME: i64 = 1_790_000_000;

/// The last foreign hop on the way through `class`.
fn last_hop(class: &str) -> Option<&'static str> {
    match class {
        "china" => Some("103.35.255.254"),
        "russia" => Some("188.43.225.153"),
        _ => None,
    }
}

/// The result of a probe: by way of `class`, and the target answers; or nobody does behind the provider.
pub(crate) fn atlas(measurement: u64, probe: u64, target: &str, class: &str) -> Value {
    let reply =
        |from: &str| json!([{"from": from, "ttl": 60, "size": 76, "rtt": 20.5}, {"x": "*"}]);
    let mut hops = vec![reply("192.168.1.1"), reply("62.115.9.9")];
    match last_hop(class) {
        Some(last) => hops.extend([reply(last), reply(target)]),
        None => hops.extend((0..5).map(|_| json!([{"x": "*"}]))),
    }
    let hops: Vec<_> = (1..)
        .zip(hops)
        .map(|(hop, result): (u64, _)| json!({"hop": hop, "result": result}))
        .collect();
    json!({
        "fw": 5120, "mver": "2.6.4", "lts": 20, "endtime": TIME + 5, "dst_name": target, "dst_addr": target,
        "src_addr": "192.168.1.7", "proto": "ICMP", "af": 4, "size": 48, "paris_id": 1, "result": hops,
        "msm_id": measurement, "prb_id": probe, "timestamp": TIME, "msm_name": "Traceroute",
        "from": format!("62.115.{}.{}", probe / 256 % 256, probe % 256), "type": "traceroute",
        "group_id": measurement, "stored_timestamp": TIME + 60
    })
}

/// One on each line.
pub(crate) fn lines(results: &[Value]) -> String {
    results.iter().fold(String::new(), |all, one| all + &one.to_string() + "\n")
}
