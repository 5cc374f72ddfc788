//! `RIPEstat`: what the collectors of RIPE RIS see of some prefixes at present, in one document for [`crate::bgp`].

use std::collections::HashSet;
use std::time::Duration;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::client::{Client, Service};
use super::error::{RemoteError, shown};

/// The data API of `RIPEstat`.
pub const SERVICE: Service =
    Service { name: "RIPEstat", url: "https://stat.ripe.net/data/", folder: "/data/", scheme: "" };

/// The routes to `prefixes`, as `bgp-state` answers for one prefix after the other. Whether an answer has more specific
/// prefixes too is left open: what is there twice is there once.
///
/// # Errors
/// When the service refuses or does not answer.
pub fn state(
    client: &mut Client,
    prefixes: &[Ipv4Net],
    budget: Duration,
) -> Result<Vec<u8>, RemoteError> {
    let (mut routes, mut messages, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    let mut time = Value::Null;
    for prefix in prefixes {
        let path = client.path(&format!("bgp-state/data.json?resource={prefix}&sourceapp=lasthop"));
        let until = client.clock.now() + budget;
        let what = format!("the routes to {prefix}");
        let (answer, status) = client.get(&what, &path, false, until, |value| {
            let data =
                value.get("data").filter(|data| data.get("bgp_state").is_some_and(Value::is_array));
            let status = value.get("status").and_then(Value::as_str).unwrap_or("ok").to_owned();
            match data {
                Some(_) => Ok((value.clone(), status)),
                None => Err(format!("the answer has no routes (status {})", shown(&status))),
            }
        })?;
        if status != "ok" {
            let why = format!("it answers with status {}", shown(&status));
            return Err(RemoteError::Unexpected { what, why });
        }
        let list = |pointer| {
            answer.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        routes.extend(
            list("/data/bgp_state").into_iter().filter(|route| seen.insert(route.to_string())),
        );
        messages.extend(
            list("/messages").into_iter().filter(|message| seen.insert(message.to_string())),
        );
        // All are of the same time, or nearly.
        if time.is_null() {
            time = answer.pointer("/data/query_time").cloned().unwrap_or_default();
        }
    }
    let count = routes.len();
    let document = json!({
        "data_call_name": "bgp-state", "status": "ok", "messages": messages,
        "data": {"bgp_state": routes, "query_time": time, "nr_routes": count},
    });
    Ok(document.to_string().into_bytes())
}
