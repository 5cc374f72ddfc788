//! Words that occur again and again, kept once: vantages, methods, classes, carriers.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// One of the words. Only meaningful with its [`Names`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Name(u32);

impl Name {
    /// The class of transit by somebody who is of no configured class.
    pub const OTHER: Self = Self(0);
    /// What could not be attributed.
    pub const UNKNOWN: Self = Self(1);
    /// What died before any carrier.
    pub const UNREACHED: Self = Self(2);
    /// Targets that answered to pings.
    pub const ALIVE: Self = Self(3);
    /// Targets that did not.
    pub const SILENT: Self = Self(4);
}

/// All words of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    texts: Vec<Box<str>>,
    places: HashMap<Box<str>, Name>,
}

impl Default for Names {
    /// The words that every history has, in the order of the constants.
    fn default() -> Self {
        let mut names = Self { texts: Vec::new(), places: HashMap::new() };
        for text in ["other", "unknown", "unreached", "alive", "silent"] {
            names.of(text);
        }
        names
    }
}

impl Names {
    /// The name of a word, which is taken in if it is new.
    pub fn of(&mut self, text: &str) -> Name {
        if let Some(name) = self.places.get(text) {
            return *name;
        }
        // More than 2^32 different words do not fit into memory.
        let name = Name(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.places.insert(text.into(), name);
        self.texts.push(plain(text).into());
        name
    }

    /// The word.
    #[must_use]
    pub fn text(&self, name: Name) -> &str {
        let place = usize::try_from(name.0).unwrap_or(usize::MAX);
        self.texts.get(place).map_or("", |text| text)
    }

    /// The name of a word that is known.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Name> {
        self.places.get(text).copied()
    }
}

/// Text without what a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
