//! scamper's measurements, in its binary archive and as JSON.

mod balanced;
pub(super) mod csv;
pub(super) mod json;
mod measurement;
pub(super) mod warts;
mod warts_fields;
mod warts_trace;
