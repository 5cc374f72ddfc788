//! Results of RIPE Atlas: an array of them, one to a line, a single one, the newest of each probe,
//! or what a probe itself prints.
//!
//! Every firmware since the first has its own dialect; all of them are read alike.

mod cursor;
mod fast;
mod fields;
mod hops;
mod reply;
mod result;

use super::finding::Finding;
use super::format::{Format, JsonReader, Reader, Wanted};
use super::sniff::Head;
use crate::input::json;

/// The format `atlas`. A word may stand before a result: `RESULT` where a probe printed it, `"atlas_result"` in the
/// stream.
pub(super) const FORMAT: Format = Format {
    name: "atlas",
    recognises,
    stands_alone: false,
    reader: Reader::Json(JsonReader { prefixes: &["RESULT", "\"atlas_result\""], parse: findings }),
};

fn recognises(head: &Head) -> bool {
    let has = |key: &str| head.bytes.windows(key.len()).any(|window| window == key.as_bytes());
    ["\"prb_id\"", "\"paris_id\"", "\"msm_id\""].into_iter().any(has)
}

fn findings(record: &[u8], wanted: &Wanted<'_>) -> Vec<Finding> {
    match latest(record) {
        Some(results) if results.is_empty() => {
            vec![Finding::Skipped("no probe has a result".to_owned())]
        }
        Some(results) => {
            results.into_iter().flat_map(|result| result::findings(result, wanted)).collect()
        }
        None => result::findings(record, wanted),
    }
}

/// The results in `record`, if it is the newest results of each probe: an object with the probes' numbers for
/// its keys, each with a result or an array of them.
fn latest(record: &[u8]) -> Option<Vec<&[u8]>> {
    let rest = record.strip_prefix(b"{")?.trim_ascii_start();
    if rest == b"}" {
        return Some(Vec::new());
    }
    let key = rest.strip_prefix(b"\"")?;
    let digits = key.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_number = digits > 0 && key.get(digits) == Some(&b'"');
    is_number.then(|| json::inside(record))
}

#[cfg(test)]
mod tests;
