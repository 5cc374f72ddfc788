//! The simulated internet behind a pair of virtual devices, in a namespace of this process's own.

mod link;
mod namespace;
mod netlink;
mod simulation;

use super::error::LabError;
use super::network::Network;
use super::scenario::Scenario;

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
