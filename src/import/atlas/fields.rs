//! The fields of a result that matter here, read without a copy.
//!
//! Written out where serde could derive it, since whether the hops are worth reading depends on the
//! destination that stands before them.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::hops::Hops;
use super::reply::{Text, address};
use crate::import::format::Wanted;

/// A result, as it was written.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) measurement: Option<Text<'a>>,
    pub(super) af: Option<u8>,
    pub(super) dst_addr: Option<Text<'a>>,
    pub(super) src_addr: Option<Text<'a>>,
    pub(super) from: Option<Text<'a>>,
    pub(super) proto: Option<Text<'a>>,
    pub(super) paris_id: Option<u32>,
    pub(super) prb_id: Option<u64>,
    pub(super) timestamp: Option<i64>,
    pub(super) result: Option<Hops>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Type,
    #[serde(alias = "pf")]
    Af,
    #[serde(alias = "addr")]
    DstAddr,
    SrcAddr,
    From,
    Proto,
    ParisId,
    PrbId,
    Timestamp,
    Result,
    #[serde(other)]
    Other,
}

/// Reads results of which only some destinations are wanted.
#[derive(Clone, Copy)]
pub(super) struct Wants<'a>(pub(super) &'a Wanted<'a>);

impl<'de> DeserializeSeed<'de> for Wants<'_> {
    type Value = Fields<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Fields<'de>, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wants<'_> {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut read = Fields::default();
        while let Some(field) = map.next_key()? {
            match field {
                Field::Type => once(&mut read.measurement, "type", &mut map)?,
                Field::Af => once(&mut read.af, "af", &mut map)?,
                Field::DstAddr => once(&mut read.dst_addr, "dst_addr", &mut map)?,
                Field::SrcAddr => once(&mut read.src_addr, "src_addr", &mut map)?,
                Field::From => once(&mut read.from, "from", &mut map)?,
                Field::Proto => once(&mut read.proto, "proto", &mut map)?,
                Field::ParisId => once(&mut read.paris_id, "paris_id", &mut map)?,
                Field::PrbId => once(&mut read.prb_id, "prb_id", &mut map)?,
                Field::Timestamp => once(&mut read.timestamp, "timestamp", &mut map)?,
                Field::Result if read.result.is_none() && self.passes_over(&read) => {
                    map.next_value::<IgnoredAny>()?;
                    read.result = Some(Hops::NotRead);
                }
                Field::Result => once(&mut read.result, "result", &mut map)?,
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(read)
    }
}

impl Wants<'_> {
    /// Whether the hops need not be looked at, by what has been read before them.
    pub(super) fn passes_over(&self, read: &Fields<'_>) -> bool {
        let target = read.dst_addr.as_ref().and_then(|text| address(&text.0));
        target.is_some_and(|target| !(self.0)(target))
    }
}

/// Reads a field that must not come twice.
fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    to: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    if to.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *to = map.next_value()?;
    Ok(())
}
