//! One row of a summary: what one run saw of one scope. Words that occur again and again (vantages, methods,
//! classes, carriers) are kept once, and a row has their numbers.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};
use ipnet::Ipv4Net;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::plain_text::plain;

/// What one run saw of one scope. Counts are of traces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The run's identifier.
    pub run: Arc<str>,
    /// When the run began.
    #[serde(with = "jiff::fmt::serde::timestamp::nanosecond::required")]
    pub started: Timestamp,
    /// When it ended; where that is unknown, when it began.
    #[serde(with = "jiff::fmt::serde::timestamp::nanosecond::required")]
    pub ended: Timestamp,
    /// Where the probes left from.
    pub vantage: Name,
    /// `icmp`, `udp`, ...
    pub method: Name,
    /// The block or a routed prefix.
    pub scope: Ipv4Net,
    /// The configured classes, in the order of the columns.
    pub classes: Vec<ClassCount>,
    /// Traces of the class `other`, which count as classified.
    pub other: u32,
    /// Traces whose border cannot be attributed.
    pub unknown: u32,
    /// Traces that ended before any carrier in question.
    pub unreached: u32,
    /// Who holds the last foreign hops of the classified traces.
    pub carriers: Vec<(Name, u32)>,
    /// The median RTT of the last foreign hop, in milliseconds.
    pub rtt_ms: Option<f32>,
    /// The targets that were pinged and those of them that answered, where any were.
    pub hosts: Option<Hosts>,
    /// Whether the run came to its own end.
    pub complete: bool,
    /// What the run says of its vantage.
    pub vantage_is: VantageState,
    /// What it is of: traces, or a route collector's peers.
    pub plane: Plane,
    /// Of the control plane: whether it follows a change that messages showed. It began with the first of them.
    pub is_change: bool,
    /// Of the control plane: how many AS of peers send nearly the whole table, where that is known.
    pub full_peers: Option<u32>,
    /// The classified traces that have proof of arrival; nothing before schema 3.
    pub proven: Option<u32>,
}

/// The two views of the question. They are shown side by side, and never counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Plane {
    /// What is announced: AS of a route collector's peers, and all that there are.
    Control,
    /// Where packets go: traces, which are a sample.
    Data,
}

/// What a run says of its own vantage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum VantageState {
    /// Nothing speaks against it; before schema 3, nothing is known.
    #[default]
    Sound,
    /// Its silence may be that of the vantage's own provider, or a part of its traces stayed inside.
    Doubtful,
    /// Nothing outside its own network answered.
    NoWayOut,
}

/// How many traces are of a class, and its share of the classified ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassCount {
    /// The class.
    pub class: Name,
    /// Its traces.
    pub count: u32,
    /// Its share; nothing where no trace was classified.
    pub share: Option<Interval>,
}

/// A share with its 95 % interval, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The share.
    pub share: f32,
    /// The lower limit.
    pub low: f32,
    /// The upper limit.
    pub high: f32,
}

/// How many targets were pinged, and how many of them answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hosts {
    /// Targets that were pinged.
    pub pinged: u32,
    /// Those that answered.
    pub alive: u32,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Facet {
    Classes,
    Carriers,
}

impl Row {
    /// The traces that were classified.
    #[must_use]
    pub fn classified(&self) -> u32 {
        self.classes.iter().fold(self.other, |sum, class| sum.saturating_add(class.count))
    }

    /// All traces.
    #[must_use]
    pub fn traces(&self) -> u32 {
        self.classified().saturating_add(self.unknown).saturating_add(self.unreached)
    }

    /// Whether its counts are all there is, and no sample.
    pub(super) fn is_exact(&self) -> bool {
        self.plane == Plane::Control
    }

    /// Whether the run can say that the block is out of reach: a vantage without a way out says nothing, and
    /// one that is doubtful only what it reached.
    pub(super) fn is_evidence(&self) -> bool {
        match self.vantage_is {
            VantageState::Sound => true,
            VantageState::Doubtful => self.classified() > 0,
            VantageState::NoWayOut => false,
        }
    }

    /// Whether a target replied to a ping: then the block is reachable, whatever the traces show.
    pub(super) fn answers(&self) -> bool {
        self.hosts.is_some_and(|hosts| hosts.alive > 0)
    }

    /// The names that occur, with their counts.
    pub(super) fn named(&self, facet: Facet) -> impl Iterator<Item = (Name, u32)> + '_ {
        let classes = self.classes.iter().map(|class| (class.class, class.count));
        let other = std::iter::once((Name::OTHER, self.other));
        let carriers = self.carriers.iter().copied();
        let (classes, carriers) = match facet {
            Facet::Classes => (Some(classes.chain(other)), None),
            Facet::Carriers => (None, Some(carriers)),
        };
        let both = classes.into_iter().flatten().chain(carriers.into_iter().flatten());
        both.filter(|(_, count)| *count > 0)
    }

    /// How many traces are of `name`.
    pub(super) fn count(&self, facet: Facet, name: Name) -> u32 {
        self.named(facet).find(|(other, _)| *other == name).map_or(0, |(_, count)| count)
    }
}

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
