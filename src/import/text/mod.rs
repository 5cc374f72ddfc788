//! Texts as people paste them: what several programs printed, one after the other, with words around it.
//!
//! Every trace is recognised for itself (`reader.rs`); what belongs to none is counted. A format of one program
//! looks for that alone.

mod clean;
mod cut;
mod family;
mod fence;
mod place;
mod prefix;
mod quick_hop;
mod reader;
mod record;
mod run;
#[cfg(test)]
mod tests;

use self::family::Family;
use self::reader::TextReader;
use super::finding::Finding;
use super::format::{Format, LineReader, Reader, Sink, TextFormat, Wanted};
use super::sniff::Head;

/// Any text.
pub(super) const FORMAT: Format = Format {
    name: "text",
    recognises,
    stands_alone: false,
    reader: Reader::Text(TextFormat {
        cut: |bytes| cut::last(bytes, None),
        begin: |wanted| Box::new(TextReader::new(None, wanted)),
    }),
};

macro_rules! of_one_program {
    ($($name:ident = $family:ident;)*) => {
        $(
            #[doc = "The text of one program alone, which `--from` names."]
            pub(super) const $name: Format = Format {
                name: Family::$family.name(),
                recognises: |_| false,
                stands_alone: false,
                reader: Reader::Text(TextFormat {
                    cut: |bytes| cut::last(bytes, Some(Family::$family)),
                    begin: |wanted| Box::new(TextReader::new(Some(Family::$family), wanted)),
                }),
            };
        )*
    };
}

of_one_program! {
    TRACEROUTE = Traceroute;
    TRACERT = Tracert;
    TRACEPATH = Tracepath;
    MTR_REPORT = Mtr;
    MTR_RAW = MtrRaw;
    WINMTR = WinMtr;
    NEXTTRACE = NextTrace;
    MIKROTIK = MikroTik;
    NMAP = Nmap;
}

impl LineReader for TextReader<'_> {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        Self::line(self, number, line, sink);
    }

    fn end(mut self: Box<Self>, sink: &mut Sink<'_>) {
        Self::end(&mut self, sink);
    }
}

/// The formats of which something is found in `head`.
fn found(head: &Head) -> Vec<&'static str> {
    // Which formats there are shows without the hops.
    let none: &Wanted<'_> = &|_| false;
    let mut reader = TextReader::new(None, none);
    let mut sink = |_, _: Finding| {};
    for (number, line) in (1..).zip(&head.lines) {
        reader.line(number, line, &mut sink);
    }
    reader.end(&mut sink);
    reader.seen
}

/// A long text may have a trace further on.
fn recognises(head: &Head) -> bool {
    head.is_long_text() || !found(head).is_empty()
}

/// Whether something is found in `head` that is not of the format `name`, by which it was recognised.
pub(super) fn has_other(head: &Head, name: &str) -> bool {
    found(head).iter().any(|found| *found != name)
}
