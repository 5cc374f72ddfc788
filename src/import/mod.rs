//! Traceroutes that other programs made: a file or a folder for each family of formats.
//!
//! A second source of traces beside [`crate::probe`]. A format turns bytes into [`Finding`]s, in their
//! order and with constant memory, and judges nothing: not even whether a destination is in the block. What
//! it cannot read it reports.

mod atlas;
mod caracal;
mod dublin;
mod dublin_text;
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
mod nmap_xml;
mod own;
mod scamper;
mod scattered;
mod shell_command;
mod sniff;
#[cfg(test)]
mod test_lines;
mod test_netconnection;
mod text;
mod text_trace;
mod traceroute;
mod tracert;
mod trippy;
mod values;
mod xml;
mod yarrp;

pub use finding::{Finding, NoDestination};
pub use format::{Findings, Format, Sink, Wanted};
pub use formats::{FORMATS, is_empty_list, named, recognise};
