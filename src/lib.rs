//! lasthop
pub mod owner;
pub mod targets;
