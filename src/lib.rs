//! lasthop
pub mod border;
pub mod cli;
pub mod lab;
pub mod output;
pub mod owner;
pub mod probe;
pub mod split;
pub mod targets;
pub mod trace;
pub mod transit;
