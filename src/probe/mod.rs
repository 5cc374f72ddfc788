//! How to ask: from targets to what came back for them.
//!
//! [`plan`] decides what to send next, [`pace`] how fast, [`packet`] what the bytes are, [`wire`]
//! moves them, and [`engine`] is the loop that joins them. Time and chance are arguments, so the
//! same plan runs on real sockets and in simulated time. The result is a list of [`Finished`]
//! traces: every probe and what became of it.

mod ask;
mod course;
pub mod engine;
mod finished;
mod limit;
mod moment;
mod neighbours;
mod next;
mod order;
pub mod pace;
pub mod packet;
mod patience;
pub mod plan;
mod privileges;
mod reply;
mod rounds;
mod seek;
mod settings;
pub mod wire;

pub use ask::{Attempt, Flow, Method, Path, Probe, Ttl};
pub use finished::{Finished, Outcome, Try};
pub use moment::Moment;
pub use order::flows_of;
pub use packet::Ignored;
pub use privileges::give_up_privileges;
pub use reply::{Answer, Reply};
pub use settings::Settings;
