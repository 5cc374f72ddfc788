//! A simulated internet, for demonstrations and tests.
//!
//! It stands beside the road: [`Network`] is a pure model, packet in and packet out, driven in
//! virtual time by [`VirtualTransport`] or, behind a pair of virtual network devices in a namespace
//! without an uplink, by whatever program runs there. Namespaces are Linux's; virtual time is everywhere. A [`Story`] is such a network over months.

mod answer;
mod bucket;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
mod error;
#[cfg(target_os = "linux")]
mod linux;
mod network;
mod packet;
mod scenario;
mod scenarios;
mod stories;
mod story;
mod tcp;
mod virtual_transport;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::enter;
pub use error::LabError;
#[cfg(target_os = "linux")]
pub use linux::enter;
pub use network::{Change, Delivery, Network};
pub use scenario::{Balance, Changes, Manners, Scenario, ScenarioError, Truth};
pub use scenarios::{DEFAULT, NAMES, built_in};
pub use stories::{STORIES, story};
pub use story::{Planned, Story};
pub use virtual_transport::{VirtualConnections, VirtualTransport};
