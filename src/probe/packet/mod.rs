//! The bytes of a probe, and from the bytes of a reply back to the probe.
//!
//! Both directions are pure: no socket, and no clock but the stamps that are passed in. [`Codec`] holds
//! the run's secret and the fields that identify a probe; `encode` and `decode` are its two directions.
//! Everything that a load balancer may hash stays constant within a trace (Augustin et al., "Avoiding
//! traceroute anomalies with Paris traceroute", IMC 2006), and a probe is recognised even where a
//! router quotes only eight bytes of it.

mod codec;
mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub use codec::{Codec, PING_SOCKETS, Secret};
pub use decode::Ignored;
