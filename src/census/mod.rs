//! Which targets are alive, and how fast they reply: beside the traces, over the same transports.
//!
//! Every target is asked by one [`PingMethod`] after the other until it shows a [`Liveness`]: by echo
//! requests first, then, where the user wants that, by connections and datagrams. A scheduler decides,
//! pure of sockets and clocks, who is asked next; it runs in the engine of [`crate::probe`]. [`Census`]
//! has the hosts and what was found. [`mark_implausible()`] looks at all replies together, for those that
//! cannot be the targets' own, and [`HostCounts`] adds up.

mod counts;
mod host;
mod implausible;
mod liveness;
mod run;
mod scheduler;
mod transport;

pub use counts::{HostCount, HostCounts};
pub use host::{Found, Host, Implausible, Latency, Ping, PingAnswer};
pub use implausible::mark_implausible;
pub use liveness::{Liveness, PingMethod};
pub use run::{Census, PingProgress};
pub use scheduler::PingSettings;
pub use transport::{ConnectPings, FLOW, PacketPings, PingProbe, PingReply, PingResult};
