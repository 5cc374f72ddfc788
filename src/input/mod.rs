//! Bytes of files on their way in: opened, decompressed, decoded, cut into lines or records, on all cores.
//!
//! The beginning of the road beside [`crate::probe`]. It knows nothing of what the files say; that is the
//! business of [`crate::import`], and of [`crate::history`] for rows.

pub(crate) mod chunks;
pub(crate) mod json;
mod open;
pub(crate) mod parallel;
pub(crate) mod text;

pub use open::{HEAD, Opened, open};
