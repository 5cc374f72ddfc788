//! Traceroutes that other programs made: a file or a folder for each family of formats.
//!
//! A second source of traces beside [`crate::probe`]. A format turns bytes into [`Finding`]s, in their
//! order and with constant memory, and judges nothing: not even whether a destination is in the block. What
//! it cannot read it reports.

mod atlas;
mod finding;
mod format;
mod formats;
mod globalping;
mod hop_builder;
mod log_prefix;
mod mikrotik;
mod mtr;
mod nexttrace;
mod nexttrace_text;
mod nmap;
mod own;
mod scamper;
mod shell_command;
mod sniff;
#[cfg(test)]
mod test_lines;
mod text;
mod text_trace;
mod traceroute;
mod tracert;
mod values;

pub use finding::{Finding, NoDestination};
pub use format::{Findings, Format, Sink, Wanted};
pub use formats::{FORMATS, named, recognise};
