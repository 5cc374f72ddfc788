//! What `mtr --raw` writes: lines of a letter and numbers, as answers come.

use std::time::Duration;

use crate::import::text_trace::{Cell, Sender, TextTrace};
use crate::import::values::{self, Address};

/// A line of it; hops are counted from 0 there, from 1 here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) enum Raw {
    /// `x 0 33000`: a probe left, with its number.
    Sent(u8, Option<u32>),
    /// `h 0 192.168.0.1`: who is there.
    Host(u8, Address),
    /// `p 0 10394 33000`: an answer, after microseconds.
    Answer(u8, Option<Duration>),
    /// A name, labels: nothing that is needed.
    Other,
}

impl Raw {
    pub(in crate::import) fn of(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let kind = words.next().filter(|kind| kind.len() == 1)?;
        let ttl = words.next()?.parse::<u8>().ok()?.checked_add(1)?;
        let value = words.next()?;
        let (sequence, is_end) = (words.next(), words.next().is_none());
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match kind {
            "x" if is_number(value) && sequence.is_none() => {
                Some(Self::Sent(ttl, value.parse().ok()))
            }
            "h" if sequence.is_none() => Some(Self::Host(ttl, Address::parse(value)?)),
            "d" if sequence.is_none() => Some(Self::Other),
            "p" if is_end && sequence.is_none_or(is_number) => {
                let rtt = Duration::from_micros(value.parse().ok()?);
                Some(Self::Answer(ttl, values::rtt(rtt)))
            }
            "m" | "y" | "t" if is_number(value) => Some(Self::Other),
            _ => None,
        }
    }

    /// The TTL of a line with which a trace may begin.
    pub(in crate::import) fn begins(self) -> Option<u8> {
        match self {
            Self::Sent(ttl, _) | Self::Host(ttl, _) => Some(ttl),
            Self::Answer(..) | Self::Other => None,
        }
    }
}

/// What the lines of a trace have said so far.
#[derive(Debug, Default)]
pub(in crate::import) struct RawHops {
    /// Who is where, which is said once.
    hosts: Vec<(u8, Sender)>,
    /// The TTLs that were asked.
    asked: Vec<u8>,
    /// The number of the last probe.
    sent: Option<u32>,
}

/// What a line does to a trace.
#[derive(Debug, PartialEq)]
pub(in crate::import) enum Step {
    /// Another trace begins with it.
    Next,
    /// It is kept in mind.
    Kept,
    Hop(u8, Cell),
}

impl RawHops {
    pub(in crate::import) fn take(&mut self, raw: Raw) -> Step {
        match raw {
            Raw::Host(ttl, address) => {
                let host = (ttl, Sender::from(address));
                // Versions that do not say what they send show by this that another trace begins.
                if self.sent.is_none() && self.hosts.contains(&host) && self.hosts.len() > 1 {
                    return Step::Next;
                }
                self.hosts.retain(|(at, _)| *at != ttl);
                self.hosts.push(host);
            }
            Raw::Answer(ttl, rtt) => {
                let sender = self.hosts.iter().find(|(at, _)| *at == ttl);
                let sender = sender.map_or(Sender::Unreadable, |(_, sender)| *sender);
                return Step::Hop(ttl, Cell::answer(sender, rtt));
            }
            Raw::Sent(ttl, number) => {
                // Every trace counts its probes from the same number on.
                if number < self.sent {
                    return Step::Next;
                }
                self.sent = number;
                if self.asked.len() < usize::from(u8::MAX) {
                    self.asked.push(ttl);
                }
            }
            Raw::Other => {}
        }
        Step::Kept
    }

    /// Tells `trace` who is there whose answer has no line, and who was asked in vain.
    pub(in crate::import) fn end(&self, trace: &mut TextTrace) {
        trace.asked(&self.asked, &self.hosts);
    }
}
