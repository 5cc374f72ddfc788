//! The services that are asked: RIPE Atlas and Globalping, which measure from many vantages; `RIPEstat`, for present
//! routes; and the server with a table of origin AS.
//!
//! A third source of traces beside [`crate::probe`] and files. It asks over HTTP (`http.rs`, the only connections),
//! again where that is safe (`client.rs`), and hands lines to [`crate::import`]; it judges nothing. Time and chance
//! come in through [`Clock`] and seeds.

pub mod atlas;
mod backoff;
mod client;
mod download;
mod error;
pub mod globalping;
mod http;
mod key;
mod records;
pub mod ripestat;
mod run;

pub use backoff::Clock;
pub use client::{Client, Service};
pub use download::{Fetched, download};
pub use error::{Refusal, RemoteError};
pub use key::{Key, KeyError};
pub use records::{Lines, Records, Seen};
pub use run::{End, Entry, Journal, Made, Places, Planned, ProbePlace, Run, Runs, State, Step};
