//! How to ask: from targets to what came back for them.
//!
//! A [`TraceJob`] says what to trace. Its scheduler decides what to send next: the state of each trace,
//! what the traces of a routed prefix have shown together, and a policy that is a pure function of
//! both. [`engine`] is the loop that joins a scheduler and a [`transport`], and [`packet`] has the bytes
//! of probes and replies. Time and chance are arguments, so the same run works on real sockets and in
//! simulated time. What comes out is one [`Trace`](crate::trace::Trace) after the other.

mod divergence;
pub mod engine;
mod exchange;
mod job;
pub mod packet;
mod policy;
mod prefix_knowledge;
mod rate_limit;
mod scheduler;
mod timing;
mod trace_state;
pub mod transport;

pub use exchange::{Attempt, Flow, Probe, ProbeMethod, ProbeTtl, Reply, TraceKey};
pub use job::{TraceJob, TraceSettings};
pub use packet::Ignored;
pub use timing::{Moment, Stamp};
