//! Which of the program's tables a file holds, so that none is replaced by another.

use std::path::Path;

use crate::columns::TABLES;
use crate::input;

/// Which of the program's tables a file holds, by its header or by the keys of its first object.
#[must_use]
pub fn held_table(path: &Path) -> Option<&'static str> {
    let head = input::open(Some(path)).ok()?.head;
    let first = head.split(|byte| *byte == b'\n').next()?;
    let first = String::from_utf8_lossy(first);
    let first = first.trim_start_matches('\u{feff}').trim();
    let names: Vec<String> = match serde_json::from_str(first) {
        Ok(serde_json::Value::Object(row)) => row.into_iter().map(|(name, _)| name).collect(),
        _ => first.split(',').map(|name| name.trim_matches('"').to_owned()).collect(),
    };
    let is_there = |name: &String| names.contains(name);
    let tables = TABLES.iter().map(|table| (table.name, table.names(1, &[])));
    let whole = tables.filter(|(_, columns)| columns.iter().all(is_there));
    let widest = whole.max_by_key(|(_, columns)| columns.len()).map(|(name, _)| name);
    // Some of its columns may have been dropped.
    let ours = || ["schema", "run_id"].iter().all(|name| is_there(&(*name).to_owned()));
    widest.or_else(|| ours().then_some("of another kind"))
}
