//! A simulated internet, for demonstrations and tests.
//!
//! It stands beside the road: [`network`] is a pure model, packet in and packet out, driven in
//! virtual time by [`VirtualWire`] or, behind a pair of virtual network devices in a namespace
//! without an uplink, by whatever program runs there. Only the command line knows this room.

mod answer;
mod bucket;
mod network;
mod packet;
mod scenario;
mod scenarios;
mod virtual_wire;

pub use network::{Delivery, Network};
pub use scenario::{Scenario, ScenarioError, Truth};
pub use scenarios::{DEFAULT, NAMES, built_in};
pub use virtual_wire::VirtualWire;
