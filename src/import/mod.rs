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
pub(crate) mod parallel;
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
use std::net::Ipv4Addr;

use crate::trace::Trace;

pub use open::{Opened, open};
pub use targetless::Targetless;

/// What a format found at one place of its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A traceroute.
    Trace(Box<Trace>),
    /// A traceroute to an address that was not asked for, whose hops were not looked at.
    Elsewhere(Ipv4Addr),
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

/// Findings in their order, each with its line.
pub type Findings<'a> = dyn Iterator<Item = (u64, Finding)> + 'a;

/// Which destinations are asked for.
pub type Wanted<'a> = dyn Fn(Ipv4Addr) -> bool + Sync + 'a;

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

    /// How it reads records one by one, where it is a stream of JSON that may be large.
    fn records(&self) -> Option<Records> {
        None
    }
}

/// Records that can be read in any order, and on all cores at once.
#[derive(Debug, Clone, Copy)]
pub struct Records {
    /// What may stand before one.
    prefixes: &'static [&'static str],
    /// What is in one. The hops of a traceroute that is not wanted need not be looked at.
    parse: fn(&[u8], &Wanted<'_>) -> Vec<Finding>,
}

/// Reads everything that is `wanted` in `input`. `work` sifts some findings at a time, on whatever core they
/// were made; `take` gets what it makes of them, in the order of the input.
///
/// # Errors
/// Only when `input` fails.
pub fn read<R: Send>(
    format: &dyn Format,
    input: &mut (dyn BufRead + Send),
    wanted: &Wanted<'_>,
    work: impl Fn(&mut Findings<'_>) -> R + Sync,
    mut take: impl FnMut(R),
) -> io::Result<()> {
    if let Some(Records { prefixes, parse }) = format.records() {
        return json::sifted(prefixes, input, |record| parse(record, wanted), work, take);
    }
    let mut found = Vec::with_capacity(SOME);
    let mut sink = |line, finding| {
        found.push((line, finding));
        if found.len() == SOME {
            take(work(&mut found.drain(..)));
        }
    };
    let read = format.read(input, &mut sink);
    if !found.is_empty() {
        take(work(&mut found.drain(..)));
    }
    read
}

/// How many findings are sifted at a time, where they are made one by one.
const SOME: usize = 64;

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
