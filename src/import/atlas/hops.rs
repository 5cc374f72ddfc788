//! The hops of a result, read straight into those of a trace.
//!
//! Results are read by the gigabyte, and almost all of them is replies; nothing but what stays is
//! put anywhere in between.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::reply::{Replies, Text, Unreadable};
use crate::trace::{Hop, HopTry, Ttl};

/// The hops that a result may have.
pub(super) const MOST: usize = 512;
/// The TTL of the probe that is sent when too many hops were silent. It may reach the target, and is
/// no distance.
const LAST_DITCH: u8 = 255;

/// What a result has for its hops.
#[derive(Debug)]
pub(super) enum Hops {
    /// What the traceroute program wrote.
    Text,
    /// Something that no traceroute has.
    Other,
    /// Hops that were not read, since the destination is out of scope.
    NotRead,
    List(HopList),
}

/// The hops, and what is to be said of them.
#[derive(Debug, Default)]
pub(super) struct HopList {
    /// By rising TTL, each once.
    pub(super) hops: Vec<Hop>,
    /// What went wrong with all of it, or with a hop.
    pub(super) error: Option<String>,
    /// The furthest TTL at which a probe could not be sent.
    pub(super) unsent: Option<u8>,
    /// Whether it was given up because too many hops were silent.
    pub(super) gap: bool,
    pub(super) unreadable: Option<Unreadable>,
}

impl<'de> Deserialize<'de> for Hops {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HopsVisitor)
    }
}

struct HopsVisitor;

impl<'de> Visitor<'de> for HopsVisitor {
    type Value = Hops;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hops")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Hops, E> {
        Ok(Hops::Text)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Hops, E> {
        Ok(Hops::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Hops, E> {
        Ok(Hops::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Hops, E> {
        Ok(Hops::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Hops, E> {
        Ok(Hops::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hops, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Hops::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Hops, A::Error> {
        let mut list = HopList::default();
        let mut count = 0;
        while let Some(element) = elements.next_element::<Element<'_>>()? {
            count += 1;
            if count > MOST {
                return Err(A::Error::custom("more hops than there are TTLs"));
            }
            list.add(element).map_err(A::Error::custom)?;
        }
        list.arrange();
        Ok(Hops::List(list))
    }
}

/// A hop, as it was written.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Element<'a> {
    pub(super) hop: Option<u64>,
    #[serde(borrow)]
    pub(super) error: Option<Text<'a>>,
    pub(super) result: Option<Replies>,
}

impl HopList {
    pub(super) fn add(&mut self, element: Element<'_>) -> Result<(), String> {
        let failed = element.error.is_some();
        if let Some(error) = element.error {
            self.error = Some(error.shown());
        }
        let Some(number) = element.hop else {
            return if element.result.is_some() { Err("a hop has no TTL".into()) } else { Ok(()) };
        };
        let ttl = u8::try_from(number).ok().and_then(Ttl::new);
        let ttl = ttl.ok_or_else(|| format!("hop {number} is no TTL"))?;
        let replies = element.result.unwrap_or_default();
        if failed || replies.error.is_some() {
            self.unsent = self.unsent.max(Some(ttl.get()));
        }
        self.error = replies.error.or(self.error.take());
        Unreadable::add(&mut self.unreadable, replies.unreadable);
        if !replies.tries.is_empty() {
            self.hops.push(Hop { ttl, tries: replies.tries });
        }
        Ok(())
    }

    /// All elements have been added.
    pub(super) fn arrange(&mut self) {
        if !self.hops.is_sorted_by(|one, next| one.ttl < next.ttl) {
            self.hops.sort_by_key(|hop| hop.ttl);
            self.hops.dedup_by(|same, hop| {
                let is_same = same.ttl == hop.ttl;
                if is_same {
                    append(&mut hop.tries, &mut same.tries);
                }
                is_same
            });
        }
        self.place_last_ditch();
    }

    /// Puts an answer to the last-ditch probe right behind the last TTL that was asked. Its silence
    /// says nothing of any TTL.
    fn place_last_ditch(&mut self) {
        let Some(mut last) = self.hops.pop_if(|hop| hop.ttl.get() == LAST_DITCH) else { return };
        let furthest = self.hops.last().map_or(0, |hop| hop.ttl.get());
        if furthest + 1 == LAST_DITCH {
            self.hops.push(last);
            return;
        }
        let answered = last.answers().next().is_some();
        self.gap = !answered;
        self.unsent = self.unsent.filter(|unsent| *unsent != LAST_DITCH);
        if let Some(ttl) = Ttl::new(furthest + 1)
            && answered
            && furthest > 0
        {
            last.ttl = ttl;
            self.hops.push(last);
        }
    }
}

/// Puts `more` tries of the same TTL behind `tries`.
fn append(tries: &mut Vec<HopTry>, more: &mut Vec<HopTry>) {
    tries.append(more);
    (0..).zip(tries).for_each(|(attempt, one)| one.attempt = attempt);
}
