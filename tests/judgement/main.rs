//! The rules of judgement, as tests that read like them: traces in a line each, and what they say.
//!
//! Nothing here touches a network: traces are written down, owners come from the built-in
//! configuration, the registries' delegations and tables that a test writes itself.

mod announced;
mod confidence;
mod notation;
mod owners;
mod properties;
mod rules;
mod split;
mod traps;
mod world;
