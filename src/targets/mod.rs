//! What to ask: the first room on the road.
//!
//! `targets.toml` names the block that is measured and the length at which it is routed, the classes of transit,
//! the carriers that belong to them, and the addresses that show no holder. All of it is data: another block with
//! other carriers is another file.

mod block;
mod carriers;
mod classes;
mod config;
mod upstreams;

pub use block::{Block, OutsideBlock, TargetSpec, sample, select};
pub use carriers::{Carrier, Carriers, Special, Specials};
pub use classes::{ClassId, Classes, Country, NotACountry};
pub use config::{BUILT_IN, KnownBorder, KnownHost, Targets, TargetsError};
pub use upstreams::{PeerUpstream, Upstream, Upstreams};

#[cfg(test)]
mod tests;
