//! Reports of trippy, as JSON and as CSV: one for each destination.

pub(super) mod csv;
pub(super) mod json;
pub(super) mod table;
