//! Files that other programs made, and the program's own hops: what each says, trace by trace.
#![expect(clippy::expect_used, reason = "helpers of tests")]

mod skipping;
#[path = "dumps/trace_lines.rs"]
mod trace_lines;

#[path = "dumps/samples.rs"]
mod samples;

#[path = "dumps/facts.rs"]
mod facts;

#[path = "dumps/peers.rs"]
mod peers;

#[path = "dumps/damage.rs"]
mod damage;

#[path = "dumps/variants.rs"]
mod variants;

#[path = "dumps/pasted.rs"]
mod pasted;
