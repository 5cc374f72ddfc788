//! What is read of route collectors' files, and what follows from it.
#![expect(clippy::expect_used, reason = "a test that cannot begin has failed")]

#[path = "../skipping/mod.rs"]
mod skipping;

mod changes;
mod mrt_file;
mod october;
mod reading;
mod second;

/// Says aloud that a test is not made.
fn skip(why: &str) {
    skipping::skipped(std::thread::current().name().unwrap_or_default(), why);
}
