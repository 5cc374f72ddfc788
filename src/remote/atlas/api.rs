//! What RIPE Atlas is asked for.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::measurement::Measurement;
use crate::remote::client::{Client, Service};
use crate::remote::error::{RemoteError, shown};
use crate::remote::records::{Records, Seen};

/// RIPE Atlas.
pub const SERVICE: Service = Service {
    name: "RIPE Atlas",
    url: "https://atlas.ripe.net/api/v2/",
    folder: "/api/v2/",
    scheme: "Key",
};

/// The most objects of a page.
const PAGE: usize = 500;
/// The most pages of one list.
const MOST_PAGES: usize = 400;

/// From when to when results were made, both included.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
}

/// The results of a public measurement.
#[must_use]
pub fn results<'c>(
    client: &'c mut Client,
    id: u64,
    span: Span,
    seen: &'c mut Seen,
    most: usize,
) -> Records<'c> {
    let mut path = format!("measurements/{id}/results/?format=txt");
    for (name, time) in [("start", span.since), ("stop", span.until)] {
        if let Some(time) = time {
            path = format!("{path}&{name}={}", time.as_second());
        }
    }
    let path = client.path(&path);
    Records::new(client, format!("results of measurement {id}"), path, seen, most)
}

/// Measurements that were found.
#[derive(Debug, Default)]
pub struct Found {
    /// They.
    pub measurements: Vec<Measurement>,
    /// Why the list may have more, if it does.
    pub cut: Option<String>,
}

/// The traceroutes to addresses of an AS, as the service knew it when they were created; the newest first.
///
/// # Errors
/// When the service refuses or does not answer.
pub fn find(client: &mut Client, asn: u32, budget: Duration) -> Result<Found, RemoteError> {
    let path =
        format!("measurements/?target_asn={asn}&type=traceroute&af=4&sort=-id&page_size={PAGE}");
    let mut measurements = Vec::new();
    let cut = list(client, "the list of measurements", &path, budget, &mut |value| {
        measurements.extend(Measurement::read(value));
    })?;
    Ok(Found { measurements, cut })
}

/// Gives `take` the objects of a list, page by page. Returns why there may be more, if there may.
pub(super) fn list(
    client: &mut Client,
    what: &str,
    path: &str,
    budget: Duration,
    take: &mut dyn FnMut(&Value),
) -> Result<Option<String>, RemoteError> {
    let mut path = client.path(path);
    let mut asked = HashSet::new();
    loop {
        if !asked.insert(path.clone()) {
            return Ok(Some(format!("{what}: a page leads back to one before")));
        }
        if asked.len() > MOST_PAGES {
            return Ok(Some(format!("{what}: there are more than {MOST_PAGES} pages")));
        }
        let until = client.clock.now() + budget;
        let (page, next) = client.get(what, &path, false, until, page)?;
        page.iter().for_each(&mut *take);
        let Some(next) = next else { return Ok(None) };
        path = client.on_this_host(&path, &next).ok_or_else(|| {
            let next = client.strip(&shown(&next));
            let why = format!("its next page is on another host, {next}, which is not asked");
            RemoteError::Unexpected { what: what.into(), why }
        })?;
    }
}

/// The objects of a page, and where the next one is.
fn page(value: &Value) -> Result<(Vec<Value>, Option<String>), String> {
    let objects = value.get("results").and_then(Value::as_array).or_else(|| value.as_array());
    let objects = objects.ok_or("the answer is no list")?;
    let next = value.get("next").and_then(Value::as_str).filter(|next| !next.is_empty());
    Ok((objects.clone(), next.map(str::to_owned)))
}
