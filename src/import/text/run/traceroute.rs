//! Lines of traceroute within a run: those of hops, further answers, and what a console broke or cut off.

use std::net::Ipv4Addr;

use super::{Run, Took};
use crate::import::finding::Finding;
use crate::import::format::Sink;
use crate::import::text_trace::{Cell, Sender};
use crate::import::traceroute;
use crate::import::traceroute::hop_words::{Begin, HopLine, HopWords};
use crate::import::values::labels;

impl Run {
    pub(super) fn traceroute(
        &mut self,
        number: u64,
        (text, is_cut): (&str, bool),
        sink: &mut Sink<'_>,
    ) -> Took {
        let listed = self.is_certain.then(|| without_sign(text)).flatten();
        let text = listed.as_deref().unwrap_or(text);
        if let Some((ttl, rest)) = traceroute::ttl(text) {
            let mut words = HopWords::default();
            let hop = words.read_line(rest);
            if self.is_hop(ttl, rest, &hop) {
                if !self.goes_on(ttl) {
                    return Took::Nothing;
                }
                if !is_cut && self.is_next(ttl) && may_go_on(text, &hop) {
                    self.open = Some((number, text.to_owned()));
                    return Took::Line;
                }
                self.words = words;
                // Nothing at the last TTL: it was not waited for.
                self.trace.is_cut = hop.cells.is_empty() || is_cut;
                self.add(number, ttl, hop.cells, sink);
                return Took::Line;
            }
            let is_cut_off = self.has_hops()
                && ttl == self.trace.last().saturating_add(1)
                && is_part_of_address(rest);
            let is_beginning = is_beginning_of_hop(rest, &hop)
                || is_long(text) && hop.begin == Begin::Address
                || is_long(text) && hop.begin == Begin::Name && is_host(rest);
            if self.is_next(ttl) && is_beginning || is_cut_off {
                self.is_paused = false;
                self.open = Some((number, text.to_owned()));
                return Took::Line;
            }
            if self.is_next(ttl) && self.has_hops() && has_address_and_time(rest) {
                // Somebody answered there, so what stands before it is not the last router.
                sink(number, Finding::Malformed("a hop that cannot be read".into()));
                self.add(number, ttl, vec![Cell::answer(Sender::Unreadable, None)], sink);
                return Took::Line;
            }
            return Took::Nothing;
        }
        if self.is_paused || self.trace.is_empty() {
            return Took::Nothing;
        }
        let more = labels(text);
        if !more.is_empty() && text.trim_start_matches(['[', '(', ' ']).starts_with("MPLS") {
            self.trace.label(&more);
            return Took::Line;
        }
        let hop = self.words.read_line(text.strip_prefix("ms ").unwrap_or(text));
        let begins = matches!(hop.begin, Begin::Star | Begin::Time | Begin::Address);
        if begins && hop.is_strict && !hop.cells.is_empty() {
            self.trace.is_cut |= is_cut;
            let ttl = self.trace.last();
            self.add(number, ttl, hop.cells, sink);
            return Took::Line;
        }
        if begins && hop.is_strict && hop.is_open {
            // An address whose times a mail program has put into the next line.
            return Took::Line;
        }
        Took::Nothing
    }

    /// Whether a line is that of a hop: strictly, or by its beginning where it is the next in turn.
    pub(super) fn is_hop(&self, ttl: u8, rest: &str, hop: &HopLine) -> bool {
        let is_blank = rest.trim().is_empty();
        if is_blank {
            return self.is_next(ttl);
        }
        if hop.cells.is_empty() || hop.begin == Begin::Other || hop.begin == Begin::Time {
            return false;
        }
        if hop.is_strict && !hop.is_open {
            return hop.begin != Begin::Name || hop.has_answer();
        }
        let all_silent = hop.cells.iter().all(|cell| *cell == Cell::Silent);
        self.is_next(ttl)
            && match hop.begin {
                Begin::Address => hop.has_answer(),
                Begin::Star => hop.has_address() || all_silent && hop.cells.len() > 1,
                _ => hop.is_open && hop.has_answer(),
            }
    }
}

/// A terminal is so wide, and breaks lines where its own ends.
const NARROWEST: usize = 72;

/// Whether the line of a hop may go on in the next: it is long, and not all of it can be read, or it ends with
/// somebody who has no time, or with a number that has no unit.
fn may_go_on(text: &str, hop: &HopLine) -> bool {
    is_long(text) && (!hop.is_strict || hop.is_open || text.ends_with(|c: char| c.is_ascii_digit()))
}

fn is_long(text: &str) -> bool {
    text.chars().count() >= NARROWEST
}

/// Whether the first word may be the name of a host.
fn is_host(rest: &str) -> bool {
    rest.split_whitespace().next().is_some_and(|word| word.contains(['.', ':']))
}

/// `3:  10.0.0.1` or `3, 10.0.0.1`, as some tools list hops, becomes `3  10.0.0.1`.
fn without_sign(text: &str) -> Option<String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text[digits..].strip_prefix([':', ',', ';'])?;
    let sign = &text[digits..text.len() - rest.len()];
    let is_list = (1..=3).contains(&digits) && rest.starts_with([' ', '\t']);
    let rest = if sign == ":" { rest.to_owned() } else { rest.replace(sign, " ") };
    is_list.then(|| format!("{}{rest}", &text[..digits]))
}

/// Whether an address and milliseconds stand somewhere in `text`.
fn has_address_and_time(text: &str) -> bool {
    let is_of_address = |c: char| c.is_ascii_digit() || c == '.';
    let has_address =
        text.split(|c| !is_of_address(c)).any(|word| word.parse::<Ipv4Addr>().is_ok());
    let is_unit =
        |word: &str| matches!(word.trim_start_matches(is_of_address).get(..2), Some("ms" | "us"));
    has_address && text.split_whitespace().any(is_unit)
}

/// `4.69.1`: an address that was cut off.
fn is_part_of_address(text: &str) -> bool {
    let text = text.trim();
    let is_of_address = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    text.bytes().all(is_of_address) && text.bytes().filter(|byte| *byte == b'.').count() >= 2
}

/// Whether a line has only the beginning of a hop: a host, and no time.
fn is_beginning_of_hop(rest: &str, hop: &HopLine) -> bool {
    let mut words = rest.split_whitespace();
    let Some(first) = words.next() else { return false };
    if !hop.cells.is_empty() {
        return false;
    }
    let is_host = is_host(rest);
    let count = words.count();
    match hop.begin {
        Begin::Address => count <= 2,
        Begin::Name => count <= 1 && is_host,
        Begin::Other => {
            count == 0 && is_host && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        }
        Begin::Star | Begin::Time => false,
    }
}
