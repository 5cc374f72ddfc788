//! What came back elsewhere: traceroutes that other programs made, one format to a file.
//!
//! A second source of traces beside [`crate::probe`]. A format turns bytes into [`Finding`]s, in their
//! order and with constant memory, and judges nothing: not even whether a destination is home. What it
//! cannot read it says; nothing is left out without a word.

mod atlas;
mod bare;
mod gathered;
mod globalping;
mod hop_words;
mod json;
mod mtr_csv;
mod mtr_host;
mod mtr_json;
mod mtr_report;
mod mtr_row;
mod nexttrace;
mod open;
mod own_columns;
mod own_hops;
mod parallel;
mod record;
mod scamper;
mod scamper_balanced;
mod scamper_json;
mod shape;
mod targetless;
mod text;
mod text_run;
#[cfg(test)]
mod told;
mod tracepath;
mod traceroute;
mod tracert;
mod tracert_row;
mod typed;
mod utf16;
mod values;
mod warts;
mod warts_block;
mod warts_trace;
mod warts_tracelb;

use std::fmt;
use std::io::{self, BufRead, Read as _};

use crate::trace::Trace;

pub use open::{Opened, open};
pub use targetless::Targetless;

/// What a format found at one place of its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A traceroute.
    Trace(Box<Trace>),
    /// A traceroute whose file does not say where it went.
    Targetless(Box<Targetless>),
    /// Something that was read and is no traceroute to an IPv4 address, and why: another kind of
    /// measurement, IPv6, one that failed before it began, hops that have names and no addresses.
    Left(String),
    /// Something that cannot be read, and why.
    Broken(String),
}

/// Takes what is found, with the line it begins at (from 1; in binary formats the record).
pub type Sink<'a> = dyn FnMut(u64, Finding) + 'a;

/// One format.
pub trait Format: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// Whether what begins with `head` is of this format. `head` is at most [`HEAD`] bytes, after
    /// decompression, and may end anywhere.
    fn recognises(&self, head: &[u8]) -> bool;

    /// Reads everything. What is broken is told to `sink` and skipped.
    ///
    /// # Errors
    /// Only when `input` fails.
    fn read(&self, input: &mut (dyn BufRead + Send), sink: &mut Sink<'_>) -> io::Result<()>;
}

impl fmt::Debug for dyn Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much of a file is looked at to recognise its format.
pub const HEAD: usize = 64 << 10;

/// All formats, those that are the easiest to tell first.
pub const FORMATS: &[&dyn Format] = &[
    &warts::Warts,
    &own_hops::OwnHops,
    &scamper_json::ScamperJson,
    &mtr_json::MtrJson,
    &nexttrace::NextTrace,
    &globalping::Globalping,
    &atlas::Atlas,
    &mtr_csv::MtrCsv,
    &mtr_report::MtrReport,
    &tracepath::Tracepath,
    &tracert::Tracert,
    &traceroute::Traceroute,
];

/// The format that is called `name`.
#[must_use]
pub fn named(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}

/// The format of what begins with `head`.
#[must_use]
pub fn recognise(head: &[u8]) -> Option<&'static dyn Format> {
    let mut head = head;
    let mut text = Vec::new();
    // From bytes nothing but their end is read.
    let decoded = utf16::decoded(&mut head).and_then(|mut input| input.read_to_end(&mut text));
    decoded.ok()?;
    FORMATS.iter().copied().find(|format| format.recognises(&text))
}
