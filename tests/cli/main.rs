//! The program as its users meet it: the real executable, its streams, files, messages and exit
//! codes.
//!
//! What sends packets runs in the lab and nowhere else: [`program`] sees to that. Where namespaces
//! are forbidden these tests say so aloud and are skipped; under continuous integration they fail.

mod agreement;
mod announced;
mod another_block;
mod append;
mod arrive;
mod bad_input;
mod bgp;
mod classify;
mod classify_much;
mod columns;
mod control_plane;
mod counters;
mod describe;
mod documents;
mod examples;
mod exit_codes;
mod files;
mod files_kept;
mod fixtures;
mod forged;
mod formats;
mod gateway;
mod help;
mod hidden_text;
mod hops;
mod inside;
mod interrupt;
mod kills;
mod lab;
mod locks;
mod normal;
mod origins;
mod outcome;
mod owner;
mod permission;
mod ping;
mod planes;
mod privileges;
mod program;
mod report;
mod running;
mod scenarios;
mod schemas;
mod sheet;
mod skip;
#[path = "../skipping/mod.rs"]
mod skipping;
mod sockets;
mod stdout;
mod stories;
mod streams;
mod tcp;
mod terminal;
mod unprivileged;
mod users;
mod virtual_time;
mod widths;
mod witness;
