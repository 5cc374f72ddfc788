//! A laboratory of Linux kernel routers, in network namespaces that have no way out.
//!
//! It shares no code with the product or with the product's own simulator, so that an error made
//! there is not made here too. The road through it:
//!
//! ```text
//! scenarios ─► notation ─► scenario ─┬─► build (namespace) ─► the network ─► product, traceroute
//!                                    └─► walk ─► truth ──────────────────────► verdict
//! ```
//!
//! `cage` makes sure that all of it happens where nothing can leave.

pub(crate) mod build;
pub(crate) mod cage;
pub(crate) mod census;
pub(crate) mod namespace;
mod notation;
pub(crate) mod product;
mod router;
pub(crate) mod scenario;
pub(crate) mod scenarios;
mod tool;
pub(crate) mod traceroute;
mod truth;
pub(crate) mod verdict;
mod walk;
