//! Texts of each program, and of several.

mod bounds;
mod json;
mod mtr;
mod several;
mod tables;
mod tracepath;
mod traceroute;
mod tracert;
