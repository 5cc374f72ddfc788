//! A country, as registries write it.

use std::fmt;
use std::str::FromStr;

/// An ISO 3166-1 alpha-2 code in capitals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl FromStr for Country {
    type Err = NotACountry;

    /// Two ASCII letters, in either case. `ZZ` means unknown to registries and is refused.
    fn from_str(text: &str) -> Result<Self, NotACountry> {
        match *text.as_bytes() {
            [first, second] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
                let code = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
                if code == *b"ZZ" { Err(NotACountry) } else { Ok(Self(code)) }
            }
            _ => Err(NotACountry),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", char::from(self.0[0]), char::from(self.0[1]))
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a two-letter country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a two-letter country code such as CN")]
pub struct NotACountry;
