//! Texts of each program, and of several.

mod mtr;
mod tracepath;
mod traceroute;
mod tracert;
