//! What `mtr --raw` writes: lines of a letter and numbers, as answers come.

use std::time::Duration;

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

    /// Whether a trace may begin with it.
    pub(in crate::import) fn begins(self) -> bool {
        matches!(self, Self::Sent(..) | Self::Host(..))
    }
}
