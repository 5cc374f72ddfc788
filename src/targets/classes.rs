//! The classes of transit that a configuration distinguishes.

use std::collections::HashMap;

use super::Country;

/// One of the configured classes, such as `china`. Only meaningful with its [`Classes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(u8);

impl ClassId {
    /// The class's place in the order of the configuration, from 0.
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
    /// How many classes there may be.
    pub const MOST: usize = 16;

    /// Adds a class; its countries decide where no carrier does. Nothing when there are
    /// [`Self::MOST`] already.
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

    /// The class of a network that is only known to be of `country`.
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
