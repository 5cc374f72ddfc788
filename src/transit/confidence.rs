//! Confidence: how far a class can be believed, by what answers behind the border, by the path to it
//! and by the other traces of the routed prefix.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::border::{Behind, Border, UnreachableMeaning};
use crate::owner::Owner;
use crate::targets::{ClassId, KnownBorder, Targets};

use super::announced::Stand;
use super::class::Class;
use super::evidence::{Count, PrefixEvidence, SeenBorder};
use super::reason::Reason;

/// How far a judgement can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Gaps, skipped hops, contradictions, or nobody in question.
    Low,
    /// Silence behind the border, and nothing that contradicts: the border is known, or several traces agree
    /// on it; or it refused.
    Medium,
    /// Home answers behind the border, on this trace or on others of the routed prefix.
    High,
}

impl Confidence {
    /// The next lower one.
    fn lower(self) -> Self {
        match self {
            Self::High => Self::Medium,
            Self::Medium | Self::Low => Self::Low,
        }
    }
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
    /// The hop whose class it is, where that is not the last foreign hop.
    pub(super) returned: Option<Ipv4Addr>,
    pub(super) border: &'a Border,
    /// The attributable hops up to the border, on the longest path that is known, with their owners.
    pub(super) path: &'a [(Ipv4Addr, Arc<Owner>)],
    /// Whether that path begins at the vantage.
    pub(super) path_is_complete: bool,
    /// Whether the trace began at the border that others of the routed prefix have.
    pub(super) began_at_border: bool,
    pub(super) prefix: &'a PrefixEvidence<'a>,
    /// The border is one behind which home was seen, before this run.
    pub(super) known: Option<&'a KnownBorder>,
    /// How its carrier stands to what BGP shows.
    pub(super) stand: Stand,
    /// The other borders of the routed prefix, with their owners.
    pub(super) others: &'a [(&'a SeenBorder, Arc<Owner>)],
    pub(super) targets: &'a Targets,
}

