//! RIPE Atlas: measurements made once by probes all over the world, results of public measurements, and the measurements
//! towards a block.

mod api;
mod measure;
mod measurement;
mod plan;
mod probes;

pub use api::{Found, SERVICE, Span, find, results};
pub use measure::{NO_KEY, Progress, Waiting, balance, collect, complete_places, create, stop};
pub use measurement::{Measurement, Status};
pub use plan::{Plan, Protocol};
pub use probes::{Chosen, From, Probe, choose};
