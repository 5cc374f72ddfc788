//! The newest results of each probe: an object with the probes' numbers for its keys, each with a
//! result or an array of them.

use crate::import::json;

/// The results in `record`, if it is such an object.
pub(super) fn results(record: &[u8]) -> Option<Vec<&[u8]>> {
    let rest = record.strip_prefix(b"{")?.trim_ascii_start();
    if rest == b"}" {
        return Some(Vec::new());
    }
    let key = rest.strip_prefix(b"\"")?;
    let digits = key.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_number = digits > 0 && key.get(digits) == Some(&b'"');
    is_number.then(|| json::inside(record))
}