impl Case<'_> {
    /// The confidence, and what it rests on.
    pub(super) fn decide(&self) -> (Confidence, Vec<Reason>) {
        let (mut confidence, mut reasons) = self.by_what_is_behind();
        reasons.extend(self.shared());
        reasons.extend(self.announced());
        let mut doubts: Vec<Reason> = Vec::new();
        doubts.extend(
            self.border
                .skipped
                .iter()
                .map(|hop| Reason::Skipped { address: hop.address, special: hop.special.clone() }),
        );
        doubts.extend(self.border.contradiction.map(Reason::Contradicted));
        doubts.extend(self.returned.map(Reason::Returned));
        doubts.extend(third_party(self.path).map(Reason::ThirdParty));
        doubts.extend(self.never_left());
        doubts.extend(self.hidden());
        if !doubts.is_empty() || !self.class.is_classified() {
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
        if self.stand.contradicts() {
            confidence = confidence.lower();
        }
        (confidence, reasons)
    }

    fn announced(&self) -> Option<Reason> {
        let next_is_home = matches!(self.border.behind, Behind::Home { gap: 0, .. });
        self.class.is_classified().then(|| self.stand.reason(next_is_home)).flatten()
    }

    fn by_what_is_behind(&self) -> (Confidence, Vec<Reason>) {
        let several = self.agreeing().witnesses >= SEVERAL;
        let arrived = self.prefix.arrived;
        match self.border.behind {
            Behind::Home { gap, target, .. } if self.prefix.is_box => {
                let (confidence, mut reasons) = self.by_silence(Reason::Home { gap, target });
                reasons.insert(1, Reason::Box);
                (confidence, reasons)
            }
            Behind::Home { gap, target, .. } => {
                let home = Reason::Home { gap, target };
                // What others saw behind it stands in the gap.
                if let Some(further) = self.prefix.behind.first().filter(|_| gap > 0) {
                    return (Confidence::Low, vec![home, Reason::WentOn(*further)]);
                }
                let is_near = gap <= self.targets.block.usual_gap;
                let confidence = match self.class {
                    Class::Other if arrived.witnesses >= SEVERAL => Confidence::Medium,
                    Class::Other => Confidence::Low,
                    // A box at the vantage that sets TTL anew makes home the next hop.
                    _ if gap == 0 && self.is_inside() => {
                        return (Confidence::Medium, vec![home, Reason::NeverLeft]);
                    }
                    _ if is_near || arrived.traces > 0 => Confidence::High,
                    _ if several => Confidence::Medium,
                    _ => Confidence::Low,
                };
                (confidence, vec![home])
            }
            Behind::ForeignReply { from, gap } => {
                let confidence = match self.class {
                    Class::Other => Confidence::Low,
                    _ if arrived.witnesses >= SEVERAL => Confidence::High,
                    _ => Confidence::Medium,
                };
                (confidence, vec![Reason::ForeignReply { from, gap }])
            }
            Behind::Unreachable { by, code } => {
                let refused = Reason::Unreachable { by, code };
                match UnreachableMeaning::of(code) {
                    UnreachableMeaning::Policy if arrived.traces > 0 => {
                        (Confidence::High, vec![refused])
                    }
                    UnreachableMeaning::Policy => (Confidence::Medium, vec![refused]),
                    UnreachableMeaning::NoRoute => (Confidence::Low, vec![refused]),
                    UnreachableMeaning::Silence => self.by_silence(refused),
                }
            }
            Behind::Silence { .. } => self.by_silence(Reason::Silence),
        }
    }

    /// Nothing of home behind it: `seen` is what came instead.
    fn by_silence(&self, seen: Reason) -> (Confidence, Vec<Reason>) {
        let (several, arrived) = (self.agreeing().witnesses >= SEVERAL, self.prefix.arrived.traces);
        if let Some(further) = self.prefix.behind.first() {
            return (Confidence::Low, vec![seen, Reason::WentOn(*further)]);
        }
        if !self.class.is_classified() {
            return (Confidence::Low, vec![seen]);
        }
        if arrived > 0 {
            let scope = self.prefix.scope;
            return (Confidence::High, vec![seen, Reason::Arrived { traces: arrived, scope }]);
        }
        let mut reasons = vec![seen];
        reasons.extend(self.known.map(|known| Reason::KnownBorder(known.clone())));
        let is_known = self.known.is_some() || self.stand.confirms();
        let (confidence, doubt) = match (is_known, self.border.silent_before) {
            _ if several => (Confidence::Medium, None),
            (true, 0) => (Confidence::Medium, None),
            (false, 0) => (Confidence::Low, Some(Reason::Alone)),
            (_, silent) => (Confidence::Low, Some(Reason::GapBefore(silent))),
        };
        reasons.extend(doubt);
        (confidence, reasons)
    }

    fn meets_home(&self) -> bool {
        matches!(self.border.behind, Behind::Home { .. } | Behind::ForeignReply { .. })
            && !self.prefix.is_box
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
        silence && self.agreeing().witnesses < SEVERAL && self.prefix.arrived.traces == 0
    }

    /// No home behind a carrier in which the path has been from its first hop on: it may be the
    /// vantage's own provider, at which a path that is dead ends as well.
    fn never_left(&self) -> Option<Reason> {
        (!self.meets_home() && self.is_inside()).then_some(Reason::NeverLeft)
    }

    /// Whether the path has been in its class from its first hop on.
    fn is_inside(&self) -> bool {
        let Class::Transit(class) = self.class else { return false };
        self.path_is_complete && self.path.iter().all(|(_, owner)| owner.class == Some(class))
    }

    /// A carrier that is nobody's in question: one that is may be silent behind it, or answer with
    /// an address of this one's, as the first router behind a link does.
    fn hidden(&self) -> Option<Reason> {
        let several = self.prefix.arrived.witnesses >= SEVERAL;
        (self.class == Class::Other && !several).then_some(Reason::MayHide)
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

/// The hop before the border, where that is not of the border's class: the border's address may be
/// a third party's, as the other side's of a link or that of a path that packets do not take.
fn third_party(path: &[(Ipv4Addr, Arc<Owner>)]) -> Option<Ipv4Addr> {
    let [.., (address, previous), (_, last)] = path else { return None };
    let class: ClassId = last.class?;
    (previous.class != Some(class)).then_some(*address)
}
