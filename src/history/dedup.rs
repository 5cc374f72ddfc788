//! Leaves out shares that moved because of what another event reports already.
//!
//! When a carrier comes or goes, shares move; and when a prefix's shares move, so do those of the block.
//! Reporting that again would only be noise.

use std::collections::HashMap;
use std::sync::Arc;

use ipnet::Ipv4Net;
use jiff::{SignedDuration, Timestamp};

use super::event::{Event, Kind};
use super::row::Name;

/// Events of one vantage and method, those that ended first in front, and the longest of their times.
#[derive(Default)]
struct Others {
    events: Vec<Place>,
    longest: SignedDuration,
}

struct Place {
    scope: Ipv4Net,
    kind: Kind,
    from: Timestamp,
    to: Timestamp,
    runs: [Arc<str>; 2],
}

/// Leaves out every share that moved where another event of the scope, or any of a scope inside it, happened
/// at the same time.
pub(super) fn dedup(events: &mut Vec<Event>) {
    let mut all: HashMap<(Name, Name), Others> = HashMap::new();
    for event in events.iter().filter(|event| explains(event.kind)) {
        let others = all.entry((event.vantage, event.method)).or_default();
        let place = Place::of(event);
        others.longest = others.longest.max(place.to.duration_since(place.from));
        others.events.push(place);
    }
    for others in all.values_mut() {
        others.events.sort_by_key(|place| place.to);
    }
    events.retain(|event| {
        event.kind != Kind::ShareMoved
            || !all
                .get(&(event.vantage, event.method))
                .is_some_and(|others| others.explain(&Place::of(event)))
    });
}

fn explains(kind: Kind) -> bool {
    !matches!(kind, Kind::HostsSilent | Kind::HostsBack)
}

impl Others {
    fn explain(&self, moved: &Place) -> bool {
        let begin = self.events.partition_point(|other| other.to < moved.from);
        let latest = moved.to.saturating_add(self.longest).unwrap_or(Timestamp::MAX);
        let near = self.events.iter().skip(begin).take_while(|other| other.to <= latest);
        near.into_iter().any(|other| {
            let inside = other.scope != moved.scope && moved.scope.contains(&other.scope);
            let same = other.scope == moved.scope && other.kind != Kind::ShareMoved;
            (inside || same) && other.meets(moved)
        })
    }
}

impl Place {
    fn of(event: &Event) -> Self {
        Self {
            scope: event.scope,
            kind: event.kind,
            from: event.before.at,
            to: event.after.at,
            runs: [event.before.run.clone(), event.after.run.clone()],
        }
    }

    /// Whether they may have happened at the same time. Where the one ends with the run that the other
    /// begins with, one came after the other.
    fn meets(&self, other: &Self) -> bool {
        let apart = self.runs[1] == other.runs[0] || other.runs[1] == self.runs[0];
        self.from < other.to && other.from < self.to && !apart
    }
}
