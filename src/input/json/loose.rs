//! One JSON record read into a type: without trust in its size, its bytes or the types of its
//! values.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, SeqAccess, Visitor};

/// The longest record that is read; a traceroute has some kilobytes.
const LONGEST: usize = 8 << 20;
/// The most elements of one list.
const MOST: usize = 1 << 16;

/// Reads `record`.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn read<T: DeserializeOwned>(record: &[u8]) -> Result<T, String> {
    if record.len() > LONGEST {
        return Err("longer than any traceroute".into());
    }
    let failed = match serde_json::from_slice(record) {
        Ok(read) => return Ok(read),
        Err(failed) => failed,
    };
    let text = String::from_utf8_lossy(record);
    if matches!(text, std::borrow::Cow::Borrowed(_)) {
        return Err(reason(&failed));
    }
    serde_json::from_str(&text).map_err(|failed| reason(&failed))
}

/// Without the line within the record: the record's own is reported beside it.
fn reason(failed: &serde_json::Error) -> String {
    let why = failed.to_string();
    let why = why.split(" at line ").next().unwrap_or_default();
    format!("cannot be read as JSON: {why} (column {})", failed.column())
}

/// A number, also where it was written as a text; anything else is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Number(pub(crate) Option<f64>);

impl Number {
    /// The number, if it is a whole one that fits.
    pub(crate) fn whole<T: TryFrom<i64>>(self) -> Option<T> {
        let number = self.0.filter(|number| number.fract() == 0.0 && number.abs() < 9e15)?;
        #[expect(clippy::cast_possible_truncation, reason = "checked before")]
        T::try_from(number as i64).ok()
    }
}

/// A text; anything else is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) Option<String>);

impl Text {
    pub(crate) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// A list of no more elements than any real one has; null is an empty one.
#[derive(Debug)]
pub(crate) struct Few<T>(pub(crate) Vec<T>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A value whose type may be a wrong one.
pub(crate) enum Loose {
    Number(f64),
    Text(String),
    Other,
}

impl Loose {
    /// The number, also where it was written as a text.
    pub(crate) fn number(&self) -> Number {
        Number(match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Other => None,
        })
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Other => None,
        }
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_f64<E>(self, number: f64) -> Result<Loose, E> {
        Ok(Loose::Number(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "nothing that is counted here is so large")]
    fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
        Ok(Loose::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "nothing that is counted here is so large")]
    fn visit_i64<E>(self, number: i64) -> Result<Loose, E> {
        Ok(Loose::Number(number as f64))
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Loose, A::Error> {
        while list.next_element::<serde::de::IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        use serde::de::IgnoredAny;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Loose::deserialize(from)?.number())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(match Loose::deserialize(from)? {
            Loose::Text(text) => Some(text),
            Loose::Number(_) | Loose::Other => None,
        }))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(FewVisitor(PhantomData))
    }
}

struct FewVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for FewVisitor<T> {
    type Value = Few<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Few<T>, E> {
        Ok(Few::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Few<T>, A::Error> {
        let mut few = Vec::new();
        while let Some(element) = list.next_element()? {
            if few.len() == MOST {
                return Err(A::Error::custom("a list longer than that of any traceroute"));
            }
            few.push(element);
        }
        Ok(Few(few))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_texts_too() {
        let read: Vec<Number> = read(br#"["3", 3, 3.5, null, {"a": [1]}, "x"]"#).expect("a list");
        let whole: Vec<Option<u8>> = read.into_iter().map(Number::whole).collect();
        assert_eq!(whole, [Some(3), Some(3), None, None, None, None]);
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm() {
        let read: Vec<Text> = read(b"[\"a\xff\"]").expect("a list");
        assert_eq!(read[0].get(), Some("a\u{fffd}"));
    }

    #[test]
    fn lists_and_records_have_an_end() {
        let long = format!("[{}0]", "0,".repeat(MOST));
        assert!(read::<Few<Number>>(long.as_bytes()).is_err());
        assert!(read::<Number>(&vec![b' '; LONGEST + 1]).is_err());
        let deep = "[".repeat(1 << 20);
        assert!(read::<Number>(deep.as_bytes()).is_err());
    }
}
