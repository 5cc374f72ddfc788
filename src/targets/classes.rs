//! The classes of transit that a configuration distinguishes, and the countries that belong to them.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// One of the configured classes, such as `china`. Only meaningful with its [`Classes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(u8);

impl ClassId {
    /// The class's index in the order of the configuration.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The configured classes, in the order in which the summary shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classes {
    names: Vec<String>,
    by_country: HashMap<Country, ClassId>,
}

impl Classes {
    /// The most classes.
    pub const MOST: usize = 16;

    /// Adds a class; its countries decide where no carrier does. `None` when there are [`Self::MOST`] already.
    pub fn add(&mut self, name: String, countries: &[Country]) -> Option<ClassId> {
        let index = u8::try_from(self.names.len()).ok().filter(|_| self.len() < Self::MOST)?;
        self.names.push(name);
        let id = ClassId(index);
        self.by_country.extend(countries.iter().map(|country| (*country, id)));
        Some(id)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The class called `name`.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<ClassId> {
        self.ids().find(|id| self.name(*id) == name)
    }

    /// The class of a network of which only the country is known.
    #[must_use]
    pub fn of_country(&self, country: Country) -> Option<ClassId> {
        self.by_country.get(&country).copied()
    }

    /// The name of `id`.
    #[must_use]
    pub fn name(&self, id: ClassId) -> &str {
        self.names.get(id.index()).map_or("", String::as_str)
    }

    /// All of them, in order.
    pub fn ids(&self) -> impl Iterator<Item = ClassId> + use<> {
        (0..u8::try_from(self.names.len()).unwrap_or(u8::MAX)).map(ClassId)
    }
}

/// A country: an ISO 3166-1 alpha-2 code in capitals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl FromStr for Country {
    type Err = NotACountry;

    /// Two ASCII letters, in either case. `ZZ`, which registries use for unknown, is an error.
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
