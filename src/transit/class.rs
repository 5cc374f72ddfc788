//! The class of one trace: who operates the transit, and whether the trace got that far.

use std::sync::Arc;

use crate::border::{Behind, Border};
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
/// `border.path`.
pub(super) fn decide(
    trace: &Observation,
    path: &[Arc<Owner>],
    targets: &Targets,
) -> (Class, Vec<Reason>) {
    let border = &trace.border;
    match trace.no_end() {
        Some(NoEnd::Ceiling) => return (Class::Unknown, vec![Reason::CutOff(trace.furthest)]),
        Some(NoEnd::CutShort { stop, is_silent }) => {
            let cut_short = vec![Reason::CutShort(stop)];
            let class = path.last().and_then(|owner| owner.class).filter(|_| is_silent);
            return (class.map_or(Class::Unknown, Class::Transit), cut_short);
        }
        None => {}
    }
    let Some((owner, before)) = path.split_last() else {
        let met_home = matches!(border.behind, Behind::Home { .. } | Behind::ForeignReply { .. });
        let class = if met_home { Class::Unknown } else { Class::Unreached };
        return (class, vec![Reason::NobodyAnswered]);
    };
    if let Some(class) = owner.class {
        return (Class::Transit(class), Vec::new());
    }
    if owner.is_known() && is_next_to_block(border, targets.block.usual_gap) {
        return (Class::Other, Vec::new());
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

/// Whether the last foreign hop is next to the block: home answers behind it with at most the usual
/// gap, or it sent the unreachable itself.
fn is_next_to_block(border: &Border, usual_gap: u8) -> bool {
    match border.behind {
        Behind::Home { gap, .. } | Behind::ForeignReply { gap, .. } => gap <= usual_gap,
        Behind::Unreachable { .. } | Behind::Silence { .. } => border.is_certain(),
    }
}
