//! lasthop
pub mod targets;
