//! Hosts as mtr writes them, in all of its formats.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::import::text_trace::{Cell, Sender};
use crate::import::values::Address;

/// A host at a TTL.
pub(super) enum Host<'a> {
    Silent,
    /// An address, with its name where both are shown.
    Known(Option<&'a str>, Address),
    Named,
}

impl<'a> Host<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        let text = text.trim();
        if text.is_empty() || text == "???" || text == "(waiting for reply)" {
            return Self::Silent;
        }
        if let Some(address) = Address::parse(text) {
            return Self::Known(None, address);
        }
        let both = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
        match both.and_then(|(name, address)| Some((name, Address::parse(address)?))) {
            Some((name, address)) => Self::Known(Some(name), address),
            None => Self::Named,
        }
    }

    /// What a host that answers after `rtt` at best is in a trace.
    pub(super) fn cell(&self, rtt: Option<Duration>) -> Cell {
        match self {
            Self::Silent => Cell::Silent,
            Self::Known(_, address) => Cell::answer(*address, rtt),
            Self::Named => Cell::answer(Sender::Unreadable, rtt),
        }
    }

    /// The address, if the host is called `name`.
    pub(super) fn called(&self, name: &str) -> Option<Ipv4Addr> {
        match self {
            Self::Known(Some(own), address) if own.eq_ignore_ascii_case(name) => address.v4(),
            _ => None,
        }
    }
}
