//! What mtr prints: its reports and screens, CSV and JSON.

pub(super) mod csv;
mod host;
pub(super) mod json;
pub(super) mod report;
mod row;
pub(super) mod xml;
