//! Bytes of files on their way in: opened, decompressed, decoded, cut into lines or records, on all cores.
//!
//! The beginning of the road beside [`crate::probe`]. It knows nothing of what the files say; that is the
//! business of [`crate::import`], and of [`crate::history`] for rows.

mod archive;
mod blocks;
mod budget;
pub(crate) mod chunks;
mod html;
pub(crate) mod json;
mod kind;
mod open;
pub(crate) mod parallel;
pub(crate) mod text;
mod walk;
mod whole;
mod zstd;

pub use kind::kind;
pub use open::{HEAD, Opened, is_compressed, open};
pub use walk::{Found, Visit, Walk, files_in};
pub use whole::{read_text, read_whole};
