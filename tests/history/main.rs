//! Histories read back: files, order, series; what changed in them, and what did not.

mod events;
mod planted;
mod rates;
mod reading;
mod strange;
