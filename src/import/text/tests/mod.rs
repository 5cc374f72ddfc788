//! Texts of each program, and of several.

mod json;
mod mtr;
mod several;
mod tracepath;
mod traceroute;
mod tracert;
