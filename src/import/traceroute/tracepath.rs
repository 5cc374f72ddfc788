//! The text that tracepath prints.
//!
//! It has no header: only where a line ends in `reached` is the destination known. Late answers stand
//! behind those to higher TTLs. Without `-n` or `-b` routers that have names are shown without their
//! addresses.

use crate::import::text_trace::{Cell, Sender};
use crate::import::values::{self, Address};
use crate::trace::ReplyKind;

/// Whether a trace begins here.
pub(in crate::import) fn begins(text: &str) -> bool {
    text.contains("[LOCALHOST]")
}

/// `Resume: pmtu 1500 hops 12 back 13`, `Too many hops: pmtu 1500`.
pub(in crate::import) fn is_end(text: &str) -> bool {
    text.starts_with("Resume:") || text.starts_with("Too many hops")
}

/// A line of a hop.
pub(in crate::import) struct Row {
    pub(in crate::import) ttl: u8,
    /// Nothing, where it says neither who answered nor that it was silent.
    pub(in crate::import) cell: Option<Cell>,
    pub(in crate::import) is_end: bool,
}

impl Row {
    /// ` 7:  NAME (ADDRESS)  187.962ms asymm  8 reached`; a TTL that is only guessed has a `?`.
    pub(in crate::import) fn of(text: &str) -> Option<Self> {
        let (ttl, rest) = text.split_once(':')?;
        let ttl = ttl.trim_end_matches('?').parse().ok().filter(|ttl| *ttl > 0)?;
        let words: Vec<&str> = rest.split_whitespace().collect();
        let cell =
            if words.starts_with(&["no", "reply"]) { Some(Cell::Silent) } else { answer(&words) };
        Some(Self { ttl, cell, is_end: words.last() == Some(&"reached") })
    }

    /// Whether nothing else is written like that.
    pub(in crate::import) fn is_certain(&self) -> bool {
        matches!(self.cell, Some(Cell::Silent | Cell::Answer { rtt: Some(_), .. }))
    }
}

/// The sender is what stands before the time; without one there is none.
fn answer(words: &[&str]) -> Option<Cell> {
    let millis = |word: &str| word.strip_suffix("ms")?.parse::<f64>().ok();
    let place = words.iter().position(|word| millis(word).is_some())?;
    let rtt = millis(words[place]).and_then(values::millis);
    let inside = |word: &str| Address::parse(word.trim_matches(['(', ')']));
    let sender = words[..place].iter().rev().find_map(|word| inside(word));
    if sender.is_none() && place > 1 {
        return None;
    }
    let kind =
        words[place..].iter().find_map(|word| refusal(word)).unwrap_or(ReplyKind::TimeExceeded);
    let sender = sender.map_or(Sender::Unreadable, Sender::from);
    Some(Cell::Answer { sender, kind, rtt, labels: Vec::new() })
}

fn refusal(word: &str) -> Option<ReplyKind> {
    let code = match word {
        "!N" => 0,
        "!H" => 1,
        "!P" => 2,
        "!A" => 13,
        _ => return None,
    };
    Some(ReplyKind::Unreachable(code))
}
