//! The headers of what `mtr --report` prints, narrow and wide, and of copies of mtr's screen.
//!
//! A report says from where it was made and not where to; a screen says both. Only what answered at the
//! last TTL shows the destination then. Without `-n` or `-b` hosts that have names are shown without
//! their addresses.

use std::sync::Arc;

use jiff::Timestamp;

use crate::import::text_trace::Destination;
use crate::import::values::{self, Address};
use crate::trace::Vantage;

/// `2021-05-08T13:47:51+0800`; older versions have no time zone.
pub(in crate::import) fn started(text: &str) -> Option<Timestamp> {
    jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", text).ok()?.to_timestamp().ok()
}

/// The host that sends: a name, and on a screen its address.
pub(in crate::import) fn host(text: &str) -> Option<Arc<Vantage>> {
    let mut words = text.split_whitespace();
    let name = words.next()?;
    let inside = words.next().map(|word| word.trim_matches(['(', ')']));
    let address = inside.or(Some(name)).and_then(Address::parse).and_then(Address::v4);
    values::vantage(Some(name).filter(|name| *name != "Loss%"), address)
}

/// `NAME (ADDRESS)`, and what follows.
pub(in crate::import) fn destination(text: &str) -> Destination {
    let inside = text.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    let inside = inside.and_then(|(inside, _)| Address::parse(inside));
    let first = || text.split_whitespace().next().and_then(Address::parse);
    inside.or_else(first).map_or(Destination::Name, Destination::from)
}
