//! lasthop
pub mod probe;
pub mod targets;
