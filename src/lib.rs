//! lasthop
pub mod border;
pub mod lab;
pub mod probe;
pub mod targets;
pub mod trace;
