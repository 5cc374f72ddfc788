//! `lasthop atlas`, `globalping`, `bgp --now` and `owner --update` against a stand-in on loopback that answers as the
//! services' documents say, and as networks misbehave.
//!
//! Nothing reaches further: [`program`] names the stand-in as the service, and every proxy variable leads to a port of
//! loopback where nobody listens.

mod atlas;
mod bgp;
mod confined;
mod fetch;
mod find;
mod globalping;
mod measure;
mod owner;
mod program;
mod server;
#[path = "../skipping/mod.rs"]
mod skipping;
mod tls;
mod traces;
