//! The class of one trace: who operates the transit, and whether the trace got that far.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::border::{Behind, Border, Reach};
use crate::owner::Owner;
use crate::targets::{ClassId, Classes, Targets};

use super::observation::{NoEnd, Observation};
use super::reason::Reason;

/// Whose transit a trace took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// One of the configured classes.
    Transit(ClassId),
    /// Somebody else's, next to the block.
    Other,
    /// The border is there, but nobody can be named.
    Unknown,
    /// The trace died before any carrier of a configured class.
    Unreached,
}

impl Class {
    /// Its name, as the summary's columns have it.
    #[must_use]
    pub fn name(self, classes: &Classes) -> &str {
        match self {
            Self::Transit(id) => classes.name(id),
            Self::Other => "other",
            Self::Unknown => "unknown",
            Self::Unreached => "unreached",
        }
    }

    /// Whether it counts for shares: somebody was named.
    #[must_use]
    pub const fn is_classified(self) -> bool {
        matches!(self, Self::Transit(_) | Self::Other)
    }
}

/// The class, and the reason where the border alone does not say it. `path` has the owners of
/// `border.path`; `whole_path` those of all hops from the vantage on, where they are known; `arrived` says
/// whether home answers behind the last of them in this run.
pub(super) fn decide(
    trace: &Observation,
    path: &[Arc<Owner>],
    whole_path: Option<&[(Ipv4Addr, Arc<Owner>)]>,
    arrived: bool,
    targets: &Targets,
) -> (Class, Vec<Reason>) {
    let border = &trace.border;
    // A path that ends at a known border has left its carrier.
    let known = border.last.and_then(|last| targets.borders.get(&last.address));
    let (within_carrier, known_border) = match (never_left(border, whole_path), known) {
        (Some(_), _) if arrived => (None, None),
        (Some(_), Some(known)) => (None, Some(Reason::KnownBorder(known.clone()))),
        (Some(carrier), None) => (Some(Reason::WithinCarrier(carrier)), None),
        (None, _) => (None, None),
    };
    match trace.no_end() {
        Some(NoEnd::Ceiling) => return (Class::Unknown, vec![Reason::CutOff(trace.furthest)]),
        Some(NoEnd::CutShort { stop, is_silent }) => {
            let class = path.last().and_then(|owner| owner.class);
            let class = class.filter(|_| is_silent && within_carrier.is_none());
            let cut_short = std::iter::once(Reason::CutShort(stop));
            let reasons = cut_short.chain(within_carrier).collect();
            return (class.map_or(Class::Unknown, Class::Transit), reasons);
        }
        None => {}
    }
    let Some((owner, before)) = path.split_last() else {
        // What did not leave the vantage's own network says nothing about the block.
        let inside = trace.begins_at_the_vantage && border.reach() == Reach::Inside;
        let reason = if inside { Reason::NoWayOut } else { Reason::NobodyAnswered };
        return (Class::Unknown, vec![reason]);
    };
    if let Some(class) = owner.class {
        return match within_carrier {
            Some(reason) => (Class::Unknown, vec![reason]),
            None => (Class::Transit(class), known_border.into_iter().collect()),
        };
    }
    if owner.is_known() && is_next_to_block(border, targets.block.usual_gap) {
        let is_first = trace.begins_at_the_vantage && before.is_empty();
        return match border.behind {
            // Where the first public hop refuses, that is the vantage's own provider.
            Behind::Unreachable { .. } if is_first => (Class::Unreached, vec![Reason::DiedEarly]),
            _ => (Class::Other, Vec::new()),
        };
    }
    let transit_before = before.iter().any(|owner| owner.class.is_some());
    let lost = match border.behind {
        Behind::Silence { .. } => true,
        Behind::Unreachable { by, .. } => border.last.is_none_or(|last| last.address != by),
        Behind::Home { .. } | Behind::ForeignReply { .. } => false,
    };
    match (lost, transit_before) {
        (true, true) => (Class::Unknown, vec![Reason::LostBehindTransit]),
        (true, false) => (Class::Unreached, vec![Reason::DiedEarly]),
        _ if owner.is_known() => (Class::Unknown, vec![Reason::NotNextToBlock]),
        _ => (Class::Unknown, vec![Reason::NoOwner]),
    }
}

/// The carrier within which the path stays from its first public hop on, where nothing answers behind
/// it: the vantage may be that carrier's customer, whose packets went nowhere.
fn never_left(border: &Border, path: Option<&[(Ipv4Addr, Arc<Owner>)]>) -> Option<String> {
    let name = |owner: &Owner| owner.carrier.as_ref().map(|carrier| carrier.name.clone());
    let (_, first) = path?.first()?;
    let ends = matches!(border.behind, Behind::Silence { .. } | Behind::Unreachable { .. });
    let first = name(first).filter(|_| ends)?;
    path?.iter().all(|(_, owner)| name(owner).as_ref() == Some(&first)).then_some(first)
}

/// Whether the last foreign hop is next to the block: home answers behind it with at most the usual
/// gap, or it sent the unreachable itself.
fn is_next_to_block(border: &Border, usual_gap: u8) -> bool {
    match border.behind {
        Behind::Home { gap, .. } | Behind::ForeignReply { gap, .. } => gap <= usual_gap,
        Behind::Unreachable { .. } | Behind::Silence { .. } => border.is_certain(),
    }
}
