//! Something that changed, the times between which it did, and the evidence.

use std::sync::Arc;

use ipnet::Ipv4Net;
use jiff::Timestamp;

use super::row::{Name, Names, Plane};

/// What can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// No trace gets there any more.
    OutageBegan,
    /// Traces get there again.
    OutageEnded,
    /// A carrier carries traces that did not before.
    CarrierAppeared,
    /// A carrier that did carries none any more.
    CarrierVanished,
    /// The classes that occur are others.
    VerdictChanged,
    /// A class's share moved, and no other event of the scope says why.
    ShareMoved,
    /// There is a way, and no host at its end answers any more.
    HostsSilent,
    /// Hosts answer again.
    HostsBack,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::OutageBegan,
        Self::OutageEnded,
        Self::CarrierAppeared,
        Self::CarrierVanished,
        Self::VerdictChanged,
        Self::ShareMoved,
        Self::HostsSilent,
        Self::HostsBack,
    ];

    /// Its name in the output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OutageBegan => "outage-began",
            Self::OutageEnded => "outage-ended",
            Self::CarrierAppeared => "carrier-appeared",
            Self::CarrierVanished => "carrier-vanished",
            Self::VerdictChanged => "verdict-changed",
            Self::ShareMoved => "share-moved",
            Self::HostsSilent => "hosts-silent",
            Self::HostsBack => "hosts-back",
        }
    }
}

/// What a scope's runs say together, undisturbed by single traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// All classified traces are of this class.
    Only(Name),
    /// Several classes occur.
    Mixed,
    /// The border is there, and nobody can name it; or nothing is known yet.
    Unknown,
    /// Nothing gets there.
    Unreached,
}

impl Verdict {
    /// Its name in the output.
    #[must_use]
    pub fn text(self, names: &Names) -> &str {
        match self {
            Self::Only(class) => names.text(class),
            Self::Mixed => "mixed",
            Self::Unknown => "unknown",
            Self::Unreached => "unreached",
        }
    }
}

/// Something that changed in a scope, as one vantage saw it by one method.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What changed.
    pub kind: Kind,
    /// Where it was seen from.
    pub vantage: Name,
    /// How it was seen.
    pub method: Name,
    /// Whether it was announced, or traces show it.
    pub plane: Plane,
    /// Where it happened.
    pub scope: Ipv4Net,
    /// The carrier, or the class whose share moved.
    pub subject: Option<Name>,
    /// The last run before. It happened after that began.
    pub before: Side,
    /// The first run that shows it. It happened before that ended.
    pub after: Side,
    /// Of the control plane: the first message that shows it, where messages do, and not a table.
    pub first: Option<Timestamp>,
    /// When the run began that settled it: with few traces or small changes that is a later one.
    pub found: Timestamp,
    /// The number of its incident: the events of its vantage and method with the same number happened at once. Where a
    /// history has both planes, the numbers are of all of it, and what both show has one.
    pub incident: u32,
}

impl Event {
    /// The times between which it happened; twice the same where its first message is known.
    #[must_use]
    pub fn span(&self) -> (Timestamp, Timestamp) {
        self.first.map_or((self.before.at, self.after.at), |first| (first, first))
    }

    /// The middle of the times between which it happened.
    #[must_use]
    pub fn middle(&self) -> Timestamp {
        let (from, to) = self.span();
        from.saturating_add(to.duration_since(from) / 2).unwrap_or(to)
    }

    /// What happened, in words; `percent` writes a share.
    #[must_use]
    pub fn words(&self, names: &Names, percent: impl Fn(f64) -> String) -> String {
        let subject = self.subject.map_or("", |subject| names.text(subject));
        let verdict = |side: &Side| side.verdict.text(names).to_owned();
        let share = |side: &Side| side.share.map_or("?".into(), &percent);
        match self.kind {
            Kind::OutageBegan => "outage began".into(),
            Kind::OutageEnded => "outage ended".into(),
            Kind::CarrierAppeared => format!("{subject} appeared"),
            Kind::CarrierVanished => format!("{subject} vanished"),
            Kind::VerdictChanged => {
                format!("{} became {}", verdict(&self.before), verdict(&self.after))
            }
            Kind::ShareMoved => {
                format!("{subject} moved from {} to {}", share(&self.before), share(&self.after))
            }
            Kind::HostsSilent => "hosts fell silent".into(),
            Kind::HostsBack => "hosts answer again".into(),
        }
    }
}

/// How things were on one side of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// The run.
    pub run: Arc<str>,
    /// When the run before began, or the first run that shows it ended.
    pub at: Timestamp,
    /// The scope's verdict.
    pub verdict: Verdict,
    /// The share that changed, from 0 to 1: of the carrier or class among the classified traces, of
    /// these among all, or of the answering hosts among the pinged ones.
    pub share: Option<f64>,
    /// The counts behind it: of carriers, of classes, or of hosts. Those of [`Kind::ShareMoved`] are
    /// of all runs that were compared.
    pub counts: Vec<(Name, u32)>,
}
