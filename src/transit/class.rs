//! The class of one trace: who operates the transit, and whether the trace got that far.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::border::{Behind, Border, Reach, UnreachableMeaning};
use crate::owner::Owner;
use crate::targets::{ClassId, Classes, KnownBorder, Targets};

use super::evidence::PrefixEvidence;
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

    /// The class of what `owner` holds; nothing where nobody is known.
    pub(super) fn of(owner: &Owner) -> Option<Self> {
        match owner.class {
            Some(class) => Some(Self::Transit(class)),
            None => owner.is_known().then_some(Self::Other),
        }
    }

    /// Whether somebody was named.
    #[must_use]
    pub const fn is_classified(self) -> bool {
        matches!(self, Self::Transit(_) | Self::Other)
    }
}

/// What the other traces of the run, and what is known beside them, say about where a trace ends.
pub(super) struct Around<'a> {
    /// The last foreign hop is one behind which home was seen, before this run.
    pub(super) known: Option<&'a KnownBorder>,
    /// What others of the run show about it.
    pub(super) prefix: &'a PrefixEvidence<'a>,
    /// A last foreign hop of another class at which others ended that went on behind it.
    pub(super) further: Option<Ipv4Addr>,
}

/// The class, and the reason where the border alone does not say it. `path` has the owners of
/// `border.path`; `whole_path` those of all hops from the vantage on, where they are known.
pub(super) fn decide(
    trace: &Observation,
    path: &[Arc<Owner>],
    whole_path: Option<&[(Ipv4Addr, Arc<Owner>)]>,
    around: &Around<'_>,
    targets: &Targets,
) -> (Class, Vec<Reason>) {
    let (border, prefix) = (&trace.border, around.prefix);
    // A path that ends at a known border has left its carrier.
    let (within_carrier, known_border) =
        match (never_left(border, prefix, whole_path), around.known) {
            (Some(_), _) if prefix.arrived_anywhere => (None, None),
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
    let meaning = match border.behind {
        Behind::Unreachable { code, .. } => Some(UnreachableMeaning::of(code)),
        _ => None,
    };
    if let Some(reason) = within_carrier.filter(|_| owner.class.is_some()) {
        return (Class::Unknown, vec![reason]);
    }
    if meaning == Some(UnreachableMeaning::NoRoute) && !prefix.met_home {
        return (Class::Unreached, vec![Reason::NoRoute]);
    }
    let by_policy = meaning == Some(UnreachableMeaning::Policy) && border.is_certain();
    let is_near_home = !prefix.is_box && border.arrives(targets.block.usual_gap);
    let may_hide = match border.behind {
        Behind::Home { gap, .. } | Behind::ForeignReply { gap, .. } => gap > 0 || prefix.is_box,
        Behind::Unreachable { .. } | Behind::Silence { .. } => !by_policy,
    };
    if let Some(further) = around.further.filter(|_| may_hide) {
        return (Class::Unknown, vec![Reason::WentOn(further)]);
    }
    if is_near_home && let Some((address, class)) = whole_path.and_then(returned) {
        return (Class::Transit(class), vec![Reason::Returned(address)]);
    }
    if let Some(class) = owner.class {
        return (Class::Transit(class), known_border.into_iter().collect());
    }
    if owner.is_known() && is_near_home {
        return (Class::Other, Vec::new());
    }
    match border.behind {
        Behind::Home { .. } | Behind::ForeignReply { .. } => {
            let reason = match owner.is_known() {
                _ if prefix.is_box => None,
                true => Some(Reason::NotNextToBlock),
                false => Some(Reason::NoOwner),
            };
            return (Class::Unknown, reason.into_iter().collect());
        }
        Behind::Unreachable { .. } | Behind::Silence { .. } => {}
    }
    if before.iter().any(|owner| owner.class.is_some()) {
        return (Class::Unknown, vec![Reason::LostBehindTransit]);
    }
    if prefix.met_home {
        return (Class::Unknown, vec![Reason::OthersArrived]);
    }
    if by_policy && !owner.is_known() {
        (Class::Unknown, vec![Reason::NoOwner])
    } else {
        (Class::Unreached, vec![Reason::DiedEarly])
    }
}

/// No path leads from one carrier through another back to the first. So where the last hop has an address of a
/// carrier that the path has left, with two hops of a configured class between, it is the other side of a
/// link: the hop before it, and its class.
fn returned(path: &[(Ipv4Addr, Arc<Owner>)]) -> Option<(Ipv4Addr, ClassId)> {
    let [before @ .., (_, one), (address, two), last] = path else { return None };
    let class =
        two.class.filter(|class| one.class == Some(*class) && last.1.class != Some(*class))?;
    before.iter().any(|left| is_same_holder(left, last)).then_some((*address, class))
}

/// Whether two addresses are of one carrier or AS; where no source names any, whether they are of one /16.
fn is_same_holder(one: &(Ipv4Addr, Arc<Owner>), other: &(Ipv4Addr, Arc<Owner>)) -> bool {
    let name = |owner: &Owner| owner.carrier.as_ref().map(|carrier| carrier.name.clone());
    let asn = |owner: &Owner| owner.origin.as_ref().map(|origin| origin.asn);
    match (name(&one.1), asn(&one.1)) {
        (Some(carrier), _) => name(&other.1) == Some(carrier),
        (None, Some(origin)) => asn(&other.1) == Some(origin),
        (None, None) => {
            let is_unnamed = name(&other.1).is_none() && asn(&other.1).is_none();
            is_unnamed && one.0.octets()[..2] == other.0.octets()[..2]
        }
    }
}

/// The carrier within which the path stays from its first public hop on, where nothing answers behind
/// it: the vantage may be that carrier's customer, whose packets went nowhere.
fn never_left(
    border: &Border,
    prefix: &PrefixEvidence<'_>,
    path: Option<&[(Ipv4Addr, Arc<Owner>)]>,
) -> Option<String> {
    // Where no source names the carrier, the AS stands for it, and else the country: paths within a country
    // cannot be told apart then.
    let name = |owner: &Owner| match (&owner.carrier, &owner.origin, owner.country) {
        (Some(carrier), ..) => Some(carrier.name.clone()),
        (None, Some(origin), _) => Some(format!("AS{}", origin.asn)),
        (None, None, Some(country)) => Some(country.to_string()),
        (None, None, None) => None,
    };
    let (_, first) = path?.first()?;
    let ends = matches!(border.behind, Behind::Silence { .. } | Behind::Unreachable { .. });
    let first = name(first).filter(|_| ends || prefix.is_box)?;
    path?.iter().all(|(_, owner)| name(owner).as_ref() == Some(&first)).then_some(first)
}
