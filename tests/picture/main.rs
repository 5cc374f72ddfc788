//! What pictures of histories show, and that they are well made.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot begin has failed")]

mod accessible;
mod browser;
mod drawn;
mod looks;
mod page;
mod places;
mod readme;
#[path = "../skipping/mod.rs"]
mod skipping;
mod stories;
mod story;
mod world;
