//! Confidence: how far a class can be believed, by what answers behind the border, by the path to it
//! and by the other traces of the routed prefix.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::border::{Behind, Border};
use crate::owner::Owner;
use crate::targets::{ClassId, Targets};

use super::class::Class;
use super::evidence::{Count, PrefixEvidence, SeenBorder};
use super::reason::Reason;

/// How far a judgement can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Gaps, skipped hops, contradictions, or nobody in question.
    Low,
    /// Silence behind the border, and nothing that contradicts.
    Medium,
    /// Home answers behind the border, or several traces of the routed prefix agree on it.
    High,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        })
    }
}

/// How many targets or vantages must have a border in common before they confirm it.
const SEVERAL: usize = 3;

/// A trace whose class is known, and what speaks for and against that.
pub(super) struct Case<'a> {
    pub(super) class: Class,
    pub(super) border: &'a Border,
    /// The attributable hops up to the border, on the longest path that is known, with their owners.
    pub(super) path: &'a [(Ipv4Addr, Arc<Owner>)],
    /// Whether that path begins at the vantage.
    pub(super) path_is_complete: bool,
    /// Whether the trace began at the border that others of the routed prefix have.
    pub(super) began_at_border: bool,
    pub(super) prefix: &'a PrefixEvidence<'a>,
    /// The other borders of the routed prefix, with their owners.
    pub(super) others: &'a [(&'a SeenBorder, Arc<Owner>)],
    pub(super) targets: &'a Targets,
}

impl Case<'_> {
    /// The confidence, and what it rests on.
    pub(super) fn decide(&self) -> (Confidence, Vec<Reason>) {
        let (mut confidence, mut reasons) = self.by_what_is_behind();
        reasons.extend(self.shared());
        let mut doubts: Vec<Reason> = Vec::new();
        doubts.extend(
            self.border
                .skipped
                .iter()
                .map(|hop| Reason::Skipped { address: hop.address, special: hop.special.clone() }),
        );
        doubts.extend(third_party(self.path).map(Reason::ThirdParty));
        doubts.extend(self.never_left());
        doubts.extend(self.hidden());
        if !doubts.is_empty() || !matches!(self.class, Class::Transit(_)) {
            confidence = Confidence::Low;
        }
        reasons.extend(doubts);
        if self.began_at_border && !self.path_is_complete && !self.meets_home() {
            confidence = Confidence::Low;
            reasons.push(Reason::PathUnknown);
        }
        if let Some((other, differs)) = self.differs() {
            if self.is_alone() && other.witnesses >= SEVERAL {
                confidence = Confidence::Low;
            }
            reasons.push(differs);
        }
        (confidence, reasons)
    }

    fn by_what_is_behind(&self) -> (Confidence, Vec<Reason>) {
        let several = self.agreeing().witnesses >= SEVERAL;
        match self.border.behind {
            Behind::Home { gap, target, .. } => {
                let home = Reason::Home { gap, target };
                // What others saw behind it stands in the gap.
                if let Some(further) = self.prefix.behind.filter(|_| gap > 0) {
                    return (Confidence::Low, vec![home, Reason::WentOn(further)]);
                }
                let confidence = match (gap <= self.targets.block.usual_gap, several) {
                    (true, _) => Confidence::High,
                    (false, true) => Confidence::Medium,
                    (false, false) => Confidence::Low,
                };
                (confidence, vec![home])
            }
            Behind::ForeignReply { from, gap } => {
                (agreed(several), vec![Reason::ForeignReply { from, gap }])
            }
            Behind::Unreachable { by, code } => {
                (agreed(several), vec![Reason::Unreachable { by, code }])
            }
            Behind::Silence { .. } => self.by_silence(several),
        }
    }

    fn by_silence(&self, several: bool) -> (Confidence, Vec<Reason>) {
        let silence = vec![Reason::Silence];
        match (self.prefix.behind, self.border.silent_before) {
            (Some(further), _) => (Confidence::Low, vec![Reason::Silence, Reason::WentOn(further)]),
            _ if several => (Confidence::High, silence),
            (None, 0) => (Confidence::Medium, silence),
            (None, silent) => (Confidence::Low, vec![Reason::Silence, Reason::GapBefore(silent)]),
        }
    }

    fn meets_home(&self) -> bool {
        matches!(self.border.behind, Behind::Home { .. } | Behind::ForeignReply { .. })
    }

    /// The traces that confirm the border. One that dies early confirms nothing.
    fn agreeing(&self) -> Count {
        match self.class {
            Class::Transit(_) => self.prefix.ends.all,
            _ => self.prefix.ends.surely,
        }
    }

    fn shared(&self) -> Option<Reason> {
        let traces = self.agreeing().traces.saturating_sub(self.prefix.own);
        let shown = traces > 0 && self.class != Class::Unreached;
        shown.then_some(Reason::Shared { traces, scope: self.prefix.scope })
    }

    /// Whether the border rests on silence and few traces alone.
    fn is_alone(&self) -> bool {
        let silence = matches!(self.border.behind, Behind::Silence { .. });
        silence && self.agreeing().witnesses < SEVERAL
    }

    /// No home behind a carrier in which the path has been from its first hop on: it may be the
    /// vantage's own provider, at which a path that is dead ends as well.
    fn never_left(&self) -> Option<Reason> {
        let Class::Transit(class) = self.class else { return None };
        let inside = self.path.iter().all(|(_, owner)| owner.class == Some(class));
        (!self.meets_home() && self.path_is_complete && inside).then_some(Reason::NeverLeft)
    }

    /// A carrier that is nobody's in question: one that is may be silent behind it, or answer with
    /// an address of this one's, as the first router behind a link does.
    fn hidden(&self) -> Option<Reason> {
        match (self.class, self.border.behind) {
            (Class::Other, Behind::Unreachable { code: 0 | 1, .. }) => Some(Reason::NoRoute),
            (Class::Other, _) => Some(Reason::MayHide),
            _ => None,
        }
    }

    /// The border of another class at which most traces of the routed prefix end.
    fn differs(&self) -> Option<(Count, Reason)> {
        let different = self.others.iter().filter_map(|(seen, owner)| {
            let (class, count) = match owner.class {
                Some(class) => (Class::Transit(class), seen.ends.all),
                None if owner.is_known() => (Class::Other, seen.ends.surely),
                None => return None,
            };
            (class != self.class && count.traces > 0).then_some((count, seen.address, class))
        });
        let most = |(count, address, _): &(Count, Ipv4Addr, Class)| {
            (count.traces, std::cmp::Reverse(*address))
        };
        let (count, last, class) = different.max_by_key(most)?;
        let class = class.name(&self.targets.classes).to_owned();
        let scope = self.prefix.scope;
        Some((count, Reason::Differs { traces: count.traces, scope, last, class }))
    }
}

const fn agreed(several: bool) -> Confidence {
    if several { Confidence::High } else { Confidence::Medium }
}

/// The hop before the border, where that is not of the border's class: the border's address may be
/// a third party's, as the other side's of a link or that of a path that packets do not take.
fn third_party(path: &[(Ipv4Addr, Arc<Owner>)]) -> Option<Ipv4Addr> {
    let [.., (address, previous), (_, last)] = path else { return None };
    let class: ClassId = last.class?;
    (previous.class != Some(class)).then_some(*address)
}
