//! What mtr and its relatives print: reports and screens, CSV, JSON, raw lines, `WinMTR`'s table.

pub(super) mod csv;
mod host;
pub(super) mod json;
pub(super) mod raw;
pub(super) mod report;
pub(super) mod row;
pub(super) mod winmtr;
pub(super) mod xml;
