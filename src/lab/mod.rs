//! A simulated internet, for demonstrations and tests.
//!
//! It stands beside the road: [`Network`] is a pure model, packet in and packet out, driven in
//! virtual time by [`VirtualTransport`] or, behind a pair of virtual network devices in a namespace
//! without an uplink, by whatever program runs there. A [`Story`] is such a network over months.

mod answer;
mod bucket;
mod error;
mod link;
mod namespace;
mod netlink;
mod network;
mod packet;
mod scenario;
mod scenarios;
mod simulation;
mod stories;
mod story;
mod tcp;
mod virtual_transport;

pub use error::LabError;
pub use network::{Change, Delivery, Network};
pub use scenario::{Balance, Changes, Manners, Scenario, ScenarioError, Truth};
pub use scenarios::{DEFAULT, NAMES, built_in};
pub use stories::{STORIES, story};
pub use story::{Planned, Story};
pub use virtual_transport::{VirtualConnections, VirtualTransport};

/// Moves this process into a namespace without an uplink and puts the network of `scenario` behind
/// its only device. Must be called while the process has one thread; what it starts afterwards is
/// inside.
///
/// # Errors
/// Where namespaces are forbidden, or when the kernel refuses a step.
pub fn enter(scenario: Scenario, seed: u64) -> Result<(), LabError> {
    namespace::enter()?;
    let link = link::Link::make(scenario.vantage, scenario.ping_sockets)?;
    simulation::start(Network::new(scenario, seed), link)
}
