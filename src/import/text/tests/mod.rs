//! Texts of each program, and of several.

mod mtr;
mod several;
mod tracepath;
mod traceroute;
mod tracert;
